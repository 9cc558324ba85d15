//! The store in one file.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_custody::store::{Entry, Page, RedbStore, Visit};
use countersign_custody::{Batch, Space, Store, StoreError};
use tempfile::TempDir;

use crate::conformance;

/// One store under two names: it is of one process.
struct Shared(
    Arc<RedbStore>,
    #[expect(dead_code, reason = "kept until the end")] Arc<TempDir>,
);

impl Store for Shared {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(space, key)
    }
    fn turn(
        &self,
        page: &mut Page,
        space: Space,
        from: &[u8],
        limit: usize,
    ) -> Result<(), StoreError> {
        self.0.turn(page, space, from, limit)
    }
    fn last(&self, space: Space) -> Result<Option<Entry>, StoreError> {
        self.0.last(space)
    }
    fn walk(&self, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.0.walk(visit)
    }
    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.0.commit(batch)
    }
    fn wait(&self, seen: &[u8], timeout: Duration) -> Result<bool, StoreError> {
        self.0.wait(seen, timeout)
    }
}

fn put(store: &RedbStore, key: &[u8], value: &[u8]) {
    let mut batch = Batch::new();
    batch.put(Space::Keys, key, value.to_vec());
    store.commit(&batch).unwrap();
}

fn code<T>(result: Result<T, StoreError>) -> &'static str {
    result.err().map_or("none", |error| error.code())
}

#[test]
fn a_file_conforms() {
    conformance::every_store(&|| {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let store = Arc::new(RedbStore::open(&folder.path().join("store")).unwrap());
        let shared = || Box::new(Shared(Arc::clone(&store), Arc::clone(&folder)));
        (shared(), shared())
    });
}

#[test]
fn a_new_file_is_its_owners_only_and_alone_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    drop(RedbStore::open(&path).unwrap());
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn what_was_committed_is_there_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    put(&RedbStore::open(&path).unwrap(), b"k", b"1");
    let store = RedbStore::open(&path).unwrap();
    assert_eq!(store.get(Space::Keys, b"k").unwrap(), Some(b"1".to_vec()));
    drop(store);
    let store = RedbStore::open_to_read(&path).unwrap();
    assert_eq!(store.get(Space::Keys, b"k").unwrap(), Some(b"1".to_vec()));
    let mut batch = Batch::new();
    batch.put(Space::Keys, b"k", b"1".to_vec());
    assert_eq!(code(store.commit(&batch)), "store_read_only");
}

#[test]
fn a_second_opening_of_the_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = RedbStore::open(&path).unwrap();
    assert_eq!(code(RedbStore::open(&path)), "store_in_use");
    assert_eq!(code(RedbStore::open_to_read(&path)), "store_in_use");
    put(&store, b"k", b"1");
}

#[test]
fn a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let set_format = |format: &[u8]| {
        let store = RedbStore::open(&path).unwrap();
        let mut batch = Batch::new();
        batch.put(Space::Format, b"format", format.to_vec());
        store.commit(&batch).unwrap();
    };
    set_format(b"2");
    let error = RedbStore::open(&path).unwrap_err();
    assert_eq!(error, StoreError::NewerFormat { found: 2, known: 1 });
    assert_eq!(error.code(), "store_newer_format");
}

#[test]
fn a_store_that_does_not_say_its_format_is_damaged() {
    for format in [
        None,
        Some(&b""[..]),
        Some(b"0"),
        Some(b"-1"),
        Some(b"one"),
        Some(b"99999999999"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let store = RedbStore::open(&path).unwrap();
        let mut batch = Batch::new();
        match format {
            Some(format) => batch.put(Space::Format, b"format", format.to_vec()),
            None => batch.delete(Space::Format, b"format"),
        }
        store.commit(&batch).unwrap();
        drop(store);
        assert_eq!(code(RedbStore::open(&path)), "store_damaged", "{format:?}");
    }
}

#[test]
fn what_is_no_store_is_damaged_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for content in [Vec::new(), b"a note".to_vec(), vec![0; 100_000]] {
        let path = folder.path().join("note");
        fs::write(&path, &content).unwrap();
        assert_eq!(code(RedbStore::open(&path)), "store_damaged");
        assert_eq!(code(RedbStore::open_to_read(&path)), "store_damaged");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_folder_that_is_not_there_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        code(RedbStore::open(&folder.path().join("no/store"))),
        "store_unreachable"
    );
    assert_eq!(
        code(RedbStore::open_to_read(&folder.path().join("none"))),
        "store_unreachable"
    );
}

/// A closed store of 60 entries, some 50 kB.
fn small_store(path: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
    let store = RedbStore::open(path).unwrap();
    for number in 0..60_u8 {
        put(&store, &[b'k', number], &[number; 300]);
    }
    store.scan(Space::Keys, b"", 100).unwrap()
}

/// Damage is found at opening, or by whoever reads; nothing that is read is wrong.
#[test]
fn a_damaged_file_is_found_out_and_never_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let entries = small_store(&path);
    let whole = fs::read(&path).unwrap();
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let flips = env::var("COUNTERSIGN_DAMAGES").map_or(150, |number| number.parse().unwrap());
    let mut refused = 0;
    for at in (0..=used).step_by((used / flips).max(1)) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&path, &damaged).unwrap();
        match RedbStore::open(&path) {
            // A page that nothing refers to, or that could be mended.
            Ok(store) => assert_eq!(
                store.scan(Space::Keys, b"", 100).unwrap(),
                entries,
                "byte {at}"
            ),
            Err(error) => {
                assert_eq!(error.code(), "store_damaged", "byte {at}: {error}");
                refused += 1;
            }
        }
    }
    println!("{refused} of {flips} damaged files refused, the others without loss");
    assert!(refused > flips / 10);
}

#[test]
fn a_file_that_was_cut_off_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    small_store(&path);
    let whole = fs::read(&path).unwrap();
    for size in [
        1,
        9,
        100,
        4095,
        4096,
        8192,
        20_000,
        whole.len() / 2,
        whole.len() - 1,
    ] {
        fs::write(&path, &whole[..size]).unwrap();
        assert_eq!(
            code(RedbStore::open(&path)),
            "store_damaged",
            "{size} bytes"
        );
    }
}
