//! Entities, as they are given.

use super::error::{ValueError, ValueFault};
use super::json;
use super::value::{EntityUid, Record};
use alloc::vec::Vec;

/// An entity: its name, the entities it is a member of, its attributes and its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    uid: EntityUid,
    parents: Vec<EntityUid>,
    attributes: Record,
    tags: Record,
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
            tags: Record::new(),
        }
    }

    /// An entity with neither parents nor attributes.
    #[must_use]
    pub fn bare(uid: EntityUid) -> Self {
        Self::new(uid, Vec::new(), Record::new())
    }

    /// Gives it `tags`.
    #[must_use]
    pub fn with_tags(mut self, tags: Record) -> Self {
        self.tags = tags;
        self
    }

    /// The entity's name.
    #[must_use]
    pub fn uid(&self) -> &EntityUid {
        &self.uid
    }

    /// The entities that it is a member of, ascending.
    #[must_use]
    pub fn parents(&self) -> &[EntityUid] {
        &self.parents
    }

    /// The attributes.
    #[must_use]
    pub fn attributes(&self) -> &Record {
        &self.attributes
    }

    /// The tags.
    #[must_use]
    pub fn tags(&self) -> &Record {
        &self.tags
    }
}

/// Entities, each name once. Their hierarchy is closed, and checked for cycles, when they are linked
/// to a bundle.
///
/// A parent that isn't itself among them counts as an ancestor, but ends the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entities {
    // INVARIANT: strictly ascending by uid.
    entities: Vec<Entity>,
}

impl Entities {
    /// Takes `entities`; the same one may be given twice.
    ///
    /// # Errors
    /// [`ValueFault::EntityDuplicate`] if one is given twice, differently.
    pub fn new(mut entities: Vec<Entity>) -> Result<Self, ValueError> {
        entities.sort_unstable_by(|a, b| a.uid.cmp(&b.uid));
        entities.dedup();
        if entities.is_sorted_by(|a, b| a.uid < b.uid) {
            Ok(Self { entities })
        } else {
            Err(ValueError::new(ValueFault::EntityDuplicate, 0, 0))
        }
    }

    /// Reads entities in Cedar's JSON format: a list of `uid`, `attrs`, `parents` and `tags`.
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
        let at = self
            .entities
            .binary_search_by(|entity| entity.uid.cmp(uid))
            .ok()?;
        self.entities.get(at)
    }

    /// The entity named `uid`; a bare one if it isn't among them. So a
    /// [`Query`](super::Query) takes its principal and its resource.
    #[must_use]
    pub fn entity(&self, uid: &EntityUid) -> Entity {
        self.get(uid)
            .cloned()
            .unwrap_or_else(|| Entity::bare(uid.clone()))
    }

    /// The entities, ascending by name.
    #[must_use]
    pub fn as_slice(&self) -> &[Entity] {
        &self.entities
    }
}
