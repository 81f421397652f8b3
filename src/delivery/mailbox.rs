//! Mailboxes that take no mail: noted when a mail is refused or comes back, forgotten when a mailed link is used.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::carriers::Reason;
use crate::entities::account::{self, MailboxFault};
use crate::entities::{establishment, voter};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::Instant;

const PAGE: u64 = 1_000;

/// Notes why an account's mailbox refuses mail, if that is what went wrong.
pub async fn note(
    db: &impl ConnectionTrait,
    account: Option<i64>,
    reason: Option<Reason>,
    now: Instant,
) -> Result<(), Fault> {
    let fault = match reason {
        Some(Reason::MailboxFull) => MailboxFault::Full,
        Some(Reason::MailboxUnknown) => MailboxFault::Unknown,
        _ => return Ok(()),
    };
    match account {
        Some(account) => set(db, account, Some((fault, now))).await,
        None => Ok(()),
    }
}

/// Forgets what was noted: a mail has just been read there.
pub async fn forget(db: &impl ConnectionTrait, account: i64) -> Result<(), Fault> {
    set(db, account, None).await
}

async fn set(db: &impl ConnectionTrait, account: i64, noted: Option<(MailboxFault, Instant)>) -> Result<(), Fault> {
    account::Entity::update_many()
        .col_expr(account::Column::MailboxFault, Expr::value(noted.map(|(fault, _)| fault.to_value())))
        .col_expr(account::Column::MailboxFaultAt, Expr::value(noted.map(|(_, at)| at)))
        .filter(account::Column::Id.eq(account))
        .exec(db)
        .await?;
    Ok(())
}

/// A voter who will not read what is mailed to them.
#[derive(Debug)]
pub struct OutOfReach {
    pub voter: voter::Model,
    /// Nothing where it passed to another person.
    pub email: Option<String>,
    pub fault: MailboxFault,
    pub since: Instant,
    pub establishment: establishment::Model,
}

/// The voters whose mailbox refuses mail, from the one after `after` on: a page at most.
pub async fn out_of_reach(portal: &Portal, after: i64) -> Result<Vec<OutOfReach>, Fault> {
    let found = voter::Entity::find()
        .find_also_related(account::Entity)
        .filter(voter::Column::Id.gt(after))
        .filter(account::Column::MailboxFault.is_not_null())
        .order_by_asc(voter::Column::Id)
        .limit(PAGE)
        .all(&portal.db)
        .await?;
    let places: Vec<i64> = found.iter().map(|(voter, _)| voter.establishment_id).collect();
    let places = establishment::Entity::find().filter(establishment::Column::Id.is_in(places)).all(&portal.db).await?;
    let place = |id| places.iter().find(|place| place.id == id).cloned();
    Ok(found
        .into_iter()
        .filter_map(|(voter, account)| {
            let account = account?;
            let (fault, since) = account.mailbox_fault.zip(account.mailbox_fault_at)?;
            Some(OutOfReach {
                establishment: place(voter.establishment_id)?,
                voter,
                email: account.is_reachable().then_some(account.email),
                fault,
                since,
            })
        })
        .collect())
}
