//! What is worth an auditor's look.

use std::cmp::Reverse;

use countersign_core::UnixSeconds;
use serde::Serialize;
use serde_json::Value;

use super::ReviewedKey;
use crate::custodian::KeyEntry;
use crate::life::Standing;
use crate::rfc_3339;

const DAY: u64 = 86_400;
/// The tag, or the group, of a key for emergencies.
const BREAK_GLASS: &str = "break-glass";

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// To know.
    Info,
    /// To tidy up.
    Low,
    /// To see to soon.
    Medium,
    /// To see to now.
    High,
}

impl Severity {
    /// `info`, `low`, `medium` or `high`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        }
    }
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable code.
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// A sentence.
    pub message: String,
}

/// From when on something is worth a finding. All in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// A key without a use: 30, and twice that for a graver finding.
    pub unused: u64,
    /// The end of a key that is near: 14, and half of that for a graver finding.
    pub expiring: u64,
    /// A key that is over, and whose secret is still kept: 30.
    pub undestroyed: u64,
    /// A key without a schedule that wasn't rotated: 90.
    pub rotation: u64,
    /// A key that is suspended: 30.
    pub suspended: u64,
    /// A key that waits to be activated: 14.
    pub pending: u64,
    /// The end of a trial that is near: 7.
    pub trial: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds {
            unused: 30,
            expiring: 14,
            undestroyed: 30,
            rotation: 90,
            suspended: 30,
            pending: 14,
            trial: 7,
        }
    }
}

/// What is known of a key beside what the review shows.
pub(super) struct Seen<'a> {
    pub(super) entry: &'a KeyEntry,
    pub(super) now: UnixSeconds,
    /// Its owner had a role, and has none any more.
    pub(super) dismissed: bool,
    pub(super) address_attributes: &'a [String],
    pub(super) days: u64,
}

impl Seen<'_> {
    fn standing(&self) -> Standing {
        self.entry.life().standing(self.now)
    }

    /// For how many whole days it has been so.
    fn days_since(&self, at: UnixSeconds) -> u64 {
        self.now.get().saturating_sub(at.get()) / DAY
    }

    /// Until then, begun days count.
    fn days_until(&self, at: UnixSeconds) -> u64 {
        at.get().saturating_sub(self.now.get()).div_ceil(DAY)
    }
}

/// What to look at, the gravest first.
pub(super) fn findings(
    key: &ReviewedKey,
    seen: &Seen<'_>,
    thresholds: &Thresholds,
) -> Vec<Finding> {
    let mut findings = Findings::default();
    match seen.standing() {
        Standing::Active | Standing::Retiring => {
            of_use(key, seen, thresholds, &mut findings);
            of_permissions(key, seen, &mut findings);
            of_time(key, seen, thresholds, &mut findings);
        }
        Standing::Pending | Standing::Suspended => of_waiting(seen, thresholds, &mut findings),
        Standing::Expired | Standing::Revoked => of_end(seen, thresholds, &mut findings),
        Standing::Destroyed => {}
    }
    let is_over = matches!(
        seen.standing(),
        Standing::Expired | Standing::Revoked | Standing::Destroyed
    );
    if seen.dismissed && !is_over {
        let owner = &key.owner;
        let message = format!("its owner, {owner}, has no role here any more");
        findings.add("owner_dismissed", Severity::High, message);
    }
    let codes = ["key_expired", "key_revoked"];
    let refused = codes.iter().filter_map(|code| key.usage.refused.get(*code));
    let refused = refused.fold(0_u64, |sum, count| sum.saturating_add(*count));
    if refused > 0 {
        let message = format!(
            "it was tried {} after it was stopped",
            counted(refused, "time")
        );
        findings.add("tried_out_of_use", Severity::Medium, message);
    }
    findings.gravest_first()
}

/// `1 day`, `2 days`.
fn counted(count: u64, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {one}s"),
    }
}

pub(super) fn in_days(count: u64) -> String {
    counted(count, "day")
}

#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn gravest_first(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|finding| Reverse(finding.severity));
        self.0
    }

    pub(super) fn add(&mut self, code: &'static str, severity: Severity, message: String) {
        self.0.push(Finding {
            code,
            severity,
            message,
        });
    }
}

fn of_use(key: &ReviewedKey, seen: &Seen<'_>, thresholds: &Thresholds, findings: &mut Findings) {
    let life = seen.entry.life();
    let is = |name: &String| name == BREAK_GLASS;
    if key.tags.iter().any(is) || key.groups.iter().any(is) {
        if key.usage.times > 0 {
            let message = format!(
                "a key for emergencies was used {} in {}: each use needs its incident",
                counted(key.usage.times, "time"),
                in_days(seen.days)
            );
            findings.add("break_glass_used", Severity::High, message);
        } else {
            let message = "a key for emergencies verifies, and was not used".to_owned();
            findings.add("break_glass", Severity::Info, message);
        }
        return;
    }
    let idle = match key.usage.last_at {
        Some(at) => seen.days_since(UnixSeconds::new(at)),
        None => seen.days_since(life.not_before()),
    };
    let severity = match idle {
        idle if idle >= thresholds.unused.saturating_mul(2) => Severity::Medium,
        idle if idle >= thresholds.unused => Severity::Low,
        _ => return,
    };
    if key.usage.last_at.is_some() {
        findings.add(
            "unused",
            severity,
            format!("nobody used it for {}", in_days(idle)),
        );
    } else {
        let message = format!("it was never used, in {}", in_days(idle));
        findings.add("never_used", severity, message);
    }
}

fn of_permissions(key: &ReviewedKey, seen: &Seen<'_>, findings: &mut Findings) {
    let is_unused = |action: &String| key.unused.contains(action);
    let (critical, plain): (Vec<_>, Vec<_>) = key
        .held
        .iter()
        .filter(|held| is_unused(&held.action))
        .partition(|held| held.critical);
    let names = |held: &[&super::Held]| {
        let names: Vec<&str> = held.iter().map(|held| held.action.as_str()).collect();
        names.join(", ")
    };
    let days = in_days(seen.days);
    if !critical.is_empty() {
        let message = format!("it may do this and didn't in {days}: {}", names(&critical));
        findings.add("critical_unused", Severity::High, message);
    }
    if key.usage.times > 0 && !plain.is_empty() {
        let message = format!(
            "{} of {} permissions weren't used in {days}: {}",
            plain.len(),
            key.held.len(),
            names(&plain)
        );
        findings.add("permissions_unused", Severity::Low, message);
    }
    let is_bound = |name: &String| match seen.entry.attributes().get(name) {
        Some(Value::Array(addresses)) => !addresses.is_empty(),
        other => other.is_some(),
    };
    if !seen.address_attributes.is_empty() && !seen.address_attributes.iter().any(is_bound) {
        let has_critical = key.held.iter().any(|held| held.critical);
        let severity = if has_critical {
            Severity::High
        } else {
            Severity::Low
        };
        let message = format!(
            "no address binds it: it has none of {}",
            seen.address_attributes.join(", ")
        );
        findings.add("address_unbound", severity, message);
    }
}

fn of_time(key: &ReviewedKey, seen: &Seen<'_>, thresholds: &Thresholds, findings: &mut Findings) {
    let life = seen.entry.life();
    let left = seen.days_until(life.ends_at());
    let is_trial_end = life.deadline().is_some_and(|end| end <= life.ends_at());
    if is_trial_end && left <= thresholds.trial {
        let message = format!(
            "its trial ends in {}, and no successor goes on",
            in_days(left)
        );
        findings.add("trial_ending", Severity::Low, message);
    } else if life.successor().is_none() && left <= thresholds.expiring {
        let is_near = left <= thresholds.expiring / 2;
        let severity = if is_near {
            Severity::Medium
        } else {
            Severity::Low
        };
        let message = format!(
            "it ends in {}, at {}, and has no successor",
            in_days(left),
            rfc_3339::seconds(life.ends_at())
        );
        findings.add("expiring", severity, message);
    }
    if life.successor().is_some() {
        return;
    }
    let age = seen.days_since(life.not_before());
    match key.rotate_every {
        Some(every) if seen.now.get() > life.not_before().get().saturating_add(every) + DAY => {
            let message = format!(
                "its schedule rotates it every {}, and it is {} old",
                in_days(every / DAY),
                in_days(age)
            );
            findings.add("rotation_overdue", Severity::Medium, message);
        }
        None if age >= thresholds.rotation => {
            let message = format!(
                "it wasn't rotated for {}, and has no schedule",
                in_days(age)
            );
            findings.add("rotation_due", Severity::Low, message);
        }
        _ => {}
    }
}

fn of_waiting(seen: &Seen<'_>, thresholds: &Thresholds, findings: &mut Findings) {
    let life = seen.entry.life();
    if seen.standing() == Standing::Suspended {
        let days = seen.days_since(life.seen_at());
        if days >= thresholds.suspended {
            let message = format!(
                "it is suspended for {}: resume it, or revoke it",
                in_days(days)
            );
            findings.add("suspended_long", Severity::Medium, message);
        }
        return;
    }
    let days = seen.days_since(life.not_before());
    if life.not_before() <= seen.now && days >= thresholds.pending {
        let message = format!("it waits for {} to be activated", in_days(days));
        findings.add("pending_long", Severity::Low, message);
    }
}

fn of_end(seen: &Seen<'_>, thresholds: &Thresholds, findings: &mut Findings) {
    let life = seen.entry.life();
    let (since, what) = match seen.standing() {
        Standing::Revoked => (life.seen_at(), "was revoked"),
        _ => (life.ends_at(), "expired"),
    };
    let days = seen.days_since(since);
    if seen.entry.has_secret() && days >= thresholds.undestroyed {
        let message = format!(
            "it {what} {} ago, and its secret is still kept: destroy it",
            in_days(days)
        );
        findings.add("undestroyed", Severity::Medium, message);
    }
}
