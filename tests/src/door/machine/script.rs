//! The runtimes of JavaScript, each behind a driver: `node tests/runtimes/door/NAME.mjs MODULE`.
//!
//! A driver greets with one line of JSON, `version` and `sha256`. Then it reads lines of calls,
//! `[[verb, frame], ...]`, and answers each with a line of replies, frames in base64; or with `{"at", "error"}`
//! for the call that trapped. It ends with its input; or with code 77 and `skipped: why` where its runtime
//! is not on this machine.

use core::time::Duration;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use anyhow::{Context as _, Result, anyhow, bail};
use countersign_wasm_build::Variant;
use serde::Deserialize;
use tempfile::TempDir;

use super::{Broken, Call, Machine, Opened, built};
use crate::case::Bytes;
use crate::runtime::script::SKIPPED;
use crate::vectors::root;

const PATIENCE: Duration = Duration::from_mins(3);

pub(super) fn open(name: &str, module: Variant) -> Result<Opened> {
    if let Err(why) = built(module) {
        return Ok(Opened::Skipped(why));
    }
    let folder = tempfile::tempdir()?;
    let stderr = File::create(folder.path().join("stderr"))?;
    let child = Command::new("node")
        .arg(root().join(format!("tests/runtimes/door/{name}.mjs")))
        .arg(module.name())
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let why = "there is no `node` on this machine";
            return Ok(Opened::Skipped(why.to_owned()));
        }
        Err(error) => return Err(error.into()),
    };
    let (said, lines) = channel();
    let stdout = child.stdout.take().context("a driver without stdout")?;
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if said.send(line).is_err() {
                break;
            }
        }
    });
    let driver = Driver {
        stdin: child.stdin.take(),
        child,
        lines,
        folder,
    };
    let Ok(greeting) = driver.lines.recv_timeout(PATIENCE) else {
        return driver.not_started();
    };
    let Greeting { version, sha256 } = serde_json::from_str(&greeting)?;
    Ok(Opened::Running {
        machine: Box::new(driver),
        version,
        sha256: Some(sha256),
    })
}

#[derive(Deserialize)]
struct Greeting {
    version: String,
    sha256: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Replies(Vec<Bytes>),
    Trap { at: usize, error: String },
}

struct Driver {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    folder: TempDir,
}

impl Driver {
    /// Why it ended before it greeted.
    fn not_started(mut self) -> Result<Opened> {
        let status = self.end();
        let said = fs::read_to_string(self.folder.path().join("stderr"))?;
        if status.is_some_and(|status| status.code() == Some(SKIPPED)) {
            let why = said.lines().find_map(|line| line.strip_prefix("skipped: "));
            let why = why.unwrap_or("no reason given").to_owned();
            return Ok(Opened::Skipped(why));
        }
        bail!("the driver didn't start: {}", said.trim())
    }

    /// The end of its input ends it; if not in time, we do.
    fn end(&mut self) -> Option<ExitStatus> {
        drop(self.stdin.take());
        for _ in 0..200 {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(20)),
                Ok(status) => return status,
                Err(_) => break,
            }
        }
        // It may have ended meanwhile.
        let _ = self.child.kill();
        self.child.wait().ok()
    }

    fn ask(&mut self, calls: &[&Call]) -> Result<Said> {
        let calls: Vec<(u32, Bytes)> = calls
            .iter()
            .map(|call| (call.verb, Bytes(call.frame.clone())))
            .collect();
        let mut line = serde_json::to_vec(&calls)?;
        line.push(b'\n');
        let stdin = self
            .stdin
            .as_mut()
            .context("the driver's input is closed")?;
        stdin.write_all(&line)?;
        stdin.flush()?;
        let Ok(answer) = self.lines.recv_timeout(PATIENCE) else {
            let said = fs::read_to_string(self.folder.path().join("stderr"))?;
            bail!("the driver said nothing: {}", said.trim());
        };
        Ok(serde_json::from_str(&answer)?)
    }
}

impl Machine for Driver {
    fn answer(&mut self, calls: &[&Call]) -> Result<Vec<Vec<u8>>, Broken> {
        match self.ask(calls)? {
            Said::Replies(replies) => Ok(replies.into_iter().map(|Bytes(reply)| reply).collect()),
            Said::Trap { at, error } => Err(Broken {
                at,
                error: anyhow!(error),
            }),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.end();
    }
}
