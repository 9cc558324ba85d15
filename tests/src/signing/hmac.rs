//! The family `hmac`: keys, messages and tags.

use anyhow::anyhow;
use countersign_wasm::dispatch::number;
use serde::Deserialize;

use super::message::Message;
use super::vendors::{Credentials, Moment};
use super::{Checked, Published, Verdict};
use crate::door::{Door, Fault, Frame, Refused};
use crate::hex;

#[derive(Deserialize)]
pub(super) struct Case {
    alg: String,
    key: String,
    msg: String,
    tag: String,
    /// Of the tag, which may be cut.
    tag_bits: usize,
    result: Published,
}

/// A vendor's scheme whose base is the body.
const BARE_MAC: &str = r#"name = "mac"
title = "A bare MAC"
documentation = "https://www.rfc-editor.org/rfc/rfc2104"
algorithm = "hmac-sha512"
secret = "hex"
encoding = "hex"
signed = "{body}"

[headers]
Mac = "{signature}"
"#;

pub(super) async fn check(door: Door, case: Case) -> Checked {
    let is_valid = match case.result {
        Published::Valid => true,
        Published::Invalid => false,
        other => return Err(anyhow!("a tag is valid or invalid, not {other:?}").into()),
    };
    if case.tag_bits == 0 || !case.tag_bits.is_multiple_of(8) {
        return Err(anyhow!("a tag is whole bytes, and one at least").into());
    }
    let tag = match case.alg.as_str() {
        "hmac-sha256" => {
            let (key, message) = (hex::decode(&case.key)?, hex::decode(&case.msg)?);
            let frame = Frame::new().bytes(&key).bytes(&message);
            door.ask(number::mac, frame).await?.bytes()?
        }
        "hmac-sha512" => match hmac_sha512(&door, &case).await? {
            Ok(tag) => tag,
            Err(_) if case.key.is_empty() && is_valid => {
                return Ok(Verdict::Stricter(
                    "an empty key, which no vendor's scheme takes",
                ));
            }
            Err(refused) => {
                return Ok(Verdict::passed_if(!is_valid, || refused.to_string()));
            }
        },
        _ => return Ok(Verdict::Skipped("a hash that no scheme here uses")),
    };
    let matches = tag.get(..case.tag_bits / 8) == Some(&hex::decode(&case.tag)?);
    Ok(Verdict::passed_if(matches == is_valid, || {
        format!("the tag matches: {matches}")
    }))
}

/// An algorithm of vendors only.
async fn hmac_sha512(door: &Door, case: &Case) -> Result<Result<Vec<u8>, Refused>, Fault> {
    let row = Frame::new().text(BARE_MAC);
    let scheme = door.ask(number::scheme_open, row).await?.number()?;
    let credentials = Credentials::new("", &case.key).open(door).await?;
    let mut message = Message::new("POST", "/", "");
    message.body = hex::decode(&case.msg)?;
    let frame = Frame::new().number(scheme).number(credentials);
    let frame = Moment::at(0).put(message.put(frame));
    match door.try_ask(number::scheme_sign, frame).await? {
        Ok(mut answer) => {
            let signed = message.signed(&mut answer)?;
            Ok(Ok(hex::decode(signed.value("Mac").unwrap_or(""))?))
        }
        Err(refused) => Ok(Err(refused)),
    }
}
