//! What a trial may do without and an election may not: TLS towards others, secrets that are some, slow hashes.

use std::collections::HashSet;
use std::net::IpAddr;

use reqwest::Url;
use rocket::config::LogLevel;
use secrecy::{ExposeSecret, SecretString};

use super::{
    GatewaySettings, HttpGatewaySettings, MailChoice, PasswordHashSettings, Settings, SmsChoice, TwilioSettings,
};

/// Of 32 drawn bytes some thirty differ; so few never come by chance.
const LEAST_VARIETY: usize = 8;
/// OWASP's password storage cheat sheet: KiB of memory for one pass, two, and so on; more passes allow no less.
const LEAST_MEMORY_KIB: [u32; 5] = [47_104, 19_456, 12_288, 9_216, 7_168];

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

impl PasswordHashSettings {
    fn check_floor(&self, check: &mut impl FnMut(bool, &str)) {
        let passes = usize::try_from(self.iterations.max(1)).unwrap_or(usize::MAX).min(LEAST_MEMORY_KIB.len());
        let least = LEAST_MEMORY_KIB[passes - 1];
        check(
            self.memory_kib >= least,
            &format!(
                "password_hash : trop faible ; pour {} itérations, memory_kib vaut au moins {least} (OWASP)",
                self.iterations
            ),
        );
    }
}

fn check_url(key: &str, url: &str, check: &mut impl FnMut(bool, &str)) {
    if let Ok(url) = Url::parse(url) {
        check(
            url.scheme() == "https" || url.scheme() == "http" && is_this_machine(&url),
            &format!("{key} : attendu https://… ; vers une autre machine, le secret et les SMS circuleraient en clair"),
        );
    }
}

/// Whether what is said there stays on this machine.
pub(super) fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.is_empty() || host.eq_ignore_ascii_case("localhost"),
    }
}

/// As lettre reads it: `opportunistic` gives in to whoever takes the offer of TLS away.
fn demands_tls(url: &Url) -> bool {
    let tls = url.query_pairs().find(|(key, _)| key == "tls");
    url.scheme() == "smtps" || tls.is_some_and(|(_, value)| value == "required")
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

    fn release() -> Figment {
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
    fn fault(settings: [(&str, &str); 2]) -> Option<String> {
        let figment = settings.iter().fold(release(), |figment, setting| figment.merge(*setting));
        assert!(Settings::read(&figment.clone().select("demo")).is_ok(), "{settings:?} in a demo");
        let faults = Settings::read(&figment).err()?;
        assert_eq!(faults.len(), 1, "{settings:?}: {faults:?}");
        assert!(!faults[0].contains("geheim"), "{faults:?}");
        faults.into_iter().next()
    }

    #[test]
    fn nothing_secret_leaves_this_machine_in_clear() {
        let smtp = |url| fault([("mail.carrier", "smtp"), ("mail.smtp_url", url)]);
        let twilio = |url| fault([("sms.carrier", "twilio"), ("sms.twilio.base_url", url)]);
        for (told, sound) in [
            (smtp("smtps://user:geheim@mail.example.fr:465"), true),
            (smtp("smtp://user:geheim@mail.example.fr:587?tls=required"), true),
            (smtp("smtp://user:geheim@mail.example.fr:587?tls=opportunistic"), false),
            (smtp("smtp://user:geheim@mail.example.fr:587"), false),
            (smtp("smtp://10.0.0.1"), false),
            (smtp("smtp://localhost.example.fr"), false),
            (smtp("smtp://localhost"), true),
            (smtp("smtp://127.0.0.1:25"), true),
            (smtp("smtp://[::1]:25"), true),
            (smtp("smtps://user:@mail.example.fr"), false),
            (smtp("smtps://user@mail.example.fr"), false),
            (twilio("https://api.twilio.com"), true),
            (twilio("http://api.twilio.com"), false),
            (twilio("http://127.0.0.2:4010"), true),
            (twilio("http://[::1]:4010"), true),
            (twilio("http://[::ffff:127.0.0.1]:4010"), true),
            (twilio("http://2130706433:4010"), true),
            (twilio("http://127.0.0.1@example.fr"), false),
            (twilio("ftp://127.0.0.1"), false),
        ] {
            assert_eq!(told.is_none(), sound, "{told:?}");
        }
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
    fn hashes_are_neither_quick_nor_endless() {
        for (memory_kib, iterations, lanes, told, in_a_demo) in [
            (47_104, 1, 1, "", ""),
            (47_103, 1, 1, "trop faible", ""),
            (19_456, 2, 1, "", ""),
            (19_455, 2, 1, "trop faible", ""),
            (12_288, 3, 1, "", ""),
            (9_215, 4, 1, "trop faible", ""),
            (7_168, 5, 1, "", ""),
            (7_167, 20, 1, "trop faible", ""),
            (19_456, 2, 4, "", ""),
            (16, 1, 1, "trop faible", ""),
            (1 << 20, 2, 16, "", ""),
            ((1 << 20) + 1, 1, 1, "au plus", "au plus"),
            (1 << 20, 3, 1, "au plus", "au plus"),
            (19_456, 21, 1, "au plus", "au plus"),
            (19_456, u32::MAX, 1, "au plus", "au plus"),
            (19_456, 2, 17, "au plus", "au plus"),
            // 4 TiB.
            (u32::MAX, 2, 1, "au plus", "au plus"),
        ] {
            let figment = release()
                .merge(("password_hash.memory_kib", memory_kib))
                .merge(("password_hash.iterations", iterations))
                .merge(("password_hash.lanes", lanes));
            for (profile, told) in [("release", told), ("demo", in_a_demo)] {
                let faults = Settings::read(&figment.clone().select(profile)).err().unwrap_or_default().join("\n");
                assert_eq!(told.is_empty(), faults.is_empty(), "{memory_kib} {iterations} {lanes}: {faults}");
                assert!(faults.contains(told) && faults.lines().count() <= 1, "{faults}");
            }
        }
    }

    #[test]
    fn a_log_that_tells_addresses_is_refused() {
        for (level, sound) in [("off", true), ("critical", true), ("normal", false), ("debug", false)] {
            assert_eq!(fault([("log_level", level), ("sms.carrier", "file")]).is_none(), sound, "{level}");
        }
    }

    #[test]
    fn a_list_of_addresses_is_no_visitors_address() {
        for (header, sound) in [
            ("X-Real-IP", true),
            ("CF-Connecting-IP", true),
            ("X-Forwarded-For", false),
            ("x-forwarded-for", false),
            ("Forwarded", false),
            ("", false),
            ("X Real IP", false),
        ] {
            let faults = Settings::read(&release().merge(("ip_header", header))).err().unwrap_or_default();
            assert_eq!(faults.is_empty(), sound, "{header}");
            assert!(faults.iter().all(|fault| fault.starts_with("ip_header : ")), "{faults:?}");
        }
    }
}
