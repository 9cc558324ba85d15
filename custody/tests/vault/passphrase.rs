//! A root that somebody knows.

use std::time::Instant;

use countersign_core::Environment::Live;
use countersign_custody::vault::{self, Argon2Cost, Passphrase, Root, RootDescription};

use crate::support::{assert_works, cheap, code, now, secret};

#[test]
fn a_vault_opens_by_its_passphrase_at_the_recommended_cost() {
    let root = || Root::Passphrase(Passphrase::new(secret("nine lives of a patient heron")));
    let header = vault::init(&[Live], &root(), now())
        .unwrap()
        .header()
        .to_vec();
    let began = Instant::now();
    let vault = vault::unlock(&header, &root()).unwrap();
    println!("unlocked at the recommended cost in {:?}", began.elapsed());
    assert_works(&vault, &[Live]);
    let wrong = Root::Passphrase(Passphrase::new(secret("nine lives of a patient herom")));
    assert_eq!(code(vault::unlock(&header, &wrong)), "vault_locked");

    let status = vault::status(&header).unwrap();
    let RootDescription::Passphrase { cost } = status.environments[0].roots[0].description else {
        panic!("{status:?}");
    };
    assert_eq!(cost, Argon2Cost::RECOMMENDED);
    assert!(!cost.is_low());
}

/// RFC 9106 section 4: 64 MiB and 3 passes at least, or one pass over 2 GiB.
#[test]
fn a_cost_is_neither_too_low_nor_absurd() {
    let mib = |mib: u32| mib << 10;
    for (memory, passes, lanes) in [(mib(64), 3, 4), (mib(256), 1, 1), (mib(2048), 4, 16)] {
        assert!(!Argon2Cost::new(memory, passes, lanes).unwrap().is_low());
    }
    for (memory, passes, lanes) in [
        (mib(63), 3, 4),
        (mib(63), 9, 4),
        (mib(64), 2, 4),
        (mib(2049), 1, 4),
        (mib(2048), 5, 4),
        (mib(256), u32::MAX, 4),
        (u32::MAX, u32::MAX, u32::MAX),
        (mib(256), 3, 17),
        (mib(256), 3, 0),
        (mib(256), 0, 4),
        (0, 3, 4),
    ] {
        assert_eq!(code(Argon2Cost::new(memory, passes, lanes)), "cost_refused");
    }
    assert!(Argon2Cost::below_least(8, 1, 1).unwrap().is_low());
    assert_eq!(code(Argon2Cost::below_least(7, 1, 1)), "cost_refused");
}

/// Before a byte of memory is taken: a header may come from anywhere.
#[test]
fn a_header_with_an_absurd_cost_is_refused() {
    let root = cheap("a phrase of many words");
    let vault = vault::init(&[Live], &root, now()).unwrap();
    let header = String::from_utf8(vault.header().to_vec()).unwrap();
    for (honest, absurd) in [
        ("\"memory_kib\":8", "\"memory_kib\":4294967295"),
        ("\"passes\":1", "\"passes\":4294967295"),
        ("\"lanes\":1", "\"lanes\":4294967295"),
        ("\"lanes\":1", "\"lanes\":0"),
    ] {
        let header = header.replacen(honest, absurd, 1);
        assert_eq!(
            code(vault::unlock(header.as_bytes(), &root)),
            "cost_refused"
        );
        assert_eq!(code(vault::status(header.as_bytes())), "cost_refused");
    }
}

/// NIST SP 800-63B-4 section 3.1.1.2. Characters, not bytes.
#[test]
fn a_passphrase_has_15_characters_at_least() {
    let init = |phrase: &str| vault::init(&[Live], &cheap(phrase), now());
    assert_eq!(code(init("")), "passphrase_too_short");
    assert_eq!(code(init("fourteen chars")), "passphrase_too_short");
    assert_eq!(code(init("vierzehn Zähne")), "passphrase_too_short");
    assert!(init("fifteen chars..").is_ok());
}

/// An opening passphrase may be of any length: it is only wrong.
#[test]
fn a_short_wrong_passphrase_is_as_wrong_as_a_long_one() {
    let vault = vault::init(&[Live], &cheap("a phrase of many words"), now()).unwrap();
    for wrong in ["", "x", "a phrase of many word", "A phrase of many words"] {
        assert_eq!(
            code(vault::unlock(vault.header(), &cheap(wrong))),
            "vault_locked"
        );
    }
}
