//! What a pack answers.

use core::fmt;
use countersign_core::policy::Evaluation;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The outcome of a case.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Allowed.
    Allow,
    /// Allowed once a second factor is given: a determining policy has `@stepup`.
    StepUp,
    /// Denied.
    Deny,
    /// No route leads to an action, so that no policy was asked. A verifier denies it.
    NoRoute,
}

impl Outcome {
    /// `allow`, `step-up`, `deny` or `no-route`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::StepUp => "step-up",
            Self::Deny => "deny",
            Self::NoRoute => "no-route",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a pack answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The outcome.
    pub outcome: Outcome,
    /// The ids of the determining policies.
    pub reasons: BTreeSet<String>,
    /// The ids of the policies that erred, and why.
    pub errors: BTreeMap<String, String>,
    /// What the host must see to: names and values.
    pub obligations: BTreeSet<(String, String)>,
}

impl Answer {
    /// The answer where no route leads to a question.
    #[must_use]
    pub fn no_route() -> Self {
        Self {
            outcome: Outcome::NoRoute,
            reasons: BTreeSet::new(),
            errors: BTreeMap::new(),
            obligations: BTreeSet::new(),
        }
    }

    /// The answer that is made of what an authorizer says.
    #[must_use]
    pub fn new(
        allowed: bool,
        reasons: BTreeSet<String>,
        errors: BTreeMap<String, String>,
        obligations: BTreeSet<(String, String)>,
    ) -> Self {
        let asks_for_more = obligations.iter().any(|(name, _)| name == "stepup");
        let outcome = match (allowed, asks_for_more) {
            (false, _) => Outcome::Deny,
            (true, false) => Outcome::Allow,
            (true, true) => Outcome::StepUp,
        };
        Self {
            outcome,
            reasons,
            errors,
            obligations,
        }
    }
}

impl From<&Evaluation<'_>> for Answer {
    fn from(evaluation: &Evaluation<'_>) -> Self {
        let annotations = evaluation.reasons().flat_map(|policy| policy.annotations());
        Self::new(
            evaluation.is_allowed(),
            evaluation.reason_ids().map(str::to_owned).collect(),
            evaluation
                .errors()
                .map(|(policy, error)| (policy.id().to_owned(), error.to_string()))
                .collect(),
            obligations_of(annotations.map(|one| (one.name(), one.value()))),
        )
    }
}

/// The annotations that are obligations: all but `@id` and `@reason`.
pub fn obligations_of<'a>(
    annotations: impl Iterator<Item = (&'a str, &'a str)>,
) -> BTreeSet<(String, String)> {
    annotations
        .filter(|(name, _)| !matches!(*name, "id" | "reason"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
