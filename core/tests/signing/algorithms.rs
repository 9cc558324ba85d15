//! The algorithms as published: RFC 4231, RFC 8032, RFC 6979 and Project Wycheproof.

use countersign_core::{Algorithm, SigningKey, VerifyingKey, hmac_sha256};
use serde::Deserialize;

use crate::vectors::{self, from_hex};

#[derive(Deserialize)]
struct Mac {
    name: String,
    alg: String,
    key: String,
    msg: String,
    tag: String,
    result: String,
}

#[derive(Deserialize)]
struct Signature {
    name: String,
    private_key: Option<String>,
    public_key: String,
    msg: String,
    sig: String,
    result: String,
}

#[test]
fn every_tag_of_hmac_sha256() {
    let (mut count, mut faults) = (0, Vec::new());
    for file in ["hmac/rfc4231.json", "hmac/wycheproof-hmac-sha256.json"] {
        let all = vectors::shared::<Mac>(file);
        let others = all.iter().filter(|case| case.alg != "hmac-sha256").count();
        if others > 0 {
            println!("skipped: {others} of {file}, no algorithm of RFC 9421");
        }
        for case in all.iter().filter(|case| case.alg == "hmac-sha256") {
            count += 1;
            let tag = from_hex(&case.tag);
            let made = hmac_sha256(&from_hex(&case.key), &from_hex(&case.msg));
            let holds = made.get(..tag.len()) == Some(tag.as_slice());
            if holds != (case.result == "valid") {
                faults.push(case.name.clone());
            }
        }
    }
    vectors::conclude("hmac (sha-256)", count, &faults);
}

/// Whether the case's signature verifies; a key that can't be imported verifies nothing.
fn verifies(algorithm: Algorithm, case: &Signature, signature: &[u8]) -> bool {
    VerifyingKey::from_bytes(algorithm, &from_hex(&case.public_key))
        .is_ok_and(|key| key.verifies(&from_hex(&case.msg), signature))
}

#[test]
fn every_signature_of_ed25519() {
    let (mut count, mut faults) = (0, Vec::new());
    for file in ["ed25519/rfc8032.json", "ed25519/wycheproof-ed25519.json"] {
        for case in vectors::shared::<Signature>(file) {
            count += 1;
            let signature = from_hex(&case.sig);
            let mut holds = verifies(Algorithm::Ed25519, &case, &signature);
            if let Some(private) = &case.private_key {
                let private = from_hex(private).try_into().unwrap();
                let key = SigningKey::ed25519("k", &private).unwrap();
                let public = key.verifying_key().unwrap().to_bytes();
                holds &= public == from_hex(&case.public_key);
                holds &= key.sign(&from_hex(&case.msg)).as_bytes() == signature;
            }
            if holds != (case.result == "valid") {
                faults.push(case.name.clone());
            }
        }
    }
    vectors::conclude("ed25519", count, &faults);
}

#[test]
fn every_signature_of_ecdsa_p256() {
    let (mut count, mut faults) = (0, Vec::new());
    for file in [
        "ecdsa-p256/rfc6979.json",
        "ecdsa-p256/wycheproof-p1363.json",
        "ecdsa-p256/wycheproof-der.json",
    ] {
        for case in vectors::shared::<Signature>(file) {
            count += 1;
            let signature = from_hex(&case.sig);
            let fixed = if file.ends_with("der.json") {
                p1363_of_der(&signature)
            } else {
                Some(signature)
            };
            let mut holds = fixed
                .as_ref()
                .is_some_and(|fixed| verifies(Algorithm::EcdsaP256Sha256, &case, fixed));
            if let Some(private) = &case.private_key {
                let private = from_hex(private).try_into().unwrap();
                let key = SigningKey::ecdsa_p256("k", &private).unwrap();
                let public = key.verifying_key().unwrap().to_bytes();
                holds &= public == from_hex(&case.public_key);
                holds &= Some(key.sign(&from_hex(&case.msg)).as_bytes()) == fixed.as_deref();
            }
            if holds != (case.result == "valid") {
                faults.push(case.name.clone());
            }
        }
    }
    vectors::conclude("ecdsa-p256", count, &faults);
}

/// `r` and `s` of fixed length from their sequence in DER, which RFC 9421 doesn't use: each a
/// positive number in its shortest form.
fn p1363_of_der(der: &[u8]) -> Option<Vec<u8>> {
    let [0x30, length, rest @ ..] = der else {
        return None;
    };
    (usize::from(*length) == rest.len() && *length < 0x80).then_some(())?;
    let (r, rest) = fixed_number(rest)?;
    let (s, rest) = fixed_number(rest)?;
    rest.is_empty().then(|| [r, s].concat())
}

fn fixed_number(der: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let [0x02, length, rest @ ..] = der else {
        return None;
    };
    let (number, rest) = rest.split_at_checked(usize::from(*length))?;
    let magnitude = match number {
        [0, magnitude @ ..] if magnitude.first().is_some_and(|byte| *byte >= 0x80) => magnitude,
        [0] | [1..=0x7f, ..] => number,
        _ => return None,
    };
    let zeros = 32_usize.checked_sub(magnitude.len())?;
    Some(([&vec![0; zeros], magnitude].concat(), rest))
}
