//! The family `rfc9530`: digest fields and contents, and which digest is wanted.

use anyhow::Context as _;
use countersign_wasm::dispatch::number;
use serde::Deserialize;

use super::{Checked, Published, Verdict};
use crate::door::{Door, Frame};
use crate::hex;

#[derive(Deserialize)]
pub(super) struct Case {
    field: String,
    value: String,
    content_hex: Option<String>,
    result: Published,
}

pub(super) async fn check(door: Door, case: Case) -> Checked {
    let field = case.field.to_ascii_lowercase();
    let line = format!("{}: {}\r\n", case.field, case.value);
    let frame = Frame::new().text(&field).bytes(line.as_bytes());
    if field.starts_with("want-") {
        let answer = door.try_ask(number::wanted_digest, frame).await?;
        let is_right = answer.is_ok() == (case.result != Published::Invalid);
        return Ok(Verdict::passed_if(is_right, || format!("{answer:?}")));
    }
    if !matches!(field.as_str(), "content-digest" | "repr-digest") {
        return Ok(Verdict::Skipped("a field that the module doesn't read"));
    }
    let content = match case.result {
        // Of what, an example need not say.
        Published::Parse => case.content_hex.as_deref().unwrap_or_default(),
        _ => (case.content_hex.as_deref()).context("a digest without `content_hex`")?,
    };
    let frame = frame.bytes(&hex::decode(content)?);
    let answer = match door.try_ask(number::digest_check, frame).await? {
        Ok(mut answer) => Ok(answer.number()?),
        Err(refused) => Err(refused.code),
    };
    let answer = answer.as_ref().map_err(String::as_str);
    let is_right = match (case.result, answer) {
        (Published::Valid, Err("digest_algorithm_unsupported")) if is_insecure(&case.value) => {
            return Ok(Verdict::Stricter(
                "only an algorithm that RFC 9530 calls insecure, which binds no body",
            ));
        }
        (Published::Valid, answer) => answer == Ok(&1),
        (Published::Either, answer) => matches!(answer, Ok(1) | Err("digest_malformed")),
        (Published::Invalid, answer) => answer.is_err(),
        (Published::Parse, answer) => answer != Err("digest_malformed"),
    };
    Ok(Verdict::passed_if(is_right, || format!("{answer:?}")))
}

/// Whether none of the digests is by a registered algorithm that is not deprecated (RFC 9530 section 5).
fn is_insecure(value: &str) -> bool {
    !value.contains("sha-256=") && !value.contains("sha-512=")
}
