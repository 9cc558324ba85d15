//! Signing: what a client may ask for, and what can't be written.

use countersign_core::{
    BodyDigest, Code, DigestAlgorithm, Refusal, SignOptions, Signed, SigningKey, sign,
};

use crate::support::{Attempt, at, key, options, secret};

fn signed(attempt: &Attempt, options: &SignOptions) -> Result<Signed, Refusal> {
    attempt.with_request(|request| sign(request, &key(), options))
}

fn refused(options: &SignOptions) -> Code {
    signed(&Attempt::unsigned(), options).unwrap_err().code()
}

#[test]
fn by_default_the_request_and_its_body_are_covered() {
    let signed = signed(&Attempt::unsigned(), &SignOptions::new(at(0))).unwrap();
    assert_eq!(
        signed.signature_input,
        r#"sig1=("@method" "@authority" "@path" "@query" "content-digest");created=1800000000;keyid="k7""#,
    );
    let digest = BodyDigest::of(DigestAlgorithm::Sha256, &Attempt::unsigned().body);
    assert_eq!(signed.content_digest, Some(digest.to_field()));
}

#[test]
fn without_a_body_there_is_no_digest() {
    let mut attempt = Attempt::unsigned();
    attempt.body.clear();
    let signed = signed(&attempt, &options()).unwrap();
    assert!(!signed.signature_input.contains("content-digest"));
    assert_eq!(signed.content_digest, None);
}

#[test]
fn every_parameter_is_written_in_one_order() {
    let all = options()
        .label("orders")
        .components(["@method", "\"@query-param\";name=\"symbol\""])
        .tag("a \"tag\"")
        .with_algorithm(true)
        .expires(at(60));
    let signed = signed(&Attempt::unsigned(), &all).unwrap();
    assert_eq!(
        signed.signature_input,
        r#"orders=("@method" "@query-param";name="symbol");created=1800000000;expires=1800000060;nonce="n-1";alg="hmac-sha256";keyid="k7";tag="a \"tag\"""#,
    );
    assert!(signed.signature.starts_with("orders=:"));
}

#[test]
fn one_input_has_one_signature() {
    let sign = || signed(&Attempt::unsigned(), &options()).unwrap();
    assert_eq!(sign(), sign());
}

#[test]
fn a_digest_that_is_there_is_checked_and_kept() {
    let mut attempt = Attempt::unsigned();
    let digest = BodyDigest::of(DigestAlgorithm::Sha512, &attempt.body).to_field();
    attempt.add("Content-Digest", &digest);
    assert_eq!(signed(&attempt, &options()).unwrap().content_digest, None);

    attempt.body.push(b' ');
    let refusal = signed(&attempt, &options()).unwrap_err();
    assert_eq!(refusal.code(), Code::DigestMismatch);
}

#[test]
fn the_digest_that_is_wanted_is_made() {
    let sha512 = options().digest(DigestAlgorithm::Sha512);
    let digest = BodyDigest::of(DigestAlgorithm::Sha512, &Attempt::unsigned().body);
    let signed = signed(&Attempt::unsigned(), &sha512).unwrap();
    assert_eq!(signed.content_digest, Some(digest.to_field()));

    // One member of the field that is to be made is enough to make it.
    let member = options().components(["\"content-digest\";key=\"sha-256\""]);
    let signed = self::signed(&Attempt::unsigned(), &member).unwrap();
    assert!(signed.content_digest.is_some());
}

#[test]
fn what_cannot_be_written_is_refused() {
    for label in ["", "Sig", "sig 1", "1", "sig=1", "é"] {
        assert_eq!(
            refused(&options().label(label)),
            Code::OptionsMalformed,
            "{label}"
        );
    }
    for text in ["\r\n", "\0", "é"] {
        assert_eq!(refused(&options().nonce(text)), Code::OptionsMalformed);
        assert_eq!(refused(&options().tag(text)), Code::OptionsMalformed);
        assert_eq!(
            refused(&options().components([text])),
            Code::OptionsMalformed
        );
    }
    for nonce in [String::new(), "n".repeat(257)] {
        assert_eq!(refused(&options().nonce(nonce)), Code::NonceTooLong);
    }
    for (component, code) in [
        ("Content-Type", Code::ComponentUnknown),
        ("@verb", Code::ComponentUnknown),
        ("@query-param", Code::ComponentParameterUnsupported),
        ("\"content-type\";xy", Code::ComponentParameterUnsupported),
        ("\"content-type\";sf", Code::ComponentNotStructured),
        ("\"@method\";req", Code::ComponentParametersIncompatible),
        ("date", Code::ComponentMissing),
        ("\"@method\");created=1;x=(", Code::OptionsMalformed),
        ("\"@method", Code::OptionsMalformed),
    ] {
        assert_eq!(
            refused(&options().components([component])),
            code,
            "{component}"
        );
    }
}

#[test]
fn a_message_that_cannot_be_sent_is_not_signed() {
    let mut attempt = Attempt::unsigned();
    attempt.method = "PO ST".into();
    assert_eq!(
        signed(&attempt, &options()).unwrap_err().code(),
        Code::MethodMalformed
    );
    let mut attempt = Attempt::unsigned();
    attempt.target = "/a b".into();
    assert_eq!(
        signed(&attempt, &options()).unwrap_err().code(),
        Code::TargetMalformed
    );
    let mut attempt = Attempt::unsigned();
    attempt.add("Host", "b.example");
    assert_eq!(
        signed(&attempt, &options()).unwrap_err().code(),
        Code::HostAmbiguous
    );
}

#[test]
fn a_signing_key_has_a_good_keyid() {
    assert_eq!(key().id().as_str(), "k7");
    assert_eq!(key().algorithm().as_str(), "hmac-sha256");
    let refusal = SigningKey::new("k\"7", &secret()).unwrap_err();
    assert_eq!(refusal.code(), Code::KeyidMalformed);
}
