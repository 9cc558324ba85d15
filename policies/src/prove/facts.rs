//! What a pack's static entities say, told to the solver.
//!
//! The solver knows the schema and takes every hierarchy and every attribute for possible. A pack
//! fixes some of them: its groups, its static entities. They are told as one policy that forbids
//! everything unless they hold, which changes no answer where they do.

use super::ProveError;
use super::pack::Pack;
use cedar_policy::{
    Entity, EntityUid, EvalResult, Policy, PolicySet, Schema, ValidationMode, Validator,
};
use cedar_policy_core::validator::ValidatorEntityType;
use cedar_policy_core::validator::types::Attributes;
use std::collections::BTreeSet;

/// The policy that forbids unless the static entities of `pack` are as the pack says; only those
/// that `policies` can reach are told, for the others could as well have another name.
pub(super) fn facts<'p>(
    pack: &Pack,
    policies: impl IntoIterator<Item = &'p Policy>,
) -> Result<Option<Policy>, ProveError> {
    let reached = reached(pack, policies);
    let mut facts = Vec::new();
    for uid in &reached {
        if let Some(entity) = pack.entities.get(uid) {
            membership(pack, uid, &reached, &mut facts);
            attributes(&pack.schema, entity, &mut facts);
        }
    }
    // Cedar has no literal for some values, such as an empty set within a set.
    facts.retain(|fact| {
        let policy = format!("permit (principal, action, resource) when {{ {fact} }};");
        policy.parse().is_ok_and(|policies: PolicySet| {
            Validator::new(pack.schema.clone())
                .validate(&policies, ValidationMode::Strict)
                .validation_passed()
        })
    });
    if facts.is_empty() {
        return Ok(None);
    }
    let policy = format!(
        "forbid (principal, action, resource) unless {{ {} }};",
        facts.join(" && ")
    );
    Policy::parse(None, policy)
        .map(Some)
        .map_err(|error| ProveError::Untranslatable(error.to_string()))
}

/// The entities that the policies name, and those that these refer to.
fn reached<'p>(pack: &Pack, policies: impl IntoIterator<Item = &'p Policy>) -> BTreeSet<EntityUid> {
    let mut waiting: Vec<EntityUid> = policies
        .into_iter()
        .flat_map(Policy::entity_literals)
        .filter(|uid| uid.type_name().basename() != "Action")
        .collect();
    let mut reached = BTreeSet::new();
    while let Some(uid) = waiting.pop() {
        if let Some(entity) = pack.entities.get(&uid) {
            let values = entity.attrs().chain(entity.tags());
            for value in values.filter_map(|(_, value)| value.ok()) {
                references(&value, &mut waiting);
            }
        }
        reached.insert(uid);
        waiting.retain(|other| !reached.contains(other));
    }
    reached
}

fn references(value: &EvalResult, found: &mut Vec<EntityUid>) {
    match value {
        EvalResult::EntityUid(uid) => found.push(uid.clone()),
        EvalResult::Set(set) => set.iter().for_each(|value| references(value, found)),
        EvalResult::Record(record) => {
            for (_, value) in record.iter() {
                references(value, found);
            }
        }
        EvalResult::Bool(_)
        | EvalResult::Long(_)
        | EvalResult::String(_)
        | EvalResult::ExtensionValue(_) => {}
    }
}

/// Which of the others it is a member of, and which not.
fn membership(pack: &Pack, uid: &EntityUid, others: &BTreeSet<EntityUid>, facts: &mut Vec<String>) {
    let ancestors: BTreeSet<&EntityUid> =
        pack.entities.ancestors(uid).into_iter().flatten().collect();
    for other in others.iter().filter(|other| *other != uid) {
        facts.push(if ancestors.contains(other) {
            format!("{uid} in {other}")
        } else {
            format!("!({uid} in {other})")
        });
    }
}

/// Its attributes and tags, and which optional attributes it has not.
fn attributes(schema: &Schema, entity: &Entity, facts: &mut Vec<String>) {
    let uid = entity.uid();
    for (name, value) in entity.attrs() {
        if let Ok(value) = value {
            let name = quoted(name);
            facts.push(format!(
                "{uid} has {name} && {}",
                equals(&format!("{uid}[{name}]"), &value)
            ));
        }
    }
    for (name, value) in entity.tags() {
        if let Ok(value) = value {
            let name = quoted(name);
            facts.push(format!(
                "{uid}.hasTag({name}) && {}",
                equals(&format!("{uid}.getTag({name})"), &value)
            ));
        }
    }
    let declared = schema
        .as_ref()
        .get_entity_type(uid.type_name().as_ref())
        .map(ValidatorEntityType::attributes);
    for (name, declared) in declared.into_iter().flat_map(Attributes::iter) {
        if !declared.is_required && entity.attr(name).is_none() {
            facts.push(format!("!({uid} has {})", quoted(name)));
        }
    }
}

fn equals(path: &str, value: &EvalResult) -> String {
    match value {
        // The type of an empty set's literal can't be told.
        EvalResult::Set(set) if set.is_empty() => format!("{path}.isEmpty()"),
        value => format!("{path} == {value}"),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.escape_debug())
}
