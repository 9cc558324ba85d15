//! `countersign approval`: a second person says yes to one act, in every detail.

use clap::{Args, Subcommand};
use countersign_custody::authority::{Permission, Plan};
use serde_json::json;

use super::desk::DeskArguments;
use super::reading::seconds;
use super::{Done, Failure, Reason, done};

#[derive(Debug, Args)]
pub(crate) struct ApprovalArguments {
    #[command(subcommand)]
    command: ApprovalCommand,
}

#[derive(Debug, Subcommand)]
enum ApprovalCommand {
    /// Ask a second person for an approval. Its id goes with the act, as --approval.
    Ask {
        #[command(flatten)]
        desk: DeskArguments,
        #[command(flatten)]
        reason: Reason,
        #[command(flatten)]
        act: ActArguments,
        /// How long it is good for, at most a day.
        #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "1h")]
        within: u64,
    },
    /// Approve what somebody else asked for. The act is named again, so that it is the one you mean.
    Give {
        #[command(flatten)]
        desk: DeskArguments,
        #[command(flatten)]
        reason: Reason,
        #[command(flatten)]
        act: ActArguments,
        /// The id of the approval.
        id: String,
    },
}

/// The act that is approved.
#[derive(Debug, Args)]
struct ActArguments {
    /// What is to be done, such as `destroy-key`, `export-key` or `change-root`.
    #[arg(long, value_name = "ACT", value_parser = permission)]
    act: Permission,
    /// The id of the key that it is done to.
    #[arg(long)]
    keyid: Option<String>,
    /// Who gets an exported secret.
    #[arg(long, value_name = "NAME", requires = "keyid")]
    recipient: Option<String>,
}

fn permission(name: &str) -> Result<Permission, String> {
    let found = Permission::ALL.iter().find(|one| one.as_str() == name);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = Permission::ALL.iter().map(|one| one.as_str()).collect();
        format!("it is one of {}", names.join(", "))
    })
}

impl ActArguments {
    fn plan(&self) -> Plan {
        let plan = match &self.keyid {
            Some(keyid) => Plan::on(self.act, keyid),
            None => Plan::overall(self.act),
        };
        match &self.recipient {
            Some(recipient) => plan.with("recipient", recipient),
            None => plan,
        }
    }
}

pub(crate) fn run(arguments: &ApprovalArguments) -> Result<Done, Failure> {
    match &arguments.command {
        ApprovalCommand::Ask {
            desk,
            reason,
            act,
            within,
        } => {
            let desk = desk.open()?;
            let order = desk.order(&reason.reason);
            let custodian = &desk.custodian;
            let id = custodian.ask_approval(&order, &act.plan(), false, *within)?;
            let text =
                format!("{id}\na second person gives it: `countersign approval give {id}`\n");
            Ok(done(text, json!({"ok": true, "approval": id})))
        }
        ApprovalCommand::Give {
            desk,
            reason,
            act,
            id,
        } => {
            let desk = desk.open()?;
            let order = desk.order(&reason.reason);
            desk.custodian.approve(&order, id, &act.plan())?;
            let text = format!("approval {id} is given\n");
            Ok(done(text, json!({"ok": true, "approval": id})))
        }
    }
}
