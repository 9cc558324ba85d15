//! The solver: where it is, and a process of it that never outlives its question.

use super::ProveError;
use cedar_policy_symcc::CedarSymCompiler;
use cedar_policy_symcc::solver::LocalSolver;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use tokio::process::Command;
use tokio::runtime;
use tokio::time::timeout;

/// The environment variable with the path of the solver.
const VARIABLE: &str = "CVC5";
/// How long the solver may take to say its version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);
/// How long after its limit a question may take to end its process.
const GRACE: Duration = Duration::from_secs(3);
/// Cedar's parser and the symbolic compiler recurse as deep as a policy is nested.
const STACK: usize = 256 << 20;

pub(super) type Symcc = CedarSymCompiler<LocalSolver>;

/// The solver `cvc5`, found on this machine.
#[derive(Clone, Debug)]
pub struct Solver {
    command: PathBuf,
    version: String,
}

impl Solver {
    /// Finds the solver: the executable that the environment variable `CVC5` names, else `cvc5` on the
    /// `PATH`.
    ///
    /// # Errors
    /// [`ProveError::SolverUnavailable`] if there is none, or it doesn't say its version.
    pub fn find() -> Result<Self, ProveError> {
        let command = std::env::var_os(VARIABLE).unwrap_or_else(|| "cvc5".into());
        Self::at(command)
    }

    /// The solver whose executable is `command`.
    ///
    /// # Errors
    /// Those of [`Solver::find`].
    pub fn at(command: impl Into<PathBuf>) -> Result<Self, ProveError> {
        let command = command.into();
        let unavailable = |cause: String| ProveError::SolverUnavailable {
            command: command.clone(),
            cause,
        };
        let mut asked = Command::new(&command);
        asked.arg("--version").kill_on_drop(true);
        let output = on_own_thread(VERSION_TIMEOUT + GRACE, async move || {
            Ok(timeout(VERSION_TIMEOUT, asked.output()).await)
        })?;
        let output = output
            .map_err(|_| unavailable("it doesn't say its version".into()))?
            .map_err(|error| unavailable(error.to_string()))?;
        let version = version(&String::from_utf8_lossy(&output.stdout))
            .ok_or_else(|| unavailable("it doesn't say that it is cvc5".into()))?;
        Ok(Self { command, version })
    }

    /// The version, such as `1.3.1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Asks `question` of a new process, which is killed when the answer is there or `limit` is over.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        limit: Duration,
        question: impl AsyncFnOnce(&mut Symcc) -> Result<T, ProveError> + Send + 'static,
    ) -> Result<T, ProveError> {
        let mut command = Command::new(&self.command);
        on_own_thread(limit.saturating_add(GRACE), async move || {
            command.args(["--lang", "smt"]).kill_on_drop(true);
            let solver = LocalSolver::from_command(&mut command)
                .map_err(|error| ProveError::SolverFailed(error.to_string()))?;
            let mut symcc = Symcc::new(solver)?;
            let answer = timeout(limit, question(&mut symcc)).await;
            // Killed and waited for: no process is left, whatever the answer.
            let ended = symcc.solver_mut().clean_up().await;
            let answer = answer.map_err(|_| ProveError::SolverTimeout(limit))??;
            ended.map_err(|error| ProveError::SolverFailed(error.to_string()))?;
            Ok(answer)
        })
    }
}

/// Runs `task` on a thread with a deep stack and a runtime of its own (the caller may be within one),
/// and waits for it no longer than `limit`: a translation can't be interrupted, but it can be left.
fn on_own_thread<T: Send + 'static>(
    limit: Duration,
    task: impl AsyncFnOnce() -> Result<T, ProveError> + Send + 'static,
) -> Result<T, ProveError> {
    let failed = |error: std::io::Error| ProveError::SolverFailed(error.to_string());
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::Builder::new().stack_size(STACK);
    thread
        .spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let answer = match runtime {
                Ok(runtime) => runtime.block_on(task()),
                Err(error) => Err(failed(error)),
            };
            // Nobody waits for it if it was left.
            let _ = sender.send(answer);
        })
        .map_err(failed)?;
    match receiver.recv_timeout(limit) {
        Ok(answer) => answer,
        Err(RecvTimeoutError::Timeout) => Err(ProveError::SolverTimeout(limit)),
        Err(RecvTimeoutError::Disconnected) => Err(ProveError::SolverFailed(
            "the symbolic compiler panicked".into(),
        )),
    }
}

/// The version in what `cvc5 --version` prints: `This is cvc5 version 1.3.1 [git ...]`.
fn version(printed: &str) -> Option<String> {
    let (_, rest) = printed.split_once("cvc5 version ")?;
    rest.split_whitespace().next().map(str::to_owned)
}
