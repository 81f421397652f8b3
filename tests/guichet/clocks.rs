//! Processes on machines whose clocks are wrong, beside a right one on one database.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::Duration;
use guichet::carriers::{Carriers, Gateways, MailCarrier};
use guichet::entities::message::Channel;
use guichet::outbox::post;
use guichet::portal::Portal;
use guichet::values::Clock;
use guichet::{web, worker};
use rocket::local::asynchronous::Client;
use rocket::tokio::sync::watch;

use crate::support::app::peer;
use crate::support::process::form;
use crate::support::sms::{of_state, twilio};
use crate::support::twilio::FakeTwilio;
use crate::support::{App, Backend, Browser, voter};

const VOTERS: u32 = 40;

/// Another process on the app's database, whose machine's clock is ahead.
fn process(app: &App, fake: &FakeTwilio, ahead: Duration) -> Portal {
    let carriers = Carriers {
        mail: MailCarrier::memory(Arc::default()),
        sms: Gateways::new(vec![twilio(app, "twilio", &fake.base)]),
    };
    Portal { clock: Clock::led(ahead), carriers: Arc::new(carriers), metrics: Arc::default(), ..app.portal.clone() }
}

/// An app on PostgreSQL that goes by the clock of this machine, with some voters.
async fn app(test: &str, voters: u32) -> Option<App> {
    let mut app = App::start(Backend::Postgres(peer("GUICHET_TEST_POSTGRES", test)?)).await;
    app.open_the_window().await;
    app.enrol(&(0..voters).map(voter).collect::<Vec<_>>()).await;
    app.portal.clock = Clock::System;
    let carriers = Arc::clone(&app.portal.carriers);
    Some(app.with_carriers("http://localhost:8000", |_| carriers).await)
}

async fn issue(app: &App, n: u32) {
    let (cookie, form) = form(app, n).await;
    let browser: Browser = app.browser();
    let (name, token) = cookie.split_once('=').unwrap();
    browser.cookies.lock().unwrap().insert(name.to_owned(), token.to_owned());
    browser.submit(&form).await.expect(200, "issued");
}

async fn readiness(app: &App, portal: &Portal) -> (u16, String) {
    let client = Client::untracked(web::rocket(portal.clone(), app.figment.clone())).await.unwrap();
    let page = Browser::new(Arc::new(client)).get("/readyz").await;
    (page.status, page.html)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn leases_and_validity_go_by_the_databases_time() {
    let Some(app) = app("clocks::leases_and_validity…", 1).await else { return };
    issue(&app, 0).await;
    let fake = FakeTwilio::start(Clock::System).await;
    let right = process(&app, &fake, Duration::zero());
    let claim = async |portal: &Portal| post::claim(portal, Channel::Sms, Some("twilio"), 10).await.unwrap().len();
    let overdue = async |portal: &Portal| post::claim_overdue(portal, Channel::Sms, true, 10).await.unwrap().len();
    assert_eq!(claim(&right).await, 1);
    for ahead in [Duration::seconds(90), Duration::minutes(31), Duration::minutes(-31)] {
        let wrong = process(&app, &fake, ahead);
        wrong.hear_the_time().await.unwrap();
        assert!((wrong.now() - right.now()).abs() < Duration::seconds(1), "{ahead}");
        assert_eq!((claim(&wrong).await, overdue(&wrong).await), (0, 0), "{ahead}");
        // A jump between two questions changes nothing.
        wrong.clock.advance(Duration::minutes(31));
        assert_eq!((claim(&wrong).await, overdue(&wrong).await), (0, 0), "{ahead}");
    }
    // By its own time it would have taken what another has in hand.
    assert_eq!(overdue(&process(&app, &fake, Duration::minutes(31))).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wrong_clock_sends_nothing_twice_voids_nothing_and_is_told() {
    let clocks = [Duration::seconds(5), Duration::seconds(90), Duration::minutes(31)];
    let Some(app) = app("clocks::a_wrong_clock…", VOTERS * 3).await else { return };
    for (case, ahead) in (0..).zip(clocks) {
        let fake = FakeTwilio::start(Clock::System).await;
        *fake.delay.lock().unwrap() = std::time::Duration::from_secs(2);
        for n in case * VOTERS..(case + 1) * VOTERS {
            issue(&app, n).await;
        }
        let processes = [process(&app, &fake, Duration::zero()), process(&app, &fake, ahead)];
        let (stop, stopped) = watch::channel(false);
        let mut workers = Vec::new();
        for portal in &processes {
            portal.hear_the_time().await.unwrap();
            workers.push(tokio::spawn(worker::run(portal.clone(), stopped.clone())));
            // The right one has some in hand when the other comes.
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        let began = std::time::Instant::now();
        while app.count("SELECT COUNT(*) FROM message WHERE channel = 'sms' AND ended_at IS NULL").await > 0 {
            assert!(began.elapsed() < std::time::Duration::from_secs(30), "{ahead}: SMS wait");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let sent: HashSet<String> = fake.taken.lock().unwrap().iter().map(|taken| taken.body.clone()).collect();
        assert_eq!((sent.len(), fake.count()), (VOTERS as usize, VOTERS as usize), "{ahead}: each once");
        assert_eq!(of_state(&app, "active").await, i64::from((case + 1) * VOTERS), "{ahead}");
        assert_eq!(of_state(&app, "voided").await, 0, "{ahead}");

        let [right, wrong] = &processes;
        let works = ahead < Duration::seconds(10);
        let told = wrong.metrics.text().unwrap();
        assert!(told.contains("guichet_alarms_total{what=\"clock\"} 1"), "{ahead}: {told}");
        assert!(works || !told.contains("guichet_handovers_total{"), "{ahead}: {told}");
        assert_eq!(readiness(&app, wrong).await.0 == 200, works, "{ahead}");
        assert!(works || readiness(&app, wrong).await.1.contains("clock"));
        assert!(!right.metrics.text().unwrap().contains("what=\"clock\""));
        assert_eq!(readiness(&app, right).await.0, 200);
        stop.send(true).unwrap();
        for worker in workers {
            worker.await.unwrap();
        }
    }
}
