//! Who holds what, and who used it: a review for an auditor.

use countersign_core::policy::{Bundle, EntityUid};
use countersign_core::{Effect, Environment, KeyId};
use countersign_custody::audit::{
    self, Decided, Draft, Hash, Kept, Outcome, Question, UsageTally, root_at,
};
use countersign_custody::authority::Principal;
use countersign_custody::custodian::{KeyEntry, NewKey};
use countersign_custody::life::Terms;
use countersign_custody::review::{
    ByName, Held, Permissions, ReportForm, ReviewRequest, Reviewed, Severity, Whose,
};
use countersign_custody::{Batch, CustodyError, Order, Space, Store as _};
use serde_json::{Map, Value, json};

use crate::world::{DAY, NOW, World, code, issued, key, later, operator};

/// Policies by which every key may read, and a trader withdraw.
struct Policies {
    addresses: Vec<String>,
}

impl Permissions for Policies {
    fn source(&self) -> String {
        "<the policies & more>".into()
    }
    fn held(&self, entry: &KeyEntry) -> Result<Vec<Held>, String> {
        let mut held = vec![Held::named("read"), Held::named("place-order")];
        if entry.groups().iter().any(|group| group == "trader") {
            held.push(Held::named("withdraw"));
        }
        Ok(held)
    }
    fn address_attributes(&self) -> &[String] {
        &self.addresses
    }
}

fn auditor() -> Principal {
    Principal::new("ada", "auditor", Environment::Dev)
}

fn review(world: &World, days: u64, form: ReportForm) -> Reviewed {
    let ada = auditor();
    let order = Order::new(&ada, "the <quarter>'s | review", later(days * DAY));
    let policies = Policies {
        addresses: vec!["ip_allow_list".into()],
    };
    world
        .dev
        .review(&order, &ReviewRequest::default(), &policies, form)
        .expect("a review")
}

/// The codes and severities of a key's findings.
fn found(reviewed: &Reviewed, keyid: &str) -> Vec<(&'static str, Severity)> {
    let keys = &reviewed.review.keys;
    let key = keys.iter().find(|key| key.keyid == keyid).expect("a key");
    let findings = key.findings.iter();
    findings.map(|one| (one.code, one.severity)).collect()
}

fn count(world: &World, keyid: &str, at: u64, action: &str, outcome: &Outcome) {
    let mut tally = UsageTally::new();
    tally.add(
        Environment::Dev,
        &KeyId::new(keyid).expect("an id"),
        later(at).get() * 1000,
        action,
        outcome,
    );
    tally.flush(&*world.disk).expect("a count");
}

fn question(keyid: &str, action: &str) -> Question {
    Question::new(
        &EntityUid::new("ApiKey", keyid),
        &[EntityUid::new("Group", "trader")],
        Map::new(),
        &EntityUid::new("Action", action),
        &EntityUid::new("Exchange", "main"),
        Map::new(),
    )
}

/// A use, recorded in full.
fn record(world: &World, keyid: &str, at: u64, action: &str) {
    let decided = Decided {
        answer: Kept::Whole(b"{}".to_vec()),
        bundle: Hash::of(b"a bundle"),
        effect: Effect::Allow,
        module: Hash::of(b"a module"),
        policies: vec![],
        query: Kept::Whole(question(keyid, action).to_bytes()),
    };
    let draft = Draft::new(later(at).get() * 1000, "the gate", "key.used")
        .key(KeyId::new(keyid).expect("an id"), Environment::Dev)
        .decided(decided);
    audit::record(&*world.disk, &[draft]).expect("a record");
}

#[test]
fn each_key_is_shown_with_what_it_holds_and_what_it_used() {
    let world = World::new();
    issued(&world, "k7");
    count(&world, "k7", DAY, "read", &Outcome::Done);
    record(&world, "k7", 2 * DAY, "place-order");
    let reviewed = review(&world, 3, ReportForm::Json);
    let key = &reviewed.review.keys[0];
    assert_eq!(
        (key.standing, key.owner.as_str(), key.age_days),
        ("active", "acme", 3)
    );
    assert_eq!(key.usage.times, 2);
    assert_eq!(key.usage.last_at, Some(later(2 * DAY).get()));
    let used: Vec<&String> = key.usage.actions.iter().collect();
    assert_eq!(used, ["place-order", "read"]);
    assert_eq!(key.unused, ["withdraw"]);
    assert_eq!(
        found(&reviewed, "k7"),
        [
            ("critical_unused", Severity::High),
            ("address_unbound", Severity::High)
        ]
    );
    let json: Value = serde_json::from_str(&reviewed.report).expect("JSON");
    assert_eq!(json["keys"][0]["keyid"], "k7");
    assert_eq!(json["findings"], json!({"high": 2}));
}

#[test]
fn what_an_auditor_should_look_at_is_found() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    let issue = |new: NewKey| world.dev.issue(&order, &new).expect("a key");
    let tag = |keyid: &str, tag: &str| NewKey {
        tags: vec![tag.into()],
        groups: vec![],
        ..key(keyid)
    };
    issue(tag("idle", "bots"));
    issue(tag("glass", "break-glass"));
    issue(NewKey {
        rotate_every: Some(30 * DAY),
        ..tag("late", "bots")
    });
    issue(NewKey {
        terms: Terms {
            pending: true,
            ..Terms::default()
        },
        ..tag("waits", "bots")
    });
    issue(NewKey {
        terms: Terms {
            lifetime: Some(10 * DAY),
            ..Terms::default()
        },
        ..tag("over", "bots")
    });
    issue(tag("off", "bots"));
    let _stopped = world.dev.suspend(&order, "off").expect("suspended");
    for keyid in ["late", "glass"] {
        count(&world, keyid, 79 * DAY, "read", &Outcome::Done);
    }
    count(
        &world,
        "over",
        60 * DAY,
        "read",
        &Outcome::Refused("key_expired".into()),
    );
    let reviewed = review(&world, 80, ReportForm::Markdown);
    let has = |keyid: &str, code: &str, severity: Severity| {
        let found = found(&reviewed, keyid);
        assert!(found.contains(&(code, severity)), "{keyid}: {found:?}");
    };
    has("idle", "never_used", Severity::Medium);
    has("idle", "expiring", Severity::Low);
    has("idle", "address_unbound", Severity::Low);
    has("glass", "break_glass_used", Severity::High);
    has("late", "rotation_overdue", Severity::Medium);
    has("late", "permissions_unused", Severity::Low);
    has("waits", "pending_long", Severity::Low);
    has("over", "undestroyed", Severity::Medium);
    has("over", "tried_out_of_use", Severity::Medium);
    has("off", "suspended_long", Severity::Medium);
    // The gravest first.
    assert_eq!(reviewed.review.keys[0].keyid, "glass");
    assert!(reviewed.report.contains("| high | key glass of acme |"));

    // Nothing of that is so on the first day.
    let fresh = World::new();
    let order = Order::new(&otto, "a test", NOW);
    fresh
        .dev
        .issue(&order, &tag("idle", "bots"))
        .expect("a key");
    let request = ReviewRequest::default();
    let ada = auditor();
    let order = Order::new(&ada, "a test", NOW);
    let first = fresh
        .dev
        .review(&order, &request, &ByName, ReportForm::Markdown);
    let first = first.expect("a review");
    assert_eq!(found(&first, "idle"), []);
    assert!(first.report.contains("Nothing was found."));
}

#[test]
fn people_are_reviewed_as_keys_are() {
    let world = World::new();
    issued(&world, "k7");
    let mut batch = Batch::new();
    for (name, role) in [("olga", "owner"), ("otto", "operator"), ("ada", "auditor")] {
        let roles = format!(r#"{{"version":1,"roles":["{role}"]}}"#);
        let place = format!("dev/roles/{name}");
        batch.put(Space::People, place.as_bytes(), roles.into_bytes());
    }
    world.disk.commit(&batch).expect("people");
    let reviewed = review(&world, 80, ReportForm::Markdown);
    let person = |name: &str| {
        let mut people = reviewed.review.people.iter();
        people.find(|one| one.name == name).expect("a person")
    };
    let found = |name: &str| -> Vec<(&str, Severity)> {
        let findings = person(name).findings.iter();
        findings.map(|one| (one.code, one.severity)).collect()
    };
    assert_eq!(
        found("olga"),
        [
            ("second_factor_missing", Severity::Medium),
            ("role_unused", Severity::Medium),
            ("owner_alone", Severity::Low),
        ]
    );
    assert_eq!(
        found("otto"),
        [
            ("role_unused", Severity::Medium),
            ("second_factor_missing", Severity::Low)
        ]
    );
    assert_eq!(found("ada"), [("role_unused", Severity::Low)]);
    let acts = &person("otto").acts;
    assert_eq!((acts.times, acts.last_at), (1, Some(NOW.get())));
    let row = "| olga | owner | the founding | no | never | 0 | 0 |";
    assert!(reviewed.report.contains(row), "{}", reviewed.report);
}

#[test]
fn the_key_of_a_person_without_a_role_is_found() {
    let world = World::new();
    let mut appointed = Draft::new(NOW.get() * 1000, "olga", "person.appointed");
    appointed.environment = Some(Environment::Dev);
    for roles in ["operator", ""] {
        let draft = appointed
            .clone()
            .detail("person", "acme")
            .detail("roles", roles);
        audit::record(&*world.disk, &[draft]).expect("a record");
    }
    issued(&world, "k7");
    let reviewed = review(&world, 1, ReportForm::Json);
    assert!(found(&reviewed, "k7").contains(&("owner_dismissed", Severity::High)));
}

#[test]
fn a_review_is_an_act_that_names_its_report_and_its_log() {
    let world = World::new();
    issued(&world, "k7");
    let before = audit::head(&*world.disk)
        .expect("the log")
        .expect("records");
    let reviewed = review(&world, 1, ReportForm::Html);
    let record = world.last_record();
    assert_eq!(
        (record.act.as_str(), record.actor.as_str()),
        ("access.reviewed", "ada")
    );
    assert_eq!(
        record.details["report"].as_str(),
        Hash::of(reviewed.report.as_bytes()).to_string()
    );
    assert_eq!(
        record.details["records"].as_str(),
        before.sequence.to_string()
    );
    let log = &reviewed.review.log;
    assert_eq!((log.records, log.head), (before.sequence, before.hash));
    assert_eq!(
        log.root,
        root_at(&*world.disk, before.sequence).expect("a root")
    );
    assert!(record.decided.is_some());

    let service = Principal::new("bot", "service", Environment::Dev);
    let order = Order::new(&service, "curious", NOW);
    let request = ReviewRequest::default();
    let refused = world
        .dev
        .review(&order, &request, &ByName, ReportForm::Json);
    assert_eq!(code(refused), "forbidden");
}

#[test]
fn a_page_shows_text_and_runs_none() {
    let world = World::new();
    issued(&world, "k7");
    let page = review(&world, 1, ReportForm::Html).report;
    assert!(page.starts_with("<!doctype html>"));
    assert!(page.contains("the &lt;quarter&gt;&#39;s | review"));
    assert!(page.contains("&lt;the policies &amp; more&gt;"));
    for outside in ["<quarter>", "<script", "http:", "https:", "src=", "href="] {
        assert!(!page.contains(outside), "{outside}");
    }
    let text = review(&world, 2, ReportForm::Markdown).report;
    assert!(text.contains("the \\<quarter\\>'s \\| review"));
    // Every row of a table has as many cells as its head.
    let keys = text.split("## Keys").nth(1).expect("keys");
    let rows: Vec<&str> = keys.lines().filter(|line| line.starts_with('|')).collect();
    assert!(
        rows.len() == 3 && rows.iter().all(|row| row.matches(" | ").count() == 8),
        "{rows:?}"
    );
}

#[test]
fn a_review_may_be_of_one_owner() {
    let world = World::new();
    issued(&world, "k7");
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    let other = NewKey {
        owner: "blue".into(),
        ..key("k8")
    };
    world.dev.issue(&order, &other).expect("a key");
    let request = ReviewRequest {
        owner: Some("blue".into()),
        ..ReviewRequest::default()
    };
    let ada = auditor();
    let order = Order::new(&ada, "a test", NOW);
    let reviewed = world
        .dev
        .review(&order, &request, &ByName, ReportForm::Json)
        .expect("a review");
    let keys: Vec<&str> = reviewed
        .review
        .keys
        .iter()
        .map(|key| key.keyid.as_str())
        .collect();
    assert_eq!(keys, ["k8"]);
    assert_eq!(world.last_record().details["owner"].as_str(), "blue");
}

#[test]
fn uses_are_those_of_a_lineage_of_an_owner_or_of_a_person() {
    let world = World::new();
    issued(&world, "k7");
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    world.dev.rotate(&order, "k7", None, None).expect("rotated");
    let blue = NewKey {
        owner: "blue".into(),
        ..key("k8")
    };
    world.dev.issue(&order, &blue).expect("a key");
    record(&world, "k7", 1, "read");
    record(&world, "k7v2", 2, "place-order");
    record(&world, "k8", 3, "read");
    count(&world, "k7", 4, "withdraw", &Outcome::Done);
    count(
        &world,
        "k8",
        4,
        "withdraw",
        &Outcome::Refused("policy_denied".into()),
    );
    let ada = auditor();
    let order = Order::new(&ada, "a test", later(DAY));
    let uses = |whose: Whose, days: u64| world.dev.uses(&order, &whose, days).expect("uses");
    let lineage = uses(Whose::Key("k7v2".into()), 7);
    let asked: Vec<String> = lineage
        .asked
        .iter()
        .map(|(_, question)| question.principal().id().to_owned())
        .collect();
    assert_eq!(asked, ["k7", "k7v2"]);
    assert_eq!(
        lineage.counted,
        [("k7".to_owned(), "withdraw".to_owned())].into()
    );
    let holders: Vec<&str> = lineage.holders.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(holders, ["k7", "k7v2"]);
    let blue = uses(Whose::Owner("blue".into()), 7);
    assert_eq!((blue.asked.len(), blue.counted.len()), (1, 0));
    assert_eq!(uses(Whose::Owner("blue".into()), 0).asked.len(), 0);
    assert_eq!(world.last_record().act, "access.advised");
    let unknown = world.dev.uses(&order, &Whose::Actor("otto".into()), 7);
    assert!(matches!(unknown, Err(CustodyError::PersonUnknown(_))));
}

/// What a custodian decided can be asked again: the recorded question is what was asked.
#[test]
fn a_recorded_decision_is_answered_the_same_again() {
    let world = World::new();
    issued(&world, "k7");
    let path = "../policies/tests/bundles/zero-trust-admin.bundle";
    let bundle = Bundle::load_unsigned(&std::fs::read(path).expect("a file")).expect("a bundle");
    let bundle = std::sync::Arc::new(bundle);
    let decided = world.last_record().decided.expect("a decision");
    let Kept::Whole(query) = &decided.query else {
        panic!("it is whole");
    };
    let answer = Question::from_bytes(query)
        .expect("a question")
        .ask(&bundle)
        .expect("an answer");
    assert!(decided.answer.is(&answer.to_bytes(&bundle)));
    assert_eq!(answer.effect(&bundle), decided.effect);
}
