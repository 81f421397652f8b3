//! What a voter sees of their own procedure: where they stand, and what was sent.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::request::identifiers;
use super::rules::Standing;
use crate::entities::{election, message, voter, voting_identifier};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::Instant;

/// An account's place on the roll of one election.
#[derive(Clone, Debug)]
pub struct Seat {
    pub election: election::Model,
    pub voter: voter::Model,
}

/// A seat with everything that was issued to it, latest first.
#[derive(Debug)]
pub struct Space {
    pub seat: Seat,
    pub standing: Standing,
    pub issued: Vec<Issued>,
}

#[derive(Debug)]
pub struct Issued {
    pub identifier: voting_identifier::Model,
    pub sms: message::Model,
}

/// The elections on whose rolls an account is: the ones open now first, then the next to close.
pub async fn seats(portal: &Portal, account: i64) -> Result<Vec<Seat>, Fault> {
    let now = portal.now();
    let found = voter::Entity::find()
        .filter(voter::Column::AccountId.eq(account))
        .find_also_related(election::Entity)
        .all(&*portal.db)
        .await?;
    let mut seats: Vec<Seat> =
        found.into_iter().filter_map(|(voter, election)| Some(Seat { election: election?, voter })).collect();
    seats.sort_by_key(|seat| (!is_open(&seat.election, now), seat.election.reissue_closes, seat.election.id));
    Ok(seats)
}

/// One seat of an account: the named election's, or the first.
pub async fn seat(portal: &Portal, account: i64, election: Option<i64>) -> Result<Option<Seat>, Fault> {
    let mut seats = seats(portal, account).await?.into_iter();
    Ok(match election {
        Some(id) => seats.find(|seat| seat.election.id == id),
        None => seats.next(),
    })
}

pub async fn space(portal: &Portal, seat: Seat) -> Result<Space, Fault> {
    let identifiers = identifiers(&*portal.db, seat.voter.id).await?;
    let standing = Standing::new(&seat.election, &seat.voter, &identifiers);
    let sms_ids: Vec<i64> = identifiers.iter().map(|identifier| identifier.sms_id).collect();
    let messages = message::Entity::find().filter(message::Column::Id.is_in(sms_ids)).all(&*portal.db).await?;
    let mut issued: Vec<Issued> = identifiers
        .into_iter()
        .filter_map(|identifier| {
            let sms = messages.iter().find(|message| message.id == identifier.sms_id)?.clone();
            Some(Issued { identifier, sms })
        })
        .collect();
    issued.sort_by_key(|issued| -issued.identifier.sequence);
    Ok(Space { seat, standing, issued })
}

fn is_open(election: &election::Model, now: Instant) -> bool {
    election.reissue_opens <= now && now < election.reissue_closes
}
