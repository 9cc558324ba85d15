//! `countersign vault`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use countersign::Module;
use countersign_core::Environment;
use countersign_custody::custodian::{Checked, check_keys};
use countersign_custody::founding::{Founding, replace_header};
use countersign_custody::vault::{
    self, Custodians, Root, RootDescription, RootId, RootStatus, Share, VaultStatus,
};
use countersign_custody::{Shortfall, harden_process};
use countersign_policies::{compile, packs};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::delivered::{Delivered, print};
use super::desk::{DeskArguments, StoreArguments, header};
use super::reading::written;
use super::root::{NewRootArguments, NextRootArguments, RootArguments};
use super::{Done, Failure, Reason, clock, done, environment, with};
use crate::cli::message::read;

/// The policies that say who may, unless others are given.
const PACK: &str = "zero-trust-admin";

#[derive(Debug, Args)]
pub(crate) struct VaultArguments {
    #[command(subcommand)]
    command: VaultCommand,
}

#[derive(Debug, Subcommand)]
enum VaultCommand {
    /// Found a store: its vault, its first owner and its audit log.
    Init(InitArguments),
    /// Tell what a vault has, without opening it.
    Status(StoreArguments),
    /// Check that the vault opens, whole, and the secret of every key in it.
    Unlock(UnlockArguments),
    /// Put a new root in the place of an old one. Keys stay, and so do processes that run.
    Rewrap(RewrapArguments),
    /// Add a root: a second way in.
    AddRoot(AddRootArguments),
    /// Remove a root, if another one is left.
    RemoveRoot(RemoveRootArguments),
}

#[derive(Debug, Args)]
struct InitArguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    root: NewRootArguments,
    /// The name of the first owner, who gives others their roles.
    #[arg(long, value_name = "NAME")]
    owner: String,
    /// An environment to have; give it again for each. All three unless given.
    #[arg(long = "env", value_name = "ENVIRONMENT", value_parser = environment)]
    environments: Vec<Environment>,
    /// A bundle of policies that say who may; the pack `zero-trust-admin` unless given.
    #[arg(long, value_name = "FILE")]
    policies: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct UnlockArguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    root: RootArguments,
}

#[derive(Debug, Args)]
struct RewrapArguments {
    #[command(flatten)]
    desk: DeskArguments,
    #[command(flatten)]
    next: NextRootArguments,
    /// The id of the root that goes, as `vault status` tells it; the only one unless given.
    #[arg(long, value_name = "ROOT", value_parser = root_id)]
    old: Option<RootId>,
    #[command(flatten)]
    reason: Reason,
}

#[derive(Debug, Args)]
struct AddRootArguments {
    #[command(flatten)]
    desk: DeskArguments,
    #[command(flatten)]
    next: NextRootArguments,
    #[command(flatten)]
    reason: Reason,
}

#[derive(Debug, Args)]
struct RemoveRootArguments {
    #[command(flatten)]
    desk: DeskArguments,
    /// The id of the root, as `vault status` tells it.
    #[arg(value_parser = root_id)]
    root: RootId,
    #[command(flatten)]
    reason: Reason,
}

fn root_id(text: &str) -> Result<RootId, String> {
    RootId::parse(text).ok_or_else(|| "it is an id as `vault status` tells it".into())
}

pub(crate) fn run(arguments: &VaultArguments, as_json: bool) -> Result<Done, Failure> {
    match &arguments.command {
        VaultCommand::Init(arguments) => init(arguments, as_json),
        VaultCommand::Status(store) => status(store),
        VaultCommand::Unlock(arguments) => unlock(arguments),
        VaultCommand::Rewrap(arguments) => rewrap(arguments, as_json),
        VaultCommand::AddRoot(arguments) => add_root(arguments, as_json),
        VaultCommand::RemoveRoot(arguments) => remove_root(arguments),
    }
}

fn init(arguments: &InitArguments, as_json: bool) -> Result<Done, Failure> {
    let shortfalls = harden_process();
    let now = clock()?;
    let environments = match arguments.environments.as_slice() {
        [] => vec![Environment::Dev, Environment::Test, Environment::Live],
        named => named.to_vec(),
    };
    let bundle = bundle(arguments)?;
    let store = arguments.store.open_or_make()?;
    // Before a key file is made for nothing.
    if header(&*store).is_ok() {
        return Err(countersign_custody::CustodyError::Founded.into());
    }
    let root = arguments.root.root()?;
    let vault = vault::init(&environments, &root, now)?;
    let module = Module::embedded_bytes();
    let founding = Founding::found(&*store, &vault, &arguments.owner, &bundle, module, now)?;
    let status = vault::status(vault.header())?;
    let text = format!(
        "the vault is founded\n{}owner       {}\nlog key     {}\n            keep it elsewhere: it checks the audit log\n{}",
        shown(&status),
        arguments.owner,
        founding.log_key(),
        notes(&shortfalls),
    );
    let json = with(status_json(&status), "owner", arguments.owner.as_str());
    let json = with(json, "log_key", founding.log_key());
    let json = with(json, "shortfalls", codes(&shortfalls));
    hand_out(&root, as_json, &text, &json)
}

/// Prints, with the shares of new custodians, if there are any.
fn hand_out(root: &Root, as_json: bool, text: &str, json: &Value) -> Result<Done, Failure> {
    let shares = match root {
        Root::Custodians(split) => reveal(split),
        _ => Vec::new(),
    };
    if shares.is_empty() {
        return Ok(done(text.to_owned(), json.clone()));
    }
    let text = format!("{text}one share for each custodian, shown once:\n");
    let names: Vec<String> = (1..=shares.len()).map(|n| format!("share_{n}")).collect();
    let secrets: Vec<Delivered<'_>> = names
        .iter()
        .zip(&shares)
        .map(|(member, secret)| Delivered { member, secret })
        .collect();
    print(as_json, &text, json, &secrets)
}

fn reveal(split: &Custodians) -> Vec<Zeroizing<String>> {
    split.shares().iter().map(Share::reveal).collect()
}

fn bundle(arguments: &InitArguments) -> Result<Vec<u8>, Failure> {
    if let Some(path) = &arguments.policies {
        let bytes = read(path)?;
        let loaded = countersign_core::policy::Bundle::load_unsigned(&bytes);
        loaded.map_err(|error| Failure::usage("bundle_invalid", error.to_string()))?;
        return Ok(bytes);
    }
    let pack = packs::find(PACK)
        .ok_or_else(|| Failure::usage("pack_invalid", format!("there is no pack `{PACK}` here")))?;
    Ok(compile(&pack.sources)?.into_bytes())
}

fn status(arguments: &StoreArguments) -> Result<Done, Failure> {
    let status = vault::status(&header(&*arguments.open()?)?)?;
    Ok(done(shown(&status), status_json(&status)))
}

fn unlock(arguments: &UnlockArguments) -> Result<Done, Failure> {
    let shortfalls = harden_process();
    let store = arguments.store.open()?;
    let header = header(&*store)?;
    let vault = vault::unlock(&header, &arguments.root.root()?)?;
    let names: Vec<&str> = vault.environments().map(Environment::as_str).collect();
    let Checked { keys, damaged } = check_keys(&*store, &vault)?;
    let success = damaged.is_empty();
    let mut text = format!("the vault opens: {}\n", names.join(", "));
    text.push_str(&match damaged.as_slice() {
        [] => format!("every key opens: {keys}\n"),
        some => format!("damaged, restore them from a backup: {}\n", some.join(", ")),
    });
    text.push_str(&notes(&shortfalls));
    let json = json!({
        "ok": success,
        "code": if success { "vault_opens" } else { "key_damaged" },
        "environments": names,
        "keys": keys,
        "damaged": damaged,
        "shortfalls": codes(&shortfalls),
    });
    Ok(Done {
        text,
        json,
        success,
    })
}

fn rewrap(arguments: &RewrapArguments, as_json: bool) -> Result<Done, Failure> {
    let desk = arguments.desk.open()?;
    let before = desk.vault.header();
    let status = vault::status(before)?;
    let environment = desk.custodian.environment();
    let old = old_root(arguments, &status, environment)?;
    let root = arguments.next.root()?;
    let (after, id) = desk.vault.rewrap(old, &root, desk.now)?;
    let order = desk.order(&arguments.reason.reason);
    desk.custodian
        .change_root(&order, &replace_header(before, &after))?;
    let name = environment.as_str();
    let text = format!("root {id} opens {name} now, and root {old} no more\n");
    let json = json!({
        "ok": true, "environment": name, "root": id.to_string(), "replaced": old.to_string(),
    });
    hand_out(&root, as_json, &text, &json)
}

fn add_root(arguments: &AddRootArguments, as_json: bool) -> Result<Done, Failure> {
    let desk = arguments.desk.open()?;
    let root = arguments.next.root()?;
    let (after, id) = desk.vault.add_root(&root, desk.now)?;
    let order = desk.order(&arguments.reason.reason);
    desk.custodian
        .change_root(&order, &replace_header(desk.vault.header(), &after))?;
    let name = desk.custodian.environment().as_str();
    let text = format!("root {id} opens {name} too\n");
    let json = json!({"ok": true, "environment": name, "root": id.to_string()});
    hand_out(&root, as_json, &text, &json)
}

fn remove_root(arguments: &RemoveRootArguments) -> Result<Done, Failure> {
    let desk = arguments.desk.open()?;
    let id = arguments.root;
    let after = desk.vault.remove_root(id)?;
    let order = desk.order(&arguments.reason.reason);
    desk.custodian
        .change_root(&order, &replace_header(desk.vault.header(), &after))?;
    let name = desk.custodian.environment().as_str();
    let text = format!("root {id} opens {name} no more\n");
    let json = json!({"ok": true, "environment": name, "removed": id.to_string()});
    Ok(done(text, json))
}

fn old_root(
    arguments: &RewrapArguments,
    status: &VaultStatus,
    environment: Environment,
) -> Result<RootId, Failure> {
    if let Some(id) = arguments.old {
        return Ok(id);
    }
    let mut sections = status.environments.iter();
    let section = sections.find(|section| section.environment == environment);
    match section.map(|section| section.roots.as_slice()) {
        Some([only]) => Ok(only.id),
        _ => Err(Failure::usage(
            "root_ambiguous",
            "several roots open the environment: say which one goes",
        )
        .with_help("name it with --old; `vault status` tells their ids")),
    }
}

fn shown(status: &VaultStatus) -> String {
    let mut text = format!("vault       {}\n", status.vault);
    for section in &status.environments {
        let name = section.environment.as_str();
        let keys = section.data_keys.len();
        text.push_str(&format!(
            "{name:<12}generation {}, data keys {keys}\n",
            section.generation
        ));
        for root in &section.roots {
            text.push_str(&format!(
                "  root      {}  {}, since {}\n",
                root.id,
                described(&root.description),
                written(root.added)
            ));
        }
    }
    text
}

fn described(root: &RootDescription) -> String {
    match root {
        RootDescription::Passphrase { cost } => format!(
            "passphrase (Argon2id, {} MiB, {} passes{})",
            cost.memory_kib() / 1024,
            cost.passes(),
            if cost.is_low() { ": too cheap" } else { "" }
        ),
        RootDescription::KeyFile => "key file".into(),
        RootDescription::Custodians { threshold, of } => format!("{threshold} of {of} custodians"),
        RootDescription::Token { label } => format!("token `{label}`"),
        _ => "of another kind".into(),
    }
}

fn status_json(status: &VaultStatus) -> Value {
    let root = |root: &RootStatus| {
        json!({
            "id": root.id.to_string(),
            "added": root.added.get(),
            "description": described(&root.description),
        })
    };
    let environments = status.environments.iter().map(|section| {
        let keys = section.data_keys.iter();
        let keys = keys.map(|key| json!({"version": key.version, "made": key.made.get()}));
        json!({
            "environment": section.environment.as_str(),
            "generation": section.generation,
            "roots": section.roots.iter().map(root).collect::<Vec<_>>(),
            "data_keys": keys.collect::<Vec<_>>(),
        })
    });
    json!({
        "ok": true,
        "format": status.format,
        "vault": status.vault.to_string(),
        "environments": environments.collect::<Vec<_>>(),
    })
}

fn notes(shortfalls: &[Shortfall]) -> String {
    let lines = shortfalls.iter().map(|one| format!("note: {one}\n"));
    lines.collect()
}

fn codes(shortfalls: &[Shortfall]) -> Value {
    shortfalls.iter().map(Shortfall::code).collect()
}
