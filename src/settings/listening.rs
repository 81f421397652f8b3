//! Where the portal listens, whom it believes to be its visitor, and what its log lets through.

use std::net::IpAddr;

use reqwest::header::HeaderName;
use rocket::config::LogLevel;
use tracing_subscriber::EnvFilter;

use super::LOG;

/// Headers to which each proxy on the way adds; their first entry is whatever the visitor wrote.
const LISTS: [&str; 3] = ["X-Forwarded-For", "Forwarded", "X-Original-Forwarded-For"];

/// Rocket's own settings, as far as the portal has an opinion on them.
#[derive(Clone, Debug)]
pub struct ListeningSettings {
    pub address: IpAddr,
    pub port: u16,
    /// The header in which the proxy names the visitor's address.
    pub ip_header: Option<String>,
    /// What `GUICHET_LOG` or its default lets through.
    pub log: String,
    pub log_level: LogLevel,
}

impl From<rocket::Config> for ListeningSettings {
    fn from(config: rocket::Config) -> Self {
        Self {
            address: config.address,
            port: config.port,
            ip_header: config.ip_header.map(|header| header.as_str().to_owned()),
            log: std::env::var("GUICHET_LOG").unwrap_or_else(|_| LOG.to_owned()),
            log_level: config.log_level,
        }
    }
}

impl ListeningSettings {
    pub(super) fn check(&self, check: &mut impl FnMut(bool, &str)) {
        check(
            EnvFilter::try_new(&self.log).is_ok(),
            "GUICHET_LOG : filtre illisible ; attendu guichet=info, ou guichet=debug pour en savoir plus",
        );
        let Some(header) = &self.ip_header else { return };
        check(
            HeaderName::from_bytes(header.as_bytes()).is_ok(),
            "ip_header : attendu le nom d’un en-tête, comme X-Real-IP",
        );
        check(
            !LISTS.iter().any(|list| header.eq_ignore_ascii_case(list)),
            &format!(
                "ip_header : {header} est une liste que le visiteur commence à sa guise ; faites écrire par le proxy un en-tête avec la seule adresse (nginx : proxy_set_header X-Real-IP $remote_addr) et donnez X-Real-IP"
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::floors::tests::release;
    use crate::settings::Settings;

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
