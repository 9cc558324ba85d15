//! The index: for each action the policies that can matter, by what they ask of principal and
//! resource.
//!
//! Only what can't err may be skipped, and of a policy that is its scope.

use super::bundle::{PolicyRow, Scope};
use super::entity::Entities;
use super::error::BundleError;
use super::format::scope;
use super::reader::Reader;
use super::value::EntityUid;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The rows of all actions.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// Ascending by action; the first, without one, is for every action that has no row.
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    action: Option<EntityUid>,
    buckets: Vec<Bucket>,
}

/// Policies with the same key.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    pub(super) principal: Key,
    pub(super) resource: Key,
    /// Numbers of policies, ascending.
    pub(super) policies: Vec<u32>,
}

/// The part of a scope that selects a bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Any,
    Equal(EntityUid),
    In(EntityUid),
    Is(Box<str>),
}

impl Index {
    /// The buckets for `action`.
    pub(super) fn buckets(&self, action: &EntityUid) -> &[Bucket] {
        let at = self
            .rows
            .binary_search_by(|row| row.action.as_ref().cmp(&Some(action)))
            .unwrap_or(0);
        self.rows.get(at).map_or(&[], |row| &row.buckets)
    }

    /// Reads the index, and checks that it leaves out no policy that could matter.
    pub(super) fn read(
        mut reader: Reader<'_>,
        policies: &[PolicyRow],
        entities: &Entities,
    ) -> Result<Self, BundleError> {
        let count = reader.count(5)?;
        let mut rows: Vec<Row> = Vec::with_capacity(count);
        for _ in 0..count {
            let action = match reader.byte()? {
                0 => None,
                1 => Some(reader.uid()?),
                _ => return Err(reader.broken("a row is for one action or for all others")),
            };
            let in_order = match rows.last() {
                None => action.is_none(),
                Some(last) => last.action < action,
            };
            if !in_order {
                return Err(reader.broken("the rows aren't strictly ascending"));
            }
            let buckets = read_buckets(&mut reader, policies)?;
            let listed: usize = buckets.iter().map(|bucket| bucket.policies.len()).sum();
            let taken = |policy: &&PolicyRow| policy.action.takes(action.as_ref(), entities);
            let complete = listed == policies.iter().filter(taken).count()
                && buckets
                    .iter()
                    .flat_map(|bucket| &bucket.policies)
                    .all(|number| policy(policies, *number).is_some_and(|p| taken(&p)));
            if !complete {
                return Err(reader.broken("the row doesn't have the policies of its action"));
            }
            rows.push(Row { action, buckets });
        }
        let index = Self { rows };
        if index.rows.is_empty() || !index.has_all_actions(policies, entities) {
            return Err(reader.broken("an action has no row"));
        }
        reader.end()?;
        Ok(index)
    }

    /// Whether each action has a row that a scope names or that is a static entity.
    fn has_all_actions(&self, policies: &[PolicyRow], entities: &Entities) -> bool {
        use super::bundle::ActionScope;
        let has = |action: &EntityUid| {
            self.rows
                .binary_search_by(|row| row.action.as_ref().cmp(&Some(action)))
                .is_ok()
        };
        policies.iter().all(|policy| match &policy.action {
            ActionScope::Any => true,
            ActionScope::Equal(uid) => has(uid),
            ActionScope::InAny(uids) => uids.iter().all(has),
        }) && entities
            .as_slice()
            .iter()
            .all(|entity| !is_action(entity.uid()) || has(entity.uid()))
    }
}

/// Whether the entity is an action: the last part of its type's name is `Action`.
fn is_action(uid: &EntityUid) -> bool {
    let entity_type = uid.entity_type();
    entity_type == "Action" || entity_type.ends_with("::Action")
}

fn policy(policies: &[PolicyRow], number: u32) -> Option<&PolicyRow> {
    policies.get(usize::try_from(number).ok()?)
}

fn read_buckets(
    reader: &mut Reader<'_>,
    policies: &[PolicyRow],
) -> Result<Vec<Bucket>, BundleError> {
    let count = reader.count(6)?;
    let mut buckets: Vec<Bucket> = Vec::with_capacity(count);
    for _ in 0..count {
        let (principal, resource) = (read_key(reader)?, read_key(reader)?);
        if buckets
            .last()
            .is_some_and(|last| (&last.principal, &last.resource) >= (&principal, &resource))
        {
            return Err(reader.broken("the buckets aren't strictly ascending"));
        }
        let len = reader.count(4)?;
        let mut numbers: Vec<u32> = Vec::with_capacity(len);
        for _ in 0..len {
            let number = reader.word()?;
            let fits = policy(policies, number).is_some_and(|policy| {
                principal_key(&policy.principal) == principal
                    && resource_key(&policy.resource) == resource
            });
            if !fits || numbers.last().is_some_and(|last| *last >= number) {
                return Err(reader.broken("the policy isn't one of this bucket"));
            }
            numbers.push(number);
        }
        buckets.push(Bucket {
            principal,
            resource,
            policies: numbers,
        });
    }
    Ok(buckets)
}

fn read_key(reader: &mut Reader<'_>) -> Result<Key, BundleError> {
    Ok(match reader.byte()? {
        scope::ANY => Key::Any,
        scope::EQUAL => Key::Equal(reader.uid()?),
        scope::IN => Key::In(reader.uid()?),
        scope::IS => Key::Is(reader.string()?.into()),
        _ => return Err(BundleError::FormatUnsupported),
    })
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
        Scope::Equal(uid) => Key::Is(uid.entity_type().into()),
        Scope::Is(entity_type) | Scope::IsIn(entity_type, _) => Key::Is(entity_type.clone()),
    }
}
