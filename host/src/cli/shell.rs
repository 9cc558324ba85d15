//! `countersign completions` and `countersign man`

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};
use serde_json::json;

use super::{Cli, Done, Failure};

const NAME: &str = "countersign";

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell to complete for.
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArguments {
    /// A folder for the pages of all commands, one file each; the page of `countersign` itself goes to
    /// standard output unless given.
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

pub(super) fn completions(arguments: &CompletionsArguments) -> Done {
    let mut script = Vec::new();
    generate(arguments.shell, &mut Cli::command(), NAME, &mut script);
    let text = String::from_utf8_lossy(&script).into_owned();
    let json = json!({"ok": true, "shell": arguments.shell.to_string(), "script": text});
    Done {
        text,
        json,
        success: true,
    }
}

pub(super) fn man(arguments: &ManArguments) -> Result<Done, Failure> {
    let command = Cli::command();
    if let Some(folder) = &arguments.output {
        clap_mangen::generate_to(command, folder).map_err(|error| Failure::file(folder, &error))?;
        let text = format!("{}: the pages of every command\n", folder.display());
        let json = json!({"ok": true, "folder": folder.display().to_string()});
        return Ok(Done {
            text,
            json,
            success: true,
        });
    }
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command).render(&mut page);
    rendered.map_err(|error| Failure::usage("page_unwritten", error.to_string()))?;
    let text = String::from_utf8_lossy(&page).into_owned();
    let json = json!({"ok": true, "page": text});
    Ok(Done {
        text,
        json,
        success: true,
    })
}
