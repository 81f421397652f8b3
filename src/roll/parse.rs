//! From the bytes of a roll file to rows, or to what is wrong with which line. No I/O.

use super::sheet::Sheet;
use crate::values::{Birthdate, EmailAddress, Instant, Numen};

/// The columns of a roll, by their names in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Numen,
    LastName,
    FirstNames,
    Birthdate,
    Email,
    Uai,
    Establishment,
    Academy,
    Ballots,
}

impl Column {
    pub const ALL: [Self; 9] = [
        Self::Numen,
        Self::LastName,
        Self::FirstNames,
        Self::Birthdate,
        Self::Email,
        Self::Uai,
        Self::Establishment,
        Self::Academy,
        Self::Ballots,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Numen => "numen",
            Self::LastName => "nom",
            Self::FirstNames => "prenoms",
            Self::Birthdate => "date_naissance",
            Self::Email => "courriel",
            Self::Uai => "uai",
            Self::Establishment => "etablissement",
            Self::Academy => "academie",
            Self::Ballots => "scrutins",
        }
    }
}

/// How a roll is written, as its header tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    sheet: Sheet,
    /// Where each of [`Column::ALL`] stands.
    places: [usize; 9],
}

/// One voter of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub line: u64,
    pub numen: Numen,
    pub last_name: String,
    pub first_names: String,
    pub birthdate: Birthdate,
    pub email: EmailAddress,
    pub uai: String,
    pub establishment: String,
    pub academy: String,
    /// Codes joined by `|`.
    pub ballots: String,
}

/// One reason why a line is refused, as the report lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFault {
    pub line: u64,
    /// Empty when the fault is the whole line's.
    pub column: &'static str,
    /// What stood there; a NUMEN is masked.
    pub value: String,
    pub reason: &'static str,
}

impl LineFault {
    /// Of a line that could not be read at all.
    pub fn whole(line: u64, reason: &'static str) -> Self {
        Self { line, column: "", value: String::new(), reason }
    }

    /// Of one value, which is shown shortened, and masked if it may be a NUMEN.
    pub fn of(line: u64, column: &'static str, value: &str, reason: &'static str) -> Self {
        let value = if column == Column::Numen.name() || Numen::is_likely(value) {
            Numen::masked(value)
        } else {
            value.chars().filter(|c| !c.is_control()).take(80).collect()
        };
        Self { line, column, value, reason }
    }
}

impl Layout {
    /// Reads the first line of a file.
    ///
    /// # Errors
    /// A French sentence that says what the header lacks.
    pub fn read(header: &[u8]) -> Result<Self, String> {
        let sheet = Sheet::read(header)?;
        let mut places = [0; 9];
        let mut missing = Vec::new();
        for (place, column) in places.iter_mut().zip(Column::ALL) {
            match sheet.place(column.name())? {
                Some(at) => *place = at,
                None => missing.push(column.name()),
            }
        }
        if !missing.is_empty() {
            return Err(format!("il manque dans l’en-tête : {}", missing.join(", ")));
        }
        Ok(Self { sheet, places })
    }

    /// Reads one line (without its line break). A blank line is nothing.
    pub fn row(&self, line: u64, bytes: &[u8], now: Instant) -> Option<Result<Row, Vec<LineFault>>> {
        let fields = match self.sheet.fields(bytes)? {
            Ok(fields) => fields,
            Err(reason) => return Some(Err(vec![LineFault::whole(line, reason)])),
        };
        let at = |column: Column| fields[self.places[column as usize]].trim();
        Some(read(line, at, now))
    }
}

fn read<'a>(line: u64, at: impl Fn(Column) -> &'a str, now: Instant) -> Result<Row, Vec<LineFault>> {
    let mut faults = Vec::new();
    let mut refuse = |column: Column, reason: &'static str| {
        faults.push(LineFault::of(line, column.name(), at(column), reason));
    };
    let numen = Numen::parse(at(Column::Numen));
    if numen.is_none() {
        refuse(Column::Numen, "NUMEN attendu : 13 caractères, comme 12E3456789ABC");
    }
    let birthdate = Birthdate::parse(at(Column::Birthdate), now);
    if birthdate.is_none() {
        refuse(Column::Birthdate, "date attendue : JJ/MM/AAAA ou AAAA-MM-JJ");
    }
    let email = EmailAddress::parse(at(Column::Email));
    if email.is_none() {
        refuse(Column::Email, "adresse électronique invalide");
    }
    let uai = at(Column::Uai).to_ascii_uppercase();
    if !is_uai(&uai) {
        refuse(Column::Uai, "UAI attendu : 7 chiffres et une lettre");
    }
    for (column, needed) in
        [(Column::LastName, true), (Column::FirstNames, false), (Column::Establishment, true), (Column::Academy, false)]
    {
        let value = at(column);
        if needed && value.is_empty() {
            refuse(column, "valeur manquante");
        } else if value.chars().count() > 200 {
            refuse(column, "valeur trop longue (200 caractères au plus)");
        } else if value.chars().any(|c| c.is_control() || c == '\u{fffd}') {
            refuse(column, "caractère illisible");
        }
    }
    let ballots: Vec<&str> = at(Column::Ballots).split('|').map(str::trim).filter(|code| !code.is_empty()).collect();
    if ballots.is_empty() {
        refuse(Column::Ballots, "au moins un code de scrutin est attendu");
    } else if !ballots.iter().all(|code| code.len() <= 40 && code.bytes().all(|b| b.is_ascii_graphic())) {
        refuse(Column::Ballots, "codes attendus : lettres, chiffres et tirets, séparés par |");
    }
    let (Some(numen), Some(birthdate), Some(email), true) = (numen, birthdate, email, faults.is_empty()) else {
        return Err(faults);
    };
    Ok(Row {
        line,
        numen,
        last_name: at(Column::LastName).to_owned(),
        first_names: at(Column::FirstNames).to_owned(),
        birthdate,
        email,
        uai,
        establishment: at(Column::Establishment).to_owned(),
        academy: at(Column::Academy).to_owned(),
        ballots: ballots.join("|"),
    })
}

fn is_uai(text: &str) -> bool {
    text.len() == 8
        && text.bytes().take(7).all(|byte| byte.is_ascii_digit())
        && text.bytes().last().is_some_and(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use encoding_rs::WINDOWS_1252;
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str = "numen;nom;prenoms;date_naissance;courriel;uai;etablissement;academie;scrutins";
    const LINE: &str =
        "12E3456789ABC;Lefèvre;Zoé;03/07/1968;zoe.lefevre@ac-lyon.fr;0690001A;Collège d’Été;Lyon;CT1|CAP";

    fn now() -> Instant {
        "2026-11-23T09:00:00Z".parse().unwrap()
    }

    fn layout() -> Layout {
        Layout::read(HEADER.as_bytes()).unwrap()
    }

    fn row(layout: &Layout, line: &[u8]) -> Row {
        layout.row(2, line, now()).unwrap().unwrap()
    }

    #[test]
    fn a_line_reads_the_same_in_every_habit() {
        let expected = row(&layout(), LINE.as_bytes());
        assert_eq!((expected.last_name.as_str(), expected.ballots.as_str()), ("Lefèvre", "CT1|CAP"));

        let with_commas = Layout::read(HEADER.replace(';', ",").as_bytes()).unwrap();
        assert_eq!(row(&with_commas, LINE.replace(';', ",").as_bytes()), expected);

        let with_bom = Layout::read(&[b"\xef\xbb\xbf", HEADER.as_bytes()].concat()).unwrap();
        assert_eq!(row(&with_bom, format!("{LINE}\r").as_bytes()), expected);

        let windows = Layout::read(HEADER.as_bytes()).unwrap();
        let (bytes, ..) = WINDOWS_1252.encode(LINE);
        assert_eq!(row(&windows, &bytes), expected);

        let shuffled = "SCRUTINS;Académie;Etablissement;UAI;Courriel;Date naissance;Prénoms;NOM; Numen ";
        let reversed: Vec<&str> = LINE.split(';').rev().collect();
        let shuffled = Layout::read(shuffled.as_bytes()).unwrap();
        assert_eq!(row(&shuffled, reversed.join(";").as_bytes()), expected);

        let typed = LINE.replace("12E3456789ABC", " 12e 3456789 abc ").replace("03/07/1968", "1968-07-03");
        assert_eq!(row(&layout(), typed.as_bytes()), expected);

        let quoted = LINE.replace("Collège d’Été", "\"Collège d’Été\"");
        assert_eq!(row(&layout(), quoted.as_bytes()), expected);
    }

    #[test]
    fn a_file_that_says_utf_8_is_held_to_it() {
        let latin = WINDOWS_1252.encode(LINE).0;
        assert_eq!(row(&layout(), &latin).last_name, "Lefèvre", "two files put together");
        let marked = Layout::read(format!("\u{feff}{HEADER}").as_bytes()).unwrap();
        assert_eq!(row(&marked, LINE.as_bytes()).last_name, "Lefèvre");
        let faults = marked.row(2, &latin, now()).unwrap().unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.column).collect::<Vec<_>>(), ["nom", "prenoms", "etablissement"]);
    }

    #[test]
    fn each_fault_names_its_column_and_never_shows_a_numen() {
        for (from, to, column) in [
            ("12E3456789ABC", "12E3456789AB", "numen"),
            ("12E3456789ABC", "", "numen"),
            ("03/07/1968", "31/02/1968", "date_naissance"),
            ("zoe.lefevre@ac-lyon.fr", "zoe.lefevre", "courriel"),
            ("0690001A", "69001A", "uai"),
            ("Lefèvre", "", "nom"),
            ("CT1|CAP", " | ", "scrutins"),
            ("Lyon;", "Lyon;;", ""),
            ("Collège", "\"Collège", ""),
            ("zoe.lefevre@ac-lyon.fr", "12E3456789ABC", "courriel"),
            ("0690001A", "12 E34 56789 ABC", "uai"),
        ] {
            let faults = layout().row(7, LINE.replace(from, to).as_bytes(), now()).unwrap().unwrap_err();
            assert_eq!((faults.len(), faults[0].line, faults[0].column), (1, 7, column), "{from} → {to}");
            assert!(!faults[0].value.contains("E34"));
        }
    }

    #[test]
    fn every_fault_of_a_line_is_told_at_once() {
        let faults = layout().row(2, b"x;;;y;z;0;;;", now()).unwrap().unwrap_err();
        let columns: Vec<_> = faults.iter().map(|fault| fault.column).collect();
        assert_eq!(columns, ["numen", "date_naissance", "courriel", "uai", "nom", "etablissement", "scrutins"]);
    }

    #[test]
    fn blank_lines_are_nothing() {
        for line in ["", "\r", "  ", ";;;;;;;;"] {
            assert!(layout().row(2, line.as_bytes(), now()).is_none());
        }
    }

    #[test]
    fn a_header_says_what_it_lacks() {
        let lacking = HEADER.replace("courriel", "mail");
        assert!(Layout::read(lacking.as_bytes()).unwrap_err().contains("courriel"));
        assert!(Layout::read(b"\xff\xfen\0").unwrap_err().contains("UTF-16"));
        let twice = format!("{HEADER};nom");
        assert!(Layout::read(twice.as_bytes()).unwrap_err().contains("deux fois"));
        let old_mac = format!("{HEADER}\r{LINE}");
        assert!(Layout::read(old_mac.as_bytes()).unwrap_err().contains("Mac"));
        assert!(Layout::read(format!("{HEADER}\r").as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(line: Vec<u8>) {
            let _ = layout().row(2, &line, now());
            let _ = Layout::read(&line);
        }
    }
}
