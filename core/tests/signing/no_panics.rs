//! The oracles of the fuzz targets on stable Rust: their seeds, seeds with a few bytes changed, and
//! arbitrary bytes.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::oracles;

const CASES: u32 = 20_000;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Arbitrary bytes, or a seed in which a few pieces were replaced.
fn input(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..4),
        "[\"=:;,()?@ \\\\\t\r\n-]{0,3}".prop_map(String::into_bytes),
        "[a-z0-9=+/_%]{1,20}".prop_map(String::into_bytes),
    ];
    let change = (any::<prop::sample::Index>(), 0_usize..4, piece);
    let changed = (
        prop::sample::select(seeds),
        proptest::collection::vec(change, 1..4),
    )
        .prop_map(|(mut seed, changes)| {
            for (start, length, piece) in changes {
                let start = start.index(seed.len() + 1);
                let end = (start + length).min(seed.len());
                seed.splice(start..end, piece);
            }
            seed
        });
    prop_oneof![1 => proptest::collection::vec(any::<u8>(), 0..200), 4 => changed]
}

#[test]
fn every_oracle_holds_of_its_seeds_and_of_what_is_near_them() {
    for (target, oracle) in oracles::ALL {
        let seeds = seeds(target);
        for seed in &seeds {
            oracle(seed);
        }
        let config = ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(CASES)
        };
        TestRunner::new(config)
            .run(&input(seeds), |data| {
                oracle(&data);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn nesting_without_end_is_refused() {
    let deep = |open: &str, within: &str| within.replace('_', &open.repeat(100_000));
    for open in ["[", "{\"a\":"] {
        oracles::record(deep(open, "{\"a\": _").as_bytes());
        oracles::profile(deep(open, "{\"environment\": _").as_bytes());
        oracles::keyring(deep(open, "{\"keys\": [{\"attributes\": _").as_bytes());
    }
    oracles::signature_input(deep("(", "s=_").as_bytes());
}
