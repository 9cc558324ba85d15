//! Makes the files of `tests/vectors` anew and compares them with those that are there; with
//! `COUNTERSIGN_BLESS=1` it writes them. What the native core answers is the expectation, to be
//! reviewed as a diff.

mod attempt;
mod bases;
mod decisions;
mod digests;
mod refusals;
mod requests;
mod signing;
mod tokens;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use countersign_conformance::{Answer, Case, Kind, Run, Runtime, vectors};
use serde_json::{Value, json};

fn main() -> ExitCode {
    match generate() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn generate() -> Result<()> {
    write("bases", bases::cases())?;
    write("decisions", decisions::cases()?)?;
    write("digests", digests::cases())?;
    write("refusals", refusals::cases()?)?;
    write("requests", requests::cases()?)?;
    write("signing", signing::cases())?;
    write("tokens", tokens::cases()?)
}

/// Answers the cases and writes them, one a line; or compares them with the file.
fn write(name: &str, mut cases: Vec<Case>) -> Result<()> {
    let mut resolved = cases.clone();
    for case in &mut resolved {
        case.id = format!("{name}/{}", case.id);
        vectors::resolve_bundle(case)?;
    }
    for (case, expect) in cases.iter_mut().zip(answers(&resolved)?) {
        case.id = format!("{name}/{}", case.id);
        case.expect = expect;
    }
    let mut text = String::from(
        "{\n\"source\": \"tests/examples/generate\",\n\"licence\": \"MIT OR Apache-2.0\",\n\"cases\": [\n",
    );
    let lines: Vec<String> = cases
        .iter()
        .map(serde_json::to_string)
        .collect::<Result<_, _>>()?;
    text.push_str(&lines.join(",\n"));
    text.push_str("\n]\n}\n");

    let path = vectors::root().join(format!("tests/vectors/{name}.json"));
    if std::env::var_os("COUNTERSIGN_BLESS").is_some_and(|value| value == "1") {
        return fs::write(&path, text).with_context(|| path.display().to_string());
    }
    let there = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    if there != text {
        bail!(
            "{} is not what this makes; COUNTERSIGN_BLESS=1 writes it",
            path.display()
        );
    }
    Ok(())
}

fn answers(cases: &[Case]) -> Result<Vec<Answer>> {
    match Runtime::Native.run(cases)? {
        Run::Done(outcome) => Ok(outcome.results),
        Run::Skipped(why) => bail!("native code is missing: {why}"),
    }
}

/// What the core answers to one question.
fn ask(kind: Kind) -> Result<Answer> {
    let mut answers = answers(&[Case::new("a question of the generator", kind)])?;
    answers.pop().context("no answer")
}

/// The text of a member of an answer that is not a refusal.
fn text(answer: &Answer, member: &str) -> Result<String> {
    match answer.get(member) {
        Some(Value::String(text)) => Ok(text.clone()),
        _ => bail!("no `{member}` in {}", json!(answer)),
    }
}
