//! Addresses that pass to another person. Each person has an account of their own: whoever gets an address that was somebody
//! else's finds nothing of them, and the rows of the one before stay theirs.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::CaseStatement;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait as _, QueryFilter, QuerySelect};

use super::compare::{Entry, Known, Sorted, is_same};
use super::portion::PORTION;
use crate::db::Work;
use crate::entities::account::{self, RETIRED};
use crate::entities::{election, voter};
use crate::fault::Fault;
use crate::issuance::seat;
use crate::outbox::{self, letters};
use crate::portal::Portal;
use crate::sign_in;
use crate::values::EmailAddress;

/// Accounts with their addresses.
pub type Accounts<'a> = Vec<(i64, &'a EmailAddress)>;

/// Those whom a transaction took an address from.
#[derive(Default)]
pub struct Former {
    /// Voters who had gone before, each with the address that they left behind.
    gone: Vec<(i64, String)>,
    /// The NUMEN of those who stand, on whatever roll, on an account without an address.
    stranded: HashSet<Vec<u8>>,
}

/// The accounts whose address passes to another person. One stays with its person who stands on it, on whatever roll; one
/// on which nobody stands may have been opened by anybody who reads its mail. `moved`: voters who count as gone.
pub async fn passing<'a>(
    db: &impl ConnectionTrait,
    portal: &Portal,
    sorted: &Sorted<'a>,
    known: &Known,
    moved: &HashSet<i64>,
) -> Result<Accounts<'a>, Fault> {
    let arriving: HashMap<i64, &Entry<'_>> = sorted
        .arriving(known)
        .filter_map(|entry| Some((*known.accounts.get(entry.row.email.as_str())?, entry)))
        .collect();
    if arriving.is_empty() {
        return Ok(Vec::new());
    }
    let on_them = voter::Column::AccountId.is_in(arriving.keys().copied());
    let mut is_theirs: HashMap<i64, bool> = HashMap::new();
    for voter in voter::Entity::find().filter(on_them).all(db).await? {
        if let Some(entry) = arriving.get(&voter.account_id).filter(|_| !moved.contains(&voter.id)) {
            *is_theirs.entry(voter.account_id).or_insert(true) &= is_same(portal, entry, &voter);
        }
    }
    let passing = arriving.into_iter().filter(|(account, _)| is_theirs.get(account) != Some(&true));
    Ok(passing.map(|(account, entry)| (account, &entry.row.email)).collect())
}

/// Notes on accounts who leaves them for another address. `leaving`: accounts and their voters.
pub async fn note_leaving(work: &Work, leaving: &[(i64, i64)]) -> Result<(), Fault> {
    if leaving.is_empty() {
        return Ok(());
    }
    let by = leaving
        .iter()
        .fold(CaseStatement::new(), |by, (account, voter)| by.case(account::Column::Id.eq(*account), *voter));
    account::Entity::update_many()
        .col_expr(account::Column::LeftBy, by.into())
        .filter(account::Column::Id.is_in(leaving.iter().map(|(account, _)| *account)))
        .exec(work)
        .await?;
    Ok(())
}

/// Takes their addresses from accounts. Returns whether somebody stands on one of them still.
pub async fn retire(work: &Work, portal: &Portal, accounts: &Accounts<'_>, former: &mut Former) -> Result<bool, Fault> {
    if accounts.is_empty() {
        return Ok(false);
    }
    let ids = || accounts.iter().map(|(account, _)| *account);
    let in_use = account::Column::Id.is_in(ids()).and(account::Column::PasswordHash.is_not_null());
    for account in account::Entity::find().filter(in_use).all(work).await? {
        former.gone.extend(account.left_by.map(|voter| (voter, account.email)));
    }
    let on_them = voter::Column::AccountId.is_in(ids());
    let stranded = voter::Entity::find().filter(on_them).all(work).await?;
    let are_some = !stranded.is_empty();
    former.stranded.extend(stranded.into_iter().map(|voter| voter.numen_digest));
    sign_in::retire(work, portal, accounts).await?;
    Ok(are_some)
}

impl Former {
    /// Looks whether these people, who have just got an address, stand on another roll without one.
    pub fn look_for(&mut self, numens: impl IntoIterator<Item = Vec<u8>>) {
        self.stranded.extend(numens);
    }

    /// Ends a transaction that took addresses from people: who has another one is brought there with all their rows, and told.
    /// `election`: on whose roll addresses count first.
    pub async fn settle(self, work: &Work, portal: &Portal, election: &election::Model) -> Result<(), Fault> {
        let mut found: Vec<(i64, String)> = self.gone;
        let stranded: Vec<Vec<u8>> = self.stranded.into_iter().collect();
        for numens in stranded.chunks(PORTION) {
            found.extend(bring_home(work, election, numens).await?.into_iter().map(|voter| (voter, String::new())));
        }
        let mut told = HashSet::new();
        for (voter, left) in found {
            let Some(seat) = seat::of_voter(work, voter).await? else { continue };
            let Some(account) = account::Entity::find_by_id(seat.voter.account_id).one(work).await? else { continue };
            // Who came back to their own address lost nothing to anybody.
            if account.is_reachable() && account.email != left && told.insert(account.id) {
                let letter = letters::address_passed(portal, seat.reader(&account), &seat.election)?;
                outbox::enqueue(work, portal, Some(account.id), letter).await?;
            }
        }
        Ok(())
    }
}

/// Brings the rows of these people that have no address to the account of one that has. Returns the voters who moved.
async fn bring_home(work: &Work, election: &election::Model, numens: &[Vec<u8>]) -> Result<Vec<i64>, Fault> {
    let theirs = voter::Column::NumenDigest.is_in(numens.iter().cloned());
    let rows = voter::Entity::find().filter(theirs).find_also_related(account::Entity).all(work).await?;
    let rows: Vec<(voter::Model, account::Model)> =
        rows.into_iter().filter_map(|(voter, account)| Some((voter, account?))).collect();
    let mut homes: HashMap<&[u8], (bool, i64, i64)> = HashMap::new();
    for (voter, account) in rows.iter().filter(|(_, account)| account.is_reachable()) {
        // Of several addresses the one that this roll tells, or else the one told last.
        let home = (voter.election_id == election.id, voter.id, account.id);
        let best = homes.entry(&voter.numen_digest).or_insert(home);
        *best = home.max(*best);
    }
    let in_them = voter::Column::AccountId.is_in(homes.values().map(|(_, _, account)| *account));
    let taken = voter::Entity::find().filter(in_them).all(work).await?;
    let mut taken: HashSet<(i64, i64)> = taken.into_iter().map(|voter| (voter.account_id, voter.election_id)).collect();
    let mut brought = Vec::new();
    for (voter, _) in rows.iter().filter(|(_, account)| !account.is_reachable()) {
        let Some((_, _, account)) = homes.get(voter.numen_digest.as_slice()) else { continue };
        // Somebody else's place on that roll is not to be shared.
        if taken.insert((*account, voter.election_id)) {
            let moved = voter::ActiveModel { id: Set(voter.id), account_id: Set(*account), ..Default::default() };
            voter::Entity::update(moved).exec(work).await?;
            brought.push(voter.id);
        }
    }
    Ok(brought)
}

/// Whether some voter waits for an address.
pub async fn are_some_stranded(portal: &Portal) -> Result<bool, Fault> {
    let stranded = voter::Entity::find().inner_join(account::Entity).filter(account::Column::Population.eq(RETIRED));
    Ok(stranded.limit(1).one(&portal.db).await?.is_some())
}
