//! Reading the settings: the defaults, a file, the environment.

use std::collections::BTreeMap;

use reqwest::Url;
use rocket::figment::providers::{Env, Format, Serialized, Toml};
use rocket::figment::{Error, Figment, Profile};
use serde::de::DeserializeOwned;

use super::{ListeningSettings, PortalSettings, Settings, known};

const PUBLIC_URL: &str = "portal.public_url : attendu une adresse sans chemin, comme https://vote.example.fr";

/// The defaults, then Rocket.toml of this folder, then the environment.
pub fn figment() -> Figment {
    let profile = Profile::from_env_or("ROCKET_PROFILE", rocket::Config::DEFAULT_PROFILE);
    Figment::from(rocket::Config::default())
        .merge(Toml::string(include_str!("../../Rocket.toml")).nested())
        .merge(Toml::file("Rocket.toml").nested())
        .merge(Env::prefixed("ROCKET_").ignore(&["PROFILE"]).global())
        .merge(Env::prefixed("GUICHET_").split("__").global())
        .select(profile)
}

impl Settings {
    /// # Errors
    /// One French line per fault, none of which tells a secret.
    pub fn read(figment: &Figment) -> Result<Self, Vec<String>> {
        let mut faults = known::faults().map_err(|unreadable| vec![unreadable])?;
        let portal = section::<PortalSettings>(figment, "portal", &mut faults);
        let appearance = section(figment, "appearance", &mut faults);
        let legal = section(figment, "legal", &mut faults);
        let database = section(figment, "database", &mut faults);
        let mail = section(figment, "mail", &mut faults);
        let sms = section(figment, "sms", &mut faults);
        let throttle = section(figment, "throttle", &mut faults);
        let password_hash = section(figment, "password_hash", &mut faults);
        let captcha = section(figment, "captcha", &mut faults);
        let populations = section(figment, "populations", &mut faults);
        let listening = match figment.extract::<rocket::Config>() {
            Ok(config) => Some(ListeningSettings::from(config)),
            Err(error) => {
                let told = |fault: Error| format!("{} : {}", fault.path.join("."), describe(&fault.kind));
                faults.extend(error.into_iter().map(told));
                None
            }
        };
        let settings = (|| {
            let mut portal = portal?;
            match origin(&portal.public_url) {
                Some(origin) => portal.public_url = origin,
                None => faults.push(PUBLIC_URL.to_owned()),
            }
            let settings = Self {
                profile: figment.profile().clone(),
                listening: listening?,
                portal,
                appearance: appearance?,
                legal: legal?,
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
        // From a value's own reading.
        Kind::Message(message) if message == "no colour" => "attendu une couleur, comme #0b5a6b".to_owned(),
        _ => "illisible".to_owned(),
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
