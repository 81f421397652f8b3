//! What a carrier says of a message that it took: in a receipt, or when asked. A final state never changes again.

use sea_orm::sea_query::{Expr, LockBehavior, LockType, Query};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{alarm, is_sealed, seal};
use crate::carriers::{Delivery, Failure, Reason};
use crate::entities::message::{Column, Entity, Model, State};
use crate::fault::Fault;
use crate::issuance::void;
use crate::outbox::{post, rules};
use crate::portal::Portal;
use crate::values::Purpose;

/// A receipt, checked and read.
#[derive(Clone, Copy, Debug)]
pub struct Receipt<'a> {
    /// What the carrier was given with the message: see [`reference`].
    pub reference: Option<&'a str>,
    pub carrier_id: &'a str,
    /// The gateways that may have signed it: none of them can speak of a message that another one has.
    pub signers: &'a [&'a str],
    pub delivery: &'a Delivery,
}

/// What a message is known by in its receipts, fit for an address: its number, sealed.
pub fn reference(portal: &Portal, message: &Model) -> String {
    format!("{}-{}", message.id, seal(portal, Purpose::Receipt, message))
}

/// Takes a receipt. Returns false when it speaks of no message of its gateway's.
pub async fn take(portal: &Portal, receipt: &Receipt<'_>) -> Result<bool, Fault> {
    let of_signers = || Entity::find().filter(Column::Gateway.is_in(receipt.signers.iter().copied()));
    let by_carrier = of_signers().filter(Column::CarrierId.eq(receipt.carrier_id)).one(&portal.db).await?;
    // Our own word for it comes first: the carrier's was perhaps looked up. It may also come before the answer to the call
    // that sent the message, or that answer was lost.
    let sealed = receipt.reference.and_then(|reference| reference.split_once('-'));
    let by_us = match sealed.and_then(|(id, seal)| Some((id.parse::<i64>().ok()?, seal))) {
        Some((id, seal)) => {
            let found = of_signers().filter(Column::Id.eq(id)).one(&portal.db).await?;
            found.filter(|message| is_sealed(portal, Purpose::Receipt, message, seal))
        }
        None => None,
    };
    match (by_us, by_carrier) {
        (Some(ours), Some(other)) if ours.id != other.id && ours.carrier_id.is_none() => {
            undo_match(portal, other.id, receipt).await?;
            settle(portal, ours.id, receipt).await
        }
        // Another copy of it: what is known is the one that was told last.
        (Some(ours), None) => settle(portal, ours.id, receipt).await,
        (_, Some(known)) => settle(portal, known.id, receipt).await,
        (None, None) => Ok(false),
    }
}

/// A message was taken for one that the carrier never had of it: it has not left, and nobody has its text any more.
async fn undo_match(portal: &Portal, message: i64, told: &Receipt<'_>) -> Result<(), Fault> {
    let work = portal.db.begin().await?;
    let carried = void::lock(&work, message).await?;
    let Some(message) = Entity::find_by_id(message).lock_exclusive().one(&work).await? else { return Ok(()) };
    if message.carrier_id.as_deref() != Some(told.carrier_id) {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Failed.to_value()))
        .col_expr(Column::CarrierId, Expr::value(None::<String>))
        .col_expr(Column::SettledAt, Expr::value(portal.now()))
        .col_expr(Column::AskAt, Expr::value(None::<crate::values::Instant>))
        .col_expr(Column::Failure, Expr::value(Reason::Outage.name()))
        .col_expr(Column::Code, Expr::value(None::<String>))
        .filter(Column::Id.eq(message.id))
        .exec(&work)
        .await?;
    if let Some(carried) = carried {
        void::void(&work, portal, &carried, Some(Reason::Outage)).await?;
    }
    work.commit().await?;
    tracing::error!(message_id = message.id, "a message was taken for another one: its receipt says so");
    Ok(())
}

/// Takes accepted messages of which no receipt came, to ask the carrier.
pub async fn claim_silent(portal: &Portal, most: u64) -> Result<Vec<Model>, Fault> {
    let work = portal.db.begin().await?;
    let now = portal.now();
    let silent = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::AskAt.is_not_null())
        .and_where(Column::AskAt.lte(now))
        .order_by(Column::AskAt, sea_orm::sea_query::Order::Asc)
        .limit(most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned();
    let claimed = Entity::update_many()
        .col_expr(Column::AskAt, Expr::value(now + post::LEASE))
        .filter(Column::Id.in_subquery(silent))
        .exec_with_returning(&work)
        .await?;
    work.commit().await?;
    Ok(claimed)
}

/// Asks the carrier what became of a message.
pub async fn ask(portal: &Portal, message: &Model) -> Result<(), Fault> {
    let gateway = message.gateway.as_ref().and_then(|name| portal.carriers.sms.named(name));
    let (Some(gateway), Some(id)) = (gateway, &message.carrier_id) else { return stop_asking(portal, message).await };
    match gateway.ask(id).await {
        Some(delivery @ (Delivery::Delivered | Delivery::Failed(_))) => {
            let signers = [gateway.name.as_str()];
            let told = Receipt { reference: None, carrier_id: id, signers: &signers, delivery: &delivery };
            settle(portal, message.id, &told).await.map(drop)
        }
        Some(Delivery::Underway) | None => {
            let sms = &portal.settings.sms;
            let accepted_at = message.ended_at.unwrap_or(message.created_at);
            match rules::next_question(accepted_at, sms.receipt_after(), sms.validity(), portal.now()) {
                Some(at) => ask_at(portal, message, Some(at)).await,
                None => stop_asking(portal, message).await,
            }
        }
    }
}

async fn stop_asking(portal: &Portal, message: &Model) -> Result<(), Fault> {
    ask_at(portal, message, None).await
}

async fn ask_at(portal: &Portal, message: &Model, at: Option<crate::values::Instant>) -> Result<(), Fault> {
    let _turn = portal.db.turn().await?;
    Entity::update_many()
        .col_expr(Column::AskAt, Expr::value(at))
        .filter(Column::Id.eq(message.id))
        .filter(Column::State.eq(State::Accepted))
        .exec(&portal.db)
        .await?;
    Ok(())
}

/// Records what a carrier says, under lock: repeated, late and out of order, it never goes back from a final state.
/// Returns false when the message is no more that carrier's, or goes under another name there.
async fn settle(portal: &Portal, message: i64, told: &Receipt<'_>) -> Result<bool, Fault> {
    let Receipt { carrier_id, delivery, .. } = *told;
    let work = portal.db.begin().await?;
    let carried = void::lock(&work, message).await?;
    let Some(message) = Entity::find_by_id(message).lock_exclusive().one(&work).await? else { return Ok(false) };
    let now = portal.now();
    let is_theirs = message.gateway.as_deref().is_some_and(|gateway| told.signers.contains(&gateway));
    if !is_theirs || message.carrier_id.as_deref().is_some_and(|known| known != carrier_id) {
        return Ok(false);
    }
    let was_accepted = message.state == State::Accepted;
    if message.state.is_final() || (was_accepted && *delivery == Delivery::Underway) {
        return Ok(true);
    }
    let state = match delivery {
        Delivery::Underway => State::Accepted,
        Delivery::Delivered => State::Delivered,
        Delivery::Failed(_) => State::Failed,
    };
    let is_final = state.is_final();
    let (reason, code) = match delivery {
        Delivery::Failed(Failure { reason, code }) => (Some(*reason), code.clone()),
        _ => (None, None),
    };
    Entity::update_many()
        .col_expr(Column::State, Expr::value(state.to_value()))
        .col_expr(Column::CarrierId, Expr::value(carrier_id))
        .col_expr(Column::EndedAt, Expr::value(message.ended_at.unwrap_or(now)))
        .col_expr(Column::Sealed, Expr::value(None::<Vec<u8>>))
        .col_expr(Column::Unsure, Expr::value(false))
        .col_expr(Column::SettledAt, Expr::value(is_final.then_some(now)))
        .col_expr(Column::AskAt, Expr::value((!is_final).then(|| now + portal.settings.sms.receipt_after())))
        .col_expr(Column::Failure, Expr::value(reason.map(crate::carriers::Reason::name)))
        .col_expr(Column::Code, Expr::value(code))
        .filter(Column::Id.eq(message.id))
        .exec(&work)
        .await?;
    if let Delivery::Failed(failure) = delivery {
        let (reason, code) = (failure.reason, failure.code.as_deref());
        tracing::warn!(message_id = message.id, reason = reason.name(), code, "message undelivered");
        if reason == Reason::Operator {
            alarm(portal, &message, reason, code);
        }
        if let Some(gateway) = message.gateway.as_ref().and_then(|name| portal.carriers.sms.named(name)) {
            gateway.learn_of(failure, now);
        }
        if let Some(carried) = carried {
            void::void(&work, portal, &carried, Some(reason)).await?;
        }
    }
    work.commit().await?;
    Ok(true)
}
