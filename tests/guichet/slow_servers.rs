//! Mail servers that take their time after the final dot, and gateways that hang when they are asked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use guichet::carriers::gateway::Kind;
use guichet::carriers::{Carriers, Gateway, Gateways, Mail, MailCarrier, Sms};
use guichet::delivery::handover;
use guichet::entities::message::{Channel, Model};
use guichet::outbox::{self, Content, Letter, post};
use guichet::portal::Portal;
use guichet::settings::{MailChoice, Settings};
use guichet::values::Clock;
use guichet::worker;
use rocket::tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use rocket::tokio::net::TcpListener;
use rocket::tokio::sync::watch;
use rocket::tokio::task::JoinHandle;
use rocket::tokio::time::{sleep, timeout};
use sea_orm::ConnectionTrait as _;

use crate::support::carriers::free_address;
use crate::support::sms::twilio;
use crate::support::smtp::{FakeSmtp, Manner};
use crate::support::{App, on_both};

const ENDED: &str = "SELECT COUNT(*) FROM message WHERE ended_at IS NOT NULL";
const ACCEPTED: &str = "SELECT COUNT(*) FROM message WHERE state = 'accepted'";

/// Lets an app's mails go to a server.
fn mails_go_to(app: &mut App, url: &str) {
    let mut settings: Settings = (*app.portal.settings).clone();
    settings.mail.carrier = MailChoice::Smtp;
    settings.mail.smtp_url = Some(url.to_owned().into());
    let mail = MailCarrier::from_settings(&settings).unwrap();
    let sms = Gateways::new(vec![Gateway::new("memory", Kind::Memory(Arc::default()), 0)]);
    app.portal.carriers = Arc::new(Carriers { mail, sms });
}

async fn enqueue(portal: &Portal, letter: Letter, content: Content) {
    let sealed = outbox::seal(portal, letter, &content).unwrap();
    outbox::enqueue(&portal.db, portal, None, sealed).await.unwrap();
}

async fn enqueue_mail(app: &App, to: &str) {
    let mail = Mail { to: to.into(), subject: "Lien".into(), text: "Bonjour\n".into(), html: "<p>Bonjour</p>".into() };
    enqueue(&app.portal, Letter::PasswordLink, Content::Mail(mail)).await;
}

/// The mails that a worker can take now.
async fn claim(app: &App) -> Vec<Model> {
    post::claim(&app.portal, Channel::Mail, None, 64).await.unwrap()
}

/// One mail, with a worker that hands it over to a server which never says what becomes of it.
async fn under_way(app: &mut App) -> (FakeSmtp, JoinHandle<()>) {
    let fake = FakeSmtp::start(Manner::Silent).await;
    mails_go_to(app, &fake.url);
    enqueue_mail(app, "d.ormeau@ac-valmont.example").await;
    let message = claim(app).await.pop().unwrap();
    let portal = app.portal.clone();
    let worker = tokio::spawn(async move { handover::deliver(&portal, message).await.unwrap() });
    until(|| async { fake.count() == 1 }).await;
    (fake, worker)
}

/// Waits until something is so, for ten seconds at most.
async fn until<F: Future<Output = bool>>(mut is_so: impl FnMut() -> F) {
    let end = Instant::now() + Duration::from_secs(10);
    while !is_so().await {
        assert!(Instant::now() < end, "it never came");
        sleep(Duration::from_millis(50)).await;
    }
}

/// The worker of an app, and how it is told to stop.
fn work(app: &App) -> (watch::Sender<bool>, JoinHandle<()>) {
    let (stop, stopped) = watch::channel(false);
    (stop, tokio::spawn(worker::run(app.portal.clone(), stopped)))
}

on_both! {
    async fn a_server_that_answers_late_gets_each_mail_once(app: App) {
        let mut app = app;
        app.portal.clock = Clock::System;
        let fake = FakeSmtp::start(Manner::Answer(Duration::from_secs(22))).await;
        mails_go_to(&mut app, &fake.url);
        for n in 0..14 {
            enqueue_mail(&app, &format!("personne{n}@ac-valmont.example")).await;
        }
        let (_stop, worker) = work(&app);
        sleep(Duration::from_secs(22)).await;
        until(|| async { app.count(ACCEPTED).await == 14 }).await;
        worker.abort();
        let people: BTreeSet<String> = fake.taken.lock().unwrap().iter().map(|taken| taken.to.clone()).collect();
        assert_eq!((people.len(), fake.count()), (14, 14));
        assert!(!app.portal.carriers.mail.is_set_aside());
    }
}

on_both! {
    async fn mails_that_take_long_keep_no_free_connection_from_the_others(app: App) {
        let mut app = app;
        app.portal.clock = Clock::System;
        let fake = FakeSmtp::start(Manner::Answer(Duration::ZERO)).await;
        mails_go_to(&mut app, &fake.url);
        for n in 0..13 {
            enqueue_mail(&app, &format!("never{n}@ac-valmont.example")).await;
        }
        let (_stop, worker) = work(&app);
        until(|| async { fake.count() == 13 }).await;
        for n in 0..40 {
            enqueue_mail(&app, &format!("personne{n}@ac-valmont.example")).await;
        }
        until(|| async { app.count(ACCEPTED).await == 40 }).await;
        worker.abort();
    }
}

on_both! {
    async fn a_mail_without_an_answer_stays_with_its_worker_until_that_dies(app: App) {
        let mut app = app;
        let (fake, worker) = under_way(&mut app).await;
        app.wait(chrono::Duration::seconds(50));
        // The lease is renewed every 15 seconds.
        sleep(Duration::from_secs(16)).await;
        app.wait(chrono::Duration::seconds(50));
        assert!(claim(&app).await.is_empty(), "it is still the first worker's");
        worker.abort();
        app.wait(chrono::Duration::seconds(61));
        fake.is_now(Manner::Answer(Duration::ZERO));
        app.drain().await;
        assert_eq!(app.count(&format!("{ACCEPTED} AND resent = 1")).await, 1);
        let taken = fake.taken.lock().unwrap().clone();
        assert!(taken.len() == 2 && taken[0] == taken[1] && !taken[0].message_id.is_empty(), "{taken:?}");
    }
}

on_both! {
    async fn a_worker_that_stood_still_lets_go_of_what_another_has(app: App) {
        let mut app = app;
        let (fake, worker) = under_way(&mut app).await;
        app.wait(chrono::Duration::seconds(61));
        let taken_over = claim(&app).await.pop().unwrap();
        timeout(Duration::from_secs(20), worker).await.unwrap().unwrap();
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'sending'").await, 1);
        fake.is_now(Manner::Answer(Duration::ZERO));
        handover::deliver(&app.portal, taken_over).await.unwrap();
        assert_eq!((app.count(ACCEPTED).await, fake.count()), (1, 2));
    }
}

on_both! {
    async fn a_mail_that_may_have_left_again_and_again_leaves_seldom(app: App) {
        let mut app = app;
        let fake = FakeSmtp::start(Manner::Close).await;
        mails_go_to(&mut app, &fake.url);
        enqueue_mail(&app, "d.ormeau@ac-valmont.example").await;
        for copies in [1, 2, 3, 3, 3, 3] {
            app.drain().await;
            assert_eq!(fake.count(), copies);
            app.wait(chrono::Duration::minutes(3));
        }
        app.wait(chrono::Duration::minutes(60));
        app.drain().await;
        assert_eq!(fake.count(), 4);
        // What a server certainly did not take may have been taken by it before.
        mails_go_to(&mut app, &format!("smtp://{}", free_address().await));
        app.wait(chrono::Duration::minutes(61));
        app.drain().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE unsure AND state = 'queued'").await, 1);
        app.wait(chrono::Duration::hours(24));
        app.drain().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'expired'").await, 1);
    }
}

/// A gateway that takes so long to answer that it has nothing, and how often it was asked.
async fn slow_gateway(app: &mut App, delay: Duration) -> Arc<AtomicU32> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sms = Gateways::new(vec![twilio(app, "twilio", &format!("http://{}", listener.local_addr().unwrap()))]);
    app.portal.carriers = Arc::new(Carriers { mail: MailCarrier::memory(Arc::default()), sms });
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let _ = socket.read(&mut [0; 8192]).await;
                count.fetch_add(1, Ordering::SeqCst);
                sleep(delay).await;
                let answer = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{\"messages\":[]}";
                let _ = socket.write_all(answer.as_bytes()).await;
            });
        }
    });
    asked
}

/// SMS that a gateway was handed and did not take in time, or may have.
pub async fn enqueue_overdue(app: &App, count: u32, unsure: bool) {
    for n in 0..count {
        let sms = Sms { to: format!("+33612{n:06}"), text: "Votre identifiant".into() };
        enqueue(&app.portal, Letter::IdentifierSms, Content::Sms(sms)).await;
    }
    let hour = "2020-01-01 00:00:00+00:00";
    let age = format!(
        "UPDATE message SET created_at = '{hour}', tried_at = '{hour}', gateway = 'twilio', attempts = 1, \
         unsure = {unsure} WHERE attempts = 0"
    );
    app.portal.db.execute_unprepared(&age).await.unwrap();
}

on_both! {
    async fn overdue_sms_end_at_once_whatever_hangs_and_their_questions_when_told_to_stop(app: App) {
        let mut app = app;
        app.portal.clock = Clock::System;
        let asked = slow_gateway(&mut app, Duration::from_secs(60)).await;
        enqueue_overdue(&app, 5, true).await;
        enqueue_overdue(&app, 130, false).await;
        let (stop, worker) = work(&app);
        until(|| async { app.count(ENDED).await == 130 && asked.load(Ordering::SeqCst) == 5 }).await;
        stop.send_replace(true);
        timeout(Duration::from_secs(2), worker).await.unwrap().unwrap();
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE ended_at IS NULL AND unsure").await, 5);
    }
}

on_both! {
    async fn overdue_sms_that_may_have_left_are_asked_about_beside_each_other(app: App) {
        let mut app = app;
        app.portal.clock = Clock::System;
        let asked = slow_gateway(&mut app, Duration::from_secs(1)).await;
        enqueue_overdue(&app, 100, true).await;
        let (_stop, worker) = work(&app);
        until(|| async { app.count(ENDED).await == 100 }).await;
        worker.abort();
        assert_eq!(asked.load(Ordering::SeqCst), 100);
    }
}
