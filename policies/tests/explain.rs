//! Explanations: which conditions decided, by which values, and what was missing.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in a test, to panic is to fail"
)]

use countersign_policies::cases::{Case, Outcome, Target};
use countersign_policies::explain::{Explanation, Finding, Missing, Truth, explain};
use countersign_policies::packs::{self, Pack};
use countersign_policies::reference::Reference;

fn explained(pack: &str, description: &str) -> Explanation {
    let Pack { sources, cases, .. } = packs::find(pack).expect("a pack");
    let target = Target::new(&sources).expect("the pack compiles");
    let case = cases
        .iter()
        .flat_map(|file| Case::read(file).expect("cases"))
        .find(|case| case.description == description)
        .expect("the case");
    let question = target.question(&case).expect("a route");
    explain(&Reference::new(&sources).expect("a pack"), &question).expect("an explanation")
}

fn sentences(explanation: &Explanation, policy: &str) -> Vec<String> {
    let spoken = explanation.policies.iter().find(|one| one.id == policy);
    let findings = &spoken.expect("the policy").findings;
    findings.iter().map(Finding::sentence).collect()
}

#[test]
fn a_forbid_is_explained_by_what_decided_and_its_values() {
    let explanation = explained("trading-api", "not from another address");
    assert_eq!(
        sentences(&explanation, "withdraw-only-from-allowed-address"),
        [
            "`principal.ip_allow_list.contains(context.client_ip)` is false, where \
             `principal.ip_allow_list` is [ip(\"203.0.113.7\")] and `context.client_ip` is \
             ip(\"198.51.100.9\")",
            "`principal has ip_allow_range` is false",
        ]
    );
    assert_eq!(
        sentences(&explanation, "withdraw-only-live"),
        [
            "`principal has environment` is true",
            "`principal.environment == \"live\"` is true, where `principal.environment` is \"live\"",
        ]
    );
}

#[test]
fn the_closest_permit_says_what_it_would_have_needed() {
    let explanation = explained("trading-api", "not by a trading key");
    let near = &explanation.closest[0];
    assert_eq!(near.id, "withdrawer-withdraws");
    let missing: Vec<String> = near.missing.iter().map(Missing::sentence).collect();
    assert_eq!(
        missing,
        ["the principal ApiKey::\"k7\" is not in Group::\"withdrawer\""]
    );

    let explanation = explained("zero-trust-admin", "not from an address that isn't known");
    let near = &explanation.closest[0];
    assert_eq!(near.id, "owner-exports");
    let missing: Vec<String> = near.missing.iter().map(Missing::sentence).collect();
    // That the address isn't in the range comes of it, and isn't said.
    assert_eq!(missing, ["`context has client_ip` would have to be true"]);
}

#[test]
fn one_of_several_things_would_have_done() {
    let explanation = explained("zero-trust-admin", "not from outside");
    let missing = explanation.closest[0].missing[0].sentence();
    assert!(
        missing.starts_with("one of these would have done: "),
        "{missing}"
    );
    assert!(missing.contains("ip(\"10.0.0.0/8\")"), "{missing}");
    assert!(missing.contains("ip(\"fd00::/8\")"), "{missing}");
}

#[test]
fn an_error_is_explained() {
    let explanation = explained(
        "saas-api",
        "a count that is a string is an error, and creates nothing",
    );
    let spoken = explanation
        .policies
        .iter()
        .find(|one| one.id == "member-creates-project")
        .expect("the policy");
    assert!(matches!(spoken.truth, Truth::Error(_)));
    let sentence = spoken.findings[0].sentence();
    assert!(sentence.contains("is an error (type error"), "{sentence}");
    assert!(
        sentence.contains("`context.projects` is \"3\""),
        "{sentence}"
    );
}

#[test]
fn a_negated_comparison_is_told_as_it_is_written() {
    let explanation = explained("saas-api", "a tenant that is shut off reads no project");
    assert_eq!(
        sentences(&explanation, "suspended-reads-invoices-at-most")[1],
        "`principal.suspended != false` is true, where `principal.suspended` is true"
    );
}

/// What the explanation says of the policies is what the bundle answers.
#[test]
fn explanations_agree_with_the_answers() {
    for Pack {
        sources,
        cases,
        name,
    } in packs::all()
    {
        let target = Target::new(&sources).expect("the pack compiles");
        let reference = Reference::new(&sources).expect("a pack");
        for case in cases
            .iter()
            .flat_map(|file| Case::read(file).expect("cases"))
        {
            let Some(question) = target.question(&case) else {
                continue;
            };
            let answer = target.ask(&question).expect("an answer");
            let explanation = explain(&reference, &question).expect("an explanation");
            for spoken in &explanation.policies {
                let erred = matches!(spoken.truth, Truth::Error(_));
                assert_eq!(erred, answer.errors.contains_key(&spoken.id), "{name}");
                if answer.reasons.contains(&spoken.id) {
                    assert_eq!(spoken.truth, Truth::True, "{name}: {}", case.description);
                }
            }
            if matches!(answer.outcome, Outcome::Allow | Outcome::StepUp) {
                assert!(explanation.closest.is_empty(), "{name}");
            }
            for near in &explanation.closest {
                assert!(!near.missing.is_empty(), "{name}: {}", case.description);
            }
        }
    }
}
