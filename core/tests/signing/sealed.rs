//! Secrets that stay sealed until their keys are first used.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_core::{
    Code, Environment, KeyId, KeyRecord, KeyRing, Scope, SealedSecret, SharedSecret, SigningKey,
};

use crate::support::{Attempt, KEYID, SECRET, at, key, options, ring_of, secret};

/// A secret that counts how often it was unsealed, or one that is damaged.
#[derive(Debug)]
struct Counted {
    unsealed: AtomicUsize,
    damaged: bool,
}

impl SealedSecret for Counted {
    fn unseal(&self, keyid: &KeyId) -> Option<SharedSecret> {
        assert_eq!(keyid.as_str(), KEYID);
        self.unsealed.fetch_add(1, Ordering::Relaxed);
        (!self.damaged).then(secret)
    }
}

fn sealed(damaged: bool) -> (Arc<Counted>, KeyRecord) {
    let counted = Arc::new(Counted {
        unsealed: AtomicUsize::new(0),
        damaged,
    });
    let record = KeyRecord::sealed(KEYID, Environment::Live, counted.clone());
    (counted, record.unwrap())
}

fn times(counted: &Counted) -> usize {
    counted.unsealed.load(Ordering::Relaxed)
}

fn code(ring: &KeyRing) -> Option<Code> {
    let mut attempt = Attempt {
        ring: ring.clone(),
        ..Attempt::good()
    };
    attempt.verify().err().map(|refusal| refusal.code())
}

#[test]
fn a_secret_is_unsealed_once_when_its_key_is_first_used() {
    let (counted, record) = sealed(false);
    let ring = ring_of(record);
    assert_eq!(times(&counted), 0);
    for _ in 0..3 {
        assert_eq!(code(&ring), None);
        assert_eq!(times(&counted), 1);
    }
    assert!(ring.unseal().is_empty());
    assert_eq!(times(&counted), 1);
}

#[test]
fn a_wrong_signature_is_one_whether_or_not_the_secret_was_unsealed() {
    let (_, record) = sealed(false);
    let mut attempt = Attempt {
        ring: ring_of(record),
        ..Attempt::unsigned()
    };
    let other = SharedSecret::new(vec![1; 32]).unwrap();
    attempt.sign_with(&SigningKey::new(KEYID, &other).unwrap(), &options());
    for _ in 0..2 {
        let code = attempt.verify().unwrap_err().code();
        assert_eq!(code, Code::SignatureMismatch);
    }
}

#[test]
fn nothing_is_unsealed_for_a_key_that_is_not_good() {
    for (change, expected) in [
        (
            (|record| record.revoked()) as fn(KeyRecord) -> KeyRecord,
            Code::KeyRevoked,
        ),
        (|record| record.active(at(-10), at(-5)), Code::KeyExpired),
        (|record| record.active(at(5), at(10)), Code::KeyNotActive),
    ] {
        let (counted, record) = sealed(false);
        assert_eq!(code(&ring_of(change(record))), Some(expected));
        assert_eq!(times(&counted), 0, "{expected:?}");
    }
}

#[test]
fn nothing_is_unsealed_for_a_key_that_is_not_there() {
    let (counted, record) = sealed(false);
    let mut attempt = Attempt {
        ring: ring_of(record),
        ..Attempt::unsigned()
    };
    attempt.sign_with(&SigningKey::new("other", &secret()).unwrap(), &options());
    assert_eq!(attempt.verify().unwrap_err().code(), Code::KeyUnknown);
    assert_eq!(times(&counted), 0);
}

#[test]
fn a_damaged_secret_refuses_its_own_key_alone() {
    let (_, record) = sealed(true);
    let mut ring = ring_of(record);
    assert_eq!(code(&ring), Some(Code::KeyDamaged));
    let id = "another";
    ring.insert(KeyRecord::new(id, Environment::Live, &secret()).unwrap());
    let damaged: Vec<_> = ring.unseal();
    assert_eq!(damaged, [KeyId::new(KEYID).unwrap()]);
    let mut attempt = Attempt {
        ring: ring.clone(),
        ..Attempt::unsigned()
    };
    attempt.sign_with(&SigningKey::new(id, &secret()).unwrap(), &options());
    attempt.verify().unwrap();
    // Mended, it verifies.
    ring.insert(sealed(false).1);
    assert_eq!(code(&ring), None);
}

#[test]
fn a_stranger_learns_of_no_damage() {
    let mut attempt = Attempt::good();
    attempt.ring = ring_of(sealed(true).1);
    let damaged = attempt.verify().unwrap_err();
    assert_eq!(damaged.code(), Code::KeyDamaged);
    attempt.ring = KeyRing::new();
    let unknown = attempt.verify().unwrap_err();
    assert_eq!(damaged.problem(), unknown.problem());
}

#[test]
fn what_is_derived_of_a_key_is_derived_of_its_sealed_secret() {
    let scope = Scope::new("eu-west", at(0)).unwrap();
    let derived = key().derive(Environment::Live, &scope).unwrap();
    for (damaged, expected) in [(false, None), (true, Some(Code::KeyDamaged))] {
        let mut attempt = Attempt {
            ring: ring_of(sealed(damaged).1),
            ..Attempt::unsigned()
        };
        attempt.sign_with(&derived, &options());
        let code = attempt.verify().err().map(|refusal| refusal.code());
        assert_eq!(code, expected);
    }
}

#[test]
fn a_sealed_secret_is_absent_from_debug() {
    let (_, record) = sealed(false);
    let ring = ring_of(record);
    assert_eq!(code(&ring), None);
    let said = format!("{ring:?}");
    assert!(said.contains("Sealed(..)"), "{said}");
    assert!(!said.contains(str::from_utf8(SECRET).unwrap()));
}
