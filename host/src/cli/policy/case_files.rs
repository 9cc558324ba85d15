//! Where the cases of a pack are: the JSON files of its folder `tests`.

use std::path::Path;

use countersign_policies::{Source, packs};

use super::Failure;
use crate::cli::message::read_text;

/// The files of cases of the pack that `pack` names, in the order of their names.
pub(super) fn find(pack: &Path) -> Result<Vec<Source>, Failure> {
    if let Some(shipped) = pack.to_str().and_then(packs::find) {
        return Ok(shipped.cases);
    }
    let folder = pack.join("tests");
    let mut paths = Vec::new();
    if folder.is_dir() {
        let fault = |error| Failure::file(&folder, &error);
        for entry in std::fs::read_dir(&folder).map_err(fault)? {
            let path = entry.map_err(fault)?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                paths.push(path);
            }
        }
    }
    if paths.is_empty() {
        let message = format!("{} has no cases", pack.display());
        return Err(Failure::usage("cases_missing", message)
            .with_help("write them as JSON files in the pack's folder `tests`"));
    }
    paths.sort();
    paths
        .iter()
        .map(|path| Ok(Source::new(path.display().to_string(), read_text(path)?)))
        .collect()
}
