//! The runtimes of JavaScript, each behind a driver: `node tests/runtimes/NAME.mjs CASES.json`.
//!
//! A driver prints one JSON object with `version`, `sha256` and `results`; it ends with code 77 and
//! `skipped: why` where its runtime is not on this machine.

use core::time::Duration;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::process::{Child, Command, ExitStatus};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use super::{Outcome, Run};
use crate::vectors::root;

pub(crate) const SKIPPED: i32 = 77;
const PATIENCE: Duration = Duration::from_mins(5);

pub(crate) fn run<C: Serialize>(name: &str, cases: &[C]) -> Result<Run> {
    let driver = root().join(format!("tests/runtimes/{name}.mjs"));
    if !driver.exists() {
        return Ok(Run::Skipped(format!("{} is not there", driver.display())));
    }
    let folder = tempfile::tempdir()?;
    let questions = folder.path().join("cases.json");
    let (stdout, stderr) = (folder.path().join("stdout"), folder.path().join("stderr"));
    fs::write(&questions, serde_json::to_vec(cases)?)?;
    let child = Command::new("node")
        .arg(driver)
        .arg(&questions)
        .current_dir(root())
        .stdout(File::create(&stdout)?)
        .stderr(File::create(&stderr)?)
        .spawn();
    let status = match child {
        Ok(child) => wait(child)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(Run::Skipped(
                "there is no `node` on this machine".to_owned(),
            ));
        }
        Err(error) => return Err(error.into()),
    };
    let said = fs::read_to_string(&stderr)?;
    if status.code() == Some(SKIPPED) {
        let why = said.lines().find_map(|line| line.strip_prefix("skipped: "));
        return Ok(Run::Skipped(why.unwrap_or("no reason given").to_owned()));
    }
    if !status.success() {
        bail!("the driver ended with {status}: {}", said.trim());
    }
    let outcome: Outcome =
        serde_json::from_str(&fs::read_to_string(&stdout)?).context("what the driver printed")?;
    if outcome.results.len() != cases.len() {
        bail!("{} answers to {} cases", outcome.results.len(), cases.len());
    }
    Ok(Run::Done(outcome))
}

fn wait(mut child: Child) -> Result<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            bail!("the driver didn't end within {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
