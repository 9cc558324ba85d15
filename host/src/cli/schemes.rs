//! `countersign schemes`

use std::path::PathBuf;

use clap::Args;
use countersign_core::scheme::{Coverage, Scheme};
use serde_json::{Value, json};

use super::failure::Failure;
use super::message::read_text;
use super::{Done, vendor};

#[derive(Debug, Args)]
pub(super) struct SchemesArguments {
    /// Tell all of this one.
    name: Option<String>,
    /// Read a row of one's own from a file, and tell all of it.
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    row: Option<PathBuf>,
}

pub(super) fn run(arguments: &SchemesArguments) -> Result<Done, Failure> {
    match (&arguments.name, &arguments.row) {
        (Some(name), _) => Ok(one(&vendor::named(name)?)),
        (None, Some(path)) => Ok(one(&Scheme::from_toml(&read_text(path)?)?)),
        (None, None) => all(),
    }
}

fn all() -> Result<Done, Failure> {
    let mut text = format!(
        "{:<26} {:<12} {:<7} {:<7} {:<7} {:<7} {:<7} {:<9} {}\n",
        "scheme", "algorithm", "method", "host", "path", "query", "body", "window", "nonce"
    );
    let mut list = Vec::new();
    for name in Scheme::all() {
        let scheme = Scheme::named(name)?;
        let coverage = scheme.coverage();
        text.push_str(&format!(
            "{name:<26} {:<12} {:<7} {:<7} {:<7} {:<7} {:<7} {:<9} {}\n",
            scheme.algorithm().as_str(),
            coverage.method.as_str(),
            coverage.host.as_str(),
            coverage.path.as_str(),
            coverage.query.as_str(),
            coverage.body.as_str(),
            window(&coverage),
            if coverage.nonce { "yes" } else { "no" },
        ));
        list.push(json_of(&scheme));
    }
    text.push_str("\n`no` can be changed by anybody on the way. `countersign schemes NAME` tells more of one.\n");
    Ok(Done {
        text,
        json: json!({"ok": true, "schemes": list}),
        success: true,
    })
}

fn one(scheme: &Scheme) -> Done {
    let coverage = scheme.coverage();
    let mut text = format!(
        "{}: {}\n{}\n\n  algorithm {}\n",
        scheme.name(),
        scheme.title(),
        scheme.documentation(),
        scheme.algorithm().as_str()
    );
    for (part, covered) in [
        ("method", coverage.method),
        ("host", coverage.host),
        ("path", coverage.path),
        ("query", coverage.query),
        ("body", coverage.body),
    ] {
        text.push_str(&format!("  {part:<9} {}\n", covered.as_str()));
    }
    text.push_str(&format!("  window    {}\n", window(&coverage)));
    text.push_str(&format!(
        "  nonce     {}\n",
        if coverage.nonce { "yes" } else { "no" }
    ));
    for note in &coverage.notes {
        text.push_str(&format!("\n{note}\n"));
    }
    Done {
        text,
        json: json_of(scheme),
        success: true,
    }
}

/// How old a signature may be.
fn window(coverage: &Coverage) -> String {
    match coverage.window_ms {
        Some(ms) if ms % 1000 == 0 => format!("{} s", ms / 1000),
        Some(ms) => format!("{ms} ms"),
        None if coverage.sender_sets_expiry => "sender's".to_owned(),
        None => "none".to_owned(),
    }
}

fn json_of(scheme: &Scheme) -> Value {
    let coverage = scheme.coverage();
    json!({
        "ok": true,
        "name": scheme.name(),
        "title": scheme.title(),
        "documentation": scheme.documentation(),
        "algorithm": scheme.algorithm().as_str(),
        "covers": {
            "method": coverage.method.as_str(),
            "host": coverage.host.as_str(),
            "path": coverage.path.as_str(),
            "query": coverage.query.as_str(),
            "body": coverage.body.as_str(),
        },
        "window_ms": coverage.window_ms,
        "sender_sets_expiry": coverage.sender_sets_expiry,
        "nonce": coverage.nonce,
        "notes": coverage.notes,
    })
}
