//! Checkpoints kept outside: in a file, and in another store.

use std::fs;

use countersign_custody::audit::{AnchorFile, Checkpoint, Fault, verify};
use countersign_custody::{Batch, Space, Store as _};
use tempfile::TempDir;

use crate::log::{Map, key, keys, log_of, log_with_checkpoints, sign};

#[test]
fn a_file_of_checkpoints_finds_what_was_cut_from_the_store() {
    let folder = TempDir::new().unwrap();
    let anchor = AnchorFile::at(&folder.path().join("checkpoints"));
    assert_eq!(anchor.read().unwrap(), []);
    let (store, checkpoints) = log_with_checkpoints(&[3, 8]);
    for checkpoint in &checkpoints {
        anchor.append(checkpoint).unwrap();
    }
    assert_eq!(anchor.read().unwrap(), checkpoints);
    let mut entries = store.entries();
    entries.retain(|entry, _| entry.0 == Space::Audit && *entry <= key(6));
    let cut = Map::of(entries);
    assert!(verify(&cut, &keys(7), &[]).unwrap().is_good());
    let report = verify(&cut, &keys(7), &anchor.read().unwrap()).unwrap();
    let finding = report.finding.unwrap();
    assert_eq!(
        (finding.sequence, finding.fault),
        (7, Fault::Truncated { checkpoint: 8 })
    );
}

#[test]
fn a_file_with_half_a_checkpoint_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("checkpoints");
    let text = sign(&log_of(3)).to_string();
    fs::write(&path, format!("{text}{}", &text[..100])).unwrap();
    let error = AnchorFile::at(&path).read().unwrap_err();
    assert_eq!(error.code(), "audit_checkpoint_malformed");
}

#[test]
fn another_store_keeps_them_too() {
    let (_, checkpoints) = log_with_checkpoints(&[3, 8]);
    let elsewhere = Map::default();
    let mut batch = Batch::new();
    for checkpoint in &checkpoints {
        checkpoint.put(&mut batch);
    }
    elsewhere.commit(&batch).unwrap();
    assert_eq!(Checkpoint::all(&elsewhere).unwrap(), checkpoints);
    assert_eq!(
        Checkpoint::last(&elsewhere).unwrap(),
        checkpoints.last().cloned()
    );
}
