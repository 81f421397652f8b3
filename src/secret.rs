//! A database belongs to one master secret: under another one, nobody's NUMEN or phone would be recognised, and an
//! import would digest the whole roll anew.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::entities::master_secret::{ActiveModel, Column, Entity};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::Purpose;

const ONLY: i32 = 1;

/// Whether the database was filled under the portal's master secret. The first to ask binds it.
pub async fn fits(portal: &Portal) -> Result<bool, Fault> {
    let digest = portal.keys.digest(Purpose::Check, &[]);
    let bound = ActiveModel { id: Set(ONLY), check_digest: Set(digest.clone()) };
    let turn = portal.db.turn().await?;
    Entity::insert(bound)
        .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
        .exec_without_returning(&portal.db)
        .await?;
    drop(turn);
    let kept = Entity::find_by_id(ONLY).one(&portal.db).await?;
    Ok(kept.is_some_and(|kept| kept.check_digest == digest))
}
