//! The least policies that would have allowed what was done.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in a test, to panic is to fail"
)]

mod support;

use std::collections::BTreeSet;

use countersign_core::policy::EntityUid;
use countersign_policies::advise::{Advice, Request, advise, moved};
use countersign_policies::cases::{Case, Outcome, Question, Target, Who};
use countersign_policies::{Source, Sources, packs};
use serde_json::{Value, json};

fn question(keyid: &str, groups: &[&str], action: &str, resource: (&str, &str)) -> Question {
    let parents = groups.iter().map(|id| json!({"type": "Group", "id": id}));
    Question {
        principal: EntityUid::new("ApiKey", keyid),
        action: EntityUid::new("Action", action),
        resource: EntityUid::new(resource.0, resource.1),
        context: json!({}),
        entities: vec![json!({
            "uid": {"type": "ApiKey", "id": keyid},
            "attrs": {"environment": "live", "ip_allow_list": []},
            "parents": parents.collect::<Value>(),
        })],
    }
}

fn trader(action: &str, resource: (&str, &str)) -> Question {
    question("k7", &["trader"], action, resource)
}

fn holder(keyid: &str, group: &str) -> Who {
    Who::Key {
        id: keyid.into(),
        groups: vec![group.into()],
        attributes: json!({"environment": "live", "ip_allow_list": []}),
    }
}

fn outcome(advice: &Advice, question: &Question) -> Outcome {
    let target = Target::new(&advice.sources).expect("the advised pack compiles");
    target.ask(question).expect("an answer").outcome
}

#[test]
fn what_was_done_is_permitted_and_nothing_else() {
    let uses = [
        trader("read-order", ("Order", "o1")),
        trader("read-order", ("Order", "o2")),
        trader("place-order", ("Exchange", "main")),
    ];
    let holders = [holder("k7", "trader")];
    let advice = advise(&packs::trading_api(), &Request::new(&uses, &holders)).expect("advice");
    for one in &uses {
        assert_eq!(outcome(&advice, one), Outcome::Allow);
    }
    for never in [
        trader("read-order", ("Order", "o3")),
        trader("cancel-order", ("Order", "o1")),
        trader("read-market", ("Market", "BTC-USD")),
        question("k8", &["trader"], "read-order", ("Order", "o1")),
        // It left the group that the permit is for.
        question("k7", &["market-data"], "read-order", ("Order", "o1")),
    ] {
        assert_eq!(outcome(&advice, &never), Outcome::Deny, "{never:?}");
    }
    assert!(
        advice.policies.contains("@ratelimit(\"10/s\")"),
        "{}",
        advice.policies
    );
    let lost: Vec<String> = advice
        .taken
        .iter()
        .map(|taken| format!("{} {} {:?}", taken.action, taken.resource_type, taken.left))
        .collect();
    assert!(
        lost.contains(&"Action::\"cancel-order\" Order []".to_owned()),
        "{lost:?}"
    );
    assert!(
        lost.contains(
            &"Action::\"read-order\" Order [\"Order::\\\"o1\\\"\", \"Order::\\\"o2\\\"\"]"
                .to_owned()
        ),
        "{lost:?}"
    );
    assert!(
        lost.iter()
            .all(|lost| !lost.starts_with("Action::\"withdraw\"")),
        "{lost:?}"
    );
}

#[test]
fn more_resources_than_are_named_become_any_of_their_type() {
    let uses: Vec<Question> = (0..9)
        .map(|n| trader("read-order", ("Order", format!("o{n}").as_str())))
        .collect();
    let holders = [holder("k7", "trader")];
    let advice = advise(&packs::trading_api(), &Request::new(&uses, &holders)).expect("advice");
    assert_eq!(advice.permits[0].resources, None);
    assert_eq!(advice.permits[0].uses, 9);
    let another = trader("read-order", ("Order", "o10"));
    assert_eq!(outcome(&advice, &another), Outcome::Allow);
    let exchange = trader("read-order", ("Exchange", "main"));
    assert_eq!(outcome(&advice, &exchange), Outcome::Deny);
}

#[test]
fn a_group_takes_the_place_of_names_and_goes_on_over_a_rotation() {
    let uses = [
        trader("read-order", ("Order", "o1")),
        question("k8", &["trader"], "read-order", ("Order", "o1")),
    ];
    let holders = [holder("k7", "trader"), holder("k8", "trader")];
    let request = Request {
        group: Some("acme"),
        ..Request::new(&uses, &holders)
    };
    let advice = advise(&packs::trading_api(), &request).expect("advice");
    assert_eq!(advice.permits.len(), 1);
    let group = EntityUid::new("Group", "acme");
    let successor = moved(
        &question("k7v2", &[], "read-order", ("Order", "o1")),
        Some(&group),
    );
    assert_eq!(outcome(&advice, &successor), Outcome::Allow);
    assert_eq!(outcome(&advice, &uses[0]), Outcome::Deny);
}

#[test]
fn what_was_only_counted_is_permitted_on_any_resource() {
    let holders = [holder("k7", "trader")];
    let counted = [
        (EntityUid::new("ApiKey", "k7"), "cancel-order".to_owned()),
        (EntityUid::new("ApiKey", "k7"), "withdraw".to_owned()),
    ];
    let request = Request {
        counted: &counted,
        ..Request::new(&[], &holders)
    };
    let advice = advise(&packs::trading_api(), &request).expect("advice");
    let any = trader("cancel-order", ("Order", "o9"));
    assert_eq!(outcome(&advice, &any), Outcome::Allow);
    let read = trader("read-order", ("Order", "o9"));
    assert_eq!(outcome(&advice, &read), Outcome::Deny);
    // It never held that: a name is no right.
    let permits = advice.permits.iter();
    let actions: Vec<&String> = permits.flat_map(|permit| &permit.actions).collect();
    assert!(
        actions.iter().all(|action| action.contains("cancel-order")),
        "{actions:?}"
    );
}

#[test]
fn what_the_policies_of_today_refuse_is_told_and_not_permitted() {
    let uses = [trader("withdraw", ("Exchange", "main"))];
    let holders = [holder("k7", "trader")];
    let advice = advise(&packs::trading_api(), &Request::new(&uses, &holders)).expect("advice");
    assert_eq!(advice.refused, [0]);
    assert_eq!(advice.permits, []);
    assert_eq!(outcome(&advice, &uses[0]), Outcome::Deny);
}

fn from(question: Question, address: &str) -> Question {
    Question {
        context: json!({"client_ip": {"__extn": {"fn": "ip", "arg": address}}}),
        ..question
    }
}

fn by_context<'a>(uses: &'a [Question], holders: &'a [Who]) -> Request<'a> {
    Request {
        most_values: 2,
        ..Request::new(uses, holders)
    }
}

#[test]
fn what_every_context_had_alike_becomes_a_condition_if_it_is_wished() {
    let read = |address| from(trader("read-order", ("Order", "o1")), address);
    let place = |address| from(trader("place-order", ("Exchange", "main")), address);
    let uses = [
        read("10.8.0.1"),
        read("10.8.0.1"),
        place("2001:db8::1"),
        place("10.8.0.2"),
    ];
    let holders = [holder("k7", "trader")];
    let pack = packs::trading_api();
    let advice = advise(&pack, &by_context(&uses, &holders)).expect("advice");
    for one in &uses {
        assert_eq!(outcome(&advice, one), Outcome::Allow);
    }
    for other in [
        read("10.8.0.2"),
        trader("read-order", ("Order", "o1")),
        place("10.8.0.1"),
    ] {
        assert_eq!(outcome(&advice, &other), Outcome::Deny, "{other:?}");
    }
    let conditions: Vec<&str> = advice
        .permits
        .iter()
        .flat_map(|permit| permit.conditions.iter().map(String::as_str))
        .collect();
    assert_eq!(
        conditions,
        [
            r#"(context has client_ip) && [ip("10.8.0.2"), ip("2001:db8::1")].contains(context.client_ip)"#,
            r#"(context has client_ip) && (context.client_ip == ip("10.8.0.1"))"#,
        ]
    );
    let lost = advice
        .taken
        .iter()
        .find(|taken| taken.action == r#"Action::"read-order""# && taken.resource_type == "Order");
    assert_eq!(
        lost.expect("a right").left,
        [r#"Order::"o1" where (context has client_ip) && (context.client_ip == ip("10.8.0.1"))"#]
    );

    let today = advise(&pack, &Request::new(&uses, &holders)).expect("advice");
    assert_eq!(outcome(&today, &read("192.0.2.1")), Outcome::Allow);
}

#[test]
fn many_addresses_are_a_range_unless_it_is_too_wide() {
    let read = |address| from(trader("read-order", ("Order", "o1")), address);
    let holders = [holder("k7", "trader")];
    let conditions = |addresses: &[&'static str]| {
        let uses: Vec<Question> = addresses.iter().copied().map(read).collect();
        let advice = advise(&packs::trading_api(), &by_context(&uses, &holders)).expect("advice");
        for one in &uses {
            assert_eq!(outcome(&advice, one), Outcome::Allow);
        }
        advice.permits[0].conditions.join("")
    };
    let of = |range: &str| {
        format!(r#"(context has client_ip) && context.client_ip.isInRange(ip("{range}"))"#)
    };
    assert_eq!(
        conditions(&["10.8.0.1", "10.8.1.7", "10.8.3.9"]),
        of("10.8.0.0/22")
    );
    assert_eq!(
        conditions(&["2001:db8::1", "2001:db8::ff", "2001:db8::8:1"]),
        of("2001:db8::/108")
    );
    assert_eq!(conditions(&["10.8.0.1", "10.9.1.7", "10.200.3.9"]), "");
    assert_eq!(conditions(&["0.0.0.1", "10.9.1.7", "255.200.3.9"]), "");
    assert_eq!(conditions(&["10.8.0.1", "10.8.0.2", "2001:db8::1"]), "");
}

#[test]
fn what_one_context_lacked_or_what_was_only_counted_is_no_condition() {
    let read = trader("read-order", ("Order", "o1"));
    let uses = [from(read.clone(), "10.8.0.1"), read.clone()];
    let holders = [holder("k7", "trader")];
    let counted = [(EntityUid::new("ApiKey", "k7"), "cancel-order".to_owned())];
    let request = Request {
        counted: &counted,
        ..by_context(&uses, &holders)
    };
    let advice = advise(&packs::trading_api(), &request).expect("advice");
    for permit in &advice.permits {
        assert_eq!(permit.conditions, [""; 0]);
    }
    let elsewhere = from(trader("cancel-order", ("Order", "o9")), "192.0.2.9");
    assert_eq!(outcome(&advice, &elsewhere), Outcome::Allow);
    assert_eq!(outcome(&advice, &from(read, "192.0.2.9")), Outcome::Allow);
}

/// Every pack, every half of its cases: what was allowed stays so, with its second factors; an action that a principal
/// never used is denied to it; and nothing is allowed that the pack denies.
#[test]
fn advice_for_the_cases_of_every_pack_holds_for_each_of_them() {
    let mut checked = 0;
    for pack in packs::all() {
        let target = Target::new(&pack.sources).expect("a pack");
        let cases = pack
            .cases
            .iter()
            .flat_map(|file| Case::read(file).expect("cases"));
        let asked: Vec<(Question, Outcome)> = cases
            .filter_map(|case| target.question(&case))
            .map(|question| {
                let outcome = target.ask(&question).expect("an answer").outcome;
                (question, outcome)
            })
            .collect();
        for (half, most_values) in [(0, 0), (1, 0), (0, 3), (1, 3)] {
            let used: Vec<Question> = asked
                .iter()
                .enumerate()
                .filter(|(place, _)| place % 2 == half)
                .map(|(_, (question, _))| question.clone())
                .collect();
            let request = Request {
                most_values,
                ..Request::new(&used, &[])
            };
            let advice = advise(&pack.sources, &request).expect(pack.name);
            let advised = Target::new(&advice.sources).expect("the advised pack");
            let allowed = |outcome| matches!(outcome, Outcome::Allow | Outcome::StepUp);
            let done: BTreeSet<(EntityUid, EntityUid)> = used
                .iter()
                .filter(|one| allowed(target.ask(one).expect("an answer").outcome))
                .map(|one| (one.principal.clone(), one.action.clone()))
                .collect();
            for (place, (question, before)) in asked.iter().enumerate() {
                let after = advised.ask(question).expect("an answer").outcome;
                if place % 2 == half {
                    assert_eq!(after, *before, "{}: {question:?}", pack.name);
                }
                if !allowed(*before) {
                    assert!(!allowed(after), "{}: {question:?}", pack.name);
                }
                let pair = (question.principal.clone(), question.action.clone());
                if !done.contains(&pair) {
                    assert_eq!(after, Outcome::Deny, "{}: {question:?}", pack.name);
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 400, "{checked}");
}

#[test]
fn every_construct_of_the_language_survives_to_be_written() {
    let sources = support::language();
    let target = Target::new(&sources).expect("the pack");
    let asked = Question {
        principal: EntityUid::new("User", "ann"),
        action: EntityUid::new("Action", "read"),
        resource: EntityUid::new("Doc", "plan"),
        context: json!({"n": 1, "s": "x", "flag": true, "set": [1, 2, 9], "r": {"a": 1}}),
        entities: vec![
            json!({
                "uid": {"type": "User", "id": "ann"},
                "attrs": {"level": 3, "tags": ["x"], "address": {"city": {"name": "Ulm"}}},
                "parents": [{"type": "Team", "id": "core"}],
            }),
            json!({
                "uid": {"type": "Doc", "id": "plan"},
                "attrs": {
                    "title": "the plan of*the*day",
                    "owner": {"__entity": {"type": "User", "id": "ann"}},
                    "readers": [],
                },
                "parents": [{"type": "Folder", "id": "root"}],
            }),
        ],
    };
    let before = target.ask(&asked).expect("an answer");
    assert!(before.reasons.len() > 8, "{before:?}");
    let uses = [asked.clone()];
    let advice = advise(&sources, &Request::new(&uses, &[])).expect("advice");
    let after = Target::new(&advice.sources)
        .expect("a pack")
        .ask(&asked)
        .expect("an answer");
    assert_eq!(after.reasons.len(), before.reasons.len());
    assert_eq!(after.outcome, before.outcome);
}

#[test]
fn links_of_templates_are_written_out() {
    let pack = packs::trading_api();
    let template = "\n@id(\"t\") @reason(\"r\") permit (principal in ?principal, action == Action::\"read-market\", resource);\n\
        @id(\"f\") @reason(\"r\") forbid (principal in ?principal, action == Action::\"cancel-order\", resource);\n";
    let link = |template: &str, id: &str| {
        format!(
            "\n[[links]]\ntemplate = \"{template}\"\nid = \"{id}\"\nprincipal = 'Group::\"trader\"'\n"
        )
    };
    let sources = Sources {
        policies: Source::new("policies.cedar", pack.policies.text().to_owned() + template),
        manifest: Source::new(
            "pack.toml",
            pack.manifest.text().to_owned() + &link("t", "linked") + &link("f", "refused"),
        ),
        ..pack
    };
    let uses = [trader("read-market", ("Market", "BTC-USD"))];
    let advice = advise(&sources, &Request::new(&uses, &[holder("k7", "trader")])).expect("advice");
    assert!(advice.permits.iter().any(|permit| permit.from == "linked"));
    assert_eq!(outcome(&advice, &uses[0]), Outcome::Allow);
    assert!(advice.sources.policies.text().contains("@id(\"refused\")"));
}
