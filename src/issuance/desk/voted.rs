//! Who has voted, many at once, as the voting platform or a polling station lists them.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait as _, QueryFilter, QueryOrder, QuerySelect};

use super::super::void;
use super::{Desk, Outcome, record, rules};
use crate::db::Work;
use crate::entities::desk_act::Act;
use crate::entities::message::State as SmsState;
use crate::entities::voting_identifier::State;
use crate::entities::{account, election, message, voter, voting_identifier};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::{EmailAddress, Instant, Numen};

/// How a list names a voter.
#[derive(Clone, PartialEq, Eq)]
pub enum Named {
    Email(EmailAddress),
    Numen(Numen),
    /// By the digest of the identifier that was used.
    Identifier(Vec<u8>),
    /// By the row of the roll, which a pseudonym names.
    Voter(i64),
}

/// What became of a portion of a list.
pub struct Marked {
    pub outcomes: Vec<Outcome>,
    /// Identifiers that crossed the list, and open nothing any more.
    pub ended: u64,
}

/// Notes in one transaction that these people have voted, as was known at a moment: no identifier is issued to them any
/// more, and one that was issued meanwhile ends. The rows are locked in one order, so that two lists at once never wait for
/// each other in a circle.
pub async fn mark(
    portal: &Portal,
    election: &election::Model,
    named: &[Named],
    known_at: Instant,
    desk: &Desk,
) -> Result<Marked, Fault> {
    let emails = named.iter().filter_map(|named| match named {
        Named::Email(email) => Some(email.as_str()),
        _ => None,
    });
    let digest = |named: &Named| match named {
        Named::Numen(numen) => Some(numen.digest(&portal.keys)),
        _ => None,
    };
    let digests: Vec<_> = named.iter().map(digest).collect();
    let used = named.iter().filter_map(|named| match named {
        Named::Identifier(digest) => Some(digest.clone()),
        _ => None,
    });
    let numbers = named.iter().filter_map(|named| match named {
        Named::Voter(voter) => Some(*voter),
        _ => None,
    });
    let work = portal.db.begin().await?;
    let accounts: HashMap<String, i64> = account::Entity::find()
        .filter(account::Column::Email.is_in(emails))
        .all(&work)
        .await?
        .into_iter()
        .map(|account| (account.email, account.id))
        .collect();
    let used = holders(&work, election.id, used.collect()).await?;
    let by_number = voter::Column::Id.is_in(numbers.chain(used.values().copied()));
    let by_account = voter::Column::AccountId.is_in(accounts.values().copied());
    let by_numen = voter::Column::NumenDigest.is_in(digests.iter().flatten().cloned());
    let found = voter::Entity::find()
        .filter(voter::Column::ElectionId.eq(election.id))
        .filter(by_account.or(by_numen).or(by_number))
        .order_by_asc(voter::Column::Id)
        .lock_exclusive()
        .all(&work)
        .await?;
    let now = portal.now();
    let accounts_of: HashMap<i64, &voter::Model> = found.iter().map(|voter| (voter.account_id, voter)).collect();
    let numens_of: HashMap<&[u8], &voter::Model> =
        found.iter().map(|voter| (voter.numen_digest.as_slice(), voter)).collect();
    let voters: HashMap<i64, &voter::Model> = found.iter().map(|voter| (voter.id, voter)).collect();
    let mut marked = HashMap::new();
    let outcomes = named.iter().zip(&digests).map(|(named, digest)| {
        let voter = match named {
            Named::Email(email) => accounts.get(email.as_str()).and_then(|account| accounts_of.get(account)),
            Named::Numen(_) => digest.as_deref().and_then(|digest| numens_of.get(digest)),
            Named::Identifier(digest) => used.get(digest).and_then(|voter| voters.get(voter)),
            Named::Voter(voter) => voters.get(voter),
        };
        let with = if let Named::Identifier(digest) = named { Some(digest.as_slice()) } else { None };
        match voter {
            None => Outcome::UnknownVoter,
            Some(voter) if voter.voted_at.is_some() || marked.contains_key(&voter.id) => Outcome::Nothing,
            Some(&voter) => {
                marked.insert(voter.id, (voter, with));
                Outcome::Done
            }
        }
    });
    let outcomes: Vec<_> = outcomes.collect();
    let mut ended = 0;
    if !marked.is_empty() {
        let ids: Vec<i64> = marked.keys().copied().collect();
        voter::Entity::update_many()
            .col_expr(voter::Column::VotedAt, Expr::value(Some(now)))
            .filter(voter::Column::Id.is_in(ids.iter().copied()))
            .exec(&work)
            .await?;
        record(&work, &ids, Act::Voted, desk, now).await?;
        ended = end_crossing(&work, portal, &marked, known_at).await?;
        work.commit().await?;
    }
    Ok(Marked { outcomes, ended })
}

/// Whose the identifiers with these digests are. That never changes, so that no lock is needed.
async fn holders(work: &Work, election: i64, digests: Vec<Vec<u8>>) -> Result<HashMap<Vec<u8>, i64>, Fault> {
    if digests.is_empty() {
        return Ok(HashMap::new());
    }
    let found = voting_identifier::Entity::find()
        .filter(voting_identifier::Column::ElectionId.eq(election))
        .filter(voting_identifier::Column::Digest.is_in(digests))
        .all(work)
        .await?;
    Ok(found.into_iter().map(|identifier| (identifier.digest, identifier.voter_id)).collect())
}

/// Ends what is active of voters who have voted, where it can't be what they voted with. The voters are locked; each comes
/// with the digest of what was used, if that is known. Returns how many ended.
pub(super) async fn end_crossing(
    work: &Work,
    portal: &Portal,
    voters: &HashMap<i64, (&voter::Model, Option<&[u8]>)>,
    known_at: Instant,
) -> Result<u64, Fault> {
    let mut active = voting_identifier::Entity::find()
        .filter(voting_identifier::Column::VoterId.is_in(voters.keys().copied()))
        .filter(voting_identifier::Column::State.eq(State::Active))
        .find_also_related(message::Entity)
        .order_by_asc(voting_identifier::Column::VoterId)
        .all(work)
        .await?;
    active.retain(|(identifier, sms)| {
        let (_, used) = voters[&identifier.voter_id];
        let sms = sms.as_ref().filter(|sms| sms.unsure || sms.state != SmsState::Queued);
        let left_at = sms.map(|sms| sms.tried_at.unwrap_or(sms.created_at));
        rules::crosses(left_at, used.map(|used| used == identifier.digest), known_at)
    });
    for (identifier, _) in &active {
        void::retire(work, portal, voters[&identifier.voter_id].0, identifier, None).await?;
    }
    Ok(active.len() as u64)
}
