//! Keyrings: how they are read, and the life of a key in one.

use countersign_core::{
    Code, Environment, KeyId, KeyRecord, KeyRing, SharedSecret, SigningKey, Token,
};

use crate::support::{Attempt, SECRET, at, options, record, ring_of, secret};

fn refused(text: &str) -> Code {
    KeyRing::from_json(text).unwrap_err().code()
}

fn base64_secret() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(SECRET)
}

#[test]
fn a_ring_is_read_from_tokens_and_from_secrets() {
    let token = Token::generate(Environment::Live, "k7", SECRET)
        .unwrap()
        .reveal();
    let secret = base64_secret();
    for key in [
        format!("{{\"token\": \"{}\"}}", token.as_str()),
        format!("{{\"keyid\": \"k7\", \"environment\": \"live\", \"secret\": \"{secret}\"}}"),
    ] {
        let mut attempt = Attempt::good();
        attempt.ring = KeyRing::from_json(&format!("{{\"keys\": [{key}]}}")).unwrap();
        assert_eq!(attempt.ring.len(), 1);
        attempt.verify().unwrap();
    }
    assert!(KeyRing::from_json("{\"keys\": []}").unwrap().is_empty());
}

#[test]
fn times_and_revocation_are_read_too() {
    let token = Token::generate(Environment::Live, "k7", SECRET)
        .unwrap()
        .reveal();
    for (member, code) in [
        ("\"revoked\": true", Code::KeyRevoked),
        ("\"not_before\": 1800000001", Code::KeyNotActive),
        ("\"not_after\": 1800000000", Code::KeyExpired),
    ] {
        let mut attempt = Attempt::good();
        let text = format!(
            "{{\"keys\": [{{\"token\": \"{}\", {member}}}]}}",
            token.as_str()
        );
        attempt.ring = KeyRing::from_json(&text).unwrap();
        assert_eq!(attempt.verify().unwrap_err().code(), code);
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    let token = Token::generate(Environment::Live, "k7", SECRET)
        .unwrap()
        .reveal();
    let token = token.as_str();
    let secret = base64_secret();
    for text in [
        String::new(),
        "{}".into(),
        "[]".into(),
        "{\"keys\": [{}]}".into(),
        "{\"keys\": [], \"version\": 1}".into(),
        "{\"keys\": []} x".into(),
        format!("{{\"keys\": [{{\"token\": \"{token}\", \"revokd\": true}}]}}"),
        format!("{{\"keys\": [{{\"token\": \"{token}\", \"keyid\": \"k7\"}}]}}"),
        format!("{{\"keys\": [{{\"token\": \"{token}\", \"not_after\": -1}}]}}"),
        format!("{{\"keys\": [{{\"token\": \"{token}\", \"not_after\": \"never\"}}]}}"),
        format!(
            "{{\"keys\": [{{\"keyid\": \"k7\", \"environment\": \"prod\", \"secret\": \"{secret}\"}}]}}"
        ),
        "{\"keys\": [{\"keyid\": \"k7\", \"environment\": \"live\", \"secret\": \"not base64\"}]}"
            .into(),
        format!(
            "{{\"keys\": [{{\"token\": \"{token}\"}}, {{\"token\": \"{token}\", \"revoked\": true}}]}}"
        ),
    ] {
        assert_eq!(refused(&text), Code::KeyringMalformed, "{text}");
    }
}

#[test]
fn a_bad_key_in_a_ring_is_told_by_its_own_code() {
    let short =
        "{\"keys\": [{\"keyid\": \"k7\", \"environment\": \"live\", \"secret\": \"AAAA\"}]}";
    assert_eq!(refused(short), Code::SecretTooShort);
    assert_eq!(
        refused("{\"keys\": [{\"token\": \"csk_live\"}]}"),
        Code::TokenMalformed
    );
    let secret = base64_secret();
    let keyid = format!(
        "{{\"keys\": [{{\"keyid\": \"k 7\", \"environment\": \"live\", \"secret\": \"{secret}\"}}]}}"
    );
    assert_eq!(refused(&keyid), Code::KeyidMalformed);
    let token = Token::generate(Environment::Live, "k7", SECRET)
        .unwrap()
        .reveal();
    for attributes in ["[]", "1", "{\"a\": 1.5}", "{\"a\": null}"] {
        let text = format!(
            "{{\"keys\": [{{\"token\": \"{}\", \"attributes\": {attributes}}}]}}",
            token.as_str()
        );
        assert_eq!(refused(&text), Code::KeyringMalformed, "{attributes}");
    }
}

#[test]
fn a_key_is_active_from_its_start_until_before_its_end() {
    let code = |second| {
        let mut attempt = Attempt::good();
        attempt.ring = ring_of(record().active(at(-10), at(10)));
        attempt.now = at(second);
        attempt.verify().map(drop).map_err(|refusal| refusal.code())
    };
    assert_eq!(code(-11), Err(Code::KeyNotActive));
    assert_eq!(code(-10), Ok(()));
    assert_eq!(code(9), Ok(()));
    assert_eq!(code(10), Err(Code::KeyExpired));
}

#[test]
fn revocation_counts_before_the_times() {
    let mut attempt = Attempt::good();
    attempt.ring = ring_of(record().active(at(-10), at(-5)).revoked());
    assert_eq!(attempt.verify().unwrap_err().code(), Code::KeyRevoked);
}

#[test]
fn putting_a_key_in_again_replaces_it() {
    let mut attempt = Attempt::good();
    attempt.ring.insert(record().revoked());
    assert_eq!(attempt.ring.len(), 1);
    assert_eq!(attempt.verify().unwrap_err().code(), Code::KeyRevoked);
}

#[test]
fn a_key_is_found_among_many_and_so_is_no_other() {
    let named = |id: &str| KeyRecord::new(id, Environment::Live, &secret()).unwrap();
    let mut attempt = Attempt::good();
    for number in 0..3000 {
        let other = named(&format!("other{number}")).revoked();
        attempt.ring.insert(other);
    }
    assert_eq!(attempt.ring.len(), 3001);
    attempt.verify().unwrap();
    for number in (0..3100).step_by(100) {
        let id = format!("other{number}");
        let mut attempt = Attempt {
            ring: attempt.ring.clone(),
            ..Attempt::unsigned()
        };
        attempt.sign_with(&SigningKey::new(&id, &secret()).unwrap(), &options());
        let expected = if number < 3000 {
            Code::KeyRevoked
        } else {
            Code::KeyUnknown
        };
        assert_eq!(attempt.verify().unwrap_err().code(), expected, "{id}");
    }
}

#[test]
fn a_keyid_is_visible_ascii_without_quote_and_backslash() {
    for id in ["k", "a:b/c", "~", &"k".repeat(128)] {
        assert_eq!(KeyId::new(id).unwrap().as_str(), id);
    }
    for id in ["", "a b", "a\"b", "a\\b", "a\0b", "é", &"k".repeat(129)] {
        assert_eq!(
            KeyId::new(id).unwrap_err().code(),
            Code::KeyidMalformed,
            "{id}"
        );
    }
}

#[test]
fn a_secret_has_16_bytes_at_least() {
    assert_eq!(
        SharedSecret::new(vec![1; 15]).unwrap_err().code(),
        Code::SecretTooShort
    );
    let secret = SharedSecret::new(vec![1; 16]).unwrap();
    assert!(KeyRecord::new("k", Environment::Dev, &secret).is_ok());
}
