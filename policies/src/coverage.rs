//! Which policies and which branches of their conditions the cases of a pack reach.

use crate::cases::{Answer, Run, Target};
use crate::compile::Condition;
use crate::diagnostics::Diagnostics;
use crate::pack::STACK;
use crate::sources::{Source, Sources};
use crate::text::is_negated_comparison;
use cedar_policy_core::ast::Expr;
use core::fmt;
use countersign_core::policy::TraceStep;
use miette::SourceSpan;

/// What was reached, by policy in the order of the source.
#[derive(Clone, Debug)]
pub struct Coverage {
    policies: Vec<PolicyCoverage>,
}

/// What was reached of a policy.
#[derive(Clone, Debug)]
pub struct PolicyCoverage {
    /// The policy's id.
    pub id: String,
    /// In how many cases the policy was among the determining ones.
    pub decided: u64,
    /// Its conditions, in the order of the source.
    pub conditions: Vec<ConditionCoverage>,
}

/// What was reached of a condition: an operand of `&&`, `||` or `!`, the guard of an `if`, or a whole
/// `when` or `unless`, that isn't made of such itself.
#[derive(Clone, Debug)]
pub struct ConditionCoverage {
    /// The condition, in Cedar, on one line.
    pub text: String,
    /// The line and the column where it begins, from 1.
    pub place: (usize, usize),
    /// Where it is in the source, in bytes.
    pub span: SourceSpan,
    /// How often it was true.
    pub held: u64,
    /// How often it was false.
    pub failed: u64,
    /// Whether Cedar takes it for the negation of what is evaluated, as it does `a != b`.
    is_negated: bool,
}

impl ConditionCoverage {
    /// The condition at `span` of `source`, reached by nothing yet.
    fn new(source: &Source, span: SourceSpan) -> Self {
        let whole = source.text();
        let end = span.offset().saturating_add(span.len());
        let text = whole.get(span.offset()..end).unwrap_or_default();
        let before = whole.get(..span.offset()).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default();
        Self {
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            place: (before.matches('\n').count() + 1, column.chars().count() + 1),
            span,
            held: 0,
            failed: 0,
            is_negated: text
                .parse()
                .is_ok_and(|expr: Expr| is_negated_comparison(&expr)),
        }
    }

    fn note(&mut self, truth: bool) {
        if truth == self.is_negated {
            self.failed += 1;
        } else {
            self.held += 1;
        }
    }
}

/// Something that no case reaches.
#[derive(Clone, Copy, Debug)]
pub enum Gap<'c> {
    /// The policy decides no case.
    NeverDecides(&'c PolicyCoverage),
    /// The condition is true in no case.
    NeverTrue(&'c PolicyCoverage, &'c ConditionCoverage),
    /// The condition is false in no case.
    NeverFalse(&'c PolicyCoverage, &'c ConditionCoverage),
}

impl fmt::Display for Gap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverDecides(policy) => write!(f, "{} decides no case", policy.id),
            Self::NeverTrue(policy, condition) => {
                write!(f, "{}: `{}` is never true", policy.id, condition.text)
            }
            Self::NeverFalse(policy, condition) => {
                write!(f, "{}: `{}` is never false", policy.id, condition.text)
            }
        }
    }
}

impl Gap<'_> {
    /// The condition's line and column; none for a whole policy.
    #[must_use]
    pub fn place(&self) -> Option<(usize, usize)> {
        match self {
            Self::NeverDecides(_) => None,
            Self::NeverTrue(_, condition) | Self::NeverFalse(_, condition) => Some(condition.place),
        }
    }
}

impl Coverage {
    /// The policies, in the order of the source.
    #[must_use]
    pub fn policies(&self) -> &[PolicyCoverage] {
        &self.policies
    }

    /// Takes in what came of a question.
    fn note(&mut self, target: &Target, answer: &Answer, trace: &[TraceStep]) {
        for policy in &mut self.policies {
            policy.decided += u64::from(answer.reasons.contains(&policy.id));
        }
        for step in trace {
            let is_at = |one: &&Condition| (one.policy, one.at) == (step.policy, step.at);
            let Some(at) = target.conditions().iter().find(is_at) else {
                continue;
            };
            let policy = usize::try_from(step.policy).ok();
            if let Some(policy) = policy.and_then(|number| self.policies.get_mut(number)) {
                for condition in policy
                    .conditions
                    .iter_mut()
                    .filter(|one| one.span == at.span)
                {
                    condition.note(step.truth);
                }
            }
        }
    }

    /// How many policies decided a case, of how many.
    #[must_use]
    pub fn decided(&self) -> (usize, usize) {
        let decided = self.policies.iter().filter(|one| one.decided > 0);
        (decided.count(), self.policies.len())
    }

    /// How many branches were taken, of how many: each condition has two.
    #[must_use]
    pub fn branches(&self) -> (usize, usize) {
        let conditions = || self.policies.iter().flat_map(|one| &one.conditions);
        let taken = conditions()
            .map(|one| usize::from(one.held > 0) + usize::from(one.failed > 0))
            .sum();
        (taken, 2 * conditions().count())
    }

    /// The share of policies and branches together that was reached, in whole percent, rounded down: 100
    /// is all of them.
    #[must_use]
    pub fn percent(&self) -> usize {
        let ((decided, policies), (taken, branches)) = (self.decided(), self.branches());
        ((decided + taken) * 100)
            .checked_div(policies + branches)
            .unwrap_or(100)
    }

    /// What no case reaches, in the order of the source.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap<'_>> {
        let mut gaps = Vec::new();
        for policy in &self.policies {
            if policy.decided == 0 {
                gaps.push(Gap::NeverDecides(policy));
            }
            for condition in &policy.conditions {
                if condition.held == 0 {
                    gaps.push(Gap::NeverTrue(policy, condition));
                }
                if condition.failed == 0 {
                    gaps.push(Gap::NeverFalse(policy, condition));
                }
            }
        }
        gaps
    }
}

/// Runs the cases in `files` on the pack, and says what they reach.
///
/// # Errors
/// What is wrong with the pack or with the files.
pub fn run(sources: &Sources, files: &[Source]) -> Result<(Run, Coverage), Diagnostics> {
    stacker::grow(STACK, || run_here(sources, files))
}

fn run_here(sources: &Sources, files: &[Source]) -> Result<(Run, Coverage), Diagnostics> {
    let target = Target::new(sources)?;
    let policies = target.bundle().policies().zip(0..).map(|(policy, number)| {
        let own = |one: &&Condition| one.policy == number;
        let mut conditions: Vec<ConditionCoverage> = target
            .conditions()
            .iter()
            .filter(own)
            .map(|one| ConditionCoverage::new(&sources.policies, one.span))
            .collect();
        conditions.sort_by_key(|one| (one.span.offset(), one.span.len()));
        PolicyCoverage {
            id: policy.id().to_owned(),
            decided: 0,
            conditions,
        }
    });
    let mut coverage = Coverage {
        policies: policies.collect(),
    };
    let run = Run::new(
        files,
        |case| target.question(case),
        |question| {
            let (answer, trace) = target.trace(question)?;
            coverage.note(&target, &answer, &trace);
            Ok(answer)
        },
    )?;
    Ok((run, coverage))
}
