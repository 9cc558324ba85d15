//! `countersign audit`

mod check;
mod look;
mod replay;
mod stamp;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use countersign_core::VerifyingKey;
use countersign_custody::PublicText;
use countersign_custody::audit::{AnchorFile, Checkpoint, Proof};
use countersign_custody::founding::Founding;
use countersign_custody::vault;
use countersign_custody::{Batch, Store, harden_process};
use serde_json::json;

use super::desk::{StoreArguments, header};
use super::root::RootArguments;
use super::{Done, Failure, clock, done, environment, reading};

#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Read the whole log, and name the first record that was changed.
    Verify(check::VerifyArguments),
    /// Find records.
    Search(look::SearchArguments),
    /// Show the last records, and those to come.
    Tail(look::TailArguments),
    /// Write records for other programs.
    Export(look::ExportArguments),
    /// Sign what the log is now, to be kept elsewhere.
    Checkpoint(CheckpointArguments),
    /// Prove one record, for whoever has the log's public key.
    Prove(ProveArguments),
    /// Make a past decision again, in the very module and by the very bundle that made it.
    Replay(replay::ReplayArguments),
    /// Keep a module or a bundle that decided something, so that it can be made again.
    Archive(replay::ArchiveArguments),
    /// Check a proof, with nothing but it and the log's public key.
    CheckProof(check::CheckProofArguments),
    /// Write the request that a time-stamping authority (RFC 3161) answers for a checkpoint.
    StampRequest(stamp::RequestArguments),
    /// Check a time stamp: that it is about a checkpoint, and whose word it is.
    CheckStamp(stamp::CheckArguments),
}

#[derive(Debug, Args)]
struct CheckpointArguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    root: RootArguments,
    /// A file elsewhere that the checkpoint is added to.
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ProveArguments {
    #[command(flatten)]
    store: StoreArguments,
    /// The number of the record.
    record: u64,
    /// The file for the proof; standard output unless given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &AuditArguments, as_json: bool) -> Result<Done, Failure> {
    match &arguments.command {
        AuditCommand::Verify(arguments) => check::verify(arguments),
        AuditCommand::Search(arguments) => look::search(arguments),
        AuditCommand::Tail(arguments) => look::tail(arguments, as_json),
        AuditCommand::Export(arguments) => look::export(arguments),
        AuditCommand::Checkpoint(arguments) => checkpoint(arguments),
        AuditCommand::Prove(arguments) => prove(arguments),
        AuditCommand::Replay(arguments) => replay::run(arguments),
        AuditCommand::Archive(arguments) => replay::archive(arguments),
        AuditCommand::CheckProof(arguments) => check::check_proof(arguments),
        AuditCommand::StampRequest(arguments) => stamp::request(arguments),
        AuditCommand::CheckStamp(arguments) => stamp::check(arguments),
    }
}

fn checkpoint(arguments: &CheckpointArguments) -> Result<Done, Failure> {
    // What it could not do, `vault unlock` tells.
    let _ = harden_process();
    let store = arguments.store.open()?;
    let founding = Founding::read(&*store)?;
    let root = arguments.root.root()?;
    let environments = [founding.environment()?];
    let vault = vault::unlock_only(&header(&*store)?, &root, &environments)?;
    let at_ms = clock()?.get().saturating_mul(1000);
    let checkpoint = Checkpoint::sign(&*store, &founding.signing_key(&vault)?, at_ms)?;
    let mut batch = Batch::new();
    checkpoint.put(&mut batch);
    store.commit(&batch)?;
    if let Some(path) = &arguments.anchor {
        AnchorFile::at(path).append(&checkpoint)?;
    }
    let text = checkpoint.to_string();
    let json = json!({"ok": true, "records": checkpoint.sequence(), "checkpoint": text});
    Ok(done(text, json))
}

fn prove(arguments: &ProveArguments) -> Result<Done, Failure> {
    let store = arguments.store.open()?;
    let last = Checkpoint::last(&*store)?.ok_or_else(|| {
        Failure::usage(
            "audit_no_checkpoint",
            "the log has no checkpoint to prove by",
        )
        .with_help("`countersign audit checkpoint` makes one")
    })?;
    let proof = Proof::make(&*store, arguments.record, &last)?.to_json()?;
    let Some(path) = &arguments.output else {
        let json = json!({"ok": true, "proof": proof});
        return Ok(done(format!("{proof}\n"), json));
    };
    std::fs::write(path, &proof).map_err(|error| Failure::file(path, &error))?;
    let (record, records) = (arguments.record, last.sequence());
    let text = format!(
        "{}: record {record} is in the log of {records} records\n",
        path.display()
    );
    let json = json!({"ok": true, "file": path.display().to_string(), "record": record});
    Ok(done(text, json))
}

/// The keys that checkpoints may be signed by: those that were kept elsewhere, or else the store's own word.
fn log_keys(store: &dyn Store, texts: &[String]) -> Result<Vec<VerifyingKey>, Failure> {
    if !texts.is_empty() {
        return parsed(texts);
    }
    match Founding::read(store) {
        Ok(founding) => Ok(vec![founding.verifying_key()?]),
        Err(countersign_custody::CustodyError::NotFounded) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn parsed(texts: &[String]) -> Result<Vec<VerifyingKey>, Failure> {
    let keys = texts.iter().map(|text| {
        let public = PublicText::parse(text)?;
        Ok(public.key().clone())
    });
    keys.collect()
}

fn anchored(path: Option<&Path>) -> Result<Vec<Checkpoint>, Failure> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    // A typing error must not count as a log without anchors.
    if !path.exists() {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(Failure::file(path, &error));
    }
    Ok(AnchorFile::at(path).read()?)
}
