//! The espace électeur: where the voter stands, and what became of the last SMS.

use rocket::response::Redirect;
use rocket::{State, get, uri};
use serde_json::{Value, json};

use super::guards::Session;
use super::page::{Answered, Page};
use crate::entities::message;
use crate::entities::voting_identifier::State as IdentifierState;
use crate::fault::Fault;
use crate::issuance::seat;
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
pub async fn follow(portal: &State<Portal>, session: Session, election: Option<i64>) -> Answered {
    let Some(seat) = seat::find(portal, session.0.account.id, election).await? else {
        return Ok(Redirect::to(uri!(home())).into());
    };
    let space = space::space(portal, seat).await?;
    let Some(last) = space.issued.first() else { return Ok(Redirect::to(uri!(home())).into()) };
    let outcome = match last.identifier.state {
        IdentifierState::Active => "issued",
        IdentifierState::Revoked => "revoked",
        IdentifierState::Voided => "voided",
    };
    let waits = last.sms.ended_at.is_none();
    let page = Page::new("voter/follow", "follow-title", described(portal, &space)).outcome(outcome);
    let here = uri!(follow(Some(space.seat.election.id))).to_string();
    Ok(if waits { page.refresh(FOLLOW_EVERY, here) } else { page }.into())
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
        "open": space.standing.obstacle(now).is_none(),
        "identifiers_left": space.standing.identifiers_left(),
        "checks_left": space.standing.checks_left(),
        "issued": space.issued.iter().map(line).collect::<Vec<_>>(),
        "last": space.issued.first().map(line),
        "support": support(election),
    })
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
