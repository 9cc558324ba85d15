//! The records themselves.

use super::Entry;

pub(super) fn line(entry: &Entry) -> String {
    // Canonical bytes are JSON, so they are text.
    let record = String::from_utf8_lossy(entry.canonical());
    let (hash, previous) = (entry.hash(), entry.previous());
    format!("{{\"hash\":\"{hash}\",\"previous\":\"{previous}\",\"record\":{record}}}\n")
}
