//! The index of a bundle: for each action the policies that can matter.

use crate::program::{ActionScope, CompiledPolicy, Program, Scope};
use countersign_core::policy::EntityUid;
use std::collections::{BTreeMap, BTreeSet};

/// Rows by action; `None` stands for every action that has no row.
pub(crate) type Rows = BTreeMap<Option<EntityUid>, Buckets>;
/// Numbers of policies by what they ask of principal and resource.
pub(crate) type Buckets = BTreeMap<(Key, Key), Vec<usize>>;

/// The part of a scope that selects a bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Any,
    Equal(EntityUid),
    In(EntityUid),
    Is(String),
}

/// Indexes the policies of `program`.
pub(crate) fn rows(program: &Program) -> Rows {
    actions(program)
        .into_iter()
        .map(|action| {
            let buckets = buckets(program, action.as_ref());
            (action, buckets)
        })
        .collect()
}

/// Every action that a scope names or the hierarchy has, and `None`.
fn actions(program: &Program) -> BTreeSet<Option<EntityUid>> {
    let mut actions = BTreeSet::from([None]);
    for entity in program.entities.as_slice() {
        let uid = entity.uid();
        if uid.entity_type().rsplit("::").next() == Some("Action") {
            actions.insert(Some(uid.clone()));
        }
    }
    for policy in &program.policies {
        match &policy.action {
            ActionScope::Any => {}
            ActionScope::Equal(uid) => {
                actions.insert(Some(uid.clone()));
            }
            ActionScope::InAny(uids) => actions.extend(uids.iter().cloned().map(Some)),
        }
    }
    actions
}

fn buckets(program: &Program, action: Option<&EntityUid>) -> Buckets {
    let mut buckets = Buckets::new();
    for (number, policy) in program.policies.iter().enumerate() {
        if takes(program, policy, action) {
            let key = (
                principal_key(&policy.principal),
                resource_key(&policy.resource),
            );
            buckets.entry(key).or_default().push(number);
        }
    }
    buckets
}

fn takes(program: &Program, policy: &CompiledPolicy, action: Option<&EntityUid>) -> bool {
    match (&policy.action, action) {
        (ActionScope::Any, _) => true,
        (_, None) => false,
        (ActionScope::Equal(uid), Some(action)) => uid == action,
        (ActionScope::InAny(uids), Some(action)) => uids.iter().any(|uid| {
            let entity = program.entities.get(action);
            uid == action || entity.is_some_and(|entity| entity.parents().contains(uid))
        }),
    }
}

fn principal_key(scope: &Scope) -> Key {
    match scope {
        Scope::Any => Key::Any,
        Scope::Equal(uid) => Key::Equal(uid.clone()),
        Scope::In(uid) | Scope::IsIn(_, uid) => Key::In(uid.clone()),
        Scope::Is(entity_type) => Key::Is(entity_type.clone()),
    }
}

fn resource_key(scope: &Scope) -> Key {
    match scope {
        Scope::Any | Scope::In(_) => Key::Any,
        Scope::Equal(uid) => Key::Is(uid.entity_type().to_owned()),
        Scope::Is(entity_type) | Scope::IsIn(entity_type, _) => Key::Is(entity_type.clone()),
    }
}
