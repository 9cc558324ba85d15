//! The bytes that come out: the same for the same sources, and as recorded.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

mod support;

use countersign_core::policy::Bundle;
use countersign_policies::{Sources, compile, packs};
use std::path::Path;

#[test]
fn the_same_sources_give_the_same_bytes() {
    for sources in [packs::trading_api(), support::language()] {
        let first = compile(&sources).expect("it compiles").into_bytes();
        for _ in 0..5 {
            assert_eq!(first, compile(&sources).expect("it compiles").into_bytes());
        }
    }
}

#[test]
fn bundles_are_as_recorded() {
    golden(&packs::trading_api(), "trading-api.bundle");
    golden(&packs::zero_trust_admin(), "zero-trust-admin.bundle");
    golden(&support::language(), "language.bundle");
}

#[test]
fn bundle_says_what_it_is() {
    let bundle = compile(&support::language())
        .expect("it compiles")
        .into_bundle();
    assert_eq!(
        (
            bundle.name(),
            bundle.version_text(),
            bundle.principal_type(),
            bundle.group_type()
        ),
        ("language", "1.2.3", "User", Some("Team"))
    );
    assert_eq!(bundle.policies().count(), 15);
    let policy = bundle.policy("scope-is").expect("the policy");
    let annotations: Vec<_> = policy
        .annotations()
        .map(|a| (a.name(), a.value()))
        .collect();
    assert_eq!(
        annotations,
        [("id", "scope-is"), ("reason", "r"), ("stepup", "totp")]
    );
    let bare = bundle.policy("scope-is-in").expect("the policy");
    assert_eq!(bare.annotation("bare"), Some(""));
}

/// Core's tests read these files. `COUNTERSIGN_BLESS=1` writes them anew.
fn golden(sources: &Sources, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/bundles")
        .join(name);
    let bytes = compile(sources).expect("it compiles").into_bytes();
    if std::env::var_os("COUNTERSIGN_BLESS").is_some() {
        std::fs::write(&path, &bytes).expect("the golden file");
    }
    let recorded = std::fs::read(&path).expect("the golden file");
    assert!(recorded == bytes, "{name} differs: see COUNTERSIGN_BLESS");
    Bundle::load_unsigned(&recorded).expect("the recorded bundle loads");
}
