//! What a desk does for one voter, with a reason that is kept: the command line today, a page tomorrow.

use std::collections::HashMap;

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::rules::Standing;
use super::seat::{self, identifiers};
use crate::db::Work;
use crate::entities::desk_act::{self, Act};
use crate::entities::{account, election, voter};
use crate::fault::Fault;
use crate::outbox::{self, letters};
use crate::portal::Portal;
use crate::values::{EmailAddress, Instant};

pub mod corrected;
pub mod dossier;
pub mod rules;
pub mod voted;

pub use rules::{Corrected, Reason};

/// Who acts, and why.
#[derive(Clone, Debug)]
pub struct Desk {
    pub actor: String,
    pub reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// It was so already; nothing was written.
    Nothing,
    /// Nobody on this election's roll has this address.
    UnknownVoter,
}

/// Acts for one voter: decided, written, recorded and told to the voter in one transaction.
pub async fn act(
    portal: &Portal,
    election: &election::Model,
    email: &EmailAddress,
    act: Act,
    desk: &Desk,
) -> Result<Outcome, Fault> {
    let asked_at = portal.now();
    let work = portal.db.begin().await?;
    let Some((voter, account)) = lock(&work, election.id, email).await? else { return Ok(Outcome::UnknownVoter) };
    // Read after the lock, as everything that decides.
    let now = portal.now();
    let Some(seat) = seat::of_voter(&work, voter.id).await? else { return Ok(Outcome::UnknownVoter) };
    let standing = seat::standing(&seat.election, &voter, &identifiers(&work, voter.id).await?);
    let mut changed = voter::ActiveModel { id: Set(voter.id), ..Default::default() };
    let (to, election) = (seat.reader(&account), &seat.election);
    let letter = match act {
        Act::Unlock if rules::can_unlock(&standing) => {
            changed.failed_checks = Set(0);
            Some(letters::voter_unlocked(portal, to, election, until(&Standing { failed_checks: 0, ..standing }, now))?)
        }
        Act::Unfreeze if rules::can_unfreeze(&standing) => {
            changed.frozen_at = Set(None);
            Some(letters::voter_unfrozen(portal, to, election, until(&Standing { is_frozen: false, ..standing }, now))?)
        }
        Act::Voted if rules::can_vote(&standing) => {
            changed.voted_at = Set(Some(now));
            None
        }
        Act::Unlock | Act::Unfreeze | Act::Voted => return Ok(Outcome::Nothing),
    };
    voter::Entity::update(changed).exec(&work).await?;
    record(&work, &[voter.id], act, desk, now).await?;
    if act == Act::Voted {
        voted::end_crossing(&work, portal, &HashMap::from([(voter.id, (&voter, None))]), asked_at).await?;
    }
    if let Some(letter) = letter {
        outbox::enqueue(&work, portal, Some(account.id), letter).await?;
    }
    work.commit().await?;
    portal.wake_worker();
    Ok(Outcome::Done)
}

/// The voter of an address, whose row is locked from now on.
async fn lock(
    work: &Work,
    election: i64,
    email: &EmailAddress,
) -> Result<Option<(voter::Model, account::Model)>, Fault> {
    let account = account::Entity::find().filter(account::Column::Email.eq(email.as_str())).one(work).await?;
    let Some(account) = account else { return Ok(None) };
    let voter = voter::Entity::find()
        .filter(voter::Column::AccountId.eq(account.id))
        .filter(voter::Column::ElectionId.eq(election))
        .lock_exclusive()
        .one(work)
        .await?;
    Ok(voter.map(|voter| (voter, account)))
}

/// How long a voter can ask for an identifier, if nothing stands in the way.
fn until(standing: &Standing, now: Instant) -> Option<Instant> {
    standing.obstacle(now).is_none().then_some(standing.closes)
}

/// Keeps what was done, in the transaction that does it.
async fn record(work: &Work, voters: &[i64], act: Act, desk: &Desk, at: Instant) -> Result<(), Fault> {
    let acts = voters.iter().map(|voter| desk_act::ActiveModel {
        id: NotSet,
        voter_id: Set(*voter),
        act: Set(act),
        reason: Set(desk.reason.as_str().to_owned()),
        actor: Set(desk.actor.clone()),
        at: Set(at),
    });
    desk_act::Entity::insert_many(acts).exec_without_returning(work).await?;
    Ok(())
}
