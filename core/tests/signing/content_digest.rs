//! `Content-Digest`: which digests bind a body (RFC 9530).

use countersign_core::{
    Body, BodyDigest, Code, ContentDigest, DigestAlgorithm, Headers, Refusal, content_digest,
    wanted_digest,
};
use serde::Deserialize;

use crate::vectors;

const BODY: &[u8] = b"{\"hello\": \"world\"}\n";
const SHA_256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
const OF_NOTHING: &str = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
const BOTH: [DigestAlgorithm; 2] = [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512];

#[derive(Deserialize)]
struct Case {
    section: String,
    name: String,
    content: String,
    field: String,
}

fn check(field: &str, body: &Body<'_>) -> Result<bool, Refusal> {
    let block = format!("Content-Digest: {field}\r\n");
    content_digest(&Headers::parse(block.as_bytes())?, "content-digest", body)
}

fn refused(field: &str, body: &[u8]) -> Code {
    check(field, &Body::Bytes(body)).unwrap_err().code()
}

#[test]
fn the_published_digests_are_made_and_accepted() {
    for case in vectors::cases::<Case>("rfc9530_content_digest.json") {
        let what = format!("{} {}", case.section, case.name);
        let name = case.field.split_once('=').unwrap().0;
        let digest = BodyDigest::of(
            DigestAlgorithm::parse(name).unwrap(),
            case.content.as_bytes(),
        );
        assert_eq!(digest.to_field(), case.field, "{what}");
        assert_eq!(
            check(&case.field, &Body::Bytes(case.content.as_bytes())),
            Ok(true),
            "{what}"
        );
    }
}

#[test]
fn a_body_in_two_pieces_has_the_digest_of_the_whole_wherever_it_is_split() {
    // Longer than two blocks of SHA-512, so that every way to fill a block occurs.
    let body: Vec<u8> = (0..=255).chain(0..44).collect();
    for algorithm in BOTH {
        let whole = BodyDigest::of(algorithm, &body);
        for split in 0..=body.len() {
            let mut digest = ContentDigest::new(algorithm);
            digest.update(&body[..split]);
            digest.update(&body[split..]);
            assert_eq!(
                digest.finish(),
                whole,
                "{} split at {split}",
                algorithm.as_str()
            );
        }
    }
}

#[test]
fn no_field_is_no_digest() {
    assert_eq!(
        content_digest(&Headers::default(), "content-digest", &Body::Bytes(BODY)),
        Ok(false)
    );
}

#[test]
fn a_digest_of_another_body_is_refused() {
    assert_eq!(refused(OF_NOTHING, BODY), Code::DigestMismatch);
    assert_eq!(refused(SHA_256, b""), Code::DigestMismatch);
}

#[test]
fn every_digest_that_can_be_checked_must_match() {
    let wrong = BodyDigest::of(DigestAlgorithm::Sha512, b"").to_field();
    for field in [format!("{SHA_256}, {wrong}"), format!("{wrong}, {SHA_256}")] {
        assert_eq!(refused(&field, BODY), Code::DigestMismatch, "{field}");
    }
    let both = BOTH
        .map(|algorithm| BodyDigest::of(algorithm, BODY).to_field())
        .join(", ");
    assert_eq!(check(&both, &Body::Bytes(BODY)), Ok(true));
}

#[test]
fn an_algorithm_that_occurs_twice_is_refused() {
    for again in [SHA_256, OF_NOTHING] {
        let field = format!("{SHA_256}, {again}");
        assert_eq!(refused(&field, BODY), Code::DigestMalformed, "{field}");
        let lines = format!("Content-Digest: {SHA_256}\r\nContent-Digest: {again}\r\n");
        let headers = Headers::parse(lines.as_bytes()).unwrap();
        let refusal = content_digest(&headers, "content-digest", &Body::Bytes(BODY)).unwrap_err();
        assert_eq!(refusal.code(), Code::DigestMalformed, "{lines}");
    }
}

#[test]
fn an_unknown_algorithm_is_passed_over_but_is_not_enough() {
    assert_eq!(
        check(
            &format!("unixcksum=:7zsHAA==:, {SHA_256}"),
            &Body::Bytes(BODY)
        ),
        Ok(true)
    );
    assert_eq!(
        refused("unixcksum=:7zsHAA==:", BODY),
        Code::DigestAlgorithmUnsupported
    );
}

#[test]
fn a_field_that_can_not_be_read_holds_no_digest() {
    for other in [
        "md5",
        "md5=abc",
        "md5=:A:",
        "md5=:AA:",
        "md5=:*:",
        "md5=:AAAA",
    ] {
        for field in [format!("{other}, {SHA_256}"), format!("{SHA_256}, {other}")] {
            assert_eq!(refused(&field, BODY), Code::DigestMalformed, "{field}");
        }
    }
}

#[test]
fn a_digest_is_canonical_base64_of_the_right_length() {
    for field in [
        "",
        "sha-256",
        "sha-256=RK/0",
        "sha-256=::",
        "sha-256=:RK/0:",
        // One sign of padding too many, and one too few.
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg==:",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg:",
        // Bits after the last byte.
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDh=:",
        // The length of SHA-256 under the name of SHA-512.
        "sha-512=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
        "SHA-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:,",
    ] {
        assert_eq!(refused(field, BODY), Code::DigestMalformed, "{field}");
    }
}

#[test]
fn the_platform_may_have_hashed_the_body() {
    let digest = BodyDigest::of(DigestAlgorithm::Sha256, BODY);
    let told = BodyDigest::from_platform(DigestAlgorithm::Sha256, digest.as_bytes()).unwrap();
    assert_eq!(check(SHA_256, &Body::Digest(told)), Ok(true));
    assert_eq!(
        check(OF_NOTHING, &Body::Digest(told)).unwrap_err().code(),
        Code::DigestMismatch
    );

    let other = BodyDigest::of(DigestAlgorithm::Sha512, BODY);
    let refusal = check(SHA_256, &Body::Digest(other)).unwrap_err();
    assert_eq!(refusal.code(), Code::DigestAlgorithmUnsupported);
    let refusal =
        BodyDigest::from_platform(DigestAlgorithm::Sha512, digest.as_bytes()).unwrap_err();
    assert_eq!(refusal.code(), Code::DigestMalformed);
}

#[test]
fn the_best_digest_that_is_wanted_and_can_be_made() {
    use DigestAlgorithm::{Sha256, Sha512};
    let wanted = |value: &str| {
        let line = format!("Want-Content-Digest: {value}\r\n");
        wanted_digest(
            &Headers::parse(line.as_bytes()).unwrap(),
            "want-content-digest",
        )
        .map_err(|refusal| refusal.code())
    };
    for (value, algorithm) in [
        ("sha-512=3, sha-256=10, unixsum=0", Some(Sha256)),
        ("sha-256=3, sha=10", Some(Sha256)),
        ("sha-256=1;x=y, sha-512=2", Some(Sha512)),
        ("sha-512=5, sha-256=5", Some(Sha512)),
        ("sha-256=0", None),
        ("sha=10", None),
        ("", None),
    ] {
        assert_eq!(wanted(value), Ok(algorithm), "{value}");
    }
    for value in [
        "sha-256",
        "sha-256=11",
        "sha-256=-1",
        "sha-256=1.0",
        "md5=(1)",
        "sha-256=",
    ] {
        assert_eq!(wanted(value), Err(Code::WantDigestMalformed), "{value}");
    }
    assert_eq!(
        wanted_digest(&Headers::default(), "want-repr-digest"),
        Ok(None)
    );
}

#[test]
fn a_digest_may_have_parameters_that_nobody_knows() {
    assert_eq!(
        check(&format!("{SHA_256};x=1"), &Body::Bytes(BODY)),
        Ok(true)
    );
    assert_eq!(
        refused(&format!("{SHA_256};X"), BODY),
        Code::DigestMalformed
    );
}
