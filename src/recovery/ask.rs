//! Asking for a link: the address waits in line, once, in a place that is fair to all networks.

use std::net::IpAddr;

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::rules;
use crate::entities::recovery_request::{ActiveModel, Column, Entity};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::{EmailAddress, Instant, Language, Purpose};

/// So many requests in line are a flood, whoever they come from.
const BACKLOG: u64 = 500;

/// Notes that somebody asks for a link to this address. The worker is not woken: what it does for an
/// account would be felt by whoever asks again at once. `network`: where the request comes from, whole networks as one.
pub async fn ask(portal: &Portal, email: &EmailAddress, language: Language, network: IpAddr) -> Result<(), Fault> {
    let now = portal.now();
    let origin = portal.keys.digest(Purpose::Origin, &[network.to_string().as_bytes()]);
    let last: Option<Option<Instant>> = Entity::find()
        .select_only()
        .column_as(Column::TurnAt.max(), "last")
        .filter(Column::OriginDigest.eq(origin.clone()))
        .into_tuple()
        .one(&portal.db)
        .await?;
    let address = email.as_str().as_bytes();
    let request = ActiveModel {
        id: NotSet,
        sealed_address: Set(portal.keys.seal(Purpose::Recovery, &portal.chance, address)),
        asked_at: Set(now),
        language: Set(language.code().to_owned()),
        address_digest: Set(Some(portal.keys.digest(Purpose::Recovery, &[address]))),
        origin_digest: Set(Some(origin)),
        turn_at: Set(rules::turn(last.flatten(), portal.settings.throttle.origin_recoveries_per_minute, now)),
        due_at: Set(now),
        attempts: Set(0),
        set_aside_at: Set(None),
    };
    // Who asks for an address that waits already brings it forward, and never puts it back.
    let once = OnConflict::column(Column::AddressDigest)
        .target_and_where(Column::SetAsideAt.is_null())
        .value(
            Column::TurnAt,
            Expr::cust(
                "CASE WHEN excluded.turn_at < recovery_request.turn_at THEN excluded.turn_at ELSE recovery_request.turn_at END",
            ),
        )
        .to_owned();
    let _turn = portal.db.turn().await?;
    Entity::insert(request).on_conflict(once).exec_without_returning(&portal.db).await?;
    Ok(())
}

/// Whether so many requests wait that a new one has to show some work.
pub async fn is_crowded(portal: &Portal) -> Result<bool, Fault> {
    let beyond = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::SetAsideAt.is_null())
        .offset(BACKLOG - 1)
        .limit(1)
        .into_tuple::<i64>()
        .one(&portal.db)
        .await?;
    Ok(beyond.is_some())
}
