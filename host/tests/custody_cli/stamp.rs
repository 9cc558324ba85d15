//! A checkpoint with the time of an authority.

use std::fs;

use serde_json::Value;

use crate::authority::{Authority, USUAL};
use crate::desk::Desk;

#[test]
fn a_checkpoint_is_stamped_by_an_authority_that_is_trusted() {
    let Some(authority) = Authority::new(USUAL) else {
        println!("skipped: openssl");
        return;
    };
    let desk = Desk::founded();
    let checkpoint = desk.ok("audit checkpoint --store s.redb --key-file root.key");
    fs::write(desk.path("checkpoint"), &checkpoint).unwrap();
    desk.ok("audit stamp-request checkpoint -o request.tsq");
    let request = fs::read(desk.path("request.tsq")).unwrap();
    fs::write(desk.path("response.tsr"), authority.answer(&request)).unwrap();
    fs::write(desk.path("root.pem"), authority.read("root.pem")).unwrap();

    let check = "audit check-stamp response.tsr --checkpoint checkpoint";
    let text = desk.ok(check);
    assert!(text.contains("was not checked"), "{text}");
    let (json, _) = desk.json(check);
    assert_eq!(json["signed"], Value::Bool(false));
    let (json, _) = desk.json(&format!(
        "{check} --request request.tsq --tsa-roots root.pem"
    ));
    assert_eq!(json["signed"], Value::Bool(true), "{json}");
    assert_eq!(json["certificate"].as_str().map(str::len), Some(64));

    let refusal = |arguments: &str| desk.refusal(&format!("{check} {arguments}"));
    desk.ok("audit stamp-request checkpoint -o another.tsq");
    assert_eq!(
        refusal("--request another.tsq"),
        ("audit_timestamp_nonce".into(), Some(1))
    );
    assert_eq!(
        refusal("--tsa-roots checkpoint"),
        ("audit_timestamp_roots".into(), Some(2))
    );
    let stranger = Authority::new(USUAL).unwrap();
    fs::write(desk.path("root.pem"), stranger.read("root.pem")).unwrap();
    assert_eq!(
        refusal("--tsa-roots root.pem"),
        ("audit_timestamp_untrusted".into(), Some(1))
    );
}
