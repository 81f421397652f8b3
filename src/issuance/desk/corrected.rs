//! Voters of whom the roll had something wrong, until an import corrected it.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Desk, record, until};
use crate::db::Work;
use crate::entities::desk_act::Act;
use crate::entities::{account, voter};
use crate::fault::Fault;
use crate::issuance::rules::Standing;
use crate::issuance::seat::{self, identifiers};
use crate::outbox::{self, letters};
use crate::portal::Portal;

/// Lets the failed checks of voters count from nothing, in the transaction that corrects their NUMEN or birthdate: what
/// they typed was compared with an error of the roll. Who was locked is told. `desk`: who imports, and what was corrected.
pub async fn unlock(work: &Work, portal: &Portal, voters: &[i64], desk: &Desk) -> Result<(), Fault> {
    let failed = voter::Entity::find()
        .filter(voter::Column::Id.is_in(voters.iter().copied()))
        .filter(voter::Column::FailedChecks.gt(0))
        .order_by_asc(voter::Column::Id)
        .lock_exclusive()
        .all(work)
        .await?;
    if failed.is_empty() {
        return Ok(());
    }
    let now = portal.now();
    let ids: Vec<i64> = failed.iter().map(|voter| voter.id).collect();
    voter::Entity::update_many()
        .col_expr(voter::Column::FailedChecks, Expr::value(0))
        .filter(voter::Column::Id.is_in(ids.iter().copied()))
        .exec(work)
        .await?;
    record(work, &ids, Act::Unlock, desk, now).await?;
    for voter in failed {
        let Some(seat) = seat::of_voter(work, voter.id).await? else { continue };
        let before = seat::standing(&seat.election, &voter, &identifiers(work, voter.id).await?);
        if before.checks_left() > 0 {
            continue;
        }
        let Some(account) = account::Entity::find_by_id(voter.account_id).one(work).await? else { continue };
        let until = until(&Standing { failed_checks: 0, ..before }, now);
        let letter = letters::voter_corrected(portal, seat.reader(&account), &seat.election, until)?;
        outbox::enqueue(work, portal, Some(account.id), letter).await?;
    }
    Ok(())
}
