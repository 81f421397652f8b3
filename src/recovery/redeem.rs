//! Using a mailed link: look at it without consuming it, then set the password once.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait as _, QueryFilter, QuerySelect};

use super::{answer, rules};
use crate::db::Work;
use crate::delivery::mailbox;
use crate::entities::{account, recovery_ticket, voter};
use crate::fault::Fault;
use crate::hashing::Verdict;
use crate::issuance::seat::{Seat, seats};
use crate::outbox::letters::Reader;
use crate::outbox::{self, letters};
use crate::portal::Portal;
use crate::sign_in::rules::Admission;
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
    /// Unknown, used, expired, or worn out by refusals.
    LinkExpired,
    /// With the link, as it was when the password was looked at.
    Refused(Box<OpenLink>, PasswordRefusal),
    /// Too many passwords are being hashed; nothing was done.
    Busy,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasswordRefusal {
    pub unmet: Vec<Criterion>,
    /// The two typed passwords differ.
    pub differ: bool,
    /// It is the account's password already.
    pub reused: bool,
}

/// What a link opens, consuming nothing: mail scanners open links too.
pub async fn look(portal: &Portal, token: &Token) -> Result<Option<OpenLink>, Fault> {
    let found =
        recovery_ticket::Entity::find_by_id(token.digest()).find_also_related(account::Entity).one(&portal.db).await?;
    let Some((ticket, Some(account))) = found else { return Ok(None) };
    if !rules::is_open(ticket.expires_at, ticket.closed_at, ticket.refusals, portal.now()) {
        return Ok(None);
    }
    let policy = portal.population(&account.population)?.password.clone();
    let seat = seats(&portal.db, account.id, portal.now()).await?.into_iter().next();
    Ok(Some(OpenLink { account, expires_at: ticket.expires_at, policy, seat }))
}

/// Sets the password, ends every link and session of the account and tells its mailbox.
pub async fn redeem(
    portal: &Portal,
    token: &Token,
    password: &str,
    again: &str,
    language: Language,
) -> Result<Outcome, Fault> {
    let Some(link) = look(portal, token).await? else { return Ok(Outcome::LinkExpired) };
    let person = person(portal, &link.account).await?;
    let unmet = link.policy.unmet(password, &person);
    let refusal = PasswordRefusal { unmet, differ: password != again, reused: false };
    if refusal != PasswordRefusal::default() {
        return refuse(portal, token, link, refusal).await;
    }
    let Some(email) = EmailAddress::parse(&link.account.email) else {
        return Err(Fault::new("an account's address is unreadable"));
    };
    let Some(place) = portal.hasher.enter() else { return Ok(Outcome::Busy) };
    if let Some(present) = &link.account.password_hash {
        let Some(comparing) = portal.hasher.enter() else { return Ok(Outcome::Busy) };
        // Comparing with the present password is a try at it, like a sign-in; when those are used up, nothing is told.
        let may_compare = sign_in::count_a_try(portal, &email, None).await? == Admission::Now;
        if may_compare && comparing.verify(password, Some(present)).await? != Verdict::Wrong {
            let refusal = PasswordRefusal { reused: true, ..PasswordRefusal::default() };
            return refuse(portal, token, link, refusal).await;
        }
    }
    let hash = place.hash(password).await?;
    let to = Reader { email: &link.account.email, language, territory: link.territory() };
    let letter = letters::password_changed(portal, to, link.seat.as_ref().map(|seat| &seat.election))?;

    let work = portal.db.begin().await?;
    // The account first, then its links: the order in which a new link is given, too.
    account::Entity::find_by_id(link.account.id).lock_exclusive().one(&work).await?;
    if !is_open(&work, portal, token).await? {
        return Ok(Outcome::LinkExpired);
    }
    answer::close(&work, link.account.id, None, portal.now()).await?;
    let account = account::ActiveModel {
        id: Set(link.account.id),
        password_hash: Set(Some(hash)),
        language: Set(language.code().to_owned()),
        ..Default::default()
    };
    account::Entity::update(account).exec(&work).await?;
    mailbox::forget(&work, link.account.id).await?;
    sessions::close_all(&work, link.account.id).await?;
    let browser = sign_in::forgive(&work, portal, link.account.id, &email).await?;
    outbox::enqueue(&work, portal, Some(link.account.id), letter).await?;
    work.commit().await?;
    portal.wake_worker();
    Ok(Outcome::Changed { email, browser })
}

/// Whether the link opens, under lock: of two tabs that send the form at once, one changes the password.
async fn is_open(work: &Work, portal: &Portal, token: &Token) -> Result<bool, Fault> {
    let ticket = recovery_ticket::Entity::find_by_id(token.digest()).lock_exclusive().one(work).await?;
    let now = portal.now();
    Ok(ticket.is_some_and(|ticket| rules::is_open(ticket.expires_at, ticket.closed_at, ticket.refusals, now)))
}

/// Refuses a password, and counts it unless the link has taken all of its share. Two that differ tell nothing of anything.
async fn refuse(portal: &Portal, token: &Token, link: OpenLink, refusal: PasswordRefusal) -> Result<Outcome, Fault> {
    use recovery_ticket::Column;
    if refusal.unmet.is_empty() && !refusal.reused {
        return Ok(Outcome::Refused(Box::new(link), refusal));
    }
    let _turn = portal.db.turn().await?;
    let counted = recovery_ticket::Entity::update_many()
        .col_expr(Column::Refusals, Expr::col(Column::Refusals).add(1))
        .filter(Column::TokenDigest.eq(token.digest()))
        .filter(Column::Refusals.lt(rules::MOST_REFUSALS))
        .exec(&portal.db)
        .await?;
    Ok(if counted.rows_affected == 1 { Outcome::Refused(Box::new(link), refusal) } else { Outcome::LinkExpired })
}

/// What a password of this account must not contain.
async fn person(portal: &Portal, account: &account::Model) -> Result<Person, Fault> {
    let entries = voter::Entity::find().filter(voter::Column::AccountId.eq(account.id)).all(&portal.db).await?;
    let of_roll = entries.into_iter().flat_map(|entry| [entry.last_name, entry.first_names]);
    Ok(Person { names: of_roll.chain([local_part(&account.email).to_owned()]).collect() })
}
