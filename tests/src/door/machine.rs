//! What runs the module: the crate as native code, wasmtime, and the runtimes of JavaScript.

mod native;
mod script;
mod wasmtime;

use std::path::PathBuf;

use anyhow::Result;
use countersign_wasm_build::Variant;

use super::Call;
use crate::runtime::Runtime;
use crate::vectors::root;

/// One instance of a module, which keeps its handles from batch to batch.
pub trait Machine {
    /// Runs the calls in order and gives their replies.
    ///
    /// # Errors
    /// A trap, a crash.
    fn answer(&mut self, calls: &[&Call]) -> Result<Vec<Vec<u8>>, Broken>;
}

/// How a runtime broke.
#[derive(Debug)]
pub struct Broken {
    /// At which call of the batch.
    pub at: usize,
    /// How.
    pub error: anyhow::Error,
}

impl From<anyhow::Error> for Broken {
    fn from(error: anyhow::Error) -> Self {
        Broken { at: 0, error }
    }
}

/// A module that was started, or why it was not.
pub enum Opened {
    /// It runs.
    Running {
        /// The instance.
        machine: Box<dyn Machine>,
        /// The runtime's version.
        version: String,
        /// The SHA-256 of the module, in lower-case hexadecimal; none for native code.
        sha256: Option<String>,
    },
    /// It is not on this machine; why.
    Skipped(String),
}

/// Starts a module in a runtime. Native code has all verbs, whatever the module.
///
/// # Errors
/// A runtime that is there and doesn't start.
pub fn open(runtime: Runtime, module: Variant) -> Result<Opened> {
    match runtime {
        Runtime::Native => Ok(native::open()),
        Runtime::Wasmtime => wasmtime::open(module),
        Runtime::Node | Runtime::Workerd | Runtime::Chromium => {
            script::open(runtime.as_str(), module)
        }
    }
}

/// The module's file; or that it is not built.
fn built(module: Variant) -> Result<PathBuf, String> {
    let file = root().join(format!("wasm/js/generated/{}.wasm", module.name()));
    if file.exists() {
        Ok(file)
    } else {
        Err(format!(
            "{} is not built: `cargo xtask build`",
            module.name()
        ))
    }
}
