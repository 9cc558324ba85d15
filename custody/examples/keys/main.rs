//! What keys cost: to find one among many, to open a store of them, to issue, to record, to send to an edge, and how
//! long one verifies after it was revoked.
//!
//! ```text
//! cargo run --release -p countersign-custody --example keys -- [--json] [--keys N] [--records N] [--only PART]
//!     [--write FILE]
//! ```
//!
//! `--write FILE` keeps the snapshot, for who loads it into a module. Each row is a name, a figure and its unit, and
//! a goal where there is one. Stores are files in the system's temporary folder. `PART` is `keyring`, `issue`, `audit`, `snapshot` or `revocation`.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a measurement that fails ends by it"
)]

mod audit;
#[path = "../../tests/support/postgres.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod cluster;
#[path = "../../tests/support/revocation.rs"]
mod followers;
mod issue;
mod keyring;
mod office;
#[path = "../../tests/support/requests.rs"]
mod requests;
mod revocation;
mod rows;
mod snapshot;

use std::error::Error;
use std::path::PathBuf;

use rows::Rows;

fn main() -> Result<(), Box<dyn Error>> {
    if followers::play() {
        return Ok(());
    }
    let (mut json, mut only, mut written) = (false, None, None);
    let (mut keys, mut records) = (1_000_000, 1_000_000);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or("a value is missing");
        match argument.as_str() {
            "--json" => json = true,
            "--keys" => keys = value()?.parse()?,
            "--records" => records = value()?.parse()?,
            "--only" => only = Some(value()?),
            "--write" => written = Some(PathBuf::from(value()?)),
            other => return Err(format!("{other} is unknown").into()),
        }
    }
    let is_wanted = |part: &str| only.as_ref().is_none_or(|only| only == part);
    let mut rows = Rows::new(json);
    if is_wanted("keyring") {
        keyring::measure(&mut rows, keys.min(10_000))?;
        keyring::measure(&mut rows, keys)?;
    }
    if is_wanted("issue") {
        issue::measure(&mut rows)?;
    }
    if is_wanted("audit") {
        audit::measure(&mut rows, records)?;
    }
    if is_wanted("snapshot") {
        snapshot::measure(&mut rows, keys, written.as_deref())?;
    }
    if is_wanted("revocation") {
        revocation::measure(&mut rows);
    }
    rows.end()
}
