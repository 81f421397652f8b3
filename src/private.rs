//! Files that only their owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Result, Write as _};
use std::path::Path;

/// To open a file for writing, private if it has to be made.
pub fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens a new, empty file in the place of whatever stood there. A link is replaced, not followed: somebody may have
/// laid it there.
pub fn create(path: &Path) -> Result<File> {
    match fs::symlink_metadata(path) {
        // Their permissions would stay.
        Ok(found) if found.is_file() || found.is_symlink() => fs::remove_file(path)?,
        // A terminal, a pipe.
        Ok(_) => return options().create(false).open(path),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    options().create_new(true).open(path)
}

/// Writes a file that appears whole or not at all.
pub fn write(path: &Path, content: &str) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut file = create(&unfinished)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}
