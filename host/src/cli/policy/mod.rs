//! `countersign policy`: policies as code.
//!
//! Exit status: 0 done, or nothing found; 1 the pack is refused, or something was found; 2 could not
//! be tried.

mod build;
#[cfg(feature = "prove")]
mod prove;
mod write;

use clap::{Args, Subcommand};

use super::Done;
use super::failure::Failure;

#[derive(Debug, Args)]
pub(super) struct PolicyArguments {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Compile a pack to a bundle.
    Build(build::BuildArguments),
    #[cfg(feature = "prove")]
    /// Prove what holds of every request, or show one of which it doesn't.
    Prove(prove::ProveArguments),
}

pub(super) fn run(arguments: &PolicyArguments) -> Result<Done, Failure> {
    match &arguments.command {
        PolicyCommand::Build(arguments) => build::run(arguments),
        #[cfg(feature = "prove")]
        PolicyCommand::Prove(arguments) => prove::run(arguments),
    }
}

/// Bytes in lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
