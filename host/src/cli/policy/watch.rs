//! `countersign policy watch`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use countersign::{LoadedBundle, Reload, WatchError, WatchedBundle};
use countersign_core::Publishers;
use serde_json::{Value, json};

use super::{Done, Failure, say};
use crate::cli::message::read_text;

#[derive(Debug, Args)]
pub(super) struct WatchArguments {
    /// The bundle to watch.
    bundle: PathBuf,
    /// Take only what these publishers signed: a JSON file of names and public keys.
    #[arg(long, value_name = "FILE")]
    publishers: Option<PathBuf>,
    /// How often to look, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "500")]
    interval: u64,
}

/// Prints what is loaded, and each reload, until nobody reads what is printed.
pub(super) fn run(arguments: &WatchArguments, as_json: bool) -> Result<Done, Failure> {
    let watched = match &arguments.publishers {
        None => WatchedBundle::open(&arguments.bundle),
        Some(path) => {
            let publishers = Publishers::from_json(&read_text(path)?)
                .map_err(|error| Failure::usage(error.code().as_str(), error.to_string()))?;
            WatchedBundle::signed(&arguments.bundle, publishers)
        }
    };
    let watched = watched.map_err(|error| refusal(&error))?;
    let current = watched.current();
    let mut goes_on = say(
        as_json,
        &line("loaded", &current),
        &event("loaded", &current, None),
    );
    while goes_on {
        std::thread::sleep(Duration::from_millis(arguments.interval));
        goes_on = match watched.poll() {
            Reload::Unchanged => true,
            Reload::Replaced(loaded) => say(
                as_json,
                &line("reloaded", &loaded),
                &event("reloaded", &loaded, None),
            ),
            Reload::Kept(error) => {
                let kept = watched.current();
                let text = format!(
                    "{}  because {}: {error}\n",
                    line("kept", &kept),
                    error.code()
                );
                say(as_json, &text, &event("kept", &kept, Some(&error)))
            }
        };
    }
    Ok(Done::silent())
}

fn refusal(error: &WatchError) -> Failure {
    let failure = Failure::usage(error.code(), error.to_string());
    match error {
        WatchError::Unreadable { .. } => failure,
        WatchError::Refused { .. } => failure.refused(),
    }
}

fn line(what: &str, loaded: &LoadedBundle) -> String {
    let bundle = loaded.bundle();
    format!(
        "{what} {} {} sha-256 {}\n",
        bundle.name(),
        bundle.version_text(),
        bundle.sha256_hex()
    )
}

fn event(what: &str, loaded: &LoadedBundle, error: Option<&WatchError>) -> Value {
    let bundle = loaded.bundle();
    json!({
        "event": what,
        "name": bundle.name(),
        "version": bundle.version_text(),
        "sha256": bundle.sha256_hex(),
        "code": error.map(WatchError::code),
        "message": error.map(ToString::to_string),
    })
}
