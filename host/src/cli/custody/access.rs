//! `countersign access`: who holds what, who used it, and the least that would do.

mod advise;
mod review;

use clap::{Args, Subcommand};
use countersign_core::Environment;
use countersign_core::policy::EntityUid;
use countersign_custody::audit::Hash;
use countersign_custody::custodian::KeyEntry;
use countersign_custody::review::{Held, Permissions};
use countersign_policies::cases::Who;
use countersign_policies::reach::{address_attributes, key_can};
use countersign_policies::reference::Reference;
use countersign_policies::{Sources, compile};
use serde_json::Value;

use super::desk::DeskArguments;
use super::out::Out;
use super::{Done, Failure, Reason, done, with};

#[derive(Debug, Args)]
pub(crate) struct AccessArguments {
    #[command(subcommand)]
    command: AccessCommand,
}

#[derive(Debug, Subcommand)]
enum AccessCommand {
    /// Review every key: what it holds, what it used, and what to look at. Evidence for an auditor.
    Review(Box<review::ReviewArguments>),
    /// Print the least policies that would have allowed what was done, and what they take away.
    Advise(Box<advise::AdviseArguments>),
}

pub(crate) fn run(arguments: &AccessArguments) -> Result<Done, Failure> {
    match &arguments.command {
        AccessCommand::Review(arguments) => review::run(arguments),
        AccessCommand::Advise(arguments) => advise::run(arguments),
    }
}

/// What keys may do by the policies of a pack.
struct ByPack {
    name: String,
    reference: Reference,
    addresses: Vec<String>,
    environment: Environment,
}

impl ByPack {
    fn new(sources: &Sources, environment: Environment) -> Result<Self, Failure> {
        let compiled = compile(sources)?;
        let bundle = compiled.bundle();
        Ok(ByPack {
            name: format!(
                "the pack {} {}, bundle {}",
                bundle.name(),
                bundle.version_text(),
                Hash::of(compiled.bytes())
            ),
            reference: Reference::new(sources)?,
            addresses: address_attributes(sources)?,
            environment,
        })
    }
}

impl Permissions for ByPack {
    fn source(&self) -> String {
        self.name.clone()
    }

    fn held(&self, entry: &KeyEntry) -> Result<Vec<Held>, String> {
        let who = Who::Key {
            id: entry.life().keyid().to_owned(),
            groups: entry.groups().to_vec(),
            attributes: Value::Object(entry.attributes_in(self.environment)),
        };
        let (_, grants) = key_can(&self.reference, &who).map_err(|error| error.to_string())?;
        let held = grants.iter().filter(|grant| grant.refused_by().is_none());
        let held = held.map(|grant| {
            let mut obligations = grant.permits.iter().flat_map(|clause| &clause.obligations);
            let steps_up = obligations.any(|(name, _)| name == "stepup");
            let named = Held::named(EntityUid::id(&grant.action));
            Held {
                critical: named.critical || steps_up,
                ..named
            }
        });
        Ok(held.collect())
    }

    fn address_attributes(&self) -> &[String] {
        &self.addresses
    }
}
