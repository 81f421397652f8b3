//! Programs beside the tests, each on a port of its own.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use guichet::captcha;
use guichet::entities::account;
use guichet::sign_in::sessions;
use guichet::values::Chance;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::app::CAPTCHA;
use super::twilio::FakeTwilio;
use super::{App, voter as person};

/// A program, killed when dropped as it is when its machine loses power.
pub struct Process(pub Child);

impl Process {
    /// `-STOP` and the like, as `kill` takes it.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn free_port() -> u16 {
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let draw = || 10_000 + u16::try_from(Chance::System.below(20_000)).unwrap();
    std::iter::repeat_with(draw).find(is_free).unwrap()
}

pub async fn wait_for(browser: &reqwest::Client, port: u16) {
    let until = Instant::now() + Duration::from_secs(30);
    while browser.get(format!("http://127.0.0.1:{port}/healthz")).send().await.is_err() {
        assert!(Instant::now() < until, "the process did not open");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The serving process on an app's database, with a fake Twilio to hand its SMS to.
pub fn serving(app: &App, fake: &FakeTwilio, port: u16) -> Command {
    let mut command = app.command();
    command
        .arg("serve")
        .stdout(Stdio::null())
        .env("ROCKET_PORT", port.to_string())
        .env("GUICHET_CAPTCHA__FIXED_ANSWER", CAPTCHA)
        .env("GUICHET_THROTTLE__ORIGIN_POSTS_PER_MINUTE", "1000000")
        .env("GUICHET_SMS__CARRIER", "twilio")
        .env("GUICHET_SMS__TWILIO__BASE_URL", &fake.base)
        .env("GUICHET_SMS__TWILIO__ACCOUNT_SID", "AC1")
        .env("GUICHET_SMS__TWILIO__AUTH_TOKEN", "token")
        .env("GUICHET_SMS__TWILIO__FROM", "Vote2026");
    command
}

/// A voter's form, with a session and a security code of their own.
pub async fn form(app: &App, n: u32) -> (String, Vec<(&'static str, String)>) {
    let email = person(n).email;
    let account = account::Entity::find().filter(account::Column::Email.eq(email)).one(&app.portal.db).await;
    let token = sessions::open(&app.portal.db, &app.portal, account.unwrap().unwrap().id).await.unwrap();
    let captcha = captcha::draw(&app.portal, &token.digest(), captcha::rules::FEWEST_BITS);
    let mut form = person(n).form(&format!("06 1{n:07}"), &captcha);
    form.push(("election", app.election.id.to_string()));
    (format!("guichet-session={}", token.text()), form)
}
