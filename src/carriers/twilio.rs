//! Twilio's Messages resource: sending, asking what became of an SMS, and what its codes mean.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha1::Sha1;

use super::http::{self, Answer};
use super::{Delivery, Failure, Handover, Reason, Seen, Sms};
use crate::fault::Fault;
use crate::settings::{Settings, TwilioSettings};
use crate::values::Instant;

/// What Twilio takes as `ValidityPeriod`, in seconds.
pub const LONGEST_VALIDITY: u64 = 36_000;
/// How far Twilio's clock and ours may be apart. Messages that we know already are told apart by their names.
const CLOCKS_DIFFER: Duration = Duration::from_secs(2 * 60);

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
enum Turn {
    /// The number can't receive: no other try will succeed.
    Number,
    /// It may go through later.
    Later(Reason),
    /// The carrier behind Twilio did not answer: the message may have left.
    Unsure,
    /// This number or this text is not allowed for us: the operator must act, the voter can do nothing.
    Barred,
    /// The account as a whole: likewise, for every message.
    Operator,
}

/// A message as Twilio describes it, in answers and in receipts.
#[derive(Deserialize)]
struct Described {
    sid: String,
    #[serde(default)]
    status: String,
    error_code: Option<u32>,
    date_created: Option<String>,
    body: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    messages: Vec<Described>,
}

#[derive(Deserialize)]
struct Refusal {
    code: Option<u32>,
}

impl Twilio {
    pub fn new(twilio: &TwilioSettings, settings: &Settings) -> Result<Self, Fault> {
        let missing = || Fault::new("sms.twilio is incomplete");
        let account_sid = twilio.account_sid.clone().ok_or_else(missing)?;
        let sender = match (&twilio.from, &twilio.messaging_service_sid) {
            (Some(from), _) => ("From", from.clone()),
            (None, Some(service)) => ("MessagingServiceSid", service.clone()),
            (None, None) => return Err(missing()),
        };
        Ok(Self {
            client: http::client()?,
            messages: format!("{}/2010-04-01/Accounts/{account_sid}/Messages", twilio.base_url.trim_end_matches('/')),
            account_sid,
            auth_token: twilio.auth_token.clone().ok_or_else(missing)?,
            sender,
            status_callback: format!("{}/webhooks/twilio", settings.public_url()),
        })
    }

    pub fn account_sid(&self) -> &str {
        &self.account_sid
    }

    /// Hands an SMS over, for as long as it is worth something; receipts come back with `reference`, even when the
    /// answer to this call is lost.
    pub async fn send(&self, sms: &Sms, reference: &str, worth: Duration) -> Handover {
        let validity = worth.as_secs().clamp(1, LONGEST_VALIDITY).to_string();
        let callback = format!("{}?message={reference}", self.status_callback);
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
        if callback.starts_with("https://") {
            form.push(("StatusCallback", &callback));
        }
        let answer =
            match http::exchange(self.request(self.client.post(format!("{}.json", self.messages))).form(&form)).await {
                Ok(answer) => answer,
                Err(handover) => return handover,
            };
        if answer.status.is_success() {
            return created(&answer);
        }
        judge(&answer, refusal(&answer))
    }

    /// What became of a message.
    pub async fn ask(&self, sid: &str) -> Option<Delivery> {
        let described: Described = self.read(format!("{}/{sid}.json", self.messages), &[]).await?;
        delivery(&described.status, described.error_code)
    }

    /// The messages to a number since a moment, without those of another text; nothing when Twilio does not answer.
    pub async fn look(&self, sms: &Sms, since: Instant) -> Option<Vec<Seen>> {
        // Latest first. Not by DateSent, which a message in a queue doesn't have.
        let query = [("To", sms.to.as_str()), ("PageSize", "50")];
        let listed: Listed = self.read(format!("{}.json", self.messages), &query).await?;
        let made_since = |message: &Described| {
            let made = message.date_created.as_deref().and_then(|date| DateTime::parse_from_rfc2822(date).ok());
            made.is_some_and(|made| made >= since - CLOCKS_DIFFER)
        };
        // Texts are discarded at our wish, sooner or later: where one is still there, it says whose it is.
        let text = |message: &Described| message.body.clone().filter(|body| !body.is_empty());
        let is_anothers = |message: &Described| text(message).is_some_and(|body| body != sms.text);
        let messages = listed.messages.into_iter().filter(made_since).filter(|message| !is_anothers(message));
        Some(
            messages
                .map(|message| Seen {
                    delivery: delivery(&message.status, message.error_code).unwrap_or(Delivery::Underway),
                    is_ours: text(&message).is_some(),
                    id: message.sid,
                })
                .collect(),
        )
    }

    /// Whether a receipt was signed with this account's token: the HMAC-SHA1 of the address that was called and of
    /// the posted parameters, sorted by name, each name followed by its value.
    pub fn signed(&self, url: &str, parameters: &[(&str, &str)], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        let signing = signing(self.auth_token.expose_secret(), url, parameters);
        signing.is_some_and(|signing| signing.verify_slice(&signature).is_ok())
    }

    fn request(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.account_sid, Some(self.auth_token.expose_secret()))
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, url: String, query: &[(&str, &str)]) -> Option<T> {
        let answer = http::exchange(self.request(self.client.get(url)).query(query)).await.ok()?;
        answer.status.is_success().then(|| serde_json::from_slice(&answer.body).ok()).flatten()
    }
}

fn signing(token: &str, url: &str, parameters: &[(&str, &str)]) -> Option<Hmac<Sha1>> {
    let mut sorted = parameters.to_vec();
    sorted.sort_unstable();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).ok()?;
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    Some(mac)
}

/// A status of Twilio's, or nothing for one that it invented since.
pub fn delivery(status: &str, code: Option<u32>) -> Option<Delivery> {
    Some(match status {
        "accepted" | "scheduled" | "queued" | "sending" | "sent" => Delivery::Underway,
        "delivered" | "read" => Delivery::Delivered,
        "undelivered" | "failed" | "canceled" => {
            let reason = match code.and_then(listed) {
                Some(Turn::Number) => Reason::Number,
                Some(Turn::Later(reason)) => reason,
                Some(Turn::Unsure) => Reason::Outage,
                Some(Turn::Barred | Turn::Operator) => Reason::Operator,
                // This message's own misfortune: it says nothing of the account, nor of the number.
                None => Reason::Undelivered,
            };
            Delivery::Failed(Failure { reason, code: code.map(|code| code.to_string()) })
        }
        _ => return None,
    })
}

/// What an answer of 2xx says: even that may hold a failure.
fn created(answer: &Answer) -> Handover {
    match serde_json::from_slice::<Described>(&answer.body) {
        Ok(described) => match delivery(&described.status, described.error_code) {
            Some(Delivery::Failed(_)) => judge(answer, described.error_code),
            _ => Handover::Accepted { id: Some(described.sid) },
        },
        Err(_) => match refusal(answer) {
            Some(code) => judge(answer, Some(code)),
            None => Handover::Unsure(Reason::Outage.with(answer.status.as_str())),
        },
    }
}

/// The code of Twilio's own error in an answer.
fn refusal(answer: &Answer) -> Option<u32> {
    serde_json::from_slice::<Refusal>(&answer.body).ok()?.code
}

fn judge(answer: &Answer, code: Option<u32>) -> Handover {
    let told = code.map_or_else(|| answer.status.as_str().to_owned(), |code| code.to_string());
    match turn(answer.status, code) {
        Turn::Number => Handover::Refused(Reason::Number.with(told)),
        Turn::Later(reason) => Handover::Later { failure: reason.with(told), after: answer.retry_after },
        Turn::Unsure => Handover::Unsure(Reason::Outage.with(told)),
        Turn::Barred => Handover::Barred(Reason::Operator.with(told)),
        Turn::Operator => Handover::Blocked(Reason::Operator.with(told)),
    }
}

/// The codes of Twilio's error dictionary that we know.
fn listed(code: u32) -> Option<Turn> {
    Some(match code {
        21211 | 21610 | 21614 | 30005 | 30006 => Turn::Number,
        20429 | 21611 | 30001 | 30017 => Turn::Later(Reason::Limit),
        30003 => Turn::Later(Reason::Unreachable),
        30008 => Turn::Later(Reason::Outage),
        30410 => Turn::Unsure,
        20003 | 30002 | 14107 => Turn::Operator,
        21408 | 21612 | 21617 | 30004 | 30007 | 30018 | 30450 => Turn::Barred,
        _ => return None,
    })
}

/// What an answer to a call means: by its code where we know it, by its status otherwise.
fn turn(status: StatusCode, code: Option<u32>) -> Turn {
    match code.and_then(listed) {
        Some(turn) => turn,
        _ if status == StatusCode::TOO_MANY_REQUESTS => Turn::Later(Reason::Limit),
        _ if status == StatusCode::SERVICE_UNAVAILABLE => Turn::Later(Reason::Outage),
        // It broke while it had the message in hand.
        _ if status.is_server_error() => Turn::Unsure,
        // An unknown refusal says nothing against the voter's number, nor, of a message that was made, against the account.
        _ if status == StatusCode::BAD_REQUEST || status.is_success() => Turn::Barred,
        _ => Turn::Operator,
    }
}

/// Whether a failure that Twilio told later is the account's, not the message's.
pub fn concerns_account(failure: &Failure) -> bool {
    let code = failure.code.as_ref().and_then(|code| code.parse().ok());
    code.and_then(listed) == Some(Turn::Operator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_its_turn() {
        for (status, code, expected) in [
            (400, Some(21211), Turn::Number),
            (400, Some(21614), Turn::Number),
            (400, Some(21610), Turn::Number),
            (429, Some(20429), Turn::Later(Reason::Limit)),
            (429, None, Turn::Later(Reason::Limit)),
            (500, None, Turn::Unsure),
            (502, None, Turn::Unsure),
            (503, None, Turn::Later(Reason::Outage)),
            (504, Some(30410), Turn::Unsure),
            (401, Some(20003), Turn::Operator),
            (401, None, Turn::Operator),
            (403, Some(21408), Turn::Barred),
            (400, Some(99999), Turn::Barred),
            (201, Some(30036), Turn::Barred),
            (201, None, Turn::Barred),
            (404, None, Turn::Operator),
        ] {
            assert_eq!(turn(StatusCode::from_u16(status).unwrap(), code), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn each_status_says_where_the_message_is() {
        let failed = |reason: Reason, code: &str| Some(Delivery::Failed(reason.with(code)));
        for (status, code, expected) in [
            ("queued", None, Some(Delivery::Underway)),
            ("sent", None, Some(Delivery::Underway)),
            ("delivered", None, Some(Delivery::Delivered)),
            ("undelivered", Some(30003), failed(Reason::Unreachable, "30003")),
            ("undelivered", Some(30006), failed(Reason::Number, "30006")),
            ("failed", Some(30007), failed(Reason::Operator, "30007")),
            ("failed", Some(30008), failed(Reason::Outage, "30008")),
            ("teleported", None, None),
        ] {
            assert_eq!(delivery(status, code), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn of_what_was_taken_only_three_codes_concern_the_account() {
        use Reason::{Limit, Number, Operator, Outage, Undelivered, Unreachable};
        let table: [(&[u32], Reason, bool); 8] = [
            (&[21211, 21610, 21614, 30005, 30006], Number, false),
            (&[20429, 21611, 30001, 30017], Limit, false),
            (&[30003], Unreachable, false),
            (&[30008, 30410], Outage, false),
            (&[21408, 21612, 21617, 30004, 30007, 30018, 30450], Operator, false),
            (&[20003, 30002, 14107], Operator, true),
            // Its validity expired in the carrier's queue.
            (&[30036], Undelivered, false),
            (&[0, 1, 11200, 20404, 21606, 30000, 30009, 30034, 30035, 30037, 63016, 99999], Undelivered, false),
        ];
        for (codes, reason, is_account) in table {
            for &code in codes {
                let failure = reason.with(code.to_string());
                for status in ["undelivered", "failed", "canceled"] {
                    assert_eq!(delivery(status, Some(code)), Some(Delivery::Failed(failure.clone())), "{code}");
                }
                assert_eq!(concerns_account(&failure), is_account, "{code}");
            }
        }
        assert_eq!(delivery("failed", None), Some(Delivery::Failed(Undelivered.into())));
        for code in [None, Some(""), Some("-20003"), Some("20003x")] {
            assert!(!concerns_account(&Failure { reason: Operator, code: code.map(str::to_owned) }), "{code:?}");
        }
    }

    /// The check value of Twilio's documentation of request validation.
    #[test]
    fn a_signature_is_the_one_that_twilio_documents() {
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        let parameters = [
            ("To", "+18005551212"),
            ("Digits", "1234"),
            ("CallSid", "CA1234567890ABCDE"),
            ("From", "+14158675309"),
            ("Caller", "+14158675309"),
        ];
        let signature = STANDARD.encode(signing("12345", url, &parameters).unwrap().finalize().into_bytes());
        assert_eq!(signature, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    }
}
