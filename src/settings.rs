//! The settings: typed sections read from Rocket's figment, checked before anything starts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use argon2::Params;
use handlebars::Template;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use rocket::figment::providers::{Env, Format, Serialized, Toml};
use rocket::figment::{Figment, Profile};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::values::{Keys, PasswordPolicy};

/// The profile in which trials run: captured messages on a page, a fixed security code allowed.
pub const DEMO: &str = "demo";
const SECTIONS: [&str; 8] =
    ["portal", "database", "mail", "sms", "throttle", "password_hash", "captcha", "populations"];
/// The population of those who vote.
pub const ELECTORS: &str = "electors";
const PUBLIC_URL: &str = "portal.public_url : attendu une adresse sans chemin, comme https://vote.example.fr";
/// CNIL 2022-100: a recovery link lives 24 hours at most.
const LONGEST_LINK_MINUTES: u32 = 24 * 60;

#[derive(Clone, Debug)]
pub struct Settings {
    pub profile: Profile,
    pub portal: PortalSettings,
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
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    pub url: SecretString,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    pub carrier: MailChoice,
    pub smtp_url: Option<SecretString>,
    pub from: String,
    /// Where answers go; without it, to nobody.
    pub reply_to: Option<String>,
    /// Messages per second; 0 for no limit.
    pub per_second: u32,
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
}

impl TwilioSettings {
    fn base_url() -> String {
        "https://api.twilio.com".to_owned()
    }

    fn check(&self, key: &str, check: &mut impl FnMut(bool, &str)) {
        check(Url::parse(&self.base_url).is_ok(), &format!("{key}.base_url : adresse illisible"));
        check(
            self.account_sid.is_some() && self.auth_token.is_some(),
            &format!("{key}.account_sid et {key}.auth_token : nécessaires pour envoyer par Twilio"),
        );
        check(
            self.from.is_some() != self.messaging_service_sid.is_some(),
            &format!("{key}.from ou {key}.messaging_service_sid : l’un des deux est nécessaire, pas les deux"),
        );
        check(
            self.from.as_ref().is_none_or(|from| from.starts_with('+') || (1..=11).contains(&from.len())),
            &format!("{key}.from : un nom d’expéditeur a de 1 à 11 caractères"),
        );
    }
}

impl HttpGatewaySettings {
    fn check(&self, key: &str, check: &mut impl FnMut(bool, &str)) {
        check(Url::parse(&self.url).is_ok(), &format!("{key}.url : adresse illisible"));
        let readable = |(name, value): (&String, &SecretString)| {
            HeaderName::from_bytes(name.as_bytes()).is_ok() && HeaderValue::from_str(value.expose_secret()).is_ok()
        };
        check(self.headers.iter().all(readable), &format!("{key}.headers : un en-tête est illisible"));
        check(HeaderValue::from_str(&self.content_type).is_ok(), &format!("{key}.content_type : illisible"));
        check(
            Template::compile(&self.body).is_ok(),
            &format!("{key}.body : modèle illisible ; il connaît {{{{to}}}} et {{{{text}}}}"),
        );
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThrottleSettings {
    pub origin_posts_per_minute: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordHashSettings {
    pub memory_kib: u32,
    pub iterations: u32,
    pub lanes: u32,
}

impl PasswordHashSettings {
    /// The settings as Argon2 takes them, or nothing when it doesn't.
    pub fn parameters(&self) -> Option<Params> {
        Params::new(self.memory_kib, self.iterations, self.lanes, None).ok()
    }
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

/// The defaults, then Rocket.toml of this folder, then the environment.
pub fn figment() -> Figment {
    let profile = Profile::from_env_or("ROCKET_PROFILE", rocket::Config::DEFAULT_PROFILE);
    Figment::from(rocket::Config::default())
        .merge(Toml::string(include_str!("../Rocket.toml")).nested())
        .merge(Toml::file("Rocket.toml").nested())
        .merge(Env::prefixed("ROCKET_").ignore(&["PROFILE"]).global())
        .merge(Env::prefixed("GUICHET_").split("__").global())
        .select(profile)
}

impl Settings {
    /// # Errors
    /// One French line per fault, none of which tells a secret.
    pub fn read(figment: &Figment) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let portal = section::<PortalSettings>(figment, "portal", &mut faults);
        let database = section(figment, "database", &mut faults);
        let mail = section(figment, "mail", &mut faults);
        let sms = section(figment, "sms", &mut faults);
        let throttle = section(figment, "throttle", &mut faults);
        let password_hash = section(figment, "password_hash", &mut faults);
        let captcha = section(figment, "captcha", &mut faults);
        let populations = section(figment, "populations", &mut faults);
        faults.extend(unknown_variables());
        if let Err(error) = figment.extract::<rocket::Config>() {
            faults
                .extend(error.into_iter().map(|fault| format!("{} : {}", fault.path.join("."), describe(&fault.kind))));
        }
        let settings = (|| {
            let mut portal = portal?;
            match origin(&portal.public_url) {
                Some(origin) => portal.public_url = origin,
                None => faults.push(PUBLIC_URL.to_owned()),
            }
            let settings = Self {
                profile: figment.profile().clone(),
                portal,
                database: database?,
                mail: mail?,
                sms: sms?,
                throttle: throttle?,
                password_hash: password_hash?,
                captcha: captcha?,
                populations: populations?,
            };
            faults.extend(settings.faults());
            Some(settings)
        })();
        settings.filter(|_| faults.is_empty()).ok_or(faults)
    }

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

    /// Where the `file` carriers write: `outbox/` beside the database, or under `data/` for PostgreSQL.
    pub fn outbox_folder(&self) -> PathBuf {
        let url = self.database.url.expose_secret();
        let file = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or("data/-");
        PathBuf::from(file.split('?').next().unwrap_or(file)).with_file_name("outbox")
    }

    pub fn keys(&self) -> Option<Keys> {
        Keys::parse(self.portal.secret.as_ref()?.expose_secret())
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |holds: bool, fault: &str| {
            if !holds {
                faults.push(fault.to_owned());
            }
        };
        check(
            ["debug", "release", DEMO].iter().any(|known| self.profile == *known),
            "ROCKET_PROFILE : profil inconnu ; choisissez debug, release ou demo",
        );
        check(
            self.keys().is_some(),
            "portal.secret : attendu 32 octets en base64 ; créez-en un avec « openssl rand -base64 32 »",
        );
        let database = self.database.url.expose_secret();
        check(
            database.starts_with("sqlite:")
                || ["postgres://", "postgresql://"].iter().any(|scheme| database.starts_with(scheme))
                    && Url::parse(database).is_ok_and(|url| url.path() != "/" || url.query().is_some()),
            "database.url : attendu sqlite://… ou postgres://utilisateur:mot-de-passe@hôte/base ; dans le mot de passe, / # et ? s’écrivent %2F, %23 et %3F",
        );
        check(
            self.mail.from.parse::<Mailbox>().is_ok(),
            "mail.from : attendu une adresse, comme Vote 2026 <ne-pas-repondre@example.fr>",
        );
        check(
            self.mail.reply_to.as_ref().is_none_or(|address| address.parse::<Mailbox>().is_ok()),
            "mail.reply_to : attendu une adresse, comme Assistance <assistance@example.fr>",
        );
        if self.mail.carrier == MailChoice::Smtp {
            let url = self.mail.smtp_url.as_ref();
            check(
                url.is_some_and(|url| AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret()).is_ok()),
                "mail.smtp_url : attendu smtps://utilisateur:mot-de-passe@hôte:465, ou smtp://…:587?tls=required",
            );
        }
        let sms = &self.sms;
        if sms.carrier == SmsChoice::Twilio {
            sms.twilio.check("sms.twilio", &mut check);
        }
        for name in &sms.fallbacks {
            let key = format!("sms.gateways.{name}");
            match sms.gateways.get(name) {
                Some(GatewaySettings::Twilio(twilio)) => twilio.check(&key, &mut check),
                Some(GatewaySettings::Http(http)) => http.check(&key, &mut check),
                None => check(false, &format!("sms.fallbacks : « {name} » n’est pas réglé sous {key}")),
            }
        }
        check(
            (1..=600).contains(&sms.validity_minutes),
            "sms.validity_minutes : de 1 à 600, la plus longue durée que Twilio accepte",
        );
        check(sms.receipt_seconds > 0, "sms.receipt_seconds : au moins 1");
        check(sms.per_number_per_hour > 0, "sms.per_number_per_hour : au moins 1");
        check(sms.per_hour > 0, "sms.per_hour : au moins 1");
        check(self.throttle.origin_posts_per_minute > 0, "throttle.origin_posts_per_minute : au moins 1");
        check(
            self.password_hash.parameters().is_some(),
            "password_hash : paramètres refusés par Argon2 (memory_kib d’au moins 8 par lane, iterations et lanes d’au moins 1)",
        );
        check(
            self.captcha.fixed_answer.is_none() || self.is_demo(),
            "captcha.fixed_answer : réservé aux essais, refusé hors du profil demo",
        );
        check(
            self.populations.contains_key(ELECTORS),
            "populations.electors : la population des électeurs doit être réglée",
        );
        for (name, population) in &self.populations {
            let policy = &population.password;
            check(
                policy.min_length >= 8 && policy.min_length <= policy.max_length && policy.max_length <= 128,
                &format!("populations.{name}.password : longueurs attendues entre 8 et 128, la plus courte d’abord"),
            );
            check(
                (1..=LONGEST_LINK_MINUTES).contains(&population.link_minutes),
                &format!("populations.{name}.link_minutes : de 1 à {LONGEST_LINK_MINUTES} (24 heures)"),
            );
        }
        faults
    }
}

fn section<T: DeserializeOwned>(figment: &Figment, name: &str, faults: &mut Vec<String>) -> Option<T> {
    let figment = figment.clone().join(Serialized::default(name, BTreeMap::<String, String>::new()));
    match figment.extract_inner(name) {
        Ok(section) => Some(section),
        Err(error) => {
            // The kind names what was expected; the actual value, which may be a secret, is left out.
            faults.extend(error.into_iter().map(|fault| {
                // Figment puts the section behind its key.
                let inner: Vec<&str> = fault.path.iter().map(String::as_str).filter(|key| *key != name).collect();
                let key = [&[name], &inner[..]].concat().join(".");
                format!("{key} : {}", describe(&fault.kind))
            }));
            None
        }
    }
}

fn describe(kind: &rocket::figment::error::Kind) -> String {
    use rocket::figment::error::Kind;
    match kind {
        Kind::MissingField(field) => format!("il manque « {field} »"),
        Kind::UnknownField(field, known) => format!("« {field} » est inconnu ; connus : {}", known.join(", ")),
        Kind::UnknownVariant(_, known) => format!("attendu l’un de : {}", known.join(", ")),
        Kind::InvalidType(_, wanted) | Kind::InvalidValue(_, wanted) => {
            let wanted = match wanted.as_str() {
                "a string" => "un texte",
                "u8" | "u16" | "u32" | "u64" | "usize" => "un nombre entier, sans signe",
                "a boolean" => "true ou false",
                other => other,
            };
            format!("valeur refusée, attendu : {wanted}")
        }
        _ => "illisible".to_owned(),
    }
}

/// A mistyped variable would be left out in silence.
fn unknown_variables() -> Vec<String> {
    std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter_map(|name| name.strip_prefix("GUICHET_").map(str::to_lowercase))
        // The log's own filter, and what the tests are given.
        .filter(|name| name != "log" && !name.starts_with("test_"))
        .filter(|name| !SECTIONS.contains(&name.split("__").next().unwrap_or(name)))
        .map(|name| format!("GUICHET_{} : réglage inconnu", name.to_uppercase()))
        .collect()
}

/// What is sound, but seldom meant outside a trial.
pub fn doubts(settings: &Settings) -> Vec<&'static str> {
    let (file, https) = (settings.mail.carrier == MailChoice::File, settings.is_https());
    [
        (file, "mail.carrier vaut file : aucun courriel ne part, ils sont écrits dans un dossier"),
        (
            settings.sms.carrier == SmsChoice::File,
            "sms.carrier vaut file : aucun SMS ne part, ils sont écrits dans un dossier",
        ),
        (!https, "portal.public_url est en http : les cookies et les mots de passe circulent en clair"),
    ]
    .into_iter()
    .filter(|(doubtful, _)| *doubtful && !settings.is_demo())
    .map(|(_, doubt)| doubt)
    .collect()
}

/// The settings in force as TOML, secrets hidden.
pub fn shown(settings: &Settings) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    let mut line = |key: &str, value: String| {
        let _ = writeln!(text, "{key} = {value}");
    };
    let quoted = |text: &str| format!("{text:?}");
    let hidden = |secret: &Option<SecretString>| quoted(if secret.is_some() { "(caché)" } else { "" });
    line("profile", quoted(settings.profile.as_str().as_str()));
    line("portal.public_url", quoted(settings.public_url()));
    line("portal.secret", hidden(&settings.portal.secret));
    line("database.url", quoted(&without_password(settings.database.url.expose_secret())));
    line("mail.carrier", quoted(&format!("{:?}", settings.mail.carrier).to_lowercase()));
    line("mail.smtp_url", hidden(&settings.mail.smtp_url));
    line("mail.from", quoted(&settings.mail.from));
    line("mail.reply_to", quoted(settings.mail.reply_to.as_deref().unwrap_or_default()));
    line("mail.per_second", settings.mail.per_second.to_string());
    line("sms.carrier", quoted(&format!("{:?}", settings.sms.carrier).to_lowercase()));
    let twilio = &settings.sms.twilio;
    line("sms.twilio.base_url", quoted(&without_password(&twilio.base_url)));
    line("sms.twilio.account_sid", quoted(twilio.account_sid.as_deref().unwrap_or_default()));
    line("sms.twilio.auth_token", hidden(&twilio.auth_token));
    line("sms.twilio.from", quoted(twilio.from.as_deref().unwrap_or_default()));
    line("sms.twilio.messaging_service_sid", quoted(twilio.messaging_service_sid.as_deref().unwrap_or_default()));
    let sms = &settings.sms;
    line("sms.fallbacks", format!("{:?}", sms.fallbacks));
    for (name, gateway) in &sms.gateways {
        let (kind, url) = match gateway {
            GatewaySettings::Twilio(twilio) => ("twilio", without_password(&twilio.base_url)),
            GatewaySettings::Http(http) => ("http", without_password(&http.url)),
        };
        line(&format!("sms.gateways.{name}"), format!("{{ kind = {kind:?}, url = {url:?}, … }}"));
    }
    line("sms.per_second", sms.per_second.to_string());
    line("sms.validity_minutes", sms.validity_minutes.to_string());
    line("sms.receipt_seconds", sms.receipt_seconds.to_string());
    line("sms.per_number_per_hour", sms.per_number_per_hour.to_string());
    line("sms.per_hour", sms.per_hour.to_string());
    line("throttle.origin_posts_per_minute", settings.throttle.origin_posts_per_minute.to_string());
    line("password_hash.memory_kib", settings.password_hash.memory_kib.to_string());
    line("password_hash.iterations", settings.password_hash.iterations.to_string());
    line("password_hash.lanes", settings.password_hash.lanes.to_string());
    line("captcha.fixed_answer", quoted(if settings.captcha.fixed_answer.is_some() { "(caché)" } else { "" }));
    for (name, population) in &settings.populations {
        let policy = &population.password;
        let classes: Vec<String> = policy.required.iter().map(|class| format!("{class:?}").to_lowercase()).collect();
        line(
            &format!("populations.{name}.password"),
            format!(
                "{{ min_length = {}, max_length = {}, required = {classes:?} }}",
                policy.min_length, policy.max_length
            ),
        );
        line(&format!("populations.{name}.link_minutes"), population.link_minutes.to_string());
    }
    text
}

/// An address without what may be secret in it: its user's password, and its parameters.
fn without_password(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut parsed) if parsed.scheme() != "sqlite" => {
            // Only addresses without a host refuse a password, and those have none to hide.
            let _ = parsed.set_password(parsed.password().is_some().then_some("cache"));
            parsed.set_query(None);
            parsed.to_string()
        }
        _ => url.split('?').next().unwrap_or_default().to_owned(),
    }
}

/// The origin of an address that is nothing more, as browsers write it in `Origin`.
fn origin(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let is_bare = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    is_bare.then(|| url.origin().ascii_serialization())
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
