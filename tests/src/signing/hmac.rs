//! The family `hmac`: keys, messages and tags.

use anyhow::{Result, ensure};
use serde::Deserialize;

use super::{Plan, Published, Reason, Verdict, member};
use crate::case::{Bytes, Kind, Mac};
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

pub(super) fn plan(case: &Case) -> Result<Plan> {
    if case.alg != "hmac-sha256" {
        return Ok(Plan::skip(Reason::Algorithm));
    }
    ensure!(
        matches!(case.result, Published::Valid | Published::Invalid),
        "a tag is valid or invalid"
    );
    ensure!(
        case.tag_bits > 0 && case.tag_bits.is_multiple_of(8),
        "a tag is whole bytes, and one at least"
    );
    let tag = hex::decode(&case.tag)?;
    let kind = Kind::Mac(Mac {
        key: Bytes(hex::decode(&case.key)?),
        message: Bytes(hex::decode(&case.msg)?),
    });
    let (length, is_valid) = (case.tag_bits / 8, case.result == Published::Valid);
    Ok(Plan::ask(vec![kind], move |answers| {
        let mac = answers
            .first()
            .and_then(|answer| serde_json::from_value(member(answer, "mac").into()).ok())
            .map_or(Vec::new(), |Bytes(mac)| mac);
        let matches = mac.get(..length) == Some(&tag);
        Verdict::passed_if(matches == is_valid, || {
            format!("the tag matches: {matches}")
        })
    }))
}
