//! A secret opens by its own name in its own vault, and by nothing else.

use countersign_core::Environment::{Dev, Live, Test};
use countersign_custody::Secret;
use countersign_custody::vault::{self, UnlockedVault};
use proptest::prelude::*;

use crate::support::{ALL, cheap, code, name, now, secret};

fn vault() -> UnlockedVault {
    vault::init(&ALL, &cheap("a phrase of many words"), now()).unwrap()
}

#[test]
fn a_secret_opens_by_the_name_it_was_sealed_by() {
    let vault = vault();
    let sealed = vault.seal(&name(Live, "k7", 1), &secret("s3cret")).unwrap();
    let opened = vault.open(&name(Live, "k7", 1), &sealed).unwrap();
    assert_eq!(opened.reveal(), b"s3cret");
}

#[test]
fn a_secret_opens_by_no_other_name() {
    let vault = vault();
    let sealed = vault.seal(&name(Live, "k7", 1), &secret("s3cret")).unwrap();
    for other in [
        name(Live, "k8", 1),
        name(Live, "k", 1),
        name(Live, "k77", 1),
        name(Live, "k7", 2),
        name(Test, "k7", 1),
        name(Dev, "k7", 1),
    ] {
        assert_eq!(code(vault.open(&other, &sealed)), "seal_broken");
    }
}

#[test]
fn a_secret_opens_in_no_other_vault() {
    let (one, other) = (vault(), vault());
    let sealed = one.seal(&name(Live, "k7", 1), &secret("s3cret")).unwrap();
    assert_eq!(
        code(other.open(&name(Live, "k7", 1), &sealed)),
        "seal_broken"
    );
}

#[test]
fn sealing_twice_gives_other_bytes() {
    let vault = vault();
    let seal = || vault.seal(&name(Live, "k7", 1), &secret("s3cret")).unwrap();
    let (one, other) = (seal(), seal());
    // Apart from what is said in the clear: the format and the data key's version.
    assert!(
        one[5..]
            .iter()
            .zip(&other[5..])
            .filter(|(a, b)| a == b)
            .count()
            < 16
    );
}

#[test]
fn a_secret_has_1_to_65536_bytes() {
    let vault = vault();
    let seal = |length| vault.seal(&name(Dev, "k7", 1), &Secret::new(vec![7; length]));
    assert_eq!(code(seal(0)), "secret_length");
    assert!(seal(1).is_ok());
    assert!(seal(65_536).is_ok());
    assert_eq!(code(seal(65_537)), "secret_length");
}

#[test]
fn an_environment_that_is_not_unlocked_stays_closed() {
    let root = cheap("a phrase of many words");
    let all = vault::init(&ALL, &root, now()).unwrap();
    let sealed = all.seal(&name(Live, "k7", 1), &secret("s3cret")).unwrap();
    let dev = vault::unlock_only(all.header(), &root, &[Dev]).unwrap();
    assert_eq!(dev.environments().collect::<Vec<_>>(), [Dev]);
    assert_eq!(
        code(dev.open(&name(Live, "k7", 1), &sealed)),
        "vault_environment_absent"
    );
    assert_eq!(code(dev.open(&name(Dev, "k7", 1), &sealed)), "seal_broken");
    assert_eq!(
        code(dev.seal(&name(Test, "k7", 1), &secret("x"))),
        "vault_environment_absent"
    );

    let both = dev.unlock_more(&root, &[Live]).unwrap();
    assert_eq!(
        both.open(&name(Live, "k7", 1), &sealed).unwrap().reveal(),
        b"s3cret"
    );
}

#[test]
fn environments_are_named_once_and_at_least_one() {
    let root = cheap("a phrase of many words");
    for wrong in [&[][..], &[Dev, Live, Dev]] {
        assert_eq!(
            code(vault::init(wrong, &root, now())),
            "vault_environments_malformed"
        );
    }
    let dev = vault::init(&[Dev], &root, now()).unwrap();
    let absent = vault::unlock_only(dev.header(), &root, &[Live]);
    assert_eq!(code(absent), "vault_environment_absent");
    let again = dev.add_environments(&[Dev], &root, now());
    assert_eq!(code(again), "vault_environments_malformed");
}

/// Each environment may have a root of its own: that of one never opens another.
#[test]
fn the_root_of_one_environment_opens_no_other() {
    let (of_dev, of_live) = (
        cheap("anybody may know this"),
        cheap("very few may know this"),
    );
    let vault = vault::init(&[Dev], &of_dev, now()).unwrap();
    let vault = vault.add_environments(&[Live], &of_live, now()).unwrap();
    let header = vault.header();
    assert_eq!(
        code(vault::unlock_only(header, &of_dev, &[Live])),
        "vault_locked"
    );
    assert_eq!(
        code(vault::unlock_only(header, &of_live, &[Dev])),
        "vault_locked"
    );
    assert_eq!(code(vault::unlock(header, &of_dev)), "vault_locked");
    let dev = vault::unlock_only(header, &of_dev, &[Dev]).unwrap();
    let both = dev.unlock_more(&of_live, &[Live]).unwrap();
    crate::support::assert_works(&both, &[Dev, Live]);
}

#[test]
fn debug_output_tells_no_secret() {
    let root = cheap("a phrase of many words");
    let vault = vault::init(&ALL, &root, now()).unwrap();
    let shown = format!(
        "{root:?} {vault:?} {:#?} {:?}",
        root,
        secret("a phrase of many words")
    );
    assert!(shown.contains("Secret(..)"));
    assert!(shown.contains("dev") && shown.contains("live"));
    assert!(!shown.contains("phrase of many"));
    // Nor a list of bytes.
    assert!(!shown.contains("97, 32"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_sealed_opens_and_nothing_else_does(
        secret in prop::collection::vec(any::<u8>(), 1..300),
        (one, other) in ("[!#-\\[\\]-~]{1,40}", "[!#-\\[\\]-~]{1,40}"),
        (version, later) in any::<(u32, u32)>(),
        noise in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let vault = vault();
        let mine = name(Live, &one, version);
        let sealed = vault.seal(&mine, &Secret::new(secret.clone())).unwrap();
        let opened = vault.open(&mine, &sealed).unwrap();
        prop_assert_eq!(opened.reveal(), &secret);
        let yours = name(Live, &other, later);
        prop_assert_eq!(vault.open(&yours, &sealed).is_ok(), mine == yours);
        prop_assert!(vault.open(&mine, &noise).is_err());
    }
}
