//! `countersign keys verify`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use countersign::Module;
use countersign_core::{Presented, Profile, ReplayCache, Verified};
use countersign_custody::audit::Outcome;
use countersign_custody::custodian::Keep;
use countersign_policies::compile;
use serde_json::json;

use super::super::deciding::Deciding;
use super::{Desk, DeskArguments, Done, Failure, done};
use crate::cli::MessageArguments;
use crate::cli::message::Message;
use crate::cli::pack;

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    desk: DeskArguments,
    #[command(flatten)]
    message: MessageArguments,
    /// Ask these policies too: a starter pack's name, or a folder. And keep that the key was used.
    #[arg(long, value_name = "PACK")]
    pack: Option<PathBuf>,
    /// The context that the policies see, as a JSON object.
    #[arg(long, value_name = "JSON", default_value = "{}", requires = "pack")]
    context: String,
    /// How the use is kept.
    #[arg(long, value_name = "HOW", default_value = "count", requires = "pack")]
    keep: Kept,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kept {
    /// Counted, by day.
    Count,
    /// In full in the audit log, so that `audit replay` can decide it again and `access advise` knows all of it.
    Record,
}

pub(super) fn run(arguments: &VerifyArguments) -> Result<Done, Failure> {
    let message = Message::read(&arguments.message)?;
    let request = message.for_core()?;
    let desk = arguments.desk.open()?;
    let profile = Profile::new(desk.custodian.environment());
    // One request: nothing was spent before it.
    let mut replay = ReplayCache::new(1, 0);
    let now = desk.now;
    let presented = Presented::parse(&request, &profile)?;
    let keyid = presented.input().parameters().keyid.as_deref();
    let ring = desk.custodian.keyring_of(keyid.unwrap_or_default(), now)?;
    let verified = presented
        .find_key(&ring, now)
        .and_then(|candidate| candidate.authenticate(now))
        .and_then(|authentic| authentic.spend(&mut replay, now));
    let verified = verified?;
    if let Some(pack) = &arguments.pack {
        return decide(arguments, &desk, &verified, pack);
    }
    let keyid = verified.keyid();
    let text = format!("authentic: signed by `{keyid}`\n");
    Ok(done(
        text,
        json!({"ok": true, "code": "authentic", "keyid": keyid}),
    ))
}

fn decide(
    arguments: &VerifyArguments,
    desk: &Desk<'_>,
    verified: &Verified,
    pack: &Path,
) -> Result<Done, Failure> {
    let context = serde_json::from_str(&arguments.context).map_err(|error| {
        Failure::usage(
            "context_malformed",
            format!("the context is no JSON object: {error}"),
        )
    })?;
    let keep = match arguments.keep {
        Kept::Count => Keep::Count,
        Kept::Record => Keep::Record,
    };
    let bundle = compile(&pack::sources(pack)?)?.into_bytes();
    let deciding = Deciding::by(bundle.clone())?;
    let files = [Module::embedded_bytes(), &bundle[..]];
    let custodian = &desk.custodian;
    let decision = custodian.decide_use(verified, &deciding, context, keep, files)?;
    let (keyid, code) = (verified.keyid(), decision.outcome.as_str());
    let success = decision.outcome == Outcome::Done;
    let code = if success { "allowed" } else { code };
    let by = decision.reasons.join(", ");
    let text = format!("{code}: `{keyid}` for {} ({by})\n", decision.action);
    let json = json!({
        "ok": success,
        "code": code,
        "keyid": keyid,
        "action": decision.action,
        "reasons": decision.reasons,
    });
    Ok(Done {
        text,
        json,
        success,
    })
}
