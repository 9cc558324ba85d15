//! `sign --as`, `verify --as`, `schemes`, `debug` and `evidence`.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::process::{Command, Output, Stdio};

use countersign_core::{
    Body, Environment, Headers, KeyRecord, KeyRing, Presented, Profile, Request, Scheme,
    SignOptions, SigningKey, UnixSeconds, sign,
};
use serde_json::Value;

/// A folder of files.
struct Desk(tempfile::TempDir);

impl Desk {
    fn with(files: &[(&str, &str)]) -> Self {
        let desk = Desk(tempfile::tempdir().unwrap());
        for (name, text) in files {
            fs::write(desk.0.path().join(name), text).unwrap();
        }
        desk
    }

    fn run(&self, arguments: &str, input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(arguments.split(' '))
            .current_dir(self.0.path())
            .env_remove("COUNTERSIGN_SECRET")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that refuses its arguments ends before it reads.
        if let Err(error) = child.stdin.take().unwrap().write_all(input.as_bytes()) {
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        }
        child.wait_with_output().unwrap()
    }

    /// What is printed by a command that ends so.
    fn prints(&self, arguments: &str, input: &str, status: i32) -> String {
        let output = self.run(arguments, input);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (out, error) = (text(output.stdout), text(output.stderr));
        assert_eq!(
            output.status.code(),
            Some(status),
            "{arguments}: {out}{error}"
        );
        if out.is_empty() { error } else { out }
    }

    fn json(&self, arguments: &str, input: &str, status: i32) -> Value {
        let text = self.prints(&format!("{arguments} --json"), input, status);
        serde_json::from_str(&text).unwrap()
    }
}

const BALANCE: &str =
    "GET /api/v5/account/balance?ccy=BTC&note=a%20b HTTP/1.1\r\nHost: www.okx.com\r\n\r\n";
const OKX: &str = "--as okx --keyid key --secret secret --passphrase pass --now-ms 1700000000123";

fn okx() -> Desk {
    Desk::with(&[
        ("secret", "a secret of okx\n"),
        ("old", "the one before\n"),
        ("pass", "pass\r\n"),
    ])
}

#[test]
fn a_vendors_request_is_signed_and_verified() {
    let desk = okx();
    let signed = desk.prints(&format!("sign {OKX}"), BALANCE, 0);
    assert!(
        signed.contains("\r\nOK-ACCESS-TIMESTAMP: 2023-11-14T22:13:20.123Z\r\n"),
        "{signed}"
    );
    // Signed again, the fields are replaced.
    assert_eq!(desk.prints(&format!("sign {OKX}"), &signed, 0), signed);
    let told = desk.prints(&format!("verify {OKX}"), &signed, 0);
    assert!(
        told.contains("the signature says nothing of the host"),
        "{told}"
    );
    let rotated = OKX.replace("--secret secret", "--secret old --secret secret");
    let verified = desk.json(&format!("verify {rotated}"), &signed, 0);
    assert_eq!(verified["credential"], 1);
    assert_eq!(verified["timestamp_ms"], 1_700_000_000_123_u64);
    let late = OKX.replace("1700000000123", "1700000040123");
    assert_eq!(
        desk.json(&format!("verify {late}"), &signed, 1)["code"],
        "too_old"
    );
}

#[test]
fn what_can_not_be_tried_exits_with_2() {
    let desk = okx();
    let code = |arguments: &str| desk.json(arguments, BALANCE, 2)["code"].clone();
    assert_eq!(code("sign --as okx --keyid key"), "secret_missing");
    assert_eq!(
        code("sign --as aws-sigv4 --secret secret --option region"),
        "options_malformed"
    );
    assert_eq!(
        code("decide --as okx --secret secret --pack trading-api"),
        "scheme_not_decided"
    );
    assert_eq!(
        desk.json("sign --as nobody --secret secret", BALANCE, 1)["code"],
        "scheme_unknown"
    );
}

#[test]
fn every_scheme_says_what_it_covers() {
    let desk = okx();
    let listed = desk.json("schemes", "", 0);
    let schemes = listed["schemes"].as_array().unwrap();
    assert!(schemes.len() >= 30);
    for scheme in schemes {
        let name = scheme["name"].as_str().unwrap();
        assert!(
            scheme["documentation"]
                .as_str()
                .unwrap()
                .starts_with("https://")
        );
        assert_eq!(desk.json(&format!("schemes {name}"), "", 0)["name"], name);
    }
    let stripe = desk.prints("schemes stripe", "", 0);
    for line in [
        "  method    no\n",
        "  body      yes\n",
        "  window    300 s\n",
    ] {
        assert!(stripe.contains(line), "{stripe}");
    }
}

#[test]
fn a_row_of_ones_own_needs_no_compiler_and_a_wrong_one_names_its_line() {
    let row = "name = \"own\"\ntitle = \"Our own\"\ndocumentation = \"https://own.example\"\n\
               algorithm = \"hmac-sha512\"\nsecret = \"utf8\"\nencoding = \"hex\"\n\
               signed = \"{timestamp}|{method}|{target}|{body}\"\ntimestamp = \"s\"\npast = \"60 s\"\n\n\
               [headers]\nX-Key = \"{keyid}\"\nX-Time = \"{timestamp}\"\nX-Sign = \"{signature}\"\n";
    let desk = Desk::with(&[
        ("own.toml", row),
        ("wrong.toml", &row.replace("hmac-sha512", "hmac-md5")),
        ("secret", "s"),
    ]);
    let own = "--row own.toml --keyid k --secret secret --now-ms 1700000000000";
    let signed = desk.prints(&format!("sign {own}"), BALANCE, 0);
    assert!(signed.contains("X-Time: 1700000000\r\n"), "{signed}");
    desk.prints(&format!("verify {own}"), &signed, 0);
    assert!(
        desk.prints("schemes --row own.toml", "", 0)
            .contains("Our own")
    );
    let wrong = desk.prints("schemes --row wrong.toml", "", 1);
    assert!(
        wrong.contains("scheme_malformed") && wrong.contains("line 4"),
        "{wrong}"
    );
}

#[test]
fn debug_names_what_was_changed_on_the_way() {
    let desk = okx();
    let signed = desk.prints(&format!("sign {OKX}"), BALANCE, 0);
    assert_eq!(desk.json(&format!("debug {OKX}"), &signed, 0)["ok"], true);
    let cause = |arguments: &str, request: &str| {
        desk.json(&format!("debug {arguments}"), request, 1)["cause"].clone()
    };
    assert_eq!(
        cause(OKX, &signed.replace("a%20b", "a+b")),
        "plus_for_space"
    );
    assert_eq!(
        cause(OKX, &signed.replace("/balance?", "/balance/?")),
        "trailing_slash"
    );
    assert_eq!(
        cause(
            OKX,
            &signed.replace("ccy=BTC&note=a%20b", "note=a%20b&ccy=BTC")
        ),
        "query_order"
    );
    assert_eq!(
        cause(
            &OKX.replace("--secret secret", "--secret old --secret secret"),
            &signed
        ),
        "other_key"
    );
    assert_eq!(
        cause(&OKX.replace("1700000000123", "1700003600123"), &signed),
        "clock_skew"
    );
    fs::write(desk.0.path().join("spaced"), "a secret of okx ").unwrap();
    let spaced = OKX.replace("--secret secret", "--secret spaced");
    assert_eq!(
        desk.json(&format!("sign {spaced}"), BALANCE, 1)["code"],
        "secret_malformed"
    );
}

/// A request that `key` signs, as text.
fn order(key: &SigningKey, created: u64, body: &str) -> String {
    let request = Request {
        method: "POST",
        target: "/v1/orders?note=a%20b",
        scheme: Scheme::Https,
        headers: Headers::parse(b"Host: api.example.com\r\n").unwrap(),
        body: Body::Bytes(body.as_bytes()),
        peer: None,
    };
    let options = SignOptions::new(UnixSeconds::new(created)).nonce("n-1");
    let lines = sign(&request, key, &options).unwrap().header_lines();
    format!("POST /v1/orders?note=a%20b HTTP/1.1\r\nHost: api.example.com\r\n{lines}\r\n{body}")
}

#[test]
fn debug_tells_why_a_signature_of_rfc_9421_fails() {
    let secret = |fill: u8| countersign_core::SharedSecret::new(vec![fill; 32]).unwrap();
    let key = |fill: u8| SigningKey::new("k7", &secret(fill)).unwrap();
    let ring = r#"{"keys": [
        {"keyid": "k8", "environment": "live", "secret": "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk="},
        {"keyid": "k7", "environment": "live", "secret": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="}
    ]}"#;
    let desk = Desk::with(&[("ring", ring)]);
    let now: u64 = 1_800_000_000;
    let debug = format!("debug --keyring ring --now {now}");
    let cause = |request: &str| desk.json(&debug, request, 1)["cause"].clone();
    let body = "{\"a\": 1, \"b\": [2]}";
    let good = order(&key(7), now, body);
    assert_eq!(desk.json(&debug, &good, 0)["ok"], true);
    assert_eq!(
        cause(&good.replace("a%20b HTTP", "a+b HTTP")),
        "plus_for_space"
    );
    assert_eq!(
        cause(&good.replace(body, "{\"a\":1,\"b\":[2]}")),
        "body_reserialised"
    );
    assert_eq!(cause(&format!("{good}\n")), "body_line_break");
    assert_eq!(cause(&order(&key(9), now, body)), "other_key");
    let late = desk.json(&debug, &order(&key(7), now - 4000, body), 1);
    assert_eq!(late["cause"], "clock_skew");
    assert_eq!(
        late["detail"],
        "it was created 4000 s before now by this clock"
    );
    assert_eq!(cause(&order(&key(7), now * 1000, body)), "milliseconds");

    // With the base that the client signed, the line is shown.
    fs::write(
        desk.0.path().join("base"),
        "\"@method\": POST\n\"@authority\": api.example.com:8443\n",
    )
    .unwrap();
    let changed = good.replace("/v1/orders", "/v2/orders");
    let told = desk.prints(&format!("{debug} --base base"), &changed, 1);
    for line in [
        "the bases part in line 2, at 30\n",
        "  expected  \"@authority\": api.example.com\n",
        "  signed    \"@authority\": api.example.com:8443\n",
        "likely cause: other_authority\n",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn evidence_is_checked_without_any_keyring() {
    let key = SigningKey::ed25519("client-1", &[7; 32]).unwrap();
    let text = order(&key, 1_800_000_000, "");
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let (_, lines) = head.split_once("\r\n").unwrap();
    let request = Request {
        method: "POST",
        target: "/v1/orders?note=a%20b",
        scheme: Scheme::Https,
        headers: Headers::parse(lines.as_bytes()).unwrap(),
        body: Body::Bytes(b""),
        peer: None,
    };
    let mut ring = KeyRing::new();
    let public = key.verifying_key().unwrap();
    ring.insert(KeyRecord::public("client-1", Environment::Live, public).unwrap());
    let now = UnixSeconds::new(1_800_000_000);
    let evidence = Presented::parse(&request, &Profile::new(Environment::Live))
        .and_then(|presented| presented.find_key(&ring, now))
        .and_then(|candidate| candidate.authenticate(now))
        .unwrap()
        .evidence()
        .unwrap()
        .to_json();
    let desk = Desk::with(&[]);
    let told = desk.prints("evidence verify", &evidence, 0);
    assert!(
        told.contains("signed by the holder of `client-1` (ed25519)"),
        "{told}"
    );
    assert!(told.contains("\"@path\": /v1/orders\n"), "{told}");
    let altered = evidence.replace("/v1/orders", "/v9/orders");
    assert_eq!(
        desk.json("evidence verify", &altered, 1)["code"],
        "signature_mismatch"
    );
    assert_eq!(
        desk.json("evidence verify", "{}", 1)["code"],
        "evidence_malformed"
    );
}
