//! Server-side sessions: the cookie holds a random token, the database its digest.

use chrono::Duration;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::entities::{account, session};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::{Instant, Token};

pub const IDLE: Duration = Duration::minutes(30);
pub const IN_ALL: Duration = Duration::hours(12);
/// A session is written again only once this much of its idle time is gone, not at each page.
const WORTH_WRITING: Duration = Duration::minutes(1);

/// A signed-in person, as every page of theirs gets them.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub account: account::Model,
    pub session_digest: Vec<u8>,
    /// When the session ends unless a page is asked for before.
    pub ends_at: Instant,
}

/// Opens a session; its token is new, whatever the browser held before.
pub async fn open(work: &impl ConnectionTrait, portal: &Portal, account: i64) -> Result<Token, Fault> {
    let now = portal.now();
    let token = Token::draw(&portal.chance);
    let session = session::ActiveModel {
        token_digest: Set(token.digest()),
        account_id: Set(account),
        opened_at: Set(now),
        seen_at: Set(now),
    };
    session::Entity::insert(session).exec_without_returning(work).await?;
    Ok(token)
}

/// Finds the session of a token, if it still lives, and keeps it alive.
pub async fn find(portal: &Portal, token: &Token) -> Result<Option<SignedIn>, Fault> {
    let now = portal.now();
    let Some((session, account)) = living(portal, token).await? else { return Ok(None) };
    if now - session.seen_at >= WORTH_WRITING {
        let seen = session::ActiveModel {
            token_digest: Set(session.token_digest.clone()),
            seen_at: Set(now),
            ..Default::default()
        };
        let _turn = portal.db.turn().await?;
        // Gone meanwhile: signed out in another tab.
        match session::Entity::update(seen).exec(&portal.db).await {
            Err(sea_orm::DbErr::RecordNotUpdated) => return Ok(None),
            other => other?,
        };
    }
    let ends_at = end(session.opened_at, now);
    Ok(Some(signed_in(session, account, ends_at)))
}

/// Finds the session of a token, if it still lives, without keeping it alive: nobody is there.
pub async fn look(portal: &Portal, token: &Token) -> Result<Option<SignedIn>, Fault> {
    let found = living(portal, token).await?;
    Ok(found.map(|(session, account)| {
        let ends_at = end(session.opened_at, session.seen_at);
        signed_in(session, account, ends_at)
    }))
}

/// Whose session a token was, until somebody ended it: time alone ends it without forgetting whose it was.
pub async fn owner(portal: &Portal, token: &Token) -> Result<Option<i64>, Fault> {
    let found = session::Entity::find_by_id(token.digest()).one(&portal.db).await?;
    Ok(found.map(|session| session.account_id))
}

async fn living(portal: &Portal, token: &Token) -> Result<Option<(session::Model, account::Model)>, Fault> {
    let found = session::Entity::find_by_id(token.digest()).find_also_related(account::Entity).one(&portal.db).await?;
    let lives = |session: &session::Model| portal.now() < end(session.opened_at, session.seen_at);
    Ok(found.and_then(|(session, account)| Some((session, account?))).filter(|(session, _)| lives(session)))
}

fn signed_in(session: session::Model, account: account::Model, ends_at: Instant) -> SignedIn {
    SignedIn { account, session_digest: session.token_digest, ends_at }
}

/// Ends one session.
pub async fn close(portal: &Portal, token: &Token) -> Result<(), Fault> {
    let _turn = portal.db.turn().await?;
    session::Entity::delete_by_id(token.digest()).exec(&portal.db).await?;
    Ok(())
}

/// Ends every session of an account.
pub async fn close_all(work: &impl ConnectionTrait, account: i64) -> Result<(), Fault> {
    session::Entity::delete_many().filter(session::Column::AccountId.eq(account)).exec(work).await?;
    Ok(())
}

fn end(opened_at: Instant, seen_at: Instant) -> Instant {
    (seen_at + IDLE).min(opened_at + IN_ALL)
}
