//! What two versions of a pack say differently.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use countersign_core::policy::Bundle;
use countersign_policies::difference::{ChangeKind, RecordedRequest, difference, replay};
use countersign_policies::listing::{Listing, read};
use countersign_policies::{Source, Sources, compile, packs};

fn load(sources: &Sources) -> (Listing, Bundle) {
    let compiled = compile(sources).unwrap_or_else(|diagnostics| panic!("{diagnostics:?}"));
    let listing = read(compiled.bytes()).expect("a listing");
    (listing, compiled.into_bundle())
}

fn edited(from: &str, to: &str) -> Sources {
    let mut sources = packs::trading_api();
    let text = sources.policies.text();
    assert!(text.contains(from), "{from}");
    sources.policies = Source::new("policies.cedar", text.replace(from, to));
    sources
}

#[test]
fn a_pack_does_not_differ_from_itself() {
    let (listing, _) = load(&packs::trading_api());
    assert_eq!(difference(&listing, &listing), []);
    // Nor by the form of its text.
    let (spaced, _) = load(&edited("permit (", "permit  ("));
    assert_eq!(difference(&listing, &spaced), []);
}

#[test]
fn scopes_annotations_effects_and_conditions_differ() {
    let (old, _) = load(&packs::trading_api());
    let fields = |from: &str, to: &str| {
        let (new, _) = load(&edited(from, to));
        let changes = difference(&old, &new);
        changes
            .into_iter()
            .flat_map(|change| {
                assert_eq!(change.kind, ChangeKind::Changed);
                change
                    .details
                    .into_iter()
                    .map(move |detail| format!("{} {}: {}", change.what, change.name, detail.field))
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        fields(
            "principal in Group::\"market-data\"",
            "principal in Group::\"trader\""
        ),
        ["policy market-data-reads-markets: principal"]
    );
    assert_eq!(
        fields("Keys for market data may read any market.", "They may."),
        ["policy market-data-reads-markets: @reason"]
    );
    assert_eq!(
        fields(
            "principal.environment == \"live\"",
            "principal.environment == \"test\""
        ),
        ["policy withdraw-only-live: conditions"]
    );
}

#[test]
fn policies_are_added_and_removed_by_their_id() {
    let (old, _) = load(&packs::trading_api());
    let (new, _) = load(&edited(
        "@id(\"trader-reads-account\")",
        "@id(\"reads-account\")",
    ));
    let changes: Vec<_> = difference(&old, &new)
        .into_iter()
        .map(|change| (change.kind, change.name))
        .collect();
    assert_eq!(
        changes,
        [
            (ChangeKind::Added, "reads-account".to_owned()),
            (ChangeKind::Removed, "trader-reads-account".to_owned()),
        ]
    );
}

#[test]
fn recorded_requests_are_answered_by_both() {
    let (_, old) = load(&packs::trading_api());
    let (_, new) = load(&edited(
        "principal.environment == \"live\"",
        "principal.environment == \"test\"",
    ));
    let request = |environment: &str| -> RecordedRequest {
        serde_json::from_value(serde_json::json!({
            "key": {
                "id": "k7",
                "groups": ["withdrawer"],
                "attributes": {"environment": environment, "ip_allow_list": ["203.0.113.7"]},
            },
            "method": "POST",
            "path": "/v1/withdrawals",
            "context": {"client_ip": "203.0.113.7"},
        }))
        .expect("a row")
    };
    let changed = replay(&old, &new, &request("test")).expect("values");
    let changed = changed.expect("it is decided otherwise");
    assert_eq!(
        (changed.old.decision, changed.new.decision),
        ("deny", "allow")
    );
    assert!(changed.old.reasons.contains("withdraw-only-live"));
    assert_eq!(replay(&old, &new, &request("dev")).expect("values"), None);
}
