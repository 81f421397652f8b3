//! Files that only their owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

use crate::values::Chance;

/// To open a file for writing, private if it has to be made.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A file that appears under its name when it is whole, or not at all. Until then it stands beside it, under a name that
/// nobody else has, and goes when it is dropped; what a crash leaves behind ends in `.unfinished`.
#[derive(Debug)]
pub struct Unfinished {
    file: File,
    becomes: PathBuf,
    /// Nothing for a terminal or a pipe: it is written to as it is.
    beside: Option<PathBuf>,
}

impl Unfinished {
    pub fn of(becomes: &Path) -> Result<Self> {
        let becomes = becomes.to_owned();
        match fs::symlink_metadata(&becomes) {
            Ok(found) if !found.is_file() && !found.is_symlink() => {
                let file = options().create(false).open(&becomes)?;
                return Ok(Self { file, becomes, beside: None });
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            // A link is replaced in the end, not followed: somebody may have laid it there.
            _ => {}
        }
        let mut name = becomes.file_name().ok_or_else(|| Error::from(ErrorKind::InvalidInput))?.to_owned();
        name.push(format!(".{}.unfinished", hex::encode(Chance::System.bytes::<8>())));
        let beside = becomes.with_file_name(name);
        // Whatever stands there is somebody else's: it is neither followed nor written over.
        let file = options().create_new(true).open(&beside)?;
        Ok(Self { file, becomes, beside: Some(beside) })
    }

    /// Gives the file its name, when all of it is on the disk. Of several the last stays, whole.
    pub fn publish(mut self) -> Result<()> {
        if let Some(beside) = &self.beside {
            self.file.sync_all()?;
            fs::rename(beside, &self.becomes)?;
            self.beside = None;
        }
        Ok(())
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.file.flush()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            let _ = fs::remove_file(beside);
        }
    }
}

/// Writes a file that appears whole or not at all.
pub fn write(path: &Path, content: &str) -> Result<()> {
    let mut file = Unfinished::of(path)?;
    file.write_all(content.as_bytes())?;
    file.publish()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn two_writers_of_one_name_never_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        let (mut one, mut other) = (Unfinished::of(&path).unwrap(), Unfinished::of(&path).unwrap());
        one.write_all(b"one").unwrap();
        other.write_all(b"the ").unwrap();
        one.publish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        other.write_all(b"other").unwrap();
        other.publish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "the other");
        assert_eq!(names(folder.path()), ["x.csv"]);
    }

    #[test]
    fn what_is_given_up_leaves_the_older_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        write(&path, "older").unwrap();
        let mut given_up = Unfinished::of(&path).unwrap();
        given_up.write_all(b"half").unwrap();
        assert!(names(folder.path())[1].ends_with(".unfinished"), "a crash leaves a name that tells it");
        drop(given_up);
        assert_eq!(fs::read_to_string(&path).unwrap(), "older");
        assert_eq!(names(folder.path()), ["x.csv"]);
    }

    #[test]
    fn it_is_private_and_a_link_in_its_place_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "kept").unwrap();
        symlink("victim", at("x.csv")).unwrap();
        write(&at("x.csv"), "ours").unwrap();
        assert_eq!(fs::read_to_string(at("victim")).unwrap(), "kept");
        assert_eq!(fs::symlink_metadata(at("x.csv")).unwrap().permissions().mode(), 0o100_600);
        assert!(write(folder.path(), "x").is_err(), "a folder is no file");
    }
}
