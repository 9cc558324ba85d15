//! Text that looks like other text.

use super::findings::Findings;
use super::subject::{Rules, Subject};
use crate::diagnostics::Problem;
use cedar_policy::ValidationWarning;

/// Finds names and strings that mix scripts, or have characters that change the direction of reading.
pub(super) fn text_misleading(subject: &Subject<'_>, _: &[Rules<'_>], findings: &mut Findings) {
    for warning in &subject.warnings {
        if let ValidationWarning::ImpossiblePolicy(_)
        | ValidationWarning::InvalidActionApplication(_) = warning
        {
            continue;
        }
        let source = &subject.sources.policies;
        findings.warning(Problem::cedar("text_misleading", source, warning));
    }
}
