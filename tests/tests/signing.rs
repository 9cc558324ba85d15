//! The runner of published signing vectors.
#![allow(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

use std::fs;
use std::path::Path;

use countersign_conformance::{Runtime, signing, vectors};

/// Writes files into a folder and asks native code.
fn run(files: &[(&str, &str)]) -> signing::Tally {
    run_on(files, Runtime::Native)
}

fn run_on(files: &[(&str, &str)], runtime: Runtime) -> signing::Tally {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    signing::run(folder.path(), runtime).unwrap()
}

fn last_line(tally: &signing::Tally) -> String {
    tally.to_string().lines().last().unwrap().to_owned()
}

#[test]
fn the_shared_vectors_pass_or_are_skipped_for_a_reason() {
    let folder = vectors::root().join("../shared/vectors/signing");
    if !folder.exists() {
        println!("skipped: {} is not there", folder.display());
        return;
    }
    for runtime in [Runtime::Native, Runtime::Wasmtime] {
        let tally = signing::run(&folder, runtime).unwrap();
        println!("{runtime}\n{tally}");
        assert!(tally.is_good(), "{tally}");
        assert!(tally.passed() > 100, "{tally}");
        if runtime == Runtime::Native {
            // Digests by algorithms that RFC 9530 calls insecure.
            assert!(tally.skipped() <= 1, "{tally}");
        }
    }
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
    assert_eq!(last_line(&tally), "3 passed, 2 failed, 0 skipped");
    assert!(!tally.is_good());
}

#[test]
fn what_is_not_for_this_module_is_skipped_and_counted_by_reason() {
    let files = [
        (
            "a/new.json",
            r#"{"family":"nobody-knows","cases":[{"name":"x"},{}]}"#,
        ),
        (
            "b/c/aws.json",
            r#"{"family":"sigv4","cases":[{"name":"x"}]}"#,
        ),
        ("readme.md", "not a vector"),
    ];
    let tally = run_on(&files, Runtime::Wasmtime);
    assert_eq!(last_line(&tally), "0 passed, 0 failed, 3 skipped");
    assert!(
        tally
            .to_string()
            .contains("2  a family that this runner doesn't know"),
        "{tally}"
    );
    assert!(tally.is_good());
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
    assert_eq!(last_line(&tally), "0 passed, 0 failed, 1 skipped");
    assert!(!tally.is_good());
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
    assert_eq!(last_line(&tally), "4 passed, 0 failed, 0 skipped");
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let error = signing::run(Path::new("/nobody/has/this"), Runtime::Native).unwrap_err();
    assert!(format!("{error:#}").contains("/nobody/has/this"));
}
