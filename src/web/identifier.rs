//! The form for a new identifier: read, refused field by field, or decided.

use rocket::form::FromForm;
use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{State, get, post, uri};
use serde_json::{Value, json};

use super::form::FormState;
use super::guards::Session;
use super::page::{Answered, Page};
use super::posted::Posted;
use super::voter::{self, described};
use crate::captcha;
use crate::issuance::request::{self, Outcome, Request};
use crate::issuance::rules::{PHONE_REFUSALS_PER_DAY, Refusal, Standing};
use crate::issuance::seat::{self, Seat};
use crate::issuance::space::{self, Space};
use crate::portal::Portal;
use crate::roll::election::territories;
use crate::values::mobile::NumberFault;
use crate::values::{Birthdate, MobileNumber, Numen};

const FIELDS: [&str; 7] =
    ["mobile", "captcha", "birthdate_day", "birthdate_month", "birthdate_year", "numen", "request"];

#[derive(FromForm)]
pub struct IdentifierForm<'r> {
    election: Option<&'r str>,
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

#[get("/electeur/identifiant?<election>")]
pub async fn page(portal: &State<Portal>, session: Session, election: Option<&str>) -> Answered {
    let Some(seat) = voter::seat_of(portal, &session, election).await? else { return Ok(voter::no_seat(election)) };
    let space = space::space(portal, seat).await?;
    if let Some(obstacle) = space.standing.obstacle(portal.now()) {
        return Ok(obstacle_page(portal, &space, obstacle).into());
    }
    let captcha = captcha::draw(portal, &session.0.session_digest);
    Ok(ask(portal, &space, &FormState::blank(&FIELDS), &captcha, None).into())
}

#[post("/electeur/identifiant", data = "<form>")]
pub async fn submit(portal: &State<Portal>, session: Session, form: Posted<IdentifierForm<'_>>) -> Answered {
    let form = form.0;
    let Some(seat) = voter::seat_of(portal, &session, form.election).await? else {
        return Ok(voter::no_seat(form.election));
    };
    let session_digest = &session.0.session_digest;
    let (mut state, parsed) = parse(portal, &seat, &form, session_digest);
    let Some(parsed) = parsed else {
        let solved = !state.is_refused("captcha");
        let space = space::space(portal, seat).await?;
        if let Some(obstacle) = space.standing.obstacle(portal.now()) {
            // Mending the form would lead nowhere.
            return Ok(obstacle_page(portal, &space, obstacle).status(Status::Forbidden).into());
        }
        // A solved captcha has paid for nothing yet: it stays, with its answer.
        let captcha = if solved { form.captcha_id.to_owned() } else { captcha::draw(portal, session_digest) };
        let outcome = if state.only_refused("captcha") { "captcha-refused" } else { "form-invalid" };
        return Ok(ask(portal, &space, &state, &captcha, None)
            .status(Status::UnprocessableEntity)
            .outcome(outcome)
            .into());
    };
    let election = seat.election.id;
    match request::request(portal, &seat, &session.0.account, &parsed).await? {
        Outcome::Issued => Ok(Redirect::to(uri!(voter::follow(Some(election.to_string())))).into()),
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
            let seat = seat::find(portal, session.0.account.id, Some(election)).await?.unwrap_or(seat);
            let space = space::space(portal, seat).await?;
            Ok(refused(portal, &space, refusal, state, session_digest).into())
        }
    }
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

fn refused(portal: &Portal, space: &Space, refusal: Refusal, mut state: FormState, session: &[u8]) -> Page {
    if let Some(obstacle) = space.standing.obstacle(portal.now()) {
        // The last try that was left is gone, or the window has closed: there is no form to show.
        return obstacle_page(portal, space, obstacle).status(Status::Forbidden);
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
    ask(portal, space, &state, &captcha, Some(alert)).status(Status::UnprocessableEntity).outcome(outcome)
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
    let outcome = match obstacle {
        Refusal::NotOpenYet | Refusal::Closed | Refusal::HasVoted => "window-closed",
        Refusal::LimitReached => "limit-reached",
        Refusal::PhoneTriesUsedUp => "throttled",
        _ => "locked",
    };
    Page::new("voter/obstacle", "identifier-title", described(portal, space)).outcome(outcome)
}
