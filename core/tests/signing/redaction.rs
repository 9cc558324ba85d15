//! Secrets stay out of `Debug`, and out of what is said about them.

use countersign_core::{Code, Environment, KeyRing, Token};

use crate::support::{Attempt, SECRET, key, record, ring_of, secret};

/// The secret as text, as the list of bytes that `Debug` prints, in base64 and in base32.
fn forms_of_the_secret() -> [String; 4] {
    use base64::Engine as _;
    let token = Token::generate(Environment::Live, "k7", SECRET)
        .unwrap()
        .reveal()
        .to_string();
    [
        str::from_utf8(SECRET).unwrap().to_owned(),
        format!("{:?}", &SECRET[..8])
            .trim_matches(['[', ']'])
            .to_owned(),
        base64::engine::general_purpose::STANDARD.encode(&SECRET[..30]),
        token.split('_').nth(3).unwrap().to_owned(),
    ]
}

fn tells(text: &str) -> bool {
    forms_of_the_secret().iter().any(|form| text.contains(form))
}

#[test]
fn no_type_that_holds_a_secret_prints_it() {
    let token = Token::generate(Environment::Live, "k7", SECRET).unwrap();
    assert!(
        tells(&token.reveal()),
        "the probe must find a secret that is there"
    );
    for text in [
        format!("{:?}", secret()),
        format!("{:?}", key()),
        format!("{:?}", record()),
        format!("{:?}", ring_of(record())),
        format!("{token:?}"),
        format!("{:?}", Attempt::good().authenticate().unwrap()),
        format!("{:?}", Attempt::good().verify().unwrap()),
    ] {
        assert!(!tells(&text), "{text}");
    }
    assert_eq!(format!("{:?}", secret()), "SharedSecret(..)");
    assert_eq!(format!("{token:?}"), "Token(csk_live_k7_..)");
}

#[test]
fn a_token_that_cannot_be_read_is_not_repeated() {
    let token = Token::generate(Environment::Live, "k7", SECRET)
        .unwrap()
        .reveal();
    for text in [
        token.replacen("csk", "sk", 1),
        token.replacen("k7", "k8", 1),
        format!("{}x", token.as_str()),
    ] {
        let refusal = Token::parse(&text).unwrap_err();
        assert!(!tells(&format!("{refusal:?} {refusal}")), "{refusal:?}");
    }
}

#[test]
fn a_keyring_that_cannot_be_read_is_not_repeated() {
    for form in forms_of_the_secret() {
        for text in [
            format!("{{\"keys\": [{{\"token\": \"{form}\"}}]}}"),
            format!("{{\"keys\": [{{\"secret\": \"{form}\"}}]}}"),
            format!("{{\"keys\": [{{\"secret\": \"{form}\", \"{form}\": 1}}]}}"),
            format!("{{\"keys\": \"{form}\"}}"),
            format!("{{\"{form}\": []}}"),
        ] {
            let refusal = KeyRing::from_json(&text).unwrap_err();
            assert!(matches!(
                refusal.code(),
                Code::KeyringMalformed | Code::TokenMalformed
            ));
            assert!(!tells(&format!("{refusal:?} {refusal}")), "{refusal:?}");
        }
    }
}
