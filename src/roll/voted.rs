//! The list of those who have voted: one column, `courriel` or `numen`, streamed as a roll is.

use std::fs::File;

use super::lines::{Line, Lines};
use super::parse::{Column, LineFault};
use super::portion::PORTION;
use super::sheet::Sheet;
use crate::entities::election;
use crate::fault::Fault;
use crate::issuance::desk::voted::{Named, mark};
use crate::issuance::desk::{Desk, Outcome};
use crate::portal::Portal;
use crate::values::{EmailAddress, Numen};

/// What was done so far, in lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub marked: u64,
    /// Had voted already, or stood higher up.
    pub unchanged: u64,
    pub refused: u64,
}

impl Summary {
    pub fn lines(&self) -> u64 {
        self.marked + self.unchanged + self.refused
    }
}

/// Notes that those whom a file names have voted. What was interrupted is completed by doing it again.
///
/// # Errors
/// The inner error is a French sentence on why the file as a whole is refused.
pub async fn import(
    portal: &Portal,
    election: &election::Model,
    file: &File,
    desk: &Desk,
    tell: &mut (dyn FnMut(&LineFault) -> Result<(), Fault> + Send),
    progress: &mut (dyn FnMut(u64) + Send),
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
    let mut summary = Summary::default();
    let (mut numbers, mut named) = (Vec::with_capacity(PORTION), Vec::with_capacity(PORTION));
    loop {
        let line = lines.read()?;
        let ended = line.is_none();
        match line.and_then(|line| layout.named(&line).map(|read| (line.number, read))) {
            Some((number, Ok(one))) => {
                numbers.push(number);
                named.push(one);
            }
            Some((_, Err(fault))) => {
                summary.refused += 1;
                tell(&fault)?;
            }
            None => {}
        }
        if named.len() == PORTION || (ended && !named.is_empty()) {
            let outcomes = mark(portal, election, &named, desk).await?;
            for ((number, one), outcome) in numbers.drain(..).zip(named.drain(..)).zip(outcomes) {
                match outcome {
                    Outcome::Done => summary.marked += 1,
                    Outcome::Nothing => summary.unchanged += 1,
                    Outcome::UnknownVoter => {
                        summary.refused += 1;
                        tell(&unknown(number, &one))?;
                    }
                }
            }
            progress(summary.lines());
        }
        if ended {
            return Ok(Ok(summary));
        }
    }
}

fn unknown(line: u64, named: &Named) -> LineFault {
    let (column, value) = match named {
        Named::Email(email) => (Column::Email, email.as_str().to_owned()),
        Named::Numen(_) => (Column::Numen, "•".repeat(Numen::LENGTH)),
    };
    LineFault { line, column: column.name(), value, reason: "inconnu sur la liste de cette élection" }
}

struct Layout {
    sheet: Sheet,
    column: Column,
    place: usize,
}

impl Layout {
    fn read(header: &[u8]) -> Result<Self, String> {
        let sheet = Sheet::read(header)?;
        let (email, numen) = (sheet.place(Column::Email.name())?, sheet.place(Column::Numen.name())?);
        match (email, numen) {
            (Some(place), None) => Ok(Self { sheet, column: Column::Email, place }),
            (None, Some(place)) => Ok(Self { sheet, column: Column::Numen, place }),
            (None, None) => Err("il manque dans l’en-tête : courriel, ou numen".into()),
            // Two names of one person may contradict each other.
            (Some(_), Some(_)) => Err("l’en-tête a courriel et numen : gardez l’une des deux colonnes".into()),
        }
    }

    fn named(&self, line: &Line) -> Option<Result<Named, LineFault>> {
        let whole = |reason| LineFault::whole(line.number, reason);
        let Some(bytes) = &line.bytes else { return Some(Err(whole("ligne trop longue"))) };
        let fields = match self.sheet.fields(bytes)? {
            Ok(fields) => fields,
            Err(reason) => return Some(Err(whole(reason))),
        };
        let value = fields[self.place].trim();
        let (read, wanted) = if self.column == Column::Email {
            (EmailAddress::parse(value).map(Named::Email), "adresse électronique invalide")
        } else {
            (Numen::parse(value).map(Named::Numen), "NUMEN attendu : 13 caractères, comme 12E3456789ABC")
        };
        Some(read.ok_or_else(|| LineFault::of(line.number, self.column, value, wanted)))
    }
}
