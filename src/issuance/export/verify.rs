//! Whether an export is whole and as it was written.

use std::io::{self, BufRead, Read as _};

use super::{HEADER, LastLine, last_line};
use crate::values::{Keys, Purpose};

/// No line is this long. What is longer is read in pieces: it is no export, and must not fill the memory.
const LONGEST: u64 = 64 * 1024;

/// What is wrong with a file, the first thing that tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    Empty,
    /// It doesn't begin as an export does.
    NoExport,
    /// It ends before its last line: it was cut.
    NoLastLine,
    /// Its last line is cut, or not as it is written.
    LastLine,
    /// Something follows the last line.
    Longer,
    /// Another master secret sealed it.
    OtherPortal,
    /// Lines are missing, or there are more than it says.
    Records {
        said: u64,
        found: u64,
    },
    Altered,
}

/// Reads an export to its end.
pub fn verify(mut file: impl BufRead, keys: &Keys) -> io::Result<Result<LastLine, Flaw>> {
    let mut running = keys.running(Purpose::Export);
    let (mut line, mut lines) = (Vec::new(), 0_u64);
    loop {
        line.clear();
        file.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(Err(if lines == 0 { Flaw::Empty } else { Flaw::NoLastLine }));
        }
        if lines == 0 && line != format!("{}\n", HEADER.join(",")).as_bytes() {
            return Ok(Err(Flaw::NoExport));
        }
        if line.starts_with(b"#") {
            break;
        }
        running.update(&line);
        lines += 1;
    }
    let is_followed = !file.fill_buf()?.is_empty();
    let Some((text, last)) = std::str::from_utf8(&line).ok().and_then(|text| Some((text, LastLine::parse(text)?)))
    else {
        return Ok(Err(Flaw::LastLine));
    };
    let found = lines - 1;
    Ok(if is_followed {
        Err(Flaw::Longer)
    } else if last.portal != last_line::fingerprint(keys) {
        Err(Flaw::OtherPortal)
    } else if last.records != found {
        Err(Flaw::Records { said: last.records, found })
    } else if last.seal(running) != text {
        Err(Flaw::Altered)
    } else {
        Ok(last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seed: u8) -> Keys {
        Keys::new(&[seed; 32])
    }

    /// A whole export of so many lines.
    fn export(keys: &Keys, records: u64) -> String {
        let record = |n| format!("{n:064x},{n:048x},CSA,active,1,1,2026-11-24T09:00:00Z\n");
        let text = format!("{}\n{}", HEADER.join(","), (0..records).map(record).collect::<String>());
        let mut running = keys.running(Purpose::Export);
        running.update(text.as_bytes());
        let taken = "2026-11-24T09:00:00Z".parse().unwrap();
        let last = LastLine { election: 7, records, taken, portal: last_line::fingerprint(keys) };
        text + &last.seal(running)
    }

    fn found(text: &str) -> Result<u64, Flaw> {
        verify(text.as_bytes(), &keys(7)).unwrap().map(|last| last.records)
    }

    #[test]
    fn each_flaw_is_told_by_its_name() {
        let whole = export(&keys(7), 3);
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        let without = |at: usize| [&lines[..at], &lines[at + 1..]].concat().concat();
        let holes = whole.replacen(&"0".repeat(64), &"\0".repeat(64), 1);
        for (name, text, verdict) in [
            ("whole", whole.clone(), Ok(3)),
            ("of nobody", export(&keys(7), 0), Ok(0)),
            ("empty", String::new(), Err(Flaw::Empty)),
            ("a roll", "numen;nom\n".into(), Err(Flaw::NoExport)),
            ("of a version before", "digest,state,sequence\n".into(), Err(Flaw::NoExport)),
            ("header only", lines[0].into(), Err(Flaw::NoLastLine)),
            ("cut between lines", lines[..3].concat(), Err(Flaw::NoLastLine)),
            ("cut within a line", whole[..lines[0].len() + 20].into(), Err(Flaw::NoLastLine)),
            ("last line cut", whole[..whole.len() - 9].into(), Err(Flaw::LastLine)),
            ("last line without its break", whole.trim_end().into(), Err(Flaw::LastLine)),
            ("two put together", whole.repeat(2), Err(Flaw::Longer)),
            ("another portal's", export(&keys(8), 3), Err(Flaw::OtherPortal)),
            ("a line less", without(2), Err(Flaw::Records { said: 3, found: 2 })),
            ("a line twice", [lines[1], &without(0)].concat(), Err(Flaw::NoExport)),
            (
                "a line more",
                [lines[0], &lines[1].repeat(2), &lines[2..].concat()].concat(),
                Err(Flaw::Records { said: 3, found: 4 }),
            ),
            ("count altered, too", without(2).replace("records=3", "records=2"), Err(Flaw::Altered)),
            ("a state altered", whole.replacen("active", "voted", 1), Err(Flaw::Altered)),
            ("moment altered", whole.replace("taken=2026", "taken=2027"), Err(Flaw::Altered)),
            ("election altered", whole.replace("election=7", "election=8"), Err(Flaw::Altered)),
            ("holes", holes, Err(Flaw::Altered)),
            ("line ends of Windows", whole.replace('\n', "\r\n"), Err(Flaw::NoExport)),
        ] {
            assert_eq!(found(&text), verdict, "{name}");
        }
    }

    #[test]
    fn no_byte_can_be_another() {
        let whole = export(&keys(7), 2).into_bytes();
        for at in 0..whole.len() {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            assert!(verify(altered.as_slice(), &keys(7)).unwrap().is_err(), "{at}");
            assert!(verify(&whole[..at], &keys(7)).unwrap().is_err(), "cut at {at}");
        }
    }
}
