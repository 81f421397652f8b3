//! A portion of a roll beside what is known already: who is new, who changed, who has to wait.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use unicode_normalization::UnicodeNormalization;

use super::parse::Row;
use crate::entities::{account, election, voter};
use crate::fault::Fault;
use crate::issuance::desk::Corrected;
use crate::portal::Portal;

/// A row with its digests.
pub struct Entry<'a> {
    pub row: &'a Row,
    pub numen_digest: Vec<u8>,
    pub birthdate_digest: Vec<u8>,
}

impl<'a> Entry<'a> {
    pub fn new(portal: &Portal, row: &'a Row) -> Self {
        let numen_digest = row.numen.digest(&portal.keys);
        Self { row, birthdate_digest: row.birthdate.digest(&portal.keys, &numen_digest), numen_digest }
    }
}

/// What is known of the people of a portion.
#[derive(Default)]
pub struct Known {
    /// Voters of the election, with their addresses, by NUMEN digest.
    pub by_numen: HashMap<Vec<u8>, (voter::Model, String)>,
    /// Accounts by address.
    pub accounts: HashMap<String, i64>,
    /// Voters of the election by account.
    pub by_account: HashMap<i64, voter::Model>,
}

impl Known {
    pub fn extend(&mut self, other: Self) {
        self.by_numen.extend(other.by_numen);
        self.accounts.extend(other.accounts);
        self.by_account.extend(other.by_account);
    }
}

/// The entries of a portion by what becomes of them.
#[derive(Default)]
pub struct Sorted<'a> {
    pub added: Vec<&'a Entry<'a>>,
    pub updated: Vec<(&'a Entry<'a>, Box<voter::Model>)>,
    pub unchanged: u64,
    /// Lines that come back when others found their place.
    pub waiting: HashSet<u64>,
}

impl<'a> Sorted<'a> {
    /// Those who come to an address.
    pub fn arriving(&self, known: &Known) -> impl Iterator<Item = &'a Entry<'a>> {
        self.added.iter().copied().chain(self.moving(known).map(|(entry, _)| *entry))
    }

    /// The updates that bring a voter another address, and with it another account.
    pub fn moving(&self, known: &Known) -> impl Iterator<Item = &(&'a Entry<'a>, Box<voter::Model>)> {
        self.updated
            .iter()
            .filter(|(entry, voter)| known.accounts.get(entry.row.email.as_str()) != Some(&voter.account_id))
    }
}

/// What the identity check compares and an entry corrects. One that corrects a NUMEN was matched by the birthdate.
pub fn corrected(entry: &Entry<'_>, voter: &voter::Model) -> Option<Corrected> {
    if entry.numen_digest != voter.numen_digest {
        Some(Corrected::Numen)
    } else if entry.birthdate_digest != voter.birthdate_digest {
        Some(Corrected::Birthdate)
    } else {
        None
    }
}

/// What a row asks for.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Add,
    Update(Box<voter::Model>),
    Keep,
    /// The address is another voter's, who may move away from it further down.
    Wait,
}

pub fn sort<'a>(
    portal: &Portal,
    entries: &'a [Entry<'a>],
    known: &Known,
    places: &HashMap<String, i64>,
    moved: &HashSet<i64>,
) -> Sorted<'a> {
    let mut sorted = Sorted::default();
    let mut met = HashSet::new();
    for entry in entries {
        match plan(portal, entry, known, places, moved) {
            Plan::Add => sorted.added.push(entry),
            // Another line of the portion has just changed this voter: what is known of them is out of date.
            Plan::Update(voter) if !met.insert(voter.id) => {
                sorted.waiting.insert(entry.row.line);
            }
            Plan::Update(voter) => sorted.updated.push((entry, voter)),
            Plan::Keep => sorted.unchanged += 1,
            Plan::Wait => {
                sorted.waiting.insert(entry.row.line);
            }
        }
    }
    sorted
}

/// A voter is recognised by NUMEN, else by address when names and birthdate are the same: then the NUMEN was
/// corrected. An address never passes from one voter to another by itself.
fn plan(
    portal: &Portal,
    entry: &Entry<'_>,
    known: &Known,
    places: &HashMap<String, i64>,
    moved: &HashSet<i64>,
) -> Plan {
    let row = entry.row;
    let account = known.accounts.get(row.email.as_str());
    let holder = account.and_then(|account| known.by_account.get(account)).filter(|holder| !moved.contains(&holder.id));
    match (known.by_numen.get(&entry.numen_digest), holder) {
        (None, None) => Plan::Add,
        (None, Some(holder)) if is_same_person(portal, row, holder) => Plan::Update(Box::new(holder.clone())),
        (None, Some(_)) => Plan::Wait,
        (Some((voter, _)), Some(holder)) if voter.id != holder.id => Plan::Wait,
        (Some((voter, address)), _) => {
            let same = address == row.email.as_str()
                && voter.birthdate_digest == entry.birthdate_digest
                && voter.last_name == row.last_name
                && voter.first_names == row.first_names
                && voter.ballots == row.ballots
                && places.get(&row.uai) == Some(&voter.establishment_id);
            if same { Plan::Keep } else { Plan::Update(Box::new(voter.clone())) }
        }
    }
}

/// Whether an entry is of the person of a row, on whatever roll: the NUMEN says it, or all the rest where it was mistyped.
pub fn is_same(portal: &Portal, entry: &Entry<'_>, voter: &voter::Model) -> bool {
    entry.numen_digest == voter.numen_digest || is_same_person(portal, entry.row, voter)
}

fn is_same_person(portal: &Portal, row: &Row, voter: &voter::Model) -> bool {
    let plain = |name: &str| name.nfd().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    row.birthdate.digest(&portal.keys, &voter.numen_digest) == voter.birthdate_digest
        && plain(&row.last_name) == plain(&voter.last_name)
        && plain(&row.first_names) == plain(&voter.first_names)
}

pub async fn known(
    db: &impl ConnectionTrait,
    election: &election::Model,
    entries: &[Entry<'_>],
) -> Result<Known, Fault> {
    let of_election = voter::Column::ElectionId.eq(election.id);
    let numens = entries.iter().map(|entry| entry.numen_digest.clone());
    let by_numen = voter::Entity::find()
        .filter(of_election.clone())
        .filter(voter::Column::NumenDigest.is_in(numens))
        .find_also_related(account::Entity)
        .all(db)
        .await?
        .into_iter()
        .filter_map(|(voter, account)| Some((voter.numen_digest.clone(), (voter, account?.email))))
        .collect();
    let accounts = accounts(db, entries.iter()).await?;
    let by_account = voter::Entity::find()
        .filter(of_election)
        .filter(voter::Column::AccountId.is_in(accounts.values().copied()))
        .all(db)
        .await?
        .into_iter()
        .map(|voter| (voter.account_id, voter))
        .collect();
    Ok(Known { by_numen, accounts, by_account })
}

pub async fn accounts<'a>(
    db: &impl ConnectionTrait,
    entries: impl Iterator<Item = &'a Entry<'a>>,
) -> Result<HashMap<String, i64>, Fault> {
    let emails = entries.map(|entry| entry.row.email.as_str().to_owned());
    let found = account::Entity::find().filter(account::Column::Email.is_in(emails)).all(db).await?;
    Ok(found.into_iter().map(|account| (account.email, account.id)).collect())
}
