//! The command line: `serve`, `demo`, and what administrators script.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

mod cli;

/// What may still look up a host's name or hash a password when all else has ended.
const LAST_WAIT: Duration = Duration::from_millis(500);

fn main() -> std::io::Result<ExitCode> {
    let cli = cli::Cli::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    let status = runtime.block_on(cli::run(cli));
    // To wait until all is done, as by default, may be to wait for a name server that is silent.
    runtime.shutdown_timeout(LAST_WAIT);
    Ok(status)
}
