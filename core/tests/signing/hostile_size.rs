//! Much of everything: refused or read in a time that a sender can't drive up.

use std::time::{Duration, Instant};

use countersign_core::{Code, Headers, signature_inputs, signature_requests};

use crate::support::Attempt;

const MEGABYTE: usize = 1 << 20;

/// `Signature-Input` of a megabyte, or of ten thousand signatures, and the code that it earns.
fn fields() -> Vec<(&'static str, String, Code)> {
    let members = |count: usize, value: &str| {
        let members: Vec<String> = (0..count).map(|n| format!("l{n}={value}")).collect();
        members.join(", ")
    };
    vec![
        (
            "10,000 signatures",
            members(10_000, "()"),
            Code::TooManySignatures,
        ),
        (
            "a long label",
            "a".repeat(MEGABYTE),
            Code::SignatureInputMalformed,
        ),
        (
            "a long component",
            format!("s=(\"{}\")", "a".repeat(MEGABYTE)),
            Code::ComponentMissing,
        ),
        (
            "many components",
            format!("s=({})", "\"a\";tr ".repeat(MEGABYTE / 7)),
            Code::ComponentDuplicate,
        ),
        (
            "many parentheses",
            format!("s={}", "(".repeat(MEGABYTE)),
            Code::SignatureInputMalformed,
        ),
        (
            "many spaces",
            format!("s=({})", " ".repeat(MEGABYTE)),
            Code::ComponentNotCovered,
        ),
        (
            "many parameters",
            format!("s=(){}", ";a".repeat(MEGABYTE / 2)),
            Code::ParameterDuplicate,
        ),
        (
            "many component parameters",
            format!("s=(\"a\"{})", ";sf".repeat(MEGABYTE / 3)),
            Code::ComponentParameterUnsupported,
        ),
        (
            "a long nonce",
            format!("s=();nonce=\"{}\"", "n".repeat(MEGABYTE)),
            Code::NonceTooLong,
        ),
        (
            "a long number",
            format!("s=();created={}", "1".repeat(MEGABYTE)),
            Code::CreatedOutOfRange,
        ),
        (
            "a long unknown text",
            format!("s=();x=\"{}\"", "\\\\".repeat(MEGABYTE / 2)),
            Code::ComponentNotCovered,
        ),
    ]
}

#[test]
fn a_signature_input_of_a_megabyte_is_refused_in_little_time() {
    let start = Instant::now();
    for (what, value, code) in fields() {
        let mut attempt = Attempt::good();
        if code == Code::ComponentMissing {
            attempt.profile = attempt.profile.require::<&str>([]);
            attempt.body.clear();
            attempt.set(
                "signature-input",
                &format!("{value};created=1800000000;nonce=\"n\""),
            );
            attempt.replace("signature", "sig1", "s");
        } else {
            attempt.set("signature-input", &value);
        }
        assert_eq!(attempt.verify().unwrap_err().code(), code, "{what}");
    }
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(10), "{taken:?}");
}

#[test]
fn a_signature_or_accept_signature_of_a_megabyte_too() {
    let start = Instant::now();
    let mut attempt = Attempt::good();
    let members: Vec<String> = (0..10_000).map(|n| format!("l{n}=:AAAA:")).collect();
    attempt.set("signature", &members.join(", "));
    assert_eq!(
        attempt.verify().unwrap_err().code(),
        Code::TooManySignatures
    );
    let mut attempt = Attempt::good();
    attempt.set("signature", &format!("sig1=:{}:", "A".repeat(MEGABYTE)));
    assert_eq!(
        attempt.verify().unwrap_err().code(),
        Code::SignatureMalformed
    );
    for (_, value, _) in fields() {
        let block = format!("Accept-Signature: {value}\r\n");
        let _ = signature_requests(&Headers::parse(block.as_bytes()).unwrap());
    }
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(10), "{taken:?}");
}

#[test]
fn sixty_four_members_of_one_long_field_are_read_in_little_time() {
    let start = Instant::now();
    let keys: Vec<String> = (0..60)
        .map(|n| format!("\"priority\";key=\"k{n}\""))
        .collect();
    let mut attempt = Attempt::good();
    let members: Vec<String> = (0..1000).map(|n| format!("k{n}=\"12345\"")).collect();
    attempt.add("Priority", &members.join(","));
    attempt.replace(
        "signature-input",
        ")",
        &format!(" {})", keys[..59].join(" ")),
    );
    let inputs =
        attempt.with_request(|request| signature_inputs(&request.headers).map(|all| all.len()));
    assert_eq!(inputs, Ok(1));
    assert_eq!(
        attempt.verify().unwrap_err().code(),
        Code::SignatureMismatch
    );
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(10), "{taken:?}");
}
