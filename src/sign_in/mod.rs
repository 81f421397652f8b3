//! Signing in with an address and a password.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::entities::account::{self, MailboxFault};
use crate::entities::{known_browser, message, recovery_ticket, session, sign_in_throttle};
use crate::fault::Fault;
use crate::hashing::{Place, Verdict};
use crate::outbox::post;
use crate::portal::Portal;
use crate::values::{EmailAddress, Instant, Language, Purpose, Token};

mod browsers;
pub mod rules;
pub mod sessions;

pub use browsers::KnownBrowser;
use rules::{Admission, Failures};

/// What became of a sign-in.
#[derive(Debug)]
pub enum Outcome {
    SignedIn {
        account: account::Model,
        session: Token,
        browser: KnownBrowser,
    },
    /// Wrong address or password; which of them is not told.
    Refused,
    /// Too many failures: not before this moment.
    Throttled {
        until: Instant,
    },
    /// More sign-ins at once than can wait. Nothing was counted.
    Busy,
    /// The database went away after the try had been counted. The same password is not to be counted again.
    Late,
}

/// Signs a person in. The same work is done for addresses that nobody has. `counted`: the same try was counted before.
pub async fn sign_in(
    portal: &Portal,
    email: &EmailAddress,
    password: &str,
    browser: Option<&KnownBrowser>,
    language: Language,
    counted: bool,
) -> Result<Outcome, Fault> {
    let Some(place) = portal.hasher.enter() else { return Ok(Outcome::Busy) };
    // Before the try is counted: under the browser's own count, or with those of strangers.
    let browser = browsers::recognise(portal, email, browser).await?;
    if !counted {
        let key = throttle_key(portal, email, browser.as_ref());
        if let Admission::NotBefore(until) = count(portal, &key).await? {
            return Ok(Outcome::Throttled { until });
        }
    }
    match compare(portal, place, email, password, browser, language).await {
        Err(fault) if fault.is_away() => {
            tracing::error!(%fault, "a sign-in waits for the database");
            Ok(Outcome::Late)
        }
        outcome => outcome,
    }
}

async fn compare(
    portal: &Portal,
    mut place: Place<'_>,
    email: &EmailAddress,
    password: &str,
    browser: Option<KnownBrowser>,
    language: Language,
) -> Result<Outcome, Fault> {
    loop {
        let account = account::Entity::find().filter(account::Column::Email.eq(email.as_str())).one(&portal.db).await?;
        let hash = account.as_ref().and_then(|account| account.password_hash.clone());
        let verdict = place.verify(password, hash.as_deref()).await?;
        let (Some(account), Verdict::Right { stale }) = (account, verdict) else { return Ok(Outcome::Refused) };
        let renewing = if stale { portal.hasher.enter() } else { None };
        let fresh = match renewing {
            Some(place) => Some(place.hash(password).await?),
            None => None,
        };
        let opened = open(portal, &account, fresh, language, email, browser).await?;
        if let Some((session, browser)) = opened {
            return Ok(Outcome::SignedIn { account, session, browser });
        }
        // Another sign-in renewed the hash meanwhile, or the password was changed: compare with what is there now.
        let Some(next) = portal.hasher.enter() else { return Ok(Outcome::Busy) };
        place = next;
    }
}

/// Opens a session, knows the browser, forgets the failures and keeps a fresh hash. Nothing if the compared password hash
/// is no more the account's: a password that was changed while it was compared opens nothing.
async fn open(
    portal: &Portal,
    account: &account::Model,
    fresh: Option<String>,
    language: Language,
    email: &EmailAddress,
    browser: Option<KnownBrowser>,
) -> Result<Option<(Token, KnownBrowser)>, Fault> {
    let work = portal.db.begin().await?;
    // The account first, then what hangs on it: the order in which a password is changed, too.
    let today = account::Entity::find_by_id(account.id).lock_exclusive().one(&work).await?;
    if today.is_none_or(|today| today.password_hash != account.password_hash) {
        return Ok(None);
    }
    if fresh.is_some() || account.speaks() != language {
        let renewed = account::ActiveModel {
            id: Set(account.id),
            password_hash: fresh.map_or(NotSet, |fresh| Set(Some(fresh))),
            language: Set(language.code().to_owned()),
            ..Default::default()
        };
        account::Entity::update(renewed).exec(&work).await?;
    }
    sign_in_throttle::Entity::delete_by_id(throttle_key(portal, email, browser.as_ref())).exec(&work).await?;
    let session = sessions::open(&work, portal, account.id).await?;
    let browser = browsers::know(&work, portal, account.id, email, browser).await?;
    work.commit().await?;
    Ok(Some((session, browser)))
}

/// Lets a person be written to in the language in which they have just acted.
pub async fn speak(portal: &Portal, account: account::Model, language: Language) -> Result<account::Model, Fault> {
    if account.speaks() == language {
        return Ok(account);
    }
    let spoken =
        account::ActiveModel { id: Set(account.id), language: Set(language.code().to_owned()), ..Default::default() };
    let _turn = portal.db.turn().await?;
    Ok(account::Entity::update(spoken).exec(&portal.db).await?)
}

/// Forgets the failures under an address and the browsers of its account: its owner has just proved to read its mail, and
/// no earlier browser did. Returns what makes the owner's browser known from now on.
pub async fn forgive(
    work: &impl sea_orm::ConnectionTrait,
    portal: &Portal,
    account: i64,
    email: &EmailAddress,
) -> Result<KnownBrowser, Fault> {
    sign_in_throttle::Entity::delete_by_id(throttle_key(portal, email, None)).exec(work).await?;
    browsers::forget(work, account).await?;
    browsers::know(work, portal, account, email, None).await
}

/// Takes their addresses from accounts: no password, session, link, browser or count of the one before opens or holds back
/// anything, and no mail to them leaves that still waits. Whoever has the address next gets an account of their own, of
/// which nothing that was written or sealed for this one speaks.
pub async fn retire(
    work: &impl ConnectionTrait,
    portal: &Portal,
    accounts: &[(i64, &EmailAddress)],
) -> Result<(), Fault> {
    let ids = || accounts.iter().map(|(account, _)| *account);
    let counts = accounts.iter().map(|(_, email)| throttle_key(portal, email, None));
    let now = portal.now();
    account::Entity::update_many()
        .col_expr(account::Column::Population, Expr::value(account::RETIRED))
        .col_expr(account::Column::Email, Expr::cust("'retired-' || id"))
        .col_expr(account::Column::PasswordHash, Expr::value(None::<String>))
        // Whoever stands on it still, on another roll, is told by other ways.
        .col_expr(account::Column::MailboxFault, Expr::value(MailboxFault::Unknown.to_value()))
        .col_expr(account::Column::MailboxFaultAt, Expr::value(now))
        .filter(account::Column::Id.is_in(ids()))
        .exec(work)
        .await?;
    session::Entity::delete_many().filter(session::Column::AccountId.is_in(ids())).exec(work).await?;
    known_browser::Entity::delete_many().filter(known_browser::Column::AccountId.is_in(ids())).exec(work).await?;
    recovery_ticket::Entity::delete_many().filter(recovery_ticket::Column::AccountId.is_in(ids())).exec(work).await?;
    sign_in_throttle::Entity::delete_many()
        .filter(sign_in_throttle::Column::KeyDigest.is_in(counts))
        .exec(work)
        .await?;
    post::withdraw_mails(work, message::Column::AccountId.is_in(ids()), now).await
}

/// Until when nobody can sign in from a browser that this address does not know, as a desk tells its holder.
pub async fn held_back_until(portal: &Portal, email: &EmailAddress) -> Result<Option<Instant>, Fault> {
    let key = throttle_key(portal, email, None);
    let Some(record) = sign_in_throttle::Entity::find_by_id(key).one(&portal.db).await? else { return Ok(None) };
    let failures = Failures { in_a_row: record.in_a_row, today: record.today, last_at: record.last_failed_at };
    Ok(match rules::admit(&failures, portal.now()) {
        Admission::Now => None,
        Admission::NotBefore(until) => Some(until),
    })
}

/// Failures are counted under a digest of what was typed, whether or not an account has it.
fn throttle_key(portal: &Portal, email: &EmailAddress, browser: Option<&KnownBrowser>) -> Vec<u8> {
    let browser = browser.map_or(&[][..], |nonce| &nonce[..]);
    portal.keys.digest(Purpose::Throttle, &[email.as_str().as_bytes(), browser])
}

/// Counts a try at an account's password as failed, before it is made; a success takes the count away again.
pub async fn count_a_try(
    portal: &Portal,
    email: &EmailAddress,
    browser: Option<&KnownBrowser>,
) -> Result<Admission, Fault> {
    count(portal, &throttle_key(portal, email, browser)).await
}

/// Under lock: of many tries made at once, none slips through.
async fn count(portal: &Portal, key: &[u8]) -> Result<Admission, Fault> {
    // Most people fail never or seldom: their count begins here, and one statement is enough.
    let turn = portal.db.turn().await?;
    let first = sign_in_throttle::ActiveModel {
        key_digest: Set(key.to_owned()),
        in_a_row: Set(1),
        today: Set(1),
        last_failed_at: Set(portal.now()),
    };
    let begun = sign_in_throttle::Entity::insert(first)
        .on_conflict(OnConflict::column(sign_in_throttle::Column::KeyDigest).do_nothing().to_owned())
        .exec_without_returning(&portal.db)
        .await?;
    drop(turn);
    if begun == 1 {
        return Ok(Admission::Now);
    }
    let work = portal.db.begin().await?;
    let Some(record) = sign_in_throttle::Entity::find_by_id(key.to_owned()).lock_exclusive().one(&work).await? else {
        // A success has just taken it away.
        return Ok(Admission::Now);
    };
    let now = portal.now();
    let failures = Failures { in_a_row: record.in_a_row, today: record.today, last_at: record.last_failed_at };
    let admission = rules::admit(&failures, now);
    if admission == Admission::Now {
        let failures = failures.with_one_more(now);
        let counted = sign_in_throttle::ActiveModel {
            key_digest: Set(record.key_digest),
            in_a_row: Set(failures.in_a_row),
            today: Set(failures.today),
            last_failed_at: Set(now),
        };
        sign_in_throttle::Entity::update(counted).exec(&work).await?;
    }
    work.commit().await?;
    Ok(admission)
}
