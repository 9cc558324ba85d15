//! What a pack is refused for: the code, the sentence, the place.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use countersign_policies::{Problem, Source, Sources, compile};

const SCHEMA: &str = r#"
entity Group;
entity Key in [Group] = { name: String, addresses: Set<String> } tags String;
entity Thing;
action "use" appliesTo { principal: [Key], resource: [Thing], context: { n?: Long, ip?: ipaddr } };
"#;

const MANIFEST: &str = r#"
name = "test"
version = "1.0.0"
principal_type = "Key"
group_type = "Group"
"#;

fn sources(policies: &str, manifest: &str) -> Sources {
    Sources {
        policies: Source::new("policies.cedar", policies),
        schema: Source::new("schema.cedarschema", SCHEMA),
        manifest: Source::new("pack.toml", format!("{MANIFEST}{manifest}")),
        entities: None,
    }
}

/// Asserts each problem: its code, the source's name, its sentence, the text that it underlines.
fn refused(sources: &Sources, expected: &[(&str, &str, &str, &str)]) {
    let diagnostics = compile(sources).map(|_| ()).expect_err("it is refused");
    let found: Vec<_> = diagnostics
        .problems()
        .iter()
        .map(|problem| {
            (
                problem.code(),
                problem.source_name(),
                problem.to_string(),
                problem.text().unwrap_or_default(),
            )
        })
        .collect();
    let found: Vec<_> = found
        .iter()
        .map(|(code, source, message, text)| (*code, *source, message.as_str(), *text))
        .collect();
    assert_eq!(found, expected);
}

fn policies_refused(policies: &str, expected: &[(&str, &str, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(code, message, text)| (*code, "policies.cedar", *message, *text))
        .collect();
    refused(&sources(policies, ""), &expected);
}

fn manifest_refused(manifest: &str, expected: &[(&str, &str, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(code, message, text)| (*code, "pack.toml", *message, *text))
        .collect();
    refused(&sources("", manifest), &expected);
}

#[test]
fn links_are_checked_against_the_templates() {
    let template = r#"@id("t") @reason("r") permit (principal == ?principal, action, resource);"#;
    let link = |rest: &str| format!("[[links]]\ntemplate = \"t\"\nid = \"l\"\n{rest}\n");
    for (manifest, code, message) in [
        (
            link("principal = 'Key::\"k\"'").replace("\"t\"", "\"u\""),
            "template_unknown",
            "there is no template `u`",
        ),
        (
            link("principal = 'k'"),
            "link_malformed",
            "`k` isn't the name of an entity, such as `User::\"ann\"`",
        ),
    ] {
        let sources = sources(template, &manifest);
        refused(&sources, &[(code, "pack.toml", message, "[[links]]")]);
    }
    for manifest in [
        link(""),
        link("principal = 'Key::\"k\"'\nresource = 'Thing::\"t\"'"),
    ] {
        let diagnostics = compile(&sources(template, &manifest)).expect_err("slots don't match");
        let codes: Vec<_> = diagnostics.problems().iter().map(Problem::code).collect();
        assert_eq!(codes, ["link_malformed"]);
    }
}

#[test]
fn deep_policies_compile_or_are_refused() {
    let policy = |condition: &str| {
        format!(
            "@id(\"a\") @reason(\"r\") permit (principal, action, resource) when {{ {condition} }};"
        )
    };
    let nested = |depth: usize| {
        let (open, close) = ("(".repeat(depth), ")".repeat(depth));
        policy(&format!("{open}principal.name == \"x\"{close}"))
    };
    let chained = |length: usize| policy(&vec!["principal has name"; length].join(" || "));
    assert!(compile(&sources(&chained(2000), "")).is_ok());
    for deep in [
        nested(10_000),
        policy(&format!("{}true", "!".repeat(10_000))),
    ] {
        // Cedar may have a limit of its own; what counts is that it answers.
        let _ = compile(&sources(&deep, ""));
    }
    for long in [nested(40_000), chained(10_000)] {
        let error = compile(&sources(&long, "")).expect_err("it is too long");
        assert_eq!(error.problems()[0].code(), "policy_too_long");
    }
}

#[test]
fn a_version_is_three_numbers() {
    for version in ["1", "1.0", "1.0.0.0", "1.0.x", "01.0.0", "1.0.-1", "v1.0.0"] {
        let mut sources = sources("", "");
        let manifest = MANIFEST.replace("1.0.0", version);
        sources.manifest = Source::new("pack.toml", manifest);
        let message = format!("the version `{version}` isn't three numbers");
        refused(
            &sources,
            &[("pack_version_malformed", "pack.toml", &message, "")],
        );
    }
}

#[test]
fn a_policy_of_a_pack_has_an_id_and_a_reason() {
    let policy = "permit (principal, action, resource);";
    let empty = r#"@id("a") @reason(" ") permit (principal, action, resource);"#;
    policies_refused(
        &format!("{policy}\n{empty}"),
        &[
            ("policy_id_missing", "the policy has no `@id`", policy),
            (
                "policy_reason_missing",
                "the policy has no `@reason`",
                policy,
            ),
            (
                "policy_reason_missing",
                "the policy has no `@reason`",
                empty,
            ),
        ],
    );
}

#[test]
fn an_id_is_given_once() {
    let first = r#"@id("a") @reason("r") permit (principal, action, resource);"#;
    let second = r#"@id("a") @reason("r") forbid (principal, action, resource);"#;
    policies_refused(
        &format!("{first}\n{second}"),
        &[(
            "policy_id_duplicate",
            "two policies have the id `a`",
            second,
        )],
    );
}

#[test]
fn a_policy_is_valid_by_the_schema() {
    let diagnostics = compile(&sources(
        r#"@id("a") @reason("r") permit (principal, action, resource) when { principal.nam == "x" };"#,
        "",
    ))
    .map(|_| ())
    .expect_err("there is no such attribute");
    let [problem] = diagnostics.problems() else {
        panic!("one problem");
    };
    assert_eq!(problem.code(), "policy_not_valid");
    assert_eq!(problem.text(), Some("principal.nam"));
}

#[test]
fn texts_that_are_not_cedar_are_refused() {
    let diagnostics = compile(&sources("permit (principal, action);", ""))
        .map(|_| ())
        .expect_err("no resource");
    assert_eq!(
        diagnostics.problems().first().map(Problem::code),
        Some("policy_syntax")
    );
    let mut broken = sources("", "");
    broken.schema = Source::new("schema.cedarschema", "entity ;");
    let diagnostics = compile(&broken).map(|_| ()).expect_err("no name");
    assert_eq!(
        diagnostics.problems().first().map(Problem::code),
        Some("schema_malformed")
    );
}

#[test]
fn a_manifest_is_read_strictly() {
    manifest_refused(
        "colour = 1",
        &[(
            "pack_manifest_malformed",
            "unknown field `colour`, expected one of `name`, `version`, `principal_type`, \
             `group_type`, `action_type`, `policy_ids`, `groups`, `routes`, `links`",
            "colour",
        )],
    );
}

#[test]
fn the_types_of_a_pack_are_in_its_schema() {
    let mut unknown = sources("", "");
    unknown.manifest = Source::new(
        "pack.toml",
        "name = \"a\"\nversion = \"1.0.0\"\nprincipal_type = \"Kay\"\ngroup_type = \"Group\"\n",
    );
    refused(
        &unknown,
        &[(
            "entity_type_unknown",
            "pack.toml",
            "the schema has no entity type `Kay`",
            "",
        )],
    );
}

fn route(path: &str, rest: &str) -> String {
    format!("[[routes]]\nmethod = \"GET\"\npath = \"{path}\"\n{rest}\n")
}

const USE: &str = "action = \"use\"\nresource = { type = \"Thing\", id = \"one\" }";

#[test]
fn routes_are_checked_against_the_schema() {
    let unknown = route(
        "/a",
        "action = \"abuse\"\nresource = { type = \"Thing\", id = \"1\" }",
    );
    manifest_refused(
        &unknown,
        &[(
            "route_action_unknown",
            "the schema has no action `Action::\"abuse\"`",
            "[[routes]]",
        )],
    );
    let inapplicable = route(
        "/a",
        "action = \"use\"\nresource = { type = \"Group\", id = \"1\" }",
    );
    manifest_refused(
        &inapplicable,
        &[(
            "route_not_applicable",
            "by the schema, `Action::\"use\"` does not apply to a `Key` and a `Group`",
            "[[routes]]",
        )],
    );
}

#[test]
fn a_path_has_one_most_literal_route() {
    let clear = [
        route("/a/{x}", USE),
        route("/{x}/{y}", USE),
        route("/a/b", USE),
    ]
    .concat();
    compile(&sources("", &clear)).expect("each is more literal than the next");
    for (first, second) in [("/a/{x}", "/{x}/b"), ("/a/{x}", "/a/{y}"), ("/a", "/a")] {
        let both = route(first, USE) + &route(second, USE);
        let message = format!(
            "a path can match both `GET {second}` and an earlier route, and neither is more literal"
        );
        manifest_refused(&both, &[("route_ambiguous", &message, "[[routes]]")]);
    }
}

#[test]
fn a_template_is_a_path_that_can_match() {
    for (path, message) in [
        ("a", "the path `a` does not begin with `/`"),
        ("/a/", "`` can't be a segment of the path `/a/`"),
        ("/a/../b", "`..` can't be a segment of the path `/a/../b`"),
        ("/a%20b", "`a%20b` can't be a segment of the path `/a%20b`"),
        (
            "/{a-b}",
            "the placeholder `{a-b}` is not a name, or is there twice",
        ),
        (
            "/{a}/{a}",
            "the placeholder `{a}` is not a name, or is there twice",
        ),
        ("/a{b}", "`a{b}` can't be a segment of the path `/a{b}`"),
    ] {
        manifest_refused(
            &route(path, USE),
            &[("route_malformed", message, "[[routes]]")],
        );
    }
    let neither = route("/{a}", "action = \"use\"\nresource = { type = \"Thing\" }");
    manifest_refused(
        &neither,
        &[(
            "route_malformed",
            "the resource needs either its `id` or the `segment` that is its id",
            "[[routes]]",
        )],
    );
    let unknown = route(
        "/{a}",
        "action = \"use\"\nresource = { type = \"Thing\", segment = \"b\" }",
    );
    manifest_refused(
        &unknown,
        &[(
            "route_malformed",
            "the path has no placeholder `b`",
            "[[routes]]",
        )],
    );
}

#[test]
fn groups_have_no_cycle() {
    let diagnostics = compile(&sources("", "[groups]\na = [\"b\"]\nb = [\"a\"]\n"))
        .map(|_| ())
        .expect_err("a cycle");
    assert_eq!(
        diagnostics.problems().first().map(Problem::code),
        Some("entities_malformed")
    );
}
