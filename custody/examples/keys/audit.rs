//! How fast the audit log is, on a file of redb in the system's temporary folder.
//!
//! ```text
//! cargo run --release -p countersign-custody --example audit -- [records, 1000000 by default]
//! ```
//!
//! Each line is a name, a number and its unit.

use std::error::Error;
use std::time::Instant;

use countersign_core::{Environment, KeyId, SigningKey};
use countersign_custody::audit::{self, Checkpoint, Draft, Filter, Proof, search, verify};
use countersign_custody::store::RedbStore;

const NOW: u64 = 1_800_000_000_000;
const SINGLE: u64 = 200;
const GROUP: u64 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let records = std::env::args()
        .nth(1)
        .map_or(Ok(1_000_000), |text| text.parse())?;
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
    rate("append single", SINGLE, begun);

    let begun = Instant::now();
    for group in 0..SINGLE {
        audit::record(&store, &drafts(SINGLE + group * GROUP, GROUP)?)?;
    }
    rate("append in groups of 100", SINGLE * GROUP, begun);

    let mut written = SINGLE + SINGLE * GROUP;
    while written < records {
        let count = (records - written).min(10_000);
        audit::record(&store, &drafts(written, count)?)?;
        written += count;
    }

    let key = SigningKey::ed25519("audit", &[7; 32])?;
    let public: Vec<_> = key.verifying_key().into_iter().collect();
    let begun = Instant::now();
    let checkpoint = Checkpoint::sign(&store, &key, NOW)?;
    took("sign a checkpoint", begun);

    let begun = Instant::now();
    let report = verify(&store, &public, std::slice::from_ref(&checkpoint))?;
    rate("verify", report.records, begun);
    assert!(report.is_good(), "{report:?}");

    let begun = Instant::now();
    let proof = Proof::make(&store, written / 3, &checkpoint)?;
    took("prove a record", begun);
    println!("a proof: {} bytes", proof.to_json()?.len());
    let begun = Instant::now();
    proof.verify(&public)?;
    took("check a proof", begun);

    let begun = Instant::now();
    let filter = Filter {
        from_ms: Some(NOW + written - 10),
        ..Filter::default()
    };
    let page = search(&store, &filter, 1, 100)?;
    took("find the last 10 by time", begun);
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

fn rate(name: &str, count: u64, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate, to be read")]
    let rate = count as f64 / seconds;
    println!("{name}: {rate:.0} records/s ({count} in {seconds:.2} s)");
}

fn took(name: &str, begun: Instant) {
    println!("{name}: {} us", begun.elapsed().as_micros());
}
