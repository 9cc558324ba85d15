//! The family `rfc9530`: digest fields and contents.

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{Plan, Published, Reason, Verdict, member, refusal};
use crate::case::{Bytes, DigestCheck, Kind};
use crate::hex;

#[derive(Deserialize)]
pub(super) struct Case {
    field: String,
    value: String,
    content_hex: Option<String>,
    result: Published,
}

pub(super) fn plan(case: Case) -> Result<Plan> {
    let field = case.field.to_ascii_lowercase();
    if field.starts_with("want-") {
        return Ok(Plan::skip(Reason::WantDigest));
    }
    if !matches!(field.as_str(), "content-digest" | "repr-digest") {
        return Ok(Plan::skip(Reason::OtherField));
    }
    let content = case.content_hex.context("a digest without `content_hex`")?;
    let kind = Kind::DigestCheck(DigestCheck {
        field,
        headers: vec![(case.field, case.value)],
        body: Bytes(hex::decode(&content)?),
    });
    Ok(Plan::ask(vec![kind], move |answers| {
        let Some(answer) = answers.first() else {
            return Verdict::Failed("no answer".to_owned());
        };
        let code = refusal(answer);
        match case.result {
            Published::Valid if code == Some("digest_algorithm_unsupported") => {
                Verdict::Skipped(Reason::InsecureDigest)
            }
            Published::Valid => Verdict::passed_if(member(answer, "verdict") == "ok", || {
                format!("refused as `{}`", member(answer, "verdict"))
            }),
            Published::Invalid => Verdict::passed_if(code.is_some(), || {
                "accepted, but published as invalid".to_owned()
            }),
            Published::Either | Published::Parse => Verdict::Passed,
        }
    }))
}
