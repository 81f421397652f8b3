//! The settings in force, as an operator may print them.

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::{GatewaySettings, Settings};

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
    let listening = &settings.listening;
    line("address", quoted(&listening.address.to_string()));
    line("port", listening.port.to_string());
    line("ip_header", listening.ip_header.as_deref().map_or_else(|| "false".to_owned(), quoted));
    line("GUICHET_LOG", quoted(&listening.log));
    line("portal.public_url", quoted(settings.public_url()));
    line("portal.secret", hidden(&settings.portal.secret));
    line("portal.hsts_subdomains", settings.portal.hsts_subdomains.to_string());
    let appearance = &settings.appearance;
    line("appearance.name", quoted(&appearance.name));
    let logo = appearance.logo.as_ref().map(|path| path.display().to_string());
    line("appearance.logo", quoted(&logo.unwrap_or_default()));
    for (key, colour) in [("accent", appearance.accent), ("second", appearance.second)] {
        let colour = colour.map(|colour| colour.to_string());
        line(&format!("appearance.{key}"), quoted(&colour.unwrap_or_default()));
    }
    for (key, value) in settings.legal.each() {
        line(&format!("legal.{key}"), quoted(value.unwrap_or_default()));
    }
    line("database.url", quoted(&without_password(settings.database.url.expose_secret())));
    line("database.connections", settings.database.connections.to_string());
    line("mail.carrier", quoted(&format!("{:?}", settings.mail.carrier).to_lowercase()));
    line("mail.smtp_url", hidden(&settings.mail.smtp_url));
    line("mail.from", quoted(&settings.mail.from));
    line("mail.reply_to", quoted(settings.mail.reply_to.as_deref().unwrap_or_default()));
    line("mail.bounces", quoted(settings.mail.bounces.as_deref().unwrap_or_default()));
    line("mail.per_second", settings.mail.per_second.to_string());
    line("mail.late_seconds", settings.mail.late_seconds.to_string());
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
    line("sms.late_seconds", sms.late_seconds.to_string());
    line("sms.receipt_seconds", sms.receipt_seconds.to_string());
    line("sms.per_number_per_hour", sms.per_number_per_hour.to_string());
    line("sms.per_hour", sms.per_hour.to_string());
    line("throttle.origin_posts_per_minute", settings.throttle.origin_posts_per_minute.to_string());
    line("throttle.origin_recoveries_per_minute", settings.throttle.origin_recoveries_per_minute.to_string());
    line("throttle.ipv6_prefix", settings.throttle.ipv6_prefix.to_string());
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
