//! The authorizer: who decides, who is skipped, and what is said about it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use countersign_core::policy::{
    Bundle, Effect, Entities, Entity, EntityUid, EvaluationError, Query, Record, Set, Value,
    ValueFault,
};

fn bundle(bytes: &[u8]) -> Bundle {
    Bundle::load_unsigned(bytes).expect("the bundle loads")
}

fn language() -> Bundle {
    bundle(include_bytes!(
        "../../policies/tests/bundles/language.bundle"
    ))
}

fn uid(entity_type: &str, id: &str) -> EntityUid {
    EntityUid::new(entity_type, id)
}

fn user(groups: &[&str], level: i64) -> Entity {
    let mut attributes = Record::new();
    attributes.insert("level", level);
    attributes.insert("tags", Set::from_iter([Value::from("x")]));
    let groups = groups.iter().map(|group| uid("Team", group)).collect();
    Entity::new(uid("User", "ann"), groups, attributes)
}

fn context(text: &str) -> Record {
    Record::from_json(text).expect("a context")
}

struct Asked {
    allowed: bool,
    effect: Option<Effect>,
    reasons: Vec<String>,
    errors: Vec<(String, String)>,
}

fn ask(principal: &Entity, action: &str, resource: &Entity, context: &Record) -> Asked {
    let bundle = language();
    let evaluation = bundle
        .evaluate(&Query {
            principal,
            action: &uid("Action", action),
            resource,
            context,
            entities: None,
        })
        .expect("an answer");
    Asked {
        allowed: evaluation.is_allowed(),
        effect: evaluation.effect(),
        reasons: evaluation
            .reasons()
            .map(|policy| policy.id().to_owned())
            .collect(),
        errors: evaluation
            .errors()
            .map(|(policy, error)| (policy.id().to_owned(), error.to_string()))
            .collect(),
    }
}

const QUIET: &str = r#"{"n": 1, "s": "x", "flag": false, "set": [1, 2]}"#;

#[test]
fn all_satisfied_permits_are_the_reasons() {
    let folder = Entity::bare(uid("Folder", "root"));
    let asked = ask(&user(&["core"], 2), "list", &folder, &context(QUIET));
    assert!(asked.allowed);
    assert_eq!(asked.effect, Some(Effect::Permit));
    assert_eq!(
        asked.reasons,
        [
            "scope-in",
            "branch",
            "sets",
            "records",
            "static-attributes",
            "types"
        ]
    );
    assert_eq!(asked.errors, []);
}

#[test]
fn a_forbid_overrides_every_permit() {
    let folder = Entity::bare(uid("Folder", "root"));
    let forbidden = context(r#"{"n": -5, "s": "x", "flag": true, "set": [1, 2]}"#);
    let asked = ask(&user(&["core"], 2), "list", &folder, &forbidden);
    assert!(!asked.allowed);
    assert_eq!(asked.effect, Some(Effect::Forbid));
    assert_eq!(asked.reasons, ["arithmetic"]);
}

#[test]
fn a_policy_that_errs_is_skipped_and_reported() {
    let doc = Entity::bare(uid("Doc", "plan"));
    let asked = ask(&user(&[], 2), "read", &doc, &context(QUIET));
    assert!(asked.allowed);
    assert!(asked.reasons.contains(&"scope-equal".to_owned()));
    assert_eq!(
        asked.errors,
        [
            (
                "strings".to_owned(),
                "there is no attribute `title`".to_owned()
            ),
            (
                "members".to_owned(),
                "there is no attribute `owner`".to_owned()
            ),
        ]
    );
}

#[test]
fn a_forbid_that_errs_does_not_forbid() {
    let folder = Entity::bare(uid("Folder", "root"));
    let overflow = context(r#"{"n": -9223372036854775808, "s": "x", "flag": true, "set": []}"#);
    let asked = ask(&user(&["core"], 2), "list", &folder, &overflow);
    assert!(asked.allowed);
    assert_eq!(asked.errors[0].0, "arithmetic");
    assert_eq!(
        asked.errors[0].1,
        EvaluationError::IntegerOverflow.to_string()
    );
}

#[test]
fn where_no_policy_speaks_the_answer_is_deny() {
    let trading = bundle(include_bytes!(
        "../../policies/tests/bundles/trading-api.bundle"
    ));
    let evaluation = trading
        .evaluate(&Query {
            principal: &Entity::bare(uid("ApiKey", "k1")),
            action: &uid("Action", "read-market"),
            resource: &Entity::bare(uid("Market", "BTC-USD")),
            context: &Record::new(),
            entities: None,
        })
        .expect("an answer");
    assert!(!evaluation.is_allowed());
    assert_eq!(evaluation.effect(), None);
    assert_eq!(evaluation.reasons().count(), 0);
}

#[test]
fn an_action_nobody_declared_meets_only_policies_for_any_action() {
    let folder = Entity::bare(uid("Folder", "root"));
    let asked = ask(&user(&["core"], 2), "unheard-of", &folder, &context(QUIET));
    assert!(!asked.reasons.contains(&"scope-in".to_owned()));
    assert!(asked.reasons.contains(&"branch".to_owned()));
}

#[test]
fn the_hierarchy_goes_from_store_to_store() {
    // ann (query) -> squad (request) -> core (bundle) -> all (bundle)
    let entities = Entities::new(vec![Entity::new(
        uid("Team", "squad"),
        vec![uid("Team", "core")],
        Record::new(),
    )])
    .expect("entities");
    let bundle = language();
    let principal = user(&["squad"], 9);
    let resource = Entity::new(
        uid("Doc", "d"),
        vec![uid("Folder", "archive")],
        Record::new(),
    );
    let query = Query {
        principal: &principal,
        action: &uid("Action", "write"),
        resource: &resource,
        context: &context(QUIET),
        entities: Some(&entities),
    };
    let is_a_reason = |query: &Query<'_>| {
        let evaluation = bundle.evaluate(query).expect("an answer");
        evaluation
            .reasons()
            .any(|policy| policy.id() == "scope-is-in")
    };
    assert!(is_a_reason(&query));
    assert!(!is_a_reason(&Query {
        entities: None,
        ..query
    }));
}

#[test]
fn a_hierarchy_with_a_cycle_is_refused() {
    let bundle = language();
    let ann = Entity::bare(uid("User", "ann"));
    let doc = Entity::bare(uid("Doc", "d"));
    let team = |id, parent| Entity::new(uid("Team", id), vec![uid("Team", parent)], Record::new());
    for (teams, cyclic) in [
        (vec![team("a", "a")], true),
        (vec![team("a", "b"), team("b", "a")], true),
        (vec![team("a", "b"), team("b", "c"), team("c", "b")], true),
        // By way of what the bundle has: core is in all.
        (vec![team("all", "core")], false),
        (
            vec![team("a", "b"), team("b", "c"), team("c", "core")],
            false,
        ),
    ] {
        let entities = Entities::new(teams).expect("entities");
        let query = Query {
            principal: &ann,
            action: &uid("Action", "read"),
            resource: &doc,
            context: &Record::new(),
            entities: Some(&entities),
        };
        let refused = bundle.evaluate(&query).err().map(|error| error.fault());
        assert_eq!(refused, cyclic.then_some(ValueFault::EntityCycle));
    }
}

#[test]
fn annotations_are_kept_for_obligations() {
    let bundle = language();
    let doc = Entity::bare(uid("Doc", "other"));
    let evaluation = bundle
        .evaluate(&Query {
            principal: &user(&[], 9),
            action: &uid("Action", "write"),
            resource: &doc,
            context: &context(QUIET),
            entities: None,
        })
        .expect("an answer");
    let stepup = evaluation
        .reasons()
        .find_map(|policy| policy.annotation("stepup"));
    assert_eq!(stepup, Some("totp"));
}
