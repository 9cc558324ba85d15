//! Who holds what, who used it, and the least that would do.

use std::fs;

use serde_json::Value;

use crate::desk::{DEV, Desk};

/// Where the trader's key was used from.
const CONTEXT: &str = r#"{"client_ip":{"__extn":{"fn":"ip","arg":"10.8.0.1"}}}"#;

/// A trader's key that read one order, twice, and a market; and one that nobody used.
fn with_uses() -> Desk {
    let desk = Desk::founded();
    let act = format!("{DEV} --as olga --reason access");
    let issue = |keyid: &str, group: &str| {
        let issue = format!("keys issue {act} --keyid {keyid} --owner acme --group {group}");
        desk.secret(&issue, "secret").1
    };
    let token = issue("k7", "trader");
    issue("k8", "withdrawer");
    for (number, path) in ["/v1/orders/o1", "/v1/orders/o1", "/v1/markets/BTC-USD"]
        .iter()
        .enumerate()
    {
        let file = format!("request{number}");
        desk.sign_get(&token, path, &file);
        let verify = format!(
            "keys verify {file} {DEV} --as olga --pack trading-api --keep record --context {CONTEXT}"
        );
        let (json, status) = desk.json(&verify);
        assert_eq!(
            (&json["code"], status),
            (&"allowed".into(), Some(0)),
            "{json}"
        );
    }
    desk.sign_get(&token, "/v1/withdrawals", "refused");
    let verify = format!("keys verify refused {DEV} --as olga --pack trading-api");
    let (json, status) = desk.json(&verify);
    assert_eq!((&json["code"], status), (&"no_route".into(), Some(1)));
    desk
}

#[test]
fn a_review_is_evidence_with_a_place_in_the_log() {
    let desk = with_uses();
    let review = format!("access review {DEV} --as olga --reason quarter --pack trading-api");
    let (made, _) = desk.json(&format!("{review} --format html --out review.html"));
    let page = fs::read_to_string(desk.path("review.html")).unwrap();
    assert!(page.contains("<td>k7</td>") && page.contains(made["root"].as_str().unwrap()));
    let (log, _) = desk.json("audit search --store s.redb --act access.reviewed");
    let record = &log["records"][0];
    assert_eq!(record["details"]["report"], made["sha256"]);
    assert_eq!(record["details"]["root"], made["root"]);

    let markdown = desk.ok(&review);
    assert!(markdown.contains("| k7 | acme | active |"), "{markdown}");
    let (json, _) = desk.json(&format!("{review} --format json"));
    let report: Value = serde_json::from_str(json["report"].as_str().unwrap()).unwrap();
    let keys = report["keys"].as_array().unwrap();
    let key = |keyid: &str| keys.iter().find(|key| key["keyid"] == keyid).unwrap();
    assert_eq!(key("k7")["usage"]["times"], 3);
    assert_eq!(
        key("k7")["usage"]["actions"],
        serde_json::json!(["read-market", "read-order"])
    );
    assert_eq!(
        key("k7")["usage"]["refused"],
        serde_json::json!({"no_route": 1})
    );
    let held: Vec<&str> = key("k7")["held"]
        .as_array()
        .unwrap()
        .iter()
        .map(|held| held["action"].as_str().unwrap())
        .collect();
    assert!(
        held.contains(&"place-order") && !held.contains(&"withdraw"),
        "{held:?}"
    );
    let codes = |keyid: &str| -> Vec<&str> {
        let findings = key(keyid)["findings"].as_array().unwrap();
        findings
            .iter()
            .map(|one| one["code"].as_str().unwrap())
            .collect()
    };
    assert!(
        codes("k7").contains(&"permissions_unused"),
        "{:?}",
        codes("k7")
    );
    assert!(
        codes("k8").contains(&"address_unbound"),
        "{:?}",
        codes("k8")
    );
    // A key of `dev` never withdraws: it holds nothing of it.
    assert!(
        !codes("k8").contains(&"critical_unused"),
        "{:?}",
        codes("k8")
    );

    let failing = desk.json(&format!("{review} --fail-on low"));
    assert_eq!(failing.1, Some(1));
    let there = desk.refusal(&format!("{review} --out review.html"));
    assert_eq!(there, ("file_unreadable".into(), Some(2)));
    let (json, _) = desk.json(&format!("{review} --owner nobody"));
    assert_eq!(json["keys"], 0);
}

#[test]
fn advice_is_the_least_that_allowed_it() {
    let desk = with_uses();
    let advise = format!("access advise {DEV} --as olga --reason least --pack trading-api");
    let (json, status) = desk.json(&format!("{advise} --key k7"));
    assert_eq!(status, Some(0));
    assert_eq!((&json["uses"], &json["unread"]), (&3.into(), &0.into()));
    assert_eq!(json["refused_today"], serde_json::json!([]));
    let policies = json["policies"].as_str().unwrap();
    for needed in ["ApiKey::\"k7\"", "Order::\"o1\"", "Market::\"BTC-USD\""] {
        assert!(policies.contains(needed), "{policies}");
    }
    let taken: Vec<&str> = json["taken"]
        .as_array()
        .unwrap()
        .iter()
        .map(|taken| taken["action"].as_str().unwrap())
        .collect();
    assert!(taken.contains(&"Action::\"place-order\""), "{taken:?}");

    assert!(!policies.contains("client_ip"), "{policies}");
    let (json, _) = desk.json(&format!("{advise} --key k7 --values 2"));
    let condition = r#"(context has client_ip) && (context.client_ip == ip("10.8.0.1"))"#;
    assert_eq!(json["permits"][0]["conditions"][0], condition);

    // What is printed compiles in place of the permits, and is no more than a comment beside them.
    desk.ok(&format!(
        "{advise} --owner acme --group least --out least.cedar"
    ));
    let least = fs::read_to_string(desk.path("least.cedar")).unwrap();
    assert!(
        least.contains("principal in Group::\"least\"") && least.contains("// What it takes away:")
    );
    let pack = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/packs/trading-api");
    fs::create_dir(desk.path("pack")).unwrap();
    for file in ["pack.toml", "schema.cedarschema", "entities.json"] {
        fs::copy(format!("{pack}/{file}"), desk.path("pack").join(file)).unwrap();
    }
    fs::write(desk.path("pack/policies.cedar"), &least).unwrap();
    desk.ok("policy build pack -o least.bundle");
    let (log, _) = desk.json("audit search --store s.redb --act access.advised");
    assert_eq!(log["records"].as_array().unwrap().len(), 3);

    let (json, _) = desk.json(&format!(
        "access advise {DEV} --as olga --reason least --pack zero-trust-admin --actor olga"
    ));
    let policies = json["policies"].as_str().unwrap();
    assert!(policies.contains("Action::\"issue-key\"") && policies.contains("Admin::\"olga\""));
    assert!(!policies.contains("Action::\"revoke-key\""));
    let unknown = desk.refusal(&format!("{advise} --key k9"));
    assert_eq!(unknown, ("key_unknown".into(), Some(1)));
    assert!(!desk.path("other.cedar").exists());
}
