//! How fast messages leave, in which order, how many, and until when.

use std::sync::Arc;

use chrono::Duration;
use guichet::carriers::MailCarrier;
use guichet::entities::message::Channel;
use guichet::outbox::{self, letters, post};
use guichet::settings::Settings;
use guichet::values::Token;
use guichet::worker;
use rocket::tokio::sync::watch;

use crate::support::sms::{FIRST, on_twilio, on_twilio_with, send};
use crate::support::twilio::Manner;
use crate::support::{App, Backend, PASSWORD, on_both, reader, voter};

on_both! {
    async fn a_number_gets_so_many_sms_in_an_hour(app: App) {
        let (app, fake, browser) = on_twilio_with(app, |sms| sms.per_number_per_hour = 1).await;
        for _ in 0..2 {
            send(&app, &browser, FIRST).await;
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
        let (app, fake, browser) = on_twilio_with(app, |sms| sms.per_number_per_hour = 1).await;
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
        let (app, fake, _) = on_twilio_with(app, |sms| sms.per_hour = 2).await;
        app.wait(Duration::minutes(45));
        let voters: Vec<_> = (2..=4).map(voter).collect();
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
            outbox::enqueue(&work, portal, None, notice).await.unwrap();
        }
        for _ in 0..100 {
            let token = Token::draw(&portal.chance);
            let awaited = letters::password_link(portal, reader("b@ac-valmont.example"), &token, portal.now(), None).unwrap();
            outbox::enqueue(&work, portal, None, awaited).await.unwrap();
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
            outbox::enqueue(&work, &app.portal, None, letter).await.unwrap();
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

on_both! {
    async fn what_waited_too_long_expires_even_when_no_gateway_is_there(app: App) {
        let (app, fake, browser) = on_twilio(app).await;
        fake.is_now(Manner::Refuse("401 No", "{\"code\":20003}"));
        send(&app, &browser, FIRST).await;
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
    async fn what_is_worth_nothing_any_more_is_never_sent(app: App) {
        let work = app.portal.db.begin().await.unwrap();
        for _ in 0..200 {
            let token = Token::draw(&app.portal.chance);
            let link = letters::password_link(&app.portal, reader("b@ac-valmont.example"), &token, app.portal.now(), None).unwrap();
            outbox::enqueue(&work, &app.portal, None, link).await.unwrap();
        }
        work.commit().await.unwrap();
        app.wait(Duration::hours(25));
        assert!(post::claim(&app.portal, Channel::Mail, None, 64).await.unwrap().is_empty());
        app.drain().await;
        assert!(app.mails_to("b@ac-valmont.example").is_empty());
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'expired'").await, 200);
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
        outbox::enqueue(&work, &app.portal, None, notice).await.unwrap();
    }
    for _ in 0..1_000 {
        let token = Token::draw(&app.portal.chance);
        let link = letters::password_link(&app.portal, reader("b@ac-valmont.example"), &token, app.portal.now(), None)
            .unwrap();
        outbox::enqueue(&work, &app.portal, None, link).await.unwrap();
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
