//! Tokens: what is told of a wrong one.

use countersign_core::{Code, Environment, Token};
use proptest::prelude::*;

const TEXT_PARTS: usize = 5;

fn environment() -> impl Strategy<Value = Environment> {
    prop_oneof![
        Just(Environment::Dev),
        Just(Environment::Test),
        Just(Environment::Live)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_token_is_read_back_as_it_was_made(
        environment in environment(),
        keyid in "[a-z0-9]{1,32}",
        secret in any::<[u8; 32]>(),
    ) {
        let token = Token::generate(environment, &keyid, &secret).unwrap();
        let read = Token::parse(&token.reveal()).unwrap();
        prop_assert_eq!(read.environment(), environment);
        prop_assert_eq!(read.keyid().as_str(), keyid);
        prop_assert_eq!(read.reveal(), token.reveal());
        prop_assert_eq!(token.reveal().split('_').count(), TEXT_PARTS);
    }
}

#[test]
fn every_change_of_one_character_is_told_before_anything_is_looked_up() {
    let text = Token::generate(Environment::Live, "k7", &[9; 32])
        .unwrap()
        .reveal();
    for at in 0..text.len() {
        let right = text.as_bytes()[at];
        for wrong in (b' '..=b'~').filter(|byte| *byte != right) {
            let mut changed = text.as_bytes().to_vec();
            changed[at] = wrong;
            let changed = String::from_utf8(changed).unwrap();
            let code = Token::parse(&changed).unwrap_err().code();
            assert!(
                matches!(code, Code::TokenMalformed | Code::TokenChecksumMismatch),
                "{changed}"
            );
        }
        let lost = format!("{}{}", &text[..at], &text[at + 1..]);
        assert!(Token::parse(&lost).is_err(), "{lost}");
    }
}

#[test]
fn a_mistyped_token_has_a_wrong_checksum_and_another_text_is_none() {
    let text = Token::generate(Environment::Live, "k7", &[9; 32])
        .unwrap()
        .reveal();
    for (changed, code) in [
        (text.replacen("k7", "k8", 1), Code::TokenChecksumMismatch),
        (
            text.replacen("live", "test", 1),
            Code::TokenChecksumMismatch,
        ),
        (text.replacen("_be", "_bf", 1), Code::TokenChecksumMismatch),
        (
            text[..text.len() - 1].to_owned(),
            Code::TokenChecksumMismatch,
        ),
        (text.replacen("live", "prod", 1), Code::TokenMalformed),
        (text.replacen("csk", "csp", 1), Code::TokenMalformed),
        (text.replacen("k7", "K7", 1), Code::TokenMalformed),
        (text.replacen("k7", "", 1), Code::TokenMalformed),
        (
            text.replacen("k7", &"k".repeat(33), 1),
            Code::TokenMalformed,
        ),
        (format!("{}_x", text.as_str()), Code::TokenMalformed),
        (String::new(), Code::TokenMalformed),
        ("____".to_owned(), Code::TokenMalformed),
    ] {
        assert_eq!(
            Token::parse(&changed).map(drop).unwrap_err().code(),
            code,
            "{changed}"
        );
    }
}

#[test]
fn a_keyid_of_a_token_is_lower_case_letters_and_digits() {
    for keyid in ["", "K7", "k_7", "k-7", "ключ", &"k".repeat(33)] {
        let refusal = Token::generate(Environment::Dev, keyid, &[9; 32])
            .map(drop)
            .unwrap_err();
        assert_eq!(refusal.code(), Code::TokenMalformed, "{keyid}");
    }
}

#[test]
fn a_secret_has_one_text() {
    // Its 256 bits leave four of the last character over; the checksum is right.
    let text = format!("csk_dev_a0a0aaaa0_{}b_4p2mlmi", "a".repeat(51));
    let refusal = Token::parse(&text).map(drop).unwrap_err();
    assert_eq!(refusal.code(), Code::TokenMalformed);
}
