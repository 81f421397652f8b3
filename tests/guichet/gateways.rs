//! Gateways that are away, uncertain or not understood: the next takes over, and nothing is sent twice without need.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::Duration;
use guichet::carriers::Gateway;
use guichet::carriers::gateway::Kind;
use guichet::carriers::http::HttpGateway;
use guichet::settings::{HttpGatewaySettings, Success};
use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::TcpListener;

use crate::support::sms::{FIRST, SECOND, arrived, of_state, on_twilio, send, twilio, with};
use crate::support::twilio::{FakeTwilio, Manner};
use crate::support::{App, Backend, PASSWORD, on_both, voter};

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

/// A server that takes one request, closes without an answer, and is gone.
async fn gone() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.read(&mut [0; 8192]).await;
    });
    base
}

on_both! {
    async fn what_may_have_left_is_asked_first_and_sent_again_only_when_nobody_can_tell(app: App) {
        let fake = FakeTwilio::start(app.portal.clock.clone()).await;
        let spare = FakeTwilio::start(app.portal.clock.clone()).await;
        let app = with(app, |app| vec![twilio(app, "twilio", &fake.base), twilio(app, "spare", &spare.base)]).await;
        let browser = arrived(&app).await;
        fake.is_now(Manner::TakeAndClose);
        send(&app, &browser, FIRST).await;
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE unsure").await, 1);
        app.wait(Duration::seconds(30));
        app.drain().await;
        assert_eq!((fake.count(), spare.count()), (1, 0), "it was found, not sent again");
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'accepted' AND channel = 'sms'").await, 1);

        *fake.lists.lock().unwrap() = false;
        send(&app, &browser, FIRST).await;
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
        assert_eq!(browser.sign_in(&voters[0], PASSWORD).await.path, "/electeur");
        browser.ask_identifier(&voters[0], "06 12 34 56 00").await.expect(200, "issued");
        app.drain().await;
        assert_eq!((fake.count(), other.count()), (1, 8));
    }
}

/// What arrives too late to be an answer was still sent: it is found when the gateway is asked.
#[tokio::test]
async fn a_gateway_that_answers_after_we_gave_up_is_not_handed_the_sms_again() {
    let app = App::start(Backend::Sqlite).await;
    let (app, fake, browser) = on_twilio(app).await;
    // It takes the message half-way, a little after our patience of 15 seconds.
    *fake.delay.lock().unwrap() = std::time::Duration::from_secs(31);
    send(&app, &browser, FIRST).await;
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
    async fn a_gateway_that_can_not_be_asked_is_not_given_up_for_another(app: App) {
        let spare = FakeTwilio::start(app.portal.clock.clone()).await;
        let base = gone().await;
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
        let base = gone().await;
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
    async fn the_last_try_is_asked_about_too(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        fake.is_now(Manner::Refuse("503 Away", ""));
        send(&app, &browser, FIRST).await;
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
        send(&app, &browser, FIRST).await;
        spare.is_now(Manner::Take);
        app.wait(Duration::minutes(1));
        app.drain().await;
        assert_eq!((fake.count(), spare.count()), (0, 1));
    }
}

on_both! {
    async fn a_message_that_is_not_allowed_keeps_nobody_elses(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        app.enrol(&[voter(2)]).await;
        fake.is_now(Manner::Refuse("400 Bad Request", "{\"code\":21408}"));
        send(&app, &browser, FIRST).await;
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
