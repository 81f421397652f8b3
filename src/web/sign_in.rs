//! Signing in, in two pages; waiting when too many do at once; staying, and leaving.

use rocket::form::FromForm;
use rocket::http::{CookieJar, Header, Status};
use rocket::response::{Redirect, Responder};
use rocket::{State, get, post, uri};
use serde_json::json;

use super::cookies::{self, Held};
use super::form::FormState;
use super::guards::{Session, Visitor};
use super::language::Spoken;
use super::page::{Answered, Page};
use super::posted::{Network, Patient, Posted, Pressed};
use super::throttle::Throttle;
use super::{home, identifier, voter};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::sign_in::{self, Outcome, sessions};
use crate::values::password::normalised;
use crate::values::{EmailAddress, Language};

const WAITING: &str = "/connexion/attente";

#[derive(FromForm)]
pub struct Address<'r> {
    #[field(default = "")]
    email: &'r str,
}

#[derive(FromForm)]
pub struct Password<'r> {
    /// Beside the cookie, so that two tabs with two addresses don't mix them up.
    #[field(default = "")]
    email: &'r str,
    #[field(default = "")]
    password: &'r str,
}

#[get("/connexion")]
pub fn address_page(portal: &State<Portal>, jar: &CookieJar<'_>, visitor: Visitor) -> Answered {
    if visitor.known()?.is_some() {
        return Ok(Redirect::to(uri!(voter::home())).into());
    }
    let known = cookies::address(portal, jar);
    let form = FormState::with(&[("email", known.as_ref().map_or("", EmailAddress::as_str))]);
    let page = |notice| Page::new("sign-in/address", "sign-in-title", json!({ "form": form.json(), "notice": notice }));
    Ok(match cookies::kept_form(portal, jar).filter(|kept| kept.late) {
        Some(_) => page(Some(json!({ "kind": "done", "key": "session-kept" }))).outcome("signed-out").into(),
        None => page(None).into(),
    })
}

#[post("/connexion", data = "<form>")]
pub fn address(portal: &State<Portal>, jar: &CookieJar<'_>, form: Posted<Address<'_>>) -> Answered {
    match EmailAddress::parse(form.0.email) {
        Some(email) => {
            cookies::keep_address(portal, jar, &email)?;
            Ok(Redirect::to(uri!(password_page(Some(portal.now().timestamp())))).into())
        }
        None => Ok(address_refused("sign-in/address", "sign-in-title", form.0.email).into()),
    }
}

/// The page that asks for an address again, here and in recovery.
pub fn address_refused(template: &'static str, title: &'static str, typed: &str) -> Page {
    let mut form = FormState::with(&[("email", typed)]);
    form.refuse("email", if typed.trim().is_empty() { "email-missing" } else { "email-invalid" });
    Page::new(template, title, json!({ "form": form.json(), "notice": null }))
        .status(Status::UnprocessableEntity)
        .outcome("form-invalid")
}

/// The first page again, for a browser that did not bring back the cookie that it got with the last answer. `sent`: when
/// that was; a while later the cookie may just have ended.
pub fn cookies_refused(
    portal: &Portal,
    sent: Option<i64>,
    template: &'static str,
    title: &'static str,
) -> Option<Page> {
    let is_recent =
        sent.is_some_and(|sent| portal.now().timestamp().checked_sub(sent).is_some_and(|age| (0..60).contains(&age)));
    let notice = json!({ "kind": "refused", "key": "cookies-refused" });
    let form = FormState::blank(&["email"]);
    is_recent.then(|| {
        Page::new(template, title, json!({ "form": form.json(), "notice": notice })).outcome("cookies-refused")
    })
}

#[get("/connexion/mot-de-passe?<envoi>")]
pub fn password_page(portal: &State<Portal>, jar: &CookieJar<'_>, envoi: Option<i64>) -> super::page::Answer {
    match cookies::address(portal, jar) {
        Some(email) => ask_password(&email, &FormState::blank(&["password"]), None).into(),
        None => cookies_refused(portal, envoi, "sign-in/address", "sign-in-title")
            .map_or_else(|| Redirect::to(uri!(address_page())).into(), Into::into),
    }
}

#[post("/connexion/mot-de-passe", data = "<form>")]
pub async fn password(
    portal: &State<Portal>,
    jar: &CookieJar<'_>,
    spoken: Spoken,
    form: Patient<Password<'_>>,
) -> Answered {
    // What waits is answered by this form.
    cookies::let_go(portal, jar);
    let Patient { form, crowded } = form;
    let typed = form.email;
    let email = if typed.is_empty() { cookies::address(portal, jar) } else { EmailAddress::parse(typed) };
    let Some(email) = email else {
        return Ok(address_refused("sign-in/address", "sign-in-title", typed).into());
    };
    if is_too_long(portal, form.password) {
        // No account has it, and a cookie need not hold it while it waits.
        return Ok(refused(&email).into());
    }
    if form.password.is_empty() {
        let mut state = FormState::blank(&["password"]);
        state.refuse("password", "password-missing");
        return Ok(ask_password(&email, &state, None)
            .status(Status::UnprocessableEntity)
            .outcome("form-invalid")
            .into());
    }
    if crowded {
        return hold(portal, jar, &email, form.password, Wait::Crowd, false).map(Into::into);
    }
    try_to_sign_in(portal, jar, &email, form.password, spoken.0, false).await
}

/// The browser comes back by itself with the sign-in that had to wait.
#[get("/connexion/attente")]
pub async fn waiting(
    portal: &State<Portal>,
    throttle: &State<Throttle>,
    jar: &CookieJar<'_>,
    spoken: Spoken,
    network: Network,
) -> Answered {
    let Some(held) = cookies::take_held(portal, jar, WAITING) else {
        return Ok(Redirect::to(uri!(address_page())).into());
    };
    let Some(email) = held.email.as_deref().and_then(EmailAddress::parse) else {
        return Ok(Redirect::to(uri!(address_page())).into());
    };
    // Asked only now: a page of another site that leads here uses up nobody's share.
    if !throttle.admits(network.0) {
        return hold(portal, jar, &email, &held.password, Wait::Crowd, held.counted).map(Into::into);
    }
    try_to_sign_in(portal, jar, &email, &held.password, spoken.0, held.counted).await
}

async fn try_to_sign_in(
    portal: &Portal,
    jar: &CookieJar<'_>,
    email: &EmailAddress,
    password: &str,
    language: Language,
    counted: bool,
) -> Answered {
    let browser = cookies::known_browser(portal, jar, email);
    let outcome = match sign_in::sign_in(portal, email, password, browser.as_ref(), language, counted).await {
        Err(fault) if fault.is_away() => {
            tracing::error!(%fault, "a sign-in waits for the database");
            return hold(portal, jar, email, password, Wait::Trouble, counted).map(Into::into);
        }
        outcome => outcome?,
    };
    let state = FormState::blank(&["password"]);
    match outcome {
        Outcome::SignedIn { account, session, browser } => {
            if let Some(old) = cookies::session(portal, jar)
                && let Err(fault) = sessions::close(portal, &old).await
            {
                tracing::error!(%fault, "the session before a sign-in could not be ended: it ends by itself");
            }
            cookies::open_session(portal, jar, &session);
            cookies::know_browser(portal, jar, email, &browser)?;
            // Back to the form that was sent too late, if it was this person's.
            Ok(match cookies::kept_form(portal, jar).filter(|kept| kept.account == account.id) {
                Some(kept) if kept.late => {
                    let election = kept.election.map(|id| id.to_string());
                    Redirect::to(uri!(identifier::page(election))).into()
                }
                Some(_) => Redirect::to(uri!(voter::home())).into(),
                None => {
                    cookies::drop_form(portal, jar);
                    Redirect::to(uri!(voter::home())).into()
                }
            })
        }
        Outcome::Refused => Ok(refused(email).into()),
        Outcome::Throttled { until } => {
            let alert = json!({ "key": "sign-in-throttled", "until": until });
            Ok(ask_password(email, &state, Some(alert)).status(Status::TooManyRequests).outcome("throttled").into())
        }
        Outcome::Busy => hold(portal, jar, email, password, Wait::Hashing, counted).map(Into::into),
        Outcome::Late => hold(portal, jar, email, password, Wait::Trouble, true).map(Into::into),
    }
}

fn hold(
    portal: &Portal,
    jar: &CookieJar<'_>,
    email: &EmailAddress,
    password: &str,
    why: Wait,
    counted: bool,
) -> Result<Page, Fault> {
    let held = Held {
        path: WAITING.to_owned(),
        email: Some(email.as_str().to_owned()),
        counted,
        password: password.to_owned(),
        password_again: String::new(),
    };
    wait(portal, jar, &held, why)
}

/// Why a form has to wait.
#[derive(Clone, Copy)]
pub enum Wait {
    /// The hashing pool is full.
    Hashing,
    /// The visitor's network has sent its share of forms.
    Crowd,
    /// The database can't be reached.
    Trouble,
}

/// The honest page that keeps the form and tries again by itself.
pub fn wait(portal: &Portal, jar: &CookieJar<'_>, held: &Held, why: Wait) -> Result<Page, Fault> {
    cookies::hold(portal, jar, held)?;
    // Those who wait don't all come back in the same second.
    let (status, outcome, seconds) = match why {
        Wait::Hashing | Wait::Trouble => (Status::ServiceUnavailable, "busy", 4 + portal.chance.below(8)),
        Wait::Crowd => (Status::TooManyRequests, "throttled", 15 + portal.chance.below(30)),
    };
    // In trouble nobody can tell what was counted.
    let (title, kept) = match why {
        Wait::Trouble => ("error-503-title", "again-kept"),
        _ => ("waiting-title", "waiting-kept"),
    };
    Ok(Page::new("waiting", title, json!({ "seconds": seconds, "again": held.path, "kept": kept }))
        .status(status)
        .outcome(outcome)
        .refresh(seconds, held.path.clone()))
}

/// Whether a password is longer than every policy allows: it never waits in a browser.
pub fn is_too_long(portal: &Portal, password: &str) -> bool {
    normalised(password).chars().count() > portal.settings.longest_password()
}

fn refused(email: &EmailAddress) -> Page {
    ask_password(email, &FormState::blank(&["password"]), Some(json!({ "key": "sign-in-refused", "until": "" })))
        .status(Status::UnprocessableEntity)
        .outcome("sign-in-refused")
}

fn ask_password(email: &EmailAddress, form: &FormState, alert: Option<serde_json::Value>) -> Page {
    let context = json!({ "email": email.as_str(), "form": form.json(), "alert": alert });
    Page::new("sign-in/password", "sign-in-title", context)
}

/// Signed out. The browser forgets the pages that it has seen; of the cookies it keeps the language, and by which it is
/// known: those of a person are taken away one by one.
#[derive(Responder)]
pub struct Left {
    to: Redirect,
    clear: Header<'static>,
}

/// Keeps the session alive; the guard has just done so.
#[post("/session/prolonger", data = "<_form>")]
pub fn extend(_session: Session, _form: Pressed) -> Redirect {
    Redirect::to(uri!(voter::home()))
}

#[post("/deconnexion", data = "<_form>")]
pub async fn sign_out(portal: &State<Portal>, jar: &CookieJar<'_>, _form: Pressed) -> Result<Left, Fault> {
    if let Some(token) = cookies::session(portal, jar) {
        // This browser forgets it in any case: the next person at this machine is another one.
        if let Err(fault) = sessions::close(portal, &token).await {
            tracing::error!(%fault, "a session that was left could not be ended: it ends by itself");
        }
        cookies::close_session(portal, jar);
    }
    cookies::forget_address(portal, jar);
    cookies::drop_form(portal, jar);
    cookies::let_go(portal, jar);
    Ok(Left { to: Redirect::to(uri!(home::home())), clear: Header::new("Clear-Site-Data", "\"cache\", \"storage\"") })
}
