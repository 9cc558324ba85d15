//! The vectors of this repository, through the runtimes that need nothing but cargo.

use std::collections::BTreeSet;

use countersign_conformance::compare::compare;
use countersign_conformance::{Bytes, Case, Kind, Runtime, case, vectors};
use countersign_core::{Code, Fault};

#[test]
fn native_code_and_wasmtime_answer_as_expected_and_alike() {
    let cases = vectors::all().unwrap();
    let report = compare(&cases, &[Runtime::Native, Runtime::Wasmtime]).unwrap();
    assert_eq!(report.differences, 0, "{}", report.text);
    assert_eq!(report.skipped, 0, "{}", report.text);
}

/// A host writes small frames into one buffer and asks the module for room for larger ones.
#[test]
fn a_body_of_any_size_crosses() {
    let sizes = (16_200..16_400)
        .step_by(7)
        .chain([0, 1, 16_384, 65_536, 1_000_000]);
    let cases: Vec<Case> = sizes
        .map(|size| {
            let digest = case::Digest {
                algorithm: "sha-256".to_owned(),
                body: Bytes(vec![b'x'; size]),
                split: None,
            };
            Case::new(format!("{size} bytes"), Kind::Digest(digest))
        })
        .collect();
    let report = compare(&cases, &[Runtime::Native, Runtime::Wasmtime]).unwrap();
    assert_eq!(report.differences, 0, "{}", report.text);
}

#[test]
fn a_wrong_expectation_is_a_difference_that_names_case_and_member() {
    let mut cases = vectors::all().unwrap();
    cases.truncate(1);
    let case = &mut cases[0];
    let id = case.id.clone();
    case.expect
        .insert("verdict".into(), "something else".into());
    let report = compare(&cases, &[Runtime::Native]).unwrap();
    assert_eq!(report.differences, 1);
    assert!(report.text.contains(&id), "{}", report.text);
    assert!(
        report.text.contains("verdict: expected \"something else\""),
        "{}",
        report.text
    );
}

#[test]
fn every_refusal_that_a_stranger_can_cause_has_a_case() {
    // The first takes a second algorithm. The others are of what no verb of the full module does: the
    // keyrings of edges, negotiation, general structured fields, vendors' schemes.
    let out_of_reach = [
        Code::AlgorithmMismatch,
        Code::KeyDamaged,
        Code::KeyScopeMissing,
        Code::KeyWrongRegion,
        Code::WantDigestMalformed,
        Code::AcceptSignatureMalformed,
        Code::SignatureRequestImpossible,
        Code::StructuredFieldMalformed,
        Code::TimestampMalformed,
        Code::NonceMalformed,
        Code::BodyMalformed,
    ];
    let cases = vectors::all().unwrap();
    let seen: BTreeSet<&str> = cases
        .iter()
        .filter_map(|case| case.expect.get("verdict")?.as_str())
        .collect();
    let missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| matches!(code.fault(), Fault::Client | Fault::Key | Fault::Policy))
        .filter(|code| !out_of_reach.contains(code))
        .map(|code| code.as_str())
        .filter(|code| !seen.contains(code))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn every_case_expects_something_and_says_so_in_its_name() {
    for case in vectors::all().unwrap() {
        assert!(!case.expect.is_empty(), "{}", case.id);
        let Some((_, rest)) = case.id.split_once('/') else {
            panic!("{} is in no file", case.id);
        };
        let named = rest.split(',').next().unwrap();
        if Code::ALL.iter().any(|code| code.as_str() == named) {
            assert_eq!(case.expect["verdict"], named, "{}", case.id);
        }
    }
}
