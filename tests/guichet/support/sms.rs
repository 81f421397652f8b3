//! A portal whose SMS go to gateways that a test plays.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guichet::carriers::gateway::Kind;
use guichet::carriers::twilio::Twilio;
use guichet::carriers::{Carriers, Gateway, Gateways, MailCarrier};
use guichet::settings::{Settings, SmsSettings, TwilioSettings};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::twilio::FakeTwilio;
use super::{App, Browser, voter};

pub const FIRST: &str = "06 12 34 56 78";
pub const SECOND: &str = "06 12 34 56 79";
pub const PUBLIC: &str = "https://vote.example.fr";
const TOKEN: &str = "12345";

/// The app on one Twilio, with the first voter signed in.
pub async fn on_twilio(app: App) -> (App, FakeTwilio, Browser) {
    on_twilio_with(app, |_| {}).await
}

/// The same, with other settings.
pub async fn on_twilio_with(app: App, adjust: impl FnOnce(&mut SmsSettings)) -> (App, FakeTwilio, Browser) {
    let fake = FakeTwilio::start(app.portal.clock.clone()).await;
    let mut app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
    let mut settings: Settings = (*app.portal.settings).clone();
    adjust(&mut settings.sms);
    app.portal.settings = Arc::new(settings);
    let browser = arrived(&app).await;
    (app, fake, browser)
}

/// The same app with these gateways, under an https address that Twilio can call.
pub async fn with(app: App, gateways: impl FnOnce(&App) -> Vec<Gateway>) -> App {
    let gateways = Gateways::new(gateways(&app));
    app.with_carriers(PUBLIC, |mails| Arc::new(Carriers { mail: MailCarrier::memory(mails), sms: gateways })).await
}

pub fn twilio(app: &App, name: &str, base: &str) -> Gateway {
    twilio_of(app, name, base, "AC1", TOKEN)
}

/// A gateway with an account and a token of its own.
pub fn twilio_of(app: &App, name: &str, base: &str, account_sid: &str, token: &str) -> Gateway {
    let mut all: Settings = (*app.portal.settings).clone();
    PUBLIC.clone_into(&mut all.portal.public_url);
    let settings = TwilioSettings {
        base_url: base.to_owned(),
        account_sid: Some(account_sid.into()),
        auth_token: Some(token.to_owned().into()),
        from: Some("Vote2026".into()),
        messaging_service_sid: None,
        per_second: None,
    };
    Gateway::new(name, Kind::Twilio(Twilio::new(&settings, &all).unwrap()), 0)
}

pub async fn arrived(app: &App) -> Browser {
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.arrive(app, &voter(1)).await;
    browser
}

/// The first voter asks for an identifier, and its SMS is handed over.
pub async fn send(app: &App, browser: &Browser, mobile: &str) {
    browser.ask_identifier(&voter(1), mobile).await.expect(200, "issued");
    app.drain().await;
}

/// As Twilio signs a receipt.
pub fn signature(path: &str, fields: &[(&str, &str)]) -> String {
    signature_of(TOKEN, path, fields)
}

pub fn signature_of(token: &str, path: &str, fields: &[(&str, &str)]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(format!("{PUBLIC}{path}").as_bytes());
    for (name, value) in sorted {
        mac.update(format!("{name}{value}").as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Sends a receipt as Twilio does, and returns the status of the answer.
pub async fn receipt(app: &App, path: &str, fields: &[(&str, &str)]) -> u16 {
    let signed = signature(path, fields);
    app.browser().post_from(path, fields, &[("X-Twilio-Signature", &signed)]).await.status
}

/// How many identifiers are in a state.
pub async fn of_state(app: &App, state: &str) -> i64 {
    app.count(&format!("SELECT COUNT(*) FROM voting_identifier WHERE state = '{state}'")).await
}
