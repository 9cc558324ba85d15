//! `countersign access advise`

use std::path::PathBuf;

use clap::Args;
use countersign_core::policy::EntityUid;
use countersign_custody::audit::Hash;
use countersign_custody::review::{Holder, Uses, Whose};
use countersign_policies::advise::{Advice, Request, Taken, advise};
use countersign_policies::cases::{Question, Who};
use countersign_policies::{Compiled, Sources, compile};
use serde_json::{Value, json};

use super::{DeskArguments, Done, Failure, Out, Reason, done, with};
use crate::cli::pack;

#[derive(Debug, Args)]
pub(super) struct AdviseArguments {
    #[command(flatten)]
    desk: DeskArguments,
    #[command(flatten)]
    reason: Reason,
    #[command(flatten)]
    whose: WhoseArguments,
    /// The policies of today: a starter pack's name, or a folder.
    #[arg(long, value_name = "PACK")]
    pack: PathBuf,
    /// Over how many days.
    #[arg(long, value_name = "N", default_value = "90")]
    days: u64,
    /// Permit it to the members of this group, in place of the keys by name: it goes on over a rotation.
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Name up to so many resources; where there were more, permit any of their type.
    #[arg(long, value_name = "N", default_value = "8")]
    resources: usize,
    /// Name up to so many values of an attribute of the context that every use had, or else the range of its
    /// addresses. Unless given, conditions on the context stay as they are.
    #[arg(long, value_name = "N", default_value = "0")]
    values: usize,
    /// The file for the policies, which must not exist yet; standard output unless given.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Whose uses count.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct WhoseArguments {
    /// Those of this key, and of all others of its lineage.
    #[arg(long, value_name = "KEYID")]
    key: Option<String>,
    /// Those of all keys of this owner.
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// The acts of this person or service on keys.
    #[arg(long = "actor", id = "by", value_name = "NAME")]
    actor: Option<String>,
}

impl WhoseArguments {
    fn whose(&self) -> Whose {
        match (&self.key, &self.owner, &self.actor) {
            (Some(keyid), ..) => Whose::Key(keyid.clone()),
            (None, Some(owner), _) => Whose::Owner(owner.clone()),
            (None, None, actor) => Whose::Actor(actor.clone().unwrap_or_default()),
        }
    }
}

pub(super) fn run(arguments: &AdviseArguments) -> Result<Done, Failure> {
    let sources = pack::sources(&arguments.pack)?;
    let today = compile(&sources)?;
    let whose = arguments.whose.whose();
    let desk = arguments.desk.open()?;
    let order = desk.order(&arguments.reason.reason);
    let out = arguments.out.as_deref().map(Out::new).transpose()?;
    let advised = desk
        .custodian
        .uses(&order, &whose, arguments.days)
        .map_err(Failure::from)
        .and_then(|uses| {
            let advice = advice(arguments, &sources, &today, &uses)?;
            let text = written(&advice, &uses, arguments.days, &today);
            Ok((text, advice, uses))
        });
    let (text, advice, uses) = Out::settle(out, advised, |(text, ..)| text.as_bytes())?;
    let place = |place: &usize| uses.asked.get(*place).map(|(record, _)| *record);
    let refused: Vec<u64> = advice.refused.iter().filter_map(place).collect();
    let json = json!({
        "ok": true,
        "policies": advice.policies,
        "permits": advice.permits,
        "taken": advice.taken,
        "uses": uses.asked.len(),
        "refused_today": refused,
        "unread": uses.unread,
        "records": uses.log.records,
        "root": uses.log.root.to_string(),
        "bundle": advice.compiled.bundle().sha256_hex(),
    });
    if let Some(path) = &arguments.out {
        let path = path.display().to_string();
        let (permits, taken) = (advice.permits.len(), advice.taken.len());
        let text = format!(
            "{path}: {permits} permits for {} uses; {taken} rights taken\n",
            uses.asked.len()
        );
        return Ok(done(text, with(json, "file", path)));
    }
    Ok(done(text, json))
}

fn advice(
    arguments: &AdviseArguments,
    sources: &Sources,
    today: &Compiled,
    uses: &Uses,
) -> Result<Advice, Failure> {
    let asked: Vec<Question> = uses
        .asked
        .iter()
        .map(|(_, asked)| question(asked))
        .collect();
    let holders: Vec<Who> = uses.holders.iter().map(who).collect();
    let counted = uses.counted.iter().map(|(keyid, action)| {
        let principal = EntityUid::new(today.bundle().principal_type(), keyid.as_str());
        (principal, action.clone())
    });
    let counted: Vec<(EntityUid, String)> = counted.collect();
    let request = Request {
        uses: &asked,
        counted: &counted,
        holders: &holders,
        group: arguments.group.as_deref(),
        most_resources: arguments.resources,
        most_values: arguments.values,
    };
    Ok(advise(sources, &request)?)
}

fn question(asked: &countersign_custody::audit::Question) -> Question {
    Question {
        principal: asked.principal(),
        action: asked.action(),
        resource: asked.resource(),
        context: asked.context(),
        entities: asked.entities(),
    }
}

fn who(holder: &Holder) -> Who {
    Who::Key {
        id: holder.id.clone(),
        groups: holder.groups.clone(),
        attributes: Value::Object(holder.attributes.clone()),
    }
}

/// Cedar, with what is to be known of it in comments.
fn written(advice: &Advice, uses: &Uses, days: u64, today: &Compiled) -> String {
    let (name, file) = (today.bundle().name(), Hash::of(today.bytes()));
    let mut text = format!(
        "// The least of the pack {name} that allowed {} uses of {days} days.\n\
         // Read from {} records of the log {}, whose tree has the root {}.\n",
        uses.asked.len() - advice.refused.len(),
        uses.log.records,
        uses.log.name,
        uses.log.root
    );
    let mut note = |line: String| text.push_str(&format!("// {line}\n"));
    if !advice.refused.is_empty() {
        let count = advice.refused.len();
        note(format!(
            "{count} uses are refused by the pack of today: nothing is permitted for them."
        ));
    }
    if uses.unread > 0 {
        let count = uses.unread;
        note(format!(
            "{count} records keep no question that can be read: they are left out."
        ));
    }
    let others = uses
        .bundles
        .iter()
        .filter(|bundle| **bundle != file)
        .count();
    if others > 0 {
        note(format!(
            "{others} other bundles decided some of it; the pack that was given decides here."
        ));
    }
    text.push_str("// Its forbids stay as they are.\n\n");
    text.push_str(&advice.policies);
    text.push_str("\n// What it takes away:\n");
    if advice.taken.is_empty() {
        text.push_str("//   nothing\n");
    }
    for taken in &advice.taken {
        text.push_str(&format!("//   {}\n", loss(taken)));
    }
    text
}

fn loss(taken: &Taken) -> String {
    let Taken {
        principal,
        action,
        resource_type,
        left,
        permitted_by,
    } = taken;
    let by = permitted_by.join(", ");
    match left.as_slice() {
        [] => format!("{principal}: {action} on any {resource_type} ({by})"),
        left => format!(
            "{principal}: {action} on any {resource_type} but {} ({by})",
            left.join(", ")
        ),
    }
}
