//! From the outbox to the carrier: claim with a lease, send with no transaction open, record.

use std::time::Duration;

use sea_orm::sea_query::{Expr, LockBehavior, LockType, Query};
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, TransactionSession};

use super::{Content, rules};
use crate::carriers::{Handover, twilio};
use crate::entities::message::{Channel, Column, Entity, Model, State};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::{Instant, Purpose};

/// A worker that died gives its messages back after this; longer than any carrier's patience.
const LEASE: Duration = Duration::from_secs(60);
/// A mail server may be away for a day (RFC 5321 asks for days; a link lives one).
const MAIL_VALIDITY: Duration = Duration::from_secs(24 * 60 * 60);

/// Takes the messages that are due, oldest first, for as long as the lease runs. Two workers never
/// hold the same message.
pub async fn claim(portal: &Portal, most: u64) -> Result<Vec<Model>, Fault> {
    let now = portal.now();
    let due = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::EndedAt.is_null())
        .and_where(Column::DueAt.lte(now))
        .order_by(Column::DueAt, sea_orm::sea_query::Order::Asc)
        .limit(most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned();
    let work = portal.db.begin().await?;
    let mut claimed = Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Sending.to_value()))
        .col_expr(Column::DueAt, Expr::value(now + LEASE))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.in_subquery(due))
        .exec_with_returning(&*work)
        .await?;
    work.commit().await?;
    claimed.sort_by_key(|message| message.id);
    Ok(claimed)
}

/// Hands one claimed message to its carrier.
pub async fn send(portal: &Portal, message: &Model) -> Handover {
    let content = message
        .sealed
        .as_ref()
        .and_then(|sealed| portal.keys.open(Purpose::Outbox, sealed))
        .and_then(|plain| serde_json::from_slice(&plain).ok());
    match content {
        Some(Content::Mail(mail)) => portal.carriers.mail.send(&mail, portal.now()).await,
        Some(Content::Sms(sms)) => portal.carriers.sms.send(&sms, portal.now()).await,
        // Another master secret sealed it: the operator must act, the message must not be lost.
        None => Handover::Later { reason: "sealed with another secret".into(), after: None, alarm: true },
    }
}

/// What the outbox makes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Sent { carrier_id: Option<String> },
    Retry { at: Instant, reason: String },
    Failed { reason: String },
}

/// Decides what follows an answer: a message is sent, tried again while it is worth it, or visibly failed.
pub fn verdict(message: &Model, handover: Handover, now: Instant) -> Verdict {
    match handover {
        Handover::Accepted { id } => Verdict::Sent { carrier_id: id },
        Handover::Refused { reason } => Verdict::Failed { reason },
        Handover::Later { reason, after, .. } => {
            let validity = match message.channel {
                Channel::Sms => twilio::VALIDITY,
                Channel::Mail => MAIL_VALIDITY,
            };
            match rules::next_try(message.attempts, message.created_at + validity, after, now) {
                Some(at) => Verdict::Retry { at, reason },
                None => Verdict::Failed { reason: format!("expired after: {reason}") },
            }
        }
    }
}

/// Records a verdict. Returns false when another worker, to which the lease had passed, was faster.
pub async fn record<C: ConnectionTrait + TransactionSession>(
    work: &C,
    message: &Model,
    verdict: &Verdict,
    now: Instant,
) -> Result<bool, Fault> {
    let update = Entity::update_many()
        .filter(Column::Id.eq(message.id))
        .filter(Column::EndedAt.is_null())
        .filter(Column::Attempts.eq(message.attempts));
    let erased = Expr::value(None::<Vec<u8>>);
    let update = match verdict {
        Verdict::Sent { carrier_id } => update
            .col_expr(Column::State, Expr::value(State::Accepted.to_value()))
            .col_expr(Column::CarrierId, Expr::value(carrier_id.clone()))
            .col_expr(Column::Failure, Expr::value(None::<String>))
            .col_expr(Column::EndedAt, Expr::value(now))
            .col_expr(Column::Sealed, erased),
        Verdict::Retry { at, reason } => update
            .col_expr(Column::State, Expr::value(State::Queued.to_value()))
            .col_expr(Column::Failure, Expr::value(reason.clone()))
            .col_expr(Column::DueAt, Expr::value(*at)),
        Verdict::Failed { reason } => update
            .col_expr(Column::State, Expr::value(State::Failed.to_value()))
            .col_expr(Column::Failure, Expr::value(reason.clone()))
            .col_expr(Column::EndedAt, Expr::value(now))
            .col_expr(Column::Sealed, erased),
    };
    Ok(update.exec(work).await?.rows_affected == 1)
}
