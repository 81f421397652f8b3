//! Mail: an SMTP server, a folder of `.eml` files, or memory.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::{Handover, file};
use crate::fault::Fault;
use crate::settings::{MailChoice, Settings};
use crate::values::Instant;

/// A server that has not answered by then is silent.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mail in plain text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mail(…)")
    }
}

#[derive(Clone, Debug)]
pub enum MailCarrier {
    Smtp { transport: AsyncSmtpTransport<Tokio1Executor>, from: Mailbox },
    File { folder: PathBuf, from: Mailbox },
    Memory(Arc<Mutex<Vec<Mail>>>),
}

impl MailCarrier {
    pub fn from_settings(settings: &Settings) -> Result<Self, Fault> {
        let from: Mailbox = settings.mail.from.parse()?;
        match settings.mail.carrier {
            MailChoice::File => Ok(Self::File { folder: settings.outbox_folder(), from }),
            MailChoice::Smtp => {
                let url = settings.mail.smtp_url.as_ref().ok_or_else(|| Fault::new("mail.smtp_url is missing"))?;
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())
                    // lettre's error would show the URL, hence the password in it.
                    .map_err(|_| Fault::new("mail.smtp_url : adresse illisible"))?
                    .timeout(Some(PATIENCE))
                    .build();
                Ok(Self::Smtp { transport, from })
            }
        }
    }

    pub async fn send(&self, mail: &Mail, now: Instant) -> Handover {
        match self {
            Self::Memory(sent) => {
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(mail.clone());
                Handover::Accepted { id: None }
            }
            Self::File { folder, from } => match written(mail, from, now) {
                Err(fault) => Handover::Refused { reason: fault.to_string() },
                Ok(message) => match file::write(folder, "eml", &message.formatted(), now).await {
                    Ok(()) => Handover::Accepted { id: None },
                    Err(fault) => Handover::later(format!("folder: {fault}")),
                },
            },
            Self::Smtp { transport, from } => match written(mail, from, now) {
                Err(fault) => Handover::Refused { reason: fault.to_string() },
                // lettre's own patience ends with the connection: a server that then falls silent would
                // hold the worker for ever.
                Ok(message) => match timeout(PATIENCE, transport.send(message)).await {
                    Ok(Ok(_)) => Handover::Accepted { id: None },
                    Ok(Err(error)) => judge(&error),
                    Err(_) => Handover::later("smtp: silent"),
                },
            },
        }
    }
}

/// Permanent answers (5xx) end the message; everything else is worth another try. The server's words
/// may quote the address, so only the code is kept.
fn judge(error: &lettre::transport::smtp::Error) -> Handover {
    let code = error.status().map_or_else(|| "no answer".to_owned(), |code| code.to_string());
    let reason = format!("smtp {code}");
    if error.is_permanent() { Handover::Refused { reason } } else { Handover::later(reason) }
}

fn written(mail: &Mail, from: &Mailbox, now: Instant) -> Result<Message, Fault> {
    Ok(Message::builder()
        .from(from.clone())
        .to(mail.to.parse()?)
        .subject(mail.subject.clone())
        .date(now.into())
        .message_id(None)
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(mail.text.clone())?)
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
