//! `countersign access review`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use countersign_custody::review::{
    ByName, Permissions, ReportForm, ReviewRequest, Severity, Thresholds,
};
use serde_json::json;

use super::{ByPack, DeskArguments, Done, Failure, Out, Reason, with};
use crate::cli::pack;

#[derive(Debug, Args)]
pub(super) struct ReviewArguments {
    #[command(flatten)]
    desk: DeskArguments,
    #[command(flatten)]
    reason: Reason,
    /// Only the keys of this owner.
    #[arg(long)]
    owner: Option<String>,
    /// The policies that say what the keys may do: a starter pack's name, or a folder. Without them a key holds
    /// its groups, and its attribute `permissions`.
    #[arg(long, value_name = "PACK")]
    pack: Option<PathBuf>,
    /// Over how many days uses count.
    #[arg(long, value_name = "N", default_value = "90")]
    days: u64,
    /// After how many days without a use a key is a finding.
    #[arg(long, value_name = "N", default_value = "30")]
    unused_days: u64,
    /// After how many days a key without a schedule is to be rotated.
    #[arg(long, value_name = "N", default_value = "90")]
    rotation_days: u64,
    /// The form of the report.
    #[arg(long, default_value = "markdown")]
    format: Form,
    /// The file for the report, which must not exist yet; standard output unless given.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 1 if there is a finding as grave as this.
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Grave>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    Markdown,
    Html,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Grave {
    Info,
    Low,
    Medium,
    High,
}

pub(super) fn run(arguments: &ReviewArguments) -> Result<Done, Failure> {
    let request = ReviewRequest {
        owner: arguments.owner.clone(),
        days: arguments.days,
        thresholds: Thresholds {
            unused: arguments.unused_days,
            rotation: arguments.rotation_days,
            ..Thresholds::default()
        },
    };
    let form = match arguments.format {
        Form::Markdown => ReportForm::Markdown,
        Form::Html => ReportForm::Html,
        Form::Json => ReportForm::Json,
    };
    let desk = arguments.desk.open()?;
    let by_pack = match &arguments.pack {
        Some(pack) => {
            let environment = desk.custodian.environment();
            Some(ByPack::new(&pack::sources(pack)?, environment)?)
        }
        None => None,
    };
    let permissions: &dyn Permissions = match &by_pack {
        Some(by_pack) => by_pack,
        None => &ByName,
    };
    let order = desk.order(&arguments.reason.reason);
    let out = arguments.out.as_deref().map(Out::new).transpose()?;
    let reviewed = desk.custodian.review(&order, &request, permissions, form);
    let reviewed = reviewed.map_err(Failure::from);
    let reviewed = Out::settle(out, reviewed, |reviewed| reviewed.report.as_bytes())?;
    let review = &reviewed.review;
    let success = arguments.fail_on.is_none_or(|grave| {
        let grave = match grave {
            Grave::Info => Severity::Info,
            Grave::Low => Severity::Low,
            Grave::Medium => Severity::Medium,
            Grave::High => Severity::High,
        };
        review.findings.keys().all(|found| *found < grave)
    });
    let json = json!({
        "ok": success,
        "keys": review.keys.len(),
        "findings": review.findings,
        "records": review.log.records,
        "root": review.log.root.to_string(),
        "sha256": reviewed.sha256.to_string(),
    });
    let (member, value, text) = match &arguments.out {
        Some(path) => {
            let path = path.display().to_string();
            let text = format!(
                "{path}: {} keys, from {} records\nsha-256 {}\n",
                review.keys.len(),
                review.log.records,
                reviewed.sha256
            );
            ("file", path, text)
        }
        None => ("report", reviewed.report.clone(), reviewed.report.clone()),
    };
    Ok(Done {
        text,
        json: with(json, member, value),
        success,
    })
}
