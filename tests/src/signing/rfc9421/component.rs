//! Values of components: the lines of a signature base.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::identifier;
use super::written::Written;
use crate::door::Door;
use crate::signing::{Checked, Published, Verdict};

#[derive(Deserialize)]
pub(super) struct Case {
    message: Written,
    request: Option<Written>,
    lines: Vec<String>,
    /// Fields that are structured and not registered so, with their types.
    #[serde(default)]
    structured: BTreeMap<String, String>,
    #[serde(default)]
    result: Published,
}

/// A label that no message has yet.
const LABEL: &str = "of-the-case";

pub(super) async fn check(door: Door, case: Case) -> Checked {
    let identifiers = case
        .lines
        .iter()
        .map(|line| identifier::of_line(line).context("a line without an identifier"))
        .collect::<Result<Vec<_>>>()?;
    let params = format!("({})", identifiers.join(" "));
    let types = case.structured.iter();
    let types: Vec<String> = types.map(|(name, kind)| format!("{name}={kind}")).collect();
    let message = case
        .message
        .with("Signature-Input", &format!("{LABEL}={params}"));
    let base = message
        .base(&door, case.request.as_ref(), LABEL, &types.join("\n"))
        .await?;
    let expected = format!("{}\n\"@signature-params\": {params}", case.lines.join("\n"));
    let is_right = match &base {
        Ok((_, base)) => case.result == Published::Valid && *base == expected,
        Err(_) => case.result == Published::Invalid,
    };
    Ok(Verdict::passed_if(is_right, || {
        format!("expected {expected:?}, got {base:?}")
    }))
}
