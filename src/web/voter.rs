//! The espace électeur: where the voter stands, the form for a new identifier, and what became of it.

use rocket::form::FromForm;
use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{State, get, post, uri};
use serde_json::{Value, json};

use super::form::FormState;
use super::guards::Session;
use super::page::{Answered, Page};
use super::posted::Posted;
use crate::captcha;
use crate::entities::message;
use crate::entities::voting_identifier::State as IdentifierState;
use crate::fault::Fault;
use crate::issuance::request::{self, Outcome, Request};
use crate::issuance::rules::{PHONE_REFUSALS_PER_DAY, Refusal, Standing};
use crate::issuance::space::{self, Issued, Seat, Space};
use crate::outbox::letters::support;
use crate::portal::Portal;
use crate::roll::election::territories;
use crate::values::mobile::NumberFault;
use crate::values::{Birthdate, MobileNumber, Numen, paris};

/// How often the page that follows an SMS asks again, in seconds.
const FOLLOW_EVERY: u32 = 5;

const FIELDS: [&str; 7] =
    ["mobile", "captcha", "birthdate_day", "birthdate_month", "birthdate_year", "numen", "request"];

#[derive(FromForm)]
pub struct IdentifierForm<'r> {
    election: Option<i64>,
    #[field(default = "")]
    mobile: &'r str,
    #[field(default = "")]
    captcha: &'r str,
    #[field(default = "")]
    captcha_id: &'r str,
    #[field(default = "")]
    birthdate: &'r str,
    #[field(default = "")]
    birthdate_day: &'r str,
    #[field(default = "")]
    birthdate_month: &'r str,
    #[field(default = "")]
    birthdate_year: &'r str,
    #[field(default = "")]
    numen: &'r str,
    #[field(default = "")]
    request: &'r str,
}

#[get("/electeur")]
pub async fn home(portal: &State<Portal>, session: Session) -> Result<Page, Fault> {
    let mut spaces = Vec::new();
    for seat in space::seats(portal, session.0.account.id).await? {
        spaces.push(described(portal, &space::space(portal, seat).await?));
    }
    Ok(Page::new("voter/space", "space-title", json!({ "spaces": spaces })))
}

#[get("/electeur/identifiant?<election>")]
pub async fn identifier_page(portal: &State<Portal>, session: Session, election: Option<i64>) -> Answered {
    let Some(seat) = space::seat(portal, session.0.account.id, election).await? else {
        return Ok(Redirect::to(uri!(home())).into());
    };
    let space = space::space(portal, seat).await?;
    Ok(match space.standing.obstacle(portal.now()) {
        Some(obstacle) => obstacle_page(portal, &space, obstacle),
        None => {
            let captcha = captcha::draw(portal, &session.0.session_digest);
            ask(portal, &space, &FormState::blank(&FIELDS), &captcha, None)
        }
    }
    .into())
}

#[post("/electeur/identifiant", data = "<form>")]
pub async fn identifier(portal: &State<Portal>, session: Session, form: Posted<IdentifierForm<'_>>) -> Answered {
    let form = form.0;
    let Some(seat) = space::seat(portal, session.0.account.id, form.election).await? else {
        return Ok(Redirect::to(uri!(home())).into());
    };
    let session_digest = &session.0.session_digest;
    let (mut state, parsed) = parse(portal, &seat, &form, session_digest);
    let Some(parsed) = parsed else {
        let solved = !state.is_refused("captcha");
        // A solved captcha has paid for nothing yet: it stays, with its answer.
        let captcha = if solved { form.captcha_id.to_owned() } else { captcha::draw(portal, session_digest) };
        let space = space::space(portal, seat).await?;
        let outcome = if state.only_refused("captcha") { "captcha-refused" } else { "form-invalid" };
        return Ok(ask(portal, &space, &state, &captcha, None)
            .status(Status::UnprocessableEntity)
            .outcome(outcome)
            .into());
    };
    let election = seat.election.id;
    match request::request(portal, &seat, &session.0.account.email, &parsed).await? {
        Outcome::Issued => Ok(Redirect::to(uri!(follow(Some(election)))).into()),
        Outcome::CaptchaUsed => {
            state.clear("captcha");
            state.refuse("captcha", "captcha-used");
            let space = space::space(portal, seat).await?;
            let captcha = captcha::draw(portal, session_digest);
            Ok(ask(portal, &space, &state, &captcha, None)
                .status(Status::UnprocessableEntity)
                .outcome("captcha-refused")
                .into())
        }
        Outcome::Refused(refusal) => {
            // The counts have changed with the decision.
            let seat = space::seat(portal, session.0.account.id, Some(election)).await?.unwrap_or(seat);
            let space = space::space(portal, seat).await?;
            refused(portal, &space, refusal, state, session_digest).map(Into::into)
        }
    }
}

/// Where the last SMS is, asking again by itself until it has left.
#[get("/electeur/identifiant/suivi?<election>")]
pub async fn follow(portal: &State<Portal>, session: Session, election: Option<i64>) -> Answered {
    let Some(seat) = space::seat(portal, session.0.account.id, election).await? else {
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

/// Reads every field, so that all that is wrong is told at once.
fn parse(portal: &Portal, seat: &Seat, form: &IdentifierForm<'_>, session: &[u8]) -> (FormState, Option<Request>) {
    let mut state = FormState::with(&[
        ("mobile", form.mobile),
        ("captcha", form.captcha),
        ("birthdate_day", form.birthdate_day),
        ("birthdate_month", form.birthdate_month),
        ("birthdate_year", form.birthdate_year),
        ("numen", form.numen),
        ("request", form.request),
    ]);
    let mobile = MobileNumber::parse(form.mobile, &territories(&seat.election));
    if let Err(fault) = mobile {
        let key = match fault {
            _ if form.mobile.trim().is_empty() => "mobile-missing",
            NumberFault::Unreadable => "mobile-unreadable",
            NumberFault::NotMobile => "mobile-not-mobile",
            NumberFault::Elsewhere => "mobile-elsewhere",
        };
        state.refuse("mobile", key);
    }
    let birthdate = if form.birthdate.is_empty() {
        Birthdate::of_parts(form.birthdate_day, form.birthdate_month, form.birthdate_year, portal.now())
    } else {
        Birthdate::parse(form.birthdate, portal.now())
    };
    if birthdate.is_none() {
        let typed = [form.birthdate, form.birthdate_day, form.birthdate_month, form.birthdate_year].concat();
        state.refuse("birthdate_day", if typed.trim().is_empty() { "birthdate-missing" } else { "birthdate-invalid" });
    }
    let numen = Numen::parse(form.numen);
    if numen.is_none() {
        state.refuse("numen", if form.numen.trim().is_empty() { "numen-missing" } else { "numen-invalid" });
    }
    let captcha = captcha::check(portal, form.captcha_id, session, form.captcha);
    if captcha == captcha::Outcome::Wrong {
        state.clear("captcha");
        state.refuse("captcha", if form.captcha.trim().is_empty() { "captcha-missing" } else { "captcha-wrong" });
    }
    if form.request != "on" {
        state.refuse("request", "request-missing");
    }
    let parsed = match (mobile, birthdate, numen, captcha) {
        (Ok(mobile), Some(birthdate), Some(numen), captcha::Outcome::Solved(captcha)) if state.is_sound() => {
            Some(Request { mobile, numen, birthdate, captcha })
        }
        _ => None,
    };
    (state, parsed)
}

fn refused(
    portal: &Portal,
    space: &Space,
    refusal: Refusal,
    mut state: FormState,
    session: &[u8],
) -> Result<Page, Fault> {
    if let Some(obstacle) = space.standing.obstacle(portal.now()) {
        // The last try that was left is gone, or the window has closed: there is no form to show.
        return Ok(obstacle_page(portal, space, obstacle).status(Status::Forbidden));
    }
    let (alert, outcome) = match refusal {
        Refusal::PhoneTaken => {
            state.refuse("mobile", "mobile-taken");
            (json!({ "key": "phone-taken", "left": left_of_phones(&space.standing, portal) }), "phone-taken")
        }
        _ => (json!({ "key": "identity-refused", "left": space.standing.checks_left() }), "identity-refused"),
    };
    state.clear("captcha");
    let captcha = captcha::draw(portal, session);
    Ok(ask(portal, space, &state, &captcha, Some(alert)).status(Status::UnprocessableEntity).outcome(outcome))
}

fn left_of_phones(standing: &Standing, portal: &Portal) -> i32 {
    PHONE_REFUSALS_PER_DAY - standing.phone_refusals_today(portal.now())
}

fn ask(portal: &Portal, space: &Space, form: &FormState, captcha: &str, alert: Option<Value>) -> Page {
    let mut context = described(portal, space);
    context["form"] = form.json();
    context["captcha_id"] = captcha.into();
    context["alert"] = alert.unwrap_or_default();
    Page::new("voter/identifier", "identifier-title", context)
}

/// The page of a voter who can't run the procedure now.
fn obstacle_page(portal: &Portal, space: &Space, obstacle: Refusal) -> Page {
    let (key, outcome) = match obstacle {
        Refusal::NotOpenYet => ("obstacle-not-open-yet", "window-closed"),
        Refusal::Closed => ("obstacle-closed", "window-closed"),
        Refusal::HasVoted => ("obstacle-has-voted", "window-closed"),
        Refusal::Frozen => ("obstacle-frozen", "locked"),
        Refusal::LimitReached => ("obstacle-limit-reached", "limit-reached"),
        Refusal::PhoneTriesUsedUp => ("obstacle-phone-tries", "throttled"),
        _ => ("obstacle-locked", "locked"),
    };
    let mut context = described(portal, space);
    context["obstacle"] = key.into();
    Page::new("voter/obstacle", "identifier-title", context).outcome(outcome)
}

/// A seat as the templates take it.
fn described(portal: &Portal, space: &Space) -> Value {
    let election = &space.seat.election;
    let now = portal.now();
    json!({
        "election": {
            "id": election.id,
            "name": election.name,
            "opens": paris::date_and_time(election.reissue_opens),
            "closes": paris::date_and_time(election.reissue_closes),
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
        (IdentifierState::Active, message::State::Accepted) => "issued-accepted",
        (IdentifierState::Active, _) => "issued-queued",
    };
    json!({
        "at": paris::date_and_time(issued.identifier.requested_at),
        "number": issued.identifier.masked_number,
        "state": state,
        "sent_at": issued.sms.ended_at.map(paris::time).unwrap_or_default(),
    })
}
