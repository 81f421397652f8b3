//! Who has voted, many at once, as the voting platform or a polling station lists them.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder, QuerySelect};

use super::{Desk, Outcome, record};
use crate::entities::desk_act::Act;
use crate::entities::{account, election, voter};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::{EmailAddress, Numen};

/// How a list names a voter.
#[derive(Clone, PartialEq, Eq)]
pub enum Named {
    Email(EmailAddress),
    Numen(Numen),
}

/// Notes in one transaction that these people have voted: no identifier is issued to them any more. Returns what
/// became of each. The rows are locked in one order, so that two lists at once never wait for each other in a circle.
pub async fn mark(
    portal: &Portal,
    election: &election::Model,
    named: &[Named],
    desk: &Desk,
) -> Result<Vec<Outcome>, Fault> {
    let emails = named.iter().filter_map(|named| match named {
        Named::Email(email) => Some(email.as_str()),
        Named::Numen(_) => None,
    });
    let digest = |named: &Named| match named {
        Named::Numen(numen) => Some(numen.digest(&portal.keys)),
        Named::Email(_) => None,
    };
    let digests: Vec<_> = named.iter().map(digest).collect();
    let work = portal.db.begin().await?;
    let accounts: HashMap<String, i64> = account::Entity::find()
        .filter(account::Column::Email.is_in(emails))
        .all(&work)
        .await?
        .into_iter()
        .map(|account| (account.email, account.id))
        .collect();
    let by_account = voter::Column::AccountId.is_in(accounts.values().copied());
    let by_numen = voter::Column::NumenDigest.is_in(digests.iter().flatten().cloned());
    let found = voter::Entity::find()
        .filter(voter::Column::ElectionId.eq(election.id))
        .filter(by_account.or(by_numen))
        .order_by_asc(voter::Column::Id)
        .lock_exclusive()
        .all(&work)
        .await?;
    let now = portal.now();
    let accounts_of: HashMap<i64, &voter::Model> = found.iter().map(|voter| (voter.account_id, voter)).collect();
    let numens_of: HashMap<&[u8], &voter::Model> =
        found.iter().map(|voter| (voter.numen_digest.as_slice(), voter)).collect();
    let mut marked = HashSet::new();
    let outcomes = named.iter().zip(&digests).map(|(named, digest)| {
        let voter = match named {
            Named::Email(email) => accounts.get(email.as_str()).and_then(|account| accounts_of.get(account)),
            Named::Numen(_) => digest.as_deref().and_then(|digest| numens_of.get(digest)),
        };
        match voter {
            None => Outcome::UnknownVoter,
            Some(voter) if voter.voted_at.is_some() || !marked.insert(voter.id) => Outcome::Nothing,
            Some(_) => Outcome::Done,
        }
    });
    let outcomes: Vec<_> = outcomes.collect();
    if !marked.is_empty() {
        let ids: Vec<i64> = marked.into_iter().collect();
        voter::Entity::update_many()
            .col_expr(voter::Column::VotedAt, Expr::value(Some(now)))
            .filter(voter::Column::Id.is_in(ids.iter().copied()))
            .exec(&work)
            .await?;
        record(&work, &ids, Act::Voted, desk, now).await?;
        work.commit().await?;
    }
    Ok(outcomes)
}
