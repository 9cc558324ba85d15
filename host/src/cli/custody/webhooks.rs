//! `countersign webhooks`

use clap::{Args, Subcommand, ValueEnum};
use countersign_custody::notice::{Delivered, NoticeScheme, Webhook};
use serde_json::{Value, json};

use super::desk::{DeskArguments, NamedArguments};
use super::sending::Sending;
use super::{Done, Failure, Reason, done, with};

#[derive(Debug, Args)]
pub(crate) struct WebhooksArguments {
    #[command(subcommand)]
    command: WebhooksCommand,
}

#[derive(Debug, Subcommand)]
enum WebhooksCommand {
    /// Tell what happens to keys to a URL, signed.
    Add {
        #[command(flatten)]
        desk: DeskArguments,
        #[command(flatten)]
        reason: Reason,
        /// Its name.
        name: String,
        /// Where to: `https`, a host and a path; `http` to this machine alone.
        #[arg(long)]
        url: String,
        /// The key that signs, of the same environment. Its other half, or its secret, is the receiver's.
        #[arg(long)]
        keyid: String,
        /// How it is signed.
        #[arg(long, default_value = "rfc9421")]
        scheme: Scheme,
    },
    /// Tell it nothing more.
    Remove(NamedArguments),
    /// List them.
    List {
        #[command(flatten)]
        desk: DeskArguments,
    },
    /// Send what is due. `keys sweep` does it too.
    Deliver {
        #[command(flatten)]
        desk: DeskArguments,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Scheme {
    /// HTTP Message Signatures.
    Rfc9421,
    /// Standard Webhooks.
    StandardWebhooks,
}

pub(crate) fn run(arguments: &WebhooksArguments) -> Result<Done, Failure> {
    match &arguments.command {
        WebhooksCommand::Add {
            desk,
            reason,
            name,
            url,
            keyid,
            scheme,
        } => {
            let scheme = match scheme {
                Scheme::Rfc9421 => NoticeScheme::Rfc9421,
                Scheme::StandardWebhooks => NoticeScheme::StandardWebhooks,
            };
            let webhook = Webhook::new(url, keyid, scheme);
            let desk = desk.open()?;
            let order = desk.order(&reason.reason);
            desk.custodian.add_webhook(&order, name, &webhook)?;
            let text = format!("{name} is told, at {url}\n");
            Ok(done(text, shown(name, &webhook)))
        }
        WebhooksCommand::Remove(NamedArguments { desk, reason, name }) => {
            let desk = desk.open()?;
            let order = desk.order(&reason.reason);
            desk.custodian.remove_webhook(&order, name)?;
            let text = format!("{name} is told nothing more\n");
            Ok(done(text, json!({"ok": true, "name": name})))
        }
        WebhooksCommand::List { desk } => {
            let webhooks = desk.open()?.custodian.webhooks()?;
            let lines = webhooks.iter().map(|(name, webhook)| {
                let scheme = webhook.scheme().as_str();
                format!(
                    "{name:<20} {:<20} {scheme:<18} {}\n",
                    webhook.keyid(),
                    webhook.url()
                )
            });
            let json: Vec<Value> = webhooks
                .iter()
                .map(|(name, webhook)| shown(name, webhook))
                .collect();
            Ok(done(lines.collect(), json!({"ok": true, "webhooks": json})))
        }
        WebhooksCommand::Deliver { desk } => {
            let desk = desk.open()?;
            let delivered = desk.custodian.deliver(&Sending::new(), desk.now)?;
            Ok(done(told(delivered), with(of(delivered), "ok", true)))
        }
    }
}

fn shown(name: &str, webhook: &Webhook) -> Value {
    json!({
        "ok": true,
        "name": name,
        "url": webhook.url(),
        "keyid": webhook.keyid(),
        "scheme": webhook.scheme().as_str(),
    })
}

/// What came of notices, for a program.
pub(super) fn of(delivered: Delivered) -> Value {
    json!({
        "sent": delivered.sent,
        "waiting": delivered.waiting,
        "abandoned": delivered.abandoned,
    })
}

/// The same, for a person.
pub(super) fn told(delivered: Delivered) -> String {
    format!(
        "notices: {} sent, {} to be tried again, {} given up\n",
        delivered.sent, delivered.waiting, delivered.abandoned
    )
}
