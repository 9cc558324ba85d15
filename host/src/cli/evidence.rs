//! `countersign evidence`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use countersign_core::Evidence;
use serde_json::json;

use super::Done;
use super::failure::Failure;
use super::message::read_text;

#[derive(Debug, Args)]
pub(super) struct EvidenceArguments {
    #[command(subcommand)]
    command: EvidenceCommand,
}

#[derive(Debug, Subcommand)]
enum EvidenceCommand {
    /// Check that a signature is its key's, with nothing but the evidence.
    Verify {
        /// The evidence: one JSON object with key, base and signature; `-` for standard input.
        #[arg(default_value = "-")]
        evidence: PathBuf,
    },
}

pub(super) fn run(arguments: &EvidenceArguments) -> Result<Done, Failure> {
    let EvidenceCommand::Verify { evidence } = &arguments.command;
    let evidence = Evidence::from_json(&read_text(evidence)?)?;
    evidence.verify()?;
    let text = format!(
        "signed by the holder of `{}` ({}):\n\n{}\n\nThat the key is its owner's must be known from elsewhere.\n",
        evidence.keyid(),
        evidence.algorithm().as_str(),
        evidence.base(),
    );
    let json = json!({
        "ok": true, "keyid": evidence.keyid(), "algorithm": evidence.algorithm().as_str(),
        "base": evidence.base(),
    });
    Ok(Done {
        text,
        json,
        success: true,
    })
}
