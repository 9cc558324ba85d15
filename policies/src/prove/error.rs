//! Why a question about policies has no answer.

use super::CounterExample;
use crate::diagnostics::{Diagnostics, Problem};
use cedar_policy_symcc::err::{Error as SymccError, SolverError};
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// Why a question could not be answered. Nothing is claimed then: neither that it holds nor that it
/// doesn't.
#[derive(Debug, Error)]
pub enum ProveError {
    /// The counter-example could not be put to the evaluator.
    #[error("the evaluator can't read the solver's counter-example: {0}")]
    CounterExample(String),
    /// The two packs declare other static entities.
    #[error("the packs `{left}` and `{right}` declare different groups or static entities")]
    EntitiesDiffer {
        /// The first pack's policies, by the name of their source.
        left: String,
        /// The second pack's.
        right: String,
    },
    /// A pack doesn't compile.
    #[error(transparent)]
    Pack(#[from] Diagnostics),
    /// What should never be allowed isn't a policy that the pack could have.
    #[error("the requests that are never to be allowed are not well described")]
    Question(#[source] Diagnostics),
    /// The evaluator answers the counter-example otherwise than the solver says.
    #[error("the evaluator doesn't answer the solver's counter-example as the solver says")]
    ReplayDisagrees(Box<CounterExample>),
    /// The two packs have other schemas.
    #[error("the packs `{left}` and `{right}` have different schemas")]
    SchemasDiffer {
        /// The first pack's policies, by the name of their source.
        left: String,
        /// The second pack's.
        right: String,
    },
    /// The solver ended, or said what the symbolic compiler doesn't understand.
    #[error("the solver failed: {0}")]
    SolverFailed(String),
    /// The time is over; the solver was killed.
    #[error("the solver found no answer within {} s and was stopped", .0.as_secs_f32())]
    SolverTimeout(Duration),
    /// There is no solver.
    #[error("no solver: `{}` can't be run: {cause}", .command.display())]
    SolverUnavailable {
        /// What was tried.
        command: PathBuf,
        /// Why it failed.
        cause: String,
    },
    /// The solver gave up.
    #[error("the solver gave up: it can neither prove it nor find a counter-example")]
    SolverUnknown,
    /// The symbolic compiler can't translate the policies.
    #[error("the policies can't be translated for the solver: {0}")]
    Untranslatable(String),
}

impl ProveError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::CounterExample(_) => "counter_example_unreadable",
            Self::EntitiesDiffer { .. } => "entities_differ",
            Self::Pack(_) => "pack_invalid",
            Self::Question(_) => "question_malformed",
            Self::ReplayDisagrees(_) => "replay_disagrees",
            Self::SchemasDiffer { .. } => "schemas_differ",
            Self::SolverFailed(_) => "solver_failed",
            Self::SolverTimeout(_) => "solver_timeout",
            Self::SolverUnavailable { .. } => "solver_unavailable",
            Self::SolverUnknown => "solver_unknown",
            Self::Untranslatable(_) => "policies_untranslatable",
        }
    }

    /// What to do about it, if something can be done.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::EntitiesDiffer { .. } => Some(
                "the question is about policies in one hierarchy: give both packs the same `[groups]` \
                 and `entities.json`",
            ),
            Self::Question(_) => Some(
                "write the scope of a policy, and conditions if you like: \
                 `(principal, action == Action::\"withdraw\", resource) when { ... }`",
            ),
            Self::ReplayDisagrees(_) => Some(
                "nothing is claimed; a static entity with more than the pack gives it can be the \
                 cause, else report it",
            ),
            Self::SchemasDiffer { .. } => {
                Some("the question is about the requests of one schema: give both packs the same")
            }
            Self::SolverTimeout(_) => Some("allow more with `--timeout-seconds`"),
            Self::SolverUnavailable { .. } => Some(
                "install cvc5 (`apt-get install cvc5`), or set the environment variable CVC5 to the \
                 path of its executable",
            ),
            _ => None,
        }
    }
}

impl From<Problem> for ProveError {
    fn from(problem: Problem) -> Self {
        Self::Pack(problem.into())
    }
}

impl From<SymccError> for ProveError {
    fn from(error: SymccError) -> Self {
        match error {
            SymccError::SolverUnknown => Self::SolverUnknown,
            SymccError::SolverError(SolverError::Io(error)) => {
                Self::SolverFailed(error.to_string())
            }
            SymccError::SolverError(error) => Self::SolverFailed(error.to_string()),
            SymccError::DecodeModel(_)
            | SymccError::ConcretizeError(_)
            | SymccError::ModelInvalid { .. } => Self::CounterExample(error.to_string()),
            _ => Self::Untranslatable(error.to_string()),
        }
    }
}
