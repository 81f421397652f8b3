//! A browser: it keeps cookies, follows redirects, and remembers nothing else.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use rocket::http::{ContentType, Cookie, Header, Status};
use rocket::local::asynchronous::{Client, LocalRequest};

use super::app::{App, CAPTCHA, inputs};
use super::{PASSWORD, Voter};

#[derive(Clone)]
pub struct Browser {
    client: Arc<Client>,
    pub cookies: Arc<Mutex<HashMap<String, String>>>,
}

pub struct Answer {
    pub status: u16,
    /// Where the last redirect led.
    pub path: String,
    pub html: String,
    pub headers: HashMap<String, String>,
}

impl Answer {
    /// The decision that the page names.
    pub fn outcome(&self) -> &str {
        let Some((_, rest)) = self.html.split_once("data-outcome=\"") else { return "" };
        rest.split_once('"').unwrap().0
    }

    /// The answer, which must be this one.
    #[track_caller]
    pub fn expect(self, status: u16, outcome: &str) -> Self {
        assert_eq!((self.status, self.outcome()), (status, outcome), "at {}: {}", self.path, self.html);
        self
    }

    pub fn input(&self, name: &str) -> String {
        inputs(&self.html).remove(name).unwrap_or_else(|| panic!("no input {name} in {}", self.html))
    }

    /// How many zeros a proof for the page's security code begins with.
    pub fn proof_bits(&self) -> u32 {
        let (_, rest) = self.html.split_once("data-bits=\"").expect("a security code");
        rest.split_once('"').unwrap().0.parse().unwrap()
    }

    /// The text with its entities read, for assertions in plain French.
    pub fn text(&self) -> String {
        self.html.replace("&#x27;", "'").replace(['\u{a0}', '\u{202f}'], " ")
    }
}

impl Browser {
    pub fn new(client: Arc<Client>) -> Self {
        Self { client, cookies: Arc::default() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.dispatch(path, None, &[]).await
    }

    pub async fn get_from(&self, path: &str, headers: &[(&'static str, &str)]) -> Answer {
        self.dispatch(path, None, headers).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.dispatch(path, Some(fields), &[]).await
    }

    pub async fn post_from(&self, path: &str, fields: &[(&str, &str)], headers: &[(&'static str, &str)]) -> Answer {
        self.dispatch(path, Some(fields), headers).await
    }

    async fn dispatch(&self, path: &str, fields: Option<&[(&str, &str)]>, headers: &[(&'static str, &str)]) -> Answer {
        let mut path = path.to_owned();
        let mut body = fields.map(encode);
        for _ in 0..10 {
            let mut request = match &body {
                Some(body) => self.client.post(path.clone()).header(ContentType::Form).body(body),
                None => self.client.get(path.clone()),
            };
            for (name, value) in headers {
                request = request.header(Header::new(*name, (*value).to_owned()));
            }
            let response = self.with_cookies(request).dispatch().await;
            for cookie in response.cookies().iter() {
                let mut cookies = self.cookies.lock().unwrap();
                if cookie.value().is_empty() {
                    cookies.remove(cookie.name());
                } else {
                    cookies.insert(cookie.name().to_owned(), cookie.value().to_owned());
                }
            }
            let status = response.status();
            let headers: HashMap<String, String> =
                response.headers().iter().map(|h| (h.name().as_str().to_lowercase(), h.value().to_owned())).collect();
            if status == Status::SeeOther {
                path.clone_from(&headers["location"]);
                body = None;
                continue;
            }
            let html = response.into_bytes().await.unwrap_or_default();
            let html = String::from_utf8_lossy(&html).into_owned();
            return Answer { status: status.code, path, html, headers };
        }
        panic!("redirects go round in circles");
    }

    fn with_cookies<'c>(&self, mut request: LocalRequest<'c>) -> LocalRequest<'c> {
        for (name, value) in self.cookies.lock().unwrap().iter() {
            request = request.cookie(Cookie::new(name.clone(), value.clone()));
        }
        request
    }

    /// Asks for a password link and sets [`PASSWORD`] through it.
    pub async fn set_password(&self, app: &App, voter: &Voter) {
        self.ask_link(app, voter).await;
        let link = app.mailed_link(&voter.email, "/mot-de-passe/nouveau/");
        self.post(&link, &[("password", PASSWORD), ("password_again", PASSWORD)]).await.expect(200, "password-changed");
    }

    pub async fn ask_link(&self, app: &App, voter: &Voter) {
        self.post("/mot-de-passe/oublie", &[("email", &voter.email)]).await.expect(200, "");
        self.post("/mot-de-passe/oublie/confirmer", &[]).await.expect(200, "reset-sent");
        app.drain().await;
    }

    pub async fn sign_in(&self, voter: &Voter, password: &str) -> Answer {
        self.post("/connexion", &[("email", &voter.email)]).await;
        self.post("/connexion/mot-de-passe", &[("password", password)]).await
    }

    /// A voter with a password, signed in.
    pub async fn arrive(&self, app: &App, voter: &Voter) {
        self.set_password(app, voter).await;
        assert_eq!(self.sign_in(voter, PASSWORD).await.path, "/electeur");
    }

    /// The name of a new captcha.
    pub async fn captcha(&self) -> String {
        self.get("/electeur/identifiant").await.input("captcha_id")
    }

    /// Sends the form with a new captcha and what the voter knows of themselves.
    pub async fn ask_identifier(&self, voter: &Voter, mobile: &str) -> Answer {
        let captcha = self.captcha().await;
        self.submit(&voter.form(mobile, &captcha)).await
    }

    pub async fn submit(&self, form: &[(&'static str, String)]) -> Answer {
        let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post("/electeur/identifiant", &fields).await
    }
}

impl Voter {
    /// The filled form for a new identifier.
    pub fn form(&self, mobile: &str, captcha: &str) -> Vec<(&'static str, String)> {
        vec![
            ("mobile", mobile.to_owned()),
            ("captcha", CAPTCHA.to_owned()),
            ("captcha_id", captcha.to_owned()),
            ("birthdate", self.birthdate.clone()),
            ("numen", self.numen.clone()),
            ("request", "on".to_owned()),
        ]
    }
}

fn encode(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
    pairs.join("&")
}

/// Every byte but letters and digits as `%XX`.
pub fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
        encoded
    })
}
