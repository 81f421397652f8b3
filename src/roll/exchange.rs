//! Voters who exchange their addresses.

use std::collections::{HashMap, HashSet};

use super::compare::{Entry, Known};

/// The voters who want one another's addresses in a circle, of whom none can move first.
pub fn circles(entries: &[Entry<'_>], known: &Known) -> Vec<i64> {
    // Who wants whose place. Each address stands once in a file, so each place is wanted once.
    let mut wants: HashMap<i64, i64> = HashMap::new();
    for entry in entries {
        let voter = known.by_numen.get(&entry.numen_digest).map(|(voter, _)| voter.id);
        let account = known.accounts.get(entry.row.email.as_str());
        let holder = account.and_then(|account| known.by_account.get(account)).map(|holder| holder.id);
        if let Some((voter, holder)) = voter.zip(holder).filter(|(voter, holder)| voter != holder) {
            wants.insert(voter, holder);
        }
    }
    loop {
        let before = wants.len();
        let moving: HashSet<i64> = wants.keys().copied().collect();
        wants.retain(|_, holder| moving.contains(holder));
        if wants.len() == before {
            break;
        }
    }
    let mut circles: Vec<i64> = wants.into_keys().collect();
    circles.sort_unstable();
    circles
}
