//! `countersign keys rotate`, `suspend` and the other acts on a key that there is.

use clap::Args;
use countersign_custody::PublicText;

use super::super::reading::seconds;
use super::{
    DeliveryArguments, DeskArguments, Done, Failure, Reason, deliver, deliver_issued, done, of_key,
    of_stopped,
};

#[derive(Debug, Args)]
pub(super) struct ActArguments {
    #[command(flatten)]
    desk: DeskArguments,
    #[command(flatten)]
    reason: Reason,
    /// The id of the key.
    keyid: String,
}

#[derive(Debug, Args)]
pub(super) struct RotateArguments {
    #[command(flatten)]
    act: ActArguments,
    #[command(flatten)]
    delivery: DeliveryArguments,
    /// How long both verify, such as `12h`; a day unless given.
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    overlap: Option<u64>,
    /// The next public key of a client's own pair, as `csp_..`.
    #[arg(long, value_name = "TEXT")]
    public: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    #[command(flatten)]
    act: ActArguments,
    #[command(flatten)]
    delivery: DeliveryArguments,
    /// Who gets it, for the audit log.
    #[arg(long, value_name = "NAME")]
    recipient: String,
}

pub(super) fn rotate(arguments: &RotateArguments, as_json: bool) -> Result<Done, Failure> {
    let public = arguments.public.as_deref().map(PublicText::parse);
    let public = public.transpose()?;
    let desk = arguments.act.desk.open()?;
    let order = desk.order(&arguments.act.reason.reason);
    let issued = desk.custodian.rotate(
        &order,
        &arguments.act.keyid,
        arguments.overlap,
        public.as_ref().map(PublicText::key),
    )?;
    deliver_issued(&desk, &arguments.delivery, issued, as_json)
}

pub(super) fn activate(arguments: &ActArguments) -> Result<Done, Failure> {
    let desk = arguments.desk.open()?;
    let order = desk.order(&arguments.reason.reason);
    let entry = desk.custodian.activate(&order, &arguments.keyid)?;
    let (text, json) = of_key(&desk, &entry);
    Ok(done(text, json))
}

pub(super) fn suspend(arguments: &ActArguments) -> Result<Done, Failure> {
    let desk = arguments.desk.open()?;
    let order = desk.order(&arguments.reason.reason);
    let stopped = desk.custodian.suspend(&order, &arguments.keyid)?;
    let (text, json) = of_stopped(&desk, &arguments.keyid, &stopped);
    Ok(done(text, json))
}

pub(super) fn resume(arguments: &ActArguments) -> Result<Done, Failure> {
    let desk = arguments.desk.open()?;
    let order = desk.order(&arguments.reason.reason);
    let entry = desk.custodian.resume(&order, &arguments.keyid)?;
    let (text, json) = of_key(&desk, &entry);
    Ok(done(text, json))
}

pub(super) fn revoke(arguments: &ActArguments) -> Result<Done, Failure> {
    let desk = arguments.desk.open()?;
    let order = desk.order(&arguments.reason.reason);
    let stopped = desk.custodian.revoke(&order, &arguments.keyid)?;
    let (text, json) = of_stopped(&desk, &arguments.keyid, &stopped);
    Ok(done(text, json))
}

pub(super) fn destroy(arguments: &ActArguments) -> Result<Done, Failure> {
    let desk = arguments.desk.open()?;
    let order = desk.order(&arguments.reason.reason);
    let entry = desk.custodian.destroy(&order, &arguments.keyid)?;
    let (text, json) = of_key(&desk, &entry);
    Ok(done(text, json))
}

pub(super) fn export(arguments: &ExportArguments, as_json: bool) -> Result<Done, Failure> {
    let desk = arguments.act.desk.open()?;
    let order = desk.order(&arguments.act.reason.reason);
    let keyid = &arguments.act.keyid;
    let custodian = &desk.custodian;
    let shown = custodian.export(&order, keyid, &arguments.recipient)?;
    let said = (
        format!("`{keyid}` is taken out for {}\n", arguments.recipient),
        serde_json::json!({"ok": true, "keyid": keyid, "recipient": arguments.recipient}),
    );
    deliver(
        &desk,
        &arguments.delivery,
        keyid,
        Some(shown),
        said,
        as_json,
    )
}
