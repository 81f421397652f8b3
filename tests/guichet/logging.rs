//! The log of the serving process, where it can be written and where it can't.
#![cfg(target_os = "linux")]

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{ErrorKind, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use guichet::values::Clock;
use reqwest::redirect::Policy;
use serde_json::Value;

use crate::support::process::{Process, form, free_port, serving, wait_for};
use crate::support::twilio::FakeTwilio;
use crate::support::{App, Backend, on_both, voter};

const PATHS: [&str; 4] = ["/", "/connexion", "/aide", "/healthz"];

/// What standard error and standard output lead to.
#[derive(Clone, Copy, Debug)]
enum Sink {
    FullDisk,
    ClosedPipe,
    FullPipe,
}

impl Sink {
    /// Two ends for a process, and what keeps them as they are.
    fn open(self) -> ([Stdio; 2], Option<PipeReader>) {
        if let Self::FullDisk = self {
            let full = || OpenOptions::new().write(true).open("/dev/full").unwrap().into();
            return ([full(), full()], None);
        }
        let (reader, writer) = pipe().unwrap();
        let kept = if let Self::FullPipe = self {
            fill(&writer);
            Some(reader)
        } else {
            None
        };
        ([writer.try_clone().unwrap().into(), writer.into()], kept)
    }
}

/// Writes into a pipe what it takes, and no more.
fn fill(writer: &PipeWriter) {
    const NONBLOCK: i32 = 0o4000;
    let path = format!("/proc/self/fd/{}", writer.as_raw_fd());
    let mut again = OpenOptions::new().write(true).custom_flags(NONBLOCK).open(path).unwrap();
    for piece in [&b".\n".repeat(2048)[..], b"\n"] {
        let full = std::iter::repeat_with(|| again.write_all(piece)).find_map(Result::err).unwrap();
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
    }
}

async fn text(browser: &reqwest::Client, port: u16, path: &str) -> String {
    let answer = browser.get(format!("http://127.0.0.1:{port}{path}")).send().await;
    let answer = answer.unwrap_or_else(|error| panic!("{path} answered nothing: {error}"));
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

async fn dropped(browser: &reqwest::Client, port: u16) -> u64 {
    let metrics = text(browser, port, "/metrics").await;
    let figure = metrics.lines().find_map(|line| line.strip_prefix("guichet_log_lines_dropped_total "));
    figure.unwrap().parse().unwrap()
}

/// Visits until lines are dropped.
async fn overflow(browser: &reqwest::Client, port: u16) {
    let until = Instant::now() + Duration::from_secs(60);
    while dropped(browser, port).await == 0 {
        assert!(Instant::now() < until, "no line was dropped");
        for path in PATHS {
            text(browser, port, path).await;
        }
    }
}

/// Asks a process to end, as systemd does.
async fn stop(mut process: Process) -> ExitStatus {
    let asked = Command::new("kill").args(["-TERM", &process.0.id().to_string()]).status().unwrap();
    assert!(asked.success());
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(status) = process.0.try_wait().unwrap() {
            return status;
        }
        assert!(Instant::now() < until, "the process did not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(10)).build().unwrap()
}

on_both! {
    async fn a_log_that_nobody_can_write_fails_no_request_and_no_delivery(app: App) {
        const ASKING: u32 = 5;
        let mut app = app;
        app.portal.clock = Clock::System;
        app.open_the_window().await;
        let sinks = [Sink::FullDisk, Sink::ClosedPipe, Sink::FullPipe];
        app.enrol(&(0..ASKING * 3).map(voter).collect::<Vec<_>>()).await;
        let fake = FakeTwilio::start(Clock::System).await;
        let browser = browser();
        let mut asked = 0;
        for sink in sinks {
            let port = free_port();
            let ([stdout, stderr], _kept) = sink.open();
            // A full pipe loses a line only once a megabyte waits for it.
            let level = if let Sink::FullPipe = sink { "trace" } else { "guichet=info" };
            let mut command = serving(&app, &fake, port);
            let process = Process(command.stdout(stdout).stderr(stderr).env("GUICHET_LOG", level).spawn().unwrap());
            drop(command);
            wait_for(&browser, port).await;
            overflow(&browser, port).await;
            for n in 0..60 {
                text(&browser, port, PATHS[n % PATHS.len()]).await;
            }
            for n in asked..asked + ASKING {
                let (cookie, form) = form(&app, n).await;
                let request = browser.post(format!("http://127.0.0.1:{port}/electeur/identifiant"));
                let answer = request.header("Cookie", cookie).form(&form).send().await.unwrap();
                assert_eq!(answer.status(), 303, "{sink:?}");
            }
            asked += ASKING;
            let until = Instant::now() + Duration::from_secs(20);
            while app.count("SELECT COUNT(*) FROM message WHERE ended_at IS NULL").await > 0 {
                assert!(Instant::now() < until, "{sink:?}: a delivery was not recorded");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert!(dropped(&browser, port).await > 0, "{sink:?}");
            assert_eq!(stop(process).await.code(), Some(0), "{sink:?}");
        }
        let accepted = "SELECT COUNT(*) FROM message WHERE state = 'accepted' AND attempts = 1 AND channel = ";
        let (sms, mails) = (app.count(&format!("{accepted}'sms'")).await, app.count(&format!("{accepted}'mail'")).await);
        assert_eq!(app.count("SELECT COUNT(*) FROM message").await, sms + mails);
        assert_eq!((sms, mails), (asked.into(), asked.into()));
        let sent: HashSet<String> = fake.taken.lock().unwrap().iter().map(|taken| taken.body.clone()).collect();
        assert_eq!((sent.len(), fake.count()), (asked as usize, asked as usize), "each SMS once");
        let outbox = app.folder.path().join(app.portal.settings.outbox_folder());
        assert_eq!(std::fs::read_dir(outbox).unwrap().count(), asked as usize, "each mail once");
    }
}

/// The lines of a log, each a whole object.
fn lines(log: &str) -> Vec<Value> {
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    log.lines().map(read).collect()
}

fn read_all(mut reader: PipeReader) -> String {
    let mut log = String::new();
    reader.read_to_string(&mut log).unwrap();
    log
}

fn saying<'l>(lines: &'l [Value], message: &'l str) -> impl Iterator<Item = &'l Value> {
    lines.iter().map(|line| &line["fields"]).filter(move |fields| fields["message"] == message)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_who_comes_late_misses_no_line() {
    const TASKS: usize = 8;
    const VISITS: usize = 100;
    let app = App::start(Backend::Sqlite).await;
    let fake = FakeTwilio::start(Clock::System).await;
    let port = free_port();
    let (reader, writer) = pipe().unwrap();
    let process = Process(serving(&app, &fake, port).stderr(writer).spawn().unwrap());
    let browser = browser();
    wait_for(&browser, port).await;
    let visitors = std::iter::repeat_with(|| {
        let browser = browser.clone();
        tokio::spawn(async move {
            for _ in 0..VISITS {
                text(&browser, port, "/aide").await;
            }
        })
    });
    for visitor in visitors.take(TASKS).collect::<Vec<_>>() {
        visitor.await.unwrap();
    }
    assert_eq!(dropped(&browser, port).await, 0);
    let read = tokio::task::spawn_blocking(move || {
        // The process has been told to stop by then, and waits for its last lines.
        std::thread::sleep(Duration::from_millis(200));
        read_all(reader)
    });
    assert_eq!(stop(process).await.code(), Some(0));
    let log = read.await.unwrap();
    assert!(log.len() > 2 * 65_536, "more than a pipe holds: {}", log.len());
    let lines = lines(&log);
    assert_eq!(saying(&lines, "request").filter(|line| line["route"] == "/aide").count(), TASKS * VISITS);
    assert_eq!(saying(&lines, "lines of the log were dropped").count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn once_read_again_the_log_goes_on_and_tells_what_was_dropped() {
    let app = App::start(Backend::Sqlite).await;
    let fake = FakeTwilio::start(Clock::System).await;
    let port = free_port();
    let (reader, writer) = pipe().unwrap();
    fill(&writer);
    let mut command = serving(&app, &fake, port);
    let process = Process(command.stderr(writer).env("GUICHET_LOG", "trace").spawn().unwrap());
    drop(command);
    let browser = browser();
    wait_for(&browser, port).await;
    overflow(&browser, port).await;
    let read = tokio::task::spawn_blocking(move || read_all(reader));
    let until = Instant::now() + Duration::from_secs(20);
    let mut before = dropped(&browser, port).await;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = dropped(&browser, port).await;
        if now == before {
            break;
        }
        assert!(Instant::now() < until, "lines are still dropped");
        before = now;
    }
    assert_eq!(stop(process).await.code(), Some(0));
    let log = read.await.unwrap();
    let lines = lines(log.trim_start_matches(['.', '\n']));
    let told: u64 = saying(&lines, "lines of the log were dropped").map(|line| line["lines"].as_u64().unwrap()).sum();
    assert_eq!(told, before);
}
