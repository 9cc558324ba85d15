//! What every store keeps to.

use std::thread;
use std::time::{Duration, Instant};

use countersign_custody::store::{Entry, KEY_LIMIT, Page, VALUE_LIMIT};
use countersign_custody::{Batch, Space, Store, StoreError};

/// A space, a key, and what must be there.
type Expected<'a> = (Space, &'a [u8], Option<&'a [u8]>);

/// Runs every check, each on stores that `fresh` makes: empty, and opened twice onto the same entries
/// where the store is for many processes.
pub(crate) fn every_store(fresh: &dyn Fn() -> (Box<dyn Store>, Box<dyn Store>)) {
    entries_come_back_in_the_order_of_their_keys(&*fresh().0);
    a_scan_begins_and_ends_where_it_was_told(&*fresh().0);
    spaces_are_apart(&*fresh().0);
    any_bytes_are_a_key(&*fresh().0);
    values_up_to_the_limit_are_kept(&*fresh().0);
    what_is_too_large_is_refused(&*fresh().0);
    of_two_changes_of_one_entry_the_later_one_stays(&*fresh().0);
    a_batch_is_made_whole_or_not_at_all(&*fresh().0);
    what_is_expected_must_be_so(&*fresh().0);
    a_walk_sees_all_of_one_moment(&*fresh().0);
    let (one, other) = fresh();
    what_one_commits_another_sees(&*one, &*other);
    let (one, other) = fresh();
    writers_at_once_lose_nothing(&[&*one, &*other]);
    let (one, other) = fresh();
    who_waits_is_woken(&*one, &*other);
    let (one, other) = fresh();
    waiting_ends_in_time(&*one, &*other);
}

fn put(store: &dyn Store, space: Space, key: &[u8], value: &[u8]) {
    let mut batch = Batch::new();
    batch.put(space, key, value.to_vec());
    store.commit(&batch).unwrap();
}

fn entries(pairs: &[(&[u8], &[u8])]) -> Vec<Entry> {
    let owned = pairs
        .iter()
        .map(|(key, value)| (key.to_vec(), value.to_vec()));
    owned.collect()
}

fn entries_come_back_in_the_order_of_their_keys(store: &dyn Store) {
    for key in [&b"b"[..], b"\xff", b"a\0", b"a", b"ab", b"\0"] {
        put(store, Space::Keys, key, key);
    }
    let keys: Vec<Vec<u8>> = store
        .scan(Space::Keys, b"", 100)
        .unwrap()
        .into_iter()
        .map(|entry| entry.0)
        .collect();
    assert_eq!(keys, [&b"\0"[..], b"a", b"a\0", b"ab", b"b", b"\xff"]);
    assert_eq!(
        store.last(Space::Keys).unwrap(),
        Some((b"\xff".to_vec(), b"\xff".to_vec()))
    );
}

fn a_scan_begins_and_ends_where_it_was_told(store: &dyn Store) {
    for key in [b"1", b"3", b"5", b"7"] {
        put(store, Space::Audit, key, b"");
    }
    let mut page = Page::default();
    let mut scan = |from: &[u8], limit| {
        let entries = store.scan(Space::Audit, from, limit).unwrap();
        // A page has the same, and nothing of what it had before.
        store.turn(&mut page, Space::Audit, from, limit).unwrap();
        let turned = page
            .iter()
            .map(|(key, value)| (key.to_vec(), value.to_vec()));
        assert_eq!(turned.collect::<Vec<_>>(), entries);
        assert_eq!(
            (page.len(), page.is_empty()),
            (entries.len(), entries.is_empty())
        );
        entries
    };
    assert_eq!(scan(b"3", 2), entries(&[(b"3", b""), (b"5", b"")]));
    assert_eq!(scan(b"4", 2), entries(&[(b"5", b""), (b"7", b"")]));
    assert_eq!(scan(b"7", usize::MAX), entries(&[(b"7", b"")]));
    assert_eq!(scan(b"8", 2), []);
    assert_eq!(scan(b"", 0), []);
}

fn spaces_are_apart(store: &dyn Store) {
    put(store, Space::Keys, b"k", b"of keys");
    put(store, Space::Checkpoints, b"k", b"of checkpoints");
    assert_eq!(
        store.get(Space::Keys, b"k").unwrap(),
        Some(b"of keys".to_vec())
    );
    assert_eq!(store.scan(Space::Keys, b"", 9).unwrap().len(), 1);
    assert_eq!(store.scan(Space::Audit, b"", 9).unwrap(), []);
    assert_eq!(store.last(Space::Audit).unwrap(), None);
    assert_eq!(store.get(Space::Audit, b"k").unwrap(), None);
}

fn any_bytes_are_a_key(store: &dyn Store) {
    let every_byte: Vec<u8> = (0..=255).collect();
    for key in [
        &b""[..],
        &every_byte,
        &[0xff; KEY_LIMIT],
        "ключ".as_bytes(),
        b"'; drop table entries",
    ] {
        put(store, Space::Settings, key, key);
        assert_eq!(
            store.get(Space::Settings, key).unwrap().as_deref(),
            Some(key)
        );
    }
    assert_eq!(
        store.scan(Space::Settings, b"", 1).unwrap(),
        entries(&[(b"", b"")])
    );
}

fn values_up_to_the_limit_are_kept(store: &dyn Store) {
    for size in [0, 1, 1 << 20, VALUE_LIMIT] {
        let value: Vec<u8> = (0..size)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        put(store, Space::Archive, b"module", &value);
        assert!(
            store.get(Space::Archive, b"module").unwrap() == Some(value),
            "{size} bytes"
        );
    }
}

fn what_is_too_large_is_refused(store: &dyn Store) {
    let commit = |make: &dyn Fn(&mut Batch)| {
        let mut batch = Batch::new();
        batch.put(Space::Keys, b"beside", b"it".to_vec());
        make(&mut batch);
        let error = store.commit(&batch).unwrap_err();
        assert_eq!(error.code(), "store_too_large");
        error.to_string()
    };
    let key = commit(&|batch| batch.put(Space::Keys, &[0; KEY_LIMIT + 1], Vec::new()));
    assert_eq!(key, "a store takes no key of more than 1024 bytes");
    commit(&|batch| batch.expect(Space::Keys, &[0; KEY_LIMIT + 1], None));
    let value = commit(&|batch| batch.put(Space::Keys, b"k", vec![0; VALUE_LIMIT + 1]));
    assert_eq!(value, "a store takes no value of more than 16777216 bytes");
    let batch = commit(&|batch| {
        for key in 0..4 {
            batch.put(Space::Keys, &[key], vec![0; VALUE_LIMIT]);
        }
    });
    assert_eq!(batch, "a store takes no batch of more than 67108864 bytes");
    assert_eq!(store.get(Space::Keys, b"beside").unwrap(), None);
}

fn of_two_changes_of_one_entry_the_later_one_stays(store: &dyn Store) {
    let mut batch = Batch::new();
    batch.put(Space::Keys, b"put", b"1".to_vec());
    batch.put(Space::Keys, b"put", b"2".to_vec());
    batch.put(Space::Keys, b"gone", b"1".to_vec());
    batch.delete(Space::Keys, b"gone");
    batch.delete(Space::Keys, b"back");
    batch.put(Space::Keys, b"back", b"3".to_vec());
    store.commit(&batch).unwrap();
    let kept = store.scan(Space::Keys, b"", 9).unwrap();
    assert_eq!(kept, entries(&[(b"back", b"3"), (b"put", b"2")]));
}

fn a_batch_is_made_whole_or_not_at_all(store: &dyn Store) {
    put(store, Space::Keys, b"k", b"1");
    let mut batch = Batch::new();
    batch.put(Space::Keys, b"k", b"2".to_vec());
    batch.put(Space::Audit, b"new", b"2".to_vec());
    batch.delete(Space::Keys, b"absent");
    store.commit(&batch).unwrap();
    batch.expect(Space::Settings, b"absent", Some(b"there"));
    batch.delete(Space::Keys, b"k");
    assert_eq!(
        store.commit(&batch).unwrap_err(),
        StoreError::Conflict(Space::Settings)
    );
    assert_eq!(store.get(Space::Keys, b"k").unwrap(), Some(b"2".to_vec()));
    assert_eq!(
        store.get(Space::Audit, b"new").unwrap(),
        Some(b"2".to_vec())
    );
    store.commit(&Batch::new()).unwrap();
}

fn what_is_expected_must_be_so(store: &dyn Store) {
    put(store, Space::Keys, b"k", b"1");
    put(store, Space::Keys, b"empty", b"");
    let outcome = |expectations: &[Expected<'_>]| {
        let mut batch = Batch::new();
        for (space, key, value) in expectations {
            batch.expect(*space, key, *value);
        }
        batch.put(Space::Usage, b"k", b"made".to_vec());
        let made = store.commit(&batch);
        let mut undo = Batch::new();
        undo.expect(Space::Usage, b"k", made.is_ok().then_some(b"made"));
        undo.delete(Space::Usage, b"k");
        store.commit(&undo).unwrap();
        made
    };
    let conflict = |space| Err(StoreError::Conflict(space));
    assert_eq!(
        outcome(&[
            (Space::Keys, b"k", Some(b"1")),
            (Space::Keys, b"absent", None)
        ]),
        Ok(())
    );
    assert_eq!(
        outcome(&[(Space::Keys, b"k", Some(b"0"))]),
        conflict(Space::Keys)
    );
    assert_eq!(outcome(&[(Space::Keys, b"k", None)]), conflict(Space::Keys));
    assert_eq!(
        outcome(&[(Space::Audit, b"k", Some(b"1"))]),
        conflict(Space::Audit)
    );
    assert_eq!(outcome(&[(Space::Keys, b"empty", Some(b""))]), Ok(()));
    assert_eq!(
        outcome(&[(Space::Keys, b"empty", None)]),
        conflict(Space::Keys)
    );
    assert_eq!(
        outcome(&[(Space::Keys, b"absent", Some(b""))]),
        conflict(Space::Keys)
    );
    // The batch's own changes don't make its expectations true.
    assert_eq!(
        outcome(&[(Space::Usage, b"k", Some(b"made"))]),
        conflict(Space::Usage)
    );
    // The first one that fails is named.
    assert_eq!(
        outcome(&[
            (Space::Keys, b"k", Some(b"1")),
            (Space::Vault, b"v", Some(b"")),
            (Space::Audit, b"a", Some(b""))
        ]),
        conflict(Space::Vault)
    );
}

fn a_walk_sees_all_of_one_moment(store: &dyn Store) {
    put(store, Space::Settings, b"s", b"1");
    put(store, Space::Vault, b"", b"header");
    put(store, Space::Vault, b"2", b"");
    put(store, Space::Deliveries, b"d", b"2");
    let walk = |most: usize| {
        let mut seen = Vec::new();
        store
            .walk(&mut |space, key, value| {
                if space != Space::Format {
                    seen.push((space, key.to_vec(), value.to_vec()));
                }
                seen.len() < most
            })
            .unwrap();
        seen
    };
    let all = [
        (Space::Vault, b"".to_vec(), b"header".to_vec()),
        (Space::Vault, b"2".to_vec(), b"".to_vec()),
        (Space::Settings, b"s".to_vec(), b"1".to_vec()),
        (Space::Deliveries, b"d".to_vec(), b"2".to_vec()),
    ];
    assert_eq!(walk(9), all);
    assert_eq!(walk(2), all[..2]);
    // Two entries that change together are never seen apart.
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..40_u8 {
                let mut batch = Batch::new();
                batch.put(Space::Keys, b"k", vec![round]);
                batch.put(Space::Audit, b"k", vec![round]);
                store.commit(&batch).unwrap();
            }
        });
        while !writer.is_finished() {
            let seen = walk(9);
            let value = |space| {
                seen.iter()
                    .find(|entry| entry.0 == space)
                    .map(|entry| &entry.2)
            };
            assert_eq!(value(Space::Keys), value(Space::Audit));
        }
    });
}

fn what_one_commits_another_sees(one: &dyn Store, other: &dyn Store) {
    put(one, Space::Keys, b"k", b"1");
    assert_eq!(other.get(Space::Keys, b"k").unwrap(), Some(b"1".to_vec()));
    put(other, Space::Keys, b"k", b"2");
    let mut stale = Batch::new();
    stale.expect(Space::Keys, b"k", Some(b"1"));
    stale.put(Space::Keys, b"k", b"3".to_vec());
    assert_eq!(
        one.commit(&stale).unwrap_err(),
        StoreError::Conflict(Space::Keys)
    );
}

/// Eight threads count to 25 each, by reading, and putting one more if nobody else did.
fn writers_at_once_lose_nothing(stores: &[&dyn Store]) {
    thread::scope(|scope| {
        for writer in 0..8 {
            let store = stores[writer % stores.len()];
            scope.spawn(move || {
                for _ in 0..25 {
                    while !count_one_more(store) {}
                }
            });
        }
    });
    assert_eq!(
        stores[0].get(Space::Usage, b"count").unwrap(),
        Some(b"200".to_vec())
    );
}

fn count_one_more(store: &dyn Store) -> bool {
    let before = store.get(Space::Usage, b"count").unwrap();
    let count: u32 = before
        .as_deref()
        .map_or(0, |text| str::from_utf8(text).unwrap().parse().unwrap());
    let mut batch = Batch::new();
    batch.expect(Space::Usage, b"count", before.as_deref());
    batch.put(Space::Usage, b"count", (count + 1).to_string().into_bytes());
    match store.commit(&batch) {
        Ok(()) => true,
        Err(StoreError::Conflict(Space::Usage)) => false,
        Err(other) => panic!("{other}"),
    }
}

fn who_waits_is_woken(one: &dyn Store, other: &dyn Store) {
    let long = Duration::from_secs(20);
    put(one, Space::Audit, &[0, 1], b"");
    assert!(other.wait(&[], long).unwrap(), "it is there already");
    for round in 1..=5 {
        thread::scope(|scope| {
            let waiting = scope.spawn(|| other.wait(&[0, round], long).unwrap());
            thread::sleep(Duration::from_millis(if round == 1 { 300 } else { 20 }));
            let start = Instant::now();
            // Not what is waited for.
            put(one, Space::Keys, b"k", b"");
            put(one, Space::Audit, &[0, round + 1], b"");
            assert!(waiting.join().unwrap());
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "woken, not timed out"
            );
        });
    }
}

fn waiting_ends_in_time(one: &dyn Store, other: &dyn Store) {
    let start = Instant::now();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| other.wait(&[], Duration::from_millis(300)).unwrap());
        thread::sleep(Duration::from_millis(50));
        // Other commits don't end it.
        put(one, Space::Keys, b"k", b"");
        assert!(!waiting.join().unwrap());
    });
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert!(!other.wait(&[], Duration::ZERO).unwrap());
}
