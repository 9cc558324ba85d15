//! Common Event Format, as `ArcSight` defined it.

use countersign_core::{Environment, KeyId};

use super::{Entry, details};
use crate::audit::Outcome;

pub(super) fn line(entry: &Entry) -> String {
    let record = entry.record();
    let (name, severity) = match &record.outcome {
        Outcome::Done => (record.act.clone(), 3),
        Outcome::Refused(_) => (format!("{} refused", record.act), 6),
    };
    let mut line = format!(
        "CEF:0|Countersign|Countersign|{}|{}|{}|{severity}|",
        in_header(env!("CARGO_PKG_VERSION")),
        in_header(&record.act),
        in_header(&name),
    );
    let decided = record.decided.as_ref();
    let policies = decided.map_or(String::new(), |decided| decided.policies.join(" "));
    let bundle = decided.map_or(String::new(), |decided| decided.bundle.to_string());
    let module = decided.map_or(String::new(), |decided| decided.module.to_string());
    let (hash, sequence) = (entry.hash().to_string(), record.sequence.to_string());
    let labelled = [
        (
            "cs1",
            "keyid",
            record.keyid.as_ref().map_or("", KeyId::as_str),
        ),
        (
            "cs2",
            "environment",
            record.environment.map_or("", Environment::as_str),
        ),
        ("cs3", "hash", hash.as_str()),
        ("cs4", "policies", policies.as_str()),
        ("cs5", "bundle", bundle.as_str()),
        ("cs6", "module", module.as_str()),
    ];
    let (time, details) = (record.at_ms.to_string(), details(entry));
    let mut extension = vec![
        ("rt", time.as_str()),
        ("externalId", sequence.as_str()),
        ("suser", record.actor.as_str()),
        ("outcome", record.outcome.as_str()),
        ("reason", record.reason.as_str()),
        ("act", decided.map_or("", |decided| decided.effect.as_str())),
        ("msg", details.as_str()),
    ];
    let labels = labelled.map(|(name, label, value)| (format!("{name}Label"), label, value));
    for ((name, _, value), (label_name, label, _)) in labelled.iter().zip(&labels) {
        if !value.is_empty() {
            extension.push((label_name.as_str(), label));
            extension.push((name, value));
        }
    }
    let extension = extension.iter().filter(|(_, value)| !value.is_empty());
    let fields: Vec<String> = extension
        .map(|(name, value)| format!("{name}={}", in_extension(value)))
        .collect();
    line.push_str(&fields.join(" "));
    line.push('\n');
    line
}

/// In the header `\` and `|` are escaped, and there are no line breaks.
fn in_header(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('|', "\\|");
    text.replace(['\n', '\r'], " ")
}

/// In the extension `\`, `=` and line breaks are escaped.
fn in_extension(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('=', "\\=");
    text.replace('\n', "\\n").replace('\r', "\\r")
}
