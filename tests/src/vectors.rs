//! The vector files of this repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_policies::{Sources, compile, packs};
use serde::{Deserialize, Serialize};

use crate::case::{Bytes, Case, Kind};
use crate::published;

/// A file of cases.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct File {
    /// Where the cases are from.
    pub source: String,
    /// Under which licence they are.
    pub licence: String,
    /// The cases.
    pub cases: Vec<Case>,
}

/// The root of the workspace.
#[must_use]
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Every case of `tests/vectors`, and those that it holds of published ones, bundles resolved.
///
/// # Errors
/// A file that can't be read, named; an id that occurs twice.
pub fn all() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for path in json_files(&root().join("tests/vectors"))? {
        let named = || path.display().to_string();
        let text = fs::read_to_string(&path).with_context(named)?;
        let file: File = serde_json::from_str(&text).with_context(named)?;
        cases.extend(file.cases);
    }
    cases.extend(published::all(&root().join("tests/vectors/published"))?);
    let mut ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    ids.sort_unstable();
    if let Some([twice, _]) = ids.array_windows().find(|[one, other]| one == other) {
        bail!("the id `{twice}` occurs twice in tests/vectors");
    }
    cases.iter_mut().try_for_each(resolve_bundle)?;
    Ok(cases)
}

/// The files that end in `.json` in a folder, not those in folders below it.
fn json_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Compiles the pack that a case names in place of a bundle.
///
/// # Errors
/// An unknown pack, or one that doesn't compile.
pub fn resolve_bundle(case: &mut Case) -> Result<()> {
    if let Kind::Check(check) = &mut case.kind
        && let Some(text) = &check.bundle
        && let Some(name) = text.strip_prefix("pack:")
    {
        let pack = pack(name).with_context(|| format!("case `{}`", case.id))?;
        check.bundle = Some(Bytes(compile(&pack)?.into_bytes()).to_base64());
    }
    Ok(())
}

fn pack(name: &str) -> Result<Sources> {
    match name {
        "trading-api" => Ok(packs::trading_api()),
        _ => bail!("there is no pack `{name}`"),
    }
}

/// The bytes of a resolved bundle.
pub(crate) fn decode_bundle(text: &str) -> Result<Vec<u8>> {
    STANDARD
        .decode(text)
        .context("a bundle is base64; `pack:NAME` is resolved when the file is read")
}
