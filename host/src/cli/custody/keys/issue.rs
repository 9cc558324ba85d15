//! `countersign keys issue`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use countersign_core::UnixSeconds;
use countersign_custody::PublicText;
use countersign_custody::custodian::NewKey;
use countersign_custody::generate::KeyKind;
use countersign_custody::life::Terms;

use super::super::reading::{instant, seconds};
use super::{DeliveryArguments, DeskArguments, Done, Failure, Reason, attributes, deliver_issued};

#[derive(Debug, Args)]
pub(super) struct IssueArguments {
    #[command(flatten)]
    desk: DeskArguments,
    #[command(flatten)]
    reason: Reason,
    #[command(flatten)]
    delivery: DeliveryArguments,
    /// The id of the key, 1 to 32 lower-case letters and digits; a random one unless given.
    #[arg(long)]
    keyid: Option<String>,
    /// Whose it is.
    #[arg(long)]
    owner: String,
    /// What kind of key is made.
    #[arg(long, default_value = "hmac")]
    kind: Kind,
    /// The public key of a pair that the client made, as `csp_..`: nothing is made here.
    #[arg(long, value_name = "TEXT", conflicts_with = "kind")]
    public: Option<String>,
    /// A name that it is found by; give it again for each.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// A group of the policies, such as `trader`; give it again for each.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// A file with attributes for the policies: one JSON object.
    #[arg(long, value_name = "FILE")]
    attributes: Option<PathBuf>,
    /// How long it lives, such as `30d`; 90 days unless given.
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    lifetime: Option<u64>,
    /// Until when it lives.
    #[arg(long, value_name = "WHEN", value_parser = instant, conflicts_with = "lifetime")]
    not_after: Option<UnixSeconds>,
    /// From when it verifies; now unless given.
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    not_before: Option<UnixSeconds>,
    /// For a trial: when it ends, however often it is rotated.
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    trial_until: Option<UnixSeconds>,
    /// Let it wait for `keys activate`.
    #[arg(long)]
    pending: bool,
    /// How often it is rotated by itself, such as `30d`.
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    rotate_every: Option<u64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Hmac,
    Ed25519,
    P256,
}

pub(super) fn run(arguments: &IssueArguments, as_json: bool) -> Result<Done, Failure> {
    let kind = match (&arguments.public, arguments.kind) {
        (Some(text), _) => KeyKind::Client(PublicText::parse(text)?.key().clone()),
        (None, Kind::Hmac) => KeyKind::default(),
        (None, Kind::Ed25519) => KeyKind::Ed25519,
        (None, Kind::P256) => KeyKind::EcdsaP256,
    };
    let key = NewKey {
        keyid: arguments.keyid.clone(),
        kind,
        terms: Terms {
            not_before: arguments.not_before,
            lifetime: arguments.lifetime,
            not_after: arguments.not_after,
            deadline: arguments.trial_until,
            pending: arguments.pending,
        },
        owner: arguments.owner.clone(),
        tags: arguments.tags.clone(),
        groups: arguments.groups.clone(),
        attributes: attributes(arguments.attributes.as_ref())?,
        rotate_every: arguments.rotate_every,
    };
    let desk = arguments.desk.open()?;
    let order = desk.order(&arguments.reason.reason);
    let issued = desk.custodian.issue(&order, &key)?;
    deliver_issued(&desk, &arguments.delivery, issued, as_json)
}
