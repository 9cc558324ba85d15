//! Cases: how they are read, asked and compared.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in a test, to panic is to fail"
)]

use countersign_policies::Source;
use countersign_policies::cases::{Answer, Case, Outcome, Run, Target, compare};
use countersign_policies::packs;

fn read(text: &str) -> Vec<Case> {
    Case::read(&Source::new("cases.json", text)).expect("cases")
}

fn answer(text: &str) -> (Case, Answer) {
    let target = Target::new(&packs::saas_api()).expect("the pack compiles");
    let case = read(&format!("[{text}]")).remove(0);
    let answer = match target.question(&case) {
        Some(question) => target.ask(&question).expect("an answer"),
        None => Answer::no_route(),
    };
    (case, answer)
}

const DELETION: &str = r#"{"description": "a deletion", "key": {"id": "k", "groups": ["admin"],
    "attributes": {"tenant": {"__entity": {"type": "Tenant", "id": "acme"}}}},
    "method": "DELETE", "path": "/v1/tenants/acme/projects/p1", "decision": "DECISION"EXPECTED}"#;

fn deletion(decision: &str, expected: &str) -> String {
    DELETION
        .replace("DECISION", decision)
        .replace("EXPECTED", expected)
}

#[test]
fn a_second_factor_that_is_asked_for_is_no_plain_yes() {
    let (case, answer) = answer(&deletion("allow", ""));
    assert_eq!(answer.outcome, Outcome::StepUp);
    let differences = compare(&case.expected, &answer);
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].part, "decision");
    assert_eq!(differences[0].missing, ["allow"]);
    assert_eq!(differences[0].unexpected, ["step-up"]);
}

#[test]
fn reasons_and_obligations_are_compared_where_they_are_expected() {
    let (case, found) = answer(&deletion("step-up", ""));
    assert_eq!(compare(&case.expected, &found), []);
    let expected =
        r#", "reasons": ["member-changes-project"], "obligations": {"stepup": ["totp", "sms"]}"#;
    let (case, found) = answer(&deletion("step-up", expected));
    let differences = compare(&case.expected, &found);
    assert_eq!(differences[0].part, "reasons");
    assert_eq!(differences[0].missing, ["member-changes-project"]);
    assert_eq!(differences[0].unexpected, ["admin-deletes-project"]);
    assert_eq!(differences[1].part, "obligations");
    assert_eq!(differences[1].missing, ["@stepup(\"sms\")"]);
    assert_eq!(differences[1].unexpected, ["@log(\"deletions\")"]);
}

#[test]
fn a_policy_that_errs_must_be_expected_to() {
    let case = r#"{"description": "a string", "principal": {"type": "ApiKey", "id": "k"},
        "action": {"type": "Action", "id": "create-project"}, "resource": {"type": "Tenant", "id": "acme"},
        "entities": [{"uid": {"type": "ApiKey", "id": "k"}, "parents": [{"type": "Role", "id": "member"}],
            "attrs": {"tenant": {"__entity": {"type": "Tenant", "id": "acme"}},
                "plan": {"__entity": {"type": "Plan", "id": "free"}}}}],
        "context": {"projects": "none"}, "decision": "deny"}"#;
    let (case, answer) = answer(case);
    let differences = compare(&case.expected, &answer);
    assert_eq!(differences[0].part, "errors");
    assert!(differences[0].unexpected[0].starts_with("member-creates-project: "));
}

#[test]
fn a_path_without_a_route_is_its_own_outcome() {
    let misspelt = deletion("deny", "").replace("projects", "project");
    let (case, answer) = answer(&misspelt);
    assert_eq!(answer.outcome, Outcome::NoRoute);
    assert_eq!(compare(&case.expected, &answer)[0].missing, ["deny"]);
}

#[test]
fn what_is_no_case_is_refused_with_its_place() {
    let refused = |text: &str| {
        let error = Case::read(&Source::new("cases.json", text)).expect_err("no cases");
        let problem = &error.problems()[0];
        assert_eq!(problem.code(), "case_malformed");
        (problem.to_string(), problem.span())
    };
    let (message, span) = refused("[\n{\"description\": 1}]");
    assert!(message.contains("line 2"), "{message}");
    assert_eq!(span, Some((18, 0)));
    let (message, _) = refused(r#"[{"description": "x", "decision": "deny", "colour": 1}]"#);
    assert!(message.contains("unknown field `colour`"), "{message}");
    let (message, _) = refused(r#"[{"description": "x", "decision": "deny"}]"#);
    assert!(
        message.contains("either its `key` or its `principal`"),
        "{message}"
    );
    let key = r#"[{"description": "x", "key": {"id": "k"}, "path": "/", "decision": "deny"}]"#;
    assert!(refused(key).0.contains("either `method` and `path`"));
    refused("{}");
    refused("[{");
    refused(r#"[{"description": "x", "key": {"id": "k"}, "decision": "maybe"}]"#);
}

#[test]
fn a_case_that_can_not_be_asked_fails_with_a_code() {
    let target = Target::new(&packs::saas_api()).expect("the pack compiles");
    let text = format!("[{}]", deletion("deny", r#", "context": {"a": null}"#));
    let files = [Source::new("cases.json", text)];
    let run = Run::new(
        &files,
        |case| target.question(case),
        |question| target.ask(question),
    )
    .expect("a run");
    assert_eq!(run.counts(), (0, 1));
    let case = run.cases().next().expect("a case");
    let error = case.answer.as_ref().expect_err("no answer");
    assert_eq!(error.code(), "value_null");
}
