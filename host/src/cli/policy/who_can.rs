//! `countersign policy who-can`

use std::path::PathBuf;

use clap::Args;
use countersign_core::policy::EntityUid;
use countersign_policies::reach::who_can;
use countersign_policies::reference::Reference;

use super::{Done, Failure, grants, uid};
use crate::cli::pack;

#[derive(Debug, Args)]
pub(super) struct WhoCanArguments {
    /// A starter pack's name, or a folder.
    pack: PathBuf,
    /// The action: its id, or `Action::"id"`.
    #[arg(long, value_parser = uid::parse_action)]
    action: EntityUid,
    /// The resource: `Type::id`, or `Type::"id"`.
    #[arg(long, value_parser = uid::parse)]
    resource: EntityUid,
}

pub(super) fn run(arguments: &WhoCanArguments) -> Result<Done, Failure> {
    let reference = Reference::new(&pack::sources(&arguments.pack)?)?;
    let (action, resource) = (&arguments.action, &arguments.resource);
    let found = who_can(&reference, action, resource)?;
    let title = format!("{action} on {resource}\n");
    Ok(grants::done(title, &found, |grant| {
        grant.subject.to_string()
    }))
}
