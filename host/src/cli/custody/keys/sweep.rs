//! `countersign keys sweep`

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::KeyId;
use countersign_custody::custodian::{Issued, Rules, Sweep};
use countersign_custody::delivery::Recipient;
use serde_json::{Value, json};

use super::super::out::Out;
use super::super::reading::seconds;
use super::super::sending::Sending;
use super::super::webhooks::{of, told};
use super::recipients::Recipients;
use super::{Desk, DeskArguments, Done, Failure};

/// What the audit log says of a sweep for which no reason was given.
const SWEEP: &str = "what was due by schedule";
const DAY: u64 = 24 * 60 * 60;

#[derive(Debug, Args)]
pub(super) struct SweepArguments {
    #[command(flatten)]
    desk: DeskArguments,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", default_value = SWEEP)]
    reason: String,
    /// A folder for what leads to the secrets of successors, a file each: a one-time link, or the secret sealed for its
    /// owner's recipient. Without it nothing is rotated.
    #[arg(long, value_name = "FOLDER")]
    links: Option<PathBuf>,
    /// Owners and their public keys of `age`, a line each: for them secrets are sealed, in place of a link.
    #[arg(long, value_name = "FILE", requires = "links")]
    age_recipients: Option<PathBuf>,
    /// For how long a link is good, at most 7 days.
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "7d")]
    link_for: u64,
    /// How long before its end a key is told of; once each.
    #[arg(long, value_name = "TIME", value_parser = seconds, value_delimiter = ',', default_value = "14d,7d,1d")]
    warn: Vec<u64>,
    /// After how long without a use a key is listed.
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "30d")]
    flag_unused: u64,
    /// After how long without a use a key is suspended.
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "60d")]
    suspend_unused: u64,
    /// Send no notices now.
    #[arg(long)]
    no_deliver: bool,
}

pub(super) fn run(arguments: &SweepArguments) -> Result<Done, Failure> {
    if let Some(folder) = &arguments.links
        && !folder.is_dir()
    {
        let message = format!("{} is no folder", folder.display());
        return Err(Failure::usage("file_unreadable", message));
    }
    // Before anything is rotated.
    let recipients = arguments.age_recipients.as_deref();
    let recipients = recipients.map(Recipients::read).transpose()?;
    let recipients = recipients.unwrap_or_default();
    let rules = Rules {
        flag_unused: arguments.flag_unused / DAY,
        suspend_unused: arguments.suspend_unused / DAY,
        warn: arguments.warn.iter().map(|time| time / DAY).collect(),
        rotate: arguments.links.is_some(),
    };
    let desk = arguments.desk.open()?;
    let order = desk.order(&arguments.reason);
    let mut sweep = desk.custodian.sweep(&order, &rules)?;
    let (mut handed, mut undelivered) = (Vec::new(), Vec::new());
    for issued in std::mem::take(&mut sweep.rotated) {
        let keyid = issued.entry.life().keyid().to_owned();
        if let Some(folder) = &arguments.links {
            let recipient = recipients.of(issued.entry.owner()).cloned();
            // Those after it get theirs all the same.
            match hand_over(
                &desk,
                issued,
                folder,
                recipient.as_ref(),
                arguments.link_for,
            ) {
                Ok(way) => handed.push((keyid, way)),
                Err(failure) => undelivered.push((keyid, failure)),
            }
        }
    }
    let delivered = if arguments.no_deliver {
        None
    } else {
        Some(desk.custodian.deliver(&Sending::new(), desk.now)?)
    };
    let mut text = listed(&sweep, &handed);
    text.extend(delivered.map(told));
    for (keyid, failure) in &undelivered {
        text.push_str(&format!(
            "{:<12} {keyid}: {failure}; `keys export` takes its secret out\n",
            "undelivered"
        ));
    }
    let undelivered: Vec<Value> = undelivered
        .iter()
        .map(|(keyid, failure)| json!({"keyid": keyid, "code": failure.code(), "message": failure.to_string()}))
        .collect();
    let success = sweep.failed.is_empty() && undelivered.is_empty();
    let failed: Vec<Value> = sweep
        .failed
        .iter()
        .map(|(keyid, error)| json!({"keyid": keyid, "code": error.code(), "message": error.to_string()}))
        .collect();
    let rotated: Vec<Value> = handed
        .iter()
        .map(|(keyid, way)| json!({"keyid": keyid, (way.name()): way.path().display().to_string()}))
        .collect();
    let json = json!({
        "ok": success,
        "expired": sweep.expired,
        "expiring": sweep.expiring,
        "rotated": rotated,
        "undelivered": undelivered,
        "due": sweep.due,
        "unused": sweep.unused,
        "suspended": sweep.suspended,
        "failed": failed,
        "notices": delivered.map(of),
    });
    Ok(Done {
        text,
        json,
        success,
    })
}

/// How a successor's owner gets at its secret.
enum Way {
    /// By a one-time link in this file.
    Link(PathBuf),
    /// By this file, which only their identity opens.
    Sealed(PathBuf),
}

impl Way {
    fn name(&self) -> &'static str {
        match self {
            Way::Link(_) => "link",
            Way::Sealed(_) => "sealed",
        }
    }

    fn path(&self) -> &Path {
        match self {
            Way::Link(path) | Way::Sealed(path) => path,
        }
    }
}

/// Makes what leads to the secret of a successor, in a file that only its owner reads.
fn hand_over(
    desk: &Desk<'_>,
    issued: Issued,
    folder: &Path,
    recipient: Option<&Recipient>,
    seconds: u64,
) -> Result<Way, Failure> {
    let (custodian, name) = (&desk.custodian, &desk.actor.name);
    let keyid = issued.entry.life().keyid();
    let way = if recipient.is_some() {
        Way::Sealed(folder.join(format!("{keyid}.age")))
    } else {
        Way::Link(folder.join(format!("{keyid}.link")))
    };
    let Some(shown) = issued.shown else {
        return Ok(way);
    };
    if let Some(recipient) = recipient {
        let keyid = KeyId::new(keyid)?;
        let sealed = custodian.seal_for(recipient, &keyid, shown, name, desk.now)?;
        Out::private(way.path())?.put(sealed.as_bytes())?;
    } else {
        let link = custodian.make_link(shown, name, seconds, desk.now)?;
        Out::private(way.path())?.put(link.reveal().as_bytes())?;
    }
    Ok(way)
}

fn listed(sweep: &Sweep, handed: &[(String, Way)]) -> String {
    let mut text = String::new();
    let mut list = |what: &str, keys: &[String]| {
        for keyid in keys {
            text.push_str(&format!("{what:<12} {keyid}\n"));
        }
    };
    list("expired", &sweep.expired);
    list("expiring", &sweep.expiring);
    list("due", &sweep.due);
    list("unused", &sweep.unused);
    list("suspended", &sweep.suspended);
    for (keyid, way) in handed {
        let what = match way {
            Way::Link(_) => "its link",
            Way::Sealed(_) => "sealed for its owner",
        };
        text.push_str(&format!(
            "{:<12} {keyid}, {what} in {}\n",
            "rotated",
            way.path().display()
        ));
    }
    for (keyid, error) in &sweep.failed {
        text.push_str(&format!("{:<12} {keyid}: {error}\n", "failed"));
    }
    if text.is_empty() {
        text.push_str("nothing was due\n");
    }
    text
}
