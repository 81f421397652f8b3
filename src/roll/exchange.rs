//! Addresses that pass from one voter to another: voters who exchange theirs, and accounts that start anew.

use std::collections::{HashMap, HashSet};

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::CaseStatement;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::compare::{Entry, Known, Sorted};
use super::portion::PORTION;
use crate::db::Work;
use crate::entities::{account, voter};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::sign_in;

/// Nobody signs in to it: it is no population of the settings, and gone before anybody sees it.
const PARKED: &str = "parked";

/// The voters who want one another's addresses in a circle, of whom none can move first.
pub fn circles(entries: &[Entry<'_>], known: &Known) -> Vec<i64> {
    // Who wants whose place. Each address stands once in a file, so each place is wanted once.
    let mut wants: HashMap<i64, i64> = HashMap::new();
    for entry in entries {
        let voter = known.by_numen.get(&entry.numen_digest).map(|(voter, _)| voter.id);
        let account = known.accounts.get(entry.row.email.as_str());
        let holder = account.and_then(|account| known.by_account.get(account)).map(|holder| holder.id);
        if let Some((voter, holder)) = voter.zip(holder).filter(|(voter, holder)| voter != holder) {
            wants.insert(voter, holder);
        }
    }
    loop {
        let before = wants.len();
        let moving: HashSet<i64> = wants.keys().copied().collect();
        wants.retain(|_, holder| moving.contains(holder));
        if wants.len() == before {
            break;
        }
    }
    let mut circles: Vec<i64> = wants.into_keys().collect();
    circles.sort_unstable();
    circles
}

/// Takes voters off their accounts for the length of a transaction: an address has one voter in an election at every
/// moment. Returns the accounts on which they wait.
pub async fn park(work: &Work, portal: &Portal, voters: &[i64]) -> Result<Vec<i64>, Fault> {
    let mut parked = Vec::with_capacity(voters.len());
    for voters in voters.chunks(PORTION) {
        let places = voters.iter().map(|voter| account::ActiveModel {
            id: NotSet,
            population: Set(PARKED.to_owned()),
            email: Set(format!("{PARKED}-{voter}")),
            password_hash: Set(None),
            created_at: Set(portal.now()),
            mailbox_fault: NotSet,
            mailbox_fault_at: NotSet,
            language: NotSet,
        });
        account::Entity::insert_many(places).exec_without_returning(work).await?;
        let of_portion = account::Column::Email.is_in(voters.iter().map(|voter| format!("{PARKED}-{voter}")));
        let places: Vec<i64> =
            account::Entity::find().filter(of_portion).all(work).await?.into_iter().map(|place| place.id).collect();
        // Which voter waits on which of them doesn't matter.
        let place_of = voters
            .iter()
            .zip(&places)
            .fold(CaseStatement::new(), |places, (voter, place)| places.case(voter::Column::Id.eq(*voter), *place));
        voter::Entity::update_many()
            .col_expr(voter::Column::AccountId, place_of.into())
            .filter(voter::Column::Id.is_in(voters.iter().copied()))
            .exec(work)
            .await?;
        parked.extend(places);
    }
    Ok(parked)
}

/// Takes the waiting places away again.
pub async fn unpark(work: &Work, places: Vec<i64>) -> Result<(), Fault> {
    for places in places.chunks(PORTION) {
        let of_portion = account::Column::Id.is_in(places.iter().copied());
        account::Entity::delete_many().filter(of_portion).exec(work).await?;
    }
    Ok(())
}

/// Lets the accounts that pass to another person start anew: whoever had one before must not open it any more. An
/// account on which the same NUMEN stands, in whatever election, stays with its person.
pub async fn start_anew(work: &Work, portal: &Portal, sorted: &Sorted<'_>, known: &Known) -> Result<(), Fault> {
    let arriving = sorted.added.iter().chain(sorted.moving(known).map(|(entry, _)| entry));
    let mut inherited: HashMap<i64, &Entry<'_>> =
        arriving.filter_map(|entry| Some((*known.accounts.get(entry.row.email.as_str())?, *entry))).collect();
    if inherited.is_empty() {
        return Ok(());
    }
    let on_rolls = voter::Column::AccountId.is_in(inherited.keys().copied());
    for voter in voter::Entity::find().filter(on_rolls).all(work).await? {
        inherited.retain(|account, entry| *account != voter.account_id || entry.numen_digest != voter.numen_digest);
    }
    let passed: Vec<_> = inherited.into_iter().map(|(account, entry)| (account, &entry.row.email)).collect();
    sign_in::start_anew(work, portal, &passed).await
}
