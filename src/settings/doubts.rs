//! What is sound, but seldom meant outside a trial.

use reqwest::Url;
use secrecy::ExposeSecret;

use super::transport::is_this_machine;
use super::{MailChoice, Settings, SmsChoice};

pub fn doubts(settings: &Settings) -> Vec<&'static str> {
    let (file, https) = (settings.mail.carrier == MailChoice::File, settings.is_https());
    [
        (file, "mail.carrier vaut file : aucun courriel ne part, ils sont écrits dans un dossier"),
        (
            settings.sms.carrier == SmsChoice::File,
            "sms.carrier vaut file : aucun SMS ne part, ils sont écrits dans un dossier",
        ),
        (
            settings.legal.each().iter().any(|(_, value)| value.is_none()),
            "legal : publisher, director, host ou data_protection manque, les mentions légales sont incomplètes",
        ),
        (!https, "portal.public_url est en http : les cookies et les mots de passe circulent en clair"),
        (
            https && settings.listening.ip_header.is_none(),
            "ip_header n’est pas réglé : derrière un proxy, tous les visiteurs partagent une seule part d’envois ; donnez ROCKET_IP_HEADER=X-Real-IP, que docs/nginx.conf fait écrire au proxy",
        ),
        (
            settings.listening.ip_header.is_some() && !settings.listening.address.is_loopback(),
            "ip_header est cru sur une adresse que d’autres machines atteignent : fermez le port à tous sauf au proxy, ou chacun choisit l’adresse qu’il montre",
        ),
        (
            reads_database_in_clear(settings),
            "database.url : la base est sur une autre machine et TLS n’y est pas exigé ; ajoutez ?sslmode=verify-full",
        ),
    ]
    .into_iter()
    .filter(|(doubtful, _)| *doubtful && !settings.is_demo())
    .map(|(_, doubt)| doubt)
    .collect()
}

fn reads_database_in_clear(settings: &Settings) -> bool {
    let Ok(url) = Url::parse(settings.database.url.expose_secret()) else { return false };
    let demands_tls = url.query_pairs().any(|(key, value)| {
        ["sslmode", "ssl-mode"].contains(&&*key) && ["require", "verify-ca", "verify-full"].contains(&&*value)
    });
    url.scheme().starts_with("postgres") && !is_this_machine(&url) && !demands_tls
}

#[cfg(test)]
mod tests {
    use super::super::floors::tests::sound;
    use super::*;

    #[test]
    fn what_a_proxy_wants_is_doubted_where_it_is_missing() {
        let doubted = |settings: &Settings, key: &str| doubts(settings).iter().any(|doubt| doubt.starts_with(key));
        let with = |public_url: &str, ip_header: Option<&str>, address: &str| {
            let mut settings = sound();
            settings.portal.public_url = public_url.to_owned();
            settings.listening.ip_header = ip_header.map(str::to_owned);
            settings.listening.address = address.parse().unwrap();
            doubted(&settings, "ip_header")
        };
        assert!(with("https://vote.example.fr", None, "127.0.0.1"));
        assert!(!with("https://vote.example.fr", Some("X-Real-IP"), "127.0.0.1"));
        assert!(with("https://vote.example.fr", Some("X-Real-IP"), "0.0.0.0"));
        assert!(!with("http://localhost:8000", None, "127.0.0.1"));
    }

    #[test]
    fn a_database_read_in_clear_from_elsewhere_is_doubted() {
        for (url, doubtful) in [
            ("sqlite://data/guichet.sqlite", false),
            ("postgres://guichet:p@localhost/guichet", false),
            ("postgres://guichet:p@db.example.fr/guichet", true),
            ("postgres://guichet:p@db.example.fr/guichet?sslmode=prefer", true),
            ("postgres://guichet:p@db.example.fr/guichet?sslmode=verify-full", false),
            ("postgres:///guichet?host=/run/postgresql", false),
        ] {
            let mut settings = sound();
            settings.database.url = url.into();
            assert_eq!(reads_database_in_clear(&settings), doubtful, "{url}");
        }
    }
}
