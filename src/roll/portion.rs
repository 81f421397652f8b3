//! One portion of a roll: compared with what is known in a few queries, and written in a few more.

use std::collections::{HashMap, HashSet};

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait};

use super::compare::{Entry, Known, Sorted, accounts, corrected, known, sort};
use super::establishments::Establishments;
use super::exchange;
use super::heirs::{self, Former};
use super::parse::{Column, LineFault, Row};
use crate::db::Work;
use crate::entities::{account, election, voter};
use crate::fault::Fault;
use crate::issuance::desk::corrected::unlock;
use crate::issuance::desk::{Corrected, Desk, Reason};
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
    /// Voters on the roll whose address changes; what was behind the old one is lost to them.
    pub moved: u64,
    /// Known addresses that pass to another person, for whom they start anew.
    pub passed: u64,
    /// Establishments whose name or académie changed.
    pub renamed: u64,
}

impl Summary {
    pub fn lines(&self) -> u64 {
        self.added + self.updated + self.unchanged + self.refused
    }

    fn count(&mut self, sorted: &Sorted<'_>, known: &Known, renamed: u64) {
        self.moved += sorted.moving(known).count() as u64;
        self.added += sorted.added.len() as u64;
        self.updated += sorted.updated.len() as u64;
        self.unchanged += sorted.unchanged;
        self.renamed += renamed;
    }
}

/// An import under way, portion by portion.
pub struct Import<'a> {
    portal: &'a Portal,
    election: &'a election::Model,
    /// The account of the system that imports.
    actor: &'a str,
    dry_run: bool,
    pub summary: Summary,
    establishments: Establishments,
    /// Rows whose address is another voter's: tried again when the whole file was read.
    waiting: Vec<Row>,
    /// Voters whose address a dry run would have changed.
    moved: HashSet<i64>,
    /// Those whom the transaction under way takes an address from.
    former: Former,
    /// Whether some voter has stood, on whatever roll, without an address; unknown until it is looked for.
    are_some_stranded: Option<bool>,
}

impl<'a> Import<'a> {
    pub fn new(portal: &'a Portal, election: &'a election::Model, actor: &'a str, dry_run: bool) -> Self {
        let establishments = Establishments::default();
        let (summary, former, are_some_stranded) = (Summary::default(), Former::default(), None);
        let (waiting, moved) = (Vec::new(), HashSet::new());
        Self { portal, election, actor, dry_run, summary, establishments, waiting, moved, former, are_some_stranded }
    }

    /// Imports a portion in one transaction, except the rows that have to wait for others. Returns those that can't.
    pub async fn portion(&mut self, rows: Vec<Row>) -> Result<Vec<LineFault>, Fault> {
        let entries: Vec<Entry<'_>> = rows.iter().map(|row| Entry::new(self.portal, row)).collect();
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
        let faults = self.exchange().await?;
        self.summary.refused += faults.len() as u64;
        Ok((self.summary, faults))
    }

    /// Lets the waiting voters who exchange addresses among themselves do so in one step. Returns the lines that
    /// wait for somebody who stays.
    async fn exchange(&mut self) -> Result<Vec<LineFault>, Fault> {
        let rows = std::mem::take(&mut self.waiting);
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let entries: Vec<Entry<'_>> = rows.iter().map(|row| Entry::new(self.portal, row)).collect();
        if self.dry_run {
            let known = known_of_all(&self.portal.db, self.election, &entries).await?;
            self.moved.extend(exchange::circles(&entries, &known));
            let mut refused = HashSet::new();
            for (rows, entries) in rows.chunks(PORTION).zip(entries.chunks(PORTION)) {
                refused.extend(self.look(rows, entries).await?);
            }
            return Ok(rows.iter().filter(|row| refused.contains(&row.line)).map(taken).collect());
        }
        self.look_for_stranded().await?;
        let work = self.portal.db.begin().await?;
        let known = known_of_all(&work, self.election, &entries).await?;
        let circles: HashSet<i64> = exchange::circles(&entries, &known).into_iter().collect();
        let (mut refused, mut summary) = (HashSet::new(), self.summary);
        let leaving: Vec<(i64, i64)> = known
            .by_account
            .iter()
            .map(|(account, voter)| (*account, voter.id))
            .filter(|(_, voter)| circles.contains(voter))
            .collect();
        let addresses: HashMap<i64, _> = entries
            .iter()
            .filter_map(|entry| Some((*known.accounts.get(entry.row.email.as_str())?, &entry.row.email)))
            .collect();
        // Each of them leaves for an account that is made for them.
        for leaving in leaving.chunks(PORTION) {
            heirs::note_leaving(&work, leaving).await?;
            let passing =
                leaving.iter().filter_map(|(account, _)| Some((*account, *addresses.get(account)?))).collect();
            heirs::retire(&work, self.portal, &passing, &mut self.former).await?;
            summary.passed += passing.len() as u64;
        }
        for (rows, entries) in rows.chunks(PORTION).zip(entries.chunks(PORTION)) {
            refused.extend(self.write_in(&work, rows, entries, &mut summary).await?);
        }
        std::mem::take(&mut self.former).settle(&work, self.portal, self.election).await?;
        work.commit().await?;
        self.summary = summary;
        Ok(rows.iter().filter(|row| refused.contains(&row.line)).map(taken).collect())
    }

    /// What the rows would change. Returns the lines that have to wait.
    async fn look(&mut self, rows: &[Row], entries: &[Entry<'_>]) -> Result<HashSet<u64>, Fault> {
        let (places, renamed) = self.establishments.known(&self.portal.db, rows).await?;
        let known = known(&self.portal.db, self.election, entries).await?;
        let sorted = sort(self.portal, entries, &known, &places, &self.moved);
        self.summary.count(&sorted, &known, renamed);
        let passing = heirs::passing(&self.portal.db, self.portal, &sorted, &known, &self.moved).await?;
        self.summary.passed += passing.len() as u64;
        self.moved.extend(sorted.moving(&known).map(|(_, voter)| voter.id));
        Ok(sorted.waiting)
    }

    /// Writes what the rows change. Returns the lines that have to wait.
    async fn write(&mut self, rows: &[Row], entries: &[Entry<'_>]) -> Result<HashSet<u64>, Fault> {
        self.look_for_stranded().await?;
        let work = self.portal.db.begin().await?;
        let mut summary = self.summary;
        let waiting = self.write_in(&work, rows, entries, &mut summary).await?;
        std::mem::take(&mut self.former).settle(&work, self.portal, self.election).await?;
        work.commit().await?;
        self.summary = summary;
        Ok(waiting)
    }

    async fn look_for_stranded(&mut self) -> Result<(), Fault> {
        if self.are_some_stranded.is_none() {
            self.are_some_stranded = Some(heirs::are_some_stranded(self.portal).await?);
        }
        Ok(())
    }

    async fn write_in(
        &mut self,
        work: &Work,
        rows: &[Row],
        entries: &[Entry<'_>],
        summary: &mut Summary,
    ) -> Result<HashSet<u64>, Fault> {
        let (places, renamed) = self.establishments.ensure(work, rows).await?;
        let mut known = known(work, self.election, entries).await?;
        let sorted = sort(self.portal, entries, &known, &places, &self.moved);
        summary.count(&sorted, &known, renamed);
        let leaving: Vec<(i64, i64)> = sorted.moving(&known).map(|(_, voter)| (voter.account_id, voter.id)).collect();
        heirs::note_leaving(work, &leaving).await?;
        let passing = heirs::passing(work, self.portal, &sorted, &known, &self.moved).await?;
        summary.passed += passing.len() as u64;
        if heirs::retire(work, self.portal, &passing, &mut self.former).await? {
            self.are_some_stranded = Some(true);
        }
        if self.are_some_stranded == Some(true) {
            self.former.look_for(sorted.arriving(&known).map(|entry| entry.numen_digest.clone()));
        }
        for (_, email) in passing {
            known.accounts.remove(email.as_str());
        }
        let wanted = sorted.added.iter().chain(sorted.updated.iter().map(|(entry, _)| entry));
        create_accounts(work, self.portal, wanted, &mut known).await?;
        let voters = |entry: &Entry<'_>, old: Option<&voter::Model>| model(entry, old, self.election, &known, &places);
        let added: Vec<_> = sorted.added.iter().filter_map(|entry| voters(entry, None)).collect();
        if !added.is_empty() {
            voter::Entity::insert_many(added).exec_without_returning(work).await?;
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
                .exec_without_returning(work)
                .await?;
        }
        self.unlock(work, &sorted).await?;
        Ok(sorted.waiting)
    }

    /// Those who failed against an error of the roll begin anew.
    async fn unlock(&self, work: &Work, sorted: &Sorted<'_>) -> Result<(), Fault> {
        for what in [Corrected::Numen, Corrected::Birthdate] {
            let concerned = sorted.updated.iter().filter(|(entry, voter)| corrected(entry, voter) == Some(what));
            let voters: Vec<i64> = concerned.map(|(_, voter)| voter.id).collect();
            let desk = Desk { actor: self.actor.to_owned(), reason: Reason::of_roll(what) };
            unlock(work, self.portal, &voters, &desk).await?;
        }
        Ok(())
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

async fn known_of_all(
    db: &impl ConnectionTrait,
    election: &election::Model,
    entries: &[Entry<'_>],
) -> Result<Known, Fault> {
    let mut all = Known::default();
    for portion in entries.chunks(PORTION) {
        all.extend(known(db, election, portion).await?);
    }
    Ok(all)
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
        mailbox_fault: NotSet,
        mailbox_fault_at: NotSet,
        language: NotSet,
        left_by: NotSet,
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
