//! Any SMS gateway that takes one HTTP request for each SMS, as the settings describe it.

use std::time::Duration;

use chrono::DateTime;
use handlebars::Handlebars;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Handover, Reason, Sms};
use crate::fault::Fault;
use crate::settings::HttpGatewaySettings;

/// Silence longer than this is an outage.
const PATIENCE: Duration = Duration::from_secs(15);
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// Whatever it asks for, a gateway is tried again after this: messages wait for it that are worth half an hour.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
/// In bytes; an answer is some words.
const LONGEST_ANSWER: usize = 64 * 1024;
/// A gateway's code is a word, not the request sent back: what is longer might hold a number or an identifier.
const LONGEST_CODE: usize = 40;
const JSON: &str = "application/json";
const BODY: &str = "body";

#[derive(Debug)]
pub struct HttpGateway {
    client: Client,
    settings: HttpGatewaySettings,
    headers: HeaderMap,
    body: Handlebars<'static>,
}

/// An answer that came whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

pub fn client() -> Result<Client, Fault> {
    // A gateway that redirects is misconfigured: the SMS must not follow it to a stranger.
    let client = Client::builder().timeout(PATIENCE).connect_timeout(CONNECT_PATIENCE);
    Ok(client.redirect(reqwest::redirect::Policy::none()).build()?)
}

/// One request and its answer, or what its failure says of the message.
///
/// # Errors
/// `Later` when the request certainly did not arrive, `Unsure` when nobody can tell.
pub async fn exchange(request: RequestBuilder) -> Result<Answer, Handover> {
    let away = |error: reqwest::Error| {
        if error.is_connect() || error.is_builder() {
            Handover::Later { failure: Reason::Outage.with("no connection"), after: None }
        } else if error.is_timeout() {
            Handover::Unsure(Reason::Outage.with("silence"))
        } else {
            Handover::Unsure(Reason::Outage.with("broken answer"))
        }
    };
    let mut response = request.send().await.map_err(away)?;
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(away)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err(Handover::Unsure(Reason::Outage.with("long answer")));
        }
    }
    Ok(Answer { status, retry_after, body })
}

/// RFC 9110: in seconds, or a date; the server's own clock counts. No pause is longer than five minutes.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let date = |name| DateTime::parse_from_rfc2822(text(name)?).ok();
    let seconds = text(RETRY_AFTER)?.parse().ok().map(Duration::from_secs);
    let asked = seconds.or_else(|| (date(RETRY_AFTER)? - date(DATE)?).to_std().ok())?;
    Some(asked.min(LONGEST_PAUSE))
}

impl HttpGateway {
    pub fn new(settings: &HttpGatewaySettings) -> Result<Self, Fault> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(&settings.content_type)?);
        for (name, value) in &settings.headers {
            let mut value = HeaderValue::from_str(value.expose_secret())?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_bytes(name.as_bytes())?, value);
        }
        let mut body = Handlebars::new();
        body.set_strict_mode(true);
        body.register_escape_fn(if settings.content_type.starts_with(JSON) { in_json } else { in_form });
        body.register_template_string(BODY, &settings.body)?;
        Ok(Self { client: client()?, settings: settings.clone(), headers, body })
    }

    pub async fn send(&self, sms: &Sms) -> Handover {
        let Ok(body) = self.body.render(BODY, &json!({ "to": sms.to, "text": sms.text })) else {
            return Handover::Blocked(Reason::Operator.with("body"));
        };
        let request = self.client.post(&self.settings.url).headers(self.headers.clone()).body(body);
        match exchange(request).await {
            Ok(answer) => self.judge(&answer),
            Err(handover) => handover,
        }
    }

    fn judge(&self, answer: &Answer) -> Handover {
        let told: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let read = |pointer: &Option<String>| {
            let value = told.as_ref()?.pointer(pointer.as_ref()?)?;
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let told_code = read(&self.settings.error);
        let is_number = told_code.as_ref().is_some_and(|code| self.settings.number_faults.contains(code));
        let code = told_code.filter(|code| is_code(code));
        let failure = |reason: Reason| reason.with(code.clone().unwrap_or_else(|| answer.status.as_str().to_owned()));
        if is_number {
            return Handover::Refused(failure(Reason::Number));
        }
        match answer.status {
            status if status.is_success() => match &self.settings.success {
                None => Handover::Accepted { id: read(&self.settings.id) },
                Some(_) if told.is_none() => Handover::Unsure(failure(Reason::Outage)),
                Some(success) if read(&Some(success.pointer.clone())).as_ref() == Some(&success.value) => {
                    Handover::Accepted { id: read(&self.settings.id) }
                }
                Some(_) => Handover::Barred(failure(Reason::Operator)),
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Handover::Blocked(failure(Reason::Operator)),
            StatusCode::TOO_MANY_REQUESTS => {
                Handover::Later { failure: failure(Reason::Limit), after: answer.retry_after }
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                Handover::Later { failure: failure(Reason::Outage), after: answer.retry_after }
            }
            status if status.is_server_error() => Handover::Unsure(failure(Reason::Outage)),
            _ => Handover::Barred(failure(Reason::Operator)),
        }
    }
}

fn is_code(code: &str) -> bool {
    code.len() <= LONGEST_CODE && code.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// A value inside a JSON string.
fn in_json(value: &str) -> String {
    let quoted = Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// A value in a form's body.
fn in_form(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_can_not_break_out_of_a_body() {
        assert_eq!(in_json("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
        assert_eq!(in_form("+33 6&to=1 é"), "%2B33+6%26to%3D1+%C3%A9");
    }
}
