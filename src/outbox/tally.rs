//! How many SMS leave in an hour: against toll fraud, to one number and in all, over every process.

use std::collections::BTreeMap;

use chrono::{DurationRound, TimeDelta};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter};

use crate::db::Work;
use crate::entities::message;
use crate::entities::sms_tally::{ActiveModel, Column, Entity};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::Instant;

/// What exceeds a cap, and waits for the next hour.
pub struct Excess {
    /// Of the cap of one number.
    pub of_number: Vec<i64>,
    /// Of the cap of all: not for their own sake.
    pub of_all: Vec<i64>,
    pub until: Instant,
}

/// Counts claimed SMS in the transaction that claims them: the last of them exceed first.
pub async fn count(portal: &Portal, work: &Work, claimed: &[message::Model], now: Instant) -> Result<Excess, Fault> {
    let hour = now.duration_trunc(TimeDelta::hours(1))?;
    let mut excess = Excess { of_number: Vec::new(), of_all: Vec::new(), until: hour + TimeDelta::hours(1) };
    let mut by_scope: BTreeMap<Vec<u8>, Vec<i64>> = BTreeMap::new();
    // A try that failed must not use up the hour of the tries that follow it.
    for message in claimed.iter().filter(|message| message.attempts == 1) {
        if let Some(recipient) = &message.recipient_digest {
            by_scope.entry(recipient.clone()).or_default().push(message.id);
            by_scope.entry(Vec::new()).or_default().push(message.id);
        }
    }
    if by_scope.is_empty() {
        return Ok(excess);
    }
    // Sorted, so that two processes never wait for each other.
    let rows = by_scope.iter().map(|(scope, ids)| ActiveModel {
        recipient_digest: Set(scope.clone()),
        hour: Set(hour),
        sent: Set(i32::try_from(ids.len()).unwrap_or(i32::MAX)),
    });
    let added = Expr::col((Entity, Column::Sent)).add(Expr::cust("excluded.sent"));
    let mut tallied = Entity::insert_many(rows)
        .on_conflict(OnConflict::columns([Column::RecipientDigest, Column::Hour]).value(Column::Sent, added).to_owned())
        .exec_with_returning(work)
        .await?;
    let settings = &portal.settings.sms;
    // The numbers first: what they put off leaves room under the cap of all.
    tallied.sort_by_key(|tally| tally.recipient_digest.is_empty());
    for tally in tallied {
        let is_total = tally.recipient_digest.is_empty();
        let most = if is_total { settings.per_hour } else { settings.per_number_per_hour } as usize;
        let ids = by_scope.get(&tally.recipient_digest).map_or(&[][..], Vec::as_slice);
        let left: Vec<i64> = ids.iter().copied().filter(|id| !excess.of_number.contains(id)).collect();
        let before = (u32::try_from(tally.sent).unwrap_or(0) as usize).saturating_sub(ids.len());
        let over = (before + left.len()).saturating_sub(most).min(left.len());
        let sent = before + left.len() - over;
        let waiting = &left[left.len() - over..];
        if is_total {
            excess.of_all.extend(waiting);
            warn(portal, before, sent, most);
        } else if over > 0 {
            excess.of_number.extend(waiting);
            portal.metrics.alarm("cap");
            tracing::error!(cap = "one number", over, most, "alarm: the hour's SMS are used up, the rest waits");
        }
    }
    // What is put off has not been sent.
    let waits = |id: &&i64| excess.of_number.contains(id) || excess.of_all.contains(id);
    for (scope, ids) in &by_scope {
        let over = ids.iter().filter(waits).count();
        if over > 0 {
            give_back(work, scope, hour, over).await?;
        }
    }
    Ok(excess)
}

/// Calls the operator as the SMS of all pass half of an hour's cap, and as they reach it: once each.
fn warn(portal: &Portal, before: usize, sent: usize, most: usize) {
    let passes = |mark: usize| before < mark && sent >= mark;
    if passes(most) {
        portal.metrics.alarm("cap");
        tracing::error!(cap = "all numbers", most, "alarm: the hour's SMS are used up, the rest waits");
    } else if passes(most.div_ceil(2)) {
        portal.metrics.alarm("half-cap");
        tracing::error!(sent, most, "alarm: half of the hour's SMS are used up");
    }
}

/// Forgets the tallies of hours that are over.
pub async fn forget(portal: &Portal) -> Result<(), Fault> {
    let yesterday = portal.now() - TimeDelta::days(1);
    let _turn = portal.db.turn().await?;
    Entity::delete_many().filter(Column::Hour.lt(yesterday)).exec(&portal.db).await?;
    Ok(())
}

async fn give_back(work: &Work, recipient: &[u8], hour: Instant, over: usize) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::Sent, Expr::col(Column::Sent).sub(i32::try_from(over).unwrap_or(i32::MAX)))
        .filter(Column::RecipientDigest.eq(recipient))
        .filter(Column::Hour.eq(hour))
        .exec(work)
        .await?;
    Ok(())
}
