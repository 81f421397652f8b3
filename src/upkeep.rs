//! What nobody needs any more is forgotten, a portion at a time, so that it holds nobody up.

use chrono::Duration;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait as _, QueryFilter};

use crate::entities::{captcha_try, known_browser, recovery_request, recovery_ticket, session, sign_in_throttle};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::sign_in::sessions;
use crate::values::Instant;

/// Rows of one table that are forgotten at once: a few milliseconds' work.
pub const PORTION: u64 = 500;
/// A form that is sent late still finds whose session it was, within the life of its security code.
const SESSIONS: Duration = Duration::hours(1);
/// Links are counted by the hour, and looked for by people who ask what became of theirs.
const TICKETS: Duration = Duration::days(7);
/// Failures count on the civil day and a little more than a minute after.
const FAILURES: Duration = Duration::days(2);
/// What was set aside waits for the operator, but names somebody.
const REQUESTS: Duration = Duration::days(30);
/// As long as the cookie of a known browser lives.
const BROWSERS: Duration = Duration::days(60);

/// Forgets a portion of what has ended.
pub async fn forget(portal: &Portal) -> Result<(), Fault> {
    let now = portal.now();
    forget_from::<session::Entity>(
        portal,
        session::Column::TokenDigest,
        session::Column::OpenedAt,
        now - sessions::IN_ALL - SESSIONS,
    )
    .await?;
    forget_from::<recovery_ticket::Entity>(
        portal,
        recovery_ticket::Column::TokenDigest,
        recovery_ticket::Column::ExpiresAt,
        now - TICKETS,
    )
    .await?;
    forget_from::<sign_in_throttle::Entity>(
        portal,
        sign_in_throttle::Column::KeyDigest,
        sign_in_throttle::Column::LastFailedAt,
        now - FAILURES,
    )
    .await?;
    forget_from::<recovery_request::Entity>(
        portal,
        recovery_request::Column::Id,
        recovery_request::Column::SetAsideAt,
        now - REQUESTS,
    )
    .await?;
    forget_from::<known_browser::Entity>(
        portal,
        known_browser::Column::KeyDigest,
        known_browser::Column::KnownAt,
        now - BROWSERS,
    )
    .await?;
    forget_from::<captcha_try::Entity>(portal, captcha_try::Column::CaptchaDigest, captcha_try::Column::EndsAt, now)
        .await
}

async fn forget_from<E: EntityTrait>(
    portal: &Portal,
    key: E::Column,
    at: E::Column,
    before: Instant,
) -> Result<(), Fault> {
    let mut ended = Query::select();
    ended.column(key).from(E::default()).and_where(Expr::col(at).lt(before)).limit(PORTION);
    let _turn = portal.db.turn().await?;
    E::delete_many().filter(key.in_subquery(ended)).exec(&portal.db).await?;
    Ok(())
}
