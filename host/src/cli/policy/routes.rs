//! `countersign policy routes`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use countersign_policies::openapi::{Import, import};
use countersign_policies::{Source, Sources};
use serde_json::json;

use super::{Done, Failure, write};
use crate::cli::message::read_text;
use crate::cli::pack;

#[derive(Debug, Args)]
pub(super) struct RoutesArguments {
    #[command(subcommand)]
    command: RoutesCommand,
}

#[derive(Debug, Subcommand)]
enum RoutesCommand {
    /// Add the operations of an OpenAPI 3.1 document to a pack, with their actions and groups.
    Import(ImportArguments),
}

#[derive(Debug, Args)]
struct ImportArguments {
    /// The document, in YAML or JSON.
    openapi: PathBuf,
    /// The folder of the pack; one without a pack gets a new one.
    #[arg(long, value_name = "DIR")]
    pack: PathBuf,
    /// Write what is new. What the pack has stays.
    #[arg(long)]
    write: bool,
    /// Print what is new and write nothing, as without `--write`.
    #[arg(long, conflicts_with = "write")]
    dry_run: bool,
}

/// The files of a pack that an import adds to.
const FILES: [&str; 3] = ["schema.cedarschema", "policies.cedar", "pack.toml"];

pub(super) fn run(arguments: &RoutesArguments) -> Result<Done, Failure> {
    let RoutesCommand::Import(arguments) = &arguments.command;
    let name = arguments.openapi.display().to_string();
    let openapi = Source::new(name, read_text(&arguments.openapi)?);
    let folder = &arguments.pack;
    let is_new = !FILES.iter().any(|file| folder.join(file).exists());
    let pack = if is_new {
        None
    } else {
        Some(pack::folder(folder)?)
    };
    let import = import(&openapi, pack.as_ref()).map_err(|diagnostics| {
        Failure::pack(&diagnostics, "the document can't be imported").refused()
    })?;
    if arguments.write {
        write_changed(folder, &import.sources, pack.as_ref())?;
    }
    Ok(done(arguments, &import))
}

/// Writes the files that changed; the manifest last, since it is the one that names the others' things.
fn write_changed(folder: &Path, new: &Sources, old: Option<&Sources>) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    let texts = |sources: &Sources| {
        [&sources.schema, &sources.policies, &sources.manifest]
            .map(|source| source.text().to_owned())
    };
    let old = old.map(texts);
    for (at, (file, text)) in FILES.iter().zip(texts(new)).enumerate() {
        let known = old.as_ref().and_then(|old| old.get(at));
        if known != Some(&text) {
            write::replace(&folder.join(file), text.as_bytes())?;
        }
    }
    Ok(())
}

fn done(arguments: &ImportArguments, import: &Import) -> Done {
    let added = &import.added;
    let mut text = String::new();
    for (file, part) in FILES
        .iter()
        .zip([&added.schema, &added.policies, &added.manifest])
    {
        if !part.is_empty() {
            text.push_str(&format!("== {file} ==\n{}\n\n", part.trim_end()));
        }
    }
    text.push_str(match (added.is_empty(), arguments.write) {
        (true, _) => "nothing is new\n",
        (false, true) => "written\n",
        (false, false) => "nothing was written; `--write` does\n",
    });
    let json = json!({
        "ok": true,
        "written": arguments.write && !added.is_empty(),
        "schema": added.schema,
        "policies": added.policies,
        "manifest": added.manifest,
    });
    Done {
        text,
        json,
        success: true,
    }
}
