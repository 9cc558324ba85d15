//! Records for other programs.

mod cef;
mod csv;
mod json_lines;
mod ocsf;

use std::io::Write;

use super::{AuditError, Entry, Filter, search};
use crate::Store;

/// A form of export. Each record is one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object each: `hash`, `previous` and `record`, whose bytes are the canonical ones, so that
    /// the chain can be checked from the export alone.
    JsonLines,
    /// Comma-separated values (RFC 4180) with a header. What a spreadsheet would run as a formula begins
    /// with an apostrophe.
    Csv,
    /// Common Event Format, version 0.
    Cef,
    /// Open Cybersecurity Schema Framework 1.3.0, as JSON lines: API Activity (6003) for `key.used`, Entity
    /// Management (3004) for all else.
    Ocsf,
}

impl Format {
    /// Every form.
    pub const ALL: [Format; 4] = [Format::JsonLines, Format::Csv, Format::Cef, Format::Ocsf];

    /// `json`, `csv`, `cef` or `ocsf`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::JsonLines => "json",
            Format::Csv => "csv",
            Format::Cef => "cef",
            Format::Ocsf => "ocsf",
        }
    }

    /// The form of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// The line before the first record; empty if there is none.
    #[must_use]
    pub fn header(self) -> String {
        match self {
            Format::Csv => csv::header(),
            _ => String::new(),
        }
    }

    /// The line of a record, with its end.
    #[must_use]
    pub fn line(self, entry: &Entry) -> String {
        match self {
            Format::JsonLines => json_lines::line(entry),
            Format::Csv => csv::line(entry),
            Format::Cef => cef::line(entry),
            Format::Ocsf => ocsf::line(entry),
        }
    }
}

/// Writes every record that the filter takes, and says how many.
///
/// # Errors
/// `audit_file_failed`; those of [`search`].
pub fn export(
    store: &dyn Store,
    filter: &Filter,
    format: Format,
    out: &mut dyn Write,
) -> Result<u64, AuditError> {
    out.write_all(format.header().as_bytes())?;
    let (mut written, mut from) = (0, 1);
    loop {
        let page = search(store, filter, from, 512)?;
        for entry in &page.entries {
            out.write_all(format.line(entry).as_bytes())?;
            written += 1;
        }
        if page.is_last {
            out.flush()?;
            return Ok(written);
        }
        from = page.next;
    }
}

/// `name=value` for each detail, with a space between.
fn details(entry: &Entry) -> String {
    let details = entry.record().details.iter();
    let details: Vec<String> = details
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    details.join(" ")
}
