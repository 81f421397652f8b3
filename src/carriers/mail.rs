//! Mail: an SMTP server, a folder of `.eml` files, or memory.

use std::error::Error;
use std::iter::successors;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::door::Door;
use super::smtp::{Patience, Server, Trouble};
use super::{Failure, Handover, Reason, file};
use crate::fault::Fault;
use crate::settings::{MailChoice, Settings};
use crate::values::{Clock, Instant};

/// A mail, in text and in HTML that says the same.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mail(…)")
    }
}

#[derive(Debug)]
pub struct MailCarrier {
    kind: Kind,
    door: Door,
}

/// What a mail is known by on its way.
#[derive(Clone, Debug, Default)]
pub struct Cover {
    /// The same at each try, so that a mailbox which gets it twice may show it once.
    pub message_id: Option<String>,
    /// Where mail servers send it back; without it, to the sender.
    pub return_path: Option<String>,
}

#[derive(Debug)]
enum Kind {
    Smtp { server: Box<Server>, patience: Patience, sender: Sender },
    File { folder: PathBuf, sender: Sender },
    Memory(Arc<Mutex<Vec<Mail>>>),
}

/// Whom mails are from, and where answers go.
#[derive(Debug)]
struct Sender {
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

impl MailCarrier {
    pub fn from_settings(settings: &Settings) -> Result<Self, Fault> {
        let mail = &settings.mail;
        let sender = Sender {
            from: mail.from.parse()?,
            reply_to: mail.reply_to.as_ref().map(|address| address.parse()).transpose()?,
        };
        let kind = match mail.carrier {
            MailChoice::File => Kind::File { folder: settings.outbox_folder(), sender },
            MailChoice::Smtp => {
                let url = mail.smtp_url.as_ref().ok_or_else(|| Fault::new("mail.smtp_url is missing"))?;
                // An error of lettre's would show the URL, hence the password in it.
                let server =
                    Server::read(url.expose_secret()).ok_or_else(|| Fault::new("mail.smtp_url : adresse illisible"))?;
                Kind::Smtp { server: Box::new(server), patience: Patience::OF_THE_RFC, sender }
            }
        };
        Ok(Self { kind, door: Door::new(mail.per_second) })
    }

    /// The same with another patience: tests have less.
    #[must_use]
    pub fn with_patience(mut self, shorter: Patience) -> Self {
        if let Kind::Smtp { patience, .. } = &mut self.kind {
            *patience = shorter;
        }
        self
    }

    pub fn memory(sent: Arc<Mutex<Vec<Mail>>>) -> Self {
        Self { kind: Kind::Memory(sent), door: Door::new(0) }
    }

    /// How many mails may be handed over at once, or nothing while the server is set aside.
    pub fn open(&self, now: Instant) -> Option<u64> {
        self.door.open(now)
    }

    /// Whether the server is set aside, or has not worked since it was.
    pub fn is_set_aside(&self) -> bool {
        self.door.is_set_aside()
    }

    pub async fn send(&self, mail: &Mail, cover: &Cover, clock: &Clock) -> Handover {
        self.door.enter(clock).await;
        let (handover, whose) = self.hand_over(mail, cover, clock.now()).await;
        match whose {
            Whose::Server => self.door.learn(&handover, clock.now()),
            Whose::Mailbox => self.door.answered(clock.now()),
            Whose::Nobody => {}
        }
        handover
    }

    async fn hand_over(&self, mail: &Mail, cover: &Cover, now: Instant) -> (Handover, Whose) {
        let handover = match &self.kind {
            Kind::Memory(sent) => {
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
                Handover::Accepted { id: None }
            }
            Kind::File { folder, sender } => match written(mail, sender, cover, now, true) {
                Err(_) => Handover::Refused(Reason::Mailbox.into()),
                Ok(message) => match file::write(folder, "eml", &message.formatted(), now).await {
                    Ok(()) => Handover::Accepted { id: None },
                    Err(fault) => Handover::Later { failure: Reason::Outage.with(fault.to_string()), after: None },
                },
            },
            Kind::Smtp { server, patience, sender } => match written(mail, sender, cover, now, false) {
                Err(_) => Handover::Refused(Reason::Mailbox.into()),
                Ok(message) => match Box::pin(server.send(&message, patience)).await {
                    Ok(()) => Handover::Accepted { id: None },
                    Err(Trouble::Told(error)) => return judge(&error),
                    Err(Trouble::Silence) => later("silence"),
                    // It had it, and took the time that it needs.
                    Err(Trouble::Untold(how)) => return (Handover::Unsure(Reason::Outage.with(how)), Whose::Nobody),
                },
            },
        };
        (handover, Whose::Server)
    }
}

fn later(code: &str) -> Handover {
    Handover::Later { failure: Reason::Outage.with(code), after: None }
}

/// Permanent answers (5xx) to the recipient end the message; those that concern ourselves want the operator; the rest is
/// worth another try.
fn judge(error: &smtp::Error) -> (Handover, Whose) {
    // What goes wrong before a connection is ready comes wrapped, as if the server had been away.
    let causes = || successors(Some(error as &(dyn Error + 'static)), |&error| error.source());
    let error = causes().filter_map(|cause| cause.downcast_ref::<smtp::Error>()).last().unwrap_or(error);
    // A failed handshake is told as a failed connection.
    let is_handshake = causes().any(|cause| {
        let cause = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause.is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>)
    });
    if error.is_tls() || is_handshake {
        return (Handover::Blocked(Reason::Operator.with("tls")), Whose::Server);
    }
    // The server does not offer what the settings demand: TLS, a way to sign in.
    if error.is_client() {
        return (Handover::Blocked(Reason::Operator.with("not offered")), Whose::Server);
    }
    let Some(code) = error.status().map(|code| code.to_string()) else { return (later("no answer"), Whose::Server) };
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let failure = failure(&code, &words);
    let handover = match code.as_str() {
        // RFC 5321: it closes the connection; RFC 4954: it can't sign us in just now.
        "421" | "454" => return (Handover::Later { failure, after: None }, Whose::Server),
        // RFC 4954: who we are.
        "530" | "534" | "535" | "538" => return (Handover::Blocked(Reason::Operator.with(code)), Whose::Server),
        _ if !error.is_permanent() => Handover::Later { failure, after: None },
        // An address that it can't read is the mailbox's.
        _ if matches!(failure.reason, Reason::MailboxUnknown | Reason::MailboxFull) => Handover::Refused(failure),
        // RFC 5321: what we say.
        "500" | "501" | "502" | "503" | "504" => Handover::Barred(Reason::Operator.with(code)),
        _ if failure.reason == Reason::Operator => Handover::Barred(failure),
        _ => Handover::Refused(failure),
    };
    let whose = if matches!(handover, Handover::Barred(_)) { Whose::Server } else { Whose::Mailbox };
    (handover, whose)
}

/// Of whom an answer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// The server works, and says so of one mailbox: others are not to wait for it.
    Mailbox,
    Server,
    /// Neither works or fails for it.
    Nobody,
}

/// What a mail server's answer says: its code of three digits and its words, which may begin with a finer code
/// (RFC 3463). The words may quote the address, so only the code is kept.
pub fn failure(code: &str, words: &str) -> Failure {
    let finer = words.split(|c: char| c.is_whitespace() || c == '#').find_map(finer_code);
    let is_temporary = finer.map_or(code, |(class, _, _)| class).starts_with('4');
    let reason = match (finer.map(|(_, subject, detail)| (subject, detail)), code) {
        // 5.1.10 (RFC 7505): the domain takes no mail; 5.2.1: the mailbox is closed.
        (Some((1, 1 | 2 | 3 | 6 | 10) | (2, 1)), _) if !is_temporary => Reason::MailboxUnknown,
        (Some((2, 2)), _) | (None, "552") => Reason::MailboxFull,
        // Our address, our reputation, our rights, our signature: the mailbox is not to blame.
        (Some((1, 7 | 8) | (7, _)), _) if !is_temporary => Reason::Operator,
        _ if is_temporary => Reason::Outage,
        _ => Reason::Mailbox,
    };
    let kept = finer.map(|(class, subject, detail)| format!("{class}.{subject}.{detail}"));
    reason.with(kept.unwrap_or_else(|| code.to_owned()))
}

/// `5.1.1` in three parts.
fn finer_code(word: &str) -> Option<(&str, u16, u16)> {
    let mut parts = word.split('.');
    let class = parts.next().filter(|class| matches!(*class, "2" | "4" | "5"))?;
    let mut number = || parts.next()?.parse().ok();
    let (subject, detail) = (number()?, number()?);
    parts.next().is_none().then_some((class, subject, detail))
}

/// `plainly`: for eyes and scripts, as 8-bit text; mail servers get an encoding that all of them carry.
fn written(mail: &Mail, sender: &Sender, cover: &Cover, now: Instant, plainly: bool) -> Result<Message, Fault> {
    let part = |content: &str, kind: ContentType| {
        let part = SinglePart::builder().header(kind);
        if plainly {
            let lines = content.replace('\n', "\r\n").into_bytes();
            part.body(Body::dangerous_pre_encoded(lines, ContentTransferEncoding::EightBit))
        } else {
            part.body(content.to_owned())
        }
    };
    // The last one is the best one, for those who can show it.
    let parts = MultiPart::alternative()
        .singlepart(part(&mail.text, ContentType::TEXT_PLAIN))
        .singlepart(part(&mail.html, ContentType::TEXT_HTML));
    let mut message = Message::builder().from(sender.from.clone());
    if let Some(reply_to) = &sender.reply_to {
        message = message.reply_to(reply_to.clone());
    }
    let to: Mailbox = mail.to.parse()?;
    if let Some(return_path) = &cover.return_path {
        message = message.envelope(Envelope::new(Some(return_path.parse()?), vec![to.email.clone()])?);
    }
    Ok(message
        .to(to)
        .subject(mail.subject.clone())
        .date(now.into())
        .message_id(cover.message_id.clone())
        .header(AutoSubmitted)
        .multipart(parts)?)
}

/// RFC 3834: holiday answers stay away from mails written by a machine.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_and_unknown_mailboxes_are_told_from_other_refusals() {
        for (code, words, reason, kept) in [
            ("550", "5.1.1 <d.ormeau@ac-valmont.example>: no such user", Reason::MailboxUnknown, "5.1.1"),
            ("550", "5.1.10 RESOLVER.ADR.RecipientNotFound", Reason::MailboxUnknown, "5.1.10"),
            ("550", "#5.1.0 Address rejected", Reason::Mailbox, "5.1.0"),
            ("550", "5.2.1 The account is disabled", Reason::MailboxUnknown, "5.2.1"),
            ("552", "5.2.2 Over quota", Reason::MailboxFull, "5.2.2"),
            ("552", "Requested mail action aborted: exceeded storage allocation", Reason::MailboxFull, "552"),
            ("452", "4.2.2 Mailbox full", Reason::MailboxFull, "4.2.2"),
            ("550", "5.7.1 Blocked for SPF", Reason::Operator, "5.7.1"),
            ("550", "5.1.8 Bad sender", Reason::Operator, "5.1.8"),
            ("501", "5.1.3 Bad recipient address syntax", Reason::MailboxUnknown, "5.1.3"),
            ("450", "4.7.1 Greylisted, see http://1.2.3.example", Reason::Outage, "4.7.1"),
            ("451", "Try again later", Reason::Outage, "451"),
            ("450", "4.1.1 Unverified address", Reason::Outage, "4.1.1"),
            ("550", "Mailbox unavailable (host 10.5.1.1)", Reason::Mailbox, "550"),
            ("550", "", Reason::Mailbox, "550"),
        ] {
            assert_eq!(failure(code, words), reason.with(kept), "{code} {words}");
        }
    }
}
