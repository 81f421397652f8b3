//! Twilio's Messages resource: the one call that sends an SMS, and what its answers mean.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Handover, Sms};
use crate::fault::Fault;
use crate::settings::Settings;

/// Silence longer than this is an outage; the message is tried again.
const PATIENCE: Duration = Duration::from_secs(15);
/// Twilio gives a message up after that, as the outbox does: an identifier that comes an hour late
/// confuses more than it helps.
pub const VALIDITY: Duration = Duration::from_secs(30 * 60);

#[derive(Clone, Debug)]
pub struct Twilio {
    client: Client,
    messages: String,
    account_sid: String,
    auth_token: SecretString,
    /// `From` or `MessagingServiceSid`, with its value.
    sender: (&'static str, String),
    status_callback: String,
}

/// Whose turn it is after an error of Twilio's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blame {
    /// The number can't receive: no other try will succeed.
    Number,
    /// It may go through later.
    Moment,
    /// Account, sender or permissions: the operator must act, the voter can do nothing.
    Operator,
}

#[derive(Deserialize)]
struct Created {
    sid: String,
}

#[derive(Deserialize)]
struct Refusal {
    code: Option<u32>,
}

impl Twilio {
    pub fn new(settings: &Settings) -> Result<Self, Fault> {
        let twilio = &settings.sms.twilio;
        let missing = || Fault::new("sms.twilio is incomplete");
        let account_sid = twilio.account_sid.clone().ok_or_else(missing)?;
        let sender = match (&twilio.from, &twilio.messaging_service_sid) {
            (Some(from), _) => ("From", from.clone()),
            (None, Some(service)) => ("MessagingServiceSid", service.clone()),
            (None, None) => return Err(missing()),
        };
        Ok(Self {
            client: Client::builder().timeout(PATIENCE).connect_timeout(Duration::from_secs(5)).build()?,
            messages: format!(
                "{}/2010-04-01/Accounts/{account_sid}/Messages.json",
                twilio.base_url.trim_end_matches('/')
            ),
            account_sid,
            auth_token: twilio.auth_token.clone().ok_or_else(missing)?,
            sender,
            status_callback: format!("{}/webhooks/twilio", settings.public_url()),
        })
    }

    pub async fn send(&self, sms: &Sms) -> Handover {
        let validity = VALIDITY.as_secs().to_string();
        let mut form = vec![
            ("To", sms.to.as_str()),
            (self.sender.0, self.sender.1.as_str()),
            ("Body", sms.text.as_str()),
            ("ValidityPeriod", validity.as_str()),
            // Neither text nor number stays in the provider's logs.
            ("ContentRetention", "discard"),
            ("AddressRetention", "obfuscate"),
        ];
        // Twilio refuses a callback address that it can't reach, such as a trial's on this machine.
        if self.status_callback.starts_with("https://") {
            form.push(("StatusCallback", &self.status_callback));
        }
        let request = self
            .client
            .post(&self.messages)
            .basic_auth(&self.account_sid, Some(self.auth_token.expose_secret()))
            .form(&form);
        match request.send().await {
            Ok(response) => judge(response).await,
            Err(error) if error.is_connect() => Handover::later("twilio: no connection"),
            // It may have been taken. A second SMS carries the same identifier and harms nobody.
            Err(error) if error.is_timeout() => Handover::later("twilio: silent"),
            Err(_) => Handover::later("twilio: broken answer"),
        }
    }
}

async fn judge(response: Response) -> Handover {
    let status = response.status();
    let after = response
        .headers()
        .get("Retry-After")
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(Duration::from_secs);
    let body = response.bytes().await.unwrap_or_default();
    if status.is_success() {
        return match serde_json::from_slice::<Created>(&body) {
            Ok(created) => Handover::Accepted { id: Some(created.sid) },
            Err(_) => Handover::later("twilio: answer without a sid"),
        };
    }
    let code = serde_json::from_slice::<Refusal>(&body).ok().and_then(|refusal| refusal.code);
    let reason = format!("twilio {}{}", status.as_u16(), code.map(|code| format!("/{code}")).unwrap_or_default());
    match blame(status, code) {
        Blame::Number => Handover::Refused { reason },
        Blame::Moment => Handover::Later { reason, after, alarm: false },
        Blame::Operator => Handover::Later { reason, after, alarm: true },
    }
}

/// Twilio's own error code first, the status of the answer where it gives none.
fn blame(status: StatusCode, code: Option<u32>) -> Blame {
    match code {
        Some(21211 | 21610 | 21614 | 30005 | 30006) => Blame::Number,
        Some(20429 | 21611 | 30001 | 30003 | 30008 | 30017 | 30410) => Blame::Moment,
        Some(20003 | 21408 | 21612 | 21617 | 30002 | 30004 | 30007 | 30018 | 30450 | 14107) => Blame::Operator,
        _ if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => Blame::Moment,
        // An unknown refusal says nothing against the voter's number.
        _ => Blame::Operator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_one_to_blame() {
        for (status, code, blamed) in [
            (400, Some(21211), Blame::Number),
            (400, Some(21614), Blame::Number),
            (400, Some(21610), Blame::Number),
            (429, Some(20429), Blame::Moment),
            (429, None, Blame::Moment),
            (500, None, Blame::Moment),
            (503, None, Blame::Moment),
            (504, Some(30410), Blame::Moment),
            (401, Some(20003), Blame::Operator),
            (401, None, Blame::Operator),
            (403, Some(21408), Blame::Operator),
            (400, Some(99999), Blame::Operator),
            (404, None, Blame::Operator),
        ] {
            assert_eq!(blame(StatusCode::from_u16(status).unwrap(), code), blamed, "{status} {code:?}");
        }
    }
}
