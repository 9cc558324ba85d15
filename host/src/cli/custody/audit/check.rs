//! `countersign audit verify` and `check-proof`

use std::path::PathBuf;

use clap::Args;
use countersign_custody::audit::{Proof, Report, verify as verify_log};
use serde_json::json;

use super::{Done, Failure, StoreArguments, anchored, done, log_keys, parsed};
use crate::cli::message::read_text;

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    store: StoreArguments,
    /// The log's public key, `csp_..`, as it was kept elsewhere; the store's own unless given.
    #[arg(long = "log-key", value_name = "TEXT")]
    log_keys: Vec<String>,
    /// A file of checkpoints that was kept elsewhere.
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CheckProofArguments {
    /// The proof, as `audit prove` writes it; `-` for standard input.
    proof: PathBuf,
    /// The log's public key, `csp_..`.
    #[arg(long = "log-key", value_name = "TEXT", required = true)]
    log_keys: Vec<String>,
}

pub(super) fn verify(arguments: &VerifyArguments) -> Result<Done, Failure> {
    let outside = anchored(arguments.anchor.as_deref())?;
    let store = arguments.store.open()?;
    let keys = log_keys(&*store, &arguments.log_keys)?;
    let report = verify_log(&*store, &keys, &outside)?;
    let text = match &report.finding {
        None => good(&report),
        Some(finding) => format!("the log was changed: {finding}\n"),
    };
    let code = report.finding.as_ref().map(|finding| finding.fault.code());
    let json = json!({
        "ok": report.is_good(),
        "code": code.unwrap_or("good"),
        "message": report.finding.as_ref().map(ToString::to_string),
        "first_bad": report.finding.as_ref().map(|finding| finding.sequence),
        "records": report.records,
        "checkpoints": report.checkpoints,
        "vouched": report.vouched,
        "root": report.root.to_string(),
    });
    Ok(Done {
        text,
        json,
        success: report.is_good(),
    })
}

fn good(report: &Report) -> String {
    let (records, vouched) = (report.records, report.vouched);
    let by = match report.checkpoints {
        0 => "no checkpoint vouches for it".to_owned(),
        1 => format!("1 checkpoint vouches for the first {vouched}"),
        count => format!("{count} checkpoints vouch for the first {vouched}"),
    };
    let plural = if records == 1 { "" } else { "s" };
    format!(
        "the log is good: {records} record{plural}, and {by}\nroot {}\n",
        report.root
    )
}

pub(super) fn check_proof(arguments: &CheckProofArguments) -> Result<Done, Failure> {
    let proof = Proof::from_json(&read_text(&arguments.proof)?)?;
    let record = proof.verify(&parsed(&arguments.log_keys)?)?;
    let checkpoint = proof.checkpoint();
    let json = json!({
        "ok": true, "record": record, "checkpoint": checkpoint.to_string(),
    });
    let text = format!(
        "record {} is in the log: {} by {}, for \"{}\"\nsigned over {} records\n",
        record.sequence,
        record.act,
        record.actor,
        record.reason,
        checkpoint.sequence(),
    );
    Ok(done(text, json))
}
