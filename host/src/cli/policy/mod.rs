//! `countersign policy`: policies as code.
//!
//! Exit status: 0 done, or nothing found; 1 the pack is refused, or something was found; 2 could not
//! be tried.

mod build;
mod case_files;
mod check;
mod diff;
mod explain;
mod grants;
#[cfg(feature = "prove")]
mod prove;
mod routes;
mod show;
mod sign;
mod test;
mod uid;
mod watch;
mod what_can;
mod who_can;
mod write;

use std::io::Write as _;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::Done;
use super::failure::Failure;

#[derive(Debug, Args)]
pub(super) struct PolicyArguments {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Find what is wrong with a pack: its form, its types, and what lint says.
    Check(check::CheckArguments),
    /// Compile a pack to a bundle.
    Build(build::BuildArguments),
    /// Make a publisher's key: the private half to a file, the public half printed.
    Keygen(sign::KeygenArguments),
    /// Sign a bundle as its publisher.
    Sign(sign::SignArguments),
    /// Take a bundle apart: its policies, entities and routes, readable.
    Show(show::ShowArguments),
    /// Compare two bundles or packs, and what they decide of recorded requests.
    Diff(diff::DiffArguments),
    /// Bring the routes of an API into a pack.
    Routes(routes::RoutesArguments),
    /// Watch a bundle file, and say what becomes of each change.
    Watch(watch::WatchArguments),
    /// Run the cases of a pack, and say which policies and conditions they reach.
    Test(test::TestArguments),
    /// Say why a request is allowed or denied.
    Explain(explain::ExplainArguments),
    /// List who can do an action on a resource.
    WhoCan(who_can::WhoCanArguments),
    /// List what an entity, or a group's members, can do.
    WhatCan(what_can::WhatCanArguments),
    /// Prove what holds of every request, or show one of which it doesn't.
    #[cfg(feature = "prove")]
    Prove(prove::ProveArguments),
}

pub(super) fn run(arguments: &PolicyArguments, as_json: bool) -> Result<Done, Failure> {
    match &arguments.command {
        PolicyCommand::Check(arguments) => check::run(arguments),
        PolicyCommand::Build(arguments) => build::run(arguments, as_json),
        PolicyCommand::Keygen(arguments) => sign::keygen(arguments),
        PolicyCommand::Sign(arguments) => sign::run(arguments),
        PolicyCommand::Show(arguments) => show::run(arguments),
        PolicyCommand::Diff(arguments) => diff::run(arguments),
        PolicyCommand::Routes(arguments) => routes::run(arguments),
        PolicyCommand::Watch(arguments) => watch::run(arguments, as_json),
        PolicyCommand::Test(arguments) => test::run(arguments),
        PolicyCommand::Explain(arguments) => explain::run(arguments),
        PolicyCommand::WhoCan(arguments) => who_can::run(arguments),
        PolicyCommand::WhatCan(arguments) => what_can::run(arguments),
        #[cfg(feature = "prove")]
        PolicyCommand::Prove(arguments) => prove::run(arguments),
    }
}

/// Prints one of several results; whether somebody still reads them.
fn say(as_json: bool, text: &str, json: &Value) -> bool {
    let mut out = std::io::stdout().lock();
    let written = if as_json {
        writeln!(out, "{json}")
    } else {
        out.write_all(text.as_bytes())
    };
    written.and_then(|()| out.flush()).is_ok()
}
