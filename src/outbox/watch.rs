//! What operators see of the outbox, and the one thing they can do to it.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entities::message::{Channel, Column, Entity, Model, State};
use crate::fault::Fault;
use crate::portal::Portal;

const PAGE: u64 = 1_000;

/// The messages that wait or have failed, oldest first, from the one after `after` on: a page at most.
pub async fn unfinished(portal: &Portal, after: i64) -> Result<Vec<Model>, Fault> {
    let unfinished =
        Condition::any().add(Column::EndedAt.is_null()).add(Column::State.is_in([State::Failed, State::Expired]));
    Ok(Entity::find()
        .filter(Column::Id.gt(after))
        .filter(unfinished)
        .order_by_asc(Column::Id)
        .limit(PAGE)
        .all(&portal.db)
        .await?)
}

/// How many mails that somebody waits for are due, counted up to a number.
pub async fn links_waiting(portal: &Portal, most: u64) -> Result<u64, Fault> {
    let due: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::EndedAt.is_null())
        .filter(Column::Channel.eq(Channel::Mail))
        .filter(Column::Priority.eq(0))
        .filter(Column::DueAt.lte(portal.now()))
        .limit(most)
        .into_tuple()
        .all(&portal.db)
        .await?;
    Ok(due.len() as u64)
}

/// Makes what was put off due at once, for when the operator has mended what was wrong. Returns how many.
pub async fn retry(portal: &Portal) -> Result<u64, Fault> {
    let _turn = portal.db.turn().await?;
    let now = portal.now();
    let hurried = Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(now))
        .filter(Column::EndedAt.is_null())
        .filter(Column::State.eq(State::Queued))
        .filter(Column::DueAt.gt(now))
        .exec(&portal.db)
        .await?;
    Ok(hurried.rows_affected)
}
