//! The runtimes: the core as native code, and the one module in everything that runs it.

mod native;
pub(crate) mod script;
mod verbs;
mod wasmtime;

use core::fmt;

use anyhow::Result;
use serde::Deserialize;

use crate::case::{Answer, Case};

/// What can run the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// `countersign-core`, without WebAssembly.
    Native,
    /// The library `countersign`.
    Wasmtime,
    /// The npm package in Node.
    Node,
    /// The npm package in workerd.
    Workerd,
    /// The npm package in a headless Chromium.
    Chromium,
}

impl Runtime {
    /// Every runtime; the first is what the others are compared with.
    pub const ALL: [Runtime; 5] = [
        Runtime::Native,
        Runtime::Wasmtime,
        Runtime::Node,
        Runtime::Workerd,
        Runtime::Chromium,
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Runtime::Native => "native",
            Runtime::Wasmtime => "wasmtime",
            Runtime::Node => "node",
            Runtime::Workerd => "workerd",
            Runtime::Chromium => "chromium",
        }
    }

    /// The runtime of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Runtime> {
        Runtime::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Asks every case, in order.
    ///
    /// # Errors
    /// When the runtime is there and breaks: a trap, a crash, an answer that can't be read.
    pub fn run(self, cases: &[Case]) -> Result<Run> {
        match self {
            Runtime::Native => native::run(cases).map(Run::Done),
            Runtime::Wasmtime => wasmtime::run(cases).map(Run::Done),
            Runtime::Node | Runtime::Workerd | Runtime::Chromium => {
                script::run(self.as_str(), cases)
            }
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a run ended.
#[derive(Clone, Debug)]
pub enum Run {
    /// With an answer to every case.
    Done(Outcome),
    /// The runtime is not on this machine; why.
    Skipped(String),
}

/// What a runtime said of itself and of the cases.
#[derive(Clone, Debug, Deserialize)]
pub struct Outcome {
    /// The version of the runtime.
    pub version: String,
    /// The SHA-256 of the module that it ran, in lower-case hexadecimal; none for native code.
    #[serde(default)]
    pub sha256: Option<String>,
    /// The answers, in the order of the cases.
    pub results: Vec<Answer>,
}

/// Every runtime spends tokens in a cache of this many.
const REPLAY_CAPACITY: usize = 1024;
const REPLAY_SEED: u64 = 0x5eed;
