//! Reads a file of cases.

use super::{Case, Expected, Outcome, What, Who};
use crate::diagnostics::{Diagnostics, Problem};
use crate::sources::Source;
use countersign_core::policy::EntityUid;
use miette::SourceSpan;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

impl Case {
    /// Reads a file of cases.
    ///
    /// # Errors
    /// `case_malformed` if the text isn't a list of cases, with the place.
    pub fn read(source: &Source) -> Result<Vec<Self>, Diagnostics> {
        let entries: Vec<Entry> = serde_json::from_str(source.text()).map_err(|error| {
            Problem::new("case_malformed", source, error.to_string()).at(place(
                source.text(),
                error.line(),
                error.column(),
            ))
        })?;
        let mut problems = Vec::new();
        let mut cases = Vec::new();
        for entry in entries {
            let description = entry.description.clone();
            match Self::try_from(entry) {
                Ok(case) => cases.push(case),
                Err(message) => {
                    let message = format!("the case `{description}` {message}");
                    problems.push(Problem::new("case_malformed", source, message));
                }
            }
        }
        Diagnostics::unless(problems, cases)
    }
}

/// The place of a line and a column, both from 1.
fn place(text: &str, line: usize, column: usize) -> Option<SourceSpan> {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.checked_sub(1)?)
        .map(str::len)
        .sum();
    let at = (start + column.saturating_sub(1)).min(text.len());
    Some(SourceSpan::from((at, 0)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    description: String,
    key: Option<KeyEntry>,
    principal: Option<UidEntry>,
    method: Option<String>,
    path: Option<String>,
    action: Option<UidEntry>,
    resource: Option<UidEntry>,
    #[serde(default)]
    entities: Vec<Value>,
    #[serde(default)]
    context: Map<String, Value>,
    decision: Outcome,
    reasons: Option<BTreeSet<String>>,
    #[serde(default)]
    errors: BTreeSet<String>,
    obligations: Option<BTreeMap<String, OneOrMany>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyEntry {
    id: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    attributes: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UidEntry {
    #[serde(rename = "type")]
    entity_type: String,
    id: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<UidEntry> for EntityUid {
    fn from(entry: UidEntry) -> Self {
        EntityUid::new(entry.entity_type, entry.id)
    }
}

impl TryFrom<Entry> for Case {
    type Error = &'static str;

    fn try_from(entry: Entry) -> Result<Self, &'static str> {
        let who = match (entry.key, entry.principal) {
            (Some(key), None) => Who::Key {
                id: key.id,
                groups: key.groups,
                attributes: key.attributes.into(),
            },
            (None, Some(principal)) => Who::Principal(principal.into()),
            _ => return Err("needs either its `key` or its `principal`"),
        };
        let what = match (entry.method, entry.path, entry.action, entry.resource) {
            (Some(method), Some(path), None, None) => What::Request { method, path },
            (None, None, Some(action), Some(resource)) => What::Action {
                action: action.into(),
                resource: resource.into(),
            },
            _ => return Err("needs either `method` and `path`, or `action` and `resource`"),
        };
        Ok(Case {
            description: entry.description,
            who,
            what,
            entities: entry.entities,
            context: entry.context.into(),
            expected: Expected {
                outcome: entry.decision,
                reasons: entry.reasons,
                errors: entry.errors,
                obligations: entry.obligations.map(flatten),
            },
        })
    }
}

fn flatten(obligations: BTreeMap<String, OneOrMany>) -> BTreeSet<(String, String)> {
    let mut flat = BTreeSet::new();
    for (name, values) in obligations {
        match values {
            OneOrMany::One(value) => {
                flat.insert((name, value));
            }
            OneOrMany::Many(values) => {
                flat.extend(values.into_iter().map(|value| (name.clone(), value)));
            }
        }
    }
    flat
}
