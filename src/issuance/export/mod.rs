//! What the voting platform is given: the state of each identifier, whose they are without a name, and a last line that
//! tells whether the file is whole.

use std::io::{self, Write};

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};

use crate::entities::voter;
use crate::entities::voting_identifier::{Column, Entity, Relation, State};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::keys::Running;
use crate::values::{Instant, Pseudonyms, Purpose};

mod last_line;
pub mod verify;

pub use last_line::LastLine;

const PAGE: u64 = 10_000;
pub const HEADER: [&str; 7] = ["digest", "voter", "ballots", "state", "sequence", "generation", "since"];

/// How often something changed for a voter: an identifier was issued, one ended.
const CHANGES: &str = "(SELECT COUNT(*) + COUNT(other.ended_at) FROM voting_identifier AS other \
                       WHERE other.voter_id = voting_identifier.voter_id)";

#[derive(Debug, FromQueryResult)]
struct Record {
    digest: Vec<u8>,
    voter_id: i64,
    state: State,
    sequence: i32,
    requested_at: Instant,
    ended_at: Option<Instant>,
    ballots: String,
    voted_at: Option<Instant>,
    changes: i64,
}

/// Writes a line for each identifier to a sink, ordered by digest: the voters come in no order. Returns how many.
pub async fn export(portal: &Portal, election: i64, sink: &mut impl Write) -> Result<u64, Fault> {
    let digested = Digested { sink, running: portal.keys.running(Purpose::Export) };
    let mut lines = csv::WriterBuilder::new().from_writer(digested);
    lines.write_record(HEADER)?;
    let pseudonyms = Pseudonyms::of(&portal.keys, election);
    let taken = portal.now();
    // One moment for the whole file: no voter has two active identifiers in it, or none.
    let moment = portal.db.snapshot().await?;
    let (mut after, mut records) = (Vec::new(), 0);
    loop {
        let mut page = Entity::find()
            .select_only()
            .columns([
                Column::Digest,
                Column::VoterId,
                Column::State,
                Column::Sequence,
                Column::RequestedAt,
                Column::EndedAt,
            ])
            .columns([voter::Column::Ballots, voter::Column::VotedAt])
            .expr_as(Expr::cust(CHANGES), "changes")
            .join(JoinType::InnerJoin, Relation::Voter.def())
            .filter(Column::ElectionId.eq(election))
            .filter(Column::Digest.gt(after))
            .order_by_asc(Column::Digest)
            .limit(PAGE)
            .into_model::<Record>()
            .all(&moment)
            .await?;
        for record in &page {
            lines.write_record(cells(record, &pseudonyms))?;
            records += 1;
        }
        match page.pop() {
            Some(last) => after = last.digest,
            None => break,
        }
    }
    let Digested { sink, running } = lines.into_inner().map_err(|error| Fault::new(error.to_string()))?;
    let last = LastLine { election, records, taken, portal: last_line::fingerprint(&portal.keys) };
    sink.write_all(last.seal(running).as_bytes())?;
    Ok(records)
}

fn cells(record: &Record, pseudonyms: &Pseudonyms) -> [String; 7] {
    let (state, since) = match (record.state, record.voted_at) {
        (State::Active, None) => ("active", record.requested_at),
        (State::Active, Some(voted)) => ("voted", voted),
        // A voided one opens nothing, either.
        _ => ("revoked", record.ended_at.unwrap_or(record.requested_at)),
    };
    [
        hex::encode(&record.digest),
        pseudonyms.write(record.voter_id),
        record.ballots.clone(),
        state.to_owned(),
        record.sequence.to_string(),
        (record.changes + i64::from(record.voted_at.is_some())).to_string(),
        since.format(last_line::MOMENT).to_string(),
    ]
}

/// A sink, and the digest of all that went into it.
struct Digested<'a, W> {
    sink: &'a mut W,
    running: Running,
}

impl<W: Write> Write for Digested<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.sink.write(bytes)?;
        self.running.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
