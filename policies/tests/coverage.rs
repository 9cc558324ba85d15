//! Coverage: what cases reach, held against a walk with Cedar's own evaluator.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in a test, to panic is to fail"
)]

use countersign_policies::cases::{Case, Target};
use countersign_policies::coverage::{self, Coverage};
use countersign_policies::packs;
use countersign_policies::reference::{Reference, Step};
use countersign_policies::{Source, Sources};
use std::collections::BTreeMap;

const POLICIES: &str = r#"
@id("number") @reason("A number.")
permit (principal, action, resource)
when { context has n && (context.n != 1 || context.n > 5) }
unless { context has stop };

@id("never") @reason("Never.")
forbid (principal, action, resource) when { context has forbidden };
"#;

fn sources() -> Sources {
    Sources {
        policies: Source::new("policies.cedar", POLICIES),
        schema: Source::new(
            "schema.cedarschema",
            "entity User; entity Doc; action read appliesTo { principal: [User], resource: [Doc], \
             context: { n?: Long, stop?: Bool, forbidden?: Bool } };",
        ),
        manifest: Source::new(
            "pack.toml",
            "name = \"p\"\nversion = \"1.0.0\"\nprincipal_type = \"User\"\n",
        ),
        entities: None,
    }
}

fn covered(contexts: &[&str]) -> Coverage {
    let cases: Vec<String> = contexts
        .iter()
        .map(|context| {
            format!(
                r#"{{"description": "c", "principal": {{"type": "User", "id": "u"}},
                "action": {{"type": "Action", "id": "read"}}, "resource": {{"type": "Doc", "id": "d"}},
                "context": {context}, "decision": "allow"}}"#
            )
        })
        .collect();
    let file = Source::new("cases.json", format!("[{}]", cases.join(",")));
    let (_, coverage) = coverage::run(&sources(), &[file]).expect("a run");
    coverage
}

fn gaps(contexts: &[&str]) -> Vec<String> {
    let coverage = covered(contexts);
    coverage.gaps().iter().map(ToString::to_string).collect()
}

#[test]
fn each_branch_of_each_condition_counts() {
    let coverage = covered(&[r#"{"n": 2}"#]);
    assert_eq!(coverage.decided(), (1, 2));
    // `n != 1` was true, so that `n > 5` was not asked.
    assert_eq!(coverage.branches(), (4, 10));
    assert_eq!(coverage.percent(), 41);
    assert_eq!(
        gaps(&[r#"{"n": 2}"#]),
        [
            "number: `context has n` is never false",
            "number: `context.n != 1` is never false",
            "number: `context.n > 5` is never true",
            "number: `context.n > 5` is never false",
            "number: `context has stop` is never true",
            "never decides no case",
            "never: `context has forbidden` is never true",
        ]
    );
}

#[test]
fn a_negated_comparison_is_told_as_it_is_written() {
    let gaps = gaps(&[r#"{"n": 1}"#]);
    assert!(gaps.contains(&"number: `context.n != 1` is never true".to_owned()));
    assert!(gaps.contains(&"number: `context.n > 5` is never true".to_owned()));
}

#[test]
fn a_gap_has_its_place() {
    let coverage = covered(&[]);
    assert_eq!(coverage.percent(), 0);
    let condition = &coverage.policies()[0].conditions[0];
    assert_eq!(condition.place, (4, 8));
    assert_eq!(condition.text, "context has n");
    let (start, length) = (condition.span.offset(), condition.span.len());
    assert_eq!(POLICIES.get(start..start + length), Some("context has n"));
}

#[test]
fn the_trace_is_what_cedar_evaluates() {
    for pack in packs::all() {
        let target = Target::new(&pack.sources).expect("the pack compiles");
        let reference = Reference::new(&pack.sources).expect("a pack");
        let places: BTreeMap<(u32, u32), (usize, usize)> = target
            .conditions()
            .iter()
            .map(|one| ((one.policy, one.at), (one.span.offset(), one.span.len())))
            .collect();
        let cases = pack
            .cases
            .iter()
            .map(|file| Case::read(file).expect("cases"));
        for case in cases.flatten() {
            let Some(question) = target.question(&case) else {
                continue;
            };
            let (_, trace) = target.trace(&question).expect("an answer");
            let mut traced: Vec<Step> = trace
                .iter()
                .filter_map(|step| {
                    Some(Step {
                        policy: usize::try_from(step.policy).ok()?,
                        place: *places.get(&(step.policy, step.at))?,
                        truth: step.truth,
                    })
                })
                .collect();
            let mut walked = reference.steps(&question).expect("steps");
            traced.sort_unstable();
            walked.sort_unstable();
            assert_eq!(traced, walked, "{}: {}", pack.name, case.description);
        }
    }
}
