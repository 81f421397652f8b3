//! The list of those who have voted, streamed as a roll is. One column names them: `courriel` or `numen` as the roll does,
//! `digest` or `voter` as the export does.

use std::fs::File;

use super::lines::{Line, Lines};
use super::parse::LineFault;
use super::portion::PORTION;
use super::sheet::Sheet;
use crate::entities::election;
use crate::fault::Fault;
use crate::issuance::desk::voted::{Marked, Named, mark};
use crate::issuance::desk::{Desk, Outcome};
use crate::portal::Portal;
use crate::values::{EmailAddress, Numen, Pseudonyms};

/// The bytes of an identifier's digest.
const DIGEST: usize = 32;

/// What was done so far, in lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub marked: u64,
    /// Had voted already, or stood higher up.
    pub unchanged: u64,
    pub refused: u64,
    /// Identifiers that were issued meanwhile, and open nothing any more.
    pub ended: u64,
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
    // All votes of the list were cast before: what leaves from now on served none of them.
    let known_at = portal.now();
    let mut lines = Lines::of(file)?;
    let layout = match lines.read()? {
        Some(Line { bytes: Some(header), .. }) => Layout::read(&header, Pseudonyms::of(&portal.keys, election.id)),
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
            let Marked { outcomes, ended } = mark(portal, election, &named, known_at, desk).await?;
            summary.ended += ended;
            for ((number, one), outcome) in numbers.drain(..).zip(named.drain(..)).zip(outcomes) {
                match outcome {
                    Outcome::Done => summary.marked += 1,
                    Outcome::Nothing => summary.unchanged += 1,
                    Outcome::UnknownVoter => {
                        summary.refused += 1;
                        tell(&layout.unknown(number, &one))?;
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

/// By what a list names voters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Email,
    Numen,
    Digest,
    Voter,
}

impl Column {
    const ALL: [Self; 4] = [Self::Email, Self::Numen, Self::Digest, Self::Voter];

    fn name(self) -> &'static str {
        match self {
            Self::Email => "courriel",
            Self::Numen => "numen",
            Self::Digest => "digest",
            Self::Voter => "voter",
        }
    }

    /// What should have stood there.
    fn wanted(self) -> &'static str {
        match self {
            Self::Email => "adresse électronique invalide",
            Self::Numen => "NUMEN attendu : 13 caractères, comme 12E3456789ABC",
            Self::Digest => "empreinte attendue : 64 chiffres hexadécimaux, comme dans l’export",
            Self::Voter => "pseudonyme qui n’a pas été donné pour cette élection",
        }
    }
}

struct Layout {
    sheet: Sheet,
    column: Column,
    place: usize,
    pseudonyms: Pseudonyms,
}

impl Layout {
    fn read(header: &[u8], pseudonyms: Pseudonyms) -> Result<Self, String> {
        let sheet = Sheet::read(header)?;
        let mut places = Vec::new();
        for column in Column::ALL {
            places.extend(sheet.place(column.name())?.map(|place| (column, place)));
        }
        match places[..] {
            [(column, place)] => Ok(Self { sheet, column, place, pseudonyms }),
            [] => Err("il manque dans l’en-tête : courriel, ou numen, digest, voter".into()),
            // Two names of one person may contradict each other.
            [(one, _), (other, _), ..] => {
                Err(format!("l’en-tête a {} et {} : gardez l’une des deux colonnes", one.name(), other.name()))
            }
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
        let read = match self.column {
            Column::Email => EmailAddress::parse(value).map(Named::Email),
            Column::Numen => Numen::parse(value).map(Named::Numen),
            Column::Digest => hex::decode(value).ok().filter(|digest| digest.len() == DIGEST).map(Named::Identifier),
            Column::Voter => self.pseudonyms.read(value).map(Named::Voter),
        };
        Some(read.ok_or_else(|| self.fault(line.number, value, self.column.wanted())))
    }

    fn unknown(&self, line: u64, named: &Named) -> LineFault {
        let value = match named {
            Named::Email(email) => email.as_str().to_owned(),
            Named::Numen(_) => "•".repeat(Numen::LENGTH),
            Named::Identifier(digest) => hex::encode(digest),
            Named::Voter(voter) => self.pseudonyms.write(*voter),
        };
        LineFault { line, column: self.column.name(), value, reason: "inconnu sur la liste de cette élection" }
    }

    fn fault(&self, line: u64, value: &str, reason: &'static str) -> LineFault {
        LineFault::of(line, self.column.name(), value, reason)
    }
}
