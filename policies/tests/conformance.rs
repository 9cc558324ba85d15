//! Cedar's own conformance data, run through the compiler and core's evaluator.
//!
//! A case that needs what the bundle can't hold yet is counted by its reason; every other case must
//! give the decision, the reasons and the errors that the data expect.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use cedar_policy::{Context, Entities as CedarEntities, EntityUid as CedarUid, Schema};
use countersign_core::policy::{Bundle, Entities, Entity, EntityUid, Query, Record};
use countersign_policies::{Source, Sources, compile_unvalidated};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const MANIFEST: &str = r#"
name = "conformance"
version = "1.0.0"
principal_type = "Any"
policy_ids = "place"
"#;

#[test]
fn conformance_data_is_answered_as_expected() {
    let Some((root, cases)) = cases() else {
        return;
    };
    let half = cases.len().div_ceil(2).max(1);
    let tally = std::thread::scope(|scope| {
        let workers: Vec<_> = cases
            .chunks(half)
            .map(|cases| {
                let root = &root;
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    for case in cases {
                        run_case(root, case, &mut tally);
                    }
                    tally
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("a worker"))
            .fold(Tally::default(), Tally::add)
    });
    println!(
        "cases: {}, requests: {}, passed: {}, failed: {}",
        tally.cases,
        tally.requests,
        tally.requests - tally.failed.len(),
        tally.failed.len(),
    );
    for (reason, count) in &tally.unsupported {
        println!("unsupported: {count} cases: {reason}");
    }
    for failure in tally.failed.iter().take(20) {
        println!("failed: {failure}");
    }
    assert!(tally.failed.is_empty(), "see the failures above");
    assert!(tally.requests > 0, "no case was run");
}

#[derive(Default)]
struct Tally {
    cases: usize,
    requests: usize,
    failed: Vec<String>,
    unsupported: BTreeMap<String, usize>,
}

impl Tally {
    fn add(mut self, other: Self) -> Self {
        self.cases += other.cases;
        self.requests += other.requests;
        self.failed.extend(other.failed);
        for (reason, count) in other.unsupported {
            *self.unsupported.entry(reason).or_default() += count;
        }
        self
    }
}

/// The unpacked data and the paths of the cases in it.
fn cases() -> Option<(PathBuf, Vec<PathBuf>)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let vectors = workspace.join("../shared/vectors/cedar");
    if !vectors.is_dir() {
        println!("skipped: the vectors are absent");
        return None;
    }
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cedar-conformance");
    fs::create_dir_all(&root).expect("a folder for the data");
    for archive in ["corpus-seen.tar.xz", "multi-seen.tar.xz"] {
        let done = Command::new("tar")
            .arg("xJf")
            .arg(vectors.join(archive))
            .arg("-C")
            .arg(&root)
            .status();
        if !done.is_ok_and(|status| status.success()) {
            println!("skipped: tar can't unpack {archive}");
            return None;
        }
    }
    let mut cases = Vec::new();
    for folder in ["corpus-tests", "multi-policy"] {
        json_files(&root.join(folder), &mut cases);
    }
    for folder in ["example_use_cases", "ip", "multi"] {
        json_files(&vectors.join("tests").join(folder), &mut cases);
    }
    cases.sort();
    Some((root, cases))
}

fn json_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    files.extend(entries.flatten().map(|entry| entry.path()).filter(|path| {
        let name = path.to_string_lossy();
        name.ends_with(".json") && !name.ends_with(".entities.json")
    }));
}

fn run_case(root: &Path, path: &Path, tally: &mut Tally) {
    tally.cases += 1;
    let case: Json =
        serde_json::from_str(&fs::read_to_string(path).expect("a case")).expect("JSON");
    // Handwritten cases lie in `<vectors>/tests/<folder>`, and name files from `<vectors>`.
    let base = if path.starts_with(root) {
        root
    } else {
        path.ancestors().nth(3).expect("the vectors")
    };
    let text = |member: &str| {
        let name = case[member].as_str().expect("a path");
        fs::read_to_string(base.join(name)).expect("a file of the case")
    };
    let schema_text = text("schema");
    let sources = Sources {
        policies: Source::new("policies.cedar", text("policies")),
        schema: Source::new("schema.cedarschema", schema_text.as_str()),
        manifest: Source::new("pack.toml", MANIFEST),
        entities: None,
    };
    let compiled = match compile_unvalidated(&sources) {
        Ok(compiled) => compiled,
        Err(diagnostics) => {
            let problems = diagnostics.problems();
            if problems
                .iter()
                .all(|p| p.code() == "unsupported_expression")
            {
                let reason = problems[0].to_string();
                *tally.unsupported.entry(reason).or_default() += 1;
            } else {
                tally.requests += 1;
                tally
                    .failed
                    .push(format!("{}: {diagnostics}", path.display()));
            }
            return;
        }
    };
    let (schema, _) = Schema::from_cedarschema_str(&schema_text).expect("the schema of the case");
    let entities =
        CedarEntities::from_json_str(&text("entities"), Some(&schema)).expect("entities");
    let json = entities
        .to_json_value()
        .expect("entities as JSON")
        .to_string();
    let entities = match Entities::from_json(&json) {
        Ok(entities) => entities,
        Err(error) => {
            let reason = format!("entities: {}", error.code());
            *tally.unsupported.entry(reason).or_default() += 1;
            return;
        }
    };
    for request in case["requests"].as_array().expect("requests") {
        let context = match context(request, &schema) {
            Ok(context) => context,
            Err(reason) => {
                *tally.unsupported.entry(reason).or_default() += 1;
                return;
            }
        };
        tally.requests += 1;
        let answer = ask(compiled.bundle(), &entities, request, &context);
        let expected = expected(request);
        if answer != expected {
            let description = &request["description"];
            tally.failed.push(format!(
                "{} {description}: {answer:?} instead of {expected:?}",
                path.display()
            ));
        }
    }
}

/// The decision, the reasons and the policies that erred.
type Answer = (bool, BTreeSet<String>, BTreeSet<String>);

fn expected(request: &Json) -> Answer {
    let ids = |member: &str| {
        let ids = request[member].as_array().expect("policy ids");
        ids.iter()
            .map(|id| id.as_str().expect("an id").to_owned())
            .collect()
    };
    (request["decision"] == "allow", ids("reason"), ids("errors"))
}

fn ask(bundle: &Bundle, entities: &Entities, request: &Json, context: &Record) -> Answer {
    let entity = |member: &str| {
        let uid = uid(&request[member]);
        let known = entities.get(&uid).cloned();
        known.unwrap_or_else(|| Entity::bare(uid))
    };
    let (principal, resource) = (entity("principal"), entity("resource"));
    let evaluation = bundle
        .evaluate(&Query {
            principal: &principal,
            action: &uid(&request["action"]),
            resource: &resource,
            context,
            entities: Some(entities),
        })
        .expect("an answer");
    (
        evaluation.is_allowed(),
        evaluation
            .reasons()
            .map(|policy| policy.id().to_owned())
            .collect(),
        evaluation
            .errors()
            .map(|(policy, _)| policy.id().to_owned())
            .collect(),
    )
}

fn uid(json: &Json) -> EntityUid {
    let member = |name: &str| json[name].as_str().expect("a string").to_owned();
    EntityUid::new(member("type"), member("id"))
}

/// The context, with references and extension values told apart by the schema.
fn context(request: &Json, schema: &Schema) -> Result<Record, String> {
    let action = CedarUid::from_json(request["action"].clone()).expect("an action");
    let context = Context::from_json_value(request["context"].clone(), Some((schema, &action)))
        .map_err(|error| format!("context: {error}"))?;
    let json = context.to_json_value().expect("a context as JSON");
    Record::from_json(&json.to_string()).map_err(|error| format!("context: {}", error.code()))
}
