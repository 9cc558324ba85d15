//! Contenders in Node: one child, asked by lines of JSON. What is inside the clock is said in
//! `node/child.mjs`.

use core::cell::RefCell;
use core::time::Duration;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::case::Case;
use crate::contender::{Answer, Contender};

/// The child.
pub(crate) struct Node {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Node {
    /// Starts it; `None` if this machine has no Node.
    pub(crate) fn start() -> Result<Option<Rc<RefCell<Self>>>> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/child.mjs");
        let started = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context("cannot start node"),
        };
        Ok(Some(Rc::new(RefCell::new(Node {
            commands: child.stdin.take().context("the child has no stdin")?,
            answers: BufReader::new(child.stdout.take().context("the child has no stdout")?),
            child,
        }))))
    }

    fn ask<T: for<'de> Deserialize<'de>>(&mut self, command: &Value) -> Result<T> {
        writeln!(self.commands, "{command}")?;
        self.commands.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).with_context(|| format!("node answered `{}`", line.trim()))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already; then there is nobody to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Opened {
    Skipped {
        skipped: String,
    },
    Answer {
        allowed: bool,
        reasons: Vec<String>,
        errors: Vec<String>,
    },
}

#[derive(Deserialize)]
struct Timed {
    nanoseconds: u64,
}

/// One contender in the child.
pub(crate) struct InNode {
    node: Rc<RefCell<Node>>,
    name: &'static str,
    answer: Answer,
}

impl InNode {
    /// Opens the contender `name` for the case, or says why it can't run here.
    pub(crate) fn open(
        node: &Rc<RefCell<Node>>,
        name: &'static str,
        case: &Case,
        bundle: &[u8],
    ) -> Result<Result<Self, String>> {
        let command = json!({ "open": name, "case": {
            "name": case.name(),
            "policies": case.cedar(),
            "request": case.request(),
            "entities": case.entities(),
            "bundle": bundle,
        } });
        let answer = match node.borrow_mut().ask(&command)? {
            Opened::Skipped { skipped } => return Ok(Err(skipped)),
            Opened::Answer {
                allowed,
                reasons,
                errors,
            } => Answer::full(allowed, reasons, errors),
        };
        Ok(Ok(InNode {
            node: Rc::clone(node),
            name,
            answer,
        }))
    }
}

impl Contender for InNode {
    fn name(&self) -> &'static str {
        self.name
    }

    fn answer(&mut self) -> Result<Answer> {
        Ok(self.answer.clone())
    }

    fn time(&mut self, times: u32) -> Result<Duration> {
        let command = json!({ "time": self.name, "times": times });
        let Timed { nanoseconds } = self.node.borrow_mut().ask(&command)?;
        Ok(Duration::from_nanos(nanoseconds))
    }
}
