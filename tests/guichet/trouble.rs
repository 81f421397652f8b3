//! A database that is silent, or locked: pages say so in time, lose nothing and recover by themselves.

use std::time::{Duration, Instant};

use guichet::db::{Db, Patience};
use guichet::entities::voter as voters;
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect};
use secrecy::ExposeSecret as _;

use crate::support::app::{inputs, peer};
use crate::support::browser::Answer;
use crate::support::line::Line;
use crate::support::{App, Backend, Browser, PASSWORD, on_both, voter};

const PHONE: &str = "06 12 34 56 78";
/// What a voter waits for an answer at most, whatever it is.
const IN_TIME: Duration = Duration::from_secs(3);

/// An app on PostgreSQL, at the other end of a line that can fall silent.
async fn far_app(test: &str) -> Option<(App, Line)> {
    let server = peer("GUICHET_TEST_POSTGRES", test)?;
    let host = server.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned();
    let line = Line::to(&host).await;
    let near = line.address.to_string();
    let app = App::start_with(Backend::Postgres(server), |figment| {
        let url: String = figment.extract_inner("database.url").unwrap();
        figment.merge(("database.url", url.replace(&host, &near)))
    })
    .await;
    Some((app, line))
}

async fn timed(asked: impl Future<Output = Answer>) -> Answer {
    let began = Instant::now();
    let answer = asked.await;
    assert!(began.elapsed() < IN_TIME, "{} after {:?}", answer.path, began.elapsed());
    answer
}

/// Sends what a page kept, as its button does.
async fn try_again(browser: &Browser, page: &Answer) -> Answer {
    let kept = inputs(&page.html);
    let fields: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(&page.path, &fields).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_say_in_time_that_the_database_is_silent_and_recover_by_themselves() {
    let Some((app, line)) = far_app("trouble::pages_say_in_time…").await else { return };
    app.enrol(&[voter(1), voter(2)]).await;
    let (browser, other) = (app.browser(), app.browser());
    browser.arrive(&app, &voter(1)).await;
    other.set_password(&app, &voter(2)).await;
    let form = voter(1).form(PHONE, &browser.captcha().await);

    line.fall_silent();
    // Nobody is taken for signed out, nor told that the link or the form is wrong.
    let kept = timed(browser.submit(&form)).await.expect(503, "busy");
    assert!(kept.text().contains("Ce que vous avez saisi est gardé"), "{}", kept.html);
    assert_eq!((kept.input("mobile"), kept.input("numen")), (PHONE.to_owned(), voter(1).numen));
    let space = timed(browser.get("/electeur")).await.expect(503, "busy");
    assert_eq!(space.path, "/electeur");
    assert!(space.headers.contains_key("retry-after") && space.html.contains("href=\"/electeur\""), "{}", space.html);
    assert_eq!(timed(browser.get("/connexion")).await.expect(503, "busy").path, "/connexion");
    let waiting = timed(other.sign_in(&voter(2), PASSWORD)).await.expect(503, "busy");
    assert!(!waiting.html.contains(PASSWORD));
    timed(browser.get("/aide")).await.expect(200, "");
    // Whoever leaves has left this machine, whatever the database hears of it.
    let leaving = app.browser();
    leaving.cookies.lock().unwrap().clone_from(&browser.cookies.lock().unwrap());
    assert_eq!(timed(leaving.post("/deconnexion", &[])).await.path, "/");
    assert!(!leaving.cookies.lock().unwrap().contains_key("guichet-session"));
    assert_eq!(timed(browser.get("/readyz")).await.status, 503);
    // More than there are connections.
    let crowd = (0..40).map(|_| {
        let browser = browser.clone();
        tokio::spawn(async move { timed(browser.get("/electeur")).await.expect(503, "busy") })
    });
    for visitor in crowd.collect::<Vec<_>>() {
        visitor.await.unwrap();
    }

    line.open();
    try_again(&browser, &kept).await.expect(200, "issued");
    assert_eq!(other.get("/connexion/attente").await.path, "/electeur");
    assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_a_network_has_lost_are_replaced() {
    let Some((app, line)) = far_app("trouble::connections_that_a_network_has_lost_are_replaced").await else { return };
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.arrive(&app, &voter(1)).await;
    let places = app.portal.settings.database.of_pages();
    // Every place is taken once, so that each has a connection to lose.
    hold(&app, places).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    line.fall_silent();
    let under_way: Vec<_> = (0..200)
        .map(|_| {
            let browser = browser.clone();
            tokio::spawn(async move { browser.get("/electeur").await.status })
        })
        .collect();
    for visit in under_way {
        visit.await.unwrap();
    }
    line.open_anew();
    let began = Instant::now();
    while browser.get("/electeur").await.status != 200 {
        assert!(began.elapsed() < Duration::from_secs(10), "still away");
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    // Every place in the pool works again.
    hold(&app, places).await;
}

/// Holds so many connections for pages at once.
async fn hold(app: &App, places: u32) {
    let mut held = Vec::new();
    for _ in 0..places {
        held.push(app.portal.db.snapshot().await.unwrap());
    }
}

on_both! {
    async fn a_form_that_waits_for_a_lock_in_vain_is_kept(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let form = voter(1).form(PHONE, &browser.captcha().await);
        // As another process does: a lock that this one knows nothing of.
        let database = &app.portal.settings.database;
        let elsewhere = Db::connect(database.url.expose_secret(), 1, Patience::COMMANDS).await.unwrap();
        let held = elsewhere.begin().await.unwrap();
        voters::Entity::find().lock_exclusive().all(&held).await.unwrap();
        let kept = timed(browser.submit(&form)).await.expect(503, "busy");
        assert!(kept.headers.contains_key("retry-after"));
        // Another page, or the same in another language, has it, too.
        assert!(browser.cookies.lock().unwrap().contains_key("guichet-form"));
        held.commit().await.unwrap();
        try_again(&browser, &kept).await.expect(200, "issued");
        assert!(!browser.cookies.lock().unwrap().contains_key("guichet-form"));
        assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier").await, 1);
    }
}

on_both! {
    async fn a_worker_that_has_taken_all_its_connections_leaves_the_pages_theirs(app: App) {
        app.enrol(&[voter(1)]).await;
        let browser = app.browser();
        browser.arrive(&app, &voter(1)).await;
        let at_work = app.portal.for_worker().await.unwrap();
        let mut held = Vec::new();
        for _ in 0..app.portal.settings.database.of_worker() {
            held.push(at_work.db.snapshot().await.unwrap());
        }
        browser.get("/electeur").await.expect(200, "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_process_that_freezes_in_a_transaction_loses_its_locks() {
    let Some(server) = peer("GUICHET_TEST_POSTGRES", "trouble::a_process_that_freezes…") else { return };
    let app = App::start(Backend::Postgres(server)).await;
    app.enrol(&[voter(1)]).await;
    let browser = app.browser();
    browser.arrive(&app, &voter(1)).await;
    let form = voter(1).form(PHONE, &browser.captcha().await);
    let frozen = app.portal.db.begin().await.unwrap();
    voters::Entity::find().lock_exclusive().all(&frozen).await.unwrap();
    let began = Instant::now();
    while browser.submit(&form).await.status == 503 {
        assert!(began.elapsed() < Duration::from_secs(10), "still locked");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier").await, 1);
    assert!(frozen.execute_unprepared("SELECT 1").await.is_err());
}

/// Without it another program that opens and closes the database takes the log of what was written away under the portal.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_process_with_two_pools_keeps_its_lock_on_the_database_file() {
    use std::os::unix::fs::MetadataExt as _;
    let app = App::start(Backend::Sqlite).await;
    let file = app.portal.settings.database_file().unwrap();
    let inode = format!(":{} ", std::fs::metadata(&file).unwrap().ino());
    let at_work = app.portal.for_worker().await.unwrap();
    for db in [&app.portal.db, &at_work.db] {
        let held = db.snapshot().await.unwrap();
        held.execute_unprepared("SELECT 1 FROM voter").await.unwrap();
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        let ours = format!(" {} ", std::process::id());
        assert!(locks.lines().any(|lock| lock.contains(&inode) && lock.contains(&ours)), "{inode}: {locks}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_password_that_waits_for_the_database_is_counted_as_one_try() {
    let Some(server) = peer("GUICHET_TEST_POSTGRES", "trouble::a_password_that_waits…") else { return };
    let app = App::start(Backend::Postgres(server)).await;
    app.enrol(&[voter(1)]).await;
    app.browser().set_password(&app, &voter(1)).await;
    let stranger = app.browser();
    let elsewhere = Db::connect(app.portal.settings.database.url.expose_secret(), 1, Patience::COMMANDS).await.unwrap();
    let held = elsewhere.begin().await.unwrap();
    held.execute_unprepared("LOCK TABLE session IN ACCESS EXCLUSIVE MODE").await.unwrap();
    stranger.sign_in(&voter(1), PASSWORD).await.expect(503, "busy");
    for _ in 0..3 {
        stranger.get("/connexion/attente").await.expect(503, "busy");
    }
    assert_eq!(app.count("SELECT SUM(today) FROM sign_in_throttle").await, 1);
    held.commit().await.unwrap();
    assert_eq!(stranger.get("/connexion/attente").await.path, "/electeur");
}
