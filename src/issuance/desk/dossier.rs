//! All that a desk may know of one voter. No secret is in it.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::super::rules::Refusal;
use super::super::seat;
use super::super::space::{self, Space};
use crate::entities::{account, desk_act, election, establishment, identity_check};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::sign_in;
use crate::values::{EmailAddress, Instant};

#[derive(Debug)]
pub struct Dossier {
    pub space: Space,
    pub account: account::Model,
    pub establishment: establishment::Model,
    /// The last check that failed, and what differed.
    pub last_failure: Option<(Refusal, Instant)>,
    /// Strangers and unknown browsers may not sign in before.
    pub held_back_until: Option<Instant>,
    /// Oldest first.
    pub acts: Vec<desk_act::Model>,
}

/// The dossier of an address on an election's roll.
pub async fn dossier(
    portal: &Portal,
    election: &election::Model,
    email: &EmailAddress,
) -> Result<Option<Dossier>, Fault> {
    let db = &portal.db;
    let account = account::Entity::find().filter(account::Column::Email.eq(email.as_str())).one(db).await?;
    let Some(account) = account else { return Ok(None) };
    let Some(seat) = seat::find(portal, account.id, Some(election.id)).await? else { return Ok(None) };
    let voter = seat.voter.id;
    let establishment = establishment::Entity::find_by_id(seat.voter.establishment_id).one(db).await?;
    let establishment = establishment.ok_or_else(|| Fault::new("a voter without an establishment"))?;
    Ok(Some(Dossier {
        space: space::space(portal, seat).await?,
        establishment,
        last_failure: last_failure(portal, voter).await?,
        held_back_until: sign_in::held_back_until(portal, email).await?,
        acts: desk_act::Entity::find()
            .filter(desk_act::Column::VoterId.eq(voter))
            .order_by_asc(desk_act::Column::Id)
            .all(db)
            .await?,
        account,
    }))
}

async fn last_failure(portal: &Portal, voter: i64) -> Result<Option<(Refusal, Instant)>, Fault> {
    let failed = [Refusal::NumenDiffers, Refusal::BirthdateDiffers, Refusal::BothDiffer];
    let found = identity_check::Entity::find()
        .filter(identity_check::Column::VoterId.eq(voter))
        .filter(identity_check::Column::Outcome.is_in(failed.map(Refusal::name)))
        .order_by_desc(identity_check::Column::Id)
        .one(&portal.db)
        .await?;
    Ok(found.and_then(|check| Some((Refusal::from_name(&check.outcome)?, check.checked_at))))
}
