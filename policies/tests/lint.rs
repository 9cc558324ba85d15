//! What lint says: the code, the severity, the text that it underlines.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use countersign_policies::lint::{Severity, format, lint};
use countersign_policies::{Source, Sources, packs};

const SCHEMA: &str = r#"entity Group in [Group];
entity Key in [Group] = { name: String, size: Long, nick?: String } tags String;
entity Thing;
entity Other;
action "write";
action "read" appliesTo { principal: [Key], resource: [Thing], context: { n: Long } };
action "change" in ["write"] appliesTo { principal: [Key], resource: [Thing, Other], context: { n: Long } };
"#;

const MANIFEST: &str = r#"name = "test"
version = "1.0.0"
principal_type = "Key"
group_type = "Group"

[groups]
reader = []
writer = ["reader"]

[[routes]]
method = "GET"
path = "/things/{id}"
action = "read"
resource = { type = "Thing", segment = "id" }

[[routes]]
method = "PUT"
path = "/things/{id}"
action = "change"
resource = { type = "Thing", segment = "id" }
"#;

/// Two policies of which lint says nothing, so that every group and action is spoken of.
const CLEAN: &str = r#"@id("reads")
@reason("r")
permit (
    principal in Group::"reader",
    action == Action::"read",
    resource
);

@id("changes")
@reason("r")
permit (
    principal in Group::"writer",
    action == Action::"change",
    resource
)
when { context has n && context.n < 10 };
"#;

fn pack(policies: &str, schema: &str, manifest: &str) -> Sources {
    Sources {
        policies: Source::new("policies.cedar", policies),
        schema: Source::new("schema.cedarschema", schema),
        manifest: Source::new("pack.toml", manifest),
        entities: None,
    }
}

fn found(sources: &Sources) -> Vec<(String, Severity, String)> {
    let findings = lint(sources).unwrap_or_else(|diagnostics| panic!("{diagnostics:?}"));
    findings
        .iter()
        .map(|finding| {
            let problem = finding.problem();
            let text = problem.text().unwrap_or_default().to_owned();
            (problem.code().to_owned(), finding.severity(), text)
        })
        .collect()
}

/// Asserts what lint says of `policy` beside two clean ones, but for its form.
fn says(policy: &str, expected: &[(&str, Severity, &str)]) {
    let policies = format!("{CLEAN}\n@id(\"x\") @reason(\"r\") {policy}");
    let found = found(&pack(&policies, SCHEMA, MANIFEST));
    let found: Vec<_> = found
        .iter()
        .filter(|(code, ..)| code != "policies_unformatted")
        .map(|(code, severity, text)| (code.as_str(), *severity, text.as_str()))
        .collect();
    assert_eq!(found.len(), expected.len(), "{policy}: {found:?}");
    for ((code, severity, text), expected) in found.iter().zip(expected) {
        assert_eq!((*code, *severity), (expected.0, expected.1), "{policy}");
        assert!(text.contains(expected.2), "{policy}: {text}");
    }
}

use Severity::{Error, Warning};

#[test]
fn of_a_clean_pack_it_says_nothing() {
    assert_eq!(found(&pack(CLEAN, SCHEMA, MANIFEST)), []);
}

#[test]
fn policies_that_never_apply() {
    let never = "policy_never_applies";
    says(
        r#"permit (principal, action == Action::"read", resource == Other::"o");"#,
        &[(never, Error, "permit")],
    );
    says(
        r#"permit (principal, action == Action::"read", resource) when { resource is Other };"#,
        &[(never, Error, "permit")],
    );
    says(
        r#"permit (principal, action == Action::"read", resource) when { context.n < 5 && 2 < 1 };"#,
        &[(never, Error, "2 < 1")],
    );
    says(
        r#"permit (principal, action == Action::"read", resource)
           when { 9223372036854775807 + 1 > 0 };"#,
        &[(never, Error, "9223372036854775807 + 1 > 0")],
    );
    says(
        r#"permit (principal, action == Action::"read", resource)
           when { context.n == 5 && principal.size == 1 && context.n == 6 };"#,
        &[(never, Error, "context.n == 6")],
    );
    says(
        r#"permit (principal, action == Action::"read", resource)
           when { principal.size < 5 } unless { principal.size < 5 };"#,
        &[(never, Error, "")],
    );
    says(
        r#"permit (principal, action == Action::"read", resource)
           when { context.n == 5 || 2 < 1 };"#,
        &[],
    );
}

#[test]
fn permits_of_everything() {
    let code = "permit_without_limit";
    says(
        "permit (principal, action, resource);",
        &[(code, Error, "permit")],
    );
    says(
        "permit (principal, action, resource) when { 1 < 2 };",
        &[(code, Error, "permit")],
    );
    says(
        "permit (principal, action, resource) when { principal.size < 5 };",
        &[],
    );
}

#[test]
fn writes_that_only_a_scope_limits() {
    let code = "write_without_condition";
    let permit = r#"permit (principal in Group::"writer", action in Action::"write", resource);"#;
    says(permit, &[(code, Warning, "permit")]);
    // Allowed by name, and no other way.
    says(
        &format!(r#"@lint_allow("policy_duplicate, {code}") {permit}"#),
        &[],
    );
    says(
        &format!(r#"@lint_allow("other") {permit}"#),
        &[(code, Warning, "permit")],
    );
    // A forbid with a condition guards the action, but only if it takes all that the permit takes.
    let guard = |scope: &str| {
        format!(
            r#"{permit} @id("guard") @reason("r") forbid ({scope}) unless {{ context has n && context.n < 3 }};"#
        )
    };
    says(
        &guard(r#"principal, action == Action::"change", resource"#),
        &[],
    );
    says(&guard("principal is Key, action, resource"), &[]);
    says(
        &guard(r#"principal in Group::"reader", action == Action::"change", resource"#),
        &[(code, Warning, "permit")],
    );
    says(
        &guard(r#"principal, action == Action::"change", resource is Thing"#),
        &[(code, Warning, "permit")],
    );
    says(
        &guard(r#"principal in Group::"writer", action == Action::"change", resource"#),
        &[],
    );
    // Reading is no writing.
    says(
        r#"permit (principal in Group::"writer", action == Action::"read", resource);"#,
        &[],
    );
}

#[test]
fn an_action_is_a_write_action_by_its_annotation_too() {
    let policies = CLEAN.replace("\nwhen { context has n && context.n < 10 }", "");
    let manifest = MANIFEST.replace("PUT", "HEAD");
    assert_eq!(found(&pack(&policies, SCHEMA, &manifest)), []);
    let schema = SCHEMA.replace("action \"change\"", "@write action \"change\"");
    let found = found(&pack(&policies, &schema, &manifest));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found.first().map(|found| found.0.as_str()),
        Some("write_without_condition")
    );
}

#[test]
fn forbids_that_leave_nothing() {
    let code = "forbid_shadows_everything";
    says(
        "forbid (principal, action, resource);",
        &[(code, Error, "forbid")],
    );
    says(
        r#"forbid (principal is Key, action == Action::"read", resource is Thing);"#,
        &[(code, Error, "forbid")],
    );
    says(
        r#"forbid (principal, action == Action::"change", resource is Thing);"#,
        &[],
    );
    says(
        r#"forbid (principal in Group::"reader", action, resource);"#,
        &[],
    );
}

#[test]
fn forbids_that_may_err() {
    let code = "forbid_may_err";
    let forbid = |condition: &str| {
        format!(r#"forbid (principal, action == Action::"read", resource) when {{ {condition} }};"#)
    };
    says(
        &forbid("principal.size < 5"),
        &[(code, Warning, "principal.size")],
    );
    says(&forbid("principal has size && principal.size < 5"), &[]);
    says(&forbid("!(principal has size) || principal.size < 5"), &[]);
    says(
        &forbid("principal has size || principal.size < 5"),
        &[(code, Warning, "principal.size")],
    );
    says(
        &forbid("if principal has size then principal.size < 5 else context.n < 5"),
        &[(code, Warning, "context.n")],
    );
    says(
        &forbid("context has n && context.n * 2 < 5"),
        &[(code, Warning, "context.n * 2")],
    );
    says(&forbid("context has n && context.n < 2 * 5"), &[]);
    says(
        &forbid(r#"principal.hasTag("t") && principal.getTag("t") == "x""#),
        &[],
    );
    // A permit that errs permits nothing, which is safe.
    says(
        r#"permit (principal, action == Action::"read", resource) when { principal.size < 5 };"#,
        &[],
    );
}

#[test]
fn policies_that_say_the_same() {
    says(
        r#"permit (principal in Group::"writer", action == Action::"change", resource)
           when { context has n  &&  context.n < 10 };"#,
        &[("policy_duplicate", Warning, "permit")],
    );
    says(
        r#"permit (principal in Group::"writer", action == Action::"change", resource)
           when { context has n && context.n < 11 };"#,
        &[],
    );
}

#[test]
fn groups_and_actions_that_change_nothing() {
    let manifest = MANIFEST.replace(
        "reader = []",
        "reader = []\nnobody = []\nchief = [\"writer\"]",
    );
    let schema =
        format!("{SCHEMA}action \"idle\" appliesTo {{ principal: [Key], resource: [Thing] }};\n");
    let policies = CLEAN.replace("Group::\"reader\"", "Group::\"raeder\"");
    let found = found(&pack(&policies, &schema, &manifest));
    let found: Vec<_> = found
        .iter()
        .map(|(code, _, text)| (code.as_str(), text.as_str()))
        .collect();
    let idle = "action \"idle\" appliesTo { principal: [Key], resource: [Thing] };";
    assert_eq!(
        found,
        [
            ("group_unused", "reader"),
            ("group_unused", "nobody"),
            ("group_unknown", "Group::\"raeder\""),
            ("action_unused", idle),
            ("action_without_route", idle),
        ]
    );
}

#[test]
fn templates_are_linted_and_their_links_use_groups() {
    let policies = format!(
        r#"{CLEAN}
@id("t")
@reason("r")
forbid (
    principal in ?principal,
    action == Action::"read",
    resource
)
when {{ principal.size < 5 }};
"#
    );
    let manifest = MANIFEST.replace("reader = []", "reader = []\nlate = []")
        + "\n[[links]]\ntemplate = \"t\"\nid = \"late-reads\"\nprincipal = 'Group::\"late\"'\n";
    assert_eq!(
        found(&pack(&policies, SCHEMA, &manifest)),
        [(
            "forbid_may_err".to_owned(),
            Warning,
            "principal.size".to_owned()
        )]
    );
}

#[test]
fn text_that_looks_like_other_text() {
    let policies = CLEAN.replace(
        "@reason(\"r\")\npermit (\n    principal in Group::\"reader\"",
        "@reason(\"r\")\npermit (\n    principal in Group::\"re\u{430}der\"",
    );
    let manifest = MANIFEST
        .replace("reader = []", "\"re\u{430}der\" = []")
        .replace("\"reader\"", "\"re\u{430}der\"");
    let found = found(&pack(&policies, SCHEMA, &manifest));
    assert!(
        found.iter().any(|(code, ..)| code == "text_misleading"),
        "{found:?}"
    );
}

#[test]
fn policies_are_formatted_with_their_meaning_and_comments() {
    let text = "// The file.\n\n// One.\n@id(\"a\")   permit(principal,action,resource)\n  when{true};\n// End.\n";
    let source = Source::new("policies.cedar", text);
    let formatted = format(&source).expect("it is Cedar");
    assert_eq!(
        formatted,
        "// The file.\n\n// One.\n@id(\"a\")\npermit (principal, action, resource)\nwhen { true };\n// End.\n"
    );
    let again = format(&Source::new("policies.cedar", formatted.as_str())).expect("it is Cedar");
    assert_eq!(again, formatted);
    assert!(format(&Source::new("policies.cedar", "permit (")).is_err());
}

#[test]
fn the_shipped_pack_has_no_errors() {
    for (code, severity, text) in found(&packs::trading_api()) {
        assert_eq!(severity, Warning, "{code}: {text}");
    }
}
