//! One file per message in a folder, for demonstrations and trials.

use std::path::Path;

use crate::fault::Fault;
use crate::values::{Chance, Instant};

/// Writes a message under a name that sorts by time. It appears whole or not at all.
pub async fn write(folder: &Path, extension: &str, content: &[u8], now: Instant) -> Result<(), Fault> {
    tokio::fs::create_dir_all(folder).await?;
    let unique = u32::from_le_bytes(Chance::System.bytes());
    let name = format!("{}-{unique:08x}.{extension}", now.format("%Y%m%dT%H%M%S%3f"));
    let unfinished = folder.join(format!(".{name}"));
    tokio::fs::write(&unfinished, content).await?;
    tokio::fs::rename(unfinished, folder.join(name)).await?;
    Ok(())
}
