//! How many SMS leave in an hour: against toll fraud, to one number and in all, over every process.
//!
//! Each process counts in rows of its own and goes by the sum, so that a claim waits for no other. What the others claim at
//! the very same moment is not in it: a cap may be exceeded by one claim of each other process.

use std::collections::BTreeMap;

use chrono::{DurationRound, TimeDelta};
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect};

use crate::claims::Mark;
use crate::db::Work;
use crate::entities::message;
use crate::entities::sms_tally_share::{ActiveModel, Column, Entity};
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
    let rows = by_scope.iter().map(|(scope, ids)| ActiveModel {
        recipient_digest: Set(scope.clone()),
        hour: Set(hour),
        share: Set(portal.claims.share),
        sent: Set(i32::try_from(ids.len()).unwrap_or(i32::MAX)),
    });
    let added = Expr::col((Entity, Column::Sent)).add(Expr::cust("excluded.sent"));
    let key = [Column::RecipientDigest, Column::Hour, Column::Share];
    Entity::insert_many(rows)
        .on_conflict(OnConflict::columns(key).value(Column::Sent, added).to_owned())
        .exec_without_returning(work)
        .await?;
    let mut tallied: Vec<(Vec<u8>, i64)> = Entity::find()
        .select_only()
        .column(Column::RecipientDigest)
        .column_as(Column::Sent.sum(), "sent")
        .filter(Column::RecipientDigest.is_in(by_scope.keys().cloned()))
        .filter(Column::Hour.eq(hour))
        .group_by(Column::RecipientDigest)
        .into_tuple()
        .all(work)
        .await?;
    let settings = &portal.settings.sms;
    // The numbers first: what they put off leaves room under the cap of all.
    tallied.sort_by_key(|(scope, _)| scope.is_empty());
    for (scope, tally) in tallied {
        let is_total = scope.is_empty();
        let most = if is_total { settings.per_hour } else { settings.per_number_per_hour } as usize;
        let ids = by_scope.get(&scope).map_or(&[][..], Vec::as_slice);
        let left: Vec<i64> = ids.iter().copied().filter(|id| !excess.of_number.contains(id)).collect();
        let before = usize::try_from(tally).unwrap_or(0).saturating_sub(ids.len());
        let over = (before + left.len()).saturating_sub(most).min(left.len());
        let sent = before + left.len() - over;
        let waiting = &left[left.len() - over..];
        if is_total {
            excess.of_all.extend(waiting);
            warn(portal, hour, sent, most);
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
            give_back(portal, work, scope, hour, over).await?;
        }
    }
    Ok(excess)
}

/// Calls the operator as the SMS of all pass half of an hour's cap, and as they reach it: once each. Not only the claim that
/// passes the mark may say so: two at the same moment would both be short of it.
fn warn(portal: &Portal, hour: Instant, sent: usize, most: usize) {
    let comes_to = |mark| portal.claims.comes_to(mark, hour);
    if sent >= most && comes_to(Mark::Cap) {
        portal.metrics.alarm("cap");
        tracing::error!(cap = "all numbers", most, "alarm: the hour's SMS are used up, the rest waits");
    } else if sent >= most.div_ceil(2) && comes_to(Mark::Half) {
        portal.metrics.alarm("half-cap");
        tracing::error!(sent, most, "alarm: half of the hour's SMS are used up");
    }
}

/// Forgets the tallies of hours that are over.
pub async fn forget(portal: &Portal) -> Result<(), Fault> {
    let yesterday = portal.now() - TimeDelta::days(1);
    let _turn = portal.db.turn().await?;
    Entity::delete_many().filter(Column::Hour.lt(yesterday)).exec(&portal.db).await?;
    // The version of before counted here. Its table goes with the next one.
    let mut before = Query::delete();
    portal.db.execute(before.from_table("sms_tally").and_where(Expr::col("hour").lt(yesterday))).await?;
    Ok(())
}

async fn give_back(portal: &Portal, work: &Work, recipient: &[u8], hour: Instant, over: usize) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::Sent, Expr::col(Column::Sent).sub(i32::try_from(over).unwrap_or(i32::MAX)))
        .filter(Column::RecipientDigest.eq(recipient))
        .filter(Column::Hour.eq(hour))
        .filter(Column::Share.eq(portal.claims.share))
        .exec(work)
        .await?;
    Ok(())
}
