//! `countersign policy what-can`

use std::path::PathBuf;

use clap::Args;
use countersign_core::policy::EntityUid;
use countersign_policies::reach::what_can;
use countersign_policies::reference::Reference;

use super::{Done, Failure, grants, uid};
use crate::cli::pack;

#[derive(Debug, Args)]
pub(super) struct WhatCanArguments {
    /// A starter pack's name, or a folder.
    pack: PathBuf,
    /// An entity, or a group for what its members can do: `Type::id`, or `Type::"id"`.
    #[arg(long, value_parser = uid::parse)]
    principal: EntityUid,
}

pub(super) fn run(arguments: &WhatCanArguments) -> Result<Done, Failure> {
    let reference = Reference::new(&pack::sources(&arguments.pack)?)?;
    let found = what_can(&reference, &arguments.principal)?;
    let title = found.first().map_or_else(
        || format!("{}\n", arguments.principal),
        |grant| format!("{}\n", grant.subject),
    );
    Ok(grants::done(title, &found, |grant| {
        format!("{} on {}", grant.action, grant.resource)
    }))
}
