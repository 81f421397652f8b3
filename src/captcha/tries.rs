//! How often a security code was answered wrong. A right answer writes nothing.

use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter};

use crate::entities::captcha_try::{ActiveModel, Column, Entity};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::Instant;

/// Rows that are forgotten at once: a few milliseconds' work.
const PORTION: u64 = 500;

pub async fn wrong_answers(portal: &Portal, digest: &[u8]) -> Result<i32, Fault> {
    let found = Entity::find_by_id(digest.to_owned()).one(&*portal.db).await?;
    Ok(found.map_or(0, |tries| tries.wrong))
}

/// Counts a wrong answer. Returns how many came before it: of many at once, each has its own place.
pub async fn count(portal: &Portal, digest: Vec<u8>, ends_at: Instant) -> Result<i32, Fault> {
    let first = ActiveModel { captcha_digest: Set(digest), wrong: Set(1), ends_at: Set(ends_at) };
    let one_more = Expr::col((Entity, Column::Wrong)).add(1);
    let _turn = portal.db.turn().await?;
    let counted = Entity::insert(first)
        .on_conflict(OnConflict::column(Column::CaptchaDigest).value(Column::Wrong, one_more).to_owned())
        .exec_with_returning(&*portal.db)
        .await?;
    Ok(counted.wrong - 1)
}

/// Forgets a portion of the codes that have ended.
pub async fn forget(portal: &Portal) -> Result<(), Fault> {
    let mut ended = Query::select();
    ended.column(Column::CaptchaDigest).from(Entity).and_where(Column::EndsAt.lt(portal.now())).limit(PORTION);
    let _turn = portal.db.turn().await?;
    Entity::delete_many().filter(Column::CaptchaDigest.in_subquery(ended)).exec(&*portal.db).await?;
    Ok(())
}
