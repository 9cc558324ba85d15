//! The families `ed25519`, `ecdsa-p256` and, for HMAC with SHA-512, `hmac`.

use anyhow::{Context as _, Result};
use countersign_core::scheme::{Credentials, Moment, Scheme};
use countersign_core::{Algorithm, SigningKey, VerifyingKey};
use serde::Deserialize;

use super::message::Message;
use super::{Fault, says};
use crate::hex;

#[derive(Deserialize)]
pub(super) struct Signature {
    #[serde(default)]
    format: String,
    private_key: Option<String>,
    public_key: String,
    msg: String,
    sig: String,
    result: String,
}

pub(super) fn signature(family: &str, case: &Signature) -> Result<Fault> {
    let algorithm = match family {
        "ed25519" => Algorithm::Ed25519,
        _ => Algorithm::EcdsaP256Sha256,
    };
    let (message, public) = (hex::decode(&case.msg)?, hex::decode(&case.public_key)?);
    let published = hex::decode(&case.sig)?;
    // RFC 9421 has signatures of P-256 in one form only.
    let signature = match case.format.as_str() {
        "der" => p1363_of_der(&published),
        _ => Some(published),
    };
    let key = VerifyingKey::from_bytes(algorithm, &public);
    let mut holds = match (&signature, &key) {
        (Some(signature), Ok(key)) => key.verifies(&message, signature),
        _ => false,
    };
    if let Some(private) = &case.private_key {
        let private = hex::decode(private)?;
        let private = private
            .as_slice()
            .try_into()
            .context("a private key of 32 bytes")?;
        let key = match algorithm {
            Algorithm::Ed25519 => SigningKey::ed25519("k", private)?,
            _ => SigningKey::ecdsa_p256("k", private)?,
        };
        holds &= key
            .verifying_key()
            .is_some_and(|key| key.to_bytes() == public);
        holds &= Some(key.sign(&message).as_bytes()) == signature.as_deref();
    }
    Ok((holds != (case.result == "valid"))
        .then(|| format!("published as {}, but it holds: {holds}", case.result)))
}

/// `r` and `s` of fixed length from their sequence in DER: each a positive number in its shortest form.
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

#[derive(Deserialize)]
pub(super) struct Mac {
    alg: String,
    key: String,
    msg: String,
    tag: String,
    tag_bits: usize,
    result: String,
}

/// HMAC with SHA-512 is an algorithm of vendors: it is asked by a scheme whose base is the body. None
/// for other algorithms, and for an empty key, which no scheme takes.
pub(super) fn mac(case: &Mac) -> Result<Option<Fault>> {
    const ROW: &str = "name = \"mac\"\ntitle = \"A bare MAC\"\ndocumentation = \"https://www.rfc-editor.org/rfc/rfc2104\"\n\
                       algorithm = \"hmac-sha512\"\nsecret = \"hex\"\nencoding = \"hex\"\nsigned = \"{body}\"\n\n\
                       [headers]\nMac = \"{signature}\"\n";
    if case.alg != "hmac-sha512" || case.key.is_empty() {
        return Ok(None);
    }
    let mut message = Message::new("POST", "/", "");
    message.body = hex::decode(&case.msg)?;
    let credentials = Credentials::new("", case.key.as_str());
    let scheme = Scheme::from_toml(ROW)?;
    let signed = message.see(|it| scheme.sign(it, &credentials, &Moment::new(0, [0; 16])));
    let made = match signed {
        Ok(parts) => message.signed(parts).value("Mac").unwrap_or("").to_owned(),
        Err(refusal) => return Ok(Some(says(refusal))),
    };
    let matches = made.get(..case.tag_bits / 4) == Some(case.tag.as_str());
    Ok(Some((matches != (case.result == "valid")).then(|| {
        format!(
            "published as {}, but the tag matches: {matches}",
            case.result
        )
    })))
}
