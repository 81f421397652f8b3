//! The espace électeur: where the voter stands, and what became of the last SMS.

use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{State, get, uri};
use serde_json::{Value, json};

use super::guards::Session;
use super::page::{Answer, Answered, Page};
use crate::entities::message;
use crate::entities::voting_identifier::State as IdentifierState;
use crate::fault::Fault;
use crate::issuance::rules::Refusal;
use crate::issuance::seat::{self, Seat};
use crate::issuance::space::{self, Issued, Space};
use crate::outbox::letters::support;
use crate::portal::Portal;
use crate::texts;

/// How often the page that follows an SMS asks again, in seconds.
const FOLLOW_EVERY: u32 = 5;

#[get("/electeur")]
pub async fn home(portal: &State<Portal>, session: Session) -> Result<Page, Fault> {
    let mut spaces = Vec::new();
    for seat in seat::seats(portal, session.0.account.id).await? {
        spaces.push(described(portal, &space::space(portal, seat).await?));
    }
    Ok(Page::new("voter/space", "space-title", json!({ "spaces": spaces })))
}

/// Where the last SMS is, asking again by itself until it has left.
#[get("/electeur/identifiant/suivi?<election>")]
pub async fn follow(portal: &State<Portal>, session: Session, election: Option<&str>) -> Answered {
    let Some(seat) = seat_of(portal, &session, election).await? else { return Ok(no_seat(election)) };
    let space = space::space(portal, seat).await?;
    let Some(last) = space.issued.first() else { return Ok(Redirect::to(uri!(home())).into()) };
    let outcome = match last.identifier.state {
        IdentifierState::Active => "issued",
        IdentifierState::Revoked => "revoked",
        IdentifierState::Voided => "voided",
    };
    let waits = last.sms.ended_at.is_none();
    let page = Page::new("voter/follow", "follow-title", described(portal, &space)).outcome(outcome);
    let here = uri!(follow(Some(space.seat.election.id.to_string()))).to_string();
    Ok(if waits { page.refresh(FOLLOW_EVERY, here) } else { page }.into())
}

/// The seat that a request names by its election, or the only one to name.
pub async fn seat_of(portal: &Portal, session: &Session, election: Option<&str>) -> Result<Option<Seat>, Fault> {
    let id = match election {
        None => None,
        Some(text) => match text.parse() {
            Ok(id) => Some(id),
            // Whatever it was, it names no election.
            Err(_) => return Ok(None),
        },
    };
    seat::find(portal, session.0.account.id, id).await
}

/// An election that is none of the voter's is not found; a voter on no roll is told so in their space.
pub fn no_seat(election: Option<&str>) -> Answer {
    match election {
        Some(_) => Page::error(Status::NotFound).into(),
        None => Redirect::to(uri!(home())).into(),
    }
}

/// A seat as the templates take it.
pub fn described(portal: &Portal, space: &Space) -> Value {
    let election = &space.seat.election;
    let now = portal.now();
    json!({
        "election": {
            "id": election.id,
            "name": election.name,
            "opens": texts::date_and_time(election.reissue_opens),
            "closes": texts::date_and_time(election.reissue_closes),
            "max_identifiers": election.max_identifiers,
            "max_failed_checks": election.max_failed_checks,
        },
        "voter": { "first_names": space.seat.voter.first_names, "last_name": space.seat.voter.last_name },
        "obstacle": space.standing.obstacle(now).map(obstacle),
        "identifiers_left": space.standing.identifiers_left(),
        "checks_left": space.standing.checks_left(),
        "issued": space.issued.iter().map(line).collect::<Vec<_>>(),
        "last": space.issued.first().map(line),
        "support": support(election),
    })
}

/// The sentence that says why the procedure can't be run.
fn obstacle(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NotOpenYet => "obstacle-not-open-yet",
        Refusal::Closed => "obstacle-closed",
        Refusal::HasVoted => "obstacle-has-voted",
        Refusal::Frozen => "obstacle-frozen",
        Refusal::LimitReached => "obstacle-limit-reached",
        Refusal::PhoneTriesUsedUp => "obstacle-phone-tries",
        _ => "obstacle-locked",
    }
}

fn line(issued: &Issued) -> Value {
    let state = match (issued.identifier.state, issued.sms.state) {
        (IdentifierState::Voided, _) => "issued-voided",
        (IdentifierState::Revoked, _) => "issued-revoked",
        (IdentifierState::Active, message::State::Delivered) => "issued-delivered",
        (IdentifierState::Active, message::State::Accepted) => "issued-accepted",
        (IdentifierState::Active, _) => "issued-queued",
    };
    json!({
        "at": texts::date_and_time(issued.identifier.requested_at),
        "number": issued.identifier.masked_number,
        "state": state,
        "sent_at": issued.sms.ended_at.map(texts::time).unwrap_or_default(),
    })
}
