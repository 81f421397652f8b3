//! An SMS that can't be delivered is the portal's failure: the identifier is voided, the try given
//! back, and the voter told.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::seat::{end, identifiers};
use crate::carriers::Reason;
use crate::db::Work;
use crate::entities::voting_identifier::State;
use crate::entities::{account, election, message, phone_claim, voter, voting_identifier};
use crate::fault::Fault;
use crate::outbox::{self, letters};
use crate::portal::Portal;

/// Voids the identifier that a failed SMS carried, in the transaction that records the failure.
pub async fn void(work: &Work, portal: &Portal, sms: &message::Model, reason: Option<Reason>) -> Result<(), Fault> {
    let carried = voting_identifier::Entity::find()
        .filter(voting_identifier::Column::SmsId.eq(sms.id))
        .find_also_related(voter::Entity)
        .one(&**work)
        .await?;
    let Some((carried, Some(voter))) = carried else { return Ok(()) };
    // The voter's row is the lock under which every identifier of theirs changes.
    voter::Entity::find_by_id(voter.id).lock_exclusive().one(&**work).await?;
    end(&**work, carried.id, State::Voided, portal.now()).await?;
    if !received_anything(work, voter.id, &carried.phone_digest).await? {
        phone_claim::Entity::delete_by_id((voter.election_id, carried.phone_digest.clone())).exec(&**work).await?;
    }
    let election = election::Entity::find_by_id(voter.election_id).one(&**work).await?;
    let account = account::Entity::find_by_id(voter.account_id).one(&**work).await?;
    if let (Some(election), Some(account)) = (election, account) {
        let letter = letters::identifier_voided(portal, &account.email, &election, &carried.masked_number, reason)?;
        outbox::enqueue(&**work, portal, Some(account.id), letter).await?;
    }
    Ok(())
}

/// Whether the voter's number was ever sent an identifier, or still may be.
async fn received_anything(work: &Work, voter: i64, phone: &[u8]) -> Result<bool, Fault> {
    Ok(identifiers(&**work, voter)
        .await?
        .iter()
        .any(|identifier| identifier.phone_digest == phone && identifier.state != State::Voided))
}
