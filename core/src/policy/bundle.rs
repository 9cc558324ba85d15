//! A bundle of policies, loaded.

use super::code::Instruction;
use super::entity::Entities;
use super::index::Index;
use super::pattern::Pattern;
use super::route::RouteTable;
use super::value::{EntityUid, Value};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

/// A set of compiled policies with what they need: made by the compiler, checked by
/// [`Bundle::load`](Self::load), asked by [`Bundle::evaluate`](Self::evaluate).
#[derive(Clone, Debug)]
pub struct Bundle {
    pub(super) sha256: [u8; 32],
    pub(super) manifest: Manifest,
    pub(super) strings: Vec<Box<str>>,
    pub(super) constants: Vec<Constant>,
    pub(super) entities: Entities,
    pub(super) code: Vec<Instruction>,
    pub(super) max_stack: usize,
    pub(super) policies: Vec<PolicyRow>,
    pub(super) index: Index,
    pub(super) routes: RouteTable,
}

impl Bundle {
    /// The SHA-256 of the bundle's body: the bundle's identity, which a signature signs.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The name of the pack that the bundle was compiled from.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// The version of that pack.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.manifest.version
    }

    /// The entity type of the principals that the policies are written for.
    #[must_use]
    pub fn principal_type(&self) -> &str {
        &self.manifest.principal_type
    }

    /// The entity type of the groups that a principal may be a member of.
    #[must_use]
    pub fn group_type(&self) -> Option<&str> {
        self.manifest.group_type.as_deref()
    }

    /// The policies, in the order of their sources.
    pub fn policies(&self) -> impl Iterator<Item = Policy<'_>> {
        self.policies.iter().map(|row| Policy { row })
    }

    /// The static entities: the actions and their groups, and what the pack declares.
    #[must_use]
    pub fn entities(&self) -> &Entities {
        &self.entities
    }

    /// The policy of this id.
    #[must_use]
    pub fn policy(&self, id: &str) -> Option<Policy<'_>> {
        self.policies().find(|policy| policy.id() == id)
    }

    pub(super) fn policy_at(&self, number: u32) -> Option<Policy<'_>> {
        let row = self.policies.get(usize::try_from(number).ok()?)?;
        Some(Policy { row })
    }

    pub(super) fn string(&self, index: u32) -> Option<&str> {
        self.strings
            .get(usize::try_from(index).ok()?)
            .map(|string| &**string)
    }

    pub(super) fn constant(&self, index: u32) -> Option<&Constant> {
        self.constants.get(usize::try_from(index).ok()?)
    }
}

/// What a policy does when it is satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Allows, unless a policy forbids.
    Permit,
    /// Denies, whatever others permit.
    Forbid,
}

/// A policy of a bundle.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'b> {
    row: &'b PolicyRow,
}

impl<'b> Policy<'b> {
    /// The policy's id: its `@id` in a pack, else `policy0`, `policy1`, ... by place.
    #[must_use]
    pub fn id(&self) -> &'b str {
        &self.row.id
    }

    /// What the policy does when it is satisfied.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.row.effect
    }

    /// The sentence of its `@reason`, for a person to read.
    #[must_use]
    pub fn reason(&self) -> Option<&'b str> {
        self.annotation("reason")
    }

    /// The value of the annotation `name`; empty for one without a value.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&'b str> {
        self.annotations()
            .find(|annotation| annotation.name() == name)
            .map(|annotation| annotation.value())
    }

    /// The annotations, ascending by name.
    pub fn annotations(&self) -> impl Iterator<Item = Annotation<'b>> + use<'b> {
        self.row.annotations.iter().map(|row| Annotation { row })
    }
}

/// An annotation of a policy: `@name("value")`.
#[derive(Clone, Copy, Debug)]
pub struct Annotation<'b> {
    row: &'b AnnotationRow,
}

impl<'b> Annotation<'b> {
    /// The name, without `@`.
    #[must_use]
    pub fn name(&self) -> &'b str {
        &self.row.name
    }

    /// The value, without quotes or escapes.
    #[must_use]
    pub fn value(&self) -> &'b str {
        &self.row.value
    }
}

/// What the bundle says of itself.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    pub(super) name: Box<str>,
    pub(super) version: Box<str>,
    pub(super) principal_type: Box<str>,
    pub(super) group_type: Option<Box<str>>,
}

/// A row of the constant pool.
#[derive(Clone, Debug)]
pub(super) enum Constant {
    Value(Value),
    Pattern(Pattern),
    Names(Vec<Box<str>>),
}

/// A row of the policy table.
#[derive(Clone, Debug)]
pub(super) struct PolicyRow {
    pub(super) id: Box<str>,
    pub(super) effect: Effect,
    pub(super) principal: Scope,
    pub(super) action: ActionScope,
    pub(super) resource: Scope,
    /// Empty if the policy has no conditions.
    pub(super) code: Range<usize>,
    pub(super) annotations: Vec<AnnotationRow>,
}

#[derive(Clone, Debug)]
pub(super) struct AnnotationRow {
    pub(super) name: Box<str>,
    pub(super) value: Box<str>,
}

/// What a policy's scope asks of the principal or of the resource.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    Any,
    Equal(EntityUid),
    In(EntityUid),
    Is(Box<str>),
    IsIn(Box<str>, EntityUid),
}

/// What a policy's scope asks of the action.
#[derive(Clone, Debug)]
pub(super) enum ActionScope {
    Any,
    Equal(EntityUid),
    InAny(Vec<EntityUid>),
}

impl ActionScope {
    /// Whether it takes `action`, by the static hierarchy; `None` is an action nobody declared.
    pub(super) fn takes(&self, action: Option<&EntityUid>, entities: &Entities) -> bool {
        match (self, action) {
            (Self::Any, _) => true,
            (_, None) => false,
            (Self::Equal(uid), Some(action)) => uid == action,
            (Self::InAny(uids), Some(action)) => uids.iter().any(|uid| {
                uid == action
                    || entities
                        .get(action)
                        .is_some_and(|entity| entity.parents().binary_search(uid).is_ok())
            }),
        }
    }
}
