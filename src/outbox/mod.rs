//! The outbox: a message is enqueued in the transaction that decides it, and sent by the worker later.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait};
use serde::{Deserialize, Serialize};

use crate::carriers::{Mail, Sms};
use crate::entities::message::{ActiveModel, Channel, Entity, State};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::Purpose;

pub mod letters;
pub mod post;
pub mod rules;
pub mod tally;
pub mod watch;

pub use letters::Letter;

/// What a carrier needs; in the database it is sealed, and erased once it has left.
#[derive(Serialize, Deserialize)]
pub enum Content {
    Mail(Mail),
    Sms(Sms),
}

/// A message ready to be written into the transaction that decides it.
pub struct Sealed {
    letter: Letter,
    channel: Channel,
    content: Vec<u8>,
    recipient_digest: Option<Vec<u8>>,
    priority: i16,
}

impl Sealed {
    /// Lets the others of its channel go first.
    #[must_use]
    pub fn yielding(self) -> Self {
        Self { priority: letters::NOTICE, ..self }
    }
}

/// Seals a message. Done before the transaction begins, so that no lock waits for it.
pub fn seal(portal: &Portal, letter: Letter, content: &Content) -> Result<Sealed, Fault> {
    let (channel, recipient_digest) = match content {
        Content::Mail(_) => (Channel::Mail, None),
        Content::Sms(sms) => (Channel::Sms, Some(portal.keys.digest(Purpose::Tally, &[sms.to.as_bytes()]))),
    };
    let content = portal.keys.seal(Purpose::Outbox, &portal.chance, &serde_json::to_vec(content)?);
    Ok(Sealed { letter, channel, content, recipient_digest, priority: letter.priority() })
}

/// Commits a message to be sent, with whatever else the transaction decides. Returns its id.
pub async fn enqueue(
    work: &impl ConnectionTrait,
    portal: &Portal,
    account: Option<i64>,
    message: Sealed,
) -> Result<i64, Fault> {
    Ok(row(portal, account, message).insert(work).await?.id)
}

/// Commits an SMS and the mail that goes with it, in one statement. Returns the SMS's id.
pub async fn enqueue_pair(
    work: &impl ConnectionTrait,
    portal: &Portal,
    account: Option<i64>,
    sms: Sealed,
    mail: Sealed,
) -> Result<i64, Fault> {
    let rows = [sms, mail].map(|message| row(portal, account, message));
    let written = Entity::insert_many(rows).exec_with_returning(work).await?;
    let sms = written.into_iter().find(|message| message.channel == Channel::Sms);
    sms.map(|sms| sms.id).ok_or_else(|| Fault::new("an SMS was not written"))
}

fn row(portal: &Portal, account: Option<i64>, message: Sealed) -> ActiveModel {
    let now = portal.now();
    ActiveModel {
        id: NotSet,
        channel: Set(message.channel),
        letter: Set(message.letter.name().to_owned()),
        account_id: Set(account),
        sealed: Set(Some(message.content)),
        state: Set(State::Queued),
        attempts: Set(0),
        created_at: Set(now),
        due_at: Set(now),
        ended_at: Set(None),
        carrier_id: Set(None),
        failure: Set(None),
        priority: Set(message.priority),
        gateway: Set(None),
        code: Set(None),
        unsure: Set(false),
        resent: Set(0),
        tried_at: Set(None),
        settled_at: Set(None),
        ask_at: Set(None),
        recipient_digest: Set(message.recipient_digest),
        valid_from: Set(None),
    }
}
