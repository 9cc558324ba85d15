//! `countersign decide`

use std::path::PathBuf;

use clap::Args;
use countersign_policies::compile;
use serde_json::{Value, json};

use super::Done;
use super::failure::Failure;
use super::message::read;
use super::pack;
use super::verify::{Checked, VerifyArguments};

#[derive(Debug, Args)]
pub(super) struct DecideArguments {
    #[command(flatten)]
    verify: VerifyArguments,
    #[command(flatten)]
    policy: PolicyArguments,
    /// The context that the policies see, as a JSON object.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    context: String,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct PolicyArguments {
    /// A compiled policy bundle.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// A pack to compile: a starter pack's name (`trading-api`), or a folder.
    #[arg(long, value_name = "PACK")]
    pack: Option<PathBuf>,
}

pub(super) fn run(arguments: &DecideArguments) -> Result<Done, Failure> {
    let bundle = bundle(&arguments.policy)?;
    let Checked {
        mut instance,
        authentic,
        now,
        message,
    } = arguments.verify.check()?;
    let bundle = instance.bundle(&bundle)?;
    // One run sees one request, so nothing can be a replay here; a verifier keeps its cache.
    let replay = instance.replay(1)?;
    let decision = instance
        .spend(authentic, &replay, now)
        .and_then(|verified| instance.authorize(verified, &bundle, &arguments.context))
        .map_err(|error| Failure::about(&message, error))?;

    let mut text = format!("{}: {}\n", decision.effect, decision.code);
    if !decision.action.is_empty() {
        let (kind, id) = (&decision.resource_type, &decision.resource_id);
        text.push_str(&format!(
            "  action    {}\n  resource  {kind}::{id:?}\n",
            decision.action
        ));
    }
    for (reason, explanation) in decision.reasons.iter().zip(&decision.explanations) {
        text.push_str(&format!("  because   {reason}: {explanation}\n"));
    }
    for policy in &decision.errors {
        text.push_str(&format!("  skipped   {policy}: it erred\n"));
    }
    let record: Value = serde_json::from_str(&decision.record)
        .map_err(|error| Failure::usage("record_malformed", error.to_string()))?;
    let json = json!({
        "ok": decision.is_allowed(),
        "code": decision.code,
        "effect": decision.effect,
        "reasons": decision.reasons,
        "errors": decision.errors,
        "record": record,
    });
    Ok(Done {
        text,
        json,
        success: decision.is_allowed(),
    })
}

fn bundle(arguments: &PolicyArguments) -> Result<Vec<u8>, Failure> {
    match (&arguments.bundle, &arguments.pack) {
        (Some(path), _) => read(path),
        (None, Some(pack)) => Ok(compile(&pack::sources(pack)?)?.into_bytes()),
        (None, None) => Err(Failure::usage("policy_missing", "name a bundle or a pack")),
    }
}
