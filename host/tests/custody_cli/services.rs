//! What services do without a person: they rotate their own key, and edges read snapshots.

use std::fs;

use crate::desk::{DEV, Desk};

#[test]
fn a_service_rotates_its_own_key() {
    let desk = Desk::founded();
    let act = format!("{DEV} --as olga --reason services");
    let (_, token) = desk.secret(
        &format!("keys issue {act} --keyid bot --owner acme --group service"),
        "secret",
    );
    let request =
        "POST /v1/environments/dev/keys/self/rotate HTTP/1.1\r\nHost: keys.example.com\r\n\r\n";
    desk.sign_message(&token, request, "rotate");
    let rotate = format!("keys rotate-own rotate {DEV}");
    let (json, secret) = desk.secret(&rotate, "secret");
    assert_eq!(
        (&json["keyid"], &json["predecessor"]),
        (&"botv2".into(), &"bot".into())
    );
    assert!(secret.starts_with("csk_dev_botv2_"));
    desk.sign(&secret, "new");
    assert_eq!(desk.verify("new"), "authentic");
    assert_eq!(desk.refusal(&rotate), ("key_rotated".into(), Some(1)));
    desk.sign(&secret, "other");
    let other = desk.refusal(&format!("keys rotate-own other {DEV}"));
    assert_eq!(other, ("no_route".into(), Some(1)));
    let (log, _) = desk.json("audit search --store s.redb --act key.rotated --actor bot");
    assert_eq!(log["records"][0]["outcome"], "done");
}

#[test]
fn an_edge_takes_what_is_published_to_it() {
    let desk = Desk::founded();
    let act = format!("{DEV} --as olga --reason edges");
    desk.secret(
        &format!("keys issue {act} --keyid k1 --owner acme"),
        "secret",
    );
    let none = desk.refusal(&format!(
        "snapshot publish {DEV} --as olga --region eu-west --out ."
    ));
    assert_eq!(none, ("reader_unknown".into(), Some(1)));
    let (_, trust) = desk.secret(
        &format!("snapshot readers add edge-1 --region eu-west {act}"),
        "trust",
    );
    fs::write(desk.path("trust"), trust).unwrap();
    let (list, _) = desk.json(&format!("snapshot readers list {DEV} --as olga"));
    assert_eq!(list["readers"][0]["region"], "eu-west");

    let publish = format!("{DEV} --as olga --region eu-west --out .");
    let (whole, status) = desk.json(&format!("snapshot publish {publish}"));
    assert_eq!(status, Some(0), "{whole}");
    let first = whole["snapshots"][0]["file"].as_str().unwrap();
    let (shown, _) = desk.json(&format!("snapshot show {first} --trust trust"));
    assert_eq!(
        (&shown["keys"], &shown["reader"]),
        (&1.into(), &"edge-1".into())
    );

    desk.secret(
        &format!("keys issue {act} --keyid k2 --owner acme"),
        "secret",
    );
    let (delta, _) = desk.json(&format!("snapshot delta --since {first} {publish}"));
    let delta = &delta["snapshots"][0];
    assert_eq!(
        (&delta["keys"], &delta["base"]),
        (&1.into(), &whole["snapshots"][0]["version"])
    );
    let second = delta["file"].as_str().unwrap();
    let (shown, _) = desk.json(&format!(
        "snapshot show {second} --trust trust --base {first}"
    ));
    assert_eq!(shown["keys"], 2);
    let alone = desk.refusal(&format!("snapshot show {second} --trust trust"));
    assert_eq!(alone, ("snapshot_base_missing".into(), Some(1)));
    let text = desk.ok(&format!("snapshot show {second}"));
    assert!(text.contains("what changed since"), "{text}");

    let mut bytes = fs::read(desk.path(first)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(desk.path("altered"), bytes).unwrap();
    let altered = desk.refusal("snapshot show altered --trust trust");
    assert_eq!(altered, ("snapshot_untrusted".into(), Some(1)));
    desk.ok(&format!("snapshot readers remove edge-1 {act}"));
    let gone = desk.refusal(&format!("snapshot publish {publish}"));
    assert_eq!(gone, ("reader_unknown".into(), Some(1)));
}
