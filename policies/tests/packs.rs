//! The starter packs: their cases, answered by core and by Cedar's own authorizer.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

mod support;

use cedar_policy::{PolicySet, Schema};
use countersign_core::policy::EntityUid;
use countersign_policies::{compile, packs};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use support::{Answer, Question, cedar_answer, core_answer};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    description: String,
    key: Key,
    method: String,
    path: String,
    context: serde_json::Value,
    decision: String,
    reasons: BTreeSet<String>,
    errors: BTreeSet<String>,
}

/// A key as the keyring has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    id: String,
    groups: Vec<String>,
    attributes: serde_json::Value,
}

#[test]
fn trading_api_answers_its_cases_as_cedar_does() {
    let sources = packs::trading_api();
    let bundle = compile(&sources).expect("the pack compiles").into_bundle();
    let policies: PolicySet = sources.policies.text().parse().expect("policies");
    let (schema, _) = Schema::from_cedarschema_str(sources.schema.text()).expect("a schema");
    let groups = r#"[
        { "uid": { "type": "Group", "id": "market-data" }, "attrs": {}, "parents": [] },
        { "uid": { "type": "Group", "id": "trader" }, "attrs": {},
          "parents": [{ "type": "Group", "id": "market-data" }] },
        { "uid": { "type": "Group", "id": "withdrawer" }, "attrs": {}, "parents": [] }
    ]"#;
    let group_type = bundle.group_type().expect("a group type");
    let cases = cases("trading-api");
    assert!(cases.len() >= 20, "the cases are there");
    for case in cases {
        let route = bundle
            .route(&case.method, &case.path)
            .expect(&case.description);
        let parents: Vec<_> = case
            .key
            .groups
            .iter()
            .map(|group| json!({ "type": group_type, "id": group }))
            .collect();
        let principal = json!([{
            "uid": { "type": bundle.principal_type(), "id": case.key.id },
            "attrs": case.key.attributes,
            "parents": parents,
        }]);
        let question = Question {
            principal: &EntityUid::new(bundle.principal_type(), case.key.id.as_str()),
            action: route.action(),
            resource: &route.resource(),
            context: &case.context.to_string(),
            entities: &principal.to_string(),
        };
        let expected = Answer {
            allowed: case.decision == "allow",
            reasons: case.reasons,
            errors: case.errors,
        };
        let core = core_answer(&bundle, &question);
        assert_eq!(core, expected, "core: {}", case.description);
        let cedar = cedar_answer(&policies, Some(&schema), groups, &question);
        assert_eq!(cedar, expected, "cedar: {}", case.description);
    }
}

#[test]
fn trading_api_says_why_in_a_sentence() {
    let bundle = compile(&packs::trading_api())
        .expect("the pack compiles")
        .into_bundle();
    for policy in bundle.policies() {
        let reason = policy.reason().expect("a reason");
        assert!(reason.ends_with('.'), "{}: {reason}", policy.id());
    }
}

fn cases(pack: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("packs")
        .join(pack)
        .join("tests");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of cases") {
        let text = std::fs::read_to_string(entry.expect("a file").path()).expect("a text");
        cases.extend(serde_json::from_str::<Vec<Case>>(&text).expect("cases"));
    }
    cases
}
