//! `countersign policy build`

use std::path::PathBuf;

use clap::Args;
use countersign_policies::compile;
use serde_json::json;

use super::{Done, Failure, hex, write};
use crate::cli::pack;

#[derive(Debug, Args)]
pub(super) struct BuildArguments {
    /// A folder, or the name of a shipped pack (`trading-api`).
    pack: PathBuf,
    /// The bundle to write. A pack that doesn't compile leaves it as it was.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn run(arguments: &BuildArguments) -> Result<Done, Failure> {
    let compiled = compile(&pack::sources(&arguments.pack)?)
        .map_err(|diagnostics| Failure::from(diagnostics).refused())?;
    write::replace(&arguments.output, compiled.bytes())?;
    let bundle = compiled.bundle();
    let policies = bundle.policies().count();
    let bytes = compiled.bytes().len();
    let sha256 = hex(bundle.sha256());
    let text = format!(
        "{}\n  pack      {} {}\n  policies  {policies}\n  bytes     {bytes}\n  sha-256   {sha256}\n",
        arguments.output.display(),
        bundle.name(),
        bundle.version(),
    );
    let json = json!({
        "ok": true,
        "file": arguments.output.display().to_string(),
        "name": bundle.name(),
        "version": bundle.version(),
        "policies": policies,
        "bytes": bytes,
        "sha256": sha256,
    });
    Ok(Done {
        text,
        json,
        success: true,
    })
}
