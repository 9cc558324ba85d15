//! `countersign policy test`, `explain`, `who-can` and `what-can`: what they print, and how they exit.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const CASE: &str = r#"[{"description": "a # of \"viewers\" & <others>",
  "key": {"id": "k", "groups": ["viewer"], "attributes": {"tenant": {"__entity": {"type": "Tenant", "id": "acme"}}}},
  "method": "GET", "path": "/v1/tenants/acme/projects", "decision": "deny", "reasons": ["nobody"]}]"#;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("policy")
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(arguments: &[&str]) -> (i32, Value) {
    let output = run(&[arguments, &["--json"]].concat());
    let value = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code().unwrap(), value)
}

/// The pack `saas-api` with one case, which fails.
fn failing() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/packs/saas-api");
    for file in [
        "pack.toml",
        "policies.cedar",
        "schema.cedarschema",
        "entities.json",
    ] {
        fs::copy(pack.join(file), folder.path().join(file)).unwrap();
    }
    fs::create_dir(folder.path().join("tests")).unwrap();
    fs::write(folder.path().join("tests/one.json"), CASE).unwrap();
    folder
}

#[test]
fn the_starter_packs_pass_their_tests_and_reach_all() {
    for pack in [
        "saas-api",
        "trading-api",
        "webhook-receiver",
        "zero-trust-admin",
    ] {
        let (code, report) = json(&["test", pack, "--coverage-threshold", "100"]);
        assert_eq!((code, &report["failed"]), (0, &0.into()), "{pack}");
        assert_eq!(report["coverage"]["percent"], 100, "{pack}");
    }
}

#[test]
fn a_failure_shows_what_was_expected_and_what_came() {
    let folder = failing();
    let pack = folder.path().to_str().unwrap();
    let output = run(&["test", pack]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    for part in [
        "one.json: a # of \"viewers\" & <others>",
        "decision    - expected deny",
        "            + found    allow",
        "reasons     - expected nobody",
        "            + found    viewer-reads",
        "1 cases, 0 passed, 1 failed",
        "policies.cedar: member-changes-project decides no case",
        "is never true",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn tap_and_junit_are_well_formed() {
    let folder = failing();
    let pack = folder.path().to_str().unwrap();
    let tap = stdout(&run(&[
        "test",
        pack,
        "--format",
        "tap",
        "--coverage-threshold",
        "90",
    ]));
    assert!(
        tap.starts_with("TAP version 14\n1..2\nnot ok 1 - a \\# of \"viewers\""),
        "{tap}"
    );
    assert!(tap.contains("\n  ---\n  file: \""), "{tap}");
    assert!(tap.ends_with("not ok 2 - coverage of 90 %\n"), "{tap}");
    let output = run(&["test", pack, "--format", "junit"]);
    assert_eq!(output.status.code(), Some(1));
    let xml = stdout(&output);
    for part in [
        "<testsuites ",
        "tests=\"2\" failures=\"1\"",
        "a # of &quot;viewers&quot; &amp; &lt;others&gt;",
        "<failure message=\"decision    - expected deny\"",
        "<testcase name=\"coverage\"",
    ] {
        assert!(xml.contains(part), "{part} is not in\n{xml}");
    }
}

#[test]
fn coverage_below_the_threshold_fails() {
    let folder = failing();
    let passing = CASE.replace("\"deny\", \"reasons\": [\"nobody\"]", "\"allow\"");
    fs::write(folder.path().join("tests/one.json"), passing).unwrap();
    let pack = folder.path().to_str().unwrap();
    assert_eq!(run(&["test", pack]).status.code(), Some(0));
    let output = run(&["test", pack, "--coverage-threshold", "50"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).ends_with("the threshold is 50 %\n"));
    assert_eq!(
        run(&["test", pack, "--coverage-threshold", "101"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn explain_tells_the_values_and_what_was_missing() {
    let case = "not from another address";
    let output = run(&["explain", "trading-api", "--case", case]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    for part in [
        "deny\n  principal  ApiKey::\"k7\"",
        "forbidden by withdraw-only-from-allowed-address: Withdrawals are refused",
        "`context.client_ip` is ip(\"198.51.100.9\")",
        "trading-api/policies.cedar:",
        "no permit is satisfied; closest came\n  withdrawer-withdraws",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let key = r#"{"id": "k", "groups": ["trader"]}"#;
    let asked = ["explain", "trading-api", "--key", key, "--request"];
    let (code, explained) = json(&[&asked[..], &["GET /v1/account"]].concat());
    assert_eq!((code, &explained["decision"]), (0, &"allow".into()));
    assert_eq!(explained["reasons"][0], "trader-reads-account");
    let (code, explained) = json(&[&asked[..], &["GET /v2/account"]].concat());
    assert_eq!((code, &explained["decision"]), (1, &"no-route".into()));
}

#[test]
fn who_can_and_what_can_list_groups_with_what_is_left_to_ask() {
    let (code, found) = json(&[
        "who-can",
        "trading-api",
        "--action",
        "withdraw",
        "--resource",
        "Exchange::main",
    ]);
    assert_eq!(code, 0);
    assert_eq!(
        found["grants"][0]["subject"],
        "members of Group::\"withdrawer\""
    );
    assert_eq!(
        found["grants"][0]["permits"][0]["conditions"][0]["when"],
        "context has client_ip"
    );
    let output = run(&[
        "what-can",
        "zero-trust-admin",
        "--principal",
        "Role::\"service\"",
    ]);
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    assert!(
        text.contains("Action::\"rotate-own-key\" on any Environment"),
        "{text}"
    );
    assert!(text.contains("unless principal has environment"), "{text}");
}

#[test]
fn what_can_not_be_tried_exits_with_2() {
    let empty = failing();
    fs::remove_file(empty.path().join("tests/one.json")).unwrap();
    let empty = empty.path().to_str().unwrap();
    let no_json = [
        "explain",
        "saas-api",
        "--principal",
        "ApiKey::k",
        "--request",
        "GET /",
        "--context",
        "[1]",
    ];
    for (arguments, expected) in [
        (&["test", "none"][..], "file_unreadable"),
        (&["test", empty], "cases_missing"),
        (&["explain", "saas-api"], "question_incomplete"),
        (
            &["explain", "saas-api", "--case", "nothing like it"],
            "case_missing",
        ),
        (&["explain", "saas-api", "--case", "a"], "case_ambiguous"),
        (&no_json, "argument_malformed"),
        (
            &[
                "who-can",
                "saas-api",
                "--action",
                "read",
                "--resource",
                "Tenant::a",
            ],
            "action_not_applicable",
        ),
        (
            &["what-can", "saas-api", "--principal", "Tenant::a"],
            "principal_not_applicable",
        ),
    ] {
        let (code, failed) = json(arguments);
        assert_eq!(
            (code, &failed["code"]),
            (2, &expected.into()),
            "{arguments:?}"
        );
    }
}
