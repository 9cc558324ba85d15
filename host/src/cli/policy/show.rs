//! `countersign policy show`

use std::path::PathBuf;

use clap::Args;
use countersign_policies::listing;
use serde_json::json;

use super::{Done, Failure};
use crate::cli::message::read;

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// The bundle.
    bundle: PathBuf,
}

pub(super) fn run(arguments: &ShowArguments) -> Result<Done, Failure> {
    let listing = listing::read(&read(&arguments.bundle)?).map_err(|error| {
        let message = format!("{}: {error}", arguments.bundle.display());
        Failure::usage(error.code(), message).refused()
    })?;
    Ok(Done {
        text: listing.to_string(),
        json: json!({ "ok": true, "bundle": listing }),
        success: true,
    })
}
