//! `countersign policy build`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use countersign_policies::{Source, Sources, compile};
use serde_json::json;

use super::{Done, Failure, say, sign, write};
use crate::cli::pack;

#[derive(Debug, Args)]
pub(super) struct BuildArguments {
    /// A folder, or the name of a shipped pack (`trading-api`).
    pack: PathBuf,
    /// The bundle to write. A pack that doesn't compile leaves it as it was.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Sign the bundle with the publisher's private key in this file.
    #[arg(long, value_name = "KEY", requires = "publisher")]
    sign: Option<PathBuf>,
    /// The name of the publisher.
    #[arg(long, value_name = "NAME", requires = "sign")]
    publisher: Option<String>,
    /// Go on, and build again whenever the pack changes.
    #[arg(long)]
    watch: bool,
    /// How often to look, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "500", requires = "watch")]
    interval: u64,
}

pub(super) fn run(arguments: &BuildArguments, as_json: bool) -> Result<Done, Failure> {
    if arguments.watch {
        watch(arguments, as_json)
    } else {
        build(arguments, &pack::sources(&arguments.pack)?)
    }
}

fn build(arguments: &BuildArguments, sources: &Sources) -> Result<Done, Failure> {
    let compiled = compile(sources).map_err(|diagnostics| Failure::from(diagnostics).refused())?;
    let mut written = compiled.bytes().to_vec();
    if let (Some(key), Some(name)) = (&arguments.sign, &arguments.publisher) {
        written = sign::sign(&sign::publisher(key, name)?, &written)?;
    }
    write::replace(&arguments.output, &written)?;
    let bundle = compiled.bundle();
    let policies = bundle.policies().count();
    let bytes = written.len();
    let sha256 = bundle.sha256_hex();
    let text = format!(
        "{}\n  pack      {} {}\n  policies  {policies}\n  bytes     {bytes}\n  sha-256   {sha256}\n",
        arguments.output.display(),
        bundle.name(),
        bundle.version_text(),
    );
    let json = json!({
        "ok": true,
        "file": arguments.output.display().to_string(),
        "name": bundle.name(),
        "version": bundle.version_text(),
        "policies": policies,
        "bytes": bytes,
        "sha256": sha256,
    });
    Ok(Done {
        text,
        json,
        success: true,
    })
}

/// Builds at each change of the pack, until nobody reads what is printed.
fn watch(arguments: &BuildArguments, as_json: bool) -> Result<Done, Failure> {
    if pack::shipped(&arguments.pack).is_some() {
        let message = "a shipped pack doesn't change";
        return Err(Failure::usage("pack_shipped", message).with_help("copy it to a folder"));
    }
    let mut built: Option<Result<Vec<String>, String>> = None;
    loop {
        let sources = pack::folder(&arguments.pack);
        let state = match &sources {
            Ok(sources) => Ok(texts(sources)),
            Err(failure) => Err(failure.to_string()),
        };
        if built.as_ref() != Some(&state) {
            let outcome = sources.and_then(|sources| build(arguments, &sources));
            let goes_on = match outcome {
                Ok(done) => say(as_json, &done.text, &done.json),
                Err(failure) => {
                    let text = format!("the old bundle stays\n{}", failure.shown());
                    say(as_json, &text, &failure.to_json())
                }
            };
            if !goes_on {
                break;
            }
            built = Some(state);
        }
        std::thread::sleep(Duration::from_millis(arguments.interval));
    }
    Ok(Done::silent())
}

fn texts(sources: &Sources) -> Vec<String> {
    [&sources.policies, &sources.schema, &sources.manifest]
        .into_iter()
        .chain(&sources.entities)
        .map(Source::text)
        .map(str::to_owned)
        .collect()
}
