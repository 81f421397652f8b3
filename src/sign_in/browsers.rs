//! The browsers whose users have proved to own an account: the ten latest, and none from before a new password.

use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait as _, Order, QueryFilter};

use super::throttle_key;
use crate::entities::known_browser::{ActiveModel, Column, Entity};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::EmailAddress;

/// A nonce that a browser got when its user proved to own the account. Failures from such a browser
/// are counted apart, so that a stranger who fails on purpose can't keep the owner out (OWASP's
/// "device cookies").
pub type KnownBrowser = [u8; 16];

/// More than one person signs in from during an election. Each has tries of its own, so they must not add up for ever.
const MOST: u64 = 10;

/// The browser of a cookie, if it is one of the account's still. A stranger's browser brings no cookie of the address, so
/// that nothing is looked up for it, whether or not somebody has the address.
pub async fn recognise(
    portal: &Portal,
    email: &EmailAddress,
    browser: Option<&KnownBrowser>,
) -> Result<Option<KnownBrowser>, Fault> {
    let Some(browser) = browser else { return Ok(None) };
    let known = Entity::find_by_id(throttle_key(portal, email, Some(browser))).one(&portal.db).await?;
    Ok(known.map(|_| *browser))
}

/// Knows a browser from now on, under lock of its account; the one that was known longest gives way. A browser that was
/// recognised keeps its nonce, so that an answer that is lost on its way costs nothing.
pub async fn know(
    work: &impl ConnectionTrait,
    portal: &Portal,
    account: i64,
    email: &EmailAddress,
    recognised: Option<KnownBrowser>,
) -> Result<KnownBrowser, Fault> {
    let browser = recognised.unwrap_or_else(|| portal.chance.bytes());
    let key = throttle_key(portal, email, Some(&browser));
    let known = ActiveModel { key_digest: Set(key.clone()), account_id: Set(account), known_at: Set(portal.now()) };
    Entity::insert(known)
        .on_conflict(OnConflict::column(Column::KeyDigest).update_column(Column::KnownAt).to_owned())
        .exec_without_returning(work)
        .await?;
    let others = || Column::AccountId.eq(account).and(Column::KeyDigest.ne(key.clone()));
    let mut latest = Query::select();
    latest
        .column(Column::KeyDigest)
        .from(Entity)
        .and_where(others())
        .order_by(Column::KnownAt, Order::Desc)
        .order_by(Column::KeyDigest, Order::Desc)
        .limit(MOST - 1);
    let surplus = others().and(Column::KeyDigest.not_in_subquery(latest));
    Entity::delete_many().filter(surplus).exec(work).await?;
    Ok(browser)
}

/// Lets every browser of an account be a stranger's.
pub async fn forget(work: &impl ConnectionTrait, account: i64) -> Result<(), Fault> {
    Entity::delete_many().filter(Column::AccountId.eq(account)).exec(work).await?;
    Ok(())
}
