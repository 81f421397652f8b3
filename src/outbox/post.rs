//! From the outbox to the carrier: claim with a lease, and record what became of it.

use std::pin::pin;
use std::time::Duration;

use sea_orm::sea_query::{Expr, LockBehavior, LockType, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter};
use tokio::time::timeout;

use super::{Content, tally};
use crate::carriers::{Failure, Reason};
use crate::db::Work;
use crate::entities::message::{Channel, Column, Entity, Model, State};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::{Instant, Purpose};

/// A worker that died gives its messages back after this; longer than any SMS gateway's patience. Mail servers may take
/// longer, and the lease is renewed.
pub const LEASE: Duration = Duration::from_secs(60);
/// So often that two renewals may fail.
const RENEWAL: Duration = Duration::from_secs(15);
/// A mail server may be away for a day (RFC 5321 asks for days; a link lives one).
const MAIL_VALIDITY: Duration = Duration::from_secs(24 * 60 * 60);
/// So many messages at most learn with one claim that the hour's SMS are used up: more than come in a second.
const PUT_OFF_AT_ONCE: u64 = 10_000;

/// Takes messages of a channel that are due, for as long as the lease runs; what somebody waits for first, oldest
/// first, with an eighth left to the rest so that nothing starves. Two workers never hold the same message.
/// `gateway` is who will be handed an SMS; one that may have left already stays with the gateway that had it.
pub async fn claim(portal: &Portal, channel: Channel, gateway: Option<&str>, most: u64) -> Result<Vec<Model>, Fault> {
    let work = portal.db.begin().await?;
    let now = portal.now();
    let due = |priority| {
        let mut due = due(channel, now);
        let since = now - validity(portal, channel);
        due.and_where(Column::CreatedAt.gt(since).or(Column::ValidFrom.gt(since))).and_where(priority);
        due
    };
    let kept = if most > 1 { most.div_ceil(8) } else { 0 };
    let mut claimed = take(&work, &mut due(Column::Priority.eq(0)), gateway, now, most - kept).await?;
    let rest = most.saturating_sub(claimed.len() as u64);
    claimed.extend(take(&work, &mut due(Column::Priority.gt(0)), gateway, now, rest).await?);
    claimed.sort_by_key(|message| (message.priority, message.id));
    let excess = tally::count(portal, &work, &claimed, now).await?;
    if !excess.of_number.is_empty() {
        put_off(&work, &excess.of_number, excess.until).await?;
    }
    if !excess.of_all.is_empty() {
        put_off(&work, &excess.of_all, excess.until).await?;
        // All the others that would exceed it: what waits too long to be claimed must not expire for it.
        let mut untried = due(Column::Attempts.eq(0).and(Column::State.eq(State::Queued)));
        wait_for_all(&work, Column::Id.in_subquery(some(&mut untried, PUT_OFF_AT_ONCE)), excess.until).await?;
        wait_for_all(&work, Column::Id.is_in(excess.of_all.iter().copied()), excess.until).await?;
    }
    claimed.retain(|message| !excess.of_number.contains(&message.id) && !excess.of_all.contains(&message.id));
    work.commit().await?;
    Ok(claimed)
}

/// Takes messages that waited until they were worth nothing, whether or not a carrier is there: those that may have left, or
/// the others.
pub async fn claim_overdue(
    portal: &Portal,
    channel: Channel,
    may_have_left: bool,
    most: u64,
) -> Result<Vec<Model>, Fault> {
    let work = portal.db.begin().await?;
    let now = portal.now();
    let left = Column::Unsure.eq(true).or(Column::State.eq(State::Sending));
    let mut overdue = Query::select();
    overdue
        .and_where(Column::EndedAt.is_null())
        .and_where(Column::Channel.eq(channel))
        .and_where(Column::CreatedAt.lte(now - validity(portal, channel)))
        .and_where(Column::ValidFrom.is_null().or(Column::ValidFrom.lte(now - validity(portal, channel))))
        .and_where(Column::State.eq(State::Queued).or(Column::DueAt.lte(now)))
        .and_where(if may_have_left { left } else { left.not() })
        .order_by(Column::CreatedAt, Order::Asc);
    let claimed = take(&work, &mut overdue, None, now, most).await?;
    work.commit().await?;
    Ok(claimed)
}

fn due(channel: Channel, now: Instant) -> SelectStatement {
    Query::select()
        .and_where(Column::EndedAt.is_null())
        .and_where(Column::Channel.eq(channel))
        .and_where(Column::DueAt.lte(now))
        .order_by(Column::Priority, Order::Asc)
        .order_by(Column::DueAt, Order::Asc)
        .order_by(Column::Id, Order::Asc)
        .to_owned()
}

/// The first messages of a queue that nobody else has in hand.
fn some(from: &mut SelectStatement, most: u64) -> SelectStatement {
    from.column(Column::Id)
        .from(Entity)
        .limit(most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned()
}

async fn take(
    work: &Work,
    from: &mut SelectStatement,
    gateway: Option<&str>,
    now: Instant,
    most: u64,
) -> Result<Vec<Model>, Fault> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let ids = some(from, most);
    // Claimed by a worker that never told: it died with the message in hand.
    let unsure = || Expr::col(Column::Unsure).eq(true).or(Expr::col(Column::State).eq(State::Sending.to_value()));
    // Nobody can be asked about a mail: it leaves again.
    let again = unsure().and(Expr::col(Column::Channel).eq(Channel::Mail.to_value()));
    let resent = Expr::case(again, Expr::col(Column::Resent).add(1)).finally(Expr::col(Column::Resent));
    let with: SimpleExpr =
        Expr::case(unsure(), Expr::col(Column::Gateway)).finally(Expr::value(gateway.map(str::to_owned))).into();
    Ok(Entity::update_many()
        .col_expr(Column::Gateway, with)
        .col_expr(Column::Unsure, Expr::case(unsure(), true).finally(false).into())
        .col_expr(Column::TriedAt, Expr::case(unsure(), Expr::col(Column::TriedAt)).finally(Expr::value(now)).into())
        .col_expr(Column::State, Expr::value(State::Sending.to_value()))
        .col_expr(Column::DueAt, Expr::value(now + LEASE))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::Resent, resent.into())
        .filter(Column::Id.in_subquery(ids))
        .exec_with_returning(work)
        .await?)
}

/// Puts claimed messages back, untried.
async fn put_off(work: &Work, ids: &[i64], until: Instant) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Queued.to_value()))
        .col_expr(Column::DueAt, Expr::value(until))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(work)
        .await?;
    Ok(())
}

/// Lets messages wait for the next hour's SMS: not for their own sake, so that this time does not count as theirs.
async fn wait_for_all(work: &Work, which: SimpleExpr, until: Instant) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(until))
        .col_expr(Column::ValidFrom, Expr::value(until))
        .filter(which)
        .exec(work)
        .await?;
    Ok(())
}

/// What a claimed message says, or nothing when another master secret sealed it.
pub fn open(portal: &Portal, message: &Model) -> Option<Content> {
    let plain = portal.keys.open(Purpose::Outbox, message.sealed.as_ref()?)?;
    serde_json::from_slice(&plain).ok()
}

/// How long a message is worth sending.
fn validity(portal: &Portal, channel: Channel) -> Duration {
    match channel {
        Channel::Sms => portal.settings.sms.validity(),
        Channel::Mail => MAIL_VALIDITY,
    }
}

/// When a message is worth nothing any more.
pub fn worthless_at(portal: &Portal, message: &Model) -> Instant {
    message.valid_from.unwrap_or(message.created_at) + validity(portal, message.channel)
}

/// Notes, before a claimed message is handed over once more, to whom; the lease begins anew. `in_doubt`: it may have left
/// before, and nobody can tell.
pub async fn pass_on(portal: &Portal, message: &mut Model, gateway: &str, in_doubt: bool) -> Result<bool, Fault> {
    let resent = message.resent + i32::from(in_doubt);
    let _turn = portal.db.turn().await?;
    let now = portal.now();
    let noted = ours(message)
        .col_expr(Column::Gateway, Expr::value(gateway))
        .col_expr(Column::Unsure, Expr::value(false))
        .col_expr(Column::Resent, Expr::value(resent))
        .col_expr(Column::TriedAt, Expr::value(now))
        .col_expr(Column::DueAt, Expr::value(now + LEASE))
        .exec(&portal.db)
        .await?;
    message.gateway = Some(gateway.to_owned());
    (message.unsure, message.resent, message.tried_at) = (false, resent, Some(now));
    Ok(noted.rows_affected == 1)
}

/// Does with a claimed message what may take longer than its lease, which is renewed meanwhile. Nothing comes of it, and it
/// is given up, once the message is in another worker's hands: this process stood still for too long.
pub async fn hold<T>(portal: &Portal, message: &Model, handover: impl Future<Output = T>) -> Option<T> {
    let mut handover = pin!(handover);
    loop {
        if let Ok(done) = timeout(RENEWAL, &mut handover).await {
            return Some(done);
        }
        match renew(portal, message).await {
            Ok(true) => {}
            Ok(false) => return None,
            // Perhaps the next renewal comes in time.
            Err(fault) => tracing::warn!(%fault, message_id = message.id, "a lease could not be renewed"),
        }
    }
}

async fn renew(portal: &Portal, message: &Model) -> Result<bool, Fault> {
    let _turn = portal.db.turn().await?;
    let until = portal.now() + LEASE;
    let renewed = ours(message).col_expr(Column::DueAt, Expr::value(until)).exec(&portal.db).await?;
    Ok(renewed.rows_affected == 1)
}

/// What the outbox makes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The carrier has it; it is asked at the given moment unless it tells before.
    Accepted {
        carrier_id: Option<String>,
        ask_at: Option<Instant>,
    },
    Retry {
        at: Instant,
        failure: Failure,
        unsure: bool,
    },
    Failed(Failure),
    /// Worth nothing any more; without a failure, what was wrong the last time stays.
    Expired {
        failure: Option<Failure>,
        /// Nobody can tell whether it has left.
        unsure: bool,
    },
}

/// Records a verdict. Returns false when somebody else was faster: another worker, to which the lease had passed, or
/// a receipt.
pub async fn record(
    db: &impl ConnectionTrait,
    message: &Model,
    verdict: &Verdict,
    now: Instant,
) -> Result<bool, Fault> {
    let update = ours(message);
    let erased = || Expr::value(None::<Vec<u8>>);
    let ended = |update: sea_orm::UpdateMany<Entity>, state: State| {
        update
            .col_expr(Column::State, Expr::value(state.to_value()))
            .col_expr(Column::EndedAt, Expr::value(now))
            .col_expr(Column::Sealed, erased())
    };
    let failed = |update: sea_orm::UpdateMany<Entity>, failure: &Failure| {
        update
            .col_expr(Column::Failure, Expr::value(failure.reason.name()))
            .col_expr(Column::Code, Expr::value(failure.code.clone()))
    };
    let update = match verdict {
        Verdict::Accepted { carrier_id, ask_at } => ended(update, State::Accepted)
            .col_expr(Column::CarrierId, Expr::value(carrier_id.clone()))
            .col_expr(Column::AskAt, Expr::value(*ask_at))
            .col_expr(Column::Unsure, Expr::value(false))
            .col_expr(Column::Failure, Expr::value(None::<String>))
            .col_expr(Column::Code, Expr::value(None::<String>)),
        Verdict::Retry { at, failure, unsure } => failed(update, failure)
            .col_expr(Column::State, Expr::value(State::Queued.to_value()))
            .col_expr(Column::Unsure, Expr::value(*unsure))
            .col_expr(Column::DueAt, Expr::value(*at)),
        Verdict::Failed(failure) => failed(ended(update, State::Failed), failure),
        Verdict::Expired { failure, unsure } => {
            let expired = ended(update, State::Expired).col_expr(Column::Unsure, Expr::value(*unsure));
            match failure {
                Some(failure) => failed(expired, failure),
                None => expired,
            }
        }
    };
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// Takes back a message that certainly has not left. Returns it as it was withdrawn, if there was one.
pub async fn withdraw(work: &impl ConnectionTrait, message: i64, now: Instant) -> Result<Option<Model>, Fault> {
    let unsent = Column::Id.eq(message).and(Column::Unsure.eq(false));
    Ok(withdrawing(unsent, now).exec_with_returning(work).await?.pop())
}

/// Takes back mails that wait, also those of which a copy may have left: another one would bring what works no longer.
/// What is being handed over right now goes on.
pub async fn withdraw_mails(work: &impl ConnectionTrait, which: SimpleExpr, now: Instant) -> Result<(), Fault> {
    withdrawing(which.and(Column::Channel.eq(Channel::Mail)), now).exec(work).await?;
    Ok(())
}

fn withdrawing(which: SimpleExpr, now: Instant) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Expired.to_value()))
        .col_expr(Column::Failure, Expr::value(Reason::Replaced.name()))
        .col_expr(Column::EndedAt, Expr::value(now))
        .col_expr(Column::Sealed, Expr::value(None::<Vec<u8>>))
        .filter(which)
        .filter(Column::EndedAt.is_null())
        .filter(Column::State.eq(State::Queued))
}

/// A claimed message, as long as its claim holds.
fn ours(message: &Model) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::Id.eq(message.id))
        .filter(Column::EndedAt.is_null())
        .filter(Column::Attempts.eq(message.attempts))
}
