//! What would travel in clear, and whether it leaves this machine.

use std::net::IpAddr;

use reqwest::Url;

pub(super) fn check_url(key: &str, url: &str, check: &mut impl FnMut(bool, &str)) {
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
pub(super) fn demands_tls(url: &Url) -> bool {
    let tls = url.query_pairs().find(|(key, _)| key == "tls");
    url.scheme() == "smtps" || tls.is_some_and(|(_, value)| value == "required")
}

#[cfg(test)]
mod tests {
    use super::super::floors::tests::fault;

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
}
