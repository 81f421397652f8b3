//! What becomes of an SMS after the outbox: receipts, questions, gateways that fail, and what the voter is told.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use guichet::carriers::gateway::Kind;
use guichet::carriers::http::HttpGateway;
use guichet::carriers::twilio::Twilio;
use guichet::carriers::{Carriers, Gateway, Gateways, MailCarrier};
use guichet::entities::message::Channel;
use guichet::outbox::{self, letters, post};
use guichet::settings::{HttpGatewaySettings, Settings, TwilioSettings};
use guichet::values::Token;
use guichet::worker;
use hmac::{Hmac, KeyInit, Mac};
use rocket::tokio::sync::watch;
use sha1::Sha1;

use crate::support::twilio::{FakeTwilio, Manner};
use crate::support::{App, Backend, Browser, PASSWORD, on_both, reader, voter};

pub const FIRST: &str = "06 12 34 56 78";
const TOKEN: &str = "12345";
const PUBLIC: &str = "https://vote.example.fr";

fn settings(base: &str) -> TwilioSettings {
    TwilioSettings {
        base_url: base.to_owned(),
        account_sid: Some("AC1".into()),
        auth_token: Some(TOKEN.to_owned().into()),
        from: Some("Vote2026".into()),
        messaging_service_sid: None,
        per_second: None,
    }
}

pub fn twilio(app: &App, name: &str, base: &str) -> Gateway {
    let mut all: Settings = (*app.portal.settings).clone();
    PUBLIC.clone_into(&mut all.portal.public_url);
    Gateway::new(name, Kind::Twilio(Twilio::new(&settings(base), &all).unwrap()), 0)
}

/// The same app with these gateways, under an https address that Twilio can call.
pub async fn with(app: App, gateways: impl FnOnce(&App) -> Vec<Gateway>) -> App {
    let gateways = Gateways::new(gateways(&app));
    app.with_carriers(PUBLIC, |mails| Arc::new(Carriers { mail: MailCarrier::memory(mails), sms: gateways })).await
}

pub async fn arrived(app: &App) -> Browser {
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.arrive(app, &voter(1)).await;
    browser
}

fn signature(path: &str, fields: &[(&str, &str)]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let mut mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
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

on_both! {
    async fn a_receipt_tells_that_the_phone_has_it_and_nothing_takes_that_back(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let browser = arrived(&app).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        assert!(page.text().contains("remis à l’opérateur à 10 h 00"), "{}", page.html);
        assert!(page.html.contains("http-equiv=\"refresh\""), "there may be news");

        let taken = fake.last();
        assert!(taken.callback.starts_with(&format!("{PUBLIC}/webhooks/twilio?message=")), "{}", taken.callback);
        let path = taken.callback.strip_prefix(PUBLIC).unwrap();
        let told = |status| [("MessageSid", taken.sid.clone()), ("MessageStatus", String::from(status))];
        for (status, minute) in [("sent", 1), ("delivered", 1), ("delivered", 1), ("sent", 1), ("undelivered", 1)] {
            app.wait(Duration::minutes(minute));
            let fields = told(status);
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(receipt(&app, path, &fields).await, 204, "{status}");
        }
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        assert!(page.text().contains("reçu par le téléphone à 10 h 02"), "{}", page.html);
        assert!(!page.html.contains("http-equiv=\"refresh\""));
    }
}

on_both! {
    async fn a_number_that_the_carrier_can_not_reach_costs_the_voter_nothing(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let browser = arrived(&app).await;
        for (code, told) in [("30006", "ne peut pas recevoir de SMS"), ("30003", "éteint ou hors de portée")] {
            browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
            app.drain().await;
            let sid = fake.last().sid;
            let fields = [("MessageSid", sid.as_str()), ("MessageStatus", "undelivered"), ("ErrorCode", code)];
            assert_eq!(receipt(&app, "/webhooks/twilio", &fields).await, 204);
            app.drain().await;
            let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "voided");
            assert!(page.text().contains(told), "{}", page.html);
            assert!(page.text().contains("encore recevoir 3 identifiants"));
            let mails = app.mails_to(&voter(1).email);
            assert!(mails.last().unwrap().text.contains(told), "{}", mails.last().unwrap().text);
        }
        assert_eq!(app.count("SELECT COUNT(*) FROM phone_claim").await, 0, "the number is free again");
    }
}

on_both! {
    async fn forged_and_malformed_receipts_change_nothing(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let browser = arrived(&app).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        let sid = fake.last().sid;
        let fields = [("MessageSid", sid.as_str()), ("MessageStatus", "undelivered"), ("ErrorCode", "30006")];
        let path = "/webhooks/twilio";
        let good = signature(path, &fields);
        for (path, fields, signature) in [
            (path, &fields[..], ""),
            (path, &fields[..], "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            (path, &fields[..], "pas du base64"),
            (path, &fields[..2], &good),
            ("/webhooks/twilio?message=1", &fields[..], &good),
        ] {
            let answer = app.browser().post_from(path, fields, &[("X-Twilio-Signature", signature)]).await;
            assert_eq!(answer.status, 403, "{path} {signature}");
        }
        assert!(app.browser().get("/metrics").await.html.contains("guichet_forged_receipts_total 5"));
        assert_eq!(receipt(&app, path, &[("MessageSid", &sid)]).await, 400);
        assert_eq!(receipt(&app, path, &[("MessageSid", "SM-of-another"), ("MessageStatus", "delivered")]).await, 204);
        assert_eq!(receipt(&app, path, &[("MessageSid", &sid), ("MessageStatus", "teleported")]).await, 204);
        let long = "x".repeat(20_000);
        assert_eq!(receipt(&app, path, &[("MessageSid", &sid), ("MessageStatus", &long)]).await, 413);
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'accepted' AND channel = 'sms'").await, 1);
    }
}

on_both! {
    async fn without_a_receipt_the_carrier_is_asked(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let browser = arrived(&app).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        app.wait(Duration::minutes(2));
        app.drain().await;
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        assert!(page.text().contains("Pas encore reçu") , "{}", page.html);
        fake.taken.lock().unwrap()[0].status = "delivered";
        app.wait(Duration::minutes(5));
        app.drain().await;
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        assert!(page.text().contains("reçu par le téléphone à 10 h 07"), "{}", page.html);
    }
}

on_both! {
    async fn what_may_have_left_is_asked_first_and_sent_again_only_when_nobody_can_tell(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let spare = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base), twilio(app, "spare", &spare.base)]).await;
        let browser = arrived(&app).await;
        fake.is_now(Manner::TakeAndClose);
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE unsure").await, 1);
        app.wait(Duration::seconds(30));
        app.drain().await;
        assert_eq!((fake.count(), spare.count()), (1, 0), "it was found, not sent again");
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'accepted' AND channel = 'sms'").await, 1);

        *fake.lists.lock().unwrap() = false;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        fake.is_now(Manner::Take);
        app.wait(Duration::seconds(30));
        app.drain().await;
        assert_eq!((fake.count(), spare.count()), (3, 0), "the gateway that had it");
        let bodies: Vec<String> = fake.taken.lock().unwrap().iter().map(|taken| taken.body.clone()).collect();
        assert_eq!(bodies[1], bodies[2], "with the same identifier");
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE resent = 1").await, 1);
    }
}

on_both! {
    async fn a_receipt_may_come_before_the_answer(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let browser = arrived(&app).await;
        fake.is_now(Manner::TakeAndClose);
        *fake.lists.lock().unwrap() = false;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        let taken = fake.last();
        let path = taken.callback.strip_prefix(PUBLIC).unwrap();
        let fields = [("MessageSid", taken.sid.as_str()), ("MessageStatus", "delivered")];
        assert_eq!(receipt(&app, path, &fields).await, 204);
        app.wait(Duration::minutes(1));
        app.drain().await;
        assert_eq!(fake.count(), 1, "nothing to send again");
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "issued");
        assert!(page.text().contains("reçu par le téléphone"), "{}", page.html);
    }
}

on_both! {
    async fn the_next_gateway_takes_over_when_one_is_away(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let other = FakeTwilio::start(app.portal.clock.clone()).await;
        let http = HttpGatewaySettings {
            url: format!("{}/send", other.base),
            headers: [("Authorization".to_owned(), "Bearer secret".to_owned().into())].into(),
            content_type: "application/x-www-form-urlencoded".into(),
            body: "To={{to}}&Body={{text}}".into(),
            success: Some(guichet::settings::Success { pointer: "/status".into(), value: "queued".into() }),
            id: Some("/sid".into()),
            error: Some("/code".into()),
            number_faults: vec!["21211".into()],
            per_second: None,
        };
        let app = with(app, |app| {
            let other = Gateway::new("other", Kind::Http(Box::new(HttpGateway::new(&http).unwrap())), 0);
            vec![twilio(app, "twilio", &fake.base), other]
        })
        .await;
        let voters: Vec<_> = (1..=8).map(voter).collect();
        app.enrol(&voters).await;
        fake.is_now(Manner::Refuse("503 Away", ""));
        for (n, voter) in voters.iter().enumerate() {
            let browser = app.browser();
            browser.arrive(&app, voter).await;
            browser.ask_identifier(voter, &format!("06 12 34 56 {n:02}")).await.expect(200, "issued");
            app.drain().await;
        }
        assert_eq!((fake.count(), other.count()), (0, 8));
        assert_eq!(other.last().to, "+33612345607");
        let by = |gateway| format!("SELECT COUNT(*) FROM message WHERE gateway = '{gateway}' AND state = 'accepted'");
        assert_eq!(app.count(&by("other")).await, 8);
        let figures = app.browser().get("/metrics").await.html;
        assert!(figures.contains("guichet_handovers_total{carrier=\"twilio\",outcome=\"later\"} 5"), "{figures}");

        // After its pause it is tried with one message, and then has them all.
        fake.is_now(Manner::Take);
        app.wait(Duration::seconds(15));
        let browser = app.browser();
        browser.arrive(&app, &voters[0]).await;
        browser.ask_identifier(&voters[0], "06 12 34 56 00").await.expect(200, "issued");
        app.drain().await;
        assert_eq!((fake.count(), other.count()), (1, 8));
    }
}

on_both! {
    async fn a_number_gets_so_many_sms_in_an_hour(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let mut app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let mut settings: Settings = (*app.portal.settings).clone();
        settings.sms.per_number_per_hour = 1;
        app.portal.settings = Arc::new(settings);
        let browser = arrived(&app).await;
        for _ in 0..2 {
            browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
            app.drain().await;
        }
        assert_eq!(fake.count(), 1);
        assert!(app.portal.metrics.text().unwrap().contains("guichet_alarms_total{what=\"cap\"} 1"));
        app.wait(Duration::minutes(29));
        app.drain().await;
        assert_eq!(fake.count(), 1);
        app.wait(Duration::minutes(2));
        app.drain().await;
        browser.sign_in(&voter(1), PASSWORD).await;
        browser.get("/electeur/identifiant/suivi").await.expect(200, "voided");
    }
}

on_both! {
    async fn the_tries_of_one_sms_use_up_nobodys_hour(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let mut app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let mut settings: Settings = (*app.portal.settings).clone();
        settings.sms.per_number_per_hour = 1;
        app.portal.settings = Arc::new(settings);
        let browser = arrived(&app).await;
        fake.is_now(Manner::Refuse("503 Away", ""));
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        for _ in 0..4 {
            app.drain().await;
            app.wait(Duration::minutes(3));
        }
        fake.is_now(Manner::Take);
        app.wait(Duration::minutes(5));
        app.drain().await;
        assert_eq!(fake.count(), 1);
    }
}

on_both! {
    async fn all_numbers_together_get_so_many_sms_in_an_hour(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let mut app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let mut settings: Settings = (*app.portal.settings).clone();
        settings.sms.per_hour = 2;
        app.portal.settings = Arc::new(settings);
        app.wait(Duration::minutes(45));
        let voters: Vec<_> = (1..=3).map(voter).collect();
        app.enrol(&voters).await;
        for (n, voter) in voters.iter().enumerate() {
            let browser = app.browser();
            browser.arrive(&app, voter).await;
            browser.ask_identifier(voter, &format!("06 12 34 56 {n:02}")).await.expect(200, "issued");
        }
        app.drain().await;
        assert_eq!(fake.count(), 2);
        assert!(app.portal.metrics.text().unwrap().contains("guichet_alarms_total{what=\"cap\"} 1"));
        app.wait(Duration::minutes(16));
        app.drain().await;
        assert_eq!(fake.count(), 3, "the rest leaves in the next hour");
    }
}

on_both! {
    async fn what_is_awaited_goes_first_and_nothing_starves(app: App) {
        let portal = &app.portal;
        let work = portal.db.begin().await.unwrap();
        for _ in 0..10 {
            let notice = letters::password_changed(portal, reader("a@ac-valmont.example"), None).unwrap();
            outbox::enqueue(&*work, portal, None, notice).await.unwrap();
        }
        for _ in 0..100 {
            let token = Token::draw(&portal.chance);
            let awaited = letters::password_link(portal, reader("b@ac-valmont.example"), &token, portal.now(), None).unwrap();
            outbox::enqueue(&*work, portal, None, awaited).await.unwrap();
        }
        work.commit().await.unwrap();
        let claimed = post::claim(portal, Channel::Mail, None, 64).await.unwrap();
        let letters: Vec<_> = claimed.iter().map(|message| message.letter.as_str()).collect();
        assert_eq!(letters, [vec!["password-link"; 56], vec!["password-changed"; 8]].concat());
        let ids: Vec<_> = claimed[..56].iter().map(|message| message.id).collect();
        assert!(ids.is_sorted(), "the oldest first: {ids:?}");
    }
}

on_both! {
    async fn a_burst_drains_through_one_pool(app: App) {
        let work = app.portal.db.begin().await.unwrap();
        for _ in 0..1_000 {
            let letter = letters::password_changed(&app.portal, reader("a@ac-valmont.example"), None).unwrap();
            outbox::enqueue(&*work, &app.portal, None, letter).await.unwrap();
        }
        work.commit().await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(worker::run(app.portal.clone(), stopped));
        let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while app.count("SELECT COUNT(*) FROM message WHERE ended_at IS NULL").await > 0 {
            assert!(std::time::Instant::now() < until, "the worker stands still");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        stop.send(true).unwrap();
        worker.await.unwrap();
        assert_eq!(app.mails_to("a@ac-valmont.example").len(), 1_000);
    }
}

/// What arrives too late to be an answer was still sent: it is found when the gateway is asked.
#[tokio::test]
async fn a_gateway_that_answers_after_we_gave_up_is_not_handed_the_sms_again() {
    let app = App::start(Backend::Sqlite).await;
    let fake = FakeTwilio::start(app.portal.clock.clone()).await;
    let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
    let browser = arrived(&app).await;
    // It takes the message half-way, a little after our patience of 15 seconds.
    *fake.delay.lock().unwrap() = std::time::Duration::from_secs(31);
    browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
    app.drain().await;
    assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE unsure AND state = 'queued'").await, 1);
    while fake.count() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    *fake.delay.lock().unwrap() = std::time::Duration::ZERO;
    app.wait(Duration::seconds(30));
    app.drain().await;
    assert_eq!(fake.count(), 1);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM message WHERE state = 'accepted' AND resent = 0 AND channel = 'sms'").await,
        1
    );
}

on_both! {
    async fn what_waited_too_long_expires_even_when_no_gateway_is_there(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let browser = arrived(&app).await;
        fake.is_now(Manner::Refuse("401 No", "{\"code\":20003}"));
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        assert!(app.browser().get("/metrics").await.html.contains("guichet_alarms_total{what=\"operator\"} 1"));
        app.wait(Duration::minutes(31));
        app.drain().await;
        browser.sign_in(&voter(1), PASSWORD).await;
        let page = browser.get("/electeur/identifiant/suivi").await.expect(200, "voided");
        assert!(page.text().contains("encore recevoir 3 identifiants"));
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'expired' AND sealed IS NULL").await, 1);
    }
}

on_both! {
    async fn a_page_that_asks_by_itself_keeps_no_session_alive(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let browser = arrived(&app).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        for _ in 0..3 {
            app.wait(Duration::minutes(9));
            browser.get("/electeur/identifiant/suivi?seul=oui").await.expect(200, "issued");
        }
        app.wait(Duration::minutes(4));
        assert_eq!(browser.get("/electeur/identifiant/suivi?seul=oui").await.path, "/connexion");
    }
}
