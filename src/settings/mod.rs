//! The settings: typed sections, read and checked before anything starts.

pub mod appearance;
mod check;
mod database;
mod doubts;
mod floors;
mod known;
mod listening;
mod password_hash;
mod read;
mod shown;
mod transport;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use rocket::figment::Profile;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

pub use doubts::doubts;
pub use listening::ListeningSettings;
pub use password_hash::PasswordHashSettings;
pub use read::figment;
pub use shown::shown;

use crate::values::{Colour, Keys, PasswordPolicy};

/// The profile in which trials run: captured messages on a page, a fixed security code allowed.
pub const DEMO: &str = "demo";
/// What the log tells when `GUICHET_LOG` says nothing.
pub const LOG: &str = "guichet=info";
/// The population of those who vote.
pub const ELECTORS: &str = "electors";

#[derive(Clone, Debug)]
pub struct Settings {
    pub profile: Profile,
    pub listening: ListeningSettings,
    pub portal: PortalSettings,
    pub appearance: AppearanceSettings,
    pub legal: LegalSettings,
    pub database: DatabaseSettings,
    pub mail: MailSettings,
    pub sms: SmsSettings,
    pub throttle: ThrottleSettings,
    pub password_hash: PasswordHashSettings,
    pub captcha: CaptchaSettings,
    pub populations: BTreeMap<String, Population>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalSettings {
    pub public_url: String,
    pub secret: Option<SecretString>,
    /// Whether browsers ask every subdomain, too, over https only.
    pub hsts_subdomains: bool,
}

/// How the election presents itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppearanceSettings {
    /// What stands at the top of each page and in its title.
    pub name: String,
    /// A file: SVG, PNG or WebP.
    pub logo: Option<PathBuf>,
    /// Of buttons and links.
    pub accent: Option<Colour>,
    /// Of what marks a place: the band at the top, the step that one is at.
    pub second: Option<Colour>,
}

/// Who answers for the site, as the legal notice and the page on personal data tell it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalSettings {
    pub publisher: Option<String>,
    /// The director of publication.
    pub director: Option<String>,
    pub host: Option<String>,
    /// How the data protection officer is reached.
    pub data_protection: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    pub url: SecretString,
    /// How many connections a process of `serve` opens at most.
    pub connections: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    pub carrier: MailChoice,
    pub smtp_url: Option<SecretString>,
    pub from: String,
    /// Where answers go; without it, to nobody.
    pub reply_to: Option<String>,
    /// The mailbox to which mail servers return what they can't deliver; its local part is followed by `+` and a name
    /// for the message. Without it, mails are returned to the sender.
    pub bounces: Option<String>,
    /// Messages per second; 0 for no limit.
    pub per_second: u32,
    /// A link that has waited for longer is an alarm.
    pub late_seconds: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailChoice {
    Smtp,
    File,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSettings {
    pub carrier: SmsChoice,
    pub twilio: TwilioSettings,
    /// Gateways that take over when the carrier is away, by name and in order.
    pub fallbacks: Vec<String>,
    #[serde(default)]
    pub gateways: BTreeMap<String, GatewaySettings>,
    /// Messages per second and gateway; 0 for no limit.
    pub per_second: u32,
    /// An SMS that no carrier took by then expires.
    pub validity_minutes: u32,
    /// The carrier is asked when it has sent no receipt by then.
    pub receipt_seconds: u32,
    /// An SMS that has waited for longer is an alarm.
    pub late_seconds: u32,
    /// At most so many SMS to one number in an hour.
    pub per_number_per_hour: u32,
    /// At most so many SMS in an hour.
    pub per_hour: u32,
}

impl SmsSettings {
    pub fn validity(&self) -> Duration {
        Duration::from_secs(u64::from(self.validity_minutes) * 60)
    }

    pub fn receipt_after(&self) -> Duration {
        Duration::from_secs(self.receipt_seconds.into())
    }
}

/// A gateway that takes over.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum GatewaySettings {
    Twilio(TwilioSettings),
    Http(HttpGatewaySettings),
}

/// Any gateway that takes one HTTP request for each SMS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpGatewaySettings {
    pub url: String,
    #[serde(default)]
    pub headers: BTreeMap<String, SecretString>,
    pub content_type: String,
    /// With `{{to}}` and `{{text}}`, escaped as the content type wants.
    pub body: String,
    /// Where an answer of 2xx says that the SMS was taken; without it, 2xx is enough.
    pub success: Option<Success>,
    /// Where an answer holds the gateway's name for the SMS.
    pub id: Option<String>,
    /// Where an answer holds an error's code.
    pub error: Option<String>,
    /// The codes that say that the number can't receive an SMS.
    #[serde(default)]
    pub number_faults: Vec<String>,
    /// In the place of `sms.per_second`.
    pub per_second: Option<u32>,
}

/// A place in a JSON answer (a JSON pointer) and what it holds when all is well.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Success {
    pub pointer: String,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsChoice {
    Twilio,
    File,
    /// Only the gateways that `fallbacks` names.
    Gateways,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwilioSettings {
    #[serde(default = "TwilioSettings::base_url")]
    pub base_url: String,
    pub account_sid: Option<String>,
    pub auth_token: Option<SecretString>,
    #[serde(default, deserialize_with = "sender")]
    pub from: Option<String>,
    pub messaging_service_sid: Option<String>,
    /// In the place of `sms.per_second`.
    pub per_second: Option<u32>,
}

impl TwilioSettings {
    fn base_url() -> String {
        "https://api.twilio.com".to_owned()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThrottleSettings {
    pub origin_posts_per_minute: u32,
    /// Links asked for from one address before the browser has to show some work.
    pub origin_recoveries_per_minute: u32,
    /// How much of an IPv6 address is one subscriber's.
    pub ipv6_prefix: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptchaSettings {
    pub fixed_answer: Option<String>,
}

/// What the accounts of one population go by.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    pub password: PasswordPolicy,
    pub link_minutes: u32,
}

impl Settings {
    pub fn is_demo(&self) -> bool {
        self.profile == DEMO
    }

    /// Links and cookies go by this address, never by what a request claims.
    pub fn public_url(&self) -> &str {
        &self.portal.public_url
    }

    pub fn is_https(&self) -> bool {
        self.portal.public_url.starts_with("https://")
    }

    /// Nobody has a password of more characters.
    pub fn longest_password(&self) -> usize {
        self.populations.values().map(|population| population.password.max_length).max().unwrap_or_default()
    }

    /// The file of an SQLite database.
    pub fn database_file(&self) -> Option<PathBuf> {
        self.database.file()
    }

    /// Where the `file` carriers write: `outbox/` beside the database, or under `data/` for PostgreSQL.
    pub fn outbox_folder(&self) -> PathBuf {
        self.database_file().unwrap_or_else(|| PathBuf::from("data/-")).with_file_name("outbox")
    }

    pub fn keys(&self) -> Option<Keys> {
        Keys::parse(self.portal.secret.as_ref()?.expose_secret())
    }
}

/// A text that the environment may have read as a number: a sender such as +33644637111.
fn sender<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Sender {
        Text(String),
        Number(u64),
    }
    Ok(Option::<Sender>::deserialize(deserializer)?.map(|sender| match sender {
        Sender::Text(text) => text,
        // Short codes have 5 digits; what is longer had a + in front.
        Sender::Number(number) if number > 999_999 => format!("+{number}"),
        Sender::Number(number) => number.to_string(),
    }))
}
