//! One mail to an SMTP server, on a connection of its own, with the patience that each step deserves.

use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailParameter};
use lettre::transport::smtp::{Error, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use tokio::time::timeout;

/// A machine that is there takes a connection at once.
const CONNECT: Duration = Duration::from_secs(20);
/// Nobody waits for a farewell.
const FAREWELL: Duration = Duration::from_secs(20);

/// How long a server may take with each step before it is silent.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// With its greeting, with TLS, with the sign-in and with each command.
    pub command: Duration,
    /// With the word that the content may come.
    pub data: Duration,
    /// With the content, until it says what became of it: meanwhile it hands the mail on.
    pub content: Duration,
}

impl Patience {
    /// RFC 5321, 4.5.3.2: who gives up earlier gives up mails that arrive, and sends them again.
    pub const OF_THE_RFC: Self = Self {
        command: Duration::from_secs(5 * 60),
        data: Duration::from_secs(2 * 60),
        content: Duration::from_secs(10 * 60),
    };
}

/// Why nobody can say that a server took a mail.
#[derive(Debug)]
pub enum Trouble {
    /// It said no, or was away: it certainly has not taken it.
    Told(Error),
    /// It fell silent before it had all of the mail: it certainly has not taken it.
    Silence,
    /// It had all of the mail and did not say what became of it. Our code for how.
    Untold(&'static str),
}

/// A server, and how to speak to it.
#[derive(Debug)]
pub struct Server {
    host: String,
    port: u16,
    tls: Tls,
    /// Who we say that we are.
    name: ClientId,
    credentials: Option<Credentials>,
}

impl Server {
    /// Reads an address as lettre does, whose own reading tells nothing of what it read. Nothing where that fails.
    pub fn read(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let host = url.host_str()?;
        let wish = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
        let trust = || TlsParameters::new(host.to_owned()).ok();
        let (usual_port, tls) = match (url.scheme(), wish.as_deref()) {
            ("smtps", _) => (SUBMISSIONS_PORT, Tls::Wrapper(trust()?)),
            ("smtp", Some("required")) => (SUBMISSION_PORT, Tls::Required(trust()?)),
            ("smtp", Some("opportunistic")) => (SUBMISSION_PORT, Tls::Opportunistic(trust()?)),
            ("smtp", None) => (SMTP_PORT, Tls::None),
            _ => return None,
        };
        let name = match url.path() {
            "" | "/" => ClientId::default(),
            path => ClientId::Domain(path.trim_matches('/').to_owned()),
        };
        let plain = |text: &str| percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned);
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(plain(url.username())?, plain(password)?)),
            None => None,
        };
        Some(Self { host: host.to_owned(), port: url.port().unwrap_or(usual_port), tls, name, credentials })
    }

    pub async fn send(&self, message: &Message, patience: &Patience) -> Result<(), Trouble> {
        let mut connection = self.connect(patience).await?;
        let sent = converse(&mut connection, message, patience).await;
        // A server that owes us an answer is left as it is; to the others we say goodbye beside.
        if matches!(sent, Ok(()) | Err(Trouble::Told(_))) {
            tokio::spawn(async move { timeout(FAREWELL, connection.abort()).await });
        }
        sent
    }

    async fn connect(&self, patience: &Patience) -> Result<AsyncSmtpConnection, Trouble> {
        let wrapper = if let Tls::Wrapper(tls) = &self.tls { Some(tls.clone()) } else { None };
        let address = (self.host.as_str(), self.port);
        let connecting = AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), &self.name, wrapper, None);
        let mut connection = within(patience.command, connecting).await?;
        match &self.tls {
            Tls::Opportunistic(_) if !connection.can_starttls() => {}
            Tls::Opportunistic(tls) | Tls::Required(tls) => {
                within(patience.command, connection.starttls(tls.clone(), &self.name)).await?;
            }
            Tls::None | Tls::Wrapper(_) => {}
        }
        if let Some(credentials) = &self.credentials {
            within(patience.command, connection.auth(DEFAULT_MECHANISMS, credentials)).await?;
        }
        Ok(connection)
    }
}

async fn converse(connection: &mut AsyncSmtpConnection, message: &Message, patience: &Patience) -> Result<(), Trouble> {
    let envelope = message.envelope();
    let mut addresses = envelope.from().into_iter().chain(envelope.to());
    let parameters = if addresses.all(|address| <_ as AsRef<str>>::as_ref(address).is_ascii()) {
        Vec::new()
    } else {
        vec![MailParameter::SmtpUtfEight]
    };
    within(patience.command, connection.command(Mail::new(envelope.from().cloned(), parameters))).await?;
    for to in envelope.to() {
        within(patience.command, connection.command(Rcpt::new(to.clone(), Vec::new()))).await?;
    }
    within(patience.data, connection.command(Data)).await?;
    // From here on the final dot may have arrived.
    match timeout(patience.content, connection.message(&message.formatted())).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.status().is_some() => Err(Trouble::Told(error)),
        Ok(Err(_)) => Err(Trouble::Untold("no answer")),
        Err(_) => Err(Trouble::Untold("silence")),
    }
}

async fn within<T>(patience: Duration, step: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    timeout(patience, step).await.map_err(|_| Trouble::Silence)?.map_err(Trouble::Told)
}

#[cfg(test)]
mod tests {
    use lettre::{AsyncSmtpTransport, Tokio1Executor};

    use super::*;

    type Transport = AsyncSmtpTransport<Tokio1Executor>;

    #[test]
    fn an_address_is_read_as_the_settings_check_it() {
        for url in [
            "smtp://localhost",
            "smtp://127.0.0.1:2525",
            "smtp://mail.example.fr?tls=required",
            "smtp://mail.example.fr:25?tls=required",
            "smtp://mail.example.fr?tls=opportunistic",
            "smtp://mail.example.fr?tls=none",
            "smtp://mail.example.fr?tls=",
            "smtps://mail.example.fr",
            "smtps://mail.example.fr:2465?tls=required",
            "smtp://mail.example.fr/portail.example.fr/",
            "smtp://mail.example.fr/",
            "smtp://user:geheim@mail.example.fr",
            "smtp://user@mail.example.fr",
            "smtp://us%40er:%FF@mail.example.fr",
            "http://mail.example.fr",
            "smtp:mail.example.fr",
            "smtp:///nobody",
            "mail.example.fr",
        ] {
            let ours = Server::read(url).map(|server| {
                let mut builder = Transport::builder_dangerous(server.host).port(server.port).tls(server.tls);
                builder = builder.hello_name(server.name);
                if let Some(credentials) = server.credentials {
                    builder = builder.credentials(credentials);
                }
                format!("{:?}", builder.build::<Tokio1Executor>())
            });
            let theirs = Transport::from_url(url).ok();
            assert_eq!(ours, theirs.map(|builder| format!("{:?}", builder.build::<Tokio1Executor>())), "{url}");
        }
        let credentials = Server::read("smtp://us%40er:ge%2Bhe+im@mail.example.fr").unwrap().credentials;
        assert_eq!(credentials, Some(Credentials::new("us@er".into(), "ge+he+im".into())));
    }
}
