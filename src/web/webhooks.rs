//! Receipts: what carriers say of the SMS that they took.

use rocket::data::{ByteUnit, Data};
use rocket::http::Status;
use rocket::http::uri::Origin;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::{State, post};

use super::posted;
use crate::carriers::Delivery;
use crate::carriers::twilio::delivery;
use crate::delivery::receipts::{self, Receipt};
use crate::fault::Fault;
use crate::metrics::Told;
use crate::portal::Portal;

const LONGEST: ByteUnit = ByteUnit::Kibibyte(16);

/// What a receipt is checked by: its signature, and the address that was called.
pub struct Signed<'r> {
    signature: &'r str,
    uri: &'r Origin<'r>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Signed<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let signature = request.headers().get_one("X-Twilio-Signature").unwrap_or_default();
        Outcome::Success(Self { signature, uri: request.uri() })
    }
}

/// Answers quickly and says nothing. A forgery leaves no trace but a counter.
#[post("/webhooks/twilio?<message>", data = "<body>")]
pub async fn receipt(
    portal: &State<Portal>,
    message: Option<&str>,
    signed: Signed<'_>,
    body: Data<'_>,
) -> Result<Status, Fault> {
    let body = match posted::in_time(body.open(LONGEST).into_bytes()).await {
        Ok(body) => body?,
        Err(late) => return Ok(late),
    };
    if !body.is_complete() {
        return Ok(Status::PayloadTooLarge);
    }
    let parameters: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let parameters: Vec<(&str, &str)> =
        parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let signers = signers(portal, &signed, &parameters);
    if signers.is_empty() {
        portal.metrics.forged_receipts.inc();
        return Ok(Status::Forbidden);
    }
    let value = |name: &str| parameters.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
    let (Some(sid), Some(status)) = (value("MessageSid"), value("MessageStatus")) else {
        return Ok(Status::BadRequest);
    };
    // A status that Twilio invented since says nothing that we could tell.
    let Some(delivery) = delivery(status, value("ErrorCode").and_then(|code| code.parse().ok())) else {
        return Ok(Status::NoContent);
    };
    let outcome = match delivery {
        Delivery::Underway => "underway",
        Delivery::Delivered => "delivered",
        Delivery::Failed(_) => "failed",
    };
    let receipt = Receipt { reference: message, carrier_id: sid, signers: &signers, delivery: &delivery };
    let outcome = if receipts::take(portal, &receipt).await? { outcome } else { "unknown" };
    portal.metrics.receipts.get_or_create(&Told { outcome }).inc();
    Ok(Status::NoContent)
}

/// The gateways in whose name a receipt speaks: its signature is made with their token, and it names no other account.
/// Two gateways of one account share both.
fn signers<'p>(portal: &'p Portal, signed: &Signed<'_>, parameters: &[(&str, &str)]) -> Vec<&'p str> {
    let url = format!("{}{}", portal.settings.public_url(), signed.uri);
    let gateways = portal.carriers.sms.iter().filter(|gateway| {
        gateway.twilio().is_some_and(|twilio| {
            let mut accounts = parameters.iter().filter(|(name, _)| *name == "AccountSid");
            accounts.all(|(_, account)| *account == twilio.account_sid())
                && twilio.signed(&url, parameters, signed.signature)
        })
    });
    gateways.map(|gateway| gateway.name.as_str()).collect()
}
