//! Cedar's own conformance data: whether core answers as Cedar's project expects.

mod data;
mod module;
mod native;
mod tally;

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Result, anyhow, bail, ensure};
use countersign::Module;

use crate::runtime::Runtime;
use data::Case;
pub use tally::Tally;

/// Runs every case in a folder and below, packed ones too.
///
/// # Errors
/// A folder that can't be read or unpacked, or holds no case; a runtime that can't be asked.
pub fn run(folder: &Path, runtime: Runtime) -> Result<Tally> {
    let scratch = tempfile::tempdir()?;
    let files = data::case_files(folder, scratch.path()).map_err(anyhow::Error::msg)?;
    ensure!(
        !files.is_empty(),
        "there is no case in {}",
        folder.display()
    );
    match runtime {
        Runtime::Native | Runtime::Wasmtime => on_two_threads(&files, runtime),
        Runtime::Node => in_node(&files),
        _ => bail!("{runtime} can't be asked a Cedar request: ask `native`, `wasmtime` or `node`"),
    }
}

fn on_two_threads(files: &[PathBuf], runtime: Runtime) -> Result<Tally> {
    let half = files.len().div_ceil(2).max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = files
            .chunks(half)
            .map(|files| scope.spawn(move || ask_all(files, runtime)))
            .collect();
        let mut tally = Tally::default();
        for worker in workers {
            tally.add(worker.join().map_err(|_| anyhow!("a worker panicked"))??);
        }
        Ok(tally)
    })
}

fn ask_all(files: &[PathBuf], runtime: Runtime) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut instance = match runtime {
        Runtime::Wasmtime => Some(Module::embedded()?.instantiate()?),
        _ => None,
    };
    for file in files {
        let asked = Case::read(file).and_then(|case| {
            let answers = match &mut instance {
                None => native::answers(&case)?,
                Some(instance) => {
                    let answers = module::on_wasmtime(instance, &case);
                    answers.map_err(|error| format!("{error:#}"))?
                }
            };
            Ok((case, answers))
        });
        tally.count(file, asked);
    }
    Ok(tally)
}

/// A case that can't be read is counted, and not asked.
fn in_node(files: &[PathBuf]) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut cases = Vec::new();
    let mut read = Vec::new();
    for file in files {
        match Case::read(file) {
            Ok(case) => {
                cases.push(case);
                read.push(file);
            }
            Err(error) => tally.count(file, Err(error)),
        }
    }
    let answers = module::in_node(&cases)?;
    for ((file, case), answers) in read.into_iter().zip(cases).zip(answers) {
        tally.count(file, Ok((case, answers)));
    }
    Ok(tally)
}
