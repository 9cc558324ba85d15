//! Signing vectors that others published, in the format of one folder with a file a family.
//!
//! Each case asks the module by its verbs, the same in every runtime, and judges the answers.

mod curves;
mod hmac;
mod message;
mod rfc9421;
mod rfc9530;
mod sigv4;
mod structured_fields;
mod tally;
mod vendors;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use countersign_wasm_build::Variant;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::door::{Door, Fault, Opened, Running, open, together};
use crate::runtime::Runtime;
pub use tally::Tally;

/// What came of a run.
pub enum Report {
    /// The count.
    Counted(Tally),
    /// The runtime is not on this machine; why.
    Skipped(String),
}

/// How many cases one instance is asked. Each opens some objects, and closes none.
const AT_ONCE: usize = 4096;

/// Runs every case of the `.json` files in a folder and in those below it, by one module in one runtime.
///
/// # Errors
/// A folder that can't be read; a runtime that breaks. A malformed file is counted in the tally, by its
/// name.
pub fn run(folder: &Path, runtime: Runtime, module: Variant) -> Result<Report> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    let mut opened = open(runtime, module)?;
    let mut tally = match &opened {
        Opened::Running {
            version, sha256, ..
        } => Tally::new(format!(
            "{runtime}: {}",
            title(version, module, sha256.as_deref())
        )),
        Opened::Skipped(why) => return Ok(Report::Skipped(why.clone())),
    };
    let door = Door::default();
    let (mut names, mut cases) = (Vec::new(), Vec::new());
    for path in files {
        let file = path.strip_prefix(folder).unwrap_or(&path).display();
        match plan_file(&path, &door) {
            Ok(planned) => {
                for Planned { family, name, case } in planned {
                    names.push((family, format!("{file}: {name}")));
                    cases.push(case);
                }
            }
            Err(error) => tally.malformed.push(format!("{file}: {error:#}")),
        }
    }
    let mut names = names.iter();
    while let Opened::Running { mut machine, .. } = opened {
        let later = cases.split_off(cases.len().min(AT_ONCE));
        let checked = together(&door, &mut *machine, cases);
        let first = || names.as_slice().first().map_or("", |(_, name)| name);
        for checked in checked.with_context(|| format!("counted from 0 at {}", first()))? {
            let (family, name) = names.next().context("a case without a name")?;
            tally.count(family, name, Verdict::of(checked));
        }
        if later.is_empty() {
            return Ok(Report::Counted(tally));
        }
        cases = later;
        drop(machine);
        opened = open(runtime, module)?;
    }
    bail!("{runtime} is no longer on this machine")
}

fn title(version: &str, module: Variant, sha256: Option<&str>) -> String {
    match sha256 {
        None => version.to_owned(),
        Some(sha256) => format!("{version}, {}.wasm {sha256}", module.name()),
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort_unstable();
    for path in paths {
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    Ok(())
}

/// What is known of a case when the module has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As published.
    Passed,
    /// Refused on purpose, where the publisher accepts; why.
    Stricter(&'static str),
    /// Unlike published; how.
    Failed(String),
    /// Not for this module; why.
    Skipped(&'static str),
}

impl Verdict {
    fn passed_if(right: bool, or: impl FnOnce() -> String) -> Self {
        if right {
            Verdict::Passed
        } else {
            Verdict::Failed(or())
        }
    }

    fn failed(how: impl Into<String>) -> Self {
        Verdict::Failed(how.into())
    }

    fn of(checked: Checked) -> Self {
        match checked {
            Ok(verdict) => verdict,
            Err(Fault::Refused(refused)) => match refused.code.as_str() {
                "verb_unknown" => Verdict::Skipped("a verb that this module doesn't have"),
                "algorithm_unknown" => {
                    Verdict::Skipped("an algorithm that this module doesn't have")
                }
                _ => Verdict::Failed(format!("refused: {refused}")),
            },
            Err(Fault::Broken(error)) => Verdict::Failed(format!("{error:#}")),
        }
    }
}

/// What a family makes of a case. A refusal that it doesn't expect is passed on.
type Checked = Result<Verdict, Fault>;

struct Planned {
    family: String,
    name: String,
    case: Running<Checked>,
}

/// The head of a file. The cases of a family may have shapes of their own.
#[derive(Deserialize)]
struct Head {
    family: String,
    #[serde(default)]
    keys: Map<String, Value>,
    cases: Vec<Map<String, Value>>,
}

fn plan_file(path: &Path, door: &Door) -> Result<Vec<Planned>> {
    let head: Head = serde_json::from_str(&fs::read_to_string(path)?)?;
    let mut planned = Vec::with_capacity(head.cases.len());
    for (index, case) in head.cases.into_iter().enumerate() {
        let name = case
            .get("name")
            .and_then(Value::as_str)
            .map_or(format!("case {index}"), str::to_owned);
        planned.push(Planned {
            case: plan(&head.family, &head.keys, case.into(), door.clone())
                .with_context(|| name.clone())?,
            family: head.family.clone(),
            name,
        });
    }
    Ok(planned)
}

fn plan(
    family: &str,
    keys: &Map<String, Value>,
    case: Value,
    door: Door,
) -> Result<Running<Checked>> {
    use serde_json::from_value as read;
    Ok(match family {
        "ecdsa-p256" => Box::pin(curves::check(door, "ecdsa-p256-sha256", read(case)?)),
        "ed25519" => Box::pin(curves::check(door, "ed25519", read(case)?)),
        "exchanges" | "webhooks" => Box::pin(vendors::check(door, read(case)?)),
        "hmac" => Box::pin(hmac::check(door, read(case)?)),
        "rfc9421" => rfc9421::plan(door, keys, case)?,
        "rfc9530" => Box::pin(rfc9530::check(door, read(case)?)),
        "sigv4" => Box::pin(sigv4::check(door, read(case)?)),
        "structured-fields" => Box::pin(structured_fields::check(door, read(case)?)),
        _ => Box::pin(async { Ok(Verdict::Skipped("a family that this runner doesn't know")) }),
    })
}

/// What a publisher says of a case.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Published {
    #[default]
    Valid,
    Invalid,
    /// Both are right.
    Either,
    /// Only a parser is asked.
    Parse,
}
