//! What two bundles say differently, and which decisions that changes.

mod replay;

pub use replay::{Answer, ChangedAnswer, RecordedKey, RecordedRequest, replay};

use crate::listing::{ListedEntity, ListedPolicy, ListedRoute, Listing};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A thing that only one bundle has, or that both have and not alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `manifest`, `policy`, `entity` or `route`.
    pub what: &'static str,
    /// Its id, uid, or method and path.
    pub name: String,
    /// In which bundle it is.
    pub kind: ChangeKind,
    /// What differs; of one that only one bundle has, all of it.
    pub details: Vec<Detail>,
}

/// In which bundle a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// In the new one.
    Added,
    /// In the old one.
    Removed,
    /// In both, and not alike.
    Changed,
}

/// One difference within a thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// What it is that differs, such as `principal`, `conditions` or `@reason`.
    pub field: String,
    /// As it was; may have several lines.
    pub old: Option<String>,
    /// As it is; may have several lines.
    pub new: Option<String>,
}

/// What differs: first the manifest, then policies, entities and routes, each by name.
///
/// Conditions are compared as they were compiled. The order of the policies changes no decision, so
/// it is no difference.
#[must_use]
pub fn difference(old: &Listing, new: &Listing) -> Vec<Change> {
    let mut changes = changed("manifest", "pack", &manifest(old), &manifest(new))
        .into_iter()
        .collect::<Vec<_>>();
    changes.extend(compare("policy", &old.policies, &new.policies, policy));
    changes.extend(compare("entity", &old.entities, &new.entities, entity));
    changes.extend(compare("route", &old.routes, &new.routes, route));
    changes
}

/// What there is to compare of a thing: field and text.
type Fields = BTreeMap<String, String>;

fn compare<T>(
    what: &'static str,
    old: &[T],
    new: &[T],
    describe: impl Fn(&T) -> (String, Fields),
) -> Vec<Change> {
    let old: BTreeMap<String, Fields> = old.iter().map(&describe).collect();
    let new: BTreeMap<String, Fields> = new.iter().map(&describe).collect();
    let none = Fields::new();
    let mut changes = Vec::new();
    for (name, fields) in &old {
        match new.get(name) {
            None => changes.push(change(what, name, ChangeKind::Removed, fields, &none)),
            Some(now) => changes.extend(changed(what, name, fields, now)),
        }
    }
    for (name, fields) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        changes.push(change(what, name, ChangeKind::Added, &none, fields));
    }
    changes.sort_by(|a, b| a.name.cmp(&b.name));
    changes
}

fn changed(what: &'static str, name: &str, old: &Fields, new: &Fields) -> Option<Change> {
    (old != new).then(|| change(what, name, ChangeKind::Changed, old, new))
}

fn change(what: &'static str, name: &str, kind: ChangeKind, old: &Fields, new: &Fields) -> Change {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let details = names
        .into_iter()
        .filter(|field| old.get(*field) != new.get(*field))
        .map(|field| Detail {
            field: field.clone(),
            old: old.get(field).cloned(),
            new: new.get(field).cloned(),
        })
        .collect();
    Change {
        what,
        name: name.to_owned(),
        kind,
        details,
    }
}

fn fields<const N: usize>(fields: [(&str, &str); N]) -> Fields {
    fields
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(field, text)| (field.to_owned(), text.to_owned()))
        .collect()
}

fn manifest(listing: &Listing) -> Fields {
    fields([
        ("name", &listing.name),
        ("version", &listing.version),
        ("principal_type", &listing.principal_type),
        (
            "group_type",
            listing.group_type.as_deref().unwrap_or_default(),
        ),
    ])
}

fn policy(policy: &ListedPolicy) -> (String, Fields) {
    let code: Vec<String> = policy
        .code
        .iter()
        .map(|instruction| format!("{} {}", instruction.opcode, instruction.operand))
        .map(|line| line.trim_end().to_owned())
        .collect();
    let mut fields = fields([
        ("effect", &policy.effect),
        ("principal", &policy.principal),
        ("action", &policy.action),
        ("resource", &policy.resource),
        ("conditions", &code.join("\n")),
    ]);
    let annotations = policy.annotations.iter();
    fields.extend(annotations.map(|(name, value)| (format!("@{name}"), value.clone())));
    (policy.id.clone(), fields)
}

fn entity(entity: &ListedEntity) -> (String, Fields) {
    let ancestors = entity.ancestors.join("\n");
    let fields = fields([
        ("ancestors", &ancestors),
        ("attributes", &entity.attributes),
        ("tags", &entity.tags),
    ]);
    (entity.uid.clone(), fields)
}

fn route(route: &ListedRoute) -> (String, Fields) {
    let fields = fields([("action", &route.action), ("resource", &route.resource)]);
    (format!("{} {}", route.method, route.path), fields)
}
