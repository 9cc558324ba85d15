//! `countersign audit replay`

use std::path::PathBuf;

use clap::Args;
use countersign_core::policy::Bundle;
use countersign_custody::audit::{self, AuditError, Decided, Kept};
use countersign_custody::{Batch, Store};
use serde_json::{Value, json};

use super::super::deciding::Archived;
use super::{Done, Failure, StoreArguments, done};
use crate::cli::message::read as read_file;

#[derive(Debug, Args)]
pub(super) struct ReplayArguments {
    #[command(flatten)]
    store: StoreArguments,
    /// The number of the record.
    #[arg(required_unless_present = "all")]
    record: Option<u64>,
    /// Every decision of the log.
    #[arg(long, conflicts_with = "record")]
    all: bool,
}

#[derive(Debug, Args)]
pub(super) struct ArchiveArguments {
    #[command(flatten)]
    store: StoreArguments,
    /// The file, byte for byte: a module, or a bundle.
    file: PathBuf,
}

/// Keeps a file under its SHA-256, by which alone it is found.
pub(super) fn archive(arguments: &ArchiveArguments) -> Result<Done, Failure> {
    let bytes = read_file(&arguments.file)?;
    if !bytes.starts_with(b"\0asm") && Bundle::load_unsigned(&bytes).is_err() {
        let message = format!("{} is no module and no bundle", arguments.file.display());
        return Err(Failure::usage("file_not_of_a_decision", message));
    }
    let store = arguments.store.open()?;
    let mut batch = Batch::new();
    let hash = audit::archive(&*store, &mut batch, &bytes)?;
    store.commit(&batch)?;
    let text = format!("{hash} is archived\n");
    Ok(done(text, json!({"ok": true, "sha256": hash.to_string()})))
}

pub(super) fn run(arguments: &ReplayArguments) -> Result<Done, Failure> {
    let store = arguments.store.open()?;
    match arguments.record {
        Some(record) => one(&*store, record),
        None => all(&*store),
    }
}

fn one(store: &dyn Store, record: u64) -> Result<Done, Failure> {
    let replayed = audit::replay(store, record, &mut Archived::default());
    let replayed = replayed.map_err(|error| unmade(store, record, error))?;
    let entry = audit::read(store, record)?;
    let decided = entry.record().decided.as_ref();
    let decided = decided.ok_or(AuditError::NotDecided(record))?;
    let now = read(&replayed.answer);
    let then = match &replayed.recorded {
        Kept::Whole(bytes) => read(bytes),
        Kept::Hash(hash) => json!({"sha256": hash.to_string()}),
    };
    let mut text = format!(
        "record {record}: {} by {}\nmodule {}\nbundle {}\n",
        entry.record().act,
        entry.record().actor,
        decided.module,
        decided.bundle
    );
    let differs = differences(&then, &now);
    if replayed.same {
        text.push_str(&format!("the same answer: {now}\n"));
    } else {
        text.push_str("another answer:\n");
        for (member, then, now) in &differs {
            text.push_str(&format!("  {member}\n    - {then}\n    + {now}\n"));
        }
    }
    let differs: Vec<&String> = differs.iter().map(|(member, ..)| member).collect();
    let json = json!({
        "ok": replayed.same,
        "code": if replayed.same { "same" } else { "differs" },
        "record": record,
        "module": decided.module.to_string(),
        "bundle": decided.bundle.to_string(),
        "then": then,
        "now": now,
        "differs": differs,
    });
    Ok(Done {
        text,
        json,
        success: replayed.same,
    })
}

fn all(store: &dyn Store) -> Result<Done, Failure> {
    let filter = audit::Filter::default();
    let mut archived = Archived::default();
    let (mut same, mut differs, mut missing) = (0_u64, Vec::new(), Vec::new());
    audit::each(store, &filter, 1, |entry| {
        let record = entry.record().sequence;
        if entry.record().decided.is_none() {
            return Ok(());
        }
        match audit::replay(store, record, &mut archived) {
            Ok(replayed) if replayed.same => same += 1,
            Ok(_) => differs.push(record),
            Err(AuditError::NotArchived(hash)) => missing.push((record, hash.to_string())),
            Err(error) => return Err(unmade(store, record, error)),
        }
        Ok(())
    })?;
    let mut text = format!("{same} decisions have the same answer\n");
    for record in &differs {
        text.push_str(&format!("record {record} has another answer\n"));
    }
    for (record, hash) in &missing {
        text.push_str(&format!(
            "record {record} can't be made again: {hash} isn't archived\n"
        ));
    }
    let success = differs.is_empty() && missing.is_empty();
    let missing: Vec<Value> = missing
        .iter()
        .map(|(record, hash)| json!({"record": record, "sha256": hash}))
        .collect();
    let json = json!({"ok": success, "same": same, "differs": differs, "missing": missing});
    Ok(Done {
        text,
        json,
        success,
    })
}

/// Why it can't be made again, and what to do.
fn unmade(store: &dyn Store, record: u64, error: AuditError) -> Failure {
    let AuditError::NotArchived(hash) = &error else {
        return error.into();
    };
    let entry = audit::read(store, record).ok();
    let decided = entry.and_then(|entry| entry.record().decided.clone());
    let what = |decided: &Decided| match &decided.query {
        _ if decided.module == *hash => "module",
        _ if decided.bundle == *hash => "bundle",
        _ => "query",
    };
    let what = decided.as_ref().map_or("file", what);
    let code = error.code();
    Failure::usage(
        code,
        format!("record {record} can't be made again: its {what}, with the SHA-256 {hash}, isn't archived"),
    )
    .with_help(format!(
        "if you have that {what}, of a release or a backup, `countersign audit archive FILE` keeps it"
    ))
}

fn read(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(bytes).into_owned()))
}

/// The members that differ: then and now.
fn differences(then: &Value, now: &Value) -> Vec<(String, Value, Value)> {
    let (Some(old), Some(new)) = (then.as_object(), now.as_object()) else {
        return vec![("answer".to_owned(), then.clone(), now.clone())];
    };
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let of = |object: &serde_json::Map<String, Value>, name: &String| {
        object.get(name).cloned().unwrap_or(Value::Null)
    };
    names
        .into_iter()
        .map(|name| (name.clone(), of(old, name), of(new, name)))
        .filter(|(_, then, now)| then != now)
        .collect()
}
