//! The espace électeur: where the voter stands, and what became of the last SMS.

use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{State, get, uri};
use serde_json::{Value, json};

use super::guards::{ALONE, Session};
use super::page::{Answer, Answered, Page};
use crate::carriers::Reason;
use crate::entities::account::MailboxFault;
use crate::entities::voting_identifier::State as IdentifierState;
use crate::fault::Fault;
use crate::issuance::progress::{self, Progress, progress};
use crate::issuance::rules::Refusal;
use crate::issuance::seat::{self, Seat};
use crate::issuance::space::{self, Issued, Space};
use crate::outbox::letters::support;
use crate::portal::Portal;
use crate::values::Territory;

/// What the table of what was issued tells.
pub const ISSUED_COLUMNS: [&str; 3] = ["issued-at", "issued-number", "issued-state"];
/// How often the page that follows an SMS asks again, in seconds.
const FOLLOW_EVERY: u32 = 5;
const FOLLOW_LATE_EVERY: u32 = 20;

#[get("/electeur")]
pub async fn home(portal: &State<Portal>, session: Session) -> Result<Page, Fault> {
    let mailbox = session.0.account.mailbox_fault.map(|fault| match fault {
        MailboxFault::Full => "mailbox-full",
        MailboxFault::Unknown => "mailbox-unknown",
    });
    let mut spaces = Vec::new();
    let mut territory = Territory::Metropole;
    for seat in seat::seats(&portal.db, session.0.account.id, portal.now()).await? {
        territory = seat.territory;
        spaces.push(described(portal, &space::space(portal, seat).await?));
    }
    Ok(Page::new("voter/space", "space-title", json!({ "spaces": spaces, "mailbox": mailbox })).at(territory))
}

/// Where the last SMS is, asking again by itself for as long as there may be news.
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
    let progress = progress(last.identifier.state, &last.sms);
    let late = progress::is_late(progress, last.identifier.requested_at, portal.now());
    let mut context = described(portal, &space);
    context["late"] = late.into();
    // The next step of somebody whom this SMS does not help.
    context["again"] =
        (space.standing.obstacle(portal.now()).is_none() && (late || !matches!(outcome, "issued"))).into();
    // What waits for the next hour's SMS waits longer than it says here.
    context["waiting"] = (progress == Progress::Waiting && last.sms.valid_from.is_none()).into();
    context["validity"] = portal.settings.sms.validity_minutes.into();
    let page = Page::new("voter/follow", "follow-title", context).at(space.seat.territory).outcome(outcome);
    if !progress::is_open(progress, &last.sms) {
        return Ok(page.into());
    }
    let here = uri!(follow(Some(space.seat.election.id.to_string()))).to_string();
    let every = if late { FOLLOW_LATE_EVERY } else { FOLLOW_EVERY };
    // By itself, a page keeps no session alive.
    Ok(page.refresh(every, format!("{here}&{ALONE}=oui")).into())
}

/// The seat that a request names by its election, or the only one to name.
pub async fn seat_of(portal: &Portal, session: &Session, election: Option<&str>) -> Result<Option<Seat>, Fault> {
    let id = match election {
        None | Some("") => None,
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
    let obstacle = space.standing.obstacle(now);
    let mut last = space.issued.first().map(line);
    if let (Some(Refusal::ReturnsUsedUp), Some(last)) = (obstacle, &mut last)
        && space.issued[0].identifier.state == IdentifierState::Voided
    {
        // A try that was given back in vain.
        last["state"] = "issued-voided-last".into();
    }
    json!({
        "election": {
            "id": election.id,
            "name": election.name,
            "opens": election.reissue_opens,
            "closes": election.reissue_closes,
            "max_identifiers": election.max_identifiers,
            "max_failed_checks": election.max_failed_checks,
        },
        "voter": { "first_names": space.seat.voter.first_names, "last_name": space.seat.voter.last_name },
        "obstacle": obstacle.map(sentence),
        "identifiers_left": space.standing.identifiers_left(),
        "checks_left": space.standing.checks_left(),
        "issued": space.issued.iter().map(line).collect::<Vec<_>>(),
        "issued_columns": ISSUED_COLUMNS,
        "last": last,
        "support": support(election),
    })
}

/// The sentence that says why the procedure can't be run.
fn sentence(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NotOpenYet => "obstacle-not-open-yet",
        Refusal::Closed => "obstacle-closed",
        Refusal::HasVoted => "obstacle-has-voted",
        Refusal::Frozen => "obstacle-frozen",
        Refusal::LimitReached => "obstacle-limit-reached",
        Refusal::PhoneTriesUsedUp => "obstacle-phone-tries",
        Refusal::ReturnsUsedUp => "obstacle-returns",
        Refusal::RequestsUsedUp => "obstacle-requests",
        _ => "obstacle-locked",
    }
}

fn line(issued: &Issued) -> Value {
    let (state, at) = match progress(issued.identifier.state, &issued.sms) {
        Progress::Waiting => ("issued-queued", None),
        Progress::HandedOver { at } => ("issued-accepted", Some(at)),
        Progress::Arrived { at } => ("issued-delivered", Some(at)),
        Progress::Revoked => ("issued-revoked", None),
        Progress::Voided(Some(Reason::Number)) => ("issued-voided-number", None),
        Progress::Voided(Some(Reason::Unreachable)) => ("issued-voided-unreachable", None),
        Progress::Voided(_) => ("issued-voided", None),
    };
    json!({
        "at": issued.identifier.requested_at,
        "number": issued.identifier.masked_number,
        "active": issued.identifier.state == IdentifierState::Active,
        "state": state,
        "state_at": at,
    })
}
