//! The form for a new identifier: read, refused field by field, or decided.

use rocket::http::{CookieJar, Status};
use rocket::response::Redirect;
use rocket::{State, get, post, uri};
use serde_json::{Value, json};

use super::cookies::{self, KeptForm};
use super::form::FormState;
use super::guards::{Session, Visitor};
use super::identity_form::{self, IdentityForm};
use super::language::Spoken;
use super::page::{Answered, Page};
use super::posted::Posted;
use super::voter::{self, described};
use super::wrong_codes::Effort;
use super::{errors, sign_in};
use crate::captcha;
use crate::issuance::request::{self, Outcome};
use crate::issuance::rules::Refusal;
use crate::issuance::seat;
use crate::issuance::space::{self, Space};
use crate::portal::Portal;
use crate::sign_in::{sessions, speak};

#[get("/electeur/identifiant?<election>")]
pub async fn page(
    portal: &State<Portal>,
    jar: &CookieJar<'_>,
    session: Session,
    effort: Effort<'_>,
    election: Option<&str>,
) -> Answered {
    let Some(seat) = voter::seat_of(portal, &session, election).await? else { return Ok(voter::no_seat(election)) };
    let space = space::space(portal, seat).await?;
    if let Some(obstacle) = space.standing.obstacle(portal.now()) {
        cookies::drop_form(portal, jar);
        return Ok(obstacle_page(portal, &space, obstacle).into());
    }
    let captcha = Captcha::new(portal, &session, &effort, &space);
    let here = space.seat.election.id;
    let is_of_here =
        |kept: &KeptForm| kept.account == session.0.account.id && kept.election.is_none_or(|election| election == here);
    let kept = cookies::kept_form(portal, jar).filter(is_of_here);
    let (state, alert) = match kept {
        Some(kept) => {
            (identity_form::restored(&kept), Some(json!({ "kind": "done", "key": "identifier-restored", "left": 0 })))
        }
        None => (identity_form::blank(), None),
    };
    Ok(ask(portal, &space, &state, &captcha, alert).into())
}

#[post("/electeur/identifiant", data = "<form>")]
pub async fn submit(
    portal: &State<Portal>,
    jar: &CookieJar<'_>,
    visitor: Visitor,
    effort: Effort<'_>,
    spoken: Spoken,
    form: Posted<IdentityForm<'_>>,
) -> Answered {
    let form = form.0;
    let Some(session) = visitor.known()?.map(Session) else { return sent_too_late(portal, jar, &form).await };
    let Some(seat) = voter::seat_of(portal, &session, form.election).await? else {
        return Ok(voter::no_seat(form.election));
    };
    let session_digest = &session.0.session_digest;
    // Until it is accepted: a reload, another language or the back button lose nothing. Not from a tab in which somebody
    // else was signed in.
    if !form.is_blank() && captcha::belongs(portal, form.captcha_id, session_digest) {
        cookies::keep_form(portal, jar, &form.kept(session.0.account.id, false))?;
    }
    let code = if form.renew {
        captcha::Outcome::Missing
    } else {
        captcha::check(portal, form.captcha_id, session_digest, form.captcha).await?
    };
    if matches!(code, captcha::Outcome::Wrong | captcha::Outcome::Spent) {
        effort.grow(session.0.account.id);
    }
    let (mut state, request) = form.read(portal, &seat, code);
    let Some(request) = request.filter(|_| !form.renew) else {
        let solved = !state.is_refused("captcha");
        let space = space::space(portal, seat).await?;
        if let Some(obstacle) = space.standing.obstacle(portal.now()) {
            // Mending the form would lead nowhere.
            return Ok(obstacle_page(portal, &space, obstacle).status(Status::Forbidden).into());
        }
        if form.renew {
            let captcha = Captcha { renewed: true, ..Captcha::new(portal, &session, &effort, &space) };
            return Ok(ask(portal, &space, &form.without_captcha(), &captcha, None).into());
        }
        // A solved captcha has paid for nothing yet: it stays, with its answer.
        let captcha = if solved {
            Captcha::again(portal, form.captcha_id, session_digest)
        } else {
            Captcha::new(portal, &session, &effort, &space)
        };
        let outcome = if state.only_refused("captcha") { "captcha-refused" } else { "form-invalid" };
        return Ok(ask(portal, &space, &state, &captcha, None)
            .status(Status::UnprocessableEntity)
            .outcome(outcome)
            .into());
    };
    let election = seat.election.id;
    // Letters follow the page on which they were asked for.
    let account = speak(portal, session.0.account.clone(), spoken.0).await?;
    match request::request(portal, &seat, &account, &request).await? {
        Outcome::Issued => {
            cookies::drop_form(portal, jar);
            Ok(Redirect::to(uri!(voter::follow(Some(election.to_string())))).into())
        }
        Outcome::CaptchaUsed => {
            state.clear("captcha");
            state.refuse("captcha", "captcha-used");
            let space = space::space(portal, seat).await?;
            let captcha = Captcha::new(portal, &session, &effort, &space);
            Ok(ask(portal, &space, &state, &captcha, None)
                .status(Status::UnprocessableEntity)
                .outcome("captcha-refused")
                .into())
        }
        Outcome::Refused(refusal) => {
            // The counts have changed with the decision.
            let seat = seat::find(portal, session.0.account.id, Some(election)).await?.unwrap_or(seat);
            let space = space::space(portal, seat).await?;
            let captcha = Captcha::new(portal, &session, &effort, &space);
            Ok(refused(portal, &space, refusal, state, &captcha).into())
        }
    }
}

/// A form whose session had ended is kept for the one whose session it was, and leads to the sign-in.
async fn sent_too_late(portal: &Portal, jar: &CookieJar<'_>, form: &IdentityForm<'_>) -> Answered {
    let owner = match cookies::session(portal, jar) {
        Some(token) if captcha::belongs(portal, form.captcha_id, &token.digest()) => {
            sessions::owner(portal, &token).await?
        }
        _ => None,
    };
    let Some(account) = owner else { return Ok(errors::session_over().into()) };
    cookies::keep_form(portal, jar, &form.kept(account, true))?;
    Ok(Redirect::to(uri!(sign_in::address_page())).into())
}

/// The security code of a page.
struct Captcha {
    name: String,
    /// How many zeros a proof of it begins with.
    bits: u32,
    /// It was asked for in the place of another.
    renewed: bool,
}

impl Captcha {
    fn new(portal: &Portal, session: &Session, effort: &Effort<'_>, space: &Space) -> Self {
        let bits = effort.bits(session.0.account.id, &space.standing);
        Self { name: captcha::draw(portal, &session.0.session_digest, bits), bits, renewed: false }
    }

    fn again(portal: &Portal, name: &str, session: &[u8]) -> Self {
        let bits = captcha::bits(portal, name, session).unwrap_or_default();
        Self { name: name.to_owned(), bits, renewed: false }
    }
}

fn refused(portal: &Portal, space: &Space, refusal: Refusal, mut state: FormState, captcha: &Captcha) -> Page {
    if let Some(obstacle) = space.standing.obstacle(portal.now()) {
        // The last try that was left is gone, or the window has closed: there is no form to show.
        return obstacle_page(portal, space, obstacle).status(Status::Forbidden);
    }
    let (alert, outcome) = match refusal {
        Refusal::PhoneTaken => {
            state.refuse("mobile", "mobile-taken");
            (
                json!({ "kind": "refused", "key": "phone-taken", "left": space.standing.phones_left(portal.now()) }),
                "phone-taken",
            )
        }
        _ => {
            let left = space.standing.checks_left();
            (json!({ "kind": "refused", "key": "identity-refused", "left": left }), "identity-refused")
        }
    };
    state.clear("captcha");
    ask(portal, space, &state, captcha, Some(alert)).status(Status::UnprocessableEntity).outcome(outcome)
}

fn ask(portal: &Portal, space: &Space, form: &FormState, captcha: &Captcha, alert: Option<Value>) -> Page {
    let mut context = described(portal, space);
    context["form"] = form.json();
    context["captcha"] = json!({
        "id": captcha.name,
        "bits": captcha.bits,
        "renewed": captcha.renewed,
        "action": uri!(page(Some(space.seat.election.id.to_string()))).to_string(),
    });
    context["alert"] = alert.unwrap_or_default();
    Page::new("voter/identifier", "identifier-title", context).at(space.seat.territory)
}

/// The page of a voter who can't run the procedure now.
fn obstacle_page(portal: &Portal, space: &Space, obstacle: Refusal) -> Page {
    let outcome = match obstacle {
        Refusal::NotOpenYet | Refusal::Closed | Refusal::HasVoted => "window-closed",
        Refusal::LimitReached => "limit-reached",
        Refusal::PhoneTriesUsedUp | Refusal::ReturnsUsedUp | Refusal::RequestsUsedUp => "throttled",
        _ => "locked",
    };
    Page::new("voter/obstacle", "identifier-title", described(portal, space)).at(space.seat.territory).outcome(outcome)
}
