//! Entities, and the hierarchy they form.

use super::error::{ValueError, ValueFault};
use super::json;
use super::value::{EntityUid, Record};
use alloc::vec;
use alloc::vec::Vec;

/// An entity: its name, the entities it is a member of, and its attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    uid: EntityUid,
    parents: Vec<EntityUid>,
    attributes: Record,
}

impl Entity {
    /// An entity that is a member of `parents` and has `attributes`.
    #[must_use]
    pub fn new(uid: EntityUid, mut parents: Vec<EntityUid>, attributes: Record) -> Self {
        parents.sort_unstable();
        parents.dedup();
        Self {
            uid,
            parents,
            attributes,
        }
    }

    /// An entity with neither parents nor attributes.
    #[must_use]
    pub fn bare(uid: EntityUid) -> Self {
        Self::new(uid, Vec::new(), Record::new())
    }

    /// The entity's name.
    #[must_use]
    pub fn uid(&self) -> &EntityUid {
        &self.uid
    }

    /// The entities that it is a member of, ascending; all ancestors once it is in [`Entities`].
    #[must_use]
    pub fn parents(&self) -> &[EntityUid] {
        &self.parents
    }

    /// The attributes.
    #[must_use]
    pub fn attributes(&self) -> &Record {
        &self.attributes
    }
}

/// A store of entities, its hierarchy closed: each entity has all its ancestors as parents.
///
/// A parent that isn't itself in the store counts as an ancestor, but ends the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entities {
    // INVARIANT: strictly ascending by uid, closed, without a cycle.
    entities: Vec<Entity>,
}

impl Entities {
    /// Closes the hierarchy of `entities`.
    ///
    /// # Errors
    /// [`ValueFault::EntityDuplicate`] if an entity is given twice, differently, and
    /// [`ValueFault::EntityCycle`] if one is its own ancestor.
    pub fn new(entities: Vec<Entity>) -> Result<Self, ValueError> {
        let mut entities = entities;
        entities.sort_unstable_by(|a, b| a.uid.cmp(&b.uid));
        entities.dedup();
        if entities
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.uid == b.uid))
        {
            return Err(ValueError::new(ValueFault::EntityDuplicate, 0, 0));
        }
        let mut store = Self { entities };
        store.close()?;
        Ok(store)
    }

    /// Reads entities in Cedar's JSON format: a list of `uid`, `attrs` and `parents`.
    ///
    /// A uid is `{"type": .., "id": ..}`, bare or within `__entity`; a value that refers to an entity
    /// must be within `__entity`, since no schema is at hand.
    ///
    /// # Errors
    /// Those of [`Entities::new`] and of [`Record::from_json`], and others of [`ValueFault`] if the
    /// text isn't such a list.
    pub fn from_json(text: &str) -> Result<Self, ValueError> {
        Self::new(json::entities(text)?)
    }

    /// The entity named `uid`.
    #[must_use]
    pub fn get(&self, uid: &EntityUid) -> Option<&Entity> {
        let at = self.position(uid).ok()?;
        self.entities.get(at)
    }

    /// The entities, ascending by name.
    #[must_use]
    pub fn as_slice(&self) -> &[Entity] {
        &self.entities
    }

    /// A store whose order and closure the loader has checked.
    pub(super) fn from_closed(entities: Vec<Entity>) -> Self {
        Self { entities }
    }

    /// Whether each entity has the parents of its parents, and none has itself.
    pub(super) fn is_closed(&self) -> bool {
        self.entities.iter().all(|entity| {
            entity.parents.iter().all(|parent| {
                *parent != entity.uid
                    && self.get(parent).is_none_or(|parent| {
                        parent
                            .parents
                            .iter()
                            .all(|uid| entity.parents.binary_search(uid).is_ok())
                    })
            })
        })
    }

    fn position(&self, uid: &EntityUid) -> Result<usize, usize> {
        self.entities.binary_search_by(|entity| entity.uid.cmp(uid))
    }

    /// Depth first, parents before children, each entity once; an own stack instead of recursion.
    fn close(&mut self) -> Result<(), ValueError> {
        let mut states = vec![State::Unseen; self.entities.len()];
        for root in 0..self.entities.len() {
            let mut path = vec![root];
            while let Some(&at) = path.last() {
                let Some(state) = states.get_mut(at) else {
                    break;
                };
                match *state {
                    State::Closed => {
                        path.pop();
                    }
                    State::Unseen => {
                        *state = State::Open;
                        for parent in self.parent_positions(at) {
                            match states.get(parent) {
                                Some(State::Open) => {
                                    return Err(ValueError::new(ValueFault::EntityCycle, 0, 0));
                                }
                                Some(State::Unseen) => path.push(parent),
                                Some(State::Closed) | None => {}
                            }
                        }
                    }
                    State::Open => {
                        self.inherit(at);
                        *state = State::Closed;
                        path.pop();
                    }
                }
            }
        }
        Ok(())
    }

    fn parent_positions(&self, at: usize) -> Vec<usize> {
        let parents = self.entities.get(at).map_or(&[][..], |e| &e.parents);
        parents
            .iter()
            .filter_map(|uid| self.position(uid).ok())
            .collect()
    }

    fn inherit(&mut self, at: usize) {
        let mut inherited = Vec::new();
        for parent in self.parent_positions(at) {
            if let Some(parent) = self.entities.get(parent) {
                inherited.extend(parent.parents.iter().cloned());
            }
        }
        if let Some(entity) = self.entities.get_mut(at) {
            entity.parents.append(&mut inherited);
            entity.parents.sort_unstable();
            entity.parents.dedup();
        }
    }
}

#[derive(Clone, Copy)]
enum State {
    Unseen,
    Open,
    Closed,
}
