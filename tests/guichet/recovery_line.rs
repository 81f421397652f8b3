//! The line of those who ask for a link: floods, fairness, and what could not be answered.

use std::net::IpAddr;

use chrono::Duration;
use guichet::recovery::{answer, ask};
use guichet::upkeep;
use guichet::values::{EmailAddress, Language};
use sea_orm::ConnectionTrait as _;

use crate::support::app::CAPTCHA;
use crate::support::{App, Backend, Voter, on_both, voter};

const CONFIRM: &str = "/mot-de-passe/oublie/confirmer";

fn network(text: &str) -> IpAddr {
    text.parse().unwrap()
}

async fn ask_for(app: &App, someone: &Voter, from: &str) {
    let email = EmailAddress::parse(&someone.email).unwrap();
    ask::ask(&app.portal, &email, Language::French, network(from)).await.unwrap();
}

#[tokio::test]
async fn beyond_its_share_a_network_copies_a_code_and_others_do_not() {
    let share = |figment: rocket::figment::Figment| figment.merge(("throttle.origin_recoveries_per_minute", 3));
    let app = App::start_with(Backend::Sqlite, share).await;
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.post("/mot-de-passe/oublie", &[("email", &voter(1).email)]).await;
    for n in 0..3 {
        browser.post(CONFIRM, &[("email", &voter(n).email)]).await.expect(200, "reset-sent");
    }
    let asked = browser.post(CONFIRM, &[("email", &voter(1).email)]).await.expect(429, "throttled");
    assert!(asked.text().contains("Copiez ce code"));
    let name = asked.input("captcha_id");
    assert_eq!(browser.get(&format!("/captcha/{name}.png")).await.status, 200);
    assert_eq!(browser.get(&format!("/captcha/{name}.wav")).await.status, 200);
    assert_eq!(app.browser().get(&format!("/captcha/{name}.png")).await.status, 404, "another browser's");
    let code = |captcha: &'static str, name: &str| {
        vec![("email", voter(1).email), ("captcha", captcha.to_owned()), ("captcha_id", name.to_owned())]
    };
    let send = async |fields: Vec<(&'static str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(CONFIRM, &fields).await
    };
    let wrong = send(code("ZZZZZ", &name)).await.expect(422, "captcha-refused");
    let renewed = send([code("", &name), vec![("renew", "on".to_owned())]].concat()).await.expect(429, "throttled");
    assert_ne!(wrong.input("captcha_id"), renewed.input("captcha_id"));
    let other = [code(CAPTCHA, &renewed.input("captcha_id"))[1..].to_vec(), vec![("email", voter(2).email)]].concat();
    send(other).await.expect(422, "captcha-refused");
    send(code(CAPTCHA, &renewed.input("captcha_id"))).await.expect(200, "reset-sent");
}

on_both! {
    async fn a_flood_from_one_network_stands_behind_a_request_from_elsewhere(app: App) {
        let voters: Vec<Voter> = (0..60).map(voter).collect();
        app.enrol(&voters).await;
        let mut portal = app.portal.clone();
        let mut settings = (*portal.settings).clone();
        settings.throttle.origin_recoveries_per_minute = 20;
        portal.settings = std::sync::Arc::new(settings);
        let email = |someone: &Voter| EmailAddress::parse(&someone.email).unwrap();
        for someone in &voters[..50] {
            ask::ask(&portal, &email(someone), Language::French, network("192.0.2.1")).await.unwrap();
        }
        app.wait(Duration::seconds(1));
        ask::ask(&portal, &email(&voters[55]), Language::French, network("198.51.100.7")).await.unwrap();
        // One of the flood came a second before; every other has its turn later.
        for _ in 0..2 {
            assert!(answer::answer_next(&portal).await.unwrap());
        }
        let theirs = format!(
            "SELECT COUNT(*) FROM recovery_ticket JOIN account ON account.id = account_id WHERE email = '{}'",
            voters[55].email
        );
        assert_eq!(app.count(&theirs).await, 1);
        app.drain().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM recovery_ticket").await, 51, "nobody is lost");
    }
}

on_both! {
    async fn requests_for_one_address_wait_as_one_and_a_flood_does_not_put_it_back(app: App) {
        app.enrol(&[voter(1), voter(2), voter(3)]).await;
        let mut portal = app.portal.clone();
        let mut settings = (*portal.settings).clone();
        settings.throttle.origin_recoveries_per_minute = 20;
        portal.settings = std::sync::Arc::new(settings);
        let ask = async |n: u32, from: &str| {
            let email = EmailAddress::parse(&voter(n).email).unwrap();
            ask::ask(&portal, &email, Language::French, network(from)).await.unwrap();
        };
        for _ in 0..20 {
            ask(2, "192.0.2.1").await;
            ask(1, "192.0.2.1").await;
        }
        assert_eq!(app.count("SELECT COUNT(*) FROM recovery_request").await, 2);
        ask(3, "192.0.2.1").await;
        // The voter's own request, from elsewhere, brings the address forward.
        ask(3, "198.51.100.7").await;
        let ahead = "SELECT COUNT(*) FROM recovery_request WHERE turn_at <= (SELECT MAX(turn_at) FROM recovery_request WHERE id = (SELECT MAX(id) FROM recovery_request))";
        assert_eq!(app.count(ahead).await, 2, "beside the one that came first");
        app.drain().await;
        for n in [1, 2, 3] {
            assert_eq!(app.mails_to(&voter(n).email).len(), 1);
        }
    }
}

on_both! {
    async fn many_processes_answer_each_request_once(app: App) {
        let voters: Vec<Voter> = (0..40).map(voter).collect();
        app.enrol(&voters).await;
        for (n, someone) in voters.iter().enumerate() {
            ask_for(&app, someone, &format!("192.0.2.{n}")).await;
        }
        let workers = (0..8).map(|_| {
            let portal = app.portal.clone();
            tokio::spawn(async move { while answer::answer_next(&portal).await.unwrap() {} })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.unwrap();
        }
        app.drain().await;
        for someone in &voters {
            assert_eq!(app.mails_to(&someone.email).len(), 1, "{}", someone.email);
        }
    }
}

on_both! {
    async fn what_could_not_be_answered_is_tried_again_and_then_set_aside_for_the_operator(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        let broken = |population: &str| format!("UPDATE account SET population = '{population}' WHERE email = '{}'", voter(1).email);
        app.portal.db.execute_unprepared(&broken("nobody")).await.unwrap();
        ask_for(&app, &voter(1), "192.0.2.1").await;
        ask_for(&app, &voter(2), "192.0.2.1").await;
        app.drain().await;
        assert_eq!(app.mails_to(&voter(2).email).len(), 1, "nobody is held up");
        assert_eq!(app.count("SELECT COUNT(*) FROM recovery_request WHERE attempts = 1").await, 1, "and nothing is lost");
        app.portal.db.execute_unprepared(&broken("electors")).await.unwrap();
        app.drain().await;
        assert_eq!(app.mails_to(&voter(1).email).len(), 0, "its pause is not over");
        app.wait(Duration::seconds(10));
        app.drain().await;
        assert_eq!(app.mails_to(&voter(1).email).len(), 1);

        app.portal.db.execute_unprepared(&broken("nobody")).await.unwrap();
        app.wait(Duration::minutes(1));
        ask_for(&app, &voter(1), "192.0.2.1").await;
        for _ in 0..6 {
            app.drain().await;
            app.wait(Duration::minutes(20));
        }
        assert_eq!(answer::set_aside(&app.portal).await.unwrap(), 1);
        assert!(app.portal.metrics.text().unwrap().contains("guichet_alarms_total{what=\"recovery\"} 1"));
        app.portal.db.execute_unprepared(&broken("electors")).await.unwrap();
        app.drain().await;
        assert_eq!(app.mails_to(&voter(1).email).len(), 1, "set aside");
        assert_eq!(answer::retry(&app.portal).await.unwrap(), 1);
        app.drain().await;
        assert_eq!(app.mails_to(&voter(1).email).len(), 2);
    }
}

on_both! {
    async fn a_worker_that_dies_gives_its_request_back(app: App) {
        app.enrol(&[voter(1)]).await;
        ask_for(&app, &voter(1), "192.0.2.1").await;
        // As after a claim whose process was killed.
        let minute = (app.portal.now() + Duration::seconds(60)).to_rfc3339();
        let claimed = format!("UPDATE recovery_request SET due_at = '{minute}'");
        app.portal.db.execute_unprepared(&claimed).await.unwrap();
        app.drain().await;
        assert_eq!(app.mails_to(&voter(1).email).len(), 0);
        app.wait(Duration::seconds(61));
        app.drain().await;
        assert_eq!(app.mails_to(&voter(1).email).len(), 1);
    }
}

on_both! {
    async fn what_has_ended_is_forgotten_and_what_lives_is_not(app: App) {
        app.enrol(&[voter(1), voter(2)]).await;
        app.browser().arrive(&app, &voter(1)).await;
        app.browser().sign_in(&voter(9), "Nimporte7quoi").await;
        let rows = async || {
            let mut rows = Vec::new();
            for table in ["session", "recovery_ticket", "sign_in_throttle"] {
                rows.push(app.count(&format!("SELECT COUNT(*) FROM {table}")).await);
            }
            rows
        };
        let forget = async || upkeep::forget(&app.portal).await.unwrap();
        assert_eq!(rows().await, [1, 1, 1]);
        app.wait(Duration::hours(12));
        forget().await;
        assert_eq!(rows().await, [1, 1, 1]);
        app.wait(Duration::hours(2));
        forget().await;
        assert_eq!(rows().await, [0, 1, 1]);
        app.wait(Duration::days(2));
        forget().await;
        assert_eq!(rows().await, [0, 1, 0]);
        app.wait(Duration::days(6));
        forget().await;
        assert_eq!(rows().await, [0, 0, 0]);
    }
}
