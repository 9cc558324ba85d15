//! The families `ed25519` and `ecdsa-p256`: keys, messages and signatures.

use countersign_wasm::dispatch::number;
use serde::Deserialize;

use super::{Checked, Published, Verdict};
use crate::door::{Door, Fault, Frame};
use crate::hex;

#[derive(Deserialize)]
pub(super) struct Case {
    #[serde(default)]
    format: String,
    private_key: Option<String>,
    public_key: String,
    msg: String,
    sig: String,
    result: Published,
}

pub(super) async fn check(door: Door, algorithm: &'static str, case: Case) -> Checked {
    let (message, public) = (hex::decode(&case.msg)?, hex::decode(&case.public_key)?);
    let published = hex::decode(&case.sig)?;
    // RFC 9421 has signatures of P-256 in one form only.
    let signature = match case.format.as_str() {
        "der" => p1363_of_der(&published),
        _ => Some(published),
    };
    let mut holds = match &signature {
        Some(signature) => verifies(&door, algorithm, &public, &message, signature).await?,
        None => false,
    };
    if let Some(private) = &case.private_key {
        let frame = Frame::new().text("k").text(algorithm);
        let frame = frame.bytes(&hex::decode(private)?);
        let mut opened = door.ask(number::private_key_open, frame).await?;
        let (key, _, of) = (opened.number()?, opened.text()?, opened.text()?);
        holds &= of == algorithm && opened.bytes()? == public;
        let frame = Frame::new().number(key).bytes(&message);
        let made = door.ask(number::key_sign, frame).await?.bytes()?;
        holds &= Some(made) == signature;
    }
    let is_valid = case.result == Published::Valid;
    Ok(Verdict::passed_if(holds == is_valid, || {
        format!("published as {:?}, but it holds: {holds}", case.result)
    }))
}

/// Whether a signature is good by a public key; a key that is not taken verifies nothing.
async fn verifies(
    door: &Door,
    algorithm: &str,
    public: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<bool, Fault> {
    let frame = Frame::new().text(algorithm).bytes(public);
    let frame = frame.bytes(message).bytes(signature);
    match door.try_ask(number::signature_check, frame).await? {
        Ok(mut answer) => Ok(answer.number()? == 1),
        Err(refused) => match refused.code.as_str() {
            "public_key_malformed" | "key_too_weak" => Ok(false),
            _ => Err(Fault::Refused(refused)),
        },
    }
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
