//! A person or a service with a role, as a review has it.

use serde::Serialize;

use super::Usage;
use super::rules::{self, Finding, Findings, Severity, Thresholds};

/// A person or a service with a role, as a review has it.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewedPerson {
    /// Its name.
    pub name: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// Since when it has them, in seconds since 1970; none for a first owner.
    pub since: Option<u64>,
    /// Whether an authenticator of it counts.
    pub has_second_factor: bool,
    /// Its acts: those that were done, and refusals by code.
    pub acts: Usage,
    /// What to look at, the gravest first.
    pub findings: Vec<Finding>,
}

impl ReviewedPerson {
    /// What to look at. `began` is when the log begins, `owners` how many owners there are.
    pub(super) fn judge(&mut self, now: u64, began: u64, owners: usize, thresholds: &Thresholds) {
        let has = |role: &str| self.roles.iter().any(|one| one == role);
        let (is_owner, is_operator) = (has("owner"), has("operator"));
        let mut findings = Findings::default();
        if (is_owner || is_operator) && !self.has_second_factor {
            let severity = if is_owner {
                Severity::Medium
            } else {
                Severity::Low
            };
            let message = "no authenticator counts: critical acts wait for another person";
            findings.add("second_factor_missing", severity, message.to_owned());
        }
        if is_owner && owners == 1 {
            let message = "the only owner: nobody could stand in, or approve what is critical";
            findings.add("owner_alone", Severity::Low, message.to_owned());
        }
        let since = self.acts.last_at.max(self.since).unwrap_or(began);
        let idle = now.saturating_sub(since) / 86_400;
        if idle >= thresholds.unused {
            let is_long = idle >= thresholds.unused.saturating_mul(2);
            let severity = if is_long && (is_owner || is_operator) {
                Severity::Medium
            } else {
                Severity::Low
            };
            let message = format!("did nothing here for {}", rules::in_days(idle));
            findings.add("role_unused", severity, message);
        }
        self.findings = findings.gravest_first();
    }
}
