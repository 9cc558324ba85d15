//! The life of keys on the command line: the vault, the keys, the people, the audit log and the store.

pub(super) mod access;
pub(super) mod approval;
pub(super) mod audit;
mod deciding;
mod delivered;
mod desk;
mod failure;
pub(super) mod incident;
pub(super) mod keys;
mod out;
pub(super) mod people;
mod reading;
mod root;
mod sending;
pub(super) mod snapshot;
pub(super) mod store;
pub(super) mod vault;
pub(super) mod webhooks;

use clap::Args;
use countersign_core::{Environment, UnixSeconds};
use serde_json::Value;

use super::{Done, Failure, now, with};

/// What a command did, when it did it.
fn done(text: String, json: Value) -> Done {
    Done {
        text,
        json,
        success: true,
    }
}

/// The time, by the system's clock.
fn clock() -> Result<UnixSeconds, Failure> {
    now().map(UnixSeconds::new)
}

/// Why something is done.
#[derive(Debug, Args)]
struct Reason {
    /// Why, for the audit log: 1 to 1,000 bytes.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

fn environment(name: &str) -> Result<Environment, String> {
    Environment::parse(name).ok_or_else(|| "it is `dev`, `test` or `live`".into())
}
