//! One portion of a roll: compared with what is known in a few queries, and written in a few more.

use std::collections::{BTreeMap, HashMap};

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::parse::{Column, LineFault, Row};
use crate::entities::{account, election, establishment, voter};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::settings::ELECTORS;

/// What an import has done so far, in lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub added: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// Lines that were refused; each has one or more lines in the report.
    pub refused: u64,
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
    /// The address is another voter's.
    Refuse(&'static str),
}

/// A row with its digests.
struct Entry<'a> {
    row: &'a Row,
    numen_digest: Vec<u8>,
    birthdate_digest: Vec<u8>,
}

/// Imports a portion in one transaction. Returns the rows that contradict the roll.
pub async fn import(
    portal: &Portal,
    election: &election::Model,
    rows: &[Row],
    dry_run: bool,
    establishments: &mut Establishments,
    summary: &mut Summary,
) -> Result<Vec<LineFault>, Fault> {
    let entries: Vec<Entry<'_>> = rows.iter().map(|row| entry(portal, row)).collect();
    if dry_run {
        let places = establishments.known(&*portal.db, rows).await?;
        let known = known(&*portal.db, election, &entries).await?;
        return Ok(sort(&entries, &known, &places, summary).faults);
    }
    let work = portal.db.begin().await?;
    let places = establishments.ensure(&*work, rows).await?;
    let mut known = known(&*work, election, &entries).await?;
    let mut totals = *summary;
    let sorted = sort(&entries, &known, &places, &mut totals);
    let wanted = sorted.added.iter().chain(sorted.updated.iter().map(|(entry, _)| entry));
    create_accounts(&*work, portal, wanted, &mut known).await?;
    let voters = |entry: &Entry<'_>, old: Option<&voter::Model>| model(entry, old, election, &known, &places);
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
    *summary = totals;
    Ok(sorted.faults)
}

/// Tells the database's planner how large the tables of a roll have become.
pub async fn refresh_statistics(portal: &Portal) -> Result<(), Fault> {
    for table in ["account", "voter"] {
        portal.db.execute_unprepared(&format!("ANALYZE {table}")).await?;
    }
    Ok(())
}

struct Sorted<'a> {
    added: Vec<&'a Entry<'a>>,
    updated: Vec<(&'a Entry<'a>, Box<voter::Model>)>,
    faults: Vec<LineFault>,
}

fn sort<'a>(
    entries: &'a [Entry<'a>],
    known: &Known,
    places: &HashMap<String, i64>,
    summary: &mut Summary,
) -> Sorted<'a> {
    let mut sorted = Sorted { added: Vec::new(), updated: Vec::new(), faults: Vec::new() };
    for entry in entries {
        match plan(entry, known, places) {
            Plan::Add => {
                summary.added += 1;
                sorted.added.push(entry);
            }
            Plan::Update(voter) => {
                summary.updated += 1;
                sorted.updated.push((entry, voter));
            }
            Plan::Keep => summary.unchanged += 1,
            Plan::Refuse(reason) => {
                summary.refused += 1;
                sorted.faults.push(LineFault {
                    line: entry.row.line,
                    column: Column::Email.name(),
                    value: entry.row.email.as_str().to_owned(),
                    reason,
                });
            }
        }
    }
    sorted
}

/// A voter is recognised by NUMEN, else by address when the last name is the same: then the NUMEN was
/// corrected. An address never passes from one voter to another by itself.
fn plan(entry: &Entry<'_>, known: &Known, places: &HashMap<String, i64>) -> Plan {
    const ANOTHERS: &str = "adresse déjà inscrite pour un autre électeur de la liste";
    let row = entry.row;
    let account = known.accounts.get(row.email.as_str());
    let holder = account.and_then(|account| known.by_account.get(account));
    match (known.by_numen.get(&entry.numen_digest), holder) {
        (None, None) => Plan::Add,
        (None, Some(holder)) if holder.last_name.to_lowercase() == row.last_name.to_lowercase() => {
            Plan::Update(Box::new(holder.clone()))
        }
        (None, Some(_)) => Plan::Refuse(ANOTHERS),
        (Some((voter, _)), Some(holder)) if voter.id != holder.id => Plan::Refuse(ANOTHERS),
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
    /// The ids of a portion's establishments, as far as they are known.
    async fn known(&mut self, db: &impl ConnectionTrait, rows: &[Row]) -> Result<HashMap<String, i64>, Fault> {
        let unmet: Vec<String> = self.unmet(rows).into_keys().collect();
        let found = establishment::Entity::find().filter(establishment::Column::Uai.is_in(unmet)).all(db).await?;
        self.0.extend(found.into_iter().map(|establishment| (establishment.uai, establishment.id)));
        Ok(rows.iter().filter_map(|row| Some((row.uai.clone(), *self.0.get(&row.uai)?))).collect())
    }

    /// The ids of a portion's establishments; new ones are added and changed names written.
    async fn ensure(&mut self, work: &impl ConnectionTrait, rows: &[Row]) -> Result<HashMap<String, i64>, Fault> {
        let unmet = self.unmet(rows);
        if !unmet.is_empty() {
            let models = unmet.values().map(|row| establishment::ActiveModel {
                id: NotSet,
                uai: Set(row.uai.clone()),
                name: Set(row.establishment.clone()),
                academy: Set(row.academy.clone()),
            });
            let columns = [establishment::Column::Name, establishment::Column::Academy];
            establishment::Entity::insert_many(models)
                .on_conflict(OnConflict::column(establishment::Column::Uai).update_columns(columns).to_owned())
                .exec_without_returning(work)
                .await?;
        }
        self.known(work, rows).await
    }

    fn unmet<'a>(&self, rows: &'a [Row]) -> BTreeMap<String, &'a Row> {
        let mut unmet = BTreeMap::new();
        for row in rows.iter().filter(|row| !self.0.contains_key(&row.uai)) {
            unmet.entry(row.uai.clone()).or_insert(row);
        }
        unmet
    }
}
