//! The portal's cookies: necessary ones only, unreadable to scripts, and sealed where they hold something.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::time::Duration;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::portal::Portal;
use crate::sign_in::KnownBrowser;
use crate::values::{EmailAddress, Instant, Language, Purpose, Token};

const SESSION: &str = "guichet-session";
const ADDRESS: &str = "guichet-address";
const BROWSER: &str = "guichet-browser";
const HELD: &str = "guichet-held";
const LANGUAGE: &str = "guichet-language";
const FORM: &str = "guichet-form";

/// A browser stays known through an election.
const BROWSER_LIFE: Duration = Duration::days(60);
const ADDRESS_LIFE: Duration = Duration::minutes(30);
/// Those who wait come back sooner.
const HELD_LIFE: Duration = Duration::minutes(1);
const FORM_LIFE: Duration = Duration::minutes(30);

/// A form that waits for the hashing pool, kept by the browser so that it need not be typed again.
#[derive(Serialize, Deserialize)]
pub struct Held {
    /// Which page it was sent to.
    pub path: String,
    pub email: Option<String>,
    /// A sign-in whose try was counted before the database went away: it is the same try when it comes back.
    pub counted: bool,
    pub password: String,
    pub password_again: String,
}

/// A form for an identifier that was not accepted yet, for the account of whom it is.
#[derive(Serialize, Deserialize)]
pub struct KeptForm {
    pub account: i64,
    pub election: Option<i64>,
    /// It was sent after its session had ended.
    pub late: bool,
    pub fields: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    /// Which cookie it is: one kind must not pass for another.
    kind: String,
    until: i64,
    content: T,
}

pub fn session(portal: &Portal, jar: &CookieJar<'_>) -> Option<Token> {
    Token::parse(jar.get(&name(portal, SESSION))?.value())
}

pub fn open_session(portal: &Portal, jar: &CookieJar<'_>, token: &Token) {
    put(portal, jar, SESSION, token.text(), None);
}

pub fn close_session(portal: &Portal, jar: &CookieJar<'_>) {
    remove(portal, jar, SESSION);
}

/// The language that was chosen on this browser.
pub fn language(portal: &Portal, jar: &CookieJar<'_>) -> Option<Language> {
    Language::from_code(jar.get(&name(portal, LANGUAGE))?.value())
}

pub fn keep_language(portal: &Portal, jar: &CookieJar<'_>, language: Language) {
    put(portal, jar, LANGUAGE, language.code().to_owned(), Some(BROWSER_LIFE));
}

/// The address typed on the page before.
pub fn address(portal: &Portal, jar: &CookieJar<'_>) -> Option<EmailAddress> {
    EmailAddress::parse(&unseal::<String>(portal, jar, ADDRESS)?)
}

pub fn keep_address(portal: &Portal, jar: &CookieJar<'_>, email: &EmailAddress) -> Result<(), Fault> {
    seal(portal, jar, ADDRESS, email.as_str(), ADDRESS_LIFE)
}

pub fn forget_address(portal: &Portal, jar: &CookieJar<'_>) {
    remove(portal, jar, ADDRESS);
}

/// The nonce of a browser whose user has proved to own this account; a new password since then may have ended it.
pub fn known_browser(portal: &Portal, jar: &CookieJar<'_>, email: &EmailAddress) -> Option<KnownBrowser> {
    let (owner, nonce): (String, KnownBrowser) = unseal(portal, jar, BROWSER)?;
    (owner == email.as_str()).then_some(nonce)
}

pub fn know_browser(
    portal: &Portal,
    jar: &CookieJar<'_>,
    email: &EmailAddress,
    browser: &KnownBrowser,
) -> Result<(), Fault> {
    seal(portal, jar, BROWSER, (email.as_str(), browser), BROWSER_LIFE)
}

/// The form that waited for its turn at this page; it is erased, unless it has to wait once more.
pub fn take_held(portal: &Portal, jar: &CookieJar<'_>, path: &str) -> Option<Held> {
    let held = unseal::<Held>(portal, jar, HELD).filter(|held| held.path == path)?;
    let_go(portal, jar);
    Some(held)
}

pub fn hold(portal: &Portal, jar: &CookieJar<'_>, held: &Held) -> Result<(), Fault> {
    seal(portal, jar, HELD, held, HELD_LIFE)
}

pub fn let_go(portal: &Portal, jar: &CookieJar<'_>) {
    if jar.get_pending(&name(portal, HELD)).is_some() {
        remove(portal, jar, HELD);
    }
}

pub fn kept_form(portal: &Portal, jar: &CookieJar<'_>) -> Option<KeptForm> {
    unseal(portal, jar, FORM)
}

pub fn keep_form(portal: &Portal, jar: &CookieJar<'_>, form: &KeptForm) -> Result<(), Fault> {
    seal(portal, jar, FORM, form, FORM_LIFE)
}

pub fn drop_form(portal: &Portal, jar: &CookieJar<'_>) {
    // Also one that this very answer was going to set.
    if jar.get_pending(&name(portal, FORM)).is_some() {
        remove(portal, jar, FORM);
    }
}

/// Every cookie by its name, with the keys of what it is for and how long it lives.
pub fn described(portal: &Portal) -> Value {
    [
        (SESSION, "cookies-session", "cookies-session-life"),
        (ADDRESS, "cookies-address", "cookies-address-life"),
        (BROWSER, "cookies-browser", "cookies-browser-life"),
        (LANGUAGE, "cookies-language", "cookies-language-life"),
        (HELD, "cookies-held", "cookies-held-life"),
        (FORM, "cookies-form", "cookies-form-life"),
    ]
    .into_iter()
    .map(|(kind, what, life)| json!({ "name": name(portal, kind), "what": what, "life": life }))
    .collect()
}

fn seal(
    portal: &Portal,
    jar: &CookieJar<'_>,
    kind: &str,
    content: impl Serialize,
    life: Duration,
) -> Result<(), Fault> {
    let until = portal.now().timestamp_millis() + i64::try_from(life.whole_milliseconds()).unwrap_or(0);
    let plain = serde_json::to_vec(&Sealed { kind: kind.to_owned(), until, content })?;
    let sealed = portal.keys.seal(Purpose::Cookie, &portal.chance, &plain);
    put(portal, jar, kind, URL_SAFE_NO_PAD.encode(sealed), Some(life));
    Ok(())
}

fn unseal<T: DeserializeOwned>(portal: &Portal, jar: &CookieJar<'_>, kind: &str) -> Option<T> {
    let sealed = URL_SAFE_NO_PAD.decode(jar.get(&name(portal, kind))?.value()).ok()?;
    let plain = portal.keys.open(Purpose::Cookie, &sealed)?;
    let cookie: Sealed<T> = serde_json::from_slice(&plain).ok()?;
    (cookie.kind == kind && lives(cookie.until, portal.now())).then_some(cookie.content)
}

fn lives(until: i64, now: Instant) -> bool {
    now.timestamp_millis() < until
}

fn put(portal: &Portal, jar: &CookieJar<'_>, kind: &str, value: String, life: Option<Duration>) {
    let mut cookie = Cookie::build((name(portal, kind), value))
        .path("/")
        .http_only(true)
        // Lax: a voter who comes back from the mail keeps the session.
        .same_site(SameSite::Lax)
        .secure(portal.settings.is_https())
        .build();
    // Without a life it ends with the browser.
    cookie.set_max_age(life);
    jar.add(cookie);
}

fn remove(portal: &Portal, jar: &CookieJar<'_>, kind: &str) {
    let gone = Cookie::build(name(portal, kind)).path("/").secure(portal.settings.is_https());
    jar.remove(gone);
}

/// Browsers refuse a `__Host-` cookie that another host or an unencrypted page tries to plant.
fn name(portal: &Portal, kind: &str) -> String {
    if portal.settings.is_https() { format!("__Host-{kind}") } else { kind.to_owned() }
}
