//! A lost password, or the first one: ask, confirm, follow the mailed link, choose.

use rocket::form::FromForm;
use rocket::http::{CookieJar, Status};
use rocket::response::Redirect;
use rocket::{State, get, post, uri};
use serde_json::{Value, json};

use super::cookies::{self, Held};
use super::form::FormState;
use super::identity_form::code_fault;
use super::language::Spoken;
use super::page::{Answer, Answered, Page};
use super::posted::{Network, Patient, Posted};
use super::sign_in::{Wait, address_refused, cookies_refused, is_too_long, wait};
use super::throttle::Throttle;
use super::wrong_codes::Effort;
use crate::captcha;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::recovery::ask;
use crate::recovery::redeem::{self, OpenLink, Outcome, PasswordRefusal};
use crate::settings::ELECTORS;
use crate::sign_in::sessions;
use crate::values::password::{CharacterClass, Criterion};
use crate::values::{EmailAddress, Language, PasswordPolicy, Token};

#[derive(FromForm)]
pub struct Address<'r> {
    #[field(default = "")]
    email: &'r str,
}

#[derive(FromForm)]
pub struct Confirmation<'r> {
    #[field(default = "")]
    email: &'r str,
    #[field(default = "")]
    captcha: &'r str,
    #[field(default = "")]
    captcha_id: &'r str,
    /// Another security code is wanted, and nothing else.
    #[field(default = false)]
    renew: bool,
}

#[derive(FromForm)]
pub struct Passwords<'r> {
    #[field(default = "")]
    password: &'r str,
    #[field(default = "")]
    password_again: &'r str,
}

#[get("/mot-de-passe/oublie")]
pub fn ask_page(portal: &State<Portal>, jar: &CookieJar<'_>) -> Page {
    let known = cookies::address(portal, jar);
    let form = FormState::with(&[("email", known.as_ref().map_or("", EmailAddress::as_str))]);
    Page::new("recovery/ask", "recovery-title", json!({ "form": form.json(), "notice": null }))
}

#[post("/mot-de-passe/oublie", data = "<form>")]
pub fn typed(portal: &State<Portal>, jar: &CookieJar<'_>, form: Posted<Address<'_>>) -> Answered {
    match EmailAddress::parse(form.0.email) {
        Some(email) => {
            cookies::keep_address(portal, jar, &email)?;
            Ok(Redirect::to(uri!(confirm_page(Some(portal.now().timestamp())))).into())
        }
        None => Ok(address_refused("recovery/ask", "recovery-title", form.0.email).into()),
    }
}

/// The first message: is this really the address?
#[get("/mot-de-passe/oublie/confirmer?<envoi>")]
pub fn confirm_page(portal: &State<Portal>, jar: &CookieJar<'_>, envoi: Option<i64>) -> Answer {
    match cookies::address(portal, jar) {
        Some(email) => confirmation(&email, &FormState::blank(&["captcha"]), None).into(),
        None => cookies_refused(portal, envoi, "recovery/ask", "recovery-title")
            .map_or_else(|| Redirect::to(uri!(ask_page())).into(), Into::into),
    }
}

#[post("/mot-de-passe/oublie/confirmer", data = "<form>")]
pub async fn confirm(
    portal: &State<Portal>,
    throttle: &State<Throttle>,
    jar: &CookieJar<'_>,
    spoken: Spoken,
    network: Network,
    effort: Effort<'_>,
    form: Posted<Confirmation<'_>>,
) -> Answered {
    let form = form.0;
    let email = if form.email.is_empty() { cookies::address(portal, jar) } else { EmailAddress::parse(form.email) };
    let Some(email) = email else {
        return Ok(address_refused("recovery/ask", "recovery-title", form.email).into());
    };
    // A right code may pay for its address more than once: the mailbox has its own limit.
    let code = if form.renew {
        captcha::Outcome::Missing
    } else {
        captcha::check(portal, form.captcha_id, &code_of(&email), form.captcha).await?
    };
    if form.renew || !matches!(code, captcha::Outcome::Solved(_)) {
        let crowded = !throttle.admits_recovery(network.0) || ask::is_crowded(portal).await?;
        if form.renew || crowded {
            if matches!(code, captcha::Outcome::Wrong | captcha::Outcome::Spent) {
                effort.grow_here();
            }
            // The code's image belongs to the address, which the browser has to bring back for it.
            cookies::keep_address(portal, jar, &email)?;
            return Ok(with_code(portal, &effort, &email, &form, &code).into());
        }
    }
    ask::ask(portal, &email, spoken.0, network.0).await?;
    Ok(Redirect::to(uri!(sent())).into())
}

/// What the security code of a visitor without a session is drawn for.
pub fn code_of(email: &EmailAddress) -> Vec<u8> {
    format!("recovery {}", email.as_str()).into_bytes()
}

/// The confirmation of a network that has asked for its share: it shows a little work.
fn with_code(
    portal: &Portal,
    effort: &Effort<'_>,
    email: &EmailAddress,
    form: &Confirmation<'_>,
    code: &captcha::Outcome,
) -> Page {
    let mut state = FormState::blank(&["captcha"]);
    let fault = code_fault(code).filter(|_| !form.renew && !form.captcha_id.is_empty());
    if let Some(fault) = fault {
        state.refuse("captcha", fault);
    }
    let bits = effort.bits_here();
    let code = json!({
        "id": captcha::draw(portal, &code_of(email), bits),
        "bits": bits,
        "renewed": form.renew,
        "action": uri!(confirm()).to_string(),
    });
    let page = confirmation(email, &state, Some(code));
    if fault.is_some() {
        page.status(Status::UnprocessableEntity).outcome("captcha-refused")
    } else {
        page.status(Status::TooManyRequests).outcome("throttled")
    }
}

fn confirmation(email: &EmailAddress, form: &FormState, captcha: Option<Value>) -> Page {
    let rows = json!([{ "key": "email-label", "value": email.as_str() }]);
    let context = json!({ "email": email.as_str(), "rows": rows, "form": form.json(), "captcha": captcha });
    Page::new("recovery/confirm", "recovery-confirm-title", context)
}

/// The second message: a mail was sent, if the account exists.
#[get("/mot-de-passe/oublie/envoye")]
pub fn sent(portal: &State<Portal>) -> Result<Page, Fault> {
    let minutes = portal.population(ELECTORS)?.link_minutes;
    let (key, count) = if minutes % 60 == 0 { ("life-hours", minutes / 60) } else { ("life-minutes", minutes) };
    let context = json!({ "life": { "key": key, "count": count } });
    Ok(Page::new("recovery/sent", "recovery-sent-title", context).outcome("reset-sent"))
}

#[get("/mot-de-passe/nouveau/<token>")]
pub async fn link_page(portal: &State<Portal>, token: &str) -> Answered {
    let link = match Token::parse(token) {
        Some(token) => redeem::look(portal, &token).await?,
        None => None,
    };
    Ok(link.map_or_else(expired, |link| choose(token, &link, &PasswordRefusal::default())).into())
}

#[post("/mot-de-passe/nouveau/<token>", data = "<form>")]
pub async fn link(
    portal: &State<Portal>,
    jar: &CookieJar<'_>,
    token: &str,
    spoken: Spoken,
    form: Patient<Passwords<'_>>,
) -> Answered {
    cookies::let_go(portal, jar);
    let Patient { form, crowded } = form;
    // What is too long is refused without a wait.
    if crowded && ![form.password, form.password_again].iter().any(|typed| is_too_long(portal, typed)) {
        return hold(portal, jar, token, form.password, form.password_again, Wait::Crowd).map(Into::into);
    }
    set(portal, jar, token, form.password, form.password_again, spoken.0).await
}

/// The browser comes back by itself with the password that had to wait.
#[get("/mot-de-passe/nouveau/<token>/attente")]
pub async fn waiting(
    portal: &State<Portal>,
    jar: &CookieJar<'_>,
    token: &str,
    spoken: Spoken,
    throttle: &State<Throttle>,
    network: Network,
) -> Answered {
    match cookies::take_held(portal, jar, &waiting_path(token)) {
        Some(held) if !throttle.admits(network.0) => wait(portal, jar, &held, Wait::Crowd).map(Into::into),
        Some(held) => set(portal, jar, token, &held.password, &held.password_again, spoken.0).await,
        None => Ok(Redirect::to(uri!(link_page(token))).into()),
    }
}

async fn set(
    portal: &Portal,
    jar: &CookieJar<'_>,
    text: &str,
    password: &str,
    again: &str,
    language: Language,
) -> Answered {
    let Some(token) = Token::parse(text) else { return Ok(expired().into()) };
    let outcome = match redeem::redeem(portal, &token, password, again, language).await {
        Err(fault) if fault.is_away() && !is_too_long(portal, password) && !is_too_long(portal, again) => {
            tracing::error!(%fault, "a new password waits");
            return hold(portal, jar, text, password, again, Wait::Trouble).map(Into::into);
        }
        outcome => outcome?,
    };
    match outcome {
        Outcome::Changed { email, browser } => {
            cookies::keep_address(portal, jar, &email)?;
            cookies::know_browser(portal, jar, &email, &browser)?;
            if let Some(session) = cookies::session(portal, jar) {
                // It may be somebody else's. The password has changed: a fault here must not say anything else.
                if let Err(fault) = sessions::close(portal, &session).await {
                    tracing::error!(%fault, "the session of a browser that used a link could not be ended");
                }
                cookies::close_session(portal, jar);
            }
            Ok(Redirect::to(uri!(changed())).into())
        }
        Outcome::LinkExpired => Ok(expired().into()),
        Outcome::Refused(link, refusal) => {
            Ok(choose(text, &link, &refusal).status(Status::UnprocessableEntity).outcome("password-refused").into())
        }
        Outcome::Busy => hold(portal, jar, text, password, again, Wait::Hashing).map(Into::into),
    }
}

fn hold(
    portal: &Portal,
    jar: &CookieJar<'_>,
    token: &str,
    password: &str,
    again: &str,
    why: Wait,
) -> Result<Page, Fault> {
    let (password, password_again) = (password.to_owned(), again.to_owned());
    wait(portal, jar, &Held { path: waiting_path(token), email: None, counted: false, password, password_again }, why)
}

#[get("/mot-de-passe/change")]
pub fn changed() -> Page {
    Page::new("recovery/changed", "recovery-changed-title", json!({})).outcome("password-changed")
}

fn choose(token: &str, link: &OpenLink, refusal: &PasswordRefusal) -> Page {
    let mut form = FormState::blank(&["password", "password_again"]);
    for criterion in &refusal.unmet {
        form.refuse("password", &format!("{}-unmet", key(*criterion)));
    }
    if refusal.reused {
        form.refuse("password", "password-reused");
    }
    if refusal.differ {
        form.refuse("password_again", "password-again-differs");
    }
    let context = json!({
        "token": token,
        "email": link.account.email,
        "until": link.expires_at,
        "criteria": criteria(&link.policy, &refusal.unmet),
        "form": form.json(),
    });
    Page::new("recovery/choose", "recovery-choose-title", context).at(link.territory())
}

/// The criteria as they are listed before typing, the unmet ones marked after.
fn criteria(policy: &PasswordPolicy, unmet: &[Criterion]) -> Vec<Value> {
    let (min, max) = (policy.min_length, policy.max_length);
    policy
        .criteria()
        .into_iter()
        .map(|criterion| json!({ "key": key(criterion), "min": min, "max": max, "unmet": unmet.contains(&criterion) }))
        .collect()
}

fn key(criterion: Criterion) -> &'static str {
    match criterion {
        Criterion::Length => "criterion-length",
        Criterion::Class(CharacterClass::Lower) => "criterion-lower",
        Criterion::Class(CharacterClass::Upper) => "criterion-upper",
        Criterion::Class(CharacterClass::Digit) => "criterion-digit",
        Criterion::Class(CharacterClass::Symbol) => "criterion-symbol",
        Criterion::Printable => "criterion-printable",
        Criterion::Uncommon => "criterion-uncommon",
        Criterion::Impersonal => "criterion-impersonal",
    }
}

fn waiting_path(token: &str) -> String {
    uri!(waiting(token)).to_string()
}

fn expired() -> Page {
    Page::new("recovery/expired", "recovery-expired-title", json!({})).status(Status::Gone).outcome("link-expired")
}
