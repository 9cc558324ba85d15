//! The store in a database.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use countersign_custody::audit::{self, Draft};
use countersign_custody::store::PostgresStore;
use countersign_custody::{Batch, Space, Store, StoreError};

use crate::cluster::Cluster;
use crate::conformance;

fn open(address: &str) -> PostgresStore {
    PostgresStore::open(address, None).unwrap()
}

fn put(store: &dyn Store, space: Space, key: &[u8]) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    batch.put(space, key, b"v".to_vec());
    store.commit(&batch)
}

fn name(address: &str) -> &str {
    address.rsplit_once("dbname=").unwrap().1
}

#[test]
fn a_database_conforms() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    conformance::every_store(&|| {
        let address = cluster.database();
        (Box::new(open(&address)), Box::new(open(&address)))
    });
}

#[test]
fn processes_that_begin_at_once_make_the_tables_once() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let address = cluster.database();
    thread::scope(|scope| {
        for number in 0..6_u8 {
            let address = &address;
            scope.spawn(move || put(&open(address), Space::Keys, &[number]).unwrap());
        }
    });
    let keys = open(&address).scan(Space::Keys, b"", 9).unwrap();
    assert_eq!(keys.len(), 6);
}

#[test]
fn older_tables_are_brought_forward_with_what_they_hold() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let address = cluster.database();
    put(&open(&address), Space::Keys, b"k").unwrap();
    // As the first version left them.
    cluster.sql(name(&address), "DROP FUNCTION countersign.commit; UPDATE countersign.entries SET value = '1' WHERE key = 'schema'");
    let store = open(&address);
    put(&store, Space::Keys, b"l").unwrap();
    assert_eq!(store.scan(Space::Keys, b"", 9).unwrap().len(), 2);
}

#[test]
fn newer_tables_are_refused_and_left_alone() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    for (key, known) in [("schema", 2), ("format", 1)] {
        let address = cluster.database();
        drop(open(&address));
        cluster.sql(
            name(&address),
            &format!("UPDATE countersign.entries SET value = '9' WHERE key = '{key}'"),
        );
        let error = PostgresStore::open(&address, None).unwrap_err();
        assert_eq!(error, StoreError::NewerFormat { found: 9, known });
    }
}

#[test]
fn a_server_that_takes_no_writes_refuses_clearly() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let address = cluster.database();
    put(&open(&address), Space::Keys, b"k").unwrap();
    cluster.sql(
        "postgres",
        &format!(
            "ALTER DATABASE {} SET default_transaction_read_only = on",
            name(&address)
        ),
    );
    let store = open(&address);
    assert_eq!(
        put(&store, Space::Keys, b"l").unwrap_err().code(),
        "store_read_only"
    );
    assert_eq!(store.scan(Space::Keys, b"", 9).unwrap().len(), 1);
}

#[test]
fn another_machine_is_never_spoken_to_in_the_clear() {
    for address in [
        "postgresql://u@db.example.com/d?sslmode=disable",
        "host=192.0.2.1 sslmode=disable",
        "host=localhost,192.0.2.1 sslmode=disable",
        "host=localhost hostaddr=192.0.2.1 sslmode=disable",
        "host=localhost port=none",
    ] {
        let error = PostgresStore::open(address, None).unwrap_err();
        assert_eq!(error.code(), "store_address", "{address}");
    }
}

/// On a server of its own, for it is crashed.
#[test]
fn a_lost_server_is_an_error_and_then_found_again() {
    let Some(cluster) = Cluster::alone() else {
        return;
    };
    let address = cluster.database();
    let store = open(&address);
    put(&store, Space::Audit, b"1").unwrap();
    assert!(!store.wait(b"1", Duration::from_millis(500)).unwrap());
    cluster.crash();
    let error = put(&store, Space::Audit, b"2").unwrap_err();
    assert!(
        matches!(error.code(), "store_unknown" | "store_unreachable"),
        "{error}"
    );
    assert_eq!(
        store.get(Space::Audit, b"1").unwrap_err().code(),
        "store_unreachable"
    );
    assert_eq!(
        PostgresStore::open(&address, None).unwrap_err().code(),
        "store_unreachable"
    );
    cluster.run();
    assert_eq!(store.get(Space::Audit, b"2").unwrap(), None);
    put(&store, Space::Audit, b"2").unwrap();
}

/// The listener's session is cut off; what is committed before it listens again is not missed.
#[test]
fn a_commit_while_nobody_listened_wakes_all_the_same() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let address = cluster.database();
    let (store, other) = (open(&address), open(&address));
    put(&other, Space::Audit, b"1").unwrap();
    assert!(!store.wait(b"1", Duration::from_millis(300)).unwrap());
    thread::scope(|scope| {
        let waiting = scope.spawn(|| store.wait(b"1", Duration::from_secs(20)));
        thread::sleep(Duration::from_millis(300));
        let start = Instant::now();
        let listener = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()";
        assert_eq!(cluster.sql(name(&address), listener), "t");
        put(&other, Space::Audit, b"2").unwrap();
        assert!(waiting.join().unwrap().unwrap());
        assert!(start.elapsed() < Duration::from_secs(5));
    });
}

/// How long from a commit to who waits for it in another process.
#[test]
fn a_commit_is_heard_of_in_well_under_a_second() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let address = cluster.database();
    let (store, other) = (open(&address), open(&address));
    assert!(!store.wait(b"", Duration::from_millis(500)).unwrap());
    let mut times = Vec::new();
    for round in 1..=50_u8 {
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                assert!(store.wait(&[round - 1], Duration::from_secs(20)).unwrap());
                Instant::now()
            });
            thread::sleep(Duration::from_millis(10));
            let start = Instant::now();
            put(&other, Space::Audit, &[round]).unwrap();
            times.push(waiting.join().unwrap().duration_since(start));
        });
    }
    times.sort();
    println!(
        "from commit to its hearing: median {:?}, greatest {:?}",
        times[25], times[49]
    );
    assert!(times[25] < Duration::from_millis(250));
}

#[test]
fn writers_of_several_processes_all_get_their_records_into_the_log() {
    let Some(cluster) = Cluster::get() else {
        return;
    };
    let address = cluster.database();
    let (stores, threads, each) = (3_u64, 4, 10);
    thread::scope(|scope| {
        for _ in 0..stores {
            let store = Arc::new(open(&address));
            for _ in 0..threads {
                let store = Arc::clone(&store);
                scope.spawn(move || {
                    for number in 0..each {
                        let draft = Draft::new(number, "tests", "count.raised");
                        audit::record(&*store, &[draft]).unwrap();
                    }
                });
            }
        }
    });
    let report = audit::verify(&open(&address), &[], &[]).unwrap();
    assert!(report.is_good(), "{report:?}");
    assert_eq!(report.records, stores * threads * each);
}
