//! Signing vectors that others published, in the format of one folder with a file a family.
//!
//! Each case becomes questions to a runtime and a judge of its answers. Of native code core is asked directly
//! too, which does more than the questions can ask for. What neither does is skipped, each time for one of the
//! [`Reason`]s, which the report counts.

mod hmac;
mod native;
mod reason;
mod rfc9421;
mod rfc9530;
mod tally;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::case::{Answer, Case, Kind};
use crate::runtime::{Run, Runtime};
pub use reason::Reason;
pub use tally::Tally;

/// Runs every case of the `.json` files in a folder and in those below it.
///
/// # Errors
/// A folder that can't be read; a runtime that is not there, or breaks. A malformed file is counted
/// in the tally, by its name.
pub fn run(folder: &Path, runtime: Runtime) -> Result<Tally> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    let mut tally = Tally::default();
    let mut planned = Vec::new();
    for path in files {
        match plan_file(&path, runtime) {
            Ok(plans) => planned.extend(plans),
            Err(error) => tally
                .malformed
                .push(format!("{}: {error:#}", path.display())),
        }
    }
    let questions: Vec<Case> = planned
        .iter_mut()
        .flat_map(|planned| core::mem::take(&mut planned.plan.questions))
        .collect();
    let outcome = match runtime.run(&questions)? {
        Run::Done(outcome) => outcome,
        Run::Skipped(why) => anyhow::bail!("{runtime} is not on this machine: {why}"),
    };
    let mut answers = outcome.results.as_slice();
    for Planned { family, name, plan } in planned {
        let (own, rest) = answers
            .split_at_checked(plan.asked)
            .context("the runtime gave too few answers")?;
        answers = rest;
        tally.count(&family, &name, (plan.judge)(own));
    }
    Ok(tally)
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

/// What is known of a case when the runtime has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As published.
    Passed,
    /// Unlike published; how.
    Failed(String),
    /// Not for this module.
    Skipped(Reason),
}

impl Verdict {
    fn passed_if(right: bool, or: impl FnOnce() -> String) -> Self {
        if right {
            Verdict::Passed
        } else {
            Verdict::Failed(or())
        }
    }
}

type Judge = Box<dyn FnOnce(&[Answer]) -> Verdict>;

/// The questions of one case, and what the answers must be.
struct Plan {
    questions: Vec<Case>,
    asked: usize,
    judge: Judge,
}

impl Plan {
    fn ask(kinds: Vec<Kind>, judge: impl FnOnce(&[Answer]) -> Verdict + 'static) -> Self {
        let questions: Vec<Case> = kinds.into_iter().map(|kind| Case::new("", kind)).collect();
        Plan {
            asked: questions.len(),
            questions,
            judge: Box::new(judge),
        }
    }

    /// A verdict that needs no answer.
    fn settled(verdict: Verdict) -> Self {
        Plan::ask(Vec::new(), |_| verdict)
    }

    /// The same, where core was asked too: with its fault if it has one, and passed where the rest is
    /// skipped.
    fn beside(self, fault: Option<String>) -> Self {
        let Plan {
            questions,
            asked,
            judge,
        } = self;
        let judge: Judge = Box::new(move |answers| match (fault, judge(answers)) {
            (Some(fault), _) => Verdict::Failed(fault),
            (None, Verdict::Skipped(_)) => Verdict::Passed,
            (None, verdict) => verdict,
        });
        Plan {
            questions,
            asked,
            judge,
        }
    }

    fn skip(reason: Reason) -> Self {
        Plan::settled(Verdict::Skipped(reason))
    }
}

struct Planned {
    family: String,
    name: String,
    plan: Plan,
}

/// The head of a file. The cases of a family may have shapes of their own.
#[derive(Deserialize)]
struct Head {
    family: String,
    #[serde(default)]
    keys: Map<String, Value>,
    cases: Vec<Map<String, Value>>,
}

fn plan_file(path: &Path, runtime: Runtime) -> Result<Vec<Planned>> {
    let head: Head = serde_json::from_str(&fs::read_to_string(path)?)?;
    let mut planned = Vec::with_capacity(head.cases.len());
    for (index, case) in head.cases.into_iter().enumerate() {
        let name = case
            .get("name")
            .and_then(Value::as_str)
            .map_or(format!("case {index}"), str::to_owned);
        let asked = match runtime {
            Runtime::Native => native::ask(&head.family, &head.keys, &case),
            _ => Ok(None),
        };
        let asked = asked.with_context(|| name.clone())?;
        let plan = plan_case(&head.family, &head.keys, case).with_context(|| name.clone())?;
        let mut plan = match asked {
            Some(fault) => plan.beside(fault),
            None => plan,
        };
        let name = format!("{}: {name}", path.display());
        for question in &mut plan.questions {
            question.id.clone_from(&name);
        }
        planned.push(Planned {
            family: head.family.clone(),
            name,
            plan,
        });
    }
    Ok(planned)
}

fn plan_case(family: &str, keys: &Map<String, Value>, case: Map<String, Value>) -> Result<Plan> {
    match family {
        "hmac" => hmac::plan(&serde_json::from_value(case.into())?),
        "rfc9421" => rfc9421::plan(keys, case),
        "rfc9530" => rfc9530::plan(serde_json::from_value(case.into())?),
        "ecdsa-p256" | "ed25519" => Ok(Plan::skip(Reason::Algorithm)),
        "exchanges" | "sigv4" | "webhooks" => Ok(Plan::skip(Reason::VendorScheme)),
        "structured-fields" => Ok(Plan::skip(Reason::StructuredFields)),
        _ => Ok(Plan::skip(Reason::Family)),
    }
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

fn member<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.get(name).and_then(Value::as_str).unwrap_or("")
}

/// The code of a refusal, if the answer is one.
fn refusal(answer: &Answer) -> Option<&str> {
    let verdict = answer.get("verdict").and_then(Value::as_str);
    verdict.filter(|verdict| !matches!(*verdict, "ok" | "absent" | "verified"))
}
