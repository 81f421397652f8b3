//! One file per message in a folder, for demonstrations and trials.

use std::path::Path;

use tokio::fs::{DirBuilder, OpenOptions};
use tokio::io::AsyncWriteExt;

use crate::fault::Fault;
use crate::private;
use crate::values::{Chance, Instant};

/// Writes a message under a name that sorts by time. It appears whole or not at all.
pub async fn write(folder: &Path, extension: &str, content: &[u8], now: Instant) -> Result<(), Fault> {
    let mut folders = DirBuilder::new();
    // Links and identifiers are in clear here.
    #[cfg(unix)]
    folders.mode(0o700);
    folders.recursive(true).create(folder).await?;
    let unique = u32::from_le_bytes(Chance::System.bytes());
    let name = format!("{}-{unique:08x}.{extension}", now.format("%Y%m%dT%H%M%S%3f"));
    let unfinished = folder.join(format!(".{name}"));
    write_whole(&unfinished, &folder.join(name), content).await
}

/// A file or a link that stands there already is somebody else's: it is neither followed nor written over.
async fn write_whole(unfinished: &Path, path: &Path, content: &[u8]) -> Result<(), Fault> {
    let mut file = OpenOptions::from(private::options()).create_new(true).open(unfinished).await?;
    file.write_all(content).await?;
    file.flush().await?;
    tokio::fs::rename(unfinished, path).await?;
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[tokio::test]
    async fn a_planted_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "kept").unwrap();
        symlink("victim", at(".planted")).unwrap();
        symlink("nothing", at(".hanging")).unwrap();
        for planted in [".planted", ".hanging"] {
            assert!(write_whole(&at(planted), &at("message"), b"secret").await.is_err(), "{planted}");
        }
        assert!(!at("nothing").exists() && !at("message").exists());
        // The name that a message gets at last is taken, whatever stood there.
        symlink("victim", at("message")).unwrap();
        write_whole(&at(".own"), &at("message"), b"secret").await.unwrap();
        assert_eq!(fs::read_to_string(at("victim")).unwrap(), "kept");
        assert!(at("message").symlink_metadata().unwrap().is_file());
    }
}
