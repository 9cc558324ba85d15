//! What the loader takes and what it refuses.
//!
//! The bundles are recorded by the compiler's tests; `language` has every construct of the format.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use countersign_core::policy::{Bundle, BundleError, Entity, EntityUid, Query, Record};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

const LANGUAGE: &[u8] = include_bytes!("../../policies/tests/bundles/language.bundle");
const TRADING: &[u8] = include_bytes!("../../policies/tests/bundles/trading-api.bundle");

const DIGEST_LEN: usize = 32;

#[test]
fn recorded_bundles_load() {
    let bundle = Bundle::load_unsigned(TRADING).expect("it loads");
    assert_eq!(bundle.name(), "trading-api");
    assert_eq!(bundle.version_text(), "2.0.0");
    let (body, digest) = TRADING.split_at(TRADING.len() - DIGEST_LEN);
    assert_eq!(bundle.sha256().as_slice(), digest);
    assert_eq!(bundle.sha256().as_slice(), Sha256::digest(body).as_slice());
}

#[test]
fn any_changed_byte_is_refused() {
    for bundle in [LANGUAGE, TRADING] {
        for at in 0..bundle.len() {
            for bit in [0x01, 0x80, 0xff] {
                let mut bytes = bundle.to_vec();
                bytes[at] ^= bit;
                let error = Bundle::load_unsigned(&bytes).expect_err("a changed byte");
                let expected: &[&str] = match at {
                    0..8 => &["bundle_not_a_bundle"],
                    8..10 => &["bundle_format_unsupported"],
                    12..16 => &[
                        "bundle_truncated",
                        "bundle_malformed",
                        "bundle_digest_mismatch",
                    ],
                    _ => &["bundle_digest_mismatch"],
                };
                assert!(expected.contains(&error.code()), "byte {at}: {error}");
            }
        }
    }
}

#[test]
fn any_prefix_is_refused() {
    for bundle in [LANGUAGE, TRADING] {
        for len in 0..bundle.len() {
            let error = Bundle::load_unsigned(&bundle[..len]).expect_err("a prefix");
            assert_eq!(error, BundleError::Truncated, "{len} bytes");
        }
    }
}

#[test]
fn what_follows_the_digest_is_a_signature_block_or_refused() {
    let with = |tail: &[u8]| {
        Bundle::load_unsigned(&[TRADING, tail].concat()).map(|bundle| *bundle.sha256())
    };
    let block = [&[4][..], b"acme", &[7; 64]].concat();
    assert!(with(&block).is_ok());
    assert_eq!(with(&[block.clone(), block.clone()].concat()), with(&[]));
    for len in 1..block.len() {
        assert_eq!(with(&block[..len]), Err(BundleError::Truncated));
    }
    for name in [&[0][..], &[1, 0xff]] {
        let error = with(&[name, &[7; 64]].concat()).expect_err("no name");
        assert_eq!(error.code(), "bundle_malformed");
    }
}

#[test]
fn an_error_says_where() {
    let error = Bundle::load_unsigned(&resealed(TRADING, |body| {
        // The offset of the second section, in its row of the table.
        body[16 + 12 + 4] += 1;
    }))
    .expect_err("a gap");
    assert_eq!(
        error.to_string(),
        "the policy bundle is malformed in section `header` at 10: \
         a section doesn't begin where the last one ends"
    );
}

#[test]
fn an_unknown_section_is_refused_and_an_advisory_one_skipped() {
    let unknown = with_section(0x0100);
    assert_eq!(
        Bundle::load_unsigned(&unknown).expect_err("a section from the future"),
        BundleError::FormatUnsupported
    );
    let bundle = Bundle::load_unsigned(&with_section(0x8001)).expect("an advisory section");
    assert_eq!(bundle.name(), "trading-api");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Bundle::load_unsigned(&bytes).is_err());
    }

    #[test]
    fn arbitrary_bodies_never_panic(tail in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut body = LANGUAGE[..16].to_vec();
        body.extend(tail);
        let len = u32::try_from(body.len()).expect("a length");
        body[12..16].copy_from_slice(&len.to_le_bytes());
        use_it(&sealed(body));
    }

    /// The digest is made anew, so that the checks behind it are reached.
    #[test]
    fn changed_bundles_never_panic(
        trading in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let bundle = if trading { TRADING } else { LANGUAGE };
        use_it(&resealed(bundle, |body| {
            for (at, byte) in &changes {
                let at = at.index(body.len());
                body[at] = *byte;
            }
        }));
    }

    /// Small steps: an index or a count one off is the likeliest to slip through.
    #[test]
    fn changes_by_one_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..4),
    ) {
        use_it(&resealed(LANGUAGE, |body| {
            for (at, up) in &changes {
                let at = 16 + at.index(body.len() - 16);
                body[at] = if *up { body[at].wrapping_add(1) } else { body[at].wrapping_sub(1) };
            }
        }));
    }
}

/// Loads a bundle, and if it loads asks it all that a host would.
fn use_it(bytes: &[u8]) {
    let Ok(bundle) = Bundle::load_unsigned(bytes) else {
        return;
    };
    let context = Record::from_json(
        r#"{"n": 4, "s": "plan", "flag": true, "set": [1, 2, 9], "r": {"a": 1}, "client_ip": "::1"}"#,
    )
    .expect("a context");
    let team = EntityUid::new("Team", "core");
    for action in ["read", "list", "write", "withdraw", "unknown"] {
        for (principal, resource) in [("User", "Doc"), ("ApiKey", "Exchange"), ("Team", "Folder")] {
            let principal = EntityUid::new(principal, "ann");
            let evaluation = bundle.evaluate(&Query {
                principal: &Entity::new(principal, vec![team.clone()], context.clone()),
                action: &EntityUid::new("Action", action),
                resource: &Entity::new(EntityUid::new(resource, "plan"), vec![], context.clone()),
                context: &context,
                entities: None,
            });
            // A changed hierarchy may have made the query's entities their own ancestors.
            let Ok(evaluation) = evaluation else {
                continue;
            };
            for policy in evaluation.reasons() {
                assert!(bundle.policy(policy.id()).is_some());
            }
            for (_, error) in evaluation.errors() {
                assert_ne!(error.code(), "evaluation_unreachable");
                assert!(!error.to_string().is_empty());
            }
        }
    }
    for path in ["/", "/archive/all", "/v1/orders/4%32", "/a//b"] {
        if let Some(route) = bundle.route("GET", path) {
            assert!(!route.resource_type().is_empty() || !route.resource_id().is_empty());
        }
    }
}

fn resealed(bundle: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut body = bundle[..bundle.len() - DIGEST_LEN].to_vec();
    change(&mut body);
    sealed(body)
}

fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&body);
    body.extend(digest);
    body
}

/// Offset and length of each section.
fn sections(bundle: &[u8]) -> Vec<(usize, usize)> {
    let word = |at: usize| {
        let bytes = bundle[at..at + 4].try_into().expect("a word");
        usize::try_from(u32::from_le_bytes(bytes)).expect("a size")
    };
    (0..usize::from(bundle[10]))
        .map(|row| (word(16 + 12 * row + 4), word(16 + 12 * row + 8)))
        .collect()
}

/// The trading bundle with one more section, of this kind, at its end.
fn with_section(kind: u16) -> Vec<u8> {
    let contents = b"later";
    let old = sections(TRADING);
    let table = 16 + 12 * old.len();
    let mut body = TRADING[..16].to_vec();
    body[10] += 1;
    let push_row = |body: &mut Vec<u8>, kind: u16, offset: usize, len: usize| {
        body.extend(kind.to_le_bytes());
        body.extend([0, 0]);
        body.extend(u32::try_from(offset).expect("an offset").to_le_bytes());
        body.extend(u32::try_from(len).expect("a length").to_le_bytes());
    };
    for (number, (offset, len)) in old.iter().enumerate() {
        let kind = u16::try_from(number + 1).expect("a kind");
        push_row(&mut body, kind, offset + 12, *len);
    }
    let end = TRADING.len() - DIGEST_LEN;
    push_row(&mut body, kind, end + 12, contents.len());
    body.extend(&TRADING[table..end]);
    body.extend(contents);
    let len = u32::try_from(body.len()).expect("a length");
    body[12..16].copy_from_slice(&len.to_le_bytes());
    sealed(body)
}
