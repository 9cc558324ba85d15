//! Where a pack is: a folder, or one that comes with the compiler.

use std::path::Path;

use countersign_policies::{Source, Sources, packs};

use super::failure::Failure;
use super::message::read_text;

/// The texts of the pack that `pack` names: a shipped pack's name, or a folder.
pub(super) fn sources(pack: &Path) -> Result<Sources, Failure> {
    match shipped(pack) {
        Some(sources) => Ok(sources),
        None => folder(pack),
    }
}

/// The pack of this name that comes with the compiler.
pub(super) fn shipped(name: &Path) -> Option<Sources> {
    name.to_str()
        .and_then(packs::find)
        .map(|shipped| shipped.sources)
}

/// The texts of the pack in a folder.
pub(super) fn folder(pack: &Path) -> Result<Sources, Failure> {
    if !pack.is_dir() {
        let message = format!("{} is neither a folder nor a shipped pack", pack.display());
        return Err(Failure::usage("file_unreadable", message).with_help(
            "a pack is a folder with pack.toml, policies.cedar and schema.cedarschema",
        ));
    }
    let source = |name: &str| -> Result<Source, Failure> {
        let path = pack.join(name);
        Ok(Source::new(path.display().to_string(), read_text(&path)?))
    };
    let entities = if pack.join("entities.json").exists() {
        Some(source("entities.json")?)
    } else {
        None
    };
    Ok(Sources {
        policies: source("policies.cedar")?,
        schema: source("schema.cedarschema")?,
        manifest: source("pack.toml")?,
        entities,
    })
}
