//! Values of components: the lines of a signature base.

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::{Message, identifier};
use crate::case::Kind;
use crate::signing::{Plan, Published, Reason, Verdict, member, refusal};

#[derive(Deserialize)]
pub(super) struct Case {
    message: Message,
    lines: Vec<String>,
    #[serde(default)]
    result: Published,
}

pub(super) fn plan(case: Case) -> Result<Plan> {
    let identifiers = case
        .lines
        .iter()
        .map(|line| identifier::of_line(line).context("a line without an identifier"))
        .collect::<Result<Vec<_>>>()?;
    if !identifiers
        .iter()
        .all(|identifier| identifier::is_supported(identifier))
    {
        return Ok(Plan::skip(Reason::ComponentParameter));
    }
    let params = format!("({})", identifiers.join(" "));
    let expected = format!("{}\n\"@signature-params\": {params}", case.lines.join("\n"));
    let message = case
        .message
        .with(&[("Signature-Input", Some(&format!("sig={params}")))]);
    Ok(Plan::ask(
        vec![Kind::Base(message.to_base(None))],
        move |answers| {
            let Some(answer) = answers.first() else {
                return Verdict::Failed("no answer".to_owned());
            };
            if case.result == Published::Invalid {
                return Verdict::passed_if(refusal(answer).is_some(), || "not refused".to_owned());
            }
            Verdict::passed_if(member(answer, "base") == expected, || {
                format!("expected {expected:?}, got {answer:?}")
            })
        },
    ))
}
