//! RFC 4180, for spreadsheets.

use countersign_core::{Environment, KeyId};

use super::{Entry, details};
use crate::rfc_3339::milliseconds;

const COLUMNS: [&str; 16] = [
    "sequence",
    "at",
    "actor",
    "act",
    "keyid",
    "environment",
    "outcome",
    "reason",
    "effect",
    "policies",
    "module",
    "bundle",
    "details",
    "clock",
    "previous",
    "hash",
];

pub(super) fn header() -> String {
    format!("{}\r\n", COLUMNS.join(","))
}

pub(super) fn line(entry: &Entry) -> String {
    let record = entry.record();
    let decided = record.decided.as_ref();
    let cells: [String; COLUMNS.len()] = [
        record.sequence.to_string(),
        milliseconds(record.at_ms),
        record.actor.clone(),
        record.act.clone(),
        record.keyid.as_ref().map_or("", KeyId::as_str).into(),
        record.environment.map_or("", Environment::as_str).into(),
        record.outcome.as_str().into(),
        record.reason.clone(),
        decided.map_or("", |decided| decided.effect.as_str()).into(),
        decided.map_or(String::new(), |decided| decided.policies.join(" ")),
        decided.map_or(String::new(), |decided| decided.module.to_string()),
        decided.map_or(String::new(), |decided| decided.bundle.to_string()),
        details(entry),
        record.clock_ms.map_or(String::new(), milliseconds),
        entry.previous().to_string(),
        entry.hash().to_string(),
    ];
    format!("{}\r\n", cells.map(|text| cell(&text)).join(","))
}

/// A cell: not a formula, and in quotes where it must be.
fn cell(text: &str) -> String {
    let is_formula = text.trim_start_matches(' ').starts_with([
        '=', '+', '-', '@', '\t', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.into()
    };
    if text.contains(['"', ',', '\n']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}
