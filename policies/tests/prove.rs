//! Questions to the solver, and what it answers of small packs.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use countersign_policies::advise::{self, advise};
use countersign_policies::cases::{Case, Question, Target};
use countersign_policies::prove::{
    CounterExample, PolicyVerdict, ProveError, Prover, Shadow, Solver,
};
use countersign_policies::{Source, Sources, packs};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const SCHEMA: &str = r#"
    entity Group in [Group];
    entity User in [Group] = { level: Long, nick?: String };
    entity Doc in [Folder] = { owner: User, size: Long };
    entity Folder;
    type Request = { hour: Long };
    action "read" appliesTo { principal: [User], resource: [Doc, Folder], context: Request };
    action "write" appliesTo { principal: [User], resource: [Doc], context: Request };
"#;

const MANIFEST: &str = r#"
    name = "small"
    version = "1.0.0"
    principal_type = "User"
    group_type = "Group"
    policy_ids = "place"
    [groups]
    staff = []
    admin = ["staff"]
"#;

fn pack(policies: &str) -> Sources {
    Sources {
        policies: Source::new("policies.cedar", policies),
        schema: Source::new("schema.cedarschema", SCHEMA),
        manifest: Source::new("pack.toml", MANIFEST),
        entities: None,
    }
}

/// The prover, unless the machine has no solver. In CI it must have one.
fn prover() -> Option<Prover> {
    match Solver::find() {
        Ok(solver) => Some(Prover::new(solver, Duration::from_mins(1))),
        Err(error) if !in_ci() => {
            assert_eq!(error.code(), "solver_unavailable");
            println!("skipped: cvc5 is not installed");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

fn allowed(example: &CounterExample) -> Vec<bool> {
    example
        .answers
        .iter()
        .map(|answer| answer.allowed)
        .collect()
}

#[test]
fn two_ways_to_say_the_same_are_equivalent() {
    let Some(prover) = prover() else { return };
    let left = pack(
        r"permit (principal, action, resource is Doc) when { principal == resource.owner };
        forbid (principal, action, resource) when { context.hour < 8 || context.hour >= 18 };",
    );
    let right = pack(
        r"permit (principal, action, resource is Doc)
        when { resource.owner == principal && !(8 > context.hour) } unless { 18 <= context.hour };",
    );
    let verdict = prover.equivalent(&left, &right).expect("an answer");
    assert!(verdict.is_proved(), "{verdict:?}");
    assert_eq!(verdict.environments, 3);
}

/// A pack allows no more for having the permits that are advised beside its own.
#[test]
fn what_is_advised_allows_nothing_new() {
    let Some(prover) = prover() else { return };
    for (pack, cases) in packs::all()
        .into_iter()
        .map(|pack| (pack.sources, pack.cases))
    {
        let target = Target::new(&pack).expect("a pack");
        let cases = cases
            .iter()
            .flat_map(|file| Case::read(file).expect("cases"));
        let asked: Vec<Question> = cases.filter_map(|case| target.question(&case)).collect();
        // Narrowed in every way that there is.
        let request = advise::Request {
            most_values: 3,
            ..advise::Request::new(&asked, &[])
        };
        let advice = advise(&pack, &request).expect("advice");
        assert!(advice.permits.len() > 3);
        let policies = format!("{}\n{}", pack.policies.text(), advice.policies);
        let both = Sources {
            policies: Source::new("both.cedar", policies),
            ..pack.clone()
        };
        let verdict = prover.equivalent(&pack, &both).expect("an answer");
        assert!(verdict.is_proved(), "{verdict:?}");
    }
}

#[test]
fn a_difference_is_shown_by_a_request_that_core_answers_so() {
    let Some(prover) = prover() else { return };
    let left = pack(
        r#"permit (principal, action == Action::"write", resource) when { principal.level > 3 };"#,
    );
    let right = pack(
        r#"permit (principal, action == Action::"write", resource) when { principal.level >= 3 };"#,
    );
    let verdict = prover.equivalent(&left, &right).expect("an answer");
    let example = verdict.counter_example.expect("a counter-example");
    assert_eq!(allowed(&example), [false, true]);
    assert_eq!(example.answers[1].reasons, ["policy0"]);
    assert_eq!(example.action.to_string(), r#"Action::"write""#);
    let principal = example
        .entities
        .as_array()
        .expect("a list")
        .iter()
        .find(|entity| {
            entity["uid"]["type"] == "User" && entity["uid"]["id"] == *example.principal.id()
        });
    assert_eq!(principal.expect("the principal")["attrs"]["level"], 3);
}

#[test]
fn what_is_never_allowed_is_proved_or_refuted() {
    let Some(prover) = prover() else { return };
    let pack = pack(
        r#"permit (principal in Group::"staff", action, resource) when { context.hour > 8 };"#,
    );
    let never = |what: &str| prover.never_allows(&pack, what).expect("an answer");
    assert!(never("(principal, action, resource) when { context.hour == 3 }").is_proved());
    // Only because of the pack's groups: an admin is of the staff.
    assert!(
        never(r#"(principal, action, resource) unless { principal in Group::"staff" }"#)
            .is_proved()
    );
    let verdict = never(r#"(principal in Group::"admin", action == Action::"write", resource);"#);
    let example = verdict.counter_example.expect("a counter-example");
    assert_eq!(allowed(&example), [true]);
}

#[test]
fn the_packs_own_entities_are_as_the_pack_says() {
    let Some(prover) = prover() else { return };
    let mut sources = pack(r#"permit (principal in Group::"staff", action, resource);"#);
    let never = r#"(principal in Group::"staff", action, resource) when { !(Group::"admin" in Group::"staff") }"#;
    assert!(
        prover
            .never_allows(&sources, never)
            .expect("an answer")
            .is_proved()
    );

    sources.entities = Some(Source::new(
        "entities.json",
        r#"[
        { "uid": { "type": "User", "id": "root" }, "attrs": { "level": 9 }, "parents": [] },
        { "uid": { "type": "Doc", "id": "plan" }, "parents": [],
          "attrs": { "size": 1, "owner": { "type": "User", "id": "root" } } }
    ]"#,
    ));
    sources.policies = Source::new(
        "policies.cedar",
        r#"
        permit (principal, action, resource) when { context.hour < Doc::"plan".owner.level };"#,
    );
    let never = |what: &str| prover.never_allows(&sources, what).expect("an answer");
    assert!(never("(principal, action, resource) when { context.hour == 9 }").is_proved());
    assert!(!never("(principal, action, resource) when { context.hour == 8 }").is_proved());
    assert!(never(r#"(principal, action, resource) when { User::"root" has nick }"#).is_proved());
}

#[test]
fn what_the_evaluator_doesnt_answer_so_is_not_claimed() {
    let Some(prover) = prover() else { return };
    let mut pack = pack(
        r#"permit (principal, action, resource is Doc)
           when { Group::"staff" in resource.team && resource.team != Group::"staff" };"#,
    );
    let schema = SCHEMA.replace("size: Long", "size: Long, team: Group");
    pack.schema = Source::new("schema.cedarschema", schema);
    // The pack's staff is a member of nothing; the solver wasn't told so of groups without a name.
    let error = prover
        .never_allows(&pack, "(principal, action, resource)")
        .expect_err("a replay that disagrees");
    assert_eq!(error.code(), "replay_disagrees");
    let ProveError::ReplayDisagrees(example) = error else {
        panic!("another error");
    };
    assert!(!example.answers[0].allowed);
}

fn shadows(prover: &Prover, pack: &Sources) -> BTreeMap<String, Option<Shadow>> {
    let found = prover.effectiveness(pack).expect("an answer");
    found
        .into_iter()
        .map(|one| {
            let shadow = match one.verdict {
                PolicyVerdict::Shadowed(shadow) => Some(shadow),
                PolicyVerdict::Matters(witness) => {
                    let answers = allowed(&witness);
                    assert_ne!(answers[0], answers[1], "{}", one.policy);
                    None
                }
            };
            (one.policy, shadow)
        })
        .collect()
}

#[test]
fn a_policy_that_changes_no_answer_is_named_and_why() {
    let Some(prover) = prover() else { return };
    let pack = pack(
        r#"
        permit (principal in Group::"staff", action, resource);
        permit (principal in Group::"admin", action == Action::"read", resource);
        forbid (principal, action, resource is Doc) when { context.hour > 20 };
        forbid (principal, action == Action::"write", resource) when { context.hour > 22 };
        permit (principal, action, resource is Doc) when { context.hour == 23 };
        permit (principal, action, resource) when { context.hour > 5 && context.hour < 3 };
        forbid (principal, action, resource is Folder) when { !(principal in Group::"staff") };
    "#,
    );
    let shadows = shadows(&prover, &pack);
    let of = |at: usize| shadows[&format!("policy{at}")].clone();
    assert_eq!(of(0), None);
    assert_eq!(of(1), Some(Shadow::ImpliedBy("policy0".into())));
    assert_eq!(of(2), None);
    assert_eq!(of(3), Some(Shadow::ImpliedBy("policy2".into())));
    assert_eq!(of(4), Some(Shadow::AlwaysForbidden));
    assert_eq!(of(5), Some(Shadow::NeverApplies));
    assert_eq!(of(6), Some(Shadow::NothingPermitted));
}

#[test]
fn a_forbid_of_everything_shadows_all_others() {
    let Some(prover) = prover() else { return };
    let pack = pack(
        r"
        permit (principal, action, resource);
        permit (principal, action, resource is Doc) when { resource.size > 3 };
        forbid (principal, action, resource is Doc);
        forbid (principal, action, resource);
    ",
    );
    let shadows = shadows(&prover, &pack);
    assert_eq!(shadows["policy0"], Some(Shadow::AlwaysForbidden));
    assert_eq!(shadows["policy1"], Some(Shadow::AlwaysForbidden));
    assert_eq!(
        shadows["policy2"],
        Some(Shadow::ImpliedBy("policy3".into()))
    );
    assert_eq!(shadows["policy3"], None);
}

#[test]
fn several_policies_together_shadow_one() {
    let Some(prover) = prover() else { return };
    let pack = pack(
        r"
        permit (principal, action, resource) when { context.hour <= 12 };
        permit (principal, action, resource) when { context.hour > 12 };
        permit (principal, action, resource is Doc);
        forbid (principal, action, resource is Folder);
        permit (principal, action, resource) when { context.hour == 12 || resource is Folder };
    ",
    );
    let shadows = shadows(&prover, &pack);
    assert_eq!(shadows["policy2"], Some(Shadow::ImpliedTogether));
    assert_eq!(shadows["policy4"], Some(Shadow::ImpliedTogether));
}

#[test]
fn a_policy_that_can_err_is_shown_erring() {
    let Some(prover) = prover() else { return };
    let safe =
        pack("permit (principal, action, resource) when { principal.level < context.hour };");
    assert!(prover.never_errs(&safe).expect("an answer").is_proved());
    let risky =
        pack("forbid (principal, action, resource) when { principal.level + context.hour > 5 };");
    let verdict = prover.never_errs(&risky).expect("an answer");
    let example = verdict.counter_example.expect("a counter-example");
    assert_eq!(example.answers[0].errors, ["policy0"]);
}

#[test]
fn trading_api_withdraws_only_live_and_from_known_addresses() {
    let Some(prover) = prover() else { return };
    let pack = packs::trading_api();
    let never = |what: &str| prover.never_allows(&pack, what).expect("an answer");
    let withdraw = r#"(principal, action == Action::"withdraw", resource)"#;
    assert!(
        never(&format!(
            r#"{withdraw} when {{ principal.environment != "live" }}"#
        ))
        .is_proved()
    );
    assert!(never(&format!("{withdraw} unless {{ context has client_ip }}")).is_proved());
    assert!(
        never(&format!(
            r#"{withdraw} unless {{ principal in Group::"withdrawer" }}"#
        ))
        .is_proved()
    );
    assert!(!never(withdraw).is_proved());
    assert!(
        prover
            .equivalent(&pack, &pack)
            .expect("an answer")
            .is_proved()
    );
    assert!(prover.never_errs(&pack).expect("an answer").is_proved());
    // The permit asks for what it demands, so that an error denies; it is there to say why.
    for (policy, shadow) in shadows(&prover, &pack) {
        let idle = policy == "withdraw-only-from-allowed-address";
        let expected = idle.then_some(Shadow::NothingPermitted);
        assert_eq!(shadow, expected, "{policy}");
    }
}

#[test]
fn links_of_a_template_are_policies_like_others() {
    let Some(prover) = prover() else { return };
    let mut pack = pack(
        r"permit (principal in ?principal, action, resource) when { context.hour > 8 };
           forbid (principal, action, resource is Doc) when { context.hour > 20 };",
    );
    let link = |id: &str, group: &str| {
        format!(
            "[[links]]\ntemplate = \"policy0\"\nid = \"{id}\"\nprincipal = 'Group::\"{group}\"'\n"
        )
    };
    let manifest = format!(
        "{MANIFEST}\n{}{}",
        link("all", "staff"),
        link("few", "admin")
    );
    pack.manifest = Source::new("pack.toml", manifest);
    let shadows = shadows(&prover, &pack);
    assert_eq!(shadows["all"], None);
    assert_eq!(shadows["few"], Some(Shadow::ImpliedBy("all".into())));
    assert_eq!(shadows["policy1"], None);
    let never = r"(principal, action, resource) when { context.hour < 9 }";
    assert!(
        prover
            .never_allows(&pack, never)
            .expect("an answer")
            .is_proved()
    );
}

const NETWORK: &str = r#"
    entity User = { limit: decimal, home: ipaddr } tags String;
    entity Doc;
    type Request = { from: ipaddr, amount: decimal, at: datetime, took: duration };
    action "read" appliesTo { principal: [User], resource: [Doc], context: Request };
"#;

fn network(policies: &str) -> Sources {
    Sources {
        schema: Source::new("schema.cedarschema", NETWORK),
        manifest: Source::new(
            "pack.toml",
            MANIFEST.split("group_type").next().unwrap_or("").to_owned() + "policy_ids = \"place\"",
        ),
        ..pack(policies)
    }
}

#[test]
fn extension_types_are_proved_and_replayed() {
    let Some(prover) = prover() else { return };
    let office = network(
        r#"permit (principal, action, resource) when { context.from.isInRange(ip("10.0.0.0/8"))
               && context.amount.lessThan(principal.limit) };
           forbid (principal, action, resource) when { context.took > duration("1h") };
           forbid (principal, action, resource) when { context.from.isLoopback() };"#,
    );
    let never = |what: &str| prover.never_allows(&office, what).expect("an answer");
    let all = "(principal, action, resource) when";
    assert!(never(&format!("{all} {{ context.from.isLoopback() }}")).is_proved());
    assert!(never(&format!(r#"{all} {{ context.from == ip("192.168.0.1") }}"#)).is_proved());
    assert!(never(&format!("{all} {{ context.amount == principal.limit }}")).is_proved());
    assert!(never(&format!(r#"{all} {{ context.took == duration("2h") }}"#)).is_proved());
    for refuted in [
        r#"context.from.isInRange(ip("10.1.0.0/16")) && context.from != principal.home"#,
        r#"context.amount.greaterThan(decimal("3.1415"))"#,
        r#"context.at > datetime("2024-02-29") && context.took < duration("-3ms")"#,
        r#"principal.hasTag("team") && principal.getTag("team") == "a""#,
    ] {
        let example = never(&format!("{all} {{ {refuted} }}")).counter_example;
        assert_eq!(allowed(&example.expect(refuted)), [true], "{refuted}");
    }
    let shadows = shadows(&prover, &office);
    assert_eq!(shadows["policy1"], None);
    assert_eq!(shadows["policy2"], Some(Shadow::NothingPermitted));

    let wider = network(
        r#"permit (principal, action, resource) when { context.from.isInRange(ip("10.0.0.0/7"))
               && context.amount.lessThan(principal.limit) }
           unless { context.took > duration("60m") };"#,
    );
    let verdict = prover.equivalent(&office, &wider).expect("an answer");
    let example = verdict.counter_example.expect("a counter-example");
    assert_eq!(allowed(&example), [false, true]);

    let shifted = network(
        r#"permit (principal, action, resource)
           when { context.at.offset(context.took) > datetime("2024-01-01") };"#,
    );
    let verdict = prover.never_errs(&shifted).expect("an answer");
    let example = verdict.counter_example.expect("a counter-example");
    assert_eq!(example.answers[0].errors, ["policy0"]);
}

#[test]
fn a_question_that_cant_be_asked_is_refused() {
    let Some(prover) = prover() else { return };
    let small = pack("permit (principal, action, resource);");
    for never in [
        "",
        "(principal)",
        "(principal, action, resource) when { context.minute == 3 }",
        "(principal, action, resource); forbid (principal, action, resource)",
        "(principal == ?principal, action, resource)",
    ] {
        let error = prover.never_allows(&small, never).expect_err(never);
        assert_eq!(error.code(), "question_malformed", "{never}");
    }
    let error = prover
        .equivalent(&small, &packs::trading_api())
        .expect_err("schemas");
    assert_eq!(error.code(), "schemas_differ");
    let mut other = small.clone();
    other.manifest = Source::new("pack.toml", MANIFEST.replace("[\"staff\"]", "[]"));
    let error = prover.equivalent(&small, &other).expect_err("entities");
    assert_eq!(error.code(), "entities_differ");
    let error = prover
        .never_errs(&pack("permit (principal, action"))
        .expect_err("syntax");
    assert_eq!(error.code(), "pack_invalid");
}

#[test]
fn a_schema_laid_out_otherwise_is_the_same() {
    let Some(prover) = prover() else { return };
    let left = pack("permit (principal, action, resource);");
    let mut right = left.clone();
    right.schema = Source::new(
        "other",
        format!("// Another layout.\n{}", SCHEMA.replace(", ", " ,\n")),
    );
    assert!(
        prover
            .equivalent(&left, &right)
            .expect("an answer")
            .is_proved()
    );
}

#[test]
fn without_a_solver_the_error_says_so() {
    for command in ["/nowhere/cvc5", "/bin/cat"] {
        let error = Solver::at(command).expect_err(command);
        assert_eq!(error.code(), "solver_unavailable");
        assert!(
            error
                .help()
                .is_some_and(|help| help.contains("apt-get install cvc5"))
        );
    }
}

#[cfg(unix)]
#[test]
fn a_solver_that_takes_too_long_is_killed() {
    use std::os::unix::fs::PermissionsExt as _;
    // Says what cvc5 says of its version, and then nothing.
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("cvc5");
    let pid = folder.path().join("pid");
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && exec echo 'This is cvc5 version 9.9'\n\
         echo $$ > {}\nexec sleep 600\n",
        pid.display()
    );
    fs::write(&script, text).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("executable");

    let solver = Solver::at(&script).expect("a solver");
    assert_eq!(solver.version(), "9.9");
    let prover = Prover::new(solver, Duration::from_secs(2));
    let start = Instant::now();
    let pack = pack("permit (principal, action, resource) when { context.hour > 3 };");
    let error = prover
        .never_allows(&pack, "(principal, action, resource)")
        .expect_err("no answer");
    assert!(matches!(error, ProveError::SolverTimeout(_)), "{error}");
    assert!(start.elapsed() < Duration::from_mins(1));
    let pid = fs::read_to_string(pid).expect("it ran");
    assert!(
        !Path::new("/proc").join(pid.trim()).exists(),
        "it still runs"
    );
}

#[test]
fn a_deeply_nested_policy_is_answered() {
    let Some(prover) = prover() else { return };
    let chain = vec!["context.hour == 1"; 400].join(" || ");
    let pack = pack(&format!(
        "permit (principal, action, resource) when {{ {chain} }};"
    ));
    let verdict = prover.never_allows(
        &pack,
        "(principal, action, resource) when { context.hour == 2 }",
    );
    assert!(verdict.expect("an answer").is_proved());
}

#[test]
fn a_policy_too_deep_for_the_time_is_left() {
    let Some(prover) = prover() else { return };
    let prover = Prover::new(prover.solver().clone(), Duration::from_secs(1));
    let chain = vec!["context.hour == 1"; 3000].join(" || ");
    let pack = pack(&format!(
        "permit (principal, action, resource) when {{ {chain} }};"
    ));
    let start = Instant::now();
    let answer = prover.never_errs(&pack);
    assert!(start.elapsed() < Duration::from_mins(1));
    if let Err(error) = answer {
        assert_eq!(error.code(), "solver_timeout");
    }
}
