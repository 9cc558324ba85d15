//! `countersign keys verify`

use clap::Args;
use countersign_core::{Headers, Presented, Profile, ReplayCache, Request};
use serde_json::json;

use super::{DeskArguments, Done, Failure, done};
use crate::cli::MessageArguments;
use crate::cli::message::Message;

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    desk: DeskArguments,
    #[command(flatten)]
    message: MessageArguments,
}

pub(super) fn run(arguments: &VerifyArguments) -> Result<Done, Failure> {
    let message = Message::read(&arguments.message)?;
    let sent = message.request()?;
    let desk = arguments.desk.open()?;
    let ring = desk.custodian.keyring(desk.now)?;
    let request = Request {
        method: sent.method,
        target: sent.target,
        scheme: sent.scheme,
        headers: Headers::parse(&message.headers)?,
        body: sent.body,
        peer: None,
    };
    let profile = Profile::new(desk.custodian.environment());
    // One request: nothing was spent before it.
    let mut replay = ReplayCache::new(1, 0);
    let now = desk.now;
    let verified = Presented::parse(&request, &profile)
        .and_then(|presented| presented.find_key(&ring, now))
        .and_then(|candidate| candidate.authenticate(now))
        .and_then(|authentic| authentic.spend(&mut replay, now));
    let verified = verified?;
    let keyid = verified.keyid();
    let text = format!("authentic: signed by `{keyid}`\n");
    Ok(done(
        text,
        json!({"ok": true, "code": "authentic", "keyid": keyid}),
    ))
}
