//! The command line: what it prints, and how it exits.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const ORDER: &str = "POST /v1/orders HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 14\r\n\r\n{\"size\":\"0.1\"}";
const AT: &str = "1800000000";

/// A folder with a token and a keyring that has it.
struct Desk {
    folder: tempfile::TempDir,
    token: String,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut instance = countersign::Module::embedded()
            .unwrap()
            .instantiate()
            .unwrap();
        let token = countersign::generate_token(&mut instance, "live", "trader1").unwrap();
        fs::write(folder.path().join("token"), token.as_str()).unwrap();
        let ring = format!(
            r#"{{"keys": [{{"token": "{}", "groups": ["trader"]}}]}}"#,
            *token
        );
        fs::write(folder.path().join("ring"), ring).unwrap();
        Desk {
            folder,
            token: token.to_string(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, arguments: &str, input: &[u8]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(arguments.split(' '))
            .current_dir(self.path())
            .env_remove("COUNTERSIGN_TOKEN")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that refuses its arguments ends before it reads.
        if let Err(error) = child.stdin.take().unwrap().write_all(input) {
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        }
        let output = child.wait_with_output().unwrap();
        // Nothing that it prints holds the secret.
        let secret = self.token.rsplit('_').nth(1).unwrap().as_bytes();
        for stream in [&output.stdout, &output.stderr] {
            assert!(!stream.windows(secret.len()).any(|window| window == secret));
        }
        output
    }

    fn signed(&self) -> Vec<u8> {
        let output = self.run(
            &format!("sign --token token --nonce n --created {AT}"),
            ORDER.as_bytes(),
        );
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    fn json(&self, arguments: &str, input: &[u8]) -> (i32, Value) {
        let output = self.run(&format!("--json {arguments}"), input);
        let json = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), json)
    }
}

#[test]
fn what_sign_prints_is_verified_and_decided() {
    let desk = Desk::new();
    let signed = desk.signed();
    let (code, verified) = desk.json(&format!("verify --keyring ring --now {AT}"), &signed);
    assert_eq!((code, &verified["keyid"]), (0, &"trader1".into()));
    let decide = format!("decide --keyring ring --pack trading-api --now {AT}");
    let (code, decided) = desk.json(&decide, &signed);
    assert_eq!((code, &decided["code"]), (0, &"allowed".into()));
    assert_eq!(decided["record"]["action"], "place-order");
}

#[test]
fn a_refusal_exits_with_1_and_its_code() {
    let desk = Desk::new();
    let signed = desk.signed();
    let verify = format!("verify --keyring ring --now {AT}");
    let altered = String::from_utf8(signed.clone())
        .unwrap()
        .replace("0.1", "9.9");
    let (code, refused) = desk.json(&verify, altered.as_bytes());
    assert_eq!((code, &refused["code"]), (1, &"digest_mismatch".into()));
    let (code, refused) = desk.json("verify --keyring ring --now 1800009999", &signed);
    assert_eq!((code, &refused["code"]), (1, &"too_old".into()));

    fs::write(
        desk.path().join("small"),
        r#"{"environment": "live", "max_body": 3}"#,
    )
    .unwrap();
    let (code, refused) = desk.json(&format!("{verify} --profile small"), &signed);
    assert_eq!((code, &refused["code"]), (1, &"body_too_large".into()));
}

#[test]
fn a_denial_exits_with_1() {
    let desk = Desk::new();
    let withdrawal = ORDER.replace("/v1/orders", "/v1/withdrawals");
    let sign = format!("sign --token token --nonce n --created {AT}");
    let signed = desk.run(&sign, withdrawal.as_bytes()).stdout;
    let decide = format!("decide --keyring ring --pack trading-api --now {AT}");
    let (code, decided) = desk.json(&decide, &signed);
    assert_eq!((code, &decided["effect"]), (1, &"deny".into()));
    assert_eq!(decided["code"], "forbidden");
}

#[test]
fn a_malformed_field_is_pointed_at() {
    let desk = Desk::new();
    let signed = String::from_utf8(desk.signed()).unwrap();
    let broken = signed.replace("sig1=(\"@method\"", "sig1=(@method\"");
    let output = desk.run(
        &format!("verify --keyring ring --now {AT}"),
        broken.as_bytes(),
    );
    assert_eq!(output.status.code(), Some(1));
    let shown = String::from_utf8(output.stderr).unwrap();
    for part in [
        "signature_input_malformed",
        "Signature-Input",
        "header `signature-input`",
        "here",
    ] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
}

#[test]
fn what_can_not_be_tried_exits_with_2() {
    let desk = Desk::new();
    for (arguments, input, expected) in [
        ("sign", ORDER, "token_missing"),
        ("sign --token none", ORDER, "file_unreadable"),
        ("inspect", "hello", "message_malformed"),
        ("inspect none.http", "", "file_unreadable"),
        (
            "decide --keyring ring --pack none",
            ORDER,
            "file_unreadable",
        ),
    ] {
        let (code, failed) = desk.json(arguments, input.as_bytes());
        assert_eq!(
            (code, &failed["code"]),
            (2, &expected.into()),
            "{arguments}"
        );
    }
}

#[test]
fn inspect_reads_what_curl_printed_and_says_what_is_not_covered() {
    let desk = Desk::new();
    let trace = "* Trying 127.0.0.1\n> GET /v1/account HTTP/1.1\n> Host: api.example.com\n\
        > Signature-Input: s=(\"@method\" \"@authority\");created=1800000000\n> \n< HTTP/1.1 200 OK\n";
    let output = desk.run("inspect", trace.as_bytes());
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.contains("authority covered") && shown.contains("path      NOT covered"),
        "{shown}"
    );
    assert!(
        shown.contains("\"@authority\": api.example.com\n"),
        "{shown}"
    );
}

#[test]
fn a_curl_command_is_quoted_for_the_shell() {
    let desk = Desk::new();
    let order = ORDER.replace("14", "15").replace("0.1", "it's");
    let output = desk.run(
        &format!("sign --token token --nonce n --created {AT} --curl"),
        order.as_bytes(),
    );
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.starts_with("curl --request 'POST' 'https://api.example.com/v1/orders'"),
        "{shown}"
    );
    assert!(
        shown.contains(r#"--data-raw '{"size":"it'\''s"}'"#),
        "{shown}"
    );
    assert!(!shown.contains("Content-Length"), "{shown}");
}
