//! `countersign snapshot`

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use countersign_core::snapshot::{Description, Trust};
use countersign_core::{KeyRing, UnixSeconds};
use countersign_custody::edges::Published;
use serde_json::{Value, json};

use super::delivered::{Delivered, print};
use super::desk::{DeskArguments, NamedArguments};
use super::out::Out;
use super::reading::{seconds, secret_text, written};
use super::{Done, Failure, Reason, clock, done, with};
use crate::cli::message::read;

/// What the audit log says of a snapshot for which no reason was given.
const PUBLISH: &str = "the keyring, for its edges";

#[derive(Debug, Args)]
pub(crate) struct SnapshotArguments {
    #[command(subcommand)]
    command: SnapshotCommand,
}

#[derive(Debug, Subcommand)]
enum SnapshotCommand {
    /// Who reads snapshots.
    Readers(ReadersArguments),
    /// Write the keyring of a region for each of its readers, whole.
    Publish(PublishArguments),
    /// Write what changed since a snapshot that was published whole.
    Delta(DeltaArguments),
    /// Show what a snapshot says of itself; and whether its reader takes it.
    Show(ShowArguments),
}

#[derive(Debug, Args)]
struct ReadersArguments {
    #[command(subcommand)]
    command: ReadersCommand,
}

#[derive(Debug, Subcommand)]
enum ReadersCommand {
    /// Add a reader, and show once whom it trusts and by which key it reads.
    Add {
        #[command(flatten)]
        desk: DeskArguments,
        #[command(flatten)]
        reason: Reason,
        /// Its name, such as `edge-1`.
        name: String,
        /// The region that its keys are derived for, such as `eu-west`.
        #[arg(long)]
        region: String,
    },
    /// Publish nothing to it any more. What it has is good until its end.
    Remove(NamedArguments),
    /// List them.
    List {
        #[command(flatten)]
        desk: DeskArguments,
    },
}

/// For whom, and for how long.
#[derive(Debug, Args)]
struct Publication {
    #[command(flatten)]
    desk: DeskArguments,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", default_value = PUBLISH)]
    reason: String,
    /// The region.
    #[arg(long)]
    region: String,
    /// For how long it is good, at most five days.
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "10m")]
    lasts: u64,
    /// The folder for the files, one for each reader, named `<reader>-<version>.snapshot`.
    #[arg(short, long, value_name = "FOLDER")]
    out: PathBuf,
}

#[derive(Debug, Args)]
struct PublishArguments {
    #[command(flatten)]
    publication: Publication,
}

#[derive(Debug, Args)]
struct DeltaArguments {
    #[command(flatten)]
    publication: Publication,
    /// The snapshot that the readers have: that of any of them.
    #[arg(long, value_name = "FILE")]
    since: PathBuf,
}

#[derive(Debug, Args)]
struct ShowArguments {
    /// The snapshot.
    file: PathBuf,
    /// What its reader was given by `readers add`: then it is opened, and its signature checked. `-` for standard
    /// input.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The whole snapshot that a delta is of.
    #[arg(long, value_name = "FILE", requires = "trust")]
    base: Option<PathBuf>,
}

pub(crate) fn run(arguments: &SnapshotArguments, as_json: bool) -> Result<Done, Failure> {
    match &arguments.command {
        SnapshotCommand::Readers(arguments) => readers(&arguments.command, as_json),
        SnapshotCommand::Publish(arguments) => publish(&arguments.publication, None),
        SnapshotCommand::Delta(arguments) => {
            publish(&arguments.publication, Some(&read(&arguments.since)?))
        }
        SnapshotCommand::Show(arguments) => show(arguments),
    }
}

fn readers(command: &ReadersCommand, as_json: bool) -> Result<Done, Failure> {
    match command {
        ReadersCommand::Add {
            desk,
            reason,
            name,
            region,
        } => {
            let desk = desk.open()?;
            let order = desk.order(&reason.reason);
            let trust = desk.custodian.add_reader(&order, name, region)?.reveal();
            let text = format!("{name} reads {region}; what it must know, shown once:\n");
            let json = json!({"ok": true, "reader": name, "region": region});
            let secret = Delivered {
                member: "trust",
                secret: &trust,
            };
            print(as_json, &text, &json, &[secret])
        }
        ReadersCommand::Remove(NamedArguments { desk, reason, name }) => {
            let desk = desk.open()?;
            let order = desk.order(&reason.reason);
            desk.custodian.remove_reader(&order, name)?;
            let text = format!("{name} gets no snapshots any more\n");
            Ok(done(text, json!({"ok": true, "reader": name})))
        }
        ReadersCommand::List { desk } => {
            let readers = desk.open()?.custodian.readers()?;
            let lines = readers.iter().map(|(name, reader)| {
                let since = written(UnixSeconds::new(reader.added_at()));
                format!("{name:<20} {:<16} since {since}\n", reader.region())
            });
            let json: Vec<Value> = readers
                .iter()
                .map(|(name, reader)| {
                    json!({"reader": name, "region": reader.region(), "added_at": reader.added_at()})
                })
                .collect();
            Ok(done(lines.collect(), json!({"ok": true, "readers": json})))
        }
    }
}

fn publish(arguments: &Publication, base: Option<&[u8]>) -> Result<Done, Failure> {
    if !arguments.out.is_dir() {
        let message = format!("{} is no folder", arguments.out.display());
        return Err(Failure::usage("file_unreadable", message));
    }
    let lasts = Duration::from_secs(arguments.lasts);
    let desk = arguments.desk.open()?;
    let order = desk.order(&arguments.reason);
    let published = desk
        .custodian
        .publish(&order, &arguments.region, lasts, base)?;
    let (mut text, mut list) = (String::new(), Vec::new());
    for one in &published {
        let version = one.description.version;
        let path = arguments
            .out
            .join(format!("{}-{version}.snapshot", one.reader));
        put(&path, one)?;
        text.push_str(&format!("{}: {}", path.display(), said(&one.description)));
        let json = with(shown(&one.description), "file", path.display().to_string());
        list.push(with(with(json, "keys", one.keys), "bytes", one.bytes.len()));
    }
    Ok(done(text, json!({"ok": true, "snapshots": list})))
}

/// Whole or not at all: an edge may look for it.
fn put(path: &Path, published: &Published) -> Result<(), Failure> {
    let part = path.with_extension("part");
    Out::new(&part)?.put(&published.bytes)?;
    std::fs::rename(&part, path).map_err(|error| Failure::file(path, &error))
}

fn show(arguments: &ShowArguments) -> Result<Done, Failure> {
    let bytes = read(&arguments.file)?;
    let description = Description::read(&bytes)?;
    let mut text = said(&description);
    let mut json = shown(&description);
    if let Some(path) = &arguments.trust {
        let now = clock()?;
        let mut ring = KeyRing::edge(Trust::from_json(&secret_text(path)?)?);
        if let Some(base) = &arguments.base {
            ring.load(&read(base)?, now)?;
        }
        ring.load(&bytes, now)?;
        text.push_str(&format!("its reader takes it: {} keys\n", ring.len()));
        json = with(json, "keys", ring.len());
    }
    Ok(done(text, with(json, "ok", true)))
}

fn said(description: &Description) -> String {
    let Description {
        environment,
        region,
        reader,
        version,
        base,
        made_at,
        not_after,
        ..
    } = description;
    let kind = base.map_or_else(String::new, |base| format!(", what changed since {base}"));
    format!(
        "{} {region} for {reader}, version {version}{kind}, made {}, good until {}\n",
        environment.as_str(),
        written(*made_at),
        written(*not_after)
    )
}

fn shown(description: &Description) -> Value {
    json!({
        "environment": description.environment.as_str(),
        "region": description.region,
        "reader": description.reader,
        "publisher": description.publisher,
        "version": description.version,
        "base": description.base,
        "made_at": description.made_at.get(),
        "not_after": description.not_after.get(),
    })
}
