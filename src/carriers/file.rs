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
    let mut file = OpenOptions::from(private::options()).open(&unfinished).await?;
    file.write_all(content).await?;
    file.flush().await?;
    tokio::fs::rename(unfinished, folder.join(name)).await?;
    Ok(())
}
