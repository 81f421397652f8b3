//! What a trial may do without and an election may not: TLS towards others, secrets that are some, slow hashes.

use std::collections::HashSet;

use reqwest::Url;
use rocket::config::LogLevel;
use secrecy::{ExposeSecret, SecretString};

use super::transport::{check_url, demands_tls, is_this_machine};
use super::{GatewaySettings, HttpGatewaySettings, MailChoice, Settings, SmsChoice, TwilioSettings};

/// Of 32 drawn bytes some thirty differ; so few never come by chance.
const LEAST_VARIETY: usize = 8;

impl Settings {
    pub(super) fn check_floors(&self, check: &mut impl FnMut(bool, &str)) {
        check(
            matches!(self.listening.log_level, LogLevel::Off | LogLevel::Critical),
            "log_level : le journal de Rocket dirait l’adresse des liens à usage unique ; laissez off, et réglez GUICHET_LOG",
        );
        check(
            // What is no key at all is told apart.
            self.keys().is_none() || self.portal.secret.as_ref().is_none_or(is_varied),
            "portal.secret : ce secret n’a pas été tiré au hasard ; créez-en un avec « openssl rand -base64 32 »",
        );
        let smtp = self.mail.smtp_url.as_ref().and_then(|url| Url::parse(url.expose_secret()).ok());
        if let Some(url) = smtp.filter(|_| self.mail.carrier == MailChoice::Smtp) {
            check(
                is_this_machine(&url) || demands_tls(&url),
                "mail.smtp_url : TLS est nécessaire vers une autre machine ; attendu smtps://…:465, ou smtp://…:587?tls=required",
            );
            check(
                url.username().is_empty() || url.password().is_some_and(|password| !password.trim().is_empty()),
                "mail.smtp_url : le mot de passe est vide",
            );
        }
        if self.sms.carrier == SmsChoice::Twilio {
            self.sms.twilio.check_floors("sms.twilio", check);
        }
        for (name, gateway) in self.sms.gateways.iter().filter(|(name, _)| self.sms.fallbacks.contains(name)) {
            let key = format!("sms.gateways.{name}");
            match gateway {
                GatewaySettings::Twilio(twilio) => twilio.check_floors(&key, check),
                GatewaySettings::Http(http) => http.check_floors(&key, check),
            }
        }
        self.password_hash.check_floor(check);
    }
}

impl TwilioSettings {
    fn check_floors(&self, key: &str, check: &mut impl FnMut(bool, &str)) {
        check_url(&format!("{key}.base_url"), &self.base_url, check);
        check(
            self.account_sid.as_ref().is_none_or(|sid| !sid.trim().is_empty()),
            &format!("{key}.account_sid : vide ; la console de Twilio le donne"),
        );
        check(
            self.auth_token.as_ref().is_none_or(|token| is_secret(token.expose_secret())),
            &format!("{key}.auth_token : vide, ou un seul caractère répété ; la console de Twilio le donne"),
        );
    }
}

impl HttpGatewaySettings {
    fn check_floors(&self, key: &str, check: &mut impl FnMut(bool, &str)) {
        check_url(&format!("{key}.url"), &self.url, check);
        for (name, value) in &self.headers {
            let value = value.expose_secret().trim();
            let is_sound = if name.eq_ignore_ascii_case("Authorization") {
                is_secret(value.split_once(' ').map_or(value, |(_, credentials)| credentials))
                    && !["bearer", "basic"].iter().any(|scheme| value.eq_ignore_ascii_case(scheme))
            } else {
                !value.is_empty()
            };
            check(is_sound, &format!("{key}.headers : la valeur de {name} est vide, ou n’est pas un secret"));
        }
    }
}

/// Whether a text is more than nothing, or one character again and again.
fn is_secret(text: &str) -> bool {
    text.trim().bytes().collect::<HashSet<_>>().len() > 1
}

fn is_varied(secret: &SecretString) -> bool {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(secret.expose_secret().trim());
    bytes.is_ok_and(|bytes| bytes.into_iter().collect::<HashSet<_>>().len() >= LEAST_VARIETY)
}

#[cfg(test)]
pub(super) mod tests {
    use rocket::figment::Figment;

    use super::*;
    use crate::settings::figment;

    pub fn release() -> Figment {
        figment()
            .select("release")
            .merge(("portal.secret", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="))
            .merge(("sms.twilio.account_sid", "AC1"))
            .merge(("sms.twilio.auth_token", "geheim"))
            .merge(("sms.twilio.from", "Vote2026"))
    }

    /// The settings of an election without fault.
    pub fn sound() -> Settings {
        Settings::read(&release()).unwrap()
    }

    /// The only fault under two settings, or none; in the demo profile there is none in any case.
    pub fn fault(settings: [(&str, &str); 2]) -> Option<String> {
        let figment = settings.iter().fold(release(), |figment, setting| figment.merge(*setting));
        assert!(Settings::read(&figment.clone().select("demo")).is_ok(), "{settings:?} in a demo");
        let faults = Settings::read(&figment).err()?;
        assert_eq!(faults.len(), 1, "{settings:?}: {faults:?}");
        assert!(!faults[0].contains("geheim"), "{faults:?}");
        faults.into_iter().next()
    }

    #[test]
    fn a_gateway_of_any_kind_is_spoken_to_in_private_with_secrets_that_are_some() {
        let http = |url: &str, headers: &str| {
            let gateway = release().merge(("sms.fallbacks", ["secours"])).merge((
                "sms.gateways.secours",
                rocket::figment::util::map! {
                    "kind" => "http", "url" => url, "content_type" => "text/plain", "body" => "{{to}} {{text}}"
                },
            ));
            let headers: std::collections::BTreeMap<_, _> = headers.split_once(": ").into_iter().collect();
            Settings::read(&gateway.merge(("sms.gateways.secours.headers", headers))).err().unwrap_or_default()
        };
        let key = "sms.gateways.secours";
        for (url, headers, told) in [
            ("https://sms.example.fr/envois", "Authorization: Bearer geheim", None),
            ("http://localhost:8080/envois", "X-Version: 1", None),
            ("http://sms.example.fr/envois", "X-Version: 1", Some("url")),
            ("https://sms.example.fr", "Authorization: ", Some("headers")),
            ("https://sms.example.fr", "Authorization: Bearer", Some("headers")),
            ("https://sms.example.fr", "Authorization: Bearer 0000", Some("headers")),
            ("https://sms.example.fr", "X-Api-Key:  ", Some("headers")),
        ] {
            let faults = http(url, headers);
            let told: Vec<_> = told.map(|field| format!("{key}.{field} : ")).into_iter().collect();
            assert!(
                faults.len() == told.len() && faults.iter().zip(&told).all(|(fault, told)| fault.starts_with(told)),
                "{url} {headers}: {faults:?}"
            );
        }
    }

    #[test]
    fn a_secret_that_was_not_drawn_is_refused() {
        let master = |secret| fault([("portal.secret", secret), ("sms.carrier", "file")]);
        let token = |token| fault([("sms.carrier", "twilio"), ("sms.twilio.auth_token", token)]);
        for (told, sound) in [
            (master("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), false),
            (master("//////////////////////////////////////////8="), false),
            // abcabc…
            (master("YWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJjYWI="), false),
            (master("fMr3ie0mU3JxBY1vCqOY2x5jZtZMXO6cDh0bV3Zb0nU="), true),
            (token("geheim"), true),
            (token("  "), false),
            (token("00000000000000000000000000000000"), false),
        ] {
            assert_eq!(told.is_none(), sound, "{told:?}");
        }
    }

    #[test]
    fn a_log_that_tells_addresses_is_refused() {
        for (level, sound) in [("off", true), ("critical", true), ("normal", false), ("debug", false)] {
            assert_eq!(fault([("log_level", level), ("sms.carrier", "file")]).is_none(), sound, "{level}");
        }
    }
}
