//! Signing in, in two pages; waiting when too many do at once; staying, and leaving.

use rocket::form::FromForm;
use rocket::http::{CookieJar, Status};
use rocket::response::Redirect;
use rocket::{State, get, post, uri};
use serde_json::json;

use super::cookies::{self, Held};
use super::form::FormState;
use super::guards::{MaybeSession, Session};
use super::page::{Answered, Page};
use super::posted::{Posted, Pressed};
use super::{home, voter};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::sign_in::{self, Outcome, sessions};
use crate::texts;
use crate::values::EmailAddress;

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
pub fn address_page(portal: &State<Portal>, jar: &CookieJar<'_>, session: MaybeSession) -> super::page::Answer {
    if session.0.is_some() {
        return Redirect::to(uri!(voter::home())).into();
    }
    let known = cookies::address(portal, jar);
    let form = FormState::with(&[("email", known.as_ref().map_or("", EmailAddress::as_str))]);
    Page::new("sign-in/address", "sign-in-title", json!({ "form": form.json() })).into()
}

#[post("/connexion", data = "<form>")]
pub fn address(portal: &State<Portal>, jar: &CookieJar<'_>, form: Posted<Address<'_>>) -> Answered {
    match EmailAddress::parse(form.0.email) {
        Some(email) => {
            cookies::keep_address(portal, jar, &email)?;
            Ok(Redirect::to(uri!(password_page())).into())
        }
        None => Ok(address_refused("sign-in/address", "sign-in-title", form.0.email).into()),
    }
}

/// The page that asks for an address again, here and in recovery.
pub fn address_refused(template: &'static str, title: &'static str, typed: &str) -> Page {
    let mut form = FormState::with(&[("email", typed)]);
    form.refuse("email", if typed.trim().is_empty() { "email-missing" } else { "email-invalid" });
    Page::new(template, title, json!({ "form": form.json() }))
        .status(Status::UnprocessableEntity)
        .outcome("form-invalid")
}

#[get("/connexion/mot-de-passe")]
pub fn password_page(portal: &State<Portal>, jar: &CookieJar<'_>) -> super::page::Answer {
    match cookies::address(portal, jar) {
        Some(email) => ask_password(&email, &FormState::blank(&["password"]), None).into(),
        None => Redirect::to(uri!(address_page())).into(),
    }
}

#[post("/connexion/mot-de-passe", data = "<form>")]
pub async fn password(portal: &State<Portal>, jar: &CookieJar<'_>, form: Posted<Password<'_>>) -> Answered {
    let Some(email) = EmailAddress::parse(form.0.email).or_else(|| cookies::address(portal, jar)) else {
        return Ok(Redirect::to(uri!(address_page())).into());
    };
    if form.0.password.is_empty() {
        let mut state = FormState::blank(&["password"]);
        state.refuse("password", "password-missing");
        return Ok(ask_password(&email, &state, None)
            .status(Status::UnprocessableEntity)
            .outcome("form-invalid")
            .into());
    }
    try_to_sign_in(portal, jar, &email, form.0.password).await
}

/// The browser comes back by itself with the sign-in that had to wait.
#[get("/connexion/attente")]
pub async fn waiting(portal: &State<Portal>, jar: &CookieJar<'_>) -> Answered {
    let held = cookies::held(portal, jar, WAITING);
    let Some((email, password)) = held.and_then(|held| Some((EmailAddress::parse(&held.email?)?, held.password)))
    else {
        return Ok(Redirect::to(uri!(address_page())).into());
    };
    try_to_sign_in(portal, jar, &email, &password).await
}

async fn try_to_sign_in(portal: &Portal, jar: &CookieJar<'_>, email: &EmailAddress, password: &str) -> Answered {
    let browser = cookies::known_browser(portal, jar, email);
    let outcome = sign_in::sign_in(portal, email, password, browser.as_ref()).await?;
    if !matches!(outcome, Outcome::Busy) {
        cookies::let_go(portal, jar);
    }
    let state = FormState::blank(&["password"]);
    match outcome {
        Outcome::SignedIn { session, .. } => {
            if let Some(old) = cookies::session(portal, jar) {
                sessions::close(portal, &old).await?;
            }
            cookies::open_session(portal, jar, &session);
            cookies::know_browser(portal, jar, email)?;
            Ok(Redirect::to(uri!(voter::home())).into())
        }
        Outcome::Refused => Ok(ask_password(email, &state, Some(json!({ "key": "sign-in-refused", "until": "" })))
            .status(Status::UnprocessableEntity)
            .outcome("sign-in-refused")
            .into()),
        Outcome::Throttled { until } => {
            let alert = json!({ "key": "sign-in-throttled", "until": texts::date_and_time(until) });
            Ok(ask_password(email, &state, Some(alert)).status(Status::TooManyRequests).outcome("throttled").into())
        }
        Outcome::Busy => {
            let held = Held {
                path: WAITING.to_owned(),
                email: Some(email.as_str().to_owned()),
                password: password.to_owned(),
                password_again: String::new(),
            };
            wait(portal, jar, &held).map(Into::into)
        }
    }
}

/// The honest page when the hashing pool is full: it keeps the form and tries again by itself.
pub fn wait(portal: &Portal, jar: &CookieJar<'_>, held: &Held) -> Result<Page, Fault> {
    cookies::hold(portal, jar, held)?;
    // Those who wait don't all come back in the same second.
    let seconds = 4 + portal.chance.below(8);
    Ok(Page::new("waiting", "waiting-title", json!({ "seconds": seconds, "again": held.path }))
        .status(Status::ServiceUnavailable)
        .outcome("busy")
        .refresh(seconds, held.path.clone()))
}

fn ask_password(email: &EmailAddress, form: &FormState, alert: Option<serde_json::Value>) -> Page {
    let context = json!({ "email": email.as_str(), "form": form.json(), "alert": alert });
    Page::new("sign-in/password", "sign-in-title", context)
}

/// Keeps the session alive; the guard has just done so.
#[post("/session/prolonger", data = "<_form>")]
pub fn extend(_session: Session, _form: Pressed) -> Redirect {
    Redirect::to(uri!(voter::home()))
}

#[post("/deconnexion", data = "<_form>")]
pub async fn sign_out(portal: &State<Portal>, jar: &CookieJar<'_>, _form: Pressed) -> Answered {
    if let Some(token) = cookies::session(portal, jar) {
        sessions::close(portal, &token).await?;
        cookies::close_session(portal, jar);
    }
    Ok(Redirect::to(uri!(home::home())).into())
}
