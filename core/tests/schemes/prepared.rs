//! Credentials that keep their key sign and verify as those that make it each time.

use countersign_core::Code;
use countersign_core::scheme::{Credentials, Moment, Scheme, SignedParts};

use crate::round_trip::{NOW_MS, credentials, request, signing};

const DAY_MS: u64 = 86_400_000;

fn sign(name: &str, credentials: &Credentials, now_ms: u64) -> SignedParts {
    let scheme = Scheme::named(name).unwrap();
    let moment = Moment::new(now_ms, [7; 16]);
    let parts = request(name, "/a", "b=c", "text").see(|it| scheme.sign(it, credentials, &moment));
    parts.unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"))
}

#[test]
fn every_scheme_gives_the_same() {
    for name in signing() {
        let scheme = Scheme::named(name).unwrap();
        let mut prepared = credentials(name);
        prepared.prepare(&scheme, NOW_MS);
        let parts = sign(name, &prepared, NOW_MS);
        assert_eq!(parts, sign(name, &credentials(name), NOW_MS), "{name}");
        let sent = request(name, "/a", "b=c", "text").signed(parts);
        let verified = sent.see(|it| scheme.verify(it, &[&prepared], NOW_MS, None));
        assert!(verified.is_ok(), "{name}: {verified:?}");
    }
}

#[test]
fn a_key_is_for_its_scheme_and_its_day() {
    let mut prepared = credentials("stripe").option("expires", "60");
    // One after the other, and each asked for what the one before has kept.
    for (kept, now_ms) in [
        ("stripe", NOW_MS),
        ("aws-sigv4", NOW_MS),
        ("aws-sigv4", NOW_MS + DAY_MS),
    ] {
        prepared.prepare(&Scheme::named(kept).unwrap(), now_ms);
        for name in ["stripe", "bitmex", "github", "aws-sigv4", "aws-sigv4-query"] {
            for now_ms in [NOW_MS - DAY_MS, NOW_MS, NOW_MS + DAY_MS] {
                let unprepared = credentials("stripe").option("expires", "60");
                let expected = sign(name, &unprepared, now_ms);
                assert_eq!(
                    sign(name, &prepared, now_ms),
                    expected,
                    "{name} after {kept}"
                );
            }
        }
    }
}

#[test]
fn an_option_that_is_set_later_counts() {
    let mut prepared = credentials("aws-sigv4");
    prepared.prepare(&Scheme::named("aws-sigv4").unwrap(), NOW_MS);
    let elsewhere = prepared.option("region", "us-east-1");
    let expected = credentials("aws-sigv4").option("region", "us-east-1");
    assert_eq!(
        sign("aws-sigv4", &elsewhere, NOW_MS),
        sign("aws-sigv4", &expected, NOW_MS)
    );
}

#[test]
fn what_is_wrong_with_a_secret_is_said_when_it_signs() {
    let scheme = Scheme::named("standard-webhooks").unwrap();
    let mut prepared = Credentials::new("", "no base64!");
    prepared.prepare(&scheme, NOW_MS);
    let moment = Moment::new(NOW_MS, [7; 16]);
    let signed = request("standard-webhooks", "/a", "", "text")
        .see(|it| scheme.sign(it, &prepared, &moment));
    assert_eq!(signed.unwrap_err().code(), Code::SecretMalformed);
}

#[test]
fn entropy_is_needed_for_a_random_nonce_alone() {
    let needing: Vec<_> = Scheme::all()
        .filter(|name| Scheme::named(name).unwrap().needs_entropy())
        .collect();
    for name in signing() {
        let by = |entropy| {
            let moment = Moment::new(NOW_MS, entropy);
            let scheme = Scheme::named(name).unwrap();
            request(name, "/a", "b=c", "text")
                .see(|it| scheme.sign(it, &credentials(name), &moment))
                .ok()
        };
        assert_eq!(
            by([1; 16]) != by([2; 16]),
            needing.contains(&name),
            "{name}"
        );
    }
    // A caller who draws where a nonce is covered draws for each of them.
    assert!(
        needing
            .iter()
            .all(|name| Scheme::named(name).unwrap().coverage().nonce),
        "{needing:?}"
    );
    assert!(!needing.is_empty());
}
