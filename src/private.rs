//! Files that only their owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use crate::fault::Fault;

/// To open a file for writing, private if it has to be made.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens a new, empty file in the place of whatever stood there.
pub fn create(path: &Path) -> Result<File, Fault> {
    if path.is_file() {
        // Its permissions would stay.
        fs::remove_file(path)?;
    }
    Ok(options().truncate(true).open(path)?)
}

/// Writes a file that appears whole or not at all.
pub fn write(path: &Path, content: &str) -> Result<(), Fault> {
    let unfinished = path.with_extension("unfinished");
    let mut file = create(&unfinished)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    Ok(fs::rename(unfinished, path)?)
}
