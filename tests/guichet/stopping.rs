//! How the serving process ends, and what does not end it.
#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use guichet::carriers::Delivery;
use guichet::values::Clock;
use reqwest::redirect::Policy;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::slow_servers::enqueue_overdue;
use crate::support::process::{Process, form, free_port, serving, wait_for};
use crate::support::twilio::FakeTwilio;
use crate::support::{App, on_both, voter};

/// As systemd sends it.
fn signal(process: &Process, name: &str) {
    let sent = Command::new("kill").args([name, &process.0.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Waits for the end of a process that was told to stop.
async fn ends(process: &mut Process) {
    let began = Instant::now();
    let status = loop {
        if let Some(status) = process.0.try_wait().unwrap() {
            break status;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "the process did not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(status.code(), Some(0));
}

/// A server that takes connections and never says a word.
async fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    address
}

on_both! {
    async fn a_portal_with_silent_carriers_stops_in_time_and_asks_them_later(app: App) {
        let mut app = app;
        app.portal.clock = Clock::System;
        app.open_the_window().await;
        app.enrol(&[voter(1)]).await;
        let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let fake = FakeTwilio::start(Clock::System).await;
        *fake.delay.lock().unwrap() = Duration::from_secs(60);
        let port = free_port();
        let mut command = serving(&app, &fake, port);
        command
            .stderr(Stdio::null())
            .env("GUICHET_MAIL__CARRIER", "smtp")
            .env("GUICHET_MAIL__SMTP_URL", format!("smtp://{}", silent().await));
        let mut process = Process(command.spawn().unwrap());
        wait_for(&browser, port).await;
        let (cookie, form) = form(&app, 1).await;
        let request = browser.post(format!("http://127.0.0.1:{port}/electeur/identifiant"));
        assert_eq!(request.header("Cookie", cookie).form(&form).send().await.unwrap().status(), 303);
        let until = Instant::now() + Duration::from_secs(20);
        while app.count("SELECT COUNT(*) FROM message WHERE state = 'sending'").await < 2 {
            assert!(Instant::now() < until, "nothing was handed over");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // Somebody who sends a form byte by byte.
        let mut slow = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let head = "POST /connexion HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\nemail";
        slow.write_all(head.as_bytes()).await.unwrap();

        signal(&process, "-HUP");
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(browser.get(format!("http://127.0.0.1:{port}/healthz")).send().await.unwrap().status(), 200);

        signal(&process, "-TERM");
        ends(&mut process).await;
        // Both are still a worker's, until their lease has ended; the SMS is then asked for and not sent twice.
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE state = 'sending' AND ended_at IS NULL").await, 2);
        drop(fake);
        app.portal.clock = Clock::stopped_at(app.portal.now() + chrono::Duration::minutes(2));
        app.sms_found("twilio-had-it", Delivery::Delivered);
        app.drain().await;
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE carrier_id = 'twilio-had-it'").await, 1);
        assert!(app.sms().is_empty());
    }
}

on_both! {
    async fn questions_about_overdue_sms_keep_no_portal_from_its_end(app: App) {
        enqueue_overdue(&app, 200, true).await;
        let mut fake = FakeTwilio::start(Clock::System).await;
        fake.base = format!("http://{}", silent().await);
        let port = free_port();
        let mut process = Process(serving(&app, &fake, port).stderr(Stdio::null()).spawn().unwrap());
        wait_for(&reqwest::Client::new(), port).await;
        let until = Instant::now() + Duration::from_secs(20);
        while app.count("SELECT COUNT(*) FROM message WHERE state = 'sending'").await == 0 {
            assert!(Instant::now() < until, "nothing was asked");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        signal(&process, "-TERM");
        ends(&mut process).await;
        assert_eq!(app.count("SELECT COUNT(*) FROM message WHERE ended_at IS NULL AND unsure").await, 200);
    }
}
