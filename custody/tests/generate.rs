//! What is made: from the system's randomness, shown once, and written so that a typo is told.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use std::collections::BTreeSet;

use countersign_core::Environment;
use countersign_custody::generate::{KeyKind, Material, random_keyid};
use countersign_custody::{PublicText, PublicTextError};
use proptest::prelude::*;

#[test]
fn no_two_are_alike() {
    let ids: BTreeSet<String> = (0..1000).map(|_| random_keyid().expect("an id")).collect();
    assert_eq!(ids.len(), 1000);
    let secrets: BTreeSet<Vec<u8>> = (0..100)
        .map(|_| {
            let key = Material::generate(&KeyKind::Hmac(64)).expect("a key");
            key.secret().expect("a secret").reveal().to_vec()
        })
        .collect();
    assert_eq!(secrets.len(), 100);
}

#[test]
fn a_secret_is_absent_from_debug() {
    let key = Material::generate(&KeyKind::Ed25519).expect("a pair");
    let text = format!("{key:?}");
    assert!(text.contains("Secret(..)") && !text.contains('['), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_public_key_is_read_as_it_was_written_and_no_typo_passes(
        keyid in "[a-z0-9]{1,32}",
        curve in any::<bool>(),
        place in any::<prop::sample::Index>(),
    ) {
        let kind = if curve { KeyKind::Ed25519 } else { KeyKind::EcdsaP256 };
        let key = Material::generate(&kind).expect("a pair");
        let key = key.public().expect("a public half").clone();
        let text = PublicText::new(Environment::Test, &keyid, key.clone()).to_string();
        let read = PublicText::parse(&text).expect("what was written");
        prop_assert_eq!(read.key().to_bytes(), key.to_bytes());
        prop_assert_eq!((read.keyid(), read.environment()), (keyid.as_str(), Environment::Test));

        let mut typo: Vec<char> = text.chars().collect();
        let place = place.index(typo.len());
        if let Some(letter) = typo.get_mut(place) {
            *letter = if *letter == 'a' { 'b' } else { 'a' };
        }
        let typo: String = typo.into_iter().collect();
        prop_assert!(PublicText::parse(&typo).is_err());
    }
}

#[test]
fn a_text_that_is_none_is_refused() {
    for text in [
        "",
        "csp",
        "csk_live_k7_ed25519_aaaa_aaaa",
        "csp_live_k7_rsa_aa_aa",
    ] {
        let error = PublicText::parse(text).expect_err("no public key");
        assert!(matches!(
            error,
            PublicTextError::Malformed | PublicTextError::Checksum
        ));
    }
    assert!(PublicText::parse(&"a".repeat(1 << 20)).is_err());
}
