//! Signed bundles: what readers who pin publishers take, and what they refuse.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "in a test, to panic is to fail"
)]

use countersign_core::Publishers;
use countersign_core::policy::{Bundle, BundleError, Version};
use countersign_policies::{Publisher, Source, Sources, compile, packs};

fn publisher(name: &str, seed: u8) -> Publisher {
    Publisher::new(name, &[seed; 32]).expect("a publisher")
}

fn trusting(publishers: &[&Publisher], name: &str) -> Publishers {
    let mut trusted = Publishers::new();
    for publisher in publishers {
        assert!(trusted.trust(name, &publisher.public_key()));
    }
    trusted
}

fn bundle(version: &str, more: &str) -> Vec<u8> {
    let pack = packs::trading_api();
    let manifest = pack.manifest.text().lines().map(|line| {
        if line.starts_with("version = ") {
            format!("version = \"{version}\"\n")
        } else {
            format!("{line}\n")
        }
    });
    let manifest: String = manifest.collect();
    let policies = format!("{}{more}", pack.policies.text());
    let sources = Sources {
        manifest: Source::new("pack.toml", manifest),
        policies: Source::new("policies.cedar", policies),
        ..pack
    };
    compile(&sources).expect("it compiles").into_bytes()
}

#[test]
fn a_signature_leaves_the_identity_as_it_is() {
    let bytes = bundle("1.0.0", "");
    let signed = publisher("acme", 1).sign(&bytes).expect("it is signed");
    let twice = publisher("audit", 2).sign(&signed).expect("it is signed");
    let sha256 = |bytes: &[u8]| *Bundle::load_unsigned(bytes).expect("it loads").sha256();
    assert_eq!(sha256(&signed), sha256(&bytes));
    assert_eq!(sha256(&twice), sha256(&bytes));
    // Either is enough.
    for (name, seed) in [("acme", 1), ("audit", 2)] {
        let trusted = trusting(&[&publisher(name, seed)], name).load(&twice);
        assert!(trusted.is_ok(), "{name}");
    }
}

#[test]
fn only_a_trusted_publisher_is_taken() {
    let acme = publisher("acme", 1);
    let unsigned = bundle("1.0.0", "");
    let signed = acme.sign(&unsigned).expect("it is signed");
    let load = |mut publishers: Publishers, bytes: &[u8]| publishers.load(bytes).map(|_| ());
    let acme_trusted = || trusting(&[&acme], "acme");
    assert_eq!(load(acme_trusted(), &signed), Ok(()));
    assert_eq!(load(acme_trusted(), &unsigned), Err(BundleError::Unsigned));
    assert_eq!(
        load(Publishers::new(), &unsigned),
        Err(BundleError::Unsigned)
    );
    assert_eq!(
        load(Publishers::new(), &signed),
        Err(BundleError::PublisherUnknown)
    );
    assert_eq!(
        load(trusting(&[&acme], "other"), &signed),
        Err(BundleError::PublisherUnknown)
    );
    assert_eq!(
        load(trusting(&[&publisher("acme", 9)], "acme"), &signed),
        Err(BundleError::SignatureMismatch)
    );
}

#[test]
fn a_signature_of_another_bundle_is_refused() {
    let acme = publisher("acme", 1);
    let one = acme.sign(&bundle("1.0.0", "")).expect("it is signed");
    let other = bundle("1.0.1", "");
    let block = &one[one.len() - (1 + "acme".len() + 64)..];
    let mixed = [&other[..], block].concat();
    let refused = trusting(&[&acme], "acme").load(&mixed).map(|_| ());
    assert_eq!(refused, Err(BundleError::SignatureMismatch));
}

#[test]
fn any_changed_byte_of_a_signed_bundle_is_refused() {
    let acme = publisher("acme", 1);
    let signed = acme.sign(&bundle("1.0.0", "")).expect("it is signed");
    for at in 0..signed.len() {
        let mut changed = signed.clone();
        changed[at] ^= 1;
        assert!(trusting(&[&acme], "acme").load(&changed).is_err(), "{at}");
    }
}

#[test]
fn an_older_bundle_and_a_second_one_of_a_version_are_refused() {
    let acme = publisher("acme", 1);
    let signed = |version, more| acme.sign(&bundle(version, more)).expect("it is signed");
    let (old, new) = (signed("1.9.0", ""), signed("1.10.0", ""));
    let more =
        r#"@id("more") @reason("More.") forbid (principal, action, resource) when { true };"#;
    let other = signed("1.10.0", more);
    let mut publishers = trusting(&[&acme], "acme");
    assert!(publishers.load(&old).is_ok());
    assert!(publishers.load(&new).is_ok());
    assert!(publishers.load(&new).is_ok(), "the same again");
    let refused = |publishers: &mut Publishers, bytes| publishers.load(bytes).err();
    assert_eq!(refused(&mut publishers, &old), Some(BundleError::Older));
    assert_eq!(
        refused(&mut publishers, &other),
        Some(BundleError::VersionReused)
    );
    // What a host remembers over a restart.
    let mut restarted = trusting(&[&acme], "acme");
    let version = Version::parse("1.10.0").expect("a version");
    restarted.at_least("trading-api", version);
    assert_eq!(refused(&mut restarted, &old), Some(BundleError::Older));
    assert!(restarted.load(&new).is_ok());
}

#[test]
fn keys_rotate_and_versions_are_remembered() {
    let (old_key, new_key) = (publisher("acme", 1), publisher("acme", 2));
    let first = old_key.sign(&bundle("2.0.0", "")).expect("it is signed");
    let second = new_key.sign(&bundle("2.1.0", "")).expect("it is signed");
    let mut publishers = trusting(&[&old_key], "acme");
    assert!(publishers.load(&first).is_ok());
    assert!(publishers.load(&second).is_err());
    publishers.replace(trusting(&[&old_key, &new_key], "acme"));
    assert!(publishers.load(&first).is_ok(), "both, while they overlap");
    assert!(publishers.load(&second).is_ok());
    publishers.replace(trusting(&[&new_key], "acme"));
    let third = new_key.sign(&bundle("2.0.5", "")).expect("it is signed");
    assert_eq!(publishers.load(&third).err(), Some(BundleError::Older));
    assert_eq!(
        publishers.load(&first).err(),
        Some(BundleError::SignatureMismatch)
    );
}

#[test]
fn a_weak_or_malformed_key_is_not_trusted() {
    let mut publishers = Publishers::new();
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert!(!publishers.trust("acme", &neutral));
    // About half of all bytes are the encoding of no point.
    let refused = (0..=u8::MAX).filter(|byte| !Publishers::new().trust("acme", &[*byte; 32]));
    assert!((64..192).contains(&refused.count()));
    assert!(publishers.is_empty());
}
