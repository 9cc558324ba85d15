//! Who can do what, over the static hierarchy.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in a test, to panic is to fail"
)]

use countersign_core::policy::EntityUid;
use countersign_policies::cases::{Case, Outcome, Target, Who};
use countersign_policies::packs;
use countersign_policies::reach::{Clause, Grant, Subject, what_can, who_can};
use countersign_policies::reference::Reference;
use countersign_policies::{Source, Sources};

fn uid(entity_type: &str, id: &str) -> EntityUid {
    EntityUid::new(entity_type, id)
}

fn who(sources: &Sources, action: &str, resource: &EntityUid) -> Vec<Grant> {
    let reference = Reference::new(sources).expect("a pack");
    who_can(&reference, &uid("Action", action), resource).expect("grants")
}

fn subjects(grants: &[Grant]) -> Vec<String> {
    grants.iter().map(|one| one.subject.to_string()).collect()
}

fn conditions(clause: &Clause) -> Vec<String> {
    clause.conditions.iter().map(ToString::to_string).collect()
}

#[test]
fn a_group_stands_for_its_members_and_for_those_of_groups_in_it() {
    let grants = who(
        &packs::trading_api(),
        "read-market",
        &uid("Exchange", "main"),
    );
    assert_eq!(
        subjects(&grants),
        [
            "members of Group::\"market-data\"",
            "members of Group::\"read-only\"",
            "members of Group::\"trader\"",
        ]
    );
    assert!(grants.iter().all(|one| one.forbids.is_empty()));
}

#[test]
fn what_a_request_must_tell_is_left_as_conditions() {
    let grants = who(&packs::saas_api(), "create-project", &uid("Tenant", "acme"));
    assert_eq!(grants[0].subject, Subject::MembersOf(uid("Role", "admin")));
    assert_eq!(
        conditions(&grants[0].permits[0]),
        [
            "when context has projects",
            "when context.projects < principal.plan.projects",
        ]
    );
    assert_eq!(
        conditions(&grants[0].forbids[0]),
        ["unless principal has tenant && principal.tenant == resource"]
    );
    // `unless { action == Action::"read-invoices" }` is decided, and gone.
    assert_eq!(
        conditions(&grants[0].forbids[1]),
        [
            "when principal has suspended",
            "when principal.suspended != false"
        ]
    );
}

#[test]
fn groups_named_in_a_condition_count_too() {
    let grants = who(&packs::saas_api(), "read-invoices", &uid("Tenant", "acme"));
    assert_eq!(
        subjects(&grants),
        ["members of Role::\"admin\"", "members of Role::\"billing\""]
    );
    assert_eq!(conditions(&grants[0].permits[0]), [""; 0]);
}

#[test]
fn a_group_lists_what_its_members_can_do() {
    let reference = Reference::new(&packs::zero_trust_admin()).expect("a pack");
    let grants = what_can(&reference, &uid("Role", "service")).expect("grants");
    let actions: Vec<&str> = grants.iter().map(|one| one.action.id()).collect();
    assert_eq!(actions, ["rotate-own-key"]);
    let grants = what_can(&reference, &uid("Admin", "a1")).expect("grants");
    let export = grants.iter().find(|one| one.action.id() == "export-key");
    assert_eq!(
        conditions(&export.expect("a grant").permits[0])[0],
        "when principal in Role::\"owner\""
    );
}

#[test]
fn what_the_schema_excludes_is_refused() {
    let reference = Reference::new(&packs::trading_api()).expect("a pack");
    let withdraw = uid("Action", "withdraw");
    let error = who_can(&reference, &withdraw, &uid("Market", "m")).expect_err("refused");
    assert_eq!(error.code(), "action_not_applicable");
    let error = what_can(&reference, &uid("Market", "m")).expect_err("refused");
    assert_eq!(error.code(), "principal_not_applicable");
}

#[test]
fn a_forbid_that_always_applies_is_told() {
    let sources = Sources {
        policies: Source::new(
            "policies.cedar",
            "@id(\"a\") @reason(\"A.\") permit (principal, action, resource);\n\
             @id(\"b\") @reason(\"B.\") forbid (principal in Group::\"out\", action, resource);\n\
             @id(\"c\") @reason(\"C.\") permit (principal == User::\"ann\", action, resource is Doc) \
             when { principal.level > 2 };",
        ),
        schema: Source::new(
            "schema.cedarschema",
            "entity Group; entity User in [Group] = { level: Long }; entity Doc; \
             action read appliesTo { principal: [User], resource: [Doc], context: {} };",
        ),
        manifest: Source::new(
            "pack.toml",
            "name = \"p\"\nversion = \"1.0.0\"\nprincipal_type = \"User\"\ngroup_type = \"Group\"\n\
             [groups]\nout = []\n",
        ),
        entities: Some(Source::new(
            "entities.json",
            r#"[{"uid": {"type": "User", "id": "ann"}, "attrs": {"level": 3}, "parents": []},
                {"uid": {"type": "User", "id": "bob"}, "attrs": {"level": 3},
                 "parents": [{"type": "Group", "id": "out"}]}]"#,
        )),
    };
    let grants = who(&sources, "read", &uid("Doc", "d"));
    assert_eq!(
        subjects(&grants),
        [
            "any User",
            "members of Group::\"out\"",
            "User::\"ann\"",
            "User::\"bob\""
        ]
    );
    let refused: Vec<Option<&str>> = grants
        .iter()
        .map(|one| one.refused_by().map(|clause| clause.id.as_str()))
        .collect();
    assert_eq!(refused, [None, Some("b"), None, Some("b")]);
    // All is known of ann: the condition on her level is decided.
    let ids: Vec<&str> = grants[2]
        .permits
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    assert_eq!(ids, ["a", "c"]);
    assert_eq!(conditions(&grants[2].permits[1]), [""; 0]);
}

/// What a pack allows to a key is granted to one of its groups, or to anyone.
#[test]
fn every_case_that_is_allowed_is_granted() {
    for pack in packs::all() {
        let target = Target::new(&pack.sources).expect("the pack compiles");
        let reference = Reference::new(&pack.sources).expect("a pack");
        for case in pack
            .cases
            .iter()
            .flat_map(|file| Case::read(file).expect("cases"))
        {
            let Some(question) = target.question(&case) else {
                continue;
            };
            let answer = target.ask(&question).expect("an answer");
            let (Outcome::Allow | Outcome::StepUp, Who::Key { groups, .. }) =
                (answer.outcome, &case.who)
            else {
                continue;
            };
            let grants = who_can(&reference, &question.action, &question.resource).expect("grants");
            for reason in &answer.reasons {
                let granted = grants.iter().any(|grant| {
                    let subject = match &grant.subject {
                        Subject::Any(_) => true,
                        Subject::MembersOf(group) => groups.iter().any(|own| own == group.id()),
                        Subject::Entity(uid) => *uid == question.principal,
                    };
                    let refused = grant.refused_by().is_some();
                    subject && !refused && grant.permits.iter().any(|one| one.id == *reason)
                });
                assert!(granted, "{}: {}: {reason}", pack.name, case.description);
            }
        }
    }
}
