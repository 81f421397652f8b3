//! The last line of an export: what the file says of itself, and the proof of it.

use chrono::NaiveDateTime;

use crate::values::keys::Running;
use crate::values::{Instant, Keys, Purpose};

/// UTC, to the second.
pub const MOMENT: &str = "%Y-%m-%dT%H:%M:%SZ";
/// No record begins like this: each begins with a hexadecimal digit.
pub const MARK: &str = "#end ";

/// The last line of an export, without its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastLine {
    pub election: i64,
    /// The lines between the header and this one.
    pub records: u64,
    /// When the file was made, to the second.
    pub taken: Instant,
    /// Which portal's, as [`fingerprint`] tells.
    pub portal: String,
}

impl LastLine {
    /// The whole line. `running` is the digest of everything before it, and ends with what stands before itself here.
    pub fn seal(&self, mut running: Running) -> String {
        let said = self.said();
        running.update(said.as_bytes());
        format!("{said}{}\n", hex::encode(running.finish()))
    }

    /// Reads a line as [`Self::seal`] writes it, to the byte. Its digest is not looked at.
    pub fn parse(line: &str) -> Option<Self> {
        let mut parts = line.strip_prefix(MARK)?.strip_suffix('\n')?.split(' ');
        let mut value = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=');
        let read = Self {
            election: value("election")?.parse().ok()?,
            records: value("records")?.parse().ok()?,
            taken: NaiveDateTime::parse_from_str(value("taken")?, MOMENT).ok()?.and_utc(),
            portal: value("portal")?.to_owned(),
        };
        let digest = line.strip_prefix(&read.said())?.trim_end();
        (digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(read)
    }

    fn said(&self) -> String {
        let Self { election, records, taken, portal } = self;
        format!("{MARK}election={election} records={records} taken={} portal={portal} mac=", taken.format(MOMENT))
    }
}

/// What tells the files of one portal from those of another: sixteen digits that its master secret decides.
pub fn fingerprint(keys: &Keys) -> String {
    hex::encode(&keys.digest(Purpose::Check, &[b"export"])[..8])
}
