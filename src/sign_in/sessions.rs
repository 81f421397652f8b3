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
    let digest = token.digest();
    let found = session::Entity::find_by_id(digest.clone()).find_also_related(account::Entity).one(&*portal.db).await?;
    let Some((session, Some(account))) = found else { return Ok(None) };
    if now >= end(session.opened_at, session.seen_at) {
        return Ok(None);
    }
    if now - session.seen_at >= WORTH_WRITING {
        let seen = session::ActiveModel { token_digest: Set(digest.clone()), seen_at: Set(now), ..Default::default() };
        // Gone meanwhile: signed out in another tab.
        match session::Entity::update(seen).exec(&*portal.db).await {
            Err(sea_orm::DbErr::RecordNotUpdated) => return Ok(None),
            other => other?,
        };
    }
    Ok(Some(SignedIn { account, session_digest: digest, ends_at: end(session.opened_at, now) }))
}

/// Ends one session.
pub async fn close(portal: &Portal, token: &Token) -> Result<(), Fault> {
    session::Entity::delete_by_id(token.digest()).exec(&*portal.db).await?;
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
