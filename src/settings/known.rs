//! Which names settings may have: whatever is mistyped in a file or in the environment would be left out in silence.

use std::fs;
use std::path::PathBuf;

use rocket::Config;
use rocket::figment::Profile;
use toml::{Table, Value};

use super::DEMO;

const SECTIONS: [&str; 10] =
    ["portal", "appearance", "legal", "database", "mail", "sms", "throttle", "password_hash", "captcha", "populations"];
const PROFILES: [&str; 5] = ["default", "global", "debug", "release", DEMO];
/// Parts of Rocket that are not built in: TLS is the proxy's, and no cookie is Rocket's.
const NOT_BUILT_IN: [&str; 2] = [Config::TLS, Config::SECRET_KEY];

/// Whether a profile is one that may be chosen.
pub(super) fn is_profile(profile: &Profile) -> bool {
    PROFILES[2..].iter().any(|known| *profile == *known)
}

/// What is wrong with the names in Rocket.toml and in the environment.
///
/// # Errors
/// A file of which nothing can be read.
pub(super) fn faults() -> Result<Vec<String>, String> {
    let unreadable = |_| "Rocket.toml : illisible ; donnez-en la lecture à l’utilisateur du portail".to_owned();
    let text = file().map(fs::read_to_string).transpose().map_err(unreadable)?.unwrap_or_default();
    let mut faults = in_file(&text)?;
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    faults.extend(variables.filter_map(|name| in_environment(&name)));
    Ok(faults)
}

/// Rocket.toml where Rocket looks for it: in this folder or one above.
fn file() -> Option<PathBuf> {
    let folder = std::env::current_dir().ok()?;
    folder.ancestors().map(|folder| folder.join("Rocket.toml")).find(|file| file.is_file())
}

fn in_file(text: &str) -> Result<Vec<String>, String> {
    // The error would quote the line, which may hold a secret.
    let profiles = text.parse::<Table>().map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        format!("Rocket.toml : ligne {}, ce n’est pas du TOML", before.matches('\n').count() + 1)
    })?;
    let mut faults = Vec::new();
    for (profile, keys) in &profiles {
        let known = PROFILES.iter().any(|known| profile.eq_ignore_ascii_case(known));
        match keys {
            Value::Table(keys) if known => {
                let unknown = keys.iter().filter_map(|(key, value)| match value {
                    _ if SECTIONS.contains(&key.as_str()) => None,
                    Value::Table(_) if !is_rockets(key) => Some(format!(
                        "Rocket.toml : [{profile}.{key}] est une section inconnue ; connues : {}",
                        SECTIONS.join(", ")
                    )),
                    _ => rockets(key).map(|fault| format!("Rocket.toml : {key} dans [{profile}], {fault}")),
                });
                faults.extend(unknown);
            }
            Value::Table(_) => faults.push(format!(
                "Rocket.toml : [{profile}] n’est pas un profil ; chaque section en porte un, comme [release.mail] ; connus : {}",
                PROFILES.join(", ")
            )),
            _ => return Err(format!("Rocket.toml : {profile} doit être placé sous un profil, comme [release]")),
        }
    }
    Ok(faults)
}

fn in_environment(variable: &str) -> Option<String> {
    let fault = if let Some(key) = stripped(variable, "ROCKET_") {
        if key == "profile" {
            return None;
        }
        rockets(&key)?
    } else {
        let key = stripped(variable, "GUICHET_")?;
        // The log's own filter, and what the tests are given.
        let section = key.split("__").next().unwrap_or(&key);
        if key == "log" || key.starts_with("test_") || SECTIONS.contains(&section) {
            return None;
        }
        "réglage inconnu"
    };
    Some(format!("{variable} : {fault}"))
}

fn is_rockets(key: &str) -> bool {
    Config::PARAMETERS.contains(&key)
}

/// What is wrong with a key that should be one of Rocket's own.
fn rockets(key: &str) -> Option<&'static str> {
    match key {
        Config::TLS => Some("sans effet : c’est au proxy de parler TLS (docs/nginx.conf)"),
        _ if NOT_BUILT_IN.contains(&key) => Some("sans effet : le secret du portail est portal.secret"),
        _ if is_rockets(key) => None,
        _ => Some("réglage inconnu"),
    }
}

/// The environment's names are read without regard to case.
fn stripped(variable: &str, prefix: &str) -> Option<String> {
    let (start, key) = variable.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| key.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_refused_for_each_name_that_nothing_reads() {
        for (text, fault) in [
            ("[release.mial]\ncarrier = 'smtp'", Some("[release.mial] est une section inconnue")),
            ("[relaese.mail]\ncarrier = 'smtp'", Some("[relaese] n’est pas un profil")),
            ("[mail]\ncarrier = 'smtp'", Some("[mail] n’est pas un profil")),
            ("port = 8000", Some("port doit être placé sous un profil")),
            ("[release]\nprot = 8000", Some("prot dans [release], réglage inconnu")),
            ("[release.tls]\ncerts = 'a'", Some("tls dans [release], sans effet : c’est au proxy")),
            ("[release]\nsecret_key = 'geheim'", Some("sans effet : le secret du portail est portal.secret")),
            ("[release]\nport = 8000\n[release.portal]\nsecret = 'geheim", Some("ligne 4, ce n’est pas du TOML")),
            ("[release]\nport = 8000\nworkers = 4\nkeep_alive = 5", None),
            ("[Release.limits]\nform = '16KiB'\n[default.shutdown]\ngrace = 5", None),
            ("[global.sms.gateways.secours]\nkind = 'http'", None),
            (include_str!("../../Rocket.toml"), None),
        ] {
            let faults = in_file(text).unwrap_or_else(|unreadable| vec![unreadable]);
            assert_eq!(faults.len(), usize::from(fault.is_some()), "{text}: {faults:?}");
            assert!(faults.iter().all(|told| told.contains(fault.unwrap()) && !told.contains("geheim")), "{faults:?}");
        }
    }

    #[test]
    fn a_variable_is_refused_when_nothing_reads_it() {
        for (variable, sound) in [
            ("ROCKET_PORT", true),
            ("rocket_ip_header", true),
            ("ROCKET_PROFILE", true),
            ("ROCKET_SHUTDOWN", true),
            ("ROCKET_PROT", false),
            ("ROCKET_TLS", false),
            // Rocket's own way to name the file, which the portal doesn't follow.
            ("ROCKET_CONFIG", false),
            ("GUICHET_LOG", true),
            ("GUICHET_TEST_SMTP", true),
            ("GUICHET_MAIL__SMTP_URL", true),
            ("GUICHET_MIAL__SMTP_URL", false),
            ("guichet_mial__smtp_url", false),
            ("PATH", true),
            ("É", true),
        ] {
            assert_eq!(in_environment(variable).is_none(), sound, "{variable}");
        }
    }
}
