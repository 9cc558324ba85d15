//! A bundle that anyone may have made: loaded, and asked all that a host would ask.

use countersign_core::policy::{
    Bundle, Entities, Entity, EntityStore, EntityUid, Evaluation, Evaluator, LinkedQuery, Query,
    Record,
};
use sha2::{Digest, Sha256};
use std::sync::{Arc, LazyLock};

/// Types, ids and names that the seeds speak of, so that code is run and not only skipped.
const ENTITIES: &str = r#"[
    {"uid": {"type": "User", "id": "0"}, "attrs": {"a": 1, "b": "x", "c": true, "d": [1, "x"], "owner": {"__entity": {"type": "User", "id": "1"}}},
     "parents": [{"type": "Team", "id": "0"}, {"type": "Doc", "id": "0"}], "tags": {"a": "b", "b": 1}},
    {"uid": {"type": "User", "id": "1"}, "attrs": {"level": 3, "tags": ["x"], "a": {"b": {"c": 1}}}, "parents": [{"type": "Team", "id": "core"}]},
    {"uid": {"type": "Team", "id": "0"}, "attrs": {"a": {"__extn": {"fn": "ip", "arg": "10.0.0.0/8"}}}, "parents": [{"type": "Team", "id": "1"}]},
    {"uid": {"type": "Doc", "id": "0"}, "attrs": {"owner": {"__entity": {"type": "User", "id": "0"}}, "readers": [], "size": 7, "title": "the plan"},
     "parents": [{"type": "Folder", "id": "root"}], "tags": {"a": {"__extn": {"fn": "decimal", "arg": "1.0"}}}}
]"#;

const CONTEXT: &str = r#"{"n": 4, "s": "plan", "flag": true, "set": [1, 2, 9], "r": {"a": 1}, "client_ip": "::1", "a": 1, "b": "b", "c": {"a": [[], {}]},
    "d": {"__extn": {"fn": "datetime", "arg": "2024-10-15"}}, "in": {"__extn": {"fn": "duration", "arg": "-1d"}},
    "owner": {"__entity": {"type": "User", "id": "0"}}}"#;

/// What every question is asked with.
pub(crate) static GIVEN: LazyLock<(Entities, Record)> = LazyLock::new(|| {
    let entities = Entities::from_json(ENTITIES).expect("entities");
    (entities, Record::from_json(CONTEXT).expect("a context"))
});

/// Ends the body with its digest.
pub(crate) fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&body);
    body.extend(digest);
    body
}

/// Asks a bundle in both ways: they must agree, and no code may be broken that was loaded. The code
/// of its refusal if it doesn't load.
pub(crate) fn load_and_ask(bytes: &[u8]) -> Result<(), &'static str> {
    let bundle = Bundle::load_unsigned(bytes).map_err(|error| error.code())?;
    let bundle = Arc::new(bundle);
    let (entities, context) = &*GIVEN;
    let store = EntityStore::new(Arc::clone(&bundle), entities);
    let mut linked = store.map(|store| LinkedQuery::new(Arc::new(store)));
    let mut evaluator = Evaluator::new();
    for action in ["read", "list", "write", "withdraw", "look", "unknown"] {
        for (principal, resource) in [
            (("User", "0"), ("Doc", "0")),
            (("User", "1"), ("Folder", "root")),
            (("ApiKey", "k7"), ("Exchange", "main")),
            (("Team", "0"), ("User", "none")),
        ] {
            let known = |(of, id): (&str, &str)| {
                let uid = EntityUid::new(of, id);
                entities
                    .get(&uid)
                    .cloned()
                    .unwrap_or_else(|| Entity::bare(uid))
            };
            let anew = bundle.evaluate(&Query {
                principal: &known(principal),
                action: &EntityUid::new("Action", action),
                resource: &known(resource),
                context,
                entities: Some(entities),
            });
            // The entities and the bundle's own may make a cycle, which either way must say.
            let (Ok(anew), Ok(query)) = (&anew, &mut linked) else {
                assert_eq!(anew.is_err(), linked.is_err());
                continue;
            };
            let action = ("Action", action);
            query
                .link_record(principal, action, resource, context)
                .expect("it is small");
            let answer = evaluator.evaluate(query);
            check(&bundle, anew);
            check(&bundle, &answer);
        }
    }
    for path in ["/", "/archive/all", "/v1/orders/4%32", "/a//b"] {
        drop(bundle.route("GET", path));
    }
    Ok(())
}

/// What an answer says can be told.
pub(crate) fn check(bundle: &Bundle, evaluation: &Evaluation<'_>) {
    for policy in evaluation.reasons() {
        assert!(bundle.policy(policy.id()).is_some());
    }
    for (_, error) in evaluation.errors() {
        assert_ne!(error.code(), "evaluation_unreachable");
        assert!(!error.to_string().is_empty());
    }
}
