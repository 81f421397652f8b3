//! What the voting platform is given: the state of each identifier, and nothing that names a person.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entities::voting_identifier::{Column, Entity, Model, State};
use crate::fault::Fault;
use crate::portal::Portal;

const PAGE: u64 = 10_000;

/// Writes `digest,state,sequence` lines to a sink, ordered by digest so that the order tells nothing
/// of who asked when. A voided identifier opens nothing: it is exported as revoked. Returns how many.
pub async fn export(portal: &Portal, election: i64, sink: &mut impl std::io::Write) -> Result<u64, Fault> {
    writeln!(sink, "digest,state,sequence")?;
    // One moment for the whole file: no voter has two active identifiers in it, or none.
    let moment = portal.db.snapshot().await?;
    let (mut after, mut written) = (Vec::new(), 0);
    loop {
        let page = Entity::find()
            .filter(Column::ElectionId.eq(election))
            .filter(Column::Digest.gt(after.clone()))
            .order_by_asc(Column::Digest)
            .limit(PAGE)
            .all(&moment)
            .await?;
        for identifier in &page {
            writeln!(sink, "{}", line(identifier))?;
            written += 1;
        }
        match page.last() {
            Some(last) => after.clone_from(&last.digest),
            None => return Ok(written),
        }
    }
}

fn line(identifier: &Model) -> String {
    let state = if identifier.state == State::Active { "active" } else { "revoked" };
    format!("{},{state},{}", hex::encode(&identifier.digest), identifier.sequence)
}
