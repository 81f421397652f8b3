//! A page of the portal: a template, its context, and the frame that every page shares.

use rocket::Request;
use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Redirect, Responder, Response};
use serde_json::{Value, json};

use super::assets::Assets;
use super::contact::Contacts;
use super::guards;
use super::{language, log};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::Territory;

/// What a handler answers with.
#[derive(Responder)]
pub enum Answer {
    Page(Box<Page>),
    Redirect(Box<Redirect>),
}

pub type Answered = Result<Answer, Fault>;

pub struct Page {
    template: &'static str,
    /// Key of the title's sentence.
    title: String,
    /// The decision that the page tells, for scripts and tests.
    outcome: &'static str,
    status: Status,
    context: Value,
    /// By whose clock its reader lives.
    territory: Territory,
    /// Seconds after which the browser asks again, and what for.
    refresh: Option<(u32, String)>,
}

impl Page {
    /// `title` is the key of a sentence; `context` an object.
    pub fn new(template: &'static str, title: impl Into<String>, context: Value) -> Self {
        Self {
            template,
            title: title.into(),
            outcome: "",
            status: Status::Ok,
            context,
            territory: Territory::Metropole,
            refresh: None,
        }
    }

    /// The calm page of a status that is no answer of a handler's.
    pub fn error(status: Status) -> Self {
        let (known, outcome) = match status.code {
            403 => (403, "forbidden"),
            404 | 405 => (404, "not-found"),
            408 => (408, "incomplete"),
            400 | 413 | 422 => (422, "form-invalid"),
            429 => (429, "throttled"),
            503 => (503, "busy"),
            code if code < 500 => (404, "not-found"),
            _ => (500, "fault"),
        };
        let context = json!({ "text": format!("error-{known}-text"), "sign_in": false });
        Self::new("error", format!("error-{known}-title"), context).status(status).outcome(outcome)
    }

    #[must_use]
    pub fn outcome(mut self, outcome: &'static str) -> Self {
        self.outcome = outcome;
        self
    }

    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// Adds to the context of its template.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.context[name] = value;
        self
    }

    #[must_use]
    pub fn at(mut self, territory: Territory) -> Self {
        self.territory = territory;
        self
    }

    #[must_use]
    pub fn refresh(mut self, seconds: u32, to: impl Into<String>) -> Self {
        self.refresh = Some((seconds, to.into()));
        self
    }

    fn render(
        &self,
        request: &Request<'_>,
        portal: &Portal,
        assets: &Assets,
        contacts: &Contacts,
    ) -> Result<String, Fault> {
        let mut context = self.context.clone();
        let session = guards::known(request).map(|signed_in| {
            json!({
                "email": signed_in.account.email,
                "until": signed_in.ends_at,
                "seconds": (signed_in.ends_at - portal.now()).num_seconds(),
            })
        });
        let language = language::of(request);
        // Who helps with what the page is about; otherwise everybody who helps.
        let support = context.get("support").filter(|support| !support.is_null());
        let support = support.map_or_else(|| contacts.all(), |support| json!([{ "name": null, "support": support }]));
        context["frame"] = json!({
            "lang": language.code(),
            "place": self.territory.code(),
            "brand": portal.settings.appearance.name,
            "logo": assets.logo.as_ref().map(|logo| assets.address(logo)),
            "support": support,
            "other_lang": language.other().code(),
            "title": self.title,
            "outcome": self.outcome,
            "refused": self.status == Status::UnprocessableEntity,
            "style": assets.address("guichet.css"),
            "script": assets.address("guichet.js"),
            "prover": assets.address("proof.js"),
            "icon": assets.address("guichet.svg"),
            "session": session,
            "demo": portal.settings.is_demo(),
            "refresh": self.refresh.as_ref().map(|(seconds, to)| json!({ "seconds": seconds, "to": to })),
        });
        portal.texts.page(self.template, &context)
    }
}

/// Where the pages of a list are, for the part that leads through them.
pub fn pager(path: &str, page: usize, pages: usize) -> Value {
    let at = |page: usize| format!("{path}?page={page}");
    json!({
        "more": pages > 1,
        "page": page,
        "pages": pages,
        "previous": (page > 1).then(|| at(page - 1)),
        "next": (page < pages).then(|| at(page + 1)),
    })
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        Self::Page(Box::new(page))
    }
}

impl From<Redirect> for Answer {
    fn from(redirect: Redirect) -> Self {
        Self::Redirect(Box::new(redirect))
    }
}

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let rocket = request.rocket();
        let (Some(portal), Some(assets), Some(contacts)) = (rocket.state(), rocket.state(), rocket.state()) else {
            return Err(Status::InternalServerError);
        };
        match self.render(request, portal, assets, contacts) {
            Ok(html) => {
                let mut response = Response::build_from(html.respond_to(request)?);
                response.header(ContentType::HTML).status(self.status);
                response.header(Header::new("Content-Language", language::of(request).code()));
                if let Some((seconds, _)) = self.refresh
                    && self.status.code >= 400
                {
                    response.header(Header::new("Retry-After", seconds.to_string()));
                }
                response.ok()
            }
            Err(fault) => Err(log::told(request, &fault)),
        }
    }
}
