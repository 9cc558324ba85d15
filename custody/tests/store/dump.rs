//! Backups, and moving from store to store.

use std::fs;
use std::io::Cursor;

use countersign_custody::store::{
    DumpError, PostgresStore, RedbStore, Sum, VALUE_LIMIT, export, import,
};
use countersign_custody::{Batch, Space, Store};

use crate::cluster::Cluster;

fn filled(store: &dyn Store) {
    for space in Space::ALL.iter().filter(|space| **space != Space::Format) {
        let mut batch = Batch::new();
        for number in 0..300_u32 {
            let value = vec![number.to_be_bytes()[3]; number as usize];
            batch.put(*space, &number.to_be_bytes(), value);
        }
        batch.put(*space, b"", Vec::new());
        store.commit(&batch).unwrap();
    }
    let mut batch = Batch::new();
    batch.put(Space::Archive, b"module", vec![7; VALUE_LIMIT]);
    store.commit(&batch).unwrap();
}

fn small() -> RedbStore {
    let store = RedbStore::in_memory().unwrap();
    let mut batch = Batch::new();
    batch.put(Space::Keys, b"k1", b"sealed".to_vec());
    batch.put(Space::Audit, b"\0", b"record".to_vec());
    batch.put(Space::Deliveries, b"", b"".to_vec());
    store.commit(&batch).unwrap();
    store
}

fn dumped(store: &dyn Store) -> (Vec<u8>, Sum) {
    let mut dump = Vec::new();
    let sum = export(store, &mut dump).unwrap();
    (dump, sum)
}

#[test]
fn a_dump_is_as_it_is_described() {
    let (dump, sum) = dumped(&small());
    let mut expected = b"countersign dump 1\n".to_vec();
    expected.extend(b"\x01\x02\0\0\0\x02\0\0\0\x06k1sealed");
    expected.extend(b"\x01\x03\0\0\0\x01\0\0\0\x06\0record");
    expected.extend(b"\x01\x0a\0\0\0\0\0\0\0\0");
    expected.extend(b"\0\0\0\0\0\0\0\0\x03");
    assert_eq!(sum.entries, 3);
    expected.extend(sum.sha256);
    assert_eq!(dump, expected);
}

#[test]
fn a_store_moves_to_a_database_and_back_without_loss() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = RedbStore::open(&folder.path().join("one")).unwrap();
    filled(&file);
    let (dump, sum) = dumped(&file);
    assert_eq!(sum.entries, 10 * 301 + 1);
    let address = cluster.database();
    let database = PostgresStore::open(&address, None).unwrap();
    assert_eq!(import(Cursor::new(&dump), &database).unwrap(), sum);
    drop(database);
    let database = PostgresStore::open(&address, None).unwrap();
    let (again, same) = dumped(&database);
    assert!(again == dump && same == sum);
    let path = folder.path().join("two");
    let back = RedbStore::open(&path).unwrap();
    fs::write(folder.path().join("dump"), again).unwrap();
    let stream = fs::File::open(folder.path().join("dump")).unwrap();
    assert_eq!(import(std::io::BufReader::new(stream), &back).unwrap(), sum);
    drop(back);
    assert!(dumped(&RedbStore::open(&path).unwrap()).0 == dump);
}

#[test]
fn every_cut_and_every_changed_byte_is_found_before_anything_is_written() {
    let (dump, _) = dumped(&small());
    let store = RedbStore::in_memory().unwrap();
    let refused = |bytes: &[u8]| {
        let error = import(Cursor::new(bytes), &store).unwrap_err();
        assert!(
            matches!(error, DumpError::Damaged(_) | DumpError::Newer),
            "{error}"
        );
        let mut entries = 0;
        store
            .walk(&mut |_, _, _| {
                entries += 1;
                true
            })
            .unwrap();
        assert_eq!(entries, 1, "the format alone");
    };
    for at in 0..dump.len() {
        refused(&dump[..at]);
        for bit in 0..8 {
            let mut changed = dump.clone();
            changed[at] ^= 1 << bit;
            refused(&changed);
        }
    }
    refused(&[&dump[..], b"\0"].concat());
    assert_eq!(
        import(Cursor::new(b"countersign dump 2\n"), &store)
            .unwrap_err()
            .code(),
        "dump_newer_format"
    );
}

#[test]
fn only_an_empty_store_takes_a_dump() {
    let (dump, _) = dumped(&small());
    let store = small();
    let error = import(Cursor::new(&dump), &store).unwrap_err();
    assert_eq!(error.code(), "store_not_empty");
    assert_eq!(dumped(&store).0, dump);
}

#[test]
fn a_store_whose_import_was_broken_off_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = RedbStore::open(&path).unwrap();
    let mut batch = Batch::new();
    batch.put(Space::Format, b"import", b"unfinished".to_vec());
    store.commit(&batch).unwrap();
    drop(store);
    let error = RedbStore::open(&path).unwrap_err();
    assert_eq!(error.code(), "store_damaged");
    assert!(
        error
            .to_string()
            .contains("an import into it wasn't finished")
    );
}
