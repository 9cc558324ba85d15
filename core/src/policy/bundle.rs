//! A bundle of policies, loaded.

use super::code::Instruction;
use super::index::Index;
use super::layer::{EntityId, Layer, Span, Symbol};
use super::pattern::Pattern;
use super::route::RouteTable;
use super::term::Term;
use super::version::Version;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// A set of compiled policies with what they need: made by the compiler, checked by
/// [`Publishers::load`](crate::Publishers::load) or
/// [`Bundle::load_unsigned`](Self::load_unsigned), asked by [`Bundle::evaluate`](Self::evaluate).
#[derive(Clone, Debug)]
pub struct Bundle {
    pub(super) sha256: [u8; 32],
    pub(super) manifest: Manifest,
    pub(super) layer: Layer,
    pub(super) constants: Vec<Constant>,
    pub(super) code: Vec<Instruction>,
    pub(super) policies: Vec<PolicyRow>,
    /// Names and values, each policy's after those of the one before.
    pub(super) annotations: Vec<(Symbol, Symbol)>,
    pub(super) index: Index,
    pub(super) routes: RouteTable,
}

impl Bundle {
    /// The SHA-256 of the bundle's body: the bundle's identity, which a signature signs.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The same in lower-case hexadecimal.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        let mut hex = String::with_capacity(2 * self.sha256.len());
        for byte in self.sha256 {
            for nibble in [byte >> 4, byte & 15] {
                hex.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        hex
    }

    /// The name of the pack that the bundle was compiled from.
    #[must_use]
    pub fn name(&self) -> &str {
        self.layer.string(self.manifest.name)
    }

    /// The version of that pack.
    #[must_use]
    pub fn version(&self) -> Version {
        self.manifest.version
    }

    /// The same, as it is written: three numbers with points between them.
    #[must_use]
    pub fn version_text(&self) -> &str {
        self.layer.string(self.manifest.version_text)
    }

    /// The entity type of the principals that the policies are written for.
    #[must_use]
    pub fn principal_type(&self) -> &str {
        self.layer.string(self.manifest.principal_type)
    }

    /// The entity type of the groups that a principal may be a member of.
    #[must_use]
    pub fn group_type(&self) -> Option<&str> {
        let name = self.manifest.group_type?;
        Some(self.layer.string(name))
    }

    /// The policies, in the order of their sources.
    pub fn policies(&self) -> impl Iterator<Item = Policy<'_>> {
        self.policies.iter().map(|row| Policy { bundle: self, row })
    }

    /// The policy of this id.
    #[must_use]
    pub fn policy(&self, id: &str) -> Option<Policy<'_>> {
        self.policies().find(|policy| policy.id() == id)
    }

    pub(super) fn policy_at(&self, number: u32) -> Option<Policy<'_>> {
        let row = self.policies.get(usize::try_from(number).ok()?)?;
        Some(Policy { bundle: self, row })
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
    bundle: &'b Bundle,
    row: &'b PolicyRow,
}

impl<'b> Policy<'b> {
    /// The policy's id: its `@id` in a pack, else `policy0`, `policy1`, ... by place.
    #[must_use]
    pub fn id(&self) -> &'b str {
        self.bundle.layer.string(self.row.id)
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
        let bundle = self.bundle;
        let rows = bundle.annotations.get(self.row.annotations.clone());
        rows.unwrap_or_default()
            .iter()
            .map(|(name, value)| Annotation {
                name: bundle.layer.string(*name),
                value: bundle.layer.string(*value),
            })
    }
}

/// An annotation of a policy: `@name("value")`.
#[derive(Clone, Copy, Debug)]
pub struct Annotation<'b> {
    name: &'b str,
    value: &'b str,
}

impl<'b> Annotation<'b> {
    /// The name, without `@`.
    #[must_use]
    pub fn name(&self) -> &'b str {
        self.name
    }

    /// The value, without quotes or escapes.
    #[must_use]
    pub fn value(&self) -> &'b str {
        self.value
    }
}

/// What the bundle says of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manifest {
    pub(super) name: Symbol,
    pub(super) version: Version,
    pub(super) version_text: Symbol,
    pub(super) principal_type: Symbol,
    pub(super) group_type: Option<Symbol>,
}

/// A row of the constant pool.
#[derive(Clone, Debug)]
pub(super) enum Constant {
    Value(Term),
    Pattern(Pattern),
    Names(Vec<Symbol>),
}

/// A row of the policy table.
#[derive(Clone, Debug)]
pub(super) struct PolicyRow {
    pub(super) id: Symbol,
    pub(super) effect: Effect,
    pub(super) principal: Scope,
    pub(super) action: ActionScope,
    pub(super) resource: Scope,
    /// Empty if the policy has no conditions.
    pub(super) code: Range<usize>,
    pub(super) annotations: Range<usize>,
}

/// What a policy's scope asks of the principal or of the resource.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope {
    Any,
    Equal(EntityId),
    In(EntityId),
    Is(Symbol),
    IsIn(Symbol, EntityId),
}

/// What a policy's scope asks of the action.
#[derive(Clone, Copy, Debug)]
pub(super) enum ActionScope {
    Any,
    Equal(EntityId),
    /// A run of ids.
    InAny(Span),
}
