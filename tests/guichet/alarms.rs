//! What the operator is told: what waits, who is late, which carrier is away.

use std::collections::HashMap;
use std::process::Stdio;

use chrono::Duration;
use guichet::alarms::Watch;
use guichet::carriers::{Handover, Reason};
use guichet::values::Clock;
use reqwest::redirect::Policy;
use sea_orm::ConnectionTrait;

use crate::support::process::{Process, free_port, serving, wait_for};
use crate::support::twilio::FakeTwilio;
use crate::support::{App, Backend, on_both, voter};

/// The figures of `/metrics`, by name and labels.
async fn figures(app: &App) -> HashMap<String, i64> {
    let text = app.browser().get("/metrics").await.expect(200, "").html;
    let figures = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    figures.filter_map(|(name, figure)| Some((name.to_owned(), figure.parse().ok()?))).collect()
}

fn waits(queue: &str) -> (String, String) {
    (format!("guichet_waiting{{queue=\"{queue}\"}}"), format!("guichet_oldest_waiting_seconds{{queue=\"{queue}\"}}"))
}

fn alarms(what: &str) -> String {
    format!("guichet_alarms_total{{what=\"{what}\"}}")
}

on_both! {
    async fn what_waits_is_shown_and_who_is_late_is_told_once(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        app.drain().await;
        app.wait(Duration::minutes(2));
        browser.ask_identifier(&voter(1), "06 12 34 56 78").await.expect(200, "issued");
        app.browser().post("/mot-de-passe/oublie", &[("email", &voter(2).email)]).await;
        app.browser().post("/mot-de-passe/oublie/confirmer", &[("email", &voter(2).email)]).await.expect(200, "reset-sent");
        let mut watch = Watch::default();
        let limits = (app.portal.settings.sms.late_seconds, app.portal.settings.mail.late_seconds);
        assert_eq!(limits, (120, 300));
        for (seconds, late_sms, late_request) in [(0, None, None), (121, Some(1), None), (180, Some(1), Some(1)), (5, Some(1), Some(1))] {
            app.wait(Duration::seconds(seconds));
            watch.look(&app.portal).await.unwrap();
            let told = figures(&app).await;
            assert_eq!((told[&waits("sms").0], told[&waits("request").0]), (1, 1));
            assert_eq!(told.get(&alarms("late-sms")).copied(), late_sms, "after {seconds} more");
            assert_eq!(told.get(&alarms("late-request")).copied(), late_request, "after {seconds} more");
        }
        let told = figures(&app).await;
        assert_eq!((told[&waits("sms").1], told[&waits("request").1]), (306, 306));
        // The mail that tells of the identifier is no link.
        assert_eq!((told[&waits("mail").0], told.get(&alarms("late-mail"))), (1, None));

        app.drain().await;
        watch.look(&app.portal).await.unwrap();
        let told = figures(&app).await;
        for queue in ["sms", "mail", "request"] {
            assert_eq!((told[&waits(queue).0], told[&waits(queue).1]), (0, 0), "{queue}");
        }
    }
}

on_both! {
    async fn what_waits_for_a_cap_or_for_its_own_mailbox_is_not_late(app: App) {
        let mut app = app;
        app.enrol(&[voter(1), voter(2)]).await;
        let mut settings = (*app.portal.settings).clone();
        settings.sms.per_hour = 1;
        app.portal.settings = settings.into();
        for n in [1, 2] {
            let browser = app.browser();
            browser.arrive(&app, &voter(n)).await;
            browser.ask_identifier(&voter(n), &format!("06 12 34 56 7{n}")).await.expect(200, "issued");
        }
        app.drain().await;
        let full = "UPDATE message SET ended_at = NULL, state = 'queued', attempts = 1, failure = 'mailbox-full' \
                    WHERE letter = 'password-link'";
        app.portal.db.execute_unprepared(full).await.unwrap();
        app.wait(Duration::minutes(10));
        let mut watch = Watch::default();
        watch.look(&app.portal).await.unwrap();
        let told = figures(&app).await;
        assert_eq!(told[&waits("sms").0], 1);
        assert!(told[&waits("mail").0] > 0);
        assert!(!told.contains_key(&alarms("late-sms")) && !told.contains_key(&alarms("late-mail")), "{told:?}");
        // Once its hour has come, it is.
        app.wait(Duration::minutes(60));
        watch.look(&app.portal).await.unwrap();
        assert_eq!(figures(&app).await[&alarms("late-sms")], 1);
    }
}

on_both! {
    async fn figures_of_a_database_that_is_away_are_shown_no_longer(app: App) {
        let mut watch = Watch::default();
        watch.look(&app.portal).await.unwrap();
        assert_eq!(figures(&app).await[&waits("sms").0], 0);
        app.portal.db.close().await.unwrap();
        watch.look(&app.portal).await.unwrap_err();
        let told = figures(&app).await;
        assert!(!told.keys().any(|name| name.contains("waiting")), "{told:?}");
    }
}

on_both! {
    async fn an_outage_of_every_carrier_is_told_once_and_so_is_its_end(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        browser.ask_identifier(&voter(1), "06 12 34 56 78").await.expect(200, "issued");
        app.sms_answers(vec![Handover::Blocked(Reason::Operator.with("20003"))]);
        app.drain().await;
        let mut watch = Watch::default();
        let aside = "guichet_carrier_set_aside{carrier=\"memory\"}";
        for _ in 0..2 {
            watch.look(&app.portal).await.unwrap();
            let told = figures(&app).await;
            assert_eq!((told[aside], told[&alarms("no-sms-carrier")]), (1, 1));
        }
        assert_eq!(figures(&app).await["guichet_carrier_set_aside{carrier=\"mail\"}"], 0);
        app.wait(Duration::minutes(1));
        app.drain().await;
        watch.look(&app.portal).await.unwrap();
        assert_eq!(figures(&app).await[aside], 0);
        assert_eq!(app.sms().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_proxys_header_that_was_forgotten_is_noticed() {
    let app = App::start(Backend::Sqlite).await;
    let fake = FakeTwilio::start(Clock::System).await;
    let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    for (header, told) in [("", 1), ("X-Real-IP", 0)] {
        let port = free_port();
        let mut command = serving(&app, &fake, port);
        if !header.is_empty() {
            command.env("ROCKET_IP_HEADER", header);
        }
        let _process = Process(command.stderr(Stdio::null()).spawn().unwrap());
        wait_for(&browser, port).await;
        for visitor in 0..300 {
            let form = browser.post(format!("http://127.0.0.1:{port}/connexion")).form(&[("email", "a@b.example")]);
            let form = form.header("X-Real-IP", format!("192.0.2.{}", visitor % 250));
            assert_eq!(form.send().await.unwrap().status(), 303);
        }
        let figures =
            browser.get(format!("http://127.0.0.1:{port}/metrics")).send().await.unwrap().text().await.unwrap();
        assert_eq!(figures.matches(&format!("{} 1\n", alarms("one-origin"))).count(), told, "{header}: {figures}");
    }
}
