//! `countersign people`: roles, authenticators and approvals.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::delivered::{Delivered, print};
use super::desk::DeskArguments;
use super::{Done, Failure, Reason, done};

#[derive(Debug, Args)]
pub(crate) struct PeopleArguments {
    #[command(subcommand)]
    command: PeopleCommand,
}

#[derive(Debug, Subcommand)]
enum PeopleCommand {
    /// List who has which role.
    List {
        #[command(flatten)]
        desk: DeskArguments,
    },
    /// Give a person these roles and no others; none, to dismiss it.
    Appoint {
        #[command(flatten)]
        desk: DeskArguments,
        #[command(flatten)]
        reason: Reason,
        /// The name of the person or the service.
        name: String,
        /// A role: auditor, operator, owner, scheduler or service; give it again for each.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
    },
    /// Enrol your authenticator: show its secret once, as an `otpauth` URI.
    Enrol {
        #[command(flatten)]
        desk: DeskArguments,
        #[command(flatten)]
        reason: Reason,
    },
    /// Prove by a first code, with --code, that you have the authenticator.
    Confirm {
        #[command(flatten)]
        desk: DeskArguments,
        #[command(flatten)]
        reason: Reason,
    },
}

pub(crate) fn run(arguments: &PeopleArguments, as_json: bool) -> Result<Done, Failure> {
    match &arguments.command {
        PeopleCommand::List { desk } => list(desk),
        PeopleCommand::Appoint {
            desk,
            reason,
            name,
            roles,
        } => {
            let desk = desk.open()?;
            let custodian = &desk.custodian;
            custodian.appoint(&desk.order(&reason.reason), name, roles)?;
            let text = match roles.as_slice() {
                [] => format!("{name} is dismissed\n"),
                roles => format!("{name} is {}\n", roles.join(", ")),
            };
            Ok(done(
                text,
                json!({"ok": true, "name": name, "roles": roles}),
            ))
        }
        PeopleCommand::Enrol { desk, reason } => {
            let desk = desk.open()?;
            let order = desk.order(&reason.reason);
            let uri = desk.custodian.enrol_totp(&order, "countersign")?.reveal();
            let secret = Delivered {
                member: "otpauth",
                secret: &uri,
            };
            let text = "for your authenticator, shown once; then `people confirm`:\n";
            print(as_json, text, &json!({"ok": true}), &[secret])
        }
        PeopleCommand::Confirm { desk, reason } => {
            let code = desk.code().ok_or_else(|| {
                Failure::usage("second_factor_required", "give the first code, with --code")
            })?;
            let desk = desk.open()?;
            let order = desk.order(&reason.reason);
            desk.custodian.confirm_totp(&order, code)?;
            let text = format!("the authenticator of {} counts\n", desk.actor.name);
            Ok(done(text, json!({"ok": true, "name": desk.actor.name})))
        }
    }
}

fn list(desk: &DeskArguments) -> Result<Done, Failure> {
    let people = desk.open()?.custodian.people()?;
    let lines = people
        .iter()
        .map(|(name, roles)| format!("{name:<20} {}\n", roles.join(" ")));
    let json: Vec<Value> = people
        .iter()
        .map(|(name, roles)| json!({"name": name, "roles": roles}))
        .collect();
    Ok(done(lines.collect(), json!({"ok": true, "people": json})))
}
