//! `countersign keys show` and `list`

use clap::Args;
use countersign_core::UnixSeconds;
use countersign_custody::custodian::Filter;
use countersign_custody::life::Standing;
use serde_json::{Value, json};

use super::super::reading::{instant, written};
use super::{DeskArguments, Done, Failure, done, key_json, of_key};

/// What the audit log says of a look for which no reason was given.
const LOOK: &str = "a look from the command line";

const STANDINGS: [Standing; 7] = [
    Standing::Pending,
    Standing::Active,
    Standing::Retiring,
    Standing::Suspended,
    Standing::Expired,
    Standing::Revoked,
    Standing::Destroyed,
];

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    #[command(flatten)]
    desk: DeskArguments,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", default_value = LOOK)]
    reason: String,
    /// The id of the key.
    keyid: String,
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    desk: DeskArguments,
    /// Why, for the audit log.
    #[arg(long, value_name = "TEXT", default_value = LOOK)]
    reason: String,
    /// Only those of this owner.
    #[arg(long)]
    owner: Option<String>,
    /// Only those with this tag.
    #[arg(long)]
    tag: Option<String>,
    /// Only those of this lineage: the id of its first key.
    #[arg(long, value_name = "KEYID")]
    lineage: Option<String>,
    /// Only those issued before then.
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    issued_before: Option<UnixSeconds>,
    /// Only those that stand so, such as `active`.
    #[arg(long, value_parser = standing)]
    standing: Option<Standing>,
    /// Begin with this id.
    #[arg(long, value_name = "KEYID", default_value = "")]
    from: String,
    /// At most so many.
    #[arg(long, value_name = "N", default_value = "1000")]
    limit: usize,
}

fn standing(name: &str) -> Result<Standing, String> {
    let found = STANDINGS.into_iter().find(|one| one.as_str() == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = STANDINGS.into_iter().map(Standing::as_str).collect();
        format!("it is one of {}", names.join(", "))
    })
}

pub(super) fn show(arguments: &ShowArguments) -> Result<Done, Failure> {
    let desk = arguments.desk.open()?;
    let order = desk.order(&arguments.reason);
    let entry = desk.custodian.show(&order, &arguments.keyid)?;
    let (text, json) = of_key(&desk, &entry);
    Ok(done(text, json))
}

pub(super) fn list(arguments: &ListArguments) -> Result<Done, Failure> {
    let filter = Filter {
        owner: arguments.owner.clone(),
        tag: arguments.tag.clone(),
        lineage: arguments.lineage.clone(),
        issued_before: arguments.issued_before,
        standing: arguments.standing,
    };
    let desk = arguments.desk.open()?;
    let order = desk.order(&arguments.reason);
    let custodian = &desk.custodian;
    let found = custodian.list(&order, &filter, &arguments.from, arguments.limit)?;
    let mut text = String::new();
    for entry in &found {
        let life = entry.life();
        text.push_str(&format!(
            "{:<20} {:<10} {:<16} until {}\n",
            life.keyid(),
            life.standing(desk.now).as_str(),
            entry.owner(),
            written(life.ends_at()),
        ));
    }
    text.push_str(&format!("{} keys\n", found.len()));
    let keys: Vec<Value> = found.iter().map(|entry| key_json(&desk, entry)).collect();
    Ok(done(text, json!({"ok": true, "keys": keys})))
}
