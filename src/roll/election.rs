//! The elections: added, listed, changed.

use chrono::TimeDelta;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, SqlErr};

use super::description::{Description, Issued};
use crate::entities::voting_identifier::{self, State};
use crate::entities::{election, voter};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::{Instant, Territory};

/// How long questions come after the window has closed.
const AFTERWARDS: TimeDelta = TimeDelta::days(30);

/// An election that a file describes, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    New(i64),
    /// One of this name and window was there.
    Known(i64),
}

/// Adds the election that a file describes, once: the same name and window are the same election, and the schema lets
/// one of two additions at once be the first.
///
/// # Errors
/// The inner error is a French sentence on why the file is refused.
pub async fn add(portal: &Portal, text: &str) -> Result<Result<Added, String>, Fault> {
    let new = match Description::read(text) {
        Ok(new) => new,
        Err(reason) => return Ok(Err(reason)),
    };
    let work = portal.db.begin().await?;
    if let Some(known) = same(&work, &new).await? {
        return Ok(Ok(Added::Known(known.id)));
    }
    if new.closes <= portal.now() {
        return Ok(Err("reissue_closes : déjà passée".into()));
    }
    let inserted = election::Entity::insert(model(None, &new))
        .on_conflict(OnConflict::column(election::Column::KnownAs).do_nothing().to_owned())
        .exec_without_returning(&work)
        .await?;
    let added = same(&work, &new).await?.ok_or_else(|| Fault::new("an added election is not there"))?;
    work.commit().await?;
    Ok(Ok(if inserted == 1 { Added::New(added.id) } else { Added::Known(added.id) }))
}

/// Changes an election into what a file describes, under lock. Returns what changes.
///
/// # Errors
/// The inner error is a French sentence on why it can't be so.
pub async fn set(portal: &Portal, id: i64, text: &str) -> Result<Result<Vec<String>, String>, Fault> {
    let new = match Description::read(text) {
        Ok(new) => new,
        Err(reason) => return Ok(Err(reason)),
    };
    let work = portal.db.begin().await?;
    // Identifiers that are being issued keep a key of this row: they are counted, or wait.
    let Some(old) = election::Entity::find_by_id(id).lock_exclusive().one(&work).await? else {
        return Ok(Err(unknown(id)));
    };
    let old = describe(&old);
    if let Some(issued) = issued(&work, id).await?
        && let Err(reason) = old.fixed(&new, issued)
    {
        return Ok(Err(reason));
    }
    if let Some(other) = same(&work, &new).await?.filter(|other| other.id != id) {
        return Ok(Err(taken(Some(other.id))));
    }
    let changes = old.changes(&new);
    if !changes.is_empty() {
        match election::Entity::update(model(Some(id), &new)).exec(&work).await {
            // Two that are set at once each saw the other as it was.
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                return Ok(Err(taken(None)));
            }
            set => set?,
        };
        work.commit().await?;
    }
    Ok(Ok(changes))
}

fn taken(by: Option<i64>) -> String {
    let number = by.map_or_else(|| "une autre élection".to_owned(), |id| format!("l’élection {id}"));
    format!("name : {number} a déjà ce nom et ces dates")
}

/// The territories of an election, as they are kept: `FR,GP`.
pub fn territories(election: &election::Model) -> Vec<Territory> {
    let kept = election.territories.split(',');
    kept.filter_map(Territory::from_code).collect()
}

pub async fn find(portal: &Portal, id: i64) -> Result<Option<election::Model>, Fault> {
    Ok(election::Entity::find_by_id(id).one(&portal.db).await?)
}

/// The election that somebody names by its number or, if it is the only one, by its name.
///
/// # Errors
/// The inner error is a French sentence: there is none, or several.
pub async fn named(portal: &Portal, number_or_name: &str) -> Result<Result<election::Model, String>, Fault> {
    let asked = number_or_name.trim();
    if let Ok(id) = asked.parse() {
        return Ok(find(portal, id).await?.ok_or_else(|| unknown(id)));
    }
    let mut found = election::Entity::find()
        .filter(election::Column::Name.eq(asked))
        .order_by_asc(election::Column::Id)
        .all(&portal.db)
        .await?;
    Ok(match found.len() {
        0 => Err(format!("aucune élection ne s’appelle « {asked} » ; « guichet election list » les montre")),
        1 => Ok(found.remove(0)),
        _ => {
            let numbers: Vec<_> = found.iter().map(|election| election.id.to_string()).collect();
            Err(format!("plusieurs élections s’appellent ainsi : donnez un numéro parmi {}", numbers.join(", ")))
        }
    })
}

/// Every election with the number of its voters, the oldest first.
pub async fn list(portal: &Portal) -> Result<Vec<(i64, election::Model)>, Fault> {
    let elections = election::Entity::find().order_by_asc(election::Column::Id).all(&portal.db).await?;
    let voters: Vec<(i64, i64)> = voter::Entity::find()
        .select_only()
        .column(voter::Column::ElectionId)
        .column_as(voter::Column::Id.count(), "voters")
        .group_by(voter::Column::ElectionId)
        .into_tuple()
        .all(&portal.db)
        .await?;
    let count = |id| voters.iter().find(|(election, _)| *election == id).map_or(0, |(_, count)| *count);
    Ok(elections.into_iter().map(|election| (count(election.id), election)).collect())
}

/// Whether anybody is on a roll yet, of whatever election.
pub async fn are_there_rolls(portal: &Portal) -> Result<bool, Fault> {
    Ok(voter::Entity::find().limit(1).one(&portal.db).await?.is_some())
}

/// The elections that people still call about, the next to close first.
pub async fn supported(portal: &Portal) -> Result<Vec<election::Model>, Fault> {
    Ok(election::Entity::find()
        .filter(election::Column::ReissueCloses.gt(portal.now() - AFTERWARDS))
        .order_by_asc(election::Column::ReissueCloses)
        .all(&portal.db)
        .await?)
}

/// An election as its file would describe it.
pub fn describe(election: &election::Model) -> Description {
    Description {
        name: election.name.clone(),
        opens: election.reissue_opens,
        closes: election.reissue_closes,
        max_identifiers: election.max_identifiers,
        max_failed_checks: election.max_failed_checks,
        territories: territories(election),
        support_phone: election.support_phone.clone(),
        support_email: election.support_email.clone(),
        support_hours: election.support_hours.clone(),
    }
}

async fn same(db: &impl ConnectionTrait, new: &Description) -> Result<Option<election::Model>, Fault> {
    Ok(election::Entity::find()
        .filter(election::Column::Name.eq(&new.name))
        .filter(election::Column::ReissueOpens.eq(new.opens))
        .filter(election::Column::ReissueCloses.eq(new.closes))
        .order_by_asc(election::Column::Id)
        .one(db)
        .await?)
}

async fn issued(db: &impl ConnectionTrait, election: i64) -> Result<Option<Issued>, Fault> {
    use voting_identifier::{Column, Entity};
    let of_election = || Entity::find().filter(Column::ElectionId.eq(election));
    let Some(last) = of_election().order_by_desc(Column::RequestedAt).one(db).await? else { return Ok(None) };
    let most: Option<i64> = of_election()
        .filter(Column::State.ne(State::Voided))
        .select_only()
        .column_as(Column::Id.count(), "issued")
        .group_by(Column::VoterId)
        .order_by_desc(Column::Id.count())
        .into_tuple()
        .one(db)
        .await?;
    let most = i32::try_from(most.unwrap_or_default()).unwrap_or(i32::MAX);
    Ok(Some(Issued { most, last_at: last.requested_at }))
}

fn model(id: Option<i64>, new: &Description) -> election::ActiveModel {
    let codes: Vec<&str> = new.territories.iter().map(|territory| territory.code()).collect();
    election::ActiveModel {
        id: id.map_or(NotSet, Set),
        name: Set(new.name.clone()),
        reissue_opens: Set(new.opens),
        reissue_closes: Set(new.closes),
        max_identifiers: Set(new.max_identifiers),
        max_failed_checks: Set(new.max_failed_checks),
        territories: Set(codes.join(",")),
        support_phone: Set(new.support_phone.clone()),
        support_email: Set(new.support_email.clone()),
        support_hours: Set(new.support_hours.clone()),
        known_as: Set(Some(known_as(&new.name, new.opens, new.closes))),
    }
}

fn known_as(name: &str, opens: Instant, closes: Instant) -> String {
    format!("{} {} {name}", opens.timestamp_millis(), closes.timestamp_millis())
}

fn unknown(id: i64) -> String {
    format!("aucune élection n’a le numéro {id} ; « guichet election list » les montre")
}
