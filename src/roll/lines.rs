//! The lines of a file, read one by one and as often as wanted.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};

use crate::fault::Fault;

/// No line of a roll is this long; one that is would fill the memory.
const LONGEST: usize = 64 * 1024;
const BUFFER: usize = 256 * 1024;

pub struct Line {
    /// Counted from 1, the header's.
    pub number: u64,
    /// Without its line break; nothing when it was too long to read.
    pub bytes: Option<Vec<u8>>,
}

pub struct Lines<'a> {
    file: BufReader<&'a File>,
    number: u64,
}

impl<'a> Lines<'a> {
    pub fn of(mut file: &'a File) -> Result<Self, Fault> {
        file.rewind()?;
        Ok(Self { file: BufReader::with_capacity(BUFFER, file), number: 0 })
    }

    /// The next one, if there is one.
    pub fn read(&mut self) -> Result<Option<Line>, Fault> {
        let mut bytes = Vec::new();
        let limit = LONGEST as u64 + 1;
        Read::take(&mut self.file, limit).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        if bytes.len() > LONGEST {
            if !bytes.ends_with(b"\n") {
                self.file.skip_until(b'\n')?;
            }
            return Ok(Some(Line { number: self.number, bytes: None }));
        }
        if bytes.ends_with(b"\n") {
            bytes.pop();
        }
        Ok(Some(Line { number: self.number, bytes: Some(bytes) }))
    }
}

/// How many lines follow the header, to tell how long it will take.
pub fn count(mut file: &File) -> Result<u64, Fault> {
    file.rewind()?;
    let mut reader = BufReader::with_capacity(BUFFER, file);
    let (mut breaks, mut is_cut) = (0, false);
    loop {
        let read = reader.fill_buf()?;
        let Some(last) = read.last() else { break };
        is_cut = *last != b'\n';
        breaks += read.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let length = read.len();
        reader.consume(length);
    }
    Ok((breaks + u64::from(is_cut)).saturating_sub(1))
}
