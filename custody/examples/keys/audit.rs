//! The audit log in a file: records a second, each on disk when it is acknowledged.

use std::error::Error;
use std::time::Instant;

use countersign_core::{Environment, KeyId, SigningKey};
use countersign_custody::audit::{self, Checkpoint, Draft, Filter, Proof, search, verify};
use countersign_custody::store::RedbStore;

use crate::rows::{Goal, Rows};

const NOW: u64 = 1_800_000_000_000;
const SINGLE: u64 = 200;
const GROUP: u64 = 100;
const WRITERS: u64 = 64;

pub(crate) fn measure(rows: &mut Rows, records: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = RedbStore::open(&folder.path().join("audit.redb"))?;
    let drafts = |from: u64, count: u64| {
        (from..from + count)
            .map(draft)
            .collect::<Result<Vec<_>, _>>()
    };

    let begun = Instant::now();
    for n in 0..SINGLE {
        audit::record(&store, &drafts(n, 1)?)?;
    }
    rows.rate("records, one writer", SINGLE, begun.elapsed());

    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                for n in 0..SINGLE {
                    audit::record(&store, &[draft(n).unwrap()]).unwrap();
                }
            });
        }
    });
    rows.rate(
        "records, 64 writers at once",
        WRITERS * SINGLE,
        begun.elapsed(),
    );

    let begun = Instant::now();
    for group in 0..SINGLE {
        audit::record(&store, &drafts(SINGLE + group * GROUP, GROUP)?)?;
    }
    rows.rate(
        "records, one writer, 100 in a batch",
        SINGLE * GROUP,
        begun.elapsed(),
    );

    let mut written = audit::head(&store)?.map_or(0, |head| head.sequence);
    while written < records {
        let count = (records - written).min(10_000);
        audit::record(&store, &drafts(written, count)?)?;
        written += count;
    }

    let key = SigningKey::ed25519("audit", &[7; 32])?;
    let public: Vec<_> = key.verifying_key().into_iter().collect();
    let begun = Instant::now();
    let checkpoint = Checkpoint::sign(&store, &key, NOW)?;
    rows.took("sign a checkpoint", begun.elapsed(), Goal::None);

    let begun = Instant::now();
    let report = verify(&store, &public, std::slice::from_ref(&checkpoint))?;
    rows.rate("records verified", report.records, begun.elapsed());
    assert!(report.is_good(), "{report:?}");

    let begun = Instant::now();
    let proof = Proof::make(&store, written / 3, &checkpoint)?;
    rows.took("prove a record", begun.elapsed(), Goal::None);
    let bytes = u32::try_from(proof.to_json()?.len())?;
    rows.add("a proof", f64::from(bytes), "bytes", Goal::None);
    let begun = Instant::now();
    proof.verify(&public)?;
    rows.took("check a proof", begun.elapsed(), Goal::None);

    let begun = Instant::now();
    let filter = Filter {
        from_ms: Some(NOW + written - 10),
        ..Filter::default()
    };
    let page = search(&store, &filter, 1, 100)?;
    rows.took("find the last 10 by time", begun.elapsed(), Goal::None);
    assert_eq!(page.entries.len(), 10);
    Ok(())
}

/// A record of about the size that issuing a key makes.
fn draft(n: u64) -> Result<Draft, Box<dyn Error>> {
    Ok(Draft::new(NOW + n, "alice@example.com", "key.rotated")
        .key(KeyId::new(&format!("k{}", n % 1000))?, Environment::Live)
        .reason("rotation by schedule, every 30 days")
        .detail("version", n)
        .detail("overlap", "24h"))
}
