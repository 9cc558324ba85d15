//! A disk that is full, and one that can't be written: a clear refusal, and nothing lost.

use std::fs;

use countersign_custody::store::RedbStore;
use countersign_custody::{Batch, Space, Store, StoreError};

use crate::small_disk::SmallDisk;

fn put(store: &RedbStore, number: u32, size: usize) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    batch.put(Space::Keys, &number.to_be_bytes(), vec![7; size]);
    batch.put(Space::Audit, &number.to_be_bytes(), b"record".to_vec());
    store.commit(&batch)
}

/// Both entries of every write up to `written`, and none besides.
fn assert_whole(store: &RedbStore, written: u32) {
    let numbers: Vec<Vec<u8>> = (0..written)
        .map(|number| number.to_be_bytes().to_vec())
        .collect();
    for space in [Space::Keys, Space::Audit] {
        let entries = store.scan(space, b"", usize::MAX).unwrap();
        let keys: Vec<Vec<u8>> = entries.into_iter().map(|entry| entry.0).collect();
        assert_eq!(keys, numbers, "{space:?}");
    }
}

#[test]
fn a_full_disk_refuses_writes_loses_nothing_and_is_read_on() {
    let Some(disk) = SmallDisk::mount(6) else {
        return;
    };
    let path = disk.path().join("store");
    let store = RedbStore::open(&path).unwrap();
    let mut written = 0;
    let error = loop {
        match put(&store, written, 100_000) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    println!("refused after {written} writes: {error}");
    assert_eq!(error.code(), "store_read_only");
    assert!(written > 5);
    assert_whole(&store, written);
    // Again, and from a process that begins now.
    assert_eq!(
        put(&store, written, 1_000_000).unwrap_err().code(),
        "store_read_only"
    );
    assert_whole(&store, written);
    drop(store);
    let store = RedbStore::open(&path).unwrap();
    assert_whole(&store, written);
    // With room again it goes on, without being opened anew.
    assert_eq!(
        put(&store, written, 1_000_000).unwrap_err().code(),
        "store_read_only"
    );
    disk.remount("size=64m");
    put(&store, written, 1_000_000).unwrap();
    assert_whole(&store, written + 1);
}

#[test]
fn a_file_filled_to_the_last_byte_by_others_is_opened_and_read() {
    let Some(disk) = SmallDisk::mount(6) else {
        return;
    };
    let path = disk.path().join("store");
    let store = RedbStore::open(&path).unwrap();
    for number in 0..5 {
        put(&store, number, 1000).unwrap();
    }
    // More than there is room for.
    fs::write(disk.path().join("log"), vec![0; 16 << 20]).unwrap_err();
    assert_whole(&store, 5);
    drop(store);
    let store = RedbStore::open(&path).unwrap();
    assert_whole(&store, 5);
    assert_eq!(
        put(&store, 5, 3_000_000).unwrap_err().code(),
        "store_read_only"
    );
    assert_whole(&store, 5);
}

#[test]
fn a_disk_that_can_only_be_read_refuses_and_is_left_alone() {
    let Some(disk) = SmallDisk::mount(6) else {
        return;
    };
    let path = disk.path().join("store");
    let store = RedbStore::open(&path).unwrap();
    for number in 0..5 {
        put(&store, number, 1000).unwrap();
    }
    drop(store);
    let before = fs::read(&path).unwrap();
    disk.remount("ro");
    assert_eq!(
        RedbStore::open(&path).unwrap_err().code(),
        "store_read_only"
    );
    let new = RedbStore::open(&disk.path().join("new"));
    assert_eq!(new.unwrap_err().code(), "store_read_only");
    let store = RedbStore::open_to_read(&path).unwrap();
    assert_whole(&store, 5);
    assert_eq!(put(&store, 5, 1000).unwrap_err().code(), "store_read_only");
    assert!(fs::read(&path).unwrap() == before);
}
