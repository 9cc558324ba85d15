//! Input made to break an evaluator: each has an answer or a code, soon.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use countersign_core::policy::{Bundle, Entities, Entity, EntityStore, EntityUid, Query, Record};
use countersign_policies::{Problem, Source, Sources, compile_unvalidated};

/// Far more than any of it takes, even unoptimised on a busy machine.
const SOON: Duration = Duration::from_mins(1);
const MEBIBYTE: usize = 1 << 20;

const MANIFEST: &str = r#"
name = "bad-input"
version = "1.0.0"
principal_type = "User"
policy_ids = "place"
"#;

const SCHEMA: &str = "entity User in [Team]; entity Team in [Team]; action read;";

fn sources(policies: &str, entities: Option<&str>) -> Sources {
    Sources {
        policies: Source::new("policies.cedar", policies),
        schema: Source::new("schema.cedarschema", SCHEMA),
        manifest: Source::new("pack.toml", MANIFEST),
        entities: entities.map(|text| Source::new("entities.json", text)),
    }
}

fn bundle(policies: &str) -> Bundle {
    let compiled = compile_unvalidated(&sources(policies, None));
    compiled.expect("it compiles").into_bundle()
}

/// The code of what is wrong with the pack.
fn compile_code(policies: &str, entities: Option<&str>) -> Option<&'static str> {
    let diagnostics = compile_unvalidated(&sources(policies, entities)).err()?;
    diagnostics.problems().first().map(Problem::code)
}

/// Whether it is allowed, and the codes of the errors.
fn ask(bundle: &Bundle, context: &Record) -> (bool, Vec<&'static str>) {
    let start = Instant::now();
    let user = Entity::bare(EntityUid::new("User", "ann"));
    let evaluation = bundle
        .evaluate(&Query {
            principal: &user,
            action: &EntityUid::new("Action", "read"),
            resource: &user,
            context,
            entities: None,
        })
        .expect("an answer");
    let errors = evaluation.errors().map(|(_, error)| error.code());
    let answer = (evaluation.is_allowed(), errors.collect());
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    answer
}

fn context(json: &str) -> Record {
    Record::from_json(json).expect("a context")
}

/// What is said of the entities, once read and linked to the bundle.
fn entities_code(bundle: &Bundle, json: &str) -> Result<(), &'static str> {
    let entities = Entities::from_json(json).map_err(|error| error.code())?;
    let store = EntityStore::new(Arc::new(bundle.clone()), &entities);
    store.map(|_| ()).map_err(|error| error.code())
}

fn team(id: &str, parent: &str) -> String {
    format!(
        r#"{{"uid": {{"type": "Team", "id": "{id}"}}, "attrs": {{}}, "parents": [{{"type": "Team", "id": "{parent}"}}]}}"#
    )
}

#[test]
fn a_cycle_of_entities() {
    let bundle = bundle("permit (principal in Team::\"a\", action, resource);");
    for cycle in [
        vec![team("a", "a")],
        vec![team("a", "b"), team("b", "a")],
        vec![
            team("a", "b"),
            team("b", "c"),
            team("c", "d"),
            team("d", "b"),
        ],
    ] {
        let json = format!("[{}]", cycle.join(","));
        assert_eq!(entities_code(&bundle, &json), Err("entity_cycle"));
        assert_eq!(
            compile_code("permit (principal, action, resource);", Some(&json)),
            Some("entities_malformed")
        );
        let entities = Entities::from_json(&json).expect("each by itself is an entity");
        let user = Entity::bare(EntityUid::new("User", "ann"));
        let answer = bundle.evaluate(&Query {
            principal: &user,
            action: &EntityUid::new("Action", "read"),
            resource: &user,
            context: &Record::new(),
            entities: Some(&entities),
        });
        assert_eq!(
            answer.map(|_| ()).map_err(|error| error.code()),
            Err("entity_cycle")
        );
    }
    // A long chain is none.
    let chain: Vec<String> = (0..1000_u32)
        .map(|at| team(&at.to_string(), &(at + 1).to_string()))
        .collect();
    let start = Instant::now();
    assert_eq!(
        entities_code(&bundle, &format!("[{}]", chain.join(","))),
        Ok(())
    );
    assert!(start.elapsed() < SOON);
}

#[test]
fn a_cycle_through_the_bundle() {
    let fixed = format!("[{}]", [team("a", "b"), team("c", "d")].join(","));
    let compiled = compile_unvalidated(&sources(
        "permit (principal, action, resource);",
        Some(&fixed),
    ));
    let bundle = compiled.expect("it compiles").into_bundle();
    assert_eq!(
        entities_code(&bundle, &format!("[{}]", team("b", "c"))),
        Ok(())
    );
    assert_eq!(
        entities_code(&bundle, &format!("[{}]", team("b", "a"))),
        Err("entity_cycle")
    );
    let both = [team("b", "c"), team("d", "a")].join(",");
    assert_eq!(
        entities_code(&bundle, &format!("[{both}]")),
        Err("entity_cycle")
    );
}

#[test]
fn an_entity_twice() {
    let bundle = bundle("permit (principal, action, resource);");
    let one = r#"{"uid": {"type": "User", "id": "ann"}, "attrs": {"level": 1}, "parents": []}"#;
    let other = one.replace('1', "2");
    assert_eq!(entities_code(&bundle, &format!("[{one}, {one}]")), Ok(()));
    assert_eq!(
        entities_code(&bundle, &format!("[{one}, {other}]")),
        Err("entity_duplicate")
    );
}

#[test]
fn a_context_of_ten_megabytes() {
    let bundle = bundle(
        r#"permit (principal, action, resource) when { context.a == context.b };
           permit (principal, action, resource) when { context.a.containsAll(context.b) };
           permit (principal, action, resource) when { context.a.contains(context.b) };
           permit (principal, action, resource) when { principal in context.a };
           permit (principal, action, resource) when { context.a like "*x*y*" };
           permit (principal, action, resource) when { [context.a, context.b, {"a": context.a}] == [context] };"#,
    );
    let start = Instant::now();
    let text = "x".repeat(5 * MEBIBYTE);
    let numbers: Vec<String> = (0..600_000).map(|number| number.to_string()).collect();
    let numbers = numbers.join(",");
    let fields: Vec<String> = (0..200_000)
        .map(|number| format!("\"field-{number:06}\": {number}"))
        .collect();
    let fields = fields.join(",");
    for json in [
        format!(r#"{{"a": "{text}", "b": "{text}"}}"#),
        format!(r#"{{"a": [{numbers}], "b": [{numbers}]}}"#),
        format!(r#"{{"a": {{{fields}}}, "b": {{{fields}}}}}"#),
    ] {
        let (_, errors) = ask(&bundle, &context(&json));
        for code in errors {
            assert!(
                ["type_mismatch", "evaluation_limit_exceeded"].contains(&code),
                "{code}"
            );
        }
    }
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

#[test]
fn data_nested_ten_thousand_deep() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let value = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        let error = Record::from_json(&format!(r#"{{"a": {value}}}"#)).expect_err("it is too deep");
        assert_eq!(error.code(), "value_too_deep");
        let entities =
            format!(r#"[{{"uid": {{"type": "User", "id": "ann"}}, "attrs": {{"a": {value}}}}}]"#);
        let error = Entities::from_json(&entities).expect_err("it is too deep");
        assert_eq!(error.code(), "value_too_deep");
    }
}

#[test]
fn a_pattern_that_explodes() {
    let pattern = "*a".repeat(5000);
    let bundle = bundle(&format!(
        r#"permit (principal, action, resource) when {{ context.text like "{pattern}*b" }};
           permit (principal, action, resource) when {{ context.text like "*{}b*" }};"#,
        "a".repeat(5000),
    ));
    for length in [4999, 5000, 10_000, MEBIBYTE] {
        let text = "a".repeat(length);
        let (allowed, errors) = ask(&bundle, &context(&format!(r#"{{"text": "{text}"}}"#)));
        assert!(!allowed);
        assert!(
            errors
                .iter()
                .all(|code| *code == "evaluation_limit_exceeded"),
            "{errors:?}"
        );
    }
}
