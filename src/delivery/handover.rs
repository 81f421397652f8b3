//! One message to its carrier: handed over, asked for first when it may have left, passed on when a gateway is away.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait as _, PaginatorTrait, QueryFilter};

use super::{alarm, bounces, mailbox, receipts};
use crate::carriers::{Delivery, Failure, Gateway, Handover, Mail, Reason, Sms};
use crate::entities::account;
use crate::entities::message::{Channel, Column, Entity, Model, State};
use crate::fault::Fault;
use crate::issuance::void;
use crate::metrics::Handed;
use crate::outbox::Content;
use crate::outbox::post::{self, Verdict};
use crate::outbox::rules::{self, Pauses};
use crate::portal::Portal;
use crate::recovery::answer;

/// So many times an SMS leaves again at most although it may have left, and a mail soon.
const RESENDS: i32 = 2;
/// What was tried longer before is in no list of what a gateway made since.
const LATELY: TimeDelta = TimeDelta::minutes(5);
/// From then on a mail leaves so seldom: nobody can be asked whether it arrived, and it may never have.
const SELDOM: Duration = Duration::from_secs(60 * 60);

/// Hands a claimed message over and commits what became of it, with all that follows from it.
pub async fn deliver(portal: &Portal, mut message: Model) -> Result<(), Fault> {
    let handover = match post::open(portal, &message) {
        // The operator must act, and the message must not be lost.
        None => Some((Handover::Barred(Reason::Unreadable.into()), message.unsure)),
        // Put off before: meanwhile its link may have been used, or its address become another person's.
        Some(Content::Mail(_)) if message.attempts > 1 && !is_wanted(portal, &message).await? => {
            let failure = Some(Reason::Replaced.into());
            return end(portal, &message, &Verdict::Expired { failure, unsure: message.unsure }).await;
        }
        Some(Content::Mail(mail)) => send_mail(portal, &message, &mail).await,
        // Put off before: meanwhile another identifier may have taken the place of the one in it.
        Some(Content::Sms(sms)) if message.attempts > 1 && !void::is_wanted(portal, message.id).await? => {
            return drop_unwanted(portal, &message, &sms).await;
        }
        Some(Content::Sms(sms)) => hand_over(portal, &mut message, &sms).await?,
    };
    match handover {
        Some((handover, stays)) => conclude(portal, &message, handover, stays).await,
        // Somebody else was faster.
        None => Ok(()),
    }
}

/// Whether a mail still brings something that works to the person it was written to. While it was being handed over, nobody
/// could withdraw it.
async fn is_wanted(portal: &Portal, mail: &Model) -> Result<bool, Fault> {
    let account = match mail.account_id {
        Some(account) => account::Entity::find_by_id(account).one(&portal.db).await?,
        None => None,
    };
    Ok(account.is_none_or(|account| account.is_reachable()) && answer::is_wanted(portal, mail.id).await?)
}

/// A mail that may have left leaves again under the same name, by which a mailbox knows the second copy: nobody can be asked.
/// Returns as [`hand_over`] does.
async fn send_mail(portal: &Portal, message: &Model, mail: &Mail) -> Option<(Handover, bool)> {
    if message.unsure {
        portal.metrics.resent.inc();
        tracing::warn!(message_id = message.id, resent = message.resent, "message sent again");
    }
    let cover = bounces::cover(portal, message);
    let handover = post::hold(portal, message, portal.carriers.mail.send(mail, &cover, &portal.clock)).await?;
    Some((handover, message.unsure))
}

/// Ends a message that waited until it was worth nothing, unless it has left after all.
pub async fn expire(portal: &Portal, message: &Model) -> Result<(), Fault> {
    let gateway = message.gateway.as_ref().and_then(|name| portal.carriers.sms.named(name));
    let mut unsure = message.unsure;
    if let (true, Some(gateway), Some(Content::Sms(sms))) = (unsure, gateway, post::open(portal, message)) {
        match find(portal, gateway, message, &sms).await? {
            Found::Taken(id) => return conclude(portal, message, Handover::Accepted { id: Some(id) }, false).await,
            // The number that it was for is free.
            Found::NotTaken => unsure = !has_said_so(message),
            Found::Untold | Found::NoAnswer => {}
        }
    }
    portal.metrics.expired.inc();
    tracing::warn!(message_id = message.id, letter = message.letter, attempts = message.attempts, "message expired");
    end(portal, message, &Verdict::Expired { failure: None, unsure }).await
}

/// Ends an SMS whose identifier was replaced: what may have left has arrived, as far as the voter's tries are concerned.
async fn drop_unwanted(portal: &Portal, message: &Model, sms: &Sms) -> Result<(), Fault> {
    let gateway = message.gateway.as_ref().and_then(|name| portal.carriers.sms.named(name));
    let may_have_left = match gateway.filter(|_| message.unsure) {
        Some(gateway) => match find(portal, gateway, message, sms).await? {
            Found::Taken(id) => Some(Some(id)),
            Found::Untold | Found::NoAnswer => Some(None),
            Found::NotTaken => None,
        },
        None => None,
    };
    match may_have_left {
        Some(id) => conclude(portal, message, Handover::Accepted { id }, false).await,
        None => {
            let failure = Some(Reason::Replaced.into());
            end(portal, message, &Verdict::Expired { failure, unsure: false }).await
        }
    }
}

/// Never two gateways for one SMS, unless the first certainly did not take it; what is uncertain is asked first, and if
/// nobody can tell, sent again: a second SMS carries the same identifier and harms nobody. Returns the answer, and whether
/// the message may have left before; or nothing when somebody else was faster.
async fn hand_over(portal: &Portal, message: &mut Model, sms: &Sms) -> Result<Option<(Handover, bool)>, Fault> {
    let gateways = &portal.carriers.sms;
    let had_it = message.gateway.as_ref().and_then(|name| gateways.named(name));
    let Some(mut gateway) = had_it.or_else(|| gateways.iter().next()) else {
        return Ok(Some((Handover::Barred(Reason::Operator.with("no gateway")), message.unsure)));
    };
    let mut stays = false;
    if message.unsure {
        let in_doubt = match find(portal, gateway, message, sms).await? {
            Found::Taken(id) => return Ok(Some((Handover::Accepted { id: Some(id) }, false))),
            Found::NoAnswer => return Ok(Some((Handover::Unsure(Reason::Outage.with("no answer")), true))),
            // Enough copies may be on their way.
            Found::Untold if message.resent >= RESENDS => {
                return Ok(Some((Handover::Unsure(Reason::Outage.with("untold")), true)));
            }
            Found::Untold => {
                stays = true;
                true
            }
            Found::NotTaken => !has_said_so(message),
        };
        if !post::pass_on(portal, message, &gateway.name.clone(), in_doubt).await? {
            return Ok(None);
        }
        if in_doubt {
            portal.metrics.resent.inc();
            let (message_id, resent) = (message.id, message.resent);
            tracing::warn!(message_id, gateway = gateway.name, resent, "message sent again");
        }
    }
    loop {
        let worth = post::worthless_at(portal, message) - portal.now();
        let worth = worth.to_std().unwrap_or_default();
        let handover = gateway.send(sms, &receipts::reference(portal, message), worth, &portal.clock).await;
        let is_certain = matches!(handover, Handover::Later { .. } | Handover::Barred(_) | Handover::Blocked(_));
        if stays || !is_certain {
            return Ok(Some((handover, stays)));
        }
        let Some(next) = gateways.after(gateway, portal.now()) else { return Ok(Some((handover, false))) };
        log(portal, message, &handover);
        if !post::pass_on(portal, message, &next.name, false).await? {
            return Ok(None);
        }
        gateway = next;
    }
}

/// Whether the gateway itself answered the last try with an error, so that a list without the message is believed. Where the
/// answer was lost, the list may be late, or not find a number that was obfuscated.
fn has_said_so(message: &Model) -> bool {
    message.code.as_deref().is_some_and(|code| code.len() == 3 && code.starts_with('5'))
}

/// What a gateway says of a message whose answer was lost.
enum Found {
    Taken(String),
    NotTaken,
    /// It never says: the message may be there.
    Untold,
    /// It does not answer now.
    NoAnswer,
}

async fn find(portal: &Portal, gateway: &Gateway, message: &Model, sms: &Sms) -> Result<Found, Fault> {
    let Some(since) = message.tried_at else { return Ok(Found::NotTaken) };
    let Some(mut found) = gateway.look(sms, since).await else { return Ok(Found::NoAnswer) };
    if !gateway.tells() {
        return Ok(Found::Untold);
    }
    found.retain(|seen| !matches!(seen.delivery, Delivery::Failed(_)));
    // Other messages to the same number may be among them.
    let ids: Vec<&str> = found.iter().map(|seen| seen.id.as_str()).collect();
    let of_gateway =
        || Entity::find().filter(Column::Gateway.eq(gateway.name.as_str())).filter(Column::Id.ne(message.id));
    let known = of_gateway().filter(Column::CarrierId.is_in(ids)).all(&portal.db).await?;
    found.retain(|seen| !known.iter().any(|other| other.carrier_id.as_deref() == Some(&seen.id)));
    if let Some(at) = found.iter().position(|seen| seen.is_ours) {
        return Ok(Found::Taken(found.swap_remove(at).id));
    }
    let Some(seen) = found.pop() else { return Ok(Found::NotTaken) };
    // It may as well be the one of another whose answer was lost, or an earlier copy of one that was sent again: nobody takes
    // it for theirs.
    let is_in_doubt = Column::Unsure.eq(true).or(Column::State.eq(State::Sending)).or(Column::Resent.gt(0));
    let rivals = of_gateway()
        .filter(Column::RecipientDigest.eq(message.recipient_digest.clone()))
        .filter(Column::TriedAt.gte(since - LATELY))
        .filter(is_in_doubt)
        .count(&portal.db)
        .await?;
    Ok(if rivals > 0 { Found::Untold } else { Found::Taken(seen.id) })
}

/// `unsure`: the message may have left before, whatever the answer to this try says of this try.
async fn conclude(portal: &Portal, message: &Model, handover: Handover, unsure: bool) -> Result<(), Fault> {
    log(portal, message, &handover);
    let verdict = verdict(portal, message, handover, unsure);
    end(portal, message, &verdict).await
}

/// Decides what follows an answer: a message is accepted, tried again while it is worth it, or visibly failed.
fn verdict(portal: &Portal, message: &Model, handover: Handover, unsure: bool) -> Verdict {
    let now = portal.now();
    let worthless_at = post::worthless_at(portal, message);
    let pauses = match message.channel {
        Channel::Sms => Pauses::SMS,
        Channel::Mail => Pauses::MAIL,
    };
    let retry = |failure: Failure, after, unsure| {
        match rules::next_try(pauses, message.attempts, worthless_at, after, portal.chance.luck(), now) {
            Some(at) => Verdict::Retry { at, failure, unsure },
            // It is asked for once more when its time is over.
            None if unsure => Verdict::Retry { at: worthless_at, failure, unsure },
            None => Verdict::Expired { failure: Some(failure), unsure: false },
        }
    };
    match handover {
        Handover::Accepted { id } => {
            let gateway = message.gateway.as_ref().and_then(|name| portal.carriers.sms.named(name));
            let tells = id.is_some() && gateway.is_some_and(Gateway::tells);
            let ask_at = tells.then(|| now + portal.settings.sms.receipt_after());
            Verdict::Accepted { carrier_id: id, ask_at }
        }
        Handover::Refused(failure) => Verdict::Failed(failure),
        Handover::Later { failure, after } => retry(failure, after, unsure),
        Handover::Barred(failure) | Handover::Blocked(failure) => retry(failure, None, unsure),
        Handover::Unsure(failure) if message.resent >= RESENDS && message.channel == Channel::Mail => {
            retry(failure, Some(SELDOM), true)
        }
        Handover::Unsure(failure) if message.resent >= RESENDS => {
            Verdict::Retry { at: worthless_at, failure, unsure: true }
        }
        Handover::Unsure(failure) => retry(failure, None, true),
    }
}

async fn end(portal: &Portal, message: &Model, verdict: &Verdict) -> Result<(), Fault> {
    let reason = match verdict {
        Verdict::Accepted { .. } => {
            // Nothing follows from it: one statement is enough.
            let _turn = portal.db.turn().await?;
            post::record(&portal.db, message, verdict, portal.now()).await?;
            return Ok(());
        }
        Verdict::Failed(failure) | Verdict::Expired { failure: Some(failure), .. } | Verdict::Retry { failure, .. } => {
            Some(failure.reason)
        }
        // What was wrong the last time.
        Verdict::Expired { failure: None, .. } => message.failure.as_deref().and_then(Reason::from_name),
    };
    let work = portal.db.begin().await?;
    match message.channel {
        Channel::Mail => {
            let now = portal.now();
            if post::record(&work, message, verdict, now).await? {
                mailbox::note(&work, message.account_id, reason, now).await?;
            }
        }
        Channel::Sms => {
            let is_lost = matches!(verdict, Verdict::Failed(_) | Verdict::Expired { .. });
            let carried = if is_lost { void::lock(&work, message.id).await? } else { None };
            if post::record(&work, message, verdict, portal.now()).await?
                && let Some(carried) = carried
            {
                void::void(&work, portal, &carried, reason).await?;
            }
        }
    }
    work.commit().await
}

fn log(portal: &Portal, message: &Model, handover: &Handover) {
    let (outcome, failure) = match handover {
        Handover::Accepted { .. } => ("accepted", None),
        Handover::Refused(failure) => ("refused", Some(failure)),
        Handover::Later { failure, .. } => ("later", Some(failure)),
        Handover::Unsure(failure) => ("unsure", Some(failure)),
        Handover::Barred(failure) => ("barred", Some(failure)),
        Handover::Blocked(failure) => ("blocked", Some(failure)),
    };
    let carrier = message.gateway.clone().unwrap_or_else(|| "mail".to_owned());
    portal.metrics.handovers.get_or_create(&Handed { carrier, outcome }).inc();
    let (message_id, letter, attempts, gateway) = (message.id, &message.letter, message.attempts, &message.gateway);
    let Some(Failure { reason, code }) = failure else {
        tracing::info!(message_id, letter, attempts, gateway, "message accepted");
        return;
    };
    if matches!(handover, Handover::Barred(_) | Handover::Blocked(_)) {
        alarm(portal, message, *reason, code.as_deref());
    } else {
        let reason = reason.name();
        tracing::warn!(message_id, letter, attempts, gateway, reason, code, outcome, "message not accepted");
    }
}
