//! Using a mailed link: look at it without consuming it, then set the password once.

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::rules;
use crate::delivery::mailbox;
use crate::entities::{account, recovery_ticket, voter};
use crate::fault::Fault;
use crate::issuance::seat::{Seat, seats};
use crate::outbox::letters::Reader;
use crate::outbox::{self, letters};
use crate::portal::Portal;
use crate::sign_in::{self, KnownBrowser, sessions};
use crate::values::email::local_part;
use crate::values::password::{Criterion, Person};
use crate::values::{EmailAddress, Instant, Language, PasswordPolicy, Territory, Token};

/// A link that still opens.
#[derive(Debug)]
pub struct OpenLink {
    pub account: account::Model,
    pub expires_at: Instant,
    pub policy: PasswordPolicy,
    /// The account's place on a roll, if it has one.
    pub seat: Option<Seat>,
}

impl OpenLink {
    /// By whose clock its owner lives.
    pub fn territory(&self) -> Territory {
        self.seat.as_ref().map_or(Territory::Metropole, |seat| seat.territory)
    }
}

#[derive(Debug)]
pub enum Outcome {
    Changed {
        email: EmailAddress,
        browser: KnownBrowser,
    },
    /// Unknown, used, replaced or expired.
    LinkExpired,
    Refused(PasswordRefusal),
    /// Too many passwords are being hashed; nothing was done.
    Busy,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasswordRefusal {
    pub unmet: Vec<Criterion>,
    /// The two typed passwords differ.
    pub differ: bool,
}

/// What a link opens, consuming nothing: mail scanners open links too.
pub async fn look(portal: &Portal, token: &Token) -> Result<Option<OpenLink>, Fault> {
    let found =
        recovery_ticket::Entity::find_by_id(token.digest()).find_also_related(account::Entity).one(&*portal.db).await?;
    let Some((ticket, Some(account))) = found else { return Ok(None) };
    if !rules::is_open(ticket.expires_at, ticket.closed_at, portal.now()) {
        return Ok(None);
    }
    let policy = portal.population(&account.population)?.password.clone();
    let seat = seats(&*portal.db, account.id, portal.now()).await?.into_iter().next();
    Ok(Some(OpenLink { account, expires_at: ticket.expires_at, policy, seat }))
}

/// Sets the password, ends every session of the account and tells its mailbox.
pub async fn redeem(
    portal: &Portal,
    token: &Token,
    password: &str,
    again: &str,
    language: Language,
) -> Result<Outcome, Fault> {
    let Some(link) = look(portal, token).await? else { return Ok(Outcome::LinkExpired) };
    let person = person(portal, &link.account).await?;
    let refusal =
        PasswordRefusal { unmet: link.policy.unmet(password, &person, &portal.keys), differ: password != again };
    if refusal != PasswordRefusal::default() {
        return Ok(Outcome::Refused(refusal));
    }
    let Some(email) = EmailAddress::parse(&link.account.email) else {
        return Err(Fault::new("an account's address is unreadable"));
    };
    let Some(place) = portal.hasher.enter() else { return Ok(Outcome::Busy) };
    let hash = place.hash(password).await?;
    let to = Reader { email: &link.account.email, language, territory: link.territory() };
    let letter = letters::password_changed(portal, to, link.seat.as_ref().map(|seat| &seat.election))?;

    let work = portal.db.begin().await?;
    // The account first, then its links: the order in which a new link is given, too.
    account::Entity::find_by_id(link.account.id).lock_exclusive().one(&*work).await?;
    if !consume(&*work, portal, token).await? {
        return Ok(Outcome::LinkExpired);
    }
    let account = account::ActiveModel {
        id: Set(link.account.id),
        password_hash: Set(Some(hash)),
        language: Set(language.code().to_owned()),
        ..Default::default()
    };
    account::Entity::update(account).exec(&*work).await?;
    mailbox::forget(&*work, link.account.id).await?;
    sessions::close_all(&*work, link.account.id).await?;
    let browser = sign_in::forgive(&*work, portal, link.account.id, &email).await?;
    outbox::enqueue(&*work, portal, Some(link.account.id), letter).await?;
    work.commit().await?;
    portal.wake_worker();
    Ok(Outcome::Changed { email, browser })
}

/// Closes the link under lock: of two tabs that send the form at once, one changes the password.
async fn consume(work: &impl ConnectionTrait, portal: &Portal, token: &Token) -> Result<bool, Fault> {
    let now = portal.now();
    let ticket = recovery_ticket::Entity::find_by_id(token.digest()).lock_exclusive().one(work).await?;
    let Some(ticket) = ticket.filter(|ticket| rules::is_open(ticket.expires_at, ticket.closed_at, now)) else {
        return Ok(false);
    };
    let closed = recovery_ticket::ActiveModel {
        token_digest: Set(ticket.token_digest),
        closed_at: Set(Some(now)),
        ..Default::default()
    };
    recovery_ticket::Entity::update(closed).exec(work).await?;
    Ok(true)
}

/// What a password of this account must not contain.
async fn person(portal: &Portal, account: &account::Model) -> Result<Person, Fault> {
    let entries = voter::Entity::find().filter(voter::Column::AccountId.eq(account.id)).all(&*portal.db).await?;
    let mut person = Person { names: vec![local_part(&account.email).to_owned()], secrets: Vec::new() };
    for entry in entries {
        person.names.extend([entry.last_name, entry.first_names]);
        person.secrets.push((entry.numen_digest, entry.birthdate_digest));
    }
    Ok(person)
}
