//! What a run has seen.

use core::fmt;
use core::ops::AddAssign;

use crate::answer::Answer;

/// Counts of a run. They show that no kind of answer is missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub(crate) worlds: u64,
    allowed: u64,
    forbidden: u64,
    denied: u64,
    /// Answers with a policy that erred, whatever the decision.
    erring: u64,
    /// Answers with more than one reason, or more than one error.
    crowded: u64,
    /// Stores and requests that both sides refuse.
    pub(crate) refused: u64,
}

impl Tally {
    /// The requests that both sides answered, alike.
    #[must_use]
    pub fn cases(&self) -> u64 {
        self.allowed + self.forbidden + self.denied
    }

    /// The least frequent kind of answer: how often it was given.
    #[must_use]
    pub fn rarest(&self) -> u64 {
        [
            self.allowed,
            self.forbidden,
            self.denied,
            self.erring,
            self.crowded,
            self.refused,
        ]
        .into_iter()
        .min()
        .unwrap_or_default()
    }

    pub(crate) fn add(&mut self, answer: &Answer) {
        match (answer.allowed, answer.reasons.is_empty()) {
            (true, _) => self.allowed += 1,
            (false, false) => self.forbidden += 1,
            (false, true) => self.denied += 1,
        }
        self.erring += u64::from(!answer.errors.is_empty());
        self.crowded += u64::from(answer.reasons.len() > 1 || answer.errors.len() > 1);
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.allowed += other.allowed;
        self.forbidden += other.forbidden;
        self.denied += other.denied;
        self.erring += other.erring;
        self.crowded += other.crowded;
        self.refused += other.refused;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cases in {} policy sets: {} allowed, {} forbidden, {} denied by default; {} with errors, {} with \
             several reasons or errors; {} inputs refused by both",
            self.cases(),
            self.worlds,
            self.allowed,
            self.forbidden,
            self.denied,
            self.erring,
            self.crowded,
            self.refused,
        )
    }
}
