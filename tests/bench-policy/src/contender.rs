//! Whoever decides, and what it answers.

use core::time::Duration;
use std::collections::BTreeSet;

use anyhow::{Result, ensure};

/// An answer, as far as the contender gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) allowed: bool,
    /// The ids of the determining policies, and of those that erred. Rego and the floor name none.
    pub(crate) policies: Option<(BTreeSet<String>, BTreeSet<String>)>,
}

impl Answer {
    pub(crate) fn bare(allowed: bool) -> Self {
        Answer {
            allowed,
            policies: None,
        }
    }

    pub(crate) fn full<S: Into<String>>(
        allowed: bool,
        reasons: impl IntoIterator<Item = S>,
        errors: impl IntoIterator<Item = S>,
    ) -> Self {
        Answer {
            allowed,
            policies: Some((
                reasons.into_iter().map(Into::into).collect(),
                errors.into_iter().map(Into::into).collect(),
            )),
        }
    }

    /// Whether both agree in all that both say.
    pub(crate) fn agrees(&self, other: &Answer) -> bool {
        let same = |(ours, theirs)| ours == theirs;
        self.allowed == other.allowed
            && self
                .policies
                .as_ref()
                .zip(other.policies.as_ref())
                .is_none_or(same)
    }
}

/// Whoever decides about the request of one case.
pub(crate) trait Contender {
    /// Its name in the table.
    fn name(&self) -> &'static str;

    /// Decides once.
    ///
    /// # Errors
    /// When it can't.
    fn answer(&mut self) -> Result<Answer>;

    /// Decides `times` times, and says how long it took. What is inside the clock is said with each
    /// contender.
    ///
    /// # Errors
    /// When it can't.
    fn time(&mut self, times: u32) -> Result<Duration>;
}

/// Fails unless all contenders give the first one's answer: a wrong answer isn't worth timing.
///
/// # Errors
/// Names the two that differ.
pub(crate) fn agree(case: &str, contenders: &mut [Box<dyn Contender>]) -> Result<()> {
    let mut first = None;
    for contender in contenders {
        let answer = contender.answer()?;
        let (name, expected) = first.get_or_insert_with(|| (contender.name(), answer.clone()));
        ensure!(
            answer.agrees(expected),
            "{case}: {name} answers {expected:?}, but {} {answer:?}",
            contender.name()
        );
        ensure!(answer.allowed, "{case}: {} denies", contender.name());
    }
    Ok(())
}
