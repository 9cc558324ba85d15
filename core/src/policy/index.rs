//! The index: for each action the policies that can matter, by what their scopes ask of principal and
//! resource.
//!
//! It is built when a bundle is loaded, not read from it: so no bundle can leave a `forbid` out. Only
//! what can't err may be skipped, and of a policy that is its scope.

use super::bundle::{ActionScope, PolicyRow, Scope};
use super::layer::{EntityId, Layer, Symbol, World};
use super::table::{Crowded, Table, hash_pair};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Stands for every resource type, and sorts before each.
const ANY_TYPE: Option<Symbol> = None;

/// Which policies can matter to a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// The row of each entity of the bundle; 0 for those that aren't an action of a policy's scope.
    row_of: Vec<u32>,
    /// The first is for the policies that take every action.
    rows: Vec<Row>,
    groups: Table,
    keys: Vec<(Key, Range<usize>)>,
    /// A group is a run of these, ascending by type and then by policy.
    entries: Vec<(Option<Symbol>, u32)>,
}

/// The policies of one action that no entity selects, and whether there are others.
#[derive(Clone, Debug, Default)]
struct Row {
    general: Range<usize>,
    by_principal: bool,
    by_resource: bool,
}

/// What selects a group: the most telling part of its policies' scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    row: u32,
    by: By,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Nothing,
    /// The principal is this entity or in it.
    Principal(EntityId),
    /// The resource is this entity or in it.
    Resource(EntityId),
}

impl Key {
    fn hash(self) -> u32 {
        match self.by {
            By::Nothing => hash_pair(self.row, 0),
            By::Principal(EntityId(id)) => hash_pair(self.row, id),
            By::Resource(EntityId(id)) => hash_pair(!self.row, id),
        }
    }
}

impl Index {
    /// Indexes `policies`, whose static hierarchy `layer` has.
    pub(super) fn build(layer: &Layer, policies: &[PolicyRow]) -> Result<Self, Crowded> {
        let world = World::new(layer, layer, layer);
        // Each group of actions with each action in it, ascending.
        let mut members: Vec<(EntityId, EntityId)> = Vec::new();
        for (action, node) in layer.known() {
            for group in world.ids(node.ancestors) {
                members.push((*group, action));
            }
        }
        members.sort_unstable();
        let mut index = Self {
            row_of: vec![0; layer.entities_len()],
            rows: vec![Row::default()],
            ..Self::default()
        };
        let mut filed: Vec<(Key, Option<Symbol>, u32)> = Vec::new();
        for (policy, number) in policies.iter().zip(0..) {
            let (by, resource_type) = keys(policy, &world);
            let mut rows = Vec::new();
            match policy.action {
                ActionScope::Any => rows.push(0),
                ActionScope::Equal(action) => rows.push(index.row(action)),
                ActionScope::InAny(groups) => {
                    for group in world.ids(groups) {
                        rows.push(index.row(*group));
                        let from = members.partition_point(|member| member.0 < *group);
                        let inside = members.iter().skip(from);
                        for (_, action) in inside.take_while(|member| member.0 == *group) {
                            rows.push(index.row(*action));
                        }
                    }
                }
            }
            rows.sort_unstable();
            rows.dedup();
            for row in rows {
                filed.push((Key { row, by }, resource_type, number));
            }
        }
        filed.sort_unstable();
        index.group(&filed)?;
        Ok(index)
    }

    /// The row of an action that a scope names.
    fn row(&mut self, action: EntityId) -> u32 {
        let next = u32::try_from(self.rows.len()).unwrap_or_default();
        let at = usize::try_from(action.0).unwrap_or(usize::MAX);
        match self.row_of.get_mut(at) {
            Some(row) if *row != 0 => *row,
            Some(row) => {
                *row = next;
                self.rows.push(Row::default());
                next
            }
            None => 0,
        }
    }

    fn group(&mut self, filed: &[(Key, Option<Symbol>, u32)]) -> Result<(), Crowded> {
        for group in filed.chunk_by(|a, b| a.0 == b.0) {
            let start = self.entries.len();
            for (_, resource_type, number) in group {
                self.entries.push((*resource_type, *number));
            }
            let run = start..self.entries.len();
            let Some((key, ..)) = group.first() else {
                continue;
            };
            if let Some(row) = usize::try_from(key.row)
                .ok()
                .and_then(|at| self.rows.get_mut(at))
            {
                match key.by {
                    By::Nothing => row.general = run.clone(),
                    By::Principal(_) => row.by_principal = true,
                    By::Resource(_) => row.by_resource = true,
                }
            }
            let number = u32::try_from(self.keys.len()).map_err(|_| Crowded)?;
            self.groups.insert(key.hash(), number)?;
            self.keys.push((*key, run));
        }
        Ok(())
    }

    /// Calls `ask` with each policy that can matter, each once, in no order.
    pub(super) fn candidates(
        &self,
        world: &World<'_>,
        principal: EntityId,
        action: EntityId,
        resource: EntityId,
        mut ask: impl FnMut(u32),
    ) {
        let (resource_type, _) = world.uid(resource);
        let own = usize::try_from(action.0)
            .ok()
            .and_then(|at| self.row_of.get(at))
            .copied()
            .unwrap_or(0);
        for row_number in [0, own].into_iter().take(if own == 0 { 1 } else { 2 }) {
            let Some(row) = usize::try_from(row_number)
                .ok()
                .and_then(|at| self.rows.get(at))
            else {
                return;
            };
            self.of_type(row.general.clone(), resource_type, &mut ask);
            if row.by_principal {
                let key = |id| Key {
                    row: row_number,
                    by: By::Principal(id),
                };
                self.of_entity(world, principal, key, resource_type, &mut ask);
            }
            if row.by_resource {
                let key = |id| Key {
                    row: row_number,
                    by: By::Resource(id),
                };
                self.of_entity(world, resource, key, resource_type, &mut ask);
            }
        }
    }

    fn of_entity(
        &self,
        world: &World<'_>,
        id: EntityId,
        key: impl Fn(EntityId) -> Key,
        resource_type: Symbol,
        ask: &mut impl FnMut(u32),
    ) {
        let ancestors = world
            .node(id)
            .map_or(&[][..], |node| world.ids(node.ancestors));
        for id in [id].iter().chain(ancestors) {
            let key = key(*id);
            let is = |number: u32| {
                usize::try_from(number)
                    .is_ok_and(|at| self.keys.get(at).is_some_and(|(known, _)| *known == key))
            };
            let group = self.groups.find(key.hash(), is);
            let group = group.and_then(|number| usize::try_from(number).ok());
            if let Some((_, run)) = group.and_then(|at| self.keys.get(at)) {
                self.of_type(run.clone(), resource_type, ask);
            }
        }
    }

    /// Those of a group that ask for this type of resource, or for none.
    fn of_type(&self, run: Range<usize>, resource_type: Symbol, ask: &mut impl FnMut(u32)) {
        let entries = self.entries.get(run).unwrap_or_default();
        let any = entries.partition_point(|entry| entry.0 == ANY_TYPE);
        let (any, typed) = entries.split_at_checked(any).unwrap_or_default();
        for (_, policy) in any {
            ask(*policy);
        }
        let wanted = Some(resource_type);
        let from = typed.partition_point(|entry| entry.0 < wanted);
        for (found, policy) in typed.iter().skip(from) {
            if *found != wanted {
                break;
            }
            ask(*policy);
        }
    }
}

/// What selects the policy, and the type of resource that its scope asks for.
fn keys(policy: &PolicyRow, world: &World<'_>) -> (By, Option<Symbol>) {
    let by = match (policy.principal, policy.resource) {
        (Scope::Equal(id) | Scope::In(id) | Scope::IsIn(_, id), _) => By::Principal(id),
        (_, Scope::Equal(id) | Scope::In(id) | Scope::IsIn(_, id)) => By::Resource(id),
        _ => By::Nothing,
    };
    let resource_type = match policy.resource {
        Scope::Any | Scope::In(_) => ANY_TYPE,
        Scope::Is(name) | Scope::IsIn(name, _) => Some(name),
        Scope::Equal(id) => Some(world.uid(id).0),
    };
    (by, resource_type)
}
