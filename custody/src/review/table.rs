//! What a report shows, as text: the same for every form that a person reads.

use countersign_core::UnixSeconds;

use super::{Finding, Review, ReviewedKey, ReviewedPerson, Severity};
use crate::rfc_3339;

/// The columns of the keys.
pub(super) const COLUMNS: [&str; 9] = [
    "Key",
    "Owner",
    "State",
    "Age",
    "Ends",
    "Last use",
    "Uses",
    "Held, and used",
    "Held, not used",
];

/// The columns of the people.
pub(super) const PEOPLE: [&str; 7] = [
    "Who",
    "Roles",
    "Since",
    "Second factor",
    "Last act",
    "Acts",
    "Refused",
];

/// The columns of the findings.
pub(super) const FINDINGS: [&str; 4] = ["Severity", "Of", "What", "Code"];

/// Every finding, and of whom: those of keys first.
pub(super) fn findings(review: &Review) -> Vec<(String, &Finding)> {
    let mut findings = Vec::new();
    for key in &review.keys {
        let of = format!("key {} of {}", key.keyid, key.owner);
        findings.extend(key.findings.iter().map(|finding| (of.clone(), finding)));
    }
    for person in &review.people {
        let of = &person.name;
        findings.extend(person.findings.iter().map(|finding| (of.clone(), finding)));
    }
    findings.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    findings
}

/// A person under [`PEOPLE`].
pub(super) fn person(person: &ReviewedPerson) -> [String; 7] {
    let at = |at: Option<u64>, none: &str| at.map_or_else(|| none.to_owned(), instant);
    let second_factor = if person.has_second_factor {
        "yes"
    } else {
        "no"
    };
    [
        person.name.clone(),
        person.roles.join(", "),
        at(person.since, "the founding"),
        second_factor.to_owned(),
        at(person.acts.last_at, "never"),
        person.acts.times.to_string(),
        person.acts.refused.values().sum::<u64>().to_string(),
    ]
}

pub(super) fn title(review: &Review) -> String {
    format!("Access review of {}", review.environment)
}

/// Who made it, when, and from what.
pub(super) fn facts(review: &Review) -> Vec<(&'static str, String)> {
    let scope = match &review.owner {
        Some(owner) => format!("the keys of {owner} in {}", review.environment),
        None => format!("every key in {}", review.environment),
    };
    vec![
        ("Made by", review.made_by.clone()),
        ("Made at", instant(review.made_at)),
        ("Reason", review.reason.clone()),
        ("Scope", scope),
        ("Keys", review.keys.len().to_string()),
        ("Uses count over", format!("{} days", review.days)),
        ("Permissions by", review.permissions.clone()),
        ("Audit log", review.log.name.to_string()),
        ("Made from record", review.log.records.to_string()),
        ("Hash of that record", review.log.head.to_string()),
        ("Root of the tree", review.log.root.to_string()),
    ]
}

/// How many findings there are, the gravest first.
pub(super) fn counts(review: &Review) -> String {
    let counts = [
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Info,
    ]
    .map(|severity| {
        let count = review.findings.get(&severity).copied().unwrap_or(0);
        format!("{count} {}", severity.as_str())
    });
    counts.join(", ")
}

/// A key under [`COLUMNS`].
pub(super) fn row(key: &ReviewedKey) -> [String; 9] {
    let actions = |wanted: bool| {
        let held = key.held.iter();
        let held = held.filter(|held| key.unused.contains(&held.action) != wanted);
        let names: Vec<String> = held
            .map(|held| {
                let mark = if held.critical { " (!)" } else { "" };
                format!("{}{mark}", held.action)
            })
            .collect();
        names.join(", ")
    };
    let uses = match key.usage.refused.values().sum::<u64>() {
        0 => key.usage.times.to_string(),
        refused => format!("{}, refused {refused}", key.usage.times),
    };
    [
        key.keyid.clone(),
        key.owner.clone(),
        key.standing.to_owned(),
        format!("{} d", key.age_days),
        instant(key.ends_at),
        key.usage
            .last_at
            .map_or_else(|| "never".to_owned(), instant),
        uses,
        actions(true),
        actions(false),
    ]
}

/// What the mark means.
pub(super) const CRITICAL: &str =
    "(!) must not lie idle: to withdraw, to administer, or what asks for a second factor.";

/// What a reader has to know to check the report.
pub(super) const ANCHOR: &str = "The audit log holds a record `access.reviewed` with the SHA-256 of this report. \
    `countersign audit search --act access.reviewed` finds it, `countersign audit verify` shows that the log is whole, \
    and `countersign audit prove` proves the record to whoever has the log's public key.";

fn instant(at: u64) -> String {
    rfc_3339::seconds(UnixSeconds::new(at))
}
