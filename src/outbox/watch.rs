//! What operators see of the outbox, and the one thing they can do to it.

use sea_orm::sea_query::{Expr, Func};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait as _, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};

use crate::carriers::Reason;
use crate::entities::message::{Channel, Column, Entity, Model, State};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::Instant;

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

/// What waits in one queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Waiting {
    pub count: i64,
    /// Since when the oldest of all waits.
    pub oldest: Option<Instant>,
    /// Since when the oldest waits that somebody looks out for, and that only we or a carrier keep.
    pub awaited: Option<Instant>,
}

/// What waits in each channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queues {
    pub sms: Waiting,
    pub mail: Waiting,
}

/// What waits to leave, by channel.
pub async fn waiting(portal: &Portal) -> Result<Queues, Fault> {
    let now = portal.now();
    // What waits for the hour's cap was told as such, and a mailbox that puts us off is nobody's fault here.
    let for_cap = Column::Attempts.eq(0).and(Column::DueAt.gt(now));
    let ours = [Reason::Limit, Reason::Outage, Reason::Operator, Reason::Unreadable].map(Reason::name);
    let awaited =
        Column::Priority.eq(0).and(for_cap.not()).and(Column::Failure.is_null().or(Column::Failure.is_in(ours)));
    let mut queues = Queues::default();
    for (channel, queue) in [(Channel::Sms, &mut queues.sms), (Channel::Mail, &mut queues.mail)] {
        let found = Entity::find()
            .select_only()
            .column_as(Column::Id.count(), "count")
            .column_as(Column::CreatedAt.min(), "oldest")
            .expr_as(Func::min(Expr::case(awaited.clone(), Expr::col(Column::CreatedAt))), "awaited")
            .filter(Column::EndedAt.is_null())
            .filter(Column::Channel.eq(channel))
            .into_model::<Waiting>()
            .one(&portal.db)
            .await?;
        *queue = found.unwrap_or_default();
    }
    Ok(queues)
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
