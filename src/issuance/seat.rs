//! An account's place on the roll of an election, and what was issued to it.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::rules::Standing;
use crate::entities::voting_identifier::State;
use crate::entities::{account, election, establishment, voter, voting_identifier};
use crate::fault::Fault;
use crate::outbox::letters::Reader;
use crate::portal::Portal;
use crate::values::{Instant, Territory};

/// An account's place on the roll of one election.
#[derive(Clone, Debug)]
pub struct Seat {
    pub election: election::Model,
    pub voter: voter::Model,
    /// Where the voter's establishment is.
    pub territory: Territory,
}

impl Seat {
    /// The voter as a reader of letters.
    pub fn reader<'a>(&self, account: &'a account::Model) -> Reader<'a> {
        Reader { email: &account.email, language: account.speaks(), territory: self.territory }
    }
}

/// The elections on whose rolls an account is: the ones open now first, then the next to close.
pub async fn seats(db: &impl ConnectionTrait, account: i64, now: Instant) -> Result<Vec<Seat>, Fault> {
    let mut seats = find_seats(db, voter::Column::AccountId.eq(account)).await?;
    seats.sort_by_key(|seat| (!is_open(&seat.election, now), seat.election.reissue_closes, seat.election.id));
    Ok(seats)
}

/// The seat that a row of the roll is.
pub async fn of_voter(db: &impl ConnectionTrait, voter: i64) -> Result<Option<Seat>, Fault> {
    Ok(find_seats(db, voter::Column::Id.eq(voter)).await?.pop())
}

async fn find_seats(db: &impl ConnectionTrait, which: Expr) -> Result<Vec<Seat>, Fault> {
    let found = voter::Entity::find()
        .filter(which)
        .find_also_related(election::Entity)
        .find_also_related(establishment::Entity)
        .all(db)
        .await?;
    let seat = |(voter, election, establishment): (_, _, Option<establishment::Model>)| {
        Some(Seat { election: election?, voter, territory: Territory::of_academy(&establishment?.academy) })
    };
    Ok(found.into_iter().filter_map(seat).collect())
}

/// One seat of an account: the named election's, or the first.
pub async fn find(portal: &Portal, account: i64, election: Option<i64>) -> Result<Option<Seat>, Fault> {
    let mut seats = seats(&portal.db, account, portal.now()).await?.into_iter();
    Ok(match election {
        Some(id) => seats.find(|seat| seat.election.id == id),
        None => seats.next(),
    })
}

/// The facts of a seat that decide before any form is read.
pub fn standing(
    election: &election::Model,
    voter: &voter::Model,
    identifiers: &[voting_identifier::Model],
) -> Standing {
    let returned = returned(identifiers);
    Standing {
        opens: election.reissue_opens,
        closes: election.reissue_closes,
        has_voted: voter.voted_at.is_some(),
        is_frozen: voter.frozen_at.is_some(),
        issued: i32::try_from(identifiers.len()).unwrap_or(i32::MAX) - returned,
        returned,
        requested_at: identifiers.iter().map(|identifier| identifier.requested_at).collect(),
        max_identifiers: election.max_identifiers,
        failed_checks: voter.failed_checks,
        max_failed_checks: election.max_failed_checks,
        phone_refusals: voter.phone_refusals,
        phone_refused_at: voter.phone_refused_at,
    }
}

/// How many tries a voter was given back.
pub fn returned(identifiers: &[voting_identifier::Model]) -> i32 {
    let voided = identifiers.iter().filter(|identifier| identifier.state == State::Voided).count();
    i32::try_from(voided).unwrap_or(i32::MAX)
}

/// Every identifier that a voter was issued: a handful at most.
pub async fn identifiers(db: &impl ConnectionTrait, voter: i64) -> Result<Vec<voting_identifier::Model>, Fault> {
    let of_voter = voting_identifier::Column::VoterId.eq(voter);
    Ok(voting_identifier::Entity::find().filter(of_voter).all(db).await?)
}

/// Ends an identifier: it opens nothing from now on.
pub async fn end(work: &impl ConnectionTrait, id: i64, state: State, now: Instant) -> Result<(), Fault> {
    let ended = voting_identifier::ActiveModel {
        id: Set(id),
        state: Set(state),
        ended_at: Set(Some(now)),
        ..Default::default()
    };
    voting_identifier::Entity::update(ended).exec(work).await?;
    Ok(())
}

fn is_open(election: &election::Model, now: Instant) -> bool {
    election.reissue_opens <= now && now < election.reissue_closes
}
