//! `countersign keys`

mod change;
mod issue;
mod own;
mod recipients;
mod show;
mod sweep;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use countersign_core::KeyId;
use countersign_custody::custodian::{Issued, KeyEntry, Stopped};
use countersign_custody::delivery::Recipient;
use countersign_custody::generate::Shown;
use serde_json::{Map, Value, json};

use super::delivered::{Delivered, print};
use super::desk::{Desk, DeskArguments};
use super::reading::{seconds, secret_text, written};
use super::{Done, Failure, Reason, done, with};

#[derive(Debug, Args)]
pub(crate) struct KeysArguments {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a key, and show its secret once.
    Issue(Box<issue::IssueArguments>),
    /// Show a key, without its secret.
    Show(show::ShowArguments),
    /// List keys.
    List(show::ListArguments),
    /// Give a key a successor. Both verify until the overlap ends.
    Rotate(change::RotateArguments),
    /// Give a service the successor of the key that signed its request, and of no other.
    RotateOwn(own::RotateOwnArguments),
    /// Take a pending key into use.
    Activate(change::ActArguments),
    /// Stop a key for a while.
    Suspend(change::ActArguments),
    /// Let a suspended key go on.
    Resume(change::ActArguments),
    /// Stop a key for ever.
    Revoke(change::ActArguments),
    /// Do away with a key that was revoked or is over, and with its secret.
    Destroy(change::ActArguments),
    /// Take the secret of a key out of the vault, and show it once.
    Export(change::ExportArguments),
    /// Read what is behind a one-time link, which burns it.
    Take(TakeArguments),
    /// Record what went into the spool while the store took no writes.
    Settle(SettleArguments),
    /// Do what is due: note expiries, rotate by schedule, tell of ends that are near, suspend what is unused, send
    /// notices. To be run by a timer.
    Sweep(Box<sweep::SweepArguments>),
    /// Verify a request by the keys of the vault, as they are now.
    Verify(verify::VerifyArguments),
}

/// How a secret reaches its owner.
#[derive(Debug, Args)]
struct DeliveryArguments {
    /// Show a link that gives the secret once, within this time, in place of the secret.
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    link: Option<u64>,
    /// Show the secret sealed for this public key of `age`, as a file that its owner opens with `age --decrypt`.
    #[arg(long, value_name = "age1..", conflicts_with = "link")]
    age: Option<Recipient>,
}

#[derive(Debug, Args)]
struct TakeArguments {
    #[command(flatten)]
    desk: DeskArguments,
    /// A file with the link; `-` for standard input.
    link: PathBuf,
}

#[derive(Debug, Args)]
struct SettleArguments {
    #[command(flatten)]
    desk: DeskArguments,
}

pub(crate) fn run(arguments: &KeysArguments, as_json: bool) -> Result<Done, Failure> {
    match &arguments.command {
        KeysCommand::Issue(arguments) => issue::run(arguments, as_json),
        KeysCommand::Show(arguments) => show::show(arguments),
        KeysCommand::List(arguments) => show::list(arguments),
        KeysCommand::Rotate(arguments) => change::rotate(arguments, as_json),
        KeysCommand::RotateOwn(arguments) => own::run(arguments, as_json),
        KeysCommand::Activate(arguments) => change::activate(arguments),
        KeysCommand::Suspend(arguments) => change::suspend(arguments),
        KeysCommand::Resume(arguments) => change::resume(arguments),
        KeysCommand::Revoke(arguments) => change::revoke(arguments),
        KeysCommand::Destroy(arguments) => change::destroy(arguments),
        KeysCommand::Export(arguments) => change::export(arguments, as_json),
        KeysCommand::Take(arguments) => take(arguments, as_json),
        KeysCommand::Settle(arguments) => settle(&arguments.desk),
        KeysCommand::Sweep(arguments) => sweep::run(arguments),
        KeysCommand::Verify(arguments) => verify::run(arguments),
    }
}

fn take(arguments: &TakeArguments, as_json: bool) -> Result<Done, Failure> {
    let desk = arguments.desk.open()?;
    let link = secret_text(&arguments.link)?;
    let secret = desk.custodian.read_link(&link, desk.now)?.reveal();
    let secret = Delivered {
        member: "secret",
        secret: &secret,
    };
    print(as_json, "", &json!({"ok": true}), &[secret])
}

fn settle(desk: &DeskArguments) -> Result<Done, Failure> {
    let count = desk.open()?.custodian.settle()?;
    let text = format!("{count} acts are recorded\n");
    Ok(done(text, json!({"ok": true, "settled": count})))
}

/// Tells of a key that was issued, with its secret.
fn deliver_issued(
    desk: &Desk<'_>,
    delivery: &DeliveryArguments,
    issued: Issued,
    as_json: bool,
) -> Result<Done, Failure> {
    let said = of_key(desk, &issued.entry);
    let keyid = issued.entry.life().keyid();
    deliver(desk, delivery, keyid, issued.shown, said, as_json)
}

/// Shows a secret once: as it is, sealed, or behind a link.
fn deliver(
    desk: &Desk<'_>,
    delivery: &DeliveryArguments,
    keyid: &str,
    shown: Option<Shown>,
    (text, json): (String, Value),
    as_json: bool,
) -> Result<Done, Failure> {
    let Some(shown) = shown else {
        return Ok(done(text, json));
    };
    let name = &desk.actor.name;
    if let Some(recipient) = &delivery.age {
        let sealed =
            desk.custodian
                .seal_for(recipient, &KeyId::new(keyid)?, shown, name, desk.now)?;
        let text = format!("{text}its secret, sealed for {recipient}:\n{sealed}");
        return Ok(done(text, with(json, "sealed", sealed)));
    }
    let (member, secret, what) = match delivery.link {
        Some(seconds) => {
            let link = desk.custodian.make_link(shown, name, seconds, desk.now)?;
            ("link", link.reveal(), "a link to its secret, good once")
        }
        None => ("secret", shown.reveal(), "its secret, shown once"),
    };
    let secret = Delivered {
        member,
        secret: &secret,
    };
    print(as_json, &format!("{text}{what}:\n"), &json, &[secret])
}

/// A key, for a person.
fn described(desk: &Desk<'_>, entry: &KeyEntry) -> String {
    let life = entry.life();
    let mut lines = vec![
        ("key", life.keyid().to_owned()),
        ("standing", life.standing(desk.now).as_str().to_owned()),
        ("owner", entry.owner().to_owned()),
        ("algorithm", entry.algorithm().to_owned()),
        (
            "version",
            format!("{} of {}", life.version(), life.lineage()),
        ),
        ("issued", written(life.issued_at())),
        (
            "verifies",
            format!(
                "{} to {}",
                written(life.not_before()),
                written(life.ends_at())
            ),
        ),
    ];
    let list = |names: &[String]| names.join(" ");
    let mut more = |name, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            lines.push((name, value));
        }
    };
    more("tags", Some(list(entry.tags())));
    more("groups", Some(list(entry.groups())));
    more("trial until", life.deadline().map(written));
    more(
        "rotates every",
        entry.rotate_every().map(|every| format!("{every} s")),
    );
    more("came after", life.predecessor().map(str::to_owned));
    more("successor", life.successor().map(str::to_owned));
    let lines = lines
        .iter()
        .map(|(name, value)| format!("{name:<14}{value}\n"));
    lines.collect()
}

/// A key, for a program.
fn key_json(desk: &Desk<'_>, entry: &KeyEntry) -> Value {
    let life = entry.life();
    json!({
        "keyid": life.keyid(),
        "environment": desk.custodian.environment().as_str(),
        "standing": life.standing(desk.now).as_str(),
        "owner": entry.owner(),
        "tags": entry.tags(),
        "groups": entry.groups(),
        "attributes": entry.attributes(),
        "algorithm": entry.algorithm(),
        "version": life.version(),
        "lineage": life.lineage(),
        "issued_at": life.issued_at().get(),
        "not_before": life.not_before().get(),
        "ends_at": life.ends_at().get(),
        "deadline": life.deadline().map(countersign_core::UnixSeconds::get),
        "rotate_every": entry.rotate_every(),
        "predecessor": life.predecessor(),
        "successor": life.successor(),
        "has_secret": entry.has_secret(),
    })
}

fn of_key(desk: &Desk<'_>, entry: &KeyEntry) -> (String, Value) {
    let json = json!({"ok": true, "key": key_json(desk, entry)});
    (described(desk, entry), json)
}

/// What came of taking a key out of use.
fn of_stopped(desk: &Desk<'_>, keyid: &str, stopped: &Stopped) -> (String, Value) {
    match stopped {
        Stopped::Recorded(entry) => of_key(desk, entry),
        Stopped::Spooled => (
            format!("`{keyid}` is stopped, and recorded when the store takes writes again\n"),
            json!({"ok": true, "keyid": keyid, "spooled": true}),
        ),
    }
}

/// The attributes in a file, or none.
fn attributes(path: Option<&PathBuf>) -> Result<Map<String, Value>, Failure> {
    let Some(path) = path else {
        return Ok(Map::new());
    };
    let text = crate::cli::message::read_text(path)?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::usage(
            "attributes_malformed",
            format!("{} is no JSON object: {error}", path.display()),
        )
    })
}
