//! An SMS that can't be delivered is the portal's failure: the identifier is voided, the try given
//! back, and the voter told.

use chrono::TimeDelta;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait as _, QueryFilter, QuerySelect};

use super::rules;
use super::seat::{self, end, identifiers};
use crate::carriers::Reason;
use crate::db::Work;
use crate::entities::message::State as SmsState;
use crate::entities::voting_identifier::{Column, Entity, Model, State};
use crate::entities::{account, message, phone_claim, voter};
use crate::fault::Fault;
use crate::outbox::{self, letters, post};
use crate::portal::Portal;

/// An SMS that has not left by then is late by our fault.
const PROMPT: TimeDelta = TimeDelta::minutes(1);

/// The identifier that an SMS carries, with its voter, whose row is locked.
#[derive(Debug)]
pub struct Carried {
    identifier: Model,
    voter: voter::Model,
}

/// Whether an SMS still has something to bring: the identifier in it works.
pub async fn is_wanted(portal: &Portal, sms: i64) -> Result<bool, Fault> {
    let carried = Entity::find().filter(Column::SmsId.eq(sms)).one(&portal.db).await?;
    Ok(carried.is_none_or(|identifier| identifier.state == State::Active))
}

/// Locks the voter whose identifier an SMS carries. To be called before the message's own row is touched: a voter who
/// asks for another identifier locks in this order, too.
pub async fn lock(work: &Work, sms: i64) -> Result<Option<Carried>, Fault> {
    let of_sms = Column::SmsId.eq(sms);
    let Some(found) = Entity::find().filter(of_sms.clone()).one(work).await? else { return Ok(None) };
    let voter = voter::Entity::find_by_id(found.voter_id).lock_exclusive().one(work).await?;
    let identifier = Entity::find().filter(of_sms).one(work).await?;
    Ok(voter.zip(identifier).map(|(voter, identifier)| Carried { identifier, voter }))
}

/// Voids the identifier of a failed SMS, in the transaction that records the failure. The voter is told, unless another
/// identifier has already taken its place.
pub async fn void(work: &Work, portal: &Portal, carried: &Carried, reason: Option<Reason>) -> Result<(), Fault> {
    let Carried { identifier, voter } = carried;
    if identifier.state == State::Voided {
        return Ok(());
    }
    let is_last = !give_back(work, portal, voter, identifier).await?;
    free(work, voter, &identifier.phone_digest).await?;
    if identifier.state != State::Active {
        return Ok(());
    }
    let seat = seat::of_voter(work, voter.id).await?;
    let account = account::Entity::find_by_id(voter.account_id).one(work).await?;
    if let (Some(seat), Some(account)) = (seat, account.filter(account::Model::is_reachable)) {
        let (to, number) = (seat.reader(&account), &identifier.masked_number);
        let letter = letters::identifier_voided(portal, to, &seat.election, number, reason, is_last)?;
        outbox::enqueue(work, portal, Some(account.id), letter).await?;
    }
    Ok(())
}

/// Ends an identifier that another one replaces, or that its voter disowns. Its SMS is withdrawn if it has not left: it
/// would come last and bring what works no longer. The try is given back if it was we who were late. `keeps`: the number
/// that the voter goes on with, if any.
pub async fn retire(
    work: &Work,
    portal: &Portal,
    voter: &voter::Model,
    identifier: &Model,
    keeps: Option<&[u8]>,
) -> Result<(), Fault> {
    let now = portal.now();
    let withdrawn = post::withdraw(work, identifier.sms_id, now).await?;
    let were_late = |sms: &message::Model| sms.attempts > 0 || now - sms.created_at > PROMPT;
    if withdrawn.as_ref().is_some_and(were_late) {
        give_back(work, portal, voter, identifier).await?;
    } else {
        end(work, identifier.id, State::Revoked, now).await?;
    }
    if withdrawn.is_some() && keeps != Some(identifier.phone_digest.as_slice()) {
        free(work, voter, &identifier.phone_digest).await?;
    }
    Ok(())
}

/// Ends an identifier that never reached its voter, and gives the try back for as long as the rules do; then it counts as
/// one that was issued. Returns whether the voter may ask again.
async fn give_back(work: &Work, portal: &Portal, voter: &voter::Model, identifier: &Model) -> Result<bool, Fault> {
    // The voter's row is locked: of failures that are told at once, each sees the ones before.
    let returned = seat::returned(&identifiers(work, voter.id).await?);
    let gives_back = rules::gives_back(returned);
    let state = if gives_back { State::Voided } else { State::Revoked };
    if identifier.state != state {
        end(work, identifier.id, state, portal.now()).await?;
    }
    let may_ask = rules::gives_back(returned + 1);
    if gives_back && !may_ask {
        portal.metrics.alarm("returns");
        tracing::error!(voter_id = voter.id, returned = returned + 1, "alarm: no more SMS for a voter whose SMS fail");
    }
    Ok(may_ask)
}

/// Gives a voter's number free, unless it received an identifier or still may.
async fn free(work: &Work, voter: &voter::Model, phone: &[u8]) -> Result<(), Fault> {
    let of_phone = identifiers(work, voter.id).await?.into_iter().filter(|i| i.phone_digest == phone);
    let sms: Vec<i64> = of_phone.map(|identifier| identifier.sms_id).collect();
    let arrived = message::Entity::find()
        .filter(message::Column::Id.is_in(sms))
        // What ended in doubt may have arrived.
        .filter(
            message::Column::State
                .is_not_in([SmsState::Failed, SmsState::Expired])
                .or(message::Column::Unsure.eq(true)),
        )
        .one(work)
        .await?;
    if arrived.is_none() {
        phone_claim::Entity::delete_by_id((voter.election_id, phone.to_owned())).exec(work).await?;
    }
    Ok(())
}
