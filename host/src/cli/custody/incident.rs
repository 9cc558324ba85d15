//! `countersign incident`

use clap::{Args, Subcommand};
use countersign_core::UnixSeconds;
use countersign_custody::custodian::Filter;
use serde_json::{Value, json};

use super::desk::DeskArguments;
use super::reading::instant;
use super::{Done, Failure, Reason, done};

#[derive(Debug, Args)]
pub(crate) struct IncidentArguments {
    #[command(subcommand)]
    command: IncidentCommand,
}

#[derive(Debug, Subcommand)]
enum IncidentCommand {
    /// Revoke every key that a leak may have reached. It only lists them, unless told to do it.
    Revoke(RevokeArguments),
}

#[derive(Debug, Args)]
struct RevokeArguments {
    #[command(flatten)]
    desk: DeskArguments,
    #[command(flatten)]
    reason: Reason,
    #[command(flatten)]
    reach: Reach,
    /// Do it.
    #[arg(long)]
    do_it: bool,
}

/// Which keys: all that is given must hold.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Reach {
    /// All that were issued before then.
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    all_issued_before: Option<UnixSeconds>,
    /// Those of this owner.
    #[arg(long)]
    owner: Option<String>,
    /// Those with this tag.
    #[arg(long)]
    tag: Option<String>,
}

pub(crate) fn run(arguments: &IncidentArguments) -> Result<Done, Failure> {
    let IncidentCommand::Revoke(arguments) = &arguments.command;
    let filter = Filter {
        issued_before: arguments.reach.all_issued_before,
        owner: arguments.reach.owner.clone(),
        tag: arguments.reach.tag.clone(),
        ..Filter::default()
    };
    let desk = arguments.desk.open()?;
    let order = desk.order(&arguments.reason.reason);
    let incident = desk.custodian.incident_plan(&order, &filter)?;
    if !arguments.do_it {
        let keys = incident.keys.iter();
        let mut text = String::new();
        for (keyid, standing) in keys.clone() {
            text.push_str(&format!("{keyid:<20} {}\n", standing.as_str()));
        }
        let count = incident.keys.len();
        text.push_str(&format!(
            "{count} keys would be revoked; nothing was done: --do-it does it\n"
        ));
        let keys: Vec<Value> = keys
            .map(|(keyid, standing)| json!({"keyid": keyid, "standing": standing.as_str()}))
            .collect();
        return Ok(done(
            text,
            json!({"ok": true, "dry_run": true, "keys": keys}),
        ));
    }
    let report = desk.custodian.incident_revoke(&order, &incident)?;
    let text = format!(
        "{} keys revoked; {} were out of use meanwhile\n",
        report.revoked.len(),
        report.skipped.len(),
    );
    let json = json!({
        "ok": true, "dry_run": false, "revoked": report.revoked, "skipped": report.skipped,
    });
    Ok(done(text, json))
}
