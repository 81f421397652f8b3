//! An SMS that can't be delivered is the portal's failure: the identifier is voided, the try given
//! back, and the voter told.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::seat::{end, identifiers};
use crate::carriers::Reason;
use crate::db::Work;
use crate::entities::voting_identifier::{Column, Entity, Model, State};
use crate::entities::{account, election, phone_claim, voter};
use crate::fault::Fault;
use crate::outbox::{self, letters, post};
use crate::portal::Portal;
use crate::values::Instant;

/// The identifier that an SMS carries, with its voter, whose row is locked.
#[derive(Debug)]
pub struct Carried {
    identifier: Model,
    voter: voter::Model,
}

/// Whether an SMS still has something to bring: the identifier in it works.
pub async fn is_wanted(portal: &Portal, sms: i64) -> Result<bool, Fault> {
    let carried = Entity::find().filter(Column::SmsId.eq(sms)).one(&*portal.db).await?;
    Ok(carried.is_none_or(|identifier| identifier.state == State::Active))
}

/// Locks the voter whose identifier an SMS carries. To be called before the message's own row is touched: a voter who
/// asks for another identifier locks in this order, too.
pub async fn lock(work: &Work, sms: i64) -> Result<Option<Carried>, Fault> {
    let of_sms = Column::SmsId.eq(sms);
    let Some(found) = Entity::find().filter(of_sms.clone()).one(&**work).await? else { return Ok(None) };
    let voter = voter::Entity::find_by_id(found.voter_id).lock_exclusive().one(&**work).await?;
    let identifier = Entity::find().filter(of_sms).one(&**work).await?;
    Ok(voter.zip(identifier).map(|(voter, identifier)| Carried { identifier, voter }))
}

/// Voids the identifier of a failed SMS, in the transaction that records the failure. The voter is told, unless another
/// identifier has already taken its place.
pub async fn void(work: &Work, portal: &Portal, carried: &Carried, reason: Option<Reason>) -> Result<(), Fault> {
    let Carried { identifier, voter } = carried;
    if identifier.state == State::Voided {
        return Ok(());
    }
    end(&**work, identifier.id, State::Voided, portal.now()).await?;
    if !received_anything(work, voter.id, &identifier.phone_digest).await? {
        phone_claim::Entity::delete_by_id((voter.election_id, identifier.phone_digest.clone())).exec(&**work).await?;
    }
    if identifier.state != State::Active {
        return Ok(());
    }
    let election = election::Entity::find_by_id(voter.election_id).one(&**work).await?;
    let account = account::Entity::find_by_id(voter.account_id).one(&**work).await?;
    if let (Some(election), Some(account)) = (election, account) {
        let letter = letters::identifier_voided(portal, &account.email, &election, &identifier.masked_number, reason)?;
        outbox::enqueue(&**work, portal, Some(account.id), letter).await?;
    }
    Ok(())
}

/// Ends an identifier that another one replaces, or that its voter disowns. Its SMS is withdrawn if a carrier has failed
/// it so far: it would come last and bring what works no longer. Then the try is given back.
pub async fn retire(work: &Work, identifier: &Model, now: Instant) -> Result<(), Fault> {
    let withdrawn = post::withdraw(&**work, identifier.sms_id, now).await?;
    end(&**work, identifier.id, if withdrawn { State::Voided } else { State::Revoked }, now).await
}

/// Whether the voter's number was ever sent an identifier, or still may be.
async fn received_anything(work: &Work, voter: i64, phone: &[u8]) -> Result<bool, Fault> {
    Ok(identifiers(&**work, voter)
        .await?
        .iter()
        .any(|identifier| identifier.phone_digest == phone && identifier.state != State::Voided))
}
