//! `countersign store`

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use countersign_custody::Store;
use countersign_custody::audit;
use countersign_custody::founding::Founding;
use countersign_custody::store::{DumpError, RedbStore, Sum, export, import};
use serde_json::json;

use super::desk::StoreArguments;
use super::{Done, Failure, done};

#[derive(Debug, Args)]
pub(crate) struct StoreCommandArguments {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Write everything into a file, and check that it can be restored.
    Backup(DumpArguments),
    /// Make a new store from a backup, and check its audit log.
    Restore(DumpArguments),
    /// Write everything into a file, to move it to another kind of store.
    Export(DumpArguments),
    /// Read what was exported into an empty store.
    Import(DumpArguments),
}

#[derive(Debug, Args)]
struct DumpArguments {
    #[command(flatten)]
    store: StoreArguments,
    /// The file. One that is written must not exist yet.
    file: PathBuf,
}

pub(crate) fn run(arguments: &StoreCommandArguments) -> Result<Done, Failure> {
    match &arguments.command {
        StoreCommand::Export(arguments) => {
            let sum = write(&*arguments.store.open()?, &arguments.file)?;
            Ok(said("exported", &sum))
        }
        StoreCommand::Backup(arguments) => {
            let sum = write(&*arguments.store.open()?, &arguments.file)?;
            // What can't be read back is no backup.
            let trial = RedbStore::in_memory()?;
            read(&arguments.file, &trial)?;
            check(&trial)?;
            Ok(said("backed up, and read back", &sum))
        }
        StoreCommand::Import(arguments) => {
            let store = arguments.store.open_or_make()?;
            Ok(said("imported", &read(&arguments.file, &*store)?))
        }
        StoreCommand::Restore(arguments) => {
            let store = arguments.store.open_or_make()?;
            let sum = read(&arguments.file, &*store)?;
            check(&*store)?;
            Ok(said("restored, and its audit log is good", &sum))
        }
    }
}

fn write(store: &dyn Store, path: &Path) -> Result<Sum, Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let file = file.map_err(|error| Failure::file(path, &error))?;
    let outcome = whole(store, &file);
    if outcome.is_err() {
        // Half a dump is none; that it stays where it can't be removed changes nothing of that.
        let _ = std::fs::remove_file(path);
    }
    Ok(outcome?)
}

fn whole(store: &dyn Store, file: &File) -> Result<Sum, DumpError> {
    let mut writer = BufWriter::new(file);
    let sum = export(store, &mut writer)?;
    writer.flush()?;
    file.sync_all()?;
    Ok(sum)
}

fn read(path: &Path, store: &dyn Store) -> Result<Sum, Failure> {
    let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
    Ok(import(BufReader::new(file), store)?)
}

/// That the audit log of what was read is good.
fn check(store: &dyn Store) -> Result<(), Failure> {
    let key = Founding::read(store)?.verifying_key()?;
    match audit::verify(store, &[key], &[])?.finding {
        None => Ok(()),
        Some(finding) => {
            let code = finding.fault.code();
            Err(Failure::usage(code, finding.to_string()).refused())
        }
    }
}

fn said(what: &str, sum: &Sum) -> Done {
    let sha256 = audit::Hash::from_bytes(sum.sha256).to_string();
    let entries = sum.entries;
    let text = format!("{what}: {entries} entries\nsha-256 {sha256}\n");
    done(
        text,
        json!({"ok": true, "entries": entries, "sha256": sha256}),
    )
}
