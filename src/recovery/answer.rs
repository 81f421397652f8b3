//! Answering those who ask: a new link for an account, nothing for a stranger. Done by the worker.

use chrono::Duration;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::rules::{self, Wish};
use crate::db::Work;
use crate::entities::recovery_request::{ActiveModel, Column, Entity, Model};
use crate::entities::{account, message, recovery_ticket};
use crate::fault::Fault;
use crate::issuance::seat::seats;
use crate::outbox::letters::Reader;
use crate::outbox::watch::Waiting;
use crate::outbox::{self, letters, post, watch};
use crate::portal::Portal;
use crate::values::{Instant, Language, Purpose, Territory, Token};

/// A worker that died gives its request back after this.
const LEASE: Duration = Duration::seconds(60);

/// Answers the request whose turn it is, if there is one. Returns whether there was one.
pub async fn answer_next(portal: &Portal) -> Result<bool, Fault> {
    let Some(request) = claim(portal).await? else { return Ok(false) };
    if let Err(fault) = answer(portal, &request).await {
        // Written down only where the database is there to take it: its absence is no fault of this request's.
        put_off(portal, &request, &fault).await?;
    }
    Ok(true)
}

/// The requests that nobody has answered yet. Somebody waits for each.
pub async fn waiting(portal: &Portal) -> Result<Waiting, Fault> {
    let found = Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "count")
        .column_as(Column::AskedAt.min(), "oldest")
        .column_as(Column::AskedAt.min(), "awaited")
        .filter(Column::SetAsideAt.is_null())
        .into_model()
        .one(&portal.db)
        .await?;
    Ok(found.unwrap_or_default())
}

/// How many requests are set aside.
pub async fn set_aside(portal: &Portal) -> Result<u64, Fault> {
    Ok(Entity::find().filter(Column::SetAsideAt.is_not_null()).count(&portal.db).await?)
}

/// Makes the requests that were set aside wait again. Returns how many.
pub async fn retry(portal: &Portal) -> Result<u64, Fault> {
    let work = portal.db.begin().await?;
    // Whoever has asked again since waits already, and one address waits once.
    let superfluous = "set_aside_at IS NOT NULL AND (\
         address_digest IN (SELECT address_digest FROM recovery_request WHERE set_aside_at IS NULL AND address_digest IS NOT NULL) \
         OR id NOT IN (SELECT MAX(id) FROM recovery_request WHERE set_aside_at IS NOT NULL GROUP BY address_digest))";
    Entity::delete_many().filter(Expr::cust(superfluous)).exec(&work).await?;
    let again = Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(portal.now()))
        .col_expr(Column::Attempts, Expr::value(0))
        .col_expr(Column::SetAsideAt, Expr::value(None::<Instant>))
        .filter(Column::SetAsideAt.is_not_null())
        .exec(&work)
        .await?;
    work.commit().await?;
    Ok(again.rows_affected)
}

/// Takes the request whose turn it is, for as long as the lease runs, unless enough links wait for the mail server: the line
/// of requests is fair to all networks, the one of mails is not.
async fn claim(portal: &Portal) -> Result<Option<Model>, Fault> {
    let now = portal.now();
    let due = || {
        let due = Entity::find().filter(Column::SetAsideAt.is_null()).filter(Column::DueAt.lte(now));
        due.order_by_asc(Column::TurnAt).order_by_asc(Column::Id).limit(1)
    };
    // Looking first costs no write lock while there is nothing to do.
    if due().one(&portal.db).await?.is_none() {
        return Ok(None);
    }
    let most = rules::links_ahead(portal.settings.mail.per_second);
    if watch::links_waiting(portal, most).await? >= most {
        return Ok(None);
    }
    let work = portal.db.begin().await?;
    let next = due().lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).one(&work).await?;
    if let Some(request) = &next {
        let leased = ActiveModel { id: Set(request.id), due_at: Set(now + LEASE), ..Default::default() };
        Entity::update(leased).exec(&work).await?;
    }
    work.commit().await?;
    Ok(next)
}

/// Gives an account its link. The request is gone with the same commit, and last: whoever asks meanwhile for the same
/// address waits for that row, and no longer for an account's than for a stranger's.
async fn answer(portal: &Portal, request: &Model) -> Result<(), Fault> {
    let language = Language::from_code(&request.language).unwrap_or_default();
    let address = portal.keys.open(Purpose::Recovery, &request.sealed_address);
    let address = address.and_then(|bytes| String::from_utf8(bytes).ok());
    let address = address.ok_or_else(|| Fault::new("a request's address is unreadable"))?;
    let work = portal.db.begin().await?;
    let account =
        account::Entity::find().filter(account::Column::Email.eq(address)).lock_exclusive().one(&work).await?;
    if let Some(account) = account {
        give_link(portal, &work, &account, language).await?;
    }
    let gone = Entity::delete_by_id(request.id).exec(&work).await?;
    // Another worker took it over when the lease had ended, and has answered.
    if gone.rows_affected == 1 {
        work.commit().await?;
    }
    Ok(())
}

async fn put_off(portal: &Portal, request: &Model, fault: &Fault) -> Result<(), Fault> {
    let work = portal.db.begin().await?;
    let Some(today) = Entity::find_by_id(request.id).lock_exclusive().one(&work).await? else { return Ok(()) };
    let (now, attempts) = (portal.now(), today.attempts + 1);
    let again = rules::try_again(attempts, now);
    let put_off = ActiveModel {
        id: Set(request.id),
        attempts: Set(attempts),
        due_at: again.map_or(NotSet, Set),
        set_aside_at: Set(again.is_none().then_some(now)),
        ..Default::default()
    };
    Entity::update(put_off).exec(&work).await?;
    work.commit().await?;
    if again.is_some() {
        tracing::warn!(%fault, request_id = request.id, attempts, "a request for a password will be tried again");
    } else {
        portal.metrics.alarm("recovery");
        tracing::error!(%fault, request_id = request.id, "alarm: a request for a password is set aside; see guichet outbox list");
    }
    Ok(())
}

async fn give_link(portal: &Portal, work: &Work, account: &account::Model, language: Language) -> Result<(), Fault> {
    use recovery_ticket::Column as Ticket;
    let now = portal.now();
    let of_account = || recovery_ticket::Entity::find().filter(Ticket::AccountId.eq(account.id));
    let recent = of_account().filter(Ticket::AskedAt.gt(now - rules::HOUR)).count(work).await?;
    let open = of_account().filter(Ticket::ClosedAt.is_null()).filter(Ticket::ExpiresAt.gt(now)).all(work).await?;
    let asked: Vec<Instant> = open.iter().map(|ticket| ticket.asked_at).collect();
    match rules::wish(recent, &asked, now) {
        Wish::Granted => {}
        Wish::InThePlaceOf(asked_at) => close(work, account.id, Some(asked_at), now).await?,
        Wish::Folded => return Ok(()),
    }
    let until = now + Duration::minutes(portal.population(&account.population)?.link_minutes.into());
    let token = Token::draw(&portal.chance);
    let seats = seats(work, account.id, now).await?;
    let seat = seats.first();
    let election = seat.map(|seat| &seat.election);
    let territory = seat.map_or(Territory::Metropole, |seat| seat.territory);
    let to = Reader { email: &account.email, language, territory };
    let letter = letters::password_link(portal, to, &token, until, election)?;
    let mail = outbox::enqueue(work, portal, Some(account.id), letter).await?;
    let ticket = recovery_ticket::ActiveModel {
        token_digest: Set(token.digest()),
        account_id: Set(account.id),
        asked_at: Set(now),
        expires_at: Set(until),
        closed_at: Set(None),
        refusals: Set(0),
        message_id: Set(Some(mail)),
    };
    recovery_ticket::Entity::insert(ticket).exec_without_returning(work).await?;
    Ok(())
}

/// Ends an account's links: all of them, or the one asked for at a moment. Mails that carry them and wait still leave no
/// more: nobody is to get a link that is dead.
pub(super) async fn close(work: &Work, account: i64, asked_at: Option<Instant>, now: Instant) -> Result<(), Fault> {
    use recovery_ticket::Column as Ticket;
    let mut closing = recovery_ticket::Entity::update_many()
        .col_expr(Ticket::ClosedAt, Expr::value(now))
        .filter(Ticket::AccountId.eq(account))
        .filter(Ticket::ClosedAt.is_null());
    if let Some(moment) = asked_at {
        closing = closing.filter(Ticket::AskedAt.eq(moment));
    }
    let closed = closing.exec_with_returning(work).await?;
    let mails = closed.iter().filter_map(|ticket| ticket.message_id);
    post::withdraw_mails(work, message::Column::Id.is_in(mails), now).await
}

/// Whether a mail carries no link that was used or made room.
pub async fn is_wanted(portal: &Portal, mail: i64) -> Result<bool, Fault> {
    use recovery_ticket::Column as Ticket;
    let closed =
        recovery_ticket::Entity::find().filter(Ticket::MessageId.eq(mail)).filter(Ticket::ClosedAt.is_not_null());
    Ok(closed.one(&portal.db).await?.is_none())
}
