//! Cases: what a pack is asked, and what it is to answer.
//!
//! A file of cases is a JSON list, kept in the pack's folder `tests`. A case asks as a request does,
//! with a `key`, a `method` and a `path`, or as Cedar does, with a `principal`, an `action` and a
//! `resource`; `entities` and `context` are in Cedar's JSON format. `docs/policy-test.md` has it all.

mod answer;
mod compare;
mod question;
mod read;
mod run;
mod target;

pub use answer::{Answer, Outcome, obligations_of};
pub use compare::{Difference, compare};
pub use question::Question;
pub use run::{CaseRun, FileRun, Run};
pub use target::Target;

use core::error::Error;
use core::fmt;
use countersign_core::policy::EntityUid;
use serde_json::Value;
use std::collections::BTreeSet;

/// A question with the answer that is expected of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the case shows, in a few words.
    pub description: String,
    /// Who asks.
    pub who: Who,
    /// What it asks for.
    pub what: What,
    /// Entities of the request, in Cedar's JSON format.
    pub entities: Vec<Value>,
    /// The context, in Cedar's JSON format.
    pub context: Value,
    /// What the pack is to answer.
    pub expected: Expected,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Who {
    /// A key, as a keyring has it.
    Key {
        /// The key's id.
        id: String,
        /// The groups that it is a member of.
        groups: Vec<String>,
        /// Its attributes, in Cedar's JSON format.
        attributes: Value,
    },
    /// A principal by its name.
    Principal(EntityUid),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub enum What {
    /// A request, for which the pack has a route.
    Request {
        /// The method.
        method: String,
        /// The path, without the query.
        path: String,
    },
    /// An action on a resource.
    Action {
        /// The action.
        action: EntityUid,
        /// The resource.
        resource: EntityUid,
    },
}

/// The answer that a case expects. What is `None` may be anything.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The outcome.
    pub outcome: Outcome,
    /// The ids of the determining policies.
    pub reasons: Option<BTreeSet<String>>,
    /// The ids of the policies that err.
    pub errors: BTreeSet<String>,
    /// What the host must see to: names and values.
    pub obligations: Option<BTreeSet<(String, String)>>,
}

/// Why a case can't be put to a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError {
    code: &'static str,
    message: String,
}

impl CaseError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CaseError {}
