//! A lost password, or the first one: a link by mail, used once.
//!
//! Asking only queues the typed address, for every address alike; the worker finds out later whether
//! an account has it. So the answer tells nothing, neither by its words nor by its time.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entities::{account, recovery_request, recovery_ticket};
use crate::fault::Fault;
use crate::issuance::seat::seats;
use crate::outbox::letters::Reader;
use crate::outbox::{self, letters};
use crate::portal::Portal;
use crate::values::{EmailAddress, Language, Purpose, Territory, Token};

pub mod redeem;
pub mod rules;

/// Notes that somebody asks for a link to this address. The worker is not woken: what it does for an
/// account would be felt by whoever asks again at once.
pub async fn ask(portal: &Portal, email: &EmailAddress, language: Language) -> Result<(), Fault> {
    let request = recovery_request::ActiveModel {
        id: NotSet,
        sealed_address: Set(portal.keys.seal(Purpose::Recovery, &portal.chance, email.as_str().as_bytes())),
        asked_at: Set(portal.now()),
        language: Set(language.code().to_owned()),
    };
    let _turn = portal.db.turn().await?;
    recovery_request::Entity::insert(request).exec_without_returning(&*portal.db).await?;
    Ok(())
}

/// Answers the oldest request, if there is one: a new link for an account, nothing for a stranger.
/// Returns whether there was one.
pub async fn answer_next(portal: &Portal) -> Result<bool, Fault> {
    // Looking first costs no write lock while there is nothing to do.
    if recovery_request::Entity::find().one(&*portal.db).await?.is_none() {
        return Ok(false);
    }
    let work = portal.db.begin().await?;
    let request = recovery_request::Entity::find()
        .order_by_asc(recovery_request::Column::Id)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .limit(1)
        .one(&*work)
        .await?;
    let Some(request) = request else { return Ok(false) };
    recovery_request::Entity::delete_by_id(request.id).exec(&*work).await?;
    let language = Language::from_code(&request.language).unwrap_or_default();
    let address = portal.keys.open(Purpose::Recovery, &request.sealed_address);
    let address = address.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let account =
        account::Entity::find().filter(account::Column::Email.eq(address)).lock_exclusive().one(&*work).await?;
    if let Some(account) = account
        && let Err(fault) = give_link(portal, &work, &account, language).await
    {
        // It would fail again at once, and hold up everybody behind it.
        tracing::error!(%fault, "a request for a password could not be answered");
        drop(work);
        let _turn = portal.db.turn().await?;
        recovery_request::Entity::delete_by_id(request.id).exec(&*portal.db).await?;
        return Ok(true);
    }
    work.commit().await?;
    Ok(true)
}

async fn give_link(
    portal: &Portal,
    work: &crate::db::Work,
    account: &account::Model,
    language: Language,
) -> Result<(), Fault> {
    let now = portal.now();
    let recent = recovery_ticket::Entity::find()
        .filter(recovery_ticket::Column::AccountId.eq(account.id))
        .filter(recovery_ticket::Column::AskedAt.gt(now - rules::HOUR))
        .count(&**work)
        .await?;
    let latest = recovery_ticket::Entity::find()
        .filter(recovery_ticket::Column::AccountId.eq(account.id))
        .filter(recovery_ticket::Column::ClosedAt.is_null())
        .order_by_desc(recovery_ticket::Column::AskedAt)
        .one(&**work)
        .await?;
    if !rules::may_mail(recent, latest.map(|ticket| ticket.asked_at), now) {
        return Ok(());
    }
    let until = now + chrono::Duration::minutes(portal.population(&account.population)?.link_minutes.into());
    let token = Token::draw(&portal.chance);
    let seats = seats(&**work, account.id, now).await?;
    let seat = seats.first();
    let election = seat.map(|seat| &seat.election);
    let territory = seat.map_or(Territory::Metropole, |seat| seat.territory);
    let to = Reader { email: &account.email, language, territory };
    let letter = letters::password_link(portal, to, &token, until, election)?;
    recovery_ticket::Entity::update_many()
        .col_expr(recovery_ticket::Column::ClosedAt, sea_orm::sea_query::Expr::value(now))
        .filter(recovery_ticket::Column::AccountId.eq(account.id))
        .filter(recovery_ticket::Column::ClosedAt.is_null())
        .exec(&**work)
        .await?;
    let ticket = recovery_ticket::ActiveModel {
        token_digest: Set(token.digest()),
        account_id: Set(account.id),
        asked_at: Set(now),
        expires_at: Set(until),
        closed_at: Set(None),
    };
    recovery_ticket::Entity::insert(ticket).exec_without_returning(&**work).await?;
    outbox::enqueue(&**work, portal, Some(account.id), letter).await?;
    Ok(())
}
