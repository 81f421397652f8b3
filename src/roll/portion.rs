//! One portion of a roll: compared with what is known in a few queries, and written in a few more.

use std::collections::{BTreeMap, HashMap, HashSet};

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use unicode_normalization::UnicodeNormalization;

use super::parse::{Column, LineFault, Row};
use crate::entities::{account, election, establishment, voter};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::settings::ELECTORS;

/// Rows that are compared and committed together.
pub const PORTION: usize = 1_000;
/// Rows that may wait for others at once; a file of the wrong election must not fill the memory.
const MOST_WAITING: usize = 10_000;

/// What an import has done so far, in lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub added: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// Lines that were refused; each has one or more lines in the report.
    pub refused: u64,
    /// Establishments whose name or académie changed.
    pub renamed: u64,
}

impl Summary {
    pub fn lines(&self) -> u64 {
        self.added + self.updated + self.unchanged + self.refused
    }
}

/// The establishments met so far in an import, by UAI. The file's first spelling of a name counts.
#[derive(Default)]
pub struct Establishments(HashMap<String, i64>);

/// What is known of the people of a portion.
struct Known {
    /// Voters of the election, with their addresses, by NUMEN digest.
    by_numen: HashMap<Vec<u8>, (voter::Model, String)>,
    /// Accounts by address.
    accounts: HashMap<String, i64>,
    /// Voters of the election by account.
    by_account: HashMap<i64, voter::Model>,
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

/// A row with its digests.
struct Entry<'a> {
    row: &'a Row,
    numen_digest: Vec<u8>,
    birthdate_digest: Vec<u8>,
}

/// An import under way, portion by portion.
pub struct Import<'a> {
    portal: &'a Portal,
    election: &'a election::Model,
    dry_run: bool,
    pub summary: Summary,
    establishments: Establishments,
    /// Rows whose address is another voter's: tried again when the whole file was read.
    waiting: Vec<Row>,
    /// Voters whose address a dry run would have changed.
    moved: HashSet<i64>,
}

impl<'a> Import<'a> {
    pub fn new(portal: &'a Portal, election: &'a election::Model, dry_run: bool) -> Self {
        let establishments = Establishments::default();
        let (waiting, moved) = (Vec::new(), HashSet::new());
        Self { portal, election, dry_run, summary: Summary::default(), establishments, waiting, moved }
    }

    /// Imports a portion in one transaction, except the rows that have to wait for others. Returns those that can't.
    pub async fn portion(&mut self, rows: Vec<Row>) -> Result<Vec<LineFault>, Fault> {
        let entries: Vec<Entry<'_>> = rows.iter().map(|row| entry(self.portal, row)).collect();
        let waiting =
            if self.dry_run { self.look(&rows, &entries).await? } else { self.write(&rows, &entries).await? };
        let room = MOST_WAITING.saturating_sub(self.waiting.len());
        let mut waiting: Vec<Row> = rows.into_iter().filter(|row| waiting.contains(&row.line)).collect();
        let refused = waiting.split_off(room.min(waiting.len()));
        self.waiting.extend(waiting);
        self.summary.refused += refused.len() as u64;
        Ok(refused.iter().map(taken).collect())
    }

    /// Tries the waiting rows again for as long as one of them finds its place. Returns those that never do.
    pub async fn finish(mut self) -> Result<(Summary, Vec<LineFault>), Fault> {
        loop {
            let waiting = std::mem::take(&mut self.waiting);
            let before = waiting.len();
            for rows in waiting.chunks(PORTION) {
                self.portion(rows.to_vec()).await?;
            }
            if self.waiting.len() == before {
                break;
            }
        }
        self.summary.refused += self.waiting.len() as u64;
        Ok((self.summary, self.waiting.iter().map(taken).collect()))
    }

    /// What the rows would change. Returns the lines that have to wait.
    async fn look(&mut self, rows: &[Row], entries: &[Entry<'_>]) -> Result<HashSet<u64>, Fault> {
        let (places, renamed) = self.establishments.known(&*self.portal.db, rows).await?;
        let known = known(&*self.portal.db, self.election, entries).await?;
        let sorted = sort(self.portal, entries, &known, &places, &self.moved, &mut self.summary);
        self.summary.renamed += renamed;
        let moving = sorted
            .updated
            .iter()
            .filter(|(entry, voter)| known.accounts.get(entry.row.email.as_str()) != Some(&voter.account_id));
        self.moved.extend(moving.map(|(_, voter)| voter.id));
        Ok(sorted.waiting)
    }

    /// Writes what the rows change. Returns the lines that have to wait.
    async fn write(&mut self, rows: &[Row], entries: &[Entry<'_>]) -> Result<HashSet<u64>, Fault> {
        let work = self.portal.db.begin().await?;
        let (places, renamed) = self.establishments.ensure(&*work, rows).await?;
        let mut known = known(&*work, self.election, entries).await?;
        let mut summary = self.summary;
        let sorted = sort(self.portal, entries, &known, &places, &self.moved, &mut summary);
        let wanted = sorted.added.iter().chain(sorted.updated.iter().map(|(entry, _)| entry));
        create_accounts(&*work, self.portal, wanted, &mut known).await?;
        let voters = |entry: &Entry<'_>, old: Option<&voter::Model>| model(entry, old, self.election, &known, &places);
        let added: Vec<_> = sorted.added.iter().filter_map(|entry| voters(entry, None)).collect();
        if !added.is_empty() {
            voter::Entity::insert_many(added).exec_without_returning(&*work).await?;
        }
        let updated: Vec<_> = sorted.updated.iter().filter_map(|(entry, old)| voters(entry, Some(old))).collect();
        if !updated.is_empty() {
            // An insert that always meets its id is an update of many rows in one statement.
            use voter::Column as C;
            let columns = [
                C::AccountId,
                C::EstablishmentId,
                C::LastName,
                C::FirstNames,
                C::NumenDigest,
                C::BirthdateDigest,
                C::Ballots,
            ];
            voter::Entity::insert_many(updated)
                .on_conflict(OnConflict::column(C::Id).update_columns(columns).to_owned())
                .exec_without_returning(&*work)
                .await?;
        }
        work.commit().await?;
        self.summary = summary;
        self.summary.renamed += renamed;
        Ok(sorted.waiting)
    }
}

/// Tells the database's planner how large the tables of a roll have become.
pub async fn refresh_statistics(portal: &Portal) -> Result<(), Fault> {
    for table in ["account", "voter"] {
        portal.db.execute_unprepared(&format!("ANALYZE {table}")).await?;
    }
    Ok(())
}

fn taken(row: &Row) -> LineFault {
    LineFault {
        line: row.line,
        column: Column::Email.name(),
        value: row.email.as_str().to_owned(),
        reason: "adresse déjà inscrite pour un autre électeur de la liste",
    }
}

struct Sorted<'a> {
    added: Vec<&'a Entry<'a>>,
    updated: Vec<(&'a Entry<'a>, Box<voter::Model>)>,
    waiting: HashSet<u64>,
}

fn sort<'a>(
    portal: &Portal,
    entries: &'a [Entry<'a>],
    known: &Known,
    places: &HashMap<String, i64>,
    moved: &HashSet<i64>,
    summary: &mut Summary,
) -> Sorted<'a> {
    let mut sorted = Sorted { added: Vec::new(), updated: Vec::new(), waiting: HashSet::new() };
    let mut met = HashSet::new();
    for entry in entries {
        match plan(portal, entry, known, places, moved) {
            Plan::Add => {
                summary.added += 1;
                sorted.added.push(entry);
            }
            // Another line of the portion has just changed this voter: what is known of them is out of date.
            Plan::Update(voter) if !met.insert(voter.id) => {
                sorted.waiting.insert(entry.row.line);
            }
            Plan::Update(voter) => {
                summary.updated += 1;
                sorted.updated.push((entry, voter));
            }
            Plan::Keep => summary.unchanged += 1,
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

fn is_same_person(portal: &Portal, row: &Row, voter: &voter::Model) -> bool {
    let plain = |name: &str| name.nfd().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    row.birthdate.digest(&portal.keys, &voter.numen_digest) == voter.birthdate_digest
        && plain(&row.last_name) == plain(&voter.last_name)
        && plain(&row.first_names) == plain(&voter.first_names)
}

fn entry<'a>(portal: &Portal, row: &'a Row) -> Entry<'a> {
    let numen_digest = row.numen.digest(&portal.keys);
    Entry { row, birthdate_digest: row.birthdate.digest(&portal.keys, &numen_digest), numen_digest }
}

async fn known(db: &impl ConnectionTrait, election: &election::Model, entries: &[Entry<'_>]) -> Result<Known, Fault> {
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

async fn accounts<'a>(
    db: &impl ConnectionTrait,
    entries: impl Iterator<Item = &'a Entry<'a>>,
) -> Result<HashMap<String, i64>, Fault> {
    let emails = entries.map(|entry| entry.row.email.as_str().to_owned());
    let found = account::Entity::find().filter(account::Column::Email.is_in(emails)).all(db).await?;
    Ok(found.into_iter().map(|account| (account.email, account.id)).collect())
}

async fn create_accounts<'a>(
    work: &impl ConnectionTrait,
    portal: &Portal,
    entries: impl Iterator<Item = &'a &'a Entry<'a>>,
    known: &mut Known,
) -> Result<(), Fault> {
    let missing: Vec<&Entry<'_>> =
        entries.copied().filter(|entry| !known.accounts.contains_key(entry.row.email.as_str())).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let created = missing.iter().map(|entry| account::ActiveModel {
        id: NotSet,
        population: Set(ELECTORS.to_owned()),
        email: Set(entry.row.email.as_str().to_owned()),
        password_hash: Set(None),
        created_at: Set(portal.now()),
    });
    account::Entity::insert_many(created).exec_without_returning(work).await?;
    known.accounts.extend(accounts(work, missing.into_iter()).await?);
    Ok(())
}

fn model(
    entry: &Entry<'_>,
    old: Option<&voter::Model>,
    election: &election::Model,
    known: &Known,
    places: &HashMap<String, i64>,
) -> Option<voter::ActiveModel> {
    let row = entry.row;
    Some(voter::ActiveModel {
        id: old.map_or(NotSet, |voter| Set(voter.id)),
        election_id: Set(election.id),
        account_id: Set(*known.accounts.get(row.email.as_str())?),
        establishment_id: Set(*places.get(&row.uai)?),
        last_name: Set(row.last_name.clone()),
        first_names: Set(row.first_names.clone()),
        numen_digest: Set(entry.numen_digest.clone()),
        birthdate_digest: Set(entry.birthdate_digest.clone()),
        ballots: Set(row.ballots.clone()),
        ..Default::default()
    })
}

impl Establishments {
    /// The ids of a portion's establishments, as far as they are known, and how many of the new ones have another name.
    async fn known(&mut self, db: &impl ConnectionTrait, rows: &[Row]) -> Result<(HashMap<String, i64>, u64), Fault> {
        let unmet = self.unmet(rows);
        let found = establishment::Entity::find()
            .filter(establishment::Column::Uai.is_in(unmet.keys().cloned()))
            .all(db)
            .await?;
        let is_renamed = |place: &&establishment::Model| {
            unmet.get(&place.uai).is_some_and(|row| row.establishment != place.name || row.academy != place.academy)
        };
        let renamed = found.iter().filter(is_renamed).count() as u64;
        self.0.extend(found.into_iter().map(|establishment| (establishment.uai, establishment.id)));
        Ok((rows.iter().filter_map(|row| Some((row.uai.clone(), *self.0.get(&row.uai)?))).collect(), renamed))
    }

    /// The same, with the new ones added and changed names written.
    async fn ensure(
        &mut self,
        work: &impl ConnectionTrait,
        rows: &[Row],
    ) -> Result<(HashMap<String, i64>, u64), Fault> {
        let models: Vec<_> = self
            .unmet(rows)
            .values()
            .map(|row| establishment::ActiveModel {
                id: NotSet,
                uai: Set(row.uai.clone()),
                name: Set(row.establishment.clone()),
                academy: Set(row.academy.clone()),
            })
            .collect();
        let (_, renamed) = self.known(work, rows).await?;
        if !models.is_empty() {
            let columns = [establishment::Column::Name, establishment::Column::Academy];
            establishment::Entity::insert_many(models)
                .on_conflict(OnConflict::column(establishment::Column::Uai).update_columns(columns).to_owned())
                .exec_without_returning(work)
                .await?;
        }
        Ok((self.known(work, rows).await?.0, renamed))
    }

    fn unmet<'a>(&self, rows: &'a [Row]) -> BTreeMap<String, &'a Row> {
        let mut unmet = BTreeMap::new();
        for row in rows.iter().filter(|row| !self.0.contains_key(&row.uai)) {
            unmet.entry(row.uai.clone()).or_insert(row);
        }
        unmet
    }
}
