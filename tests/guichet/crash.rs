//! The serving process itself: killed again and again while identifiers are issued through a slow carrier, and two of
//! them on one database.

use std::collections::{HashMap, HashSet};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use guichet::carriers::gateway::Kind;
use guichet::carriers::twilio::Twilio;
use guichet::carriers::{Carriers, Gateway, Gateways, MailCarrier};
use guichet::entities::voting_identifier::State;
use guichet::entities::{account, voter, voting_identifier};
use guichet::values::{Chance, Clock, VotingIdentifier};
use reqwest::redirect::Policy;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::support::app::peer;
use crate::support::process::{Process, form, free_port, serving, wait_for};
use crate::support::twilio::FakeTwilio;
use crate::support::{App, Backend, on_both, voter as person};

const KILLS: u32 = 200;
/// Forms sent to each process.
const FORMS: u32 = 6;
const SLOW: Duration = Duration::from_millis(120);

on_both! {
    async fn nobody_is_left_without_what_they_were_told(app: App) {
        let mut app = app;
        app.portal.clock = Clock::System;
        app.open_the_window().await;
        let voters: Vec<_> = (0..KILLS * FORMS).map(person).collect();
        app.enrol(&voters).await;
        let fake = FakeTwilio::start(Clock::System).await;
        *fake.delay.lock().unwrap() = SLOW;
        let port = free_port();
        let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let chance = Chance::seeded(7);
        let mut told = Vec::new();
        for kill in 0..KILLS {
            let mut forms = Vec::new();
            for n in 0..FORMS {
                forms.push((kill * FORMS + n, form(&app, kill * FORMS + n).await));
            }
            let process = Process(serving(&app, &fake, port).stderr(Stdio::null()).spawn().unwrap());
            wait_for(&browser, port).await;
            let sent: Vec<_> = forms
                .into_iter()
                .map(|(n, (cookie, form))| {
                    let request = browser.post(format!("http://127.0.0.1:{port}/electeur/identifiant"));
                    let request = request.header("Cookie", cookie).form(&form);
                    tokio::spawn(async move { (n, request.send().await.is_ok_and(|answer| answer.status() == 303)) })
                })
                .collect();
            tokio::time::sleep(Duration::from_millis(chance.below(500).into())).await;
            drop(process);
            for answer in sent {
                let (n, issued) = answer.await.unwrap();
                told.extend(issued.then_some(n));
            }
        }
        // What the carrier had in hand when its last client died.
        tokio::time::sleep(SLOW).await;
        *fake.delay.lock().unwrap() = Duration::ZERO;
        finish(&mut app, &fake).await;
        judge(&app, &fake, &told).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_share_the_work_and_send_nothing_twice() {
    const VOTERS: u32 = 300;
    let Some(server) = peer("GUICHET_TEST_POSTGRES", "crash::two_processes_share_the_work") else { return };
    let mut app = App::start(Backend::Postgres(server)).await;
    app.portal.clock = Clock::System;
    app.open_the_window().await;
    app.enrol(&(0..VOTERS).map(person).collect::<Vec<_>>()).await;
    let fake = FakeTwilio::start(Clock::System).await;
    *fake.delay.lock().unwrap() = SLOW;
    let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let ports = [free_port(), free_port()];
    let _processes = ports.map(|port| Process(serving(&app, &fake, port).stderr(Stdio::null()).spawn().unwrap()));
    for port in ports {
        wait_for(&browser, port).await;
    }
    for (n, port) in (0..VOTERS).zip(ports.into_iter().cycle()) {
        let (cookie, form) = form(&app, n).await;
        let request = browser.post(format!("http://127.0.0.1:{port}/electeur/identifiant"));
        assert_eq!(request.header("Cookie", cookie).form(&form).send().await.unwrap().status(), 303);
    }
    let waiting = "SELECT COUNT(*) FROM message WHERE ended_at IS NULL";
    for _ in 0..600 {
        if app.count(waiting).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(app.count(waiting).await, 0);
    let sent: HashSet<String> = fake.taken.lock().unwrap().iter().map(|taken| taken.body.clone()).collect();
    assert_eq!((sent.len(), fake.count()), (VOTERS as usize, VOTERS as usize), "each once");
    let mut shares = Vec::new();
    for port in ports {
        let metrics =
            browser.get(format!("http://127.0.0.1:{port}/metrics")).send().await.unwrap().text().await.unwrap();
        let share = metrics.lines().find_map(|line| {
            line.strip_prefix("guichet_handovers_total{carrier=\"twilio\",outcome=\"accepted\"} ")?.parse::<u32>().ok()
        });
        shares.push(share.unwrap_or_default());
    }
    assert_eq!(shares.iter().sum::<u32>(), VOTERS);
    assert!(shares.iter().all(|share| *share > VOTERS / 10), "both work: {shares:?}");
}

/// Below the range that the system hands out by itself, so that no other test takes it between two starts.
/// Another process, later: every lease has ended.
async fn finish(app: &mut App, fake: &FakeTwilio) {
    let mut settings = (*app.portal.settings).clone();
    settings.sms.twilio.base_url.clone_from(&fake.base);
    settings.sms.twilio.account_sid = Some("AC1".into());
    settings.sms.twilio.auth_token = Some("token".to_owned().into());
    settings.sms.twilio.from = Some("Vote2026".into());
    let twilio = Twilio::new(&settings.sms.twilio, &settings).unwrap();
    app.portal.carriers = Arc::new(Carriers {
        mail: MailCarrier::memory(Arc::default()),
        sms: Gateways::new(vec![Gateway::new("twilio", Kind::Twilio(twilio), 0)]),
    });
    app.portal.clock = Clock::stopped_at(Clock::System.now());
    for _ in 0..3 {
        app.wait(chrono::Duration::seconds(90));
        app.drain().await;
    }
}

async fn judge(app: &App, fake: &FakeTwilio, told: &[u32]) {
    assert!(told.len() > 300, "enough was issued to be worth a judgement: {}", told.len());
    assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE ended_at IS NULL").await, 0, "no message is stuck");
    let twice = "SELECT COUNT(*) FROM (SELECT voter_id FROM voting_identifier WHERE state = 'active' \
                 GROUP BY voter_id HAVING COUNT(*) > 1) AS twice";
    assert_eq!(app.count(twice).await, 0);

    let key = app.portal.keys.of_election(app.election.id);
    let mut arrived: HashMap<Vec<u8>, usize> = HashMap::new();
    for sms in fake.taken.lock().unwrap().iter() {
        let identifier = sms.body.split_whitespace().find_map(VotingIdentifier::parse).unwrap();
        *arrived.entry(identifier.digest(&key)).or_default() += 1;
    }
    let active = voting_identifier::Entity::find()
        .filter(voting_identifier::Column::State.eq(State::Active))
        .find_also_related(voter::Entity)
        .all(&app.portal.db)
        .await
        .unwrap();
    let mut by_account = HashMap::new();
    for (identifier, voter) in active {
        assert!(arrived.contains_key(&identifier.digest), "an active identifier that no phone received");
        by_account.insert(voter.unwrap().account_id, identifier);
    }
    let accounts = account::Entity::find().all(&app.portal.db).await.unwrap();
    let by_email: HashMap<_, _> = accounts.into_iter().map(|account| (account.email, account.id)).collect();
    for n in told {
        let account = by_email[&person(*n).email];
        assert!(by_account.contains_key(&account), "voter {n} was told that an identifier was issued");
    }
    let copies = arrived.values().filter(|times| **times > 1).count();
    println!("{} told, {} arrived, {copies} twice", told.len(), arrived.len());
    assert!(copies * 50 < arrived.len(), "{copies} of {} were sent twice", arrived.len());
}
