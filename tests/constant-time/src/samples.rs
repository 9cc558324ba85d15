//! Requests of the two classes, made before anything is timed.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{
    Body, Headers, Request, Scheme, SharedSecret, SignOptions, SigningKey, UnixSeconds, sign,
};

pub(crate) const TARGET: &str = "/v1/orders?limit=10";
pub(crate) const NOW: u64 = 1_800_000_000;
const SECRET: [u8; 32] = [7; 32];
/// How many keys the ring holds. Those with an odd number are not in it.
const KEYS: usize = 128;
/// How many requests each class has.
const REQUESTS: usize = 256;

/// Header lines of requests to `GET /v1/orders?limit=10`.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) classes: &'static str,
    pub(crate) first: Arc<[String]>,
    pub(crate) second: Arc<[String]>,
    /// The codes with which the classes are refused.
    pub(crate) codes: [&'static str; 2],
}

/// The keyring, as JSON.
pub(crate) fn keyring() -> String {
    let keys: Vec<String> = (0..KEYS)
        .map(|number| {
            format!(
                r#"{{"keyid": "{}", "environment": "live", "secret": "{}"}}"#,
                keyid(2 * number),
                STANDARD.encode(SECRET)
            )
        })
        .collect();
    format!(r#"{{"keys": [{}]}}"#, keys.join(", "))
}

/// The pairs of classes that must not be told apart.
pub(crate) fn all() -> Result<Vec<Pair>> {
    let wrong_at = |at: usize| requests(move |number| (keyid(2 * (number % KEYS)), at));
    let scattered = |odd: usize| {
        requests(move |number| (keyid(2 * (number % KEYS) + odd), number % SECRET.len()))
    };
    Ok(vec![
        Pair {
            classes: "the signature's first or last byte wrong",
            first: wrong_at(0)?,
            second: wrong_at(31)?,
            codes: ["signature_mismatch", "signature_mismatch"],
        },
        Pair {
            classes: "a wrong signature, or an unknown key",
            first: scattered(0)?,
            second: scattered(1)?,
            codes: ["signature_mismatch", "key_unknown"],
        },
    ])
}

fn keyid(number: usize) -> String {
    format!("k{number:04}")
}

/// Requests by a key id, each with the byte that is wrong in its signature.
fn requests(of: impl Fn(usize) -> (String, usize)) -> Result<Arc<[String]>> {
    (0..REQUESTS)
        .map(|number| {
            let (keyid, at) = of(number);
            signed(&keyid, &format!("{number:08}"), at)
        })
        .collect()
}

fn signed(keyid: &str, nonce: &str, at: usize) -> Result<String> {
    let key = SigningKey::new(keyid, &SharedSecret::new(SECRET.to_vec())?)?;
    let request = Request {
        method: "GET",
        target: TARGET,
        scheme: Scheme::Https,
        headers: Headers::parse(b"Host: api.example.com\r\n")?,
        body: Body::Bytes(b""),
        peer: None,
    };
    let options = SignOptions::new(UnixSeconds::new(NOW)).nonce(nonce);
    let signed = sign(&request, &key, &options)?;
    Ok(format!(
        "Host: api.example.com\r\nSignature-Input: {}\r\nSignature: {}\r\n",
        signed.signature_input,
        altered(&signed.signature, at)?
    ))
}

/// The field's value with a bit of this byte of the signature turned.
fn altered(field: &str, at: usize) -> Result<String> {
    let (label, rest) = field.split_once(':').context("no signature")?;
    let mut signature = STANDARD.decode(rest.trim_end_matches(':'))?;
    *signature.get_mut(at).context("the signature is shorter")? ^= 1;
    Ok(format!("{label}:{}:", STANDARD.encode(signature)))
}
