//! Importing a roll: the file is streamed, and each portion of it is compared and committed at once,
//! so that an interrupted import is completed by running it again.

use std::collections::HashSet;
use std::fs::File;
use std::hash::{BuildHasher, Hash, RandomState};
use std::io::Write;

use super::lines::{Line, Lines};
use super::parse::{Column, Layout, LineFault, Row};
pub use super::portion::Summary;
use super::portion::{self, Import, PORTION};
use crate::entities::election;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::texts;

/// Imports a file, from its beginning, into an election's roll.
///
/// `actor`: the account of the system that imports, kept with what an import does for a voter.
/// `tell` hears of every fault of a line; `progress` of the summary after each portion. With
/// `dry_run`, nothing is written.
///
/// # Errors
/// The inner error is a French sentence on why the file as a whole is refused.
pub async fn import(
    portal: &Portal,
    election: &election::Model,
    file: &File,
    actor: &str,
    dry_run: bool,
    tell: &mut (dyn FnMut(&LineFault) -> Result<(), Fault> + Send),
    progress: &mut (dyn FnMut(&Summary) + Send),
) -> Result<Result<Summary, String>, Fault> {
    let mut lines = Lines::of(file)?;
    let layout = match lines.read()? {
        Some(Line { bytes: Some(header), .. }) => Layout::read(&header),
        _ => Err("le fichier est vide".into()),
    };
    let layout = match layout {
        Ok(layout) => layout,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut seen = Seen::default();
    let mut import = Import::new(portal, election, actor, dry_run);
    let mut refused = 0;
    let mut rows = Vec::with_capacity(PORTION);
    let mut portions = 0_u32;
    loop {
        let line = lines.read()?;
        let ended = line.is_none();
        if let Some(line) = line {
            match read(&layout, &line, portal, &mut seen) {
                Some(Ok(row)) => rows.push(row),
                Some(Err(faults)) => {
                    refused += 1;
                    faults.iter().try_for_each(&mut *tell)?;
                }
                None => {}
            }
        }
        if rows.len() == PORTION || (ended && !rows.is_empty()) {
            let faults = import.portion(std::mem::take(&mut rows)).await?;
            faults.iter().try_for_each(&mut *tell)?;
            progress(&Summary { refused: import.summary.refused + refused, ..import.summary });
            portions += 1;
            // Plans made for a smaller table read a larger one from end to end.
            if portions.is_power_of_two() && !dry_run {
                portion::refresh_statistics(portal).await?;
            }
        }
        if ended {
            break;
        }
    }
    let (mut summary, faults) = import.finish().await?;
    faults.iter().try_for_each(tell)?;
    summary.refused += refused;
    if !dry_run {
        portion::refresh_statistics(portal).await?;
    }
    Ok(Ok(summary))
}

/// Writes the report of a file's faults: `ligne;colonne;valeur;motif`.
pub struct Report<W: Write>(csv::Writer<W>);

impl<W: Write> Report<W> {
    pub fn new(sink: W) -> Result<Self, Fault> {
        let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(sink);
        writer.write_record(["ligne", "colonne", "valeur", "motif"])?;
        Ok(Self(writer))
    }

    pub fn write(&mut self, fault: &LineFault) -> Result<(), Fault> {
        let value = texts::cell(&fault.value);
        Ok(self.0.write_record([&fault.line.to_string(), fault.column, &value, fault.reason])?)
    }

    /// Gives the sink back, with all in it.
    pub fn finish(self) -> Result<W, Fault> {
        self.0.into_inner().map_err(|error| Fault::new(error.to_string()))
    }
}

fn read(layout: &Layout, line: &Line, portal: &Portal, seen: &mut Seen) -> Option<Result<Row, Vec<LineFault>>> {
    let Some(bytes) = &line.bytes else {
        return Some(Err(vec![LineFault::whole(line.number, "ligne trop longue")]));
    };
    Some(layout.row(line.number, bytes, portal.now())?.and_then(|row| seen.check(row)))
}

/// What the file has named so far, as 64-bit fingerprints: 16 bytes a line, and one chance in ten
/// million of a false alarm over two million lines.
#[derive(Default)]
struct Seen {
    hasher: RandomState,
    numens: HashSet<u64>,
    emails: HashSet<u64>,
}

impl Seen {
    fn check(&mut self, row: Row) -> Result<Row, Vec<LineFault>> {
        let fault =
            |column: Column, value: String, reason| LineFault { line: row.line, column: column.name(), value, reason };
        let mut faults = Vec::new();
        if self.numens.contains(&self.print(&row.numen)) {
            let masked = "•••••••••••••".to_owned();
            faults.push(fault(Column::Numen, masked, "NUMEN déjà présent plus haut dans le fichier"));
        }
        if self.emails.contains(&self.print(&row.email)) {
            let email = row.email.as_str().to_owned();
            faults.push(fault(Column::Email, email, "adresse déjà présente plus haut dans le fichier"));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        self.numens.insert(self.print(&row.numen));
        self.emails.insert(self.print(&row.email));
        Ok(row)
    }

    fn print(&self, value: &impl Hash) -> u64 {
        self.hasher.hash_one(value)
    }
}
