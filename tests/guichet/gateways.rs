//! Gateways and a worker under stress: what is late, replaced, uncertain or refused harms nobody else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::Duration;
use guichet::carriers::gateway::Kind;
use guichet::carriers::http::HttpGateway;
use guichet::carriers::{Gateway, MailCarrier};
use guichet::entities::message::Channel;
use guichet::outbox::{self, letters, post};
use guichet::settings::{HttpGatewaySettings, Settings, Success};
use guichet::values::Token;
use guichet::worker;
use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::TcpListener;
use rocket::tokio::sync::watch;

use crate::delivery::{FIRST, arrived, receipt, twilio, with};
use crate::support::twilio::{FakeTwilio, Manner};
use crate::support::{App, Backend, on_both, reader, voter};

const SECOND: &str = "06 12 34 56 79";

/// A server that answers every request alike, and how many posts it saw.
async fn always(answer: &'static str) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let posts = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&posts);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 8192];
            let read = socket.read(&mut request).await.unwrap_or_default();
            count.fetch_add(u32::from(request[..read].starts_with(b"POST")), Ordering::SeqCst);
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    (base, posts)
}

fn any(base: &str) -> Gateway {
    let settings = HttpGatewaySettings {
        url: format!("{base}/envois"),
        headers: BTreeMap::new(),
        content_type: "application/json".into(),
        body: r#"{"a": "{{to}}", "texte": "{{text}}"}"#.into(),
        success: Some(Success { pointer: "/etat".into(), value: "OK".into() }),
        id: None,
        error: None,
        number_faults: Vec::new(),
        per_second: None,
    };
    Gateway::new("secours", Kind::Http(Box::new(HttpGateway::new(&settings).unwrap())), 0)
}

async fn of_state(app: &App, state: &str) -> i64 {
    app.count(&format!("SELECT COUNT(*) FROM voting_identifier WHERE state = '{state}'")).await
}

on_both! {
    async fn an_sms_that_waits_is_withdrawn_when_another_identifier_replaces_it(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let browser = arrived(&app).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.wait(Duration::minutes(3));
        // The first SMS has not even left: that is not the voter's fault.
        browser.ask_identifier(&voter(1), SECOND).await.expect(200, "issued");
        app.drain().await;
        assert_eq!((fake.count(), fake.last().to.as_str()), (1, "+33612345679"));
        assert_eq!((of_state(&app, "voided").await, of_state(&app, "revoked").await), (1, 0), "the try is given back");
        assert_eq!(app.count("SELECT COUNT(*) FROM phone_claim").await, 1, "and the first number is free");

        // Replaced at once, it was the voter's own wish.
        for mobile in [FIRST, FIRST] {
            browser.ask_identifier(&voter(1), mobile).await.expect(200, "issued");
        }
        app.drain().await;
        assert_eq!((fake.count(), of_state(&app, "revoked").await), (2, 2));
        assert_eq!(app.count("SELECT COUNT(*) FROM phone_claim").await, 2);
    }
}

on_both! {
    async fn a_mistyped_number_that_received_nothing_is_its_owners(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        app.enrol(&[voter(2)]).await;
        let browser = arrived(&app).await;
        fake.is_now(Manner::Refuse("503 Away", ""));
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        browser.ask_identifier(&voter(1), SECOND).await.expect(200, "issued");
        let owner = app.browser();
        owner.arrive(&app, &voter(2)).await;
        owner.ask_identifier(&voter(2), FIRST).await.expect(200, "issued");
    }
}

on_both! {
    async fn what_is_worth_nothing_any_more_is_never_sent(app: App) {
        let work = app.portal.db.begin().await.unwrap();
        for _ in 0..200 {
            let token = Token::draw(&app.portal.chance);
            let link = letters::password_link(&app.portal, reader("b@ac-valmont.example"), &token, app.portal.now(), None).unwrap();
            outbox::enqueue(&*work, &app.portal, None, link).await.unwrap();
        }
        work.commit().await.unwrap();
        app.wait(Duration::hours(25));
        assert!(post::claim(&app.portal, Channel::Mail, None, 64).await.unwrap().is_empty());
        app.drain().await;
        assert!(app.mails_to("b@ac-valmont.example").is_empty());
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'expired'").await, 200);
    }
}

on_both! {
    async fn a_gateway_that_can_not_be_asked_is_not_given_up_for_another(app: App) {
        let spare = FakeTwilio::start(app.portal.clock.clone()).await;
        // It takes the SMS, closes without an answer, and is gone.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let _ = socket.read(&mut [0; 8192]).await;
        });
        let app = with(app, |app| vec![twilio(app, "twilio", &base), twilio(app, "spare", &spare.base)]).await;
        let browser = arrived(&app).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        for _ in 0..5 {
            app.drain().await;
            app.wait(Duration::minutes(3));
        }
        assert_eq!(spare.count(), 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE unsure AND state = 'queued'").await, 1);
        app.wait(Duration::minutes(20));
        app.drain().await;
        assert_eq!(of_state(&app, "voided").await, 1);
    }
}

on_both! {
    async fn a_gateway_that_nobody_understands_gets_an_sms_three_times_at_most(app: App) {
        let html = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<html>ok</html>";
        let (base, posts) = always(html).await;
        let app = with(app, |_| vec![any(&base)]).await;
        let browser = arrived(&app).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        for _ in 0..29 {
            app.drain().await;
            app.wait(Duration::minutes(1));
        }
        assert_eq!(posts.load(Ordering::SeqCst), 3);
        assert!(app.portal.metrics.text().unwrap().contains("guichet_resent_total 2"));
        app.wait(Duration::minutes(2));
        app.drain().await;
        assert_eq!((posts.load(Ordering::SeqCst), of_state(&app, "voided").await), (3, 1));
    }
}

on_both! {
    async fn a_gateway_that_never_tells_keeps_what_it_may_have_taken(app: App) {
        let spare = FakeTwilio::start(app.portal.clock.clone()).await;
        // It takes the SMS, closes without an answer, and is gone.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let _ = socket.read(&mut [0; 8192]).await;
        });
        let app = with(app, |app| vec![any(&base), twilio(app, "spare", &spare.base)]).await;
        let browser = arrived(&app).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        for _ in 0..6 {
            app.drain().await;
            app.wait(Duration::minutes(3));
        }
        assert_eq!(spare.count(), 0);
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE unsure AND state = 'queued'").await, 1);
    }
}

on_both! {
    async fn what_may_have_left_counts_among_the_three(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let browser = arrived(&app).await;
        fake.is_now(Manner::TakeAndClose);
        for _ in 0..3 {
            browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
            app.drain().await;
            app.wait(Duration::minutes(2));
        }
        app.drain().await;
        browser.get("/electeur/identifiant").await.expect(200, "limit-reached");
        assert_eq!((of_state(&app, "revoked").await, of_state(&app, "active").await, fake.count()), (2, 1, 3));
    }
}

on_both! {
    async fn the_last_try_is_asked_about_too(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let browser = arrived(&app).await;
        fake.is_now(Manner::Refuse("503 Away", ""));
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        app.wait(Duration::seconds(1785));
        fake.is_now(Manner::TakeAndClose);
        app.drain().await;
        assert_eq!(fake.count(), 1);
        app.wait(Duration::seconds(30));
        app.drain().await;
        assert_eq!((of_state(&app, "active").await, of_state(&app, "voided").await), (1, 0));
    }
}

on_both! {
    async fn a_fallback_that_was_away_is_tried_again(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let spare = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base), twilio(app, "spare", &spare.base)]).await;
        let browser = arrived(&app).await;
        let refused = Manner::Refuse("400 Bad Request", "{\"code\":21408}");
        fake.is_now(refused);
        spare.is_now(Manner::Refuse("401 No", "{\"code\":20003}"));
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        spare.is_now(Manner::Take);
        app.wait(Duration::minutes(1));
        app.drain().await;
        assert_eq!((fake.count(), spare.count()), (0, 1));
    }
}

on_both! {
    async fn a_message_that_is_not_allowed_keeps_nobody_elses(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        app.enrol(&[voter(2)]).await;
        let browser = arrived(&app).await;
        fake.is_now(Manner::Refuse("400 Bad Request", "{\"code\":21408}"));
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        assert!(app.portal.metrics.text().unwrap().contains("guichet_alarms_total{what=\"operator\"} 1"));
        fake.is_now(Manner::Take);
        let other = app.browser();
        other.arrive(&app, &voter(2)).await;
        other.ask_identifier(&voter(2), SECOND).await.expect(200, "issued");
        app.drain().await;
        assert_eq!(fake.count(), 1, "at once");

        // An account that is closed keeps everybody's.
        fake.is_now(Manner::Refuse("401 No", "{\"code\":20003}"));
        other.ask_identifier(&voter(2), SECOND).await.expect(200, "issued");
        app.drain().await;
        assert!(app.portal.carriers.sms.open(app.portal.now()).is_none());
    }
}

on_both! {
    async fn a_receipt_that_wants_the_operator_is_an_alarm(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let browser = arrived(&app).await;
        for (code, is_open) in [("30007", true), ("30002", false)] {
            browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
            app.drain().await;
            let sid = fake.last().sid;
            let fields = [("MessageSid", sid.as_str()), ("MessageStatus", "undelivered"), ("ErrorCode", code)];
            assert_eq!(receipt(&app, "/webhooks/twilio", &fields).await, 204);
            assert_eq!(app.portal.carriers.sms.open(app.portal.now()).is_some(), is_open, "{code}");
        }
        assert!(app.portal.metrics.text().unwrap().contains("guichet_alarms_total{what=\"operator\"} 2"));
        assert_eq!(of_state(&app, "voided").await, 2);
    }
}

on_both! {
    async fn that_was_not_me_works_after_the_window_too(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base)]).await;
        let browser = arrived(&app).await;
        browser.ask_identifier(&voter(1), FIRST).await.expect(200, "issued");
        app.drain().await;
        app.wait(app.election.reissue_closes - app.portal.now() + Duration::minutes(5));
        let link = app.mailed_link(&voter(1).email, "/pas-moi/");
        app.browser().post(&link, &[]).await.expect(200, "frozen");
        assert_eq!(of_state(&app, "active").await, 0, "an identifier still opens the vote itself");
        let sid = fake.last().sid;
        let fields = [("MessageSid", sid.as_str()), ("MessageStatus", "undelivered"), ("ErrorCode", "30006")];
        assert_eq!(receipt(&app, "/webhooks/twilio", &fields).await, 204);
        app.drain().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notices_leave_while_links_wait() {
    let mut app = App::start(Backend::Sqlite).await;
    let mut settings: Settings = (*app.portal.settings).clone();
    settings.mail.per_second = 50;
    app.portal.settings = Arc::new(settings);
    let mail = MailCarrier::from_settings(&app.portal.settings).unwrap();
    app = app
        .with_carriers("http://localhost:8000", |_| {
            Arc::new(guichet::carriers::Carriers { mail, sms: guichet::carriers::Gateways::new(Vec::new()) })
        })
        .await;
    let work = app.portal.db.begin().await.unwrap();
    for _ in 0..20 {
        let notice = letters::password_changed(&app.portal, reader("a@ac-valmont.example"), None).unwrap();
        outbox::enqueue(&*work, &app.portal, None, notice).await.unwrap();
    }
    for _ in 0..1_000 {
        let token = Token::draw(&app.portal.chance);
        let link = letters::password_link(&app.portal, reader("b@ac-valmont.example"), &token, app.portal.now(), None)
            .unwrap();
        outbox::enqueue(&*work, &app.portal, None, link).await.unwrap();
    }
    work.commit().await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(worker::run(app.portal.clone(), stopped));
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let ended = |priority| format!("SELECT COUNT(*) FROM message WHERE ended_at IS NOT NULL AND priority = {priority}");
    let (links, notices) = (app.count(&ended(0)).await, app.count(&ended(1)).await);
    stop.send(true).unwrap();
    worker.await.unwrap();
    assert!(links < 1_000, "links still wait: {links}");
    assert_eq!(notices, 20, "beside {links} links");
}
