//! How often a security code was answered wrong. A right answer writes nothing.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, EntityTrait, ExprTrait};

use crate::entities::captcha_try::{ActiveModel, Column, Entity};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::Instant;

pub async fn wrong_answers(portal: &Portal, digest: &[u8]) -> Result<i32, Fault> {
    let found = Entity::find_by_id(digest.to_owned()).one(&portal.db).await?;
    Ok(found.map_or(0, |tries| tries.wrong))
}

/// Counts a wrong answer. Returns how many came before it: of many at once, each has its own place.
pub async fn count(portal: &Portal, digest: Vec<u8>, ends_at: Instant) -> Result<i32, Fault> {
    let first = ActiveModel { captcha_digest: Set(digest), wrong: Set(1), ends_at: Set(ends_at) };
    let one_more = Expr::col((Entity, Column::Wrong)).add(1);
    let _turn = portal.db.turn().await?;
    let counted = Entity::insert(first)
        .on_conflict(OnConflict::column(Column::CaptchaDigest).value(Column::Wrong, one_more).to_owned())
        .exec_with_returning(&portal.db)
        .await?;
    Ok(counted.wrong - 1)
}
