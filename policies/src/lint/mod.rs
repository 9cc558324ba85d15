//! Lint: what is valid Cedar, and still not what its author can have meant.
//!
//! | Code | Severity | Says |
//! |---|---|---|
//! | `policy_never_applies` | error | no request satisfies the policy |
//! | `permit_without_limit` | error | a permit of everything to everyone |
//! | `forbid_shadows_everything` | error | a forbid that leaves the permits of an action nothing |
//! | `forbid_may_err` | warning | a forbid that can err: one that errs forbids nothing |
//! | `write_without_condition` | warning | a permit whose scope alone opens a write action |
//! | `policy_duplicate` | warning | a policy that says what another says |
//! | `group_unknown` | warning | a policy names a group that the pack doesn't have |
//! | `group_unused` | warning | a group that opens and closes nothing |
//! | `action_unused` | warning | an action that no policy speaks of |
//! | `action_without_route` | warning | an action that no request leads to |
//! | `text_misleading` | warning | a name or a string that looks like another |
//! | `policies_unformatted` | warning | the policies aren't in the formatter's form |
//!
//! A *write action* is one that a route leads to by a method other than `GET`, `HEAD` and `OPTIONS`,
//! or that the schema annotates with `@write`. A policy with the annotation
//! `@lint_allow("CODE CODE")` keeps warnings with these codes to itself; errors it can't.

mod constant;
mod duplicates;
mod errs;
mod findings;
mod forbids;
mod format;
mod guard;
mod never;
mod permits;
mod subject;
mod text;
mod unused;

pub use findings::{Finding, Severity};
pub use format::format;

use crate::compile::compile;
use crate::diagnostics::Diagnostics;
use crate::sources::Sources;
use findings::Findings;
use subject::{Rules, Subject};

/// What there is to say about a pack that compiles, by source and place.
///
/// # Errors
/// Those of [`compile`]: a pack that doesn't compile isn't linted.
pub fn lint(sources: &Sources) -> Result<Vec<Finding>, Diagnostics> {
    compile(sources)?;
    let subject = Subject::new(sources)?;
    let all = subject.rules();
    let mut findings = Findings::default();
    for rule in RULES {
        rule(&subject, &all, &mut findings);
    }
    Ok(findings.into_sorted())
}

type Rule = fn(&Subject<'_>, &[Rules<'_>], &mut Findings);

const RULES: [Rule; 10] = [
    never::policy_never_applies,
    permits::permit_without_limit,
    permits::write_without_condition,
    forbids::forbid_shadows_everything,
    errs::forbid_may_err,
    duplicates::policy_duplicate,
    unused::groups,
    unused::actions,
    text::text_misleading,
    format::policies_unformatted,
];
