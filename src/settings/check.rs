//! What makes settings unsound or doubtful, told in one line per fault.

use handlebars::Template;
use lettre::message::Mailbox;
use lettre::{Address, AsyncSmtpTransport, Tokio1Executor};
use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::{ELECTORS, GatewaySettings, HttpGatewaySettings, MailChoice, Settings, SmsChoice, TwilioSettings, known};

const JSON: &str = "application/json";
/// CNIL 2022-100: a recovery link lives 24 hours at most.
const LONGEST_LINK_MINUTES: u32 = 24 * 60;

/// RFC 5321 allows 64 octets before the @; a `+`, a message's number and its digest take the rest.
const LONGEST_BOUNCE: usize = 27;

impl Settings {
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |holds: bool, fault: &str| {
            if !holds {
                faults.push(fault.to_owned());
            }
        };
        check(known::is_profile(&self.profile), "ROCKET_PROFILE : profil inconnu ; choisissez debug, release ou demo");
        check(
            self.keys().is_some(),
            "portal.secret : attendu 32 octets en base64 ; créez-en un avec « openssl rand -base64 32 »",
        );
        self.listening.check(&mut check);
        self.appearance.check(&mut check);
        self.database.check(&mut check);
        check(
            self.mail.from.parse::<Mailbox>().is_ok(),
            "mail.from : attendu une adresse, comme Vote 2026 <ne-pas-repondre@example.fr>",
        );
        check(
            self.mail.reply_to.as_ref().is_none_or(|address| address.parse::<Mailbox>().is_ok()),
            "mail.reply_to : attendu une adresse, comme Assistance <assistance@example.fr>",
        );
        check(
            self.mail.bounces.as_ref().is_none_or(|address| {
                let local = address.split('@').next().unwrap_or_default();
                address.parse::<Address>().is_ok() && !local.contains('+') && local.len() <= LONGEST_BOUNCE
            }),
            "mail.bounces : attendu une adresse, comme rebonds@vote.example.fr, sans + et d’au plus 27 caractères devant @",
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
        check(
            sms.carrier != SmsChoice::Gateways || !sms.fallbacks.is_empty(),
            "sms.fallbacks : avec sms.carrier = \"gateways\", au moins une passerelle est nécessaire",
        );
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
        check(sms.late_seconds > 0, "sms.late_seconds : au moins 1");
        check(self.mail.late_seconds > 0, "mail.late_seconds : au moins 1");
        check(sms.receipt_seconds > 0, "sms.receipt_seconds : au moins 1");
        check(sms.per_number_per_hour > 0, "sms.per_number_per_hour : au moins 1");
        check(sms.per_hour > 0, "sms.per_hour : au moins 1");
        check(self.throttle.origin_posts_per_minute > 0, "throttle.origin_posts_per_minute : au moins 1");
        check(self.throttle.origin_recoveries_per_minute > 0, "throttle.origin_recoveries_per_minute : au moins 1");
        check((32..=64).contains(&self.throttle.ipv6_prefix), "throttle.ipv6_prefix : de 32 à 64");
        self.password_hash.check(&mut check);
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
        if !self.is_demo() {
            self.check_floors(&mut check);
        }
        faults
    }
}

impl TwilioSettings {
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
        let (to, text) = ("{{to}}", "{{text}}");
        check(
            Template::compile(&self.body).is_ok() && self.body.contains(to) && self.body.contains(text),
            &format!("{key}.body : attendu un modèle avec {to} et {text}"),
        );
        check(
            !self.content_type.starts_with(JSON)
                || serde_json::from_str::<serde_json::Value>(&self.body.replace(to, "x").replace(text, "x")).is_ok(),
            &format!("{key}.body : attendu du JSON, avec \"{to}\" et \"{text}\" entre guillemets"),
        );
    }
}
