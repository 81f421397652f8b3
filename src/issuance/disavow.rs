//! "Ce n'est pas moi": the mailbox's owner stops an issuance that they did not ask for.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::seat::{self, Seat, identifiers};
use super::void;
use crate::entities::voting_identifier::State;
use crate::entities::{account, establishment, voter, voting_identifier};
use crate::fault::Fault;
use crate::outbox::{self, letters};
use crate::portal::Portal;
use crate::values::Token;

/// The seat and the identifier that a disavowal link speaks of.
pub async fn look(portal: &Portal, token: &Token) -> Result<Option<(Seat, voting_identifier::Model)>, Fault> {
    let found = voting_identifier::Entity::find()
        .filter(voting_identifier::Column::DisavowDigest.eq(token.digest()))
        .one(&portal.db)
        .await?;
    let Some(identifier) = found else { return Ok(None) };
    let seat = seat::of_voter(&portal.db, identifier.voter_id).await?;
    Ok(seat.map(|seat| (seat, identifier)))
}

/// Freezes issuance for the voter, revokes what is active, and tells the mailbox and the election's assistance. Doing
/// it twice changes nothing more.
/// Returns false for a link that no mail ever held.
pub async fn disavow(portal: &Portal, token: &Token) -> Result<bool, Fault> {
    let Some((seat, disavowed)) = look(portal, token).await? else { return Ok(false) };
    let work = portal.db.begin().await?;
    let voter = voter::Entity::find_by_id(seat.voter.id).lock_exclusive().one(&work).await?;
    let Some(voter) = voter.filter(|voter| voter.frozen_at.is_none()) else { return Ok(true) };
    let account = account::Entity::find_by_id(voter.account_id).one(&work).await?;
    let establishment = establishment::Entity::find_by_id(voter.establishment_id).one(&work).await?;
    let seat = seat::of_voter(&work, voter.id).await?;
    let (Some(seat), Some(account), Some(establishment)) = (seat, account, establishment) else {
        return Err(Fault::new("a voter without an account or an establishment"));
    };
    let frozen = voter::ActiveModel { id: Set(voter.id), frozen_at: Set(Some(portal.now())), ..Default::default() };
    voter::Entity::update(frozen).exec(&work).await?;
    for identifier in identifiers(&work, voter.id).await?.iter().filter(|i| i.state == State::Active) {
        void::retire(&work, portal, &voter, identifier, None).await?;
    }
    let (election, number) = (&seat.election, &disavowed.masked_number);
    let email = if account.is_reachable() { account.email.as_str() } else { "-" };
    // Written under the lock of one voter, and seldom: so they tell what was decided, and when.
    let heard = letters::identifier_disavowed(portal, seat.reader(&account), election)?;
    let report = letters::disavowal_reported(portal, election, &voter, email, &establishment, number)?;
    if account.is_reachable() {
        outbox::enqueue(&work, portal, Some(account.id), heard).await?;
    }
    outbox::enqueue(&work, portal, None, report).await?;
    work.commit().await?;
    portal.wake_worker();
    Ok(true)
}
