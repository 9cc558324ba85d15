//! The runner of published signing vectors.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, to panic is to fail"
)]

use std::fs;
use std::path::Path;

use countersign_conformance::signing::{self, Report, Tally};
use countersign_conformance::{Runtime, vectors};
use countersign_wasm_build::Variant;

/// Writes files into a folder and asks native code.
fn run(files: &[(&str, &str)]) -> Tally {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    native(folder.path())
}

fn native(folder: &Path) -> Tally {
    match signing::run(folder, Runtime::Native, Variant::Complete).unwrap() {
        Report::Counted(tally) => tally,
        Report::Skipped(why) => panic!("native code is always there: {why}"),
    }
}

fn last_line(tally: &Tally) -> String {
    tally.to_string().lines().last().unwrap().to_owned()
}

#[test]
fn the_shared_vectors_come_out_as_published_or_are_refused_on_purpose() {
    let folder = vectors::root().join("../shared/vectors/signing");
    if !folder.exists() {
        println!("skipped: {} is not there", folder.display());
        return;
    }
    let tally = native(&folder);
    println!("{tally}");
    assert!(tally.is_good(), "{tally}");
    assert_eq!(tally.skipped(), 0, "{tally}");
    assert!(tally.passed() > 1900, "{tally}");
    assert!(tally.stricter() < 20, "{tally}");
}

#[test]
fn a_tag_may_be_cut_and_must_match() {
    let case = |tag: &str, bits: usize, result: &str| {
        format!(
            r#"{{"name":"x","alg":"hmac-sha256","key":"4a656665","msg":"7768617420646f2079612077616e7420666f72206e6f7468696e673f","tag":"{tag}","tag_bits":{bits},"result":"{result}"}}"#
        )
    };
    let cases = [
        case(
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            256,
            "valid",
        ),
        case("5bdcc146bf60754e6a042426089575c7", 128, "valid"),
        case("5bdcc146bf60754e6a042426089575c8", 128, "invalid"),
        case("5bdcc146bf60754e6a042426089575c8", 128, "valid"),
        case("5bdcc146bf60754e6a042426089575c7", 128, "invalid"),
    ];
    let file = format!(r#"{{"family":"hmac","cases":[{}]}}"#, cases.join(","));
    let tally = run(&[("hmac/some.json", &file)]);
    assert_eq!(
        last_line(&tally),
        "3 passed, 0 stricter, 2 failed, 0 skipped"
    );
    assert!(!tally.is_good());
}

#[test]
fn what_a_vendor_takes_and_we_refuse_on_purpose_is_listed_by_name() {
    let case = |name: &str, now: u64| {
        format!(
            r#"{{"name":"{name}","vendor":"slack","origin":"run","alg":"hmac-sha256","where":"header:X-Slack-Signature","secret":"8f742231b10e8888abcd99yyyzzz85a5","now":{now},"request":{{"method":"POST","url":"https://a.example/","headers":[["X-Slack-Request-Timestamp","1531420618"],["X-Slack-Signature","v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"]],"body":"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"}},"signature":"a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503","result":"valid"}}"#
        )
    };
    let cases = [
        case("now", 1_531_420_618),
        case("far ahead", 1_531_420_618 - 301),
        case("old", 1_531_420_618 + 301),
        case("a fraction", 1_531_420_618).replace("1531420618\"]", "1531420618.0\"]"),
    ];
    let file = format!(r#"{{"family":"webhooks","cases":[{}]}}"#, cases.join(","));
    let tally = run(&[("slack.json", &file)]);
    assert_eq!(
        last_line(&tally),
        "1 passed, 2 stricter, 1 failed, 0 skipped"
    );
    let report = tally.to_string();
    assert!(
        report.contains("  slack.json: far ahead: a timestamp"),
        "{report}"
    );
    assert!(
        report.contains("FAILED  slack.json: old: refused: too_old"),
        "{report}"
    );
}

#[test]
fn what_the_runner_does_not_know_is_skipped_and_counted_by_reason() {
    let files = [
        (
            "a/new.json",
            r#"{"family":"nobody-knows","cases":[{"name":"x"},{}]}"#,
        ),
        (
            "b/c/md5.json",
            r#"{"family":"hmac","cases":[{"name":"x","alg":"hmac-md5","key":"00","msg":"","tag":"00","tag_bits":8,"result":"valid"}]}"#,
        ),
        ("readme.md", "not a vector"),
    ];
    let tally = run(&files);
    assert_eq!(
        last_line(&tally),
        "0 passed, 0 stricter, 0 failed, 3 skipped"
    );
    assert!(
        tally
            .to_string()
            .contains("2  a family that this runner doesn't know"),
        "{tally}"
    );
    assert!(tally.is_good());
}

#[test]
fn a_case_that_is_not_in_the_format_of_its_family_fails() {
    let tally = run(&[("aws.json", r#"{"family":"sigv4","cases":[{"name":"x"}]}"#)]);
    assert_eq!(
        last_line(&tally),
        "0 passed, 0 stricter, 1 failed, 0 skipped"
    );
    assert!(
        tally.to_string().contains("a case without `request`"),
        "{tally}"
    );
}

#[test]
fn a_malformed_file_is_named_and_fails_the_run() {
    let tally = run(&[
        ("broken.json", "{"),
        (
            "hmac.json",
            r#"{"family":"hmac","cases":[{"name":"no key","alg":"hmac-sha256"}]}"#,
        ),
        ("good.json", r#"{"family":"new","cases":[{"name":"x"}]}"#),
    ]);
    assert_eq!(tally.malformed.len(), 2, "{tally}");
    assert!(tally.malformed[0].contains("broken.json"), "{tally}");
    assert!(
        tally.malformed[1].contains("hmac.json: no key: missing field"),
        "{tally}"
    );
    assert_eq!(
        last_line(&tally),
        "0 passed, 0 stricter, 0 failed, 1 skipped"
    );
    assert!(!tally.is_good());
}

#[test]
fn cases_may_open_more_objects_than_an_instance_keeps() {
    // Each opens a scheme and credentials, of which an instance keeps 65,536.
    let case = r#"{"name":"x","alg":"hmac-sha512","key":"4a656665","msg":"","tag":"00","tag_bits":8,"result":"invalid"}"#;
    let file = format!(
        r#"{{"family":"hmac","cases":[{}]}}"#,
        vec![case; 33_000].join(",")
    );
    let tally = run(&[("hmac.json", &file)]);
    assert_eq!(
        last_line(&tally),
        "33000 passed, 0 stricter, 0 failed, 0 skipped"
    );
}

#[test]
fn an_invalid_signature_must_be_refused() {
    let message = r#"{"kind":"request","method":"GET","target":"/","scheme":"https","headers":[["Host","example.com"]],"body":""}"#;
    let case = |input: &str, alg: &str, keyid: &str| {
        format!(
            r#"{{"name":"{input}","message":{message},"label":"s","keyid":"{keyid}","alg":"{alg}","base":null,"signature_input":"s=(\"{input}\");created=1618884473;keyid=\"{keyid}\"","signature":"s=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:","result":"invalid"}}"#
        )
    };
    let cases = [
        case("@method", "hmac-sha256", "shared"),
        case("@method", "hmac-sha256", "unknown"),
        case("date", "ed25519", "other"),
        case("@method", "ed25519", "other"),
    ];
    let keys = r#"{"shared":{"alg":"hmac-sha256","secret_base64":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="},"other":{"alg":"ed25519"}}"#;
    let file = format!(
        r#"{{"family":"rfc9421","keys":{keys},"cases":[{}]}}"#,
        cases.join(",")
    );
    let tally = run(&[("signatures.json", &file)]);
    assert_eq!(
        last_line(&tally),
        "4 passed, 0 stricter, 0 failed, 0 skipped"
    );
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let error = signing::run(
        Path::new("/nobody/has/this"),
        Runtime::Native,
        Variant::Complete,
    )
    .err()
    .unwrap();
    assert!(format!("{error:#}").contains("/nobody/has/this"));
}
