//! Decisions of the log, made again.

use std::fs;

use countersign::Module;
use countersign_custody::audit::{self, Draft, Hash, Kept};
use countersign_custody::store::RedbStore;
use countersign_custody::{Batch, Space, Store as _};

use crate::desk::{DEV, Desk};

fn with_decisions() -> Desk {
    let desk = Desk::founded();
    let act = format!("{DEV} --as olga --reason replay");
    let (_, token) = desk.secret(
        &format!("keys issue {act} --keyid k7 --owner acme --group trader"),
        "secret",
    );
    desk.refusal(&format!("keys destroy {act} k7"));
    desk.sign_get(&token, "/v1/orders/o1", "request");
    desk.ok(&format!(
        "keys verify request {DEV} --as olga --pack trading-api --keep record"
    ));
    desk
}

#[test]
fn the_very_module_and_bundle_decide_the_same_again() {
    let desk = with_decisions();
    let (all, status) = desk.json("audit replay --store s.redb --all");
    assert_eq!((&all["ok"], status), (&true.into(), Some(0)), "{all}");
    assert!(all["same"].as_u64().unwrap() >= 3, "{all}");
    let (log, _) = desk.json("audit search --store s.redb --act key.used");
    let used = log["records"][0]["sequence"].as_u64().unwrap();
    let (one, _) = desk.json(&format!("audit replay {used} --store s.redb"));
    assert_eq!(one["code"], "same");
    assert_eq!(
        one["module"],
        Hash::of(Module::embedded_bytes()).to_string()
    );
    assert_eq!(one["now"]["effect"], "allow");
    let none = desk.refusal("audit replay 1 --store s.redb");
    assert_eq!(none, ("audit_not_decided".into(), Some(2)));
    let none = desk.refusal("audit replay 999 --store s.redb");
    assert_eq!(none, ("audit_no_record".into(), Some(2)));
}

#[test]
fn what_differs_is_named() {
    let desk = with_decisions();
    let store = RedbStore::open(&desk.path("s.redb")).unwrap();
    let records = audit::head(&store).unwrap().unwrap().sequence;
    let entry = audit::read(&store, records).unwrap();
    let mut draft = Draft::from(entry.record().clone());
    let decided = draft.decided.as_mut().unwrap();
    decided.answer =
        Kept::Whole(br#"{"effect":"allow","errors":[],"reasons":["nobody"]}"#.to_vec());
    let head = audit::record(&store, &[draft]).unwrap();
    drop(store);
    let (json, status) = desk.json(&format!("audit replay {} --store s.redb", head.sequence));
    assert_eq!((&json["code"], status), (&"differs".into(), Some(1)));
    assert_eq!(json["differs"], serde_json::json!(["reasons"]));
    let text = desk.run(
        &format!("audit replay {} --store s.redb", head.sequence),
        "",
    );
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("- [\"nobody\"]"), "{text}");
    let (all, _) = desk.json("audit replay --store s.redb --all");
    assert_eq!(all["differs"], serde_json::json!([head.sequence]));
}

#[test]
fn what_is_not_archived_is_named_and_can_be_put_back() {
    let desk = with_decisions();
    let module = Module::embedded_bytes();
    let hash = Hash::of(module);
    let store = RedbStore::open(&desk.path("s.redb")).unwrap();
    assert_eq!(
        audit::archived(&store, hash).unwrap(),
        module,
        "kept since the founding"
    );
    let mut batch = Batch::new();
    batch.delete(Space::Archive, hash.as_bytes());
    store.commit(&batch).unwrap();
    let records = audit::head(&store).unwrap().unwrap().sequence;
    drop(store);
    let (json, status) = desk.json(&format!("audit replay {records} --store s.redb"));
    assert_eq!(
        (&json["code"], status),
        (&"audit_not_archived".into(), Some(2))
    );
    let message = json["message"].as_str().unwrap();
    assert!(
        message.contains("module") && message.contains(&hash.to_string()),
        "{message}"
    );
    let (all, status) = desk.json("audit replay --store s.redb --all");
    assert_eq!(
        (&all["missing"][0]["sha256"], status),
        (&hash.to_string().into(), Some(1))
    );

    fs::write(desk.path("other"), "not of a decision").unwrap();
    let other = desk.refusal("audit archive other --store s.redb");
    assert_eq!(other, ("file_not_of_a_decision".into(), Some(2)));
    fs::write(desk.path("module.wasm"), module).unwrap();
    desk.ok("audit archive module.wasm --store s.redb");
    desk.ok(&format!("audit replay {records} --store s.redb"));
}

/// A newer program keeps its module at its first decision, and records that it decides from now on.
#[test]
fn a_program_that_was_upgraded_keeps_its_module() {
    let desk = with_decisions();
    let hash = Hash::of(Module::embedded_bytes());
    let store = RedbStore::open(&desk.path("s.redb")).unwrap();
    let mut batch = Batch::new();
    batch.delete(Space::Archive, hash.as_bytes());
    store.commit(&batch).unwrap();
    drop(store);
    for _ in 0..2 {
        desk.ok(&format!("keys show {DEV} --as olga k7"));
    }
    let (log, _) = desk.json("audit search --store s.redb --act module.archived");
    let records = log["records"].as_array().unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["details"]["module"], hash.to_string());
    let (all, _) = desk.json("audit replay --store s.redb --all");
    assert_eq!(all["ok"], true);
}

#[test]
fn a_question_that_no_record_holds_is_archived_too() {
    let desk = with_decisions();
    let act = format!("{DEV} --as olga --reason replay");
    let issue = format!("keys issue {act} --keyid k8 --owner acme --group trader");
    let (_, token) = desk.secret(&issue, "secret");
    desk.sign_get(&token, "/v1/orders/o1", "long");
    let context = format!(r#"{{"note":"{}"}}"#, "x".repeat(70_000));
    let verify = format!("keys verify long {DEV} --as olga --pack trading-api --keep record");
    desk.ok(&format!("{verify} --context {context}"));
    let (log, _) = desk.json("audit search --store s.redb --act key.used --keyid k8");
    let record = log["records"][0]["sequence"].as_u64().unwrap();
    let (one, _) = desk.json(&format!("audit replay {record} --store s.redb"));
    assert_eq!(one["code"], "same");
    let advise = format!("access advise {act} --pack trading-api --key k8");
    let (json, _) = desk.json(&advise);
    assert_eq!((&json["uses"], &json["unread"]), (&1.into(), &0.into()));
}
