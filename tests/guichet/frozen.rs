//! A process that is frozen, or gone, in the middle of what it does: the others go on.
#![cfg(unix)]

use std::collections::HashSet;
use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use guichet::db::{Db, Patience};
use guichet::entities::message::{Channel, Column, Entity};
use guichet::outbox::{self, letters, tally};
use guichet::portal::Portal;
use guichet::values::{Clock, Language, MobileNumber, Territory, VotingIdentifier};
use guichet::worker;
use reqwest::redirect::Policy;
use rocket::tokio::sync::watch;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use secrecy::ExposeSecret as _;

use crate::support::app::peer;
use crate::support::line::Line;
use crate::support::process::{Process, free_port, serving, wait_for};
use crate::support::twilio::FakeTwilio;
use crate::support::{App, Backend, Voter, on_both, voter};

/// How long the line of the process that is frozen takes, each way: longer than it runs between two looks at its locks.
const LINE: Duration = Duration::from_millis(20);
const WAITING: &str = "SELECT COUNT(*) FROM message WHERE ended_at IS NULL";

fn url(app: &App) -> &str {
    app.portal.settings.database.url.expose_secret()
}

/// Enqueues an SMS to each of these numbers.
async fn enqueue(app: &App, portal: &Portal, numbers: std::ops::Range<u32>) {
    let work = portal.db.begin().await.unwrap();
    for n in numbers {
        let home = Territory::Metropole;
        let number = MobileNumber::parse(&format!("06 1{n:07}"), &[home], home).unwrap();
        let identifier = VotingIdentifier::draw(&portal.chance);
        let sms = letters::identifier_sms(portal, &app.election, &number, &identifier, Language::French).unwrap();
        outbox::enqueue(&work, portal, None, sms).await.unwrap();
    }
    work.commit().await.unwrap();
}

async fn until(what: &str, patience: Duration, app: &App, query: &str, wanted: i64) -> Duration {
    let began = Instant::now();
    while app.count(query).await != wanted {
        assert!(began.elapsed() < patience, "{what}: {} after {patience:?}", app.count(query).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

/// The app's database at the end of a slow line, for a process that shows by a name of its own.
async fn far(app: &App) -> String {
    let (user, rest) = url(app).rsplit_once('@').unwrap();
    let (host, name) = rest.split_once('/').unwrap();
    format!("{user}@{}/{name}?application_name=frozen", Line::slow(host, LINE).await.address)
}

/// Freezes a process as soon as a question about what it holds is answered by 1.
async fn freeze(app: &App, process: &Process, held: &str) {
    for _ in 0..2_000 {
        process.signal("-STOP");
        // What it has said gets there.
        tokio::time::sleep(LINE * 3).await;
        if app.count(held).await == 1 {
            return;
        }
        process.signal("-CONT");
        tokio::time::sleep(LINE / 2).await;
    }
    panic!("it never held anything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_frozen_claim_holds_up_no_other() {
    const OTHERS: u32 = 20;
    let Some(server) = peer("GUICHET_TEST_POSTGRES", "frozen::a_frozen_claim_holds_up_no_other") else { return };
    let app = App::start(Backend::Postgres(server)).await;
    enqueue(&app, &app.portal, 0..OTHERS + 1).await;
    // Another process, which has taken the first and counted it, and numbers that the others have as well.
    let other = Portal::open((*app.portal.settings).clone(), Patience::COMMANDS).await.unwrap();
    let frozen = other.db.begin().await.unwrap();
    let sms = Entity::find().filter(Column::Channel.eq(Channel::Sms)).order_by_asc(Column::Id);
    sms.clone().limit(1).lock_exclusive().all(&frozen).await.unwrap();
    let mut claimed = sms.all(&frozen).await.unwrap();
    for message in &mut claimed {
        message.attempts = 1;
    }
    let excess = tally::count(&other, &frozen, &claimed, app.portal.now()).await.unwrap();
    assert!(excess.of_all.is_empty() && excess.of_number.is_empty());

    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(worker::run(app.portal.clone(), stopped));
    until("the others", Duration::from_secs(2), &app, WAITING, 1).await;
    drop(frozen);
    until("the first", Duration::from_secs(3), &app, WAITING, 0).await;
    stop.send(true).unwrap();
    worker.await.unwrap();
    assert_eq!(app.sms().len(), OTHERS as usize + 1);
    // What was rolled back does not count.
    let counted = "SELECT SUM(sent)::bigint FROM sms_tally_share WHERE recipient_digest = ''";
    assert_eq!(app.count(counted).await, i64::from(OTHERS) + 1);
}

on_both! {
    /// Whoever counts, a cap is one of all.
    async fn a_cap_is_judged_by_the_sum_of_all_processes(app: App) {
        let mut app = app;
        let mut settings = (*app.portal.settings).clone();
        (settings.sms.per_hour, settings.sms.per_number_per_hour) = (5, 2);
        app.portal.settings = settings.into();
        for claims in 0..4_u32 {
            let mut other = app.portal.clone();
            other.claims = Portal::open((*app.portal.settings).clone(), Patience::PAGES).await.unwrap().claims;
            // Two to a number of their own, and one to a number that all of them know.
            enqueue(&app, &other, claims + 1..claims + 2).await;
            enqueue(&app, &other, 0..1).await;
            worker::drain(&other).await.unwrap();
        }
        assert_eq!(app.sms().len(), 5);
        let to_all = app.sms().iter().filter(|sms| sms.to == "+33610000000").count();
        assert_eq!(to_all, 2);
        assert_eq!(app.count("SELECT COUNT(*) FROM sms_tally_share WHERE sent < 0").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_process_that_freezes_in_a_claim_holds_up_no_other() {
    const MORE: u32 = 100;
    let Some(server) = peer("GUICHET_TEST_POSTGRES", "frozen::a_process_that_freezes_in_a_claim…") else { return };
    let mut app = App::start(Backend::Postgres(server)).await;
    app.portal.clock = Clock::System;
    let fake = FakeTwilio::start(Clock::System).await;
    let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let ports = [free_port(), free_port()];
    let far = far(&app).await;
    let [frozen, _healthy] = ports.map(|port| {
        let mut command = serving(&app, &fake, port);
        command.stderr(Stdio::null()).env("GUICHET_SMS__PER_SECOND", "0");
        if port == ports[0] {
            command.env("GUICHET_DATABASE__URL", &far);
        }
        Process(command.spawn().unwrap())
    });
    for port in ports {
        wait_for(&browser, port).await;
    }
    // Always something to claim.
    let (enough, mut told) = watch::channel(false);
    // Its last question: what it has counted is written, and not committed.
    let counts = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'frozen' \
                  AND state = 'idle in transaction' AND query LIKE 'SELECT%sms_tally_share%'";
    let feed = async {
        let mut asked = 0;
        while !*told.borrow_and_update() {
            enqueue(&app, &app.portal, asked..asked + 5).await;
            asked += 5;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        asked
    };
    let caught = async {
        freeze(&app, &frozen, counts).await;
        enough.send(true).unwrap();
    };
    let (asked, ()) = tokio::join!(feed, caught);
    let last = app.count("SELECT MAX(id) FROM message").await;
    enqueue(&app, &app.portal, asked..asked + MORE).await;
    let new = format!("{WAITING} AND id > {last}");
    let left = until("the others", Duration::from_secs(5), &app, &new, 0).await;
    assert_eq!(browser.get(format!("http://127.0.0.1:{}/readyz", ports[1])).send().await.unwrap().status(), 200);
    // What the claim held comes back when the server has given it up; the rest is in the frozen process's hands, on lease.
    let held = format!("{WAITING} AND state = 'queued'");
    let back = until("what it held", Duration::from_secs(20), &app, &held, 0).await;
    println!("beside a frozen claim, {MORE} SMS left within {left:?}, and what it held {back:?} later");
    frozen.signal("-CONT");
    until("all", Duration::from_secs(80), &app, WAITING, 0).await;
    let sent: HashSet<String> = fake.taken.lock().unwrap().iter().map(|taken| taken.body.clone()).collect();
    assert_eq!((sent.len(), fake.count()), ((asked + MORE) as usize, (asked + MORE) as usize), "each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_import_that_freezes_holds_up_its_own_voters_for_a_moment_and_no_other() {
    const PHONES: [&str; 2] = ["06 12 34 56 78", "06 12 34 56 79"];
    let Some(server) = peer("GUICHET_TEST_POSTGRES", "frozen::an_import_that_freezes…") else { return };
    let app = App::start(Backend::Postgres(server)).await;
    let voters: Vec<_> = (0..1_500).map(voter).collect();
    app.enrol(&voters).await;
    let (own, other) = (app.browser(), app.browser());
    own.arrive(&app, &voters[1]).await;
    other.arrive(&app, &voters[1_400]).await;
    let form = voters[1].form(PHONES[0], &own.captcha().await);
    let mut file = format!("{}\n", Voter::HEADER);
    for voter in &voters {
        writeln!(file, "{}", Voter { first_names: "Camille".into(), ..voter.clone() }.line()).unwrap();
    }
    app.file("changed.csv", file.as_bytes());
    let election = app.election.id.to_string();
    let import = |url: &str| {
        let mut command = app.command();
        command.args(["roll", "import", "--election", &election, "changed.csv", "--yes"]);
        command.env("GUICHET_DATABASE__URL", url).stdout(Stdio::null()).stderr(Stdio::null());
        Process(command.spawn().unwrap())
    };
    let mut process = import(&far(&app).await);
    let held =
        "SELECT 1 - COUNT(*) FROM (SELECT id FROM voter WHERE last_name = 'Ormeau1' FOR UPDATE SKIP LOCKED) AS free";
    freeze(&app, &process, held).await;

    let began = Instant::now();
    other.get("/electeur").await.expect(200, "");
    other.ask_identifier(&voters[1_400], PHONES[1]).await.expect(200, "issued");
    own.get("/electeur").await.expect(200, "");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(own.submit(&form).await.status, 503);
    while own.submit(&form).await.status == 503 {
        assert!(began.elapsed() < Duration::from_secs(20), "still locked");
        other.get("/electeur").await.expect(200, "");
    }
    println!("the voters of a frozen import waited {:?}", began.elapsed());
    assert_eq!(app.count("SELECT COUNT(*) FROM voting_identifier").await, 2);
    process.signal("-CONT");
    assert!(!process.0.wait().unwrap().success(), "its transaction was given up");
    assert!(import(url(&app)).0.wait().unwrap().success());
    assert_eq!(app.count("SELECT COUNT(*) FROM voter WHERE first_names = 'Camille'").await, 1_500);
}

on_both! {
    async fn messages_that_cannot_be_claimed_raise_the_alarm_and_unreadiness(app: App) {
        let elsewhere = Db::connect(url(&app), 1, Patience::COMMANDS).await.unwrap();
        let held = elsewhere.begin().await.unwrap();
        if app.portal.db.is_postgres() {
            held.execute_unprepared("LOCK TABLE message IN ACCESS EXCLUSIVE MODE").await.unwrap();
        }
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(worker::run(app.portal.for_worker().await.unwrap(), stopped));
        let began = Instant::now();
        while !app.portal.metrics.text().unwrap().contains("{what=\"claims-wait\"}") {
            assert!(began.elapsed() < Duration::from_secs(40), "nobody was told");
            held.execute_unprepared("SELECT 1").await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert!(began.elapsed() > Duration::from_secs(15));
        let page = app.browser().get("/readyz").await;
        assert_eq!(page.status, 503);
        assert!(!app.portal.db.is_postgres() || page.html.contains("messages can't be claimed"), "{}", page.html);
        drop(held);
        let began = Instant::now();
        while app.browser().get("/readyz").await.status == 503 {
            assert!(began.elapsed() < Duration::from_secs(15), "still not ready");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        stop.send(true).unwrap();
        worker.await.unwrap();
    }
}

#[tokio::test]
async fn the_server_gives_up_a_connection_that_is_silent() {
    let Some(server) = peer("GUICHET_TEST_POSTGRES", "frozen::the_server_gives_up…") else { return };
    let asked = "SELECT concat_ws(' ', current_setting('tcp_keepalives_idle'), current_setting('tcp_keepalives_interval'), \
                 current_setting('tcp_keepalives_count'), current_setting('tcp_user_timeout'))";
    for (patience, limits) in [
        (Patience::PAGES, "5 5 3 5000"),
        (Patience::WORKER, "15 5 3 15000"),
        (Patience::COMMANDS, "15 5 3 15000"),
        (Patience::STEPS, "60 5 3 60000"),
    ] {
        let db = Db::connect(&server, 1, patience).await.unwrap();
        let told = db.query_one_raw(Statement::from_string(db.get_database_backend(), asked)).await.unwrap().unwrap();
        // As the kernel tells them of the connection itself.
        assert_eq!(told.try_get_by_index::<String>(0).unwrap(), limits);
    }
}
