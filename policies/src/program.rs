//! A policy set, compiled but not yet laid out as bytes.

use countersign_core::policy::format::Op;
use countersign_core::policy::{Effect, Entities, EntityUid, Value};
use miette::SourceSpan;

pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) principal_type: String,
    pub(crate) group_type: Option<String>,
    pub(crate) entities: Entities,
    pub(crate) policies: Vec<CompiledPolicy>,
    /// Ascending, as core tries them.
    pub(crate) routes: Vec<RouteRow>,
}

pub(crate) struct CompiledPolicy {
    pub(crate) id: String,
    pub(crate) effect: Effect,
    pub(crate) principal: Scope,
    pub(crate) action: ActionScope,
    pub(crate) resource: Scope,
    pub(crate) code: Vec<Instruction>,
    /// The conditions, if they were asked for: the instruction that takes each, and its source.
    pub(crate) conditions: Vec<(usize, SourceSpan)>,
    /// Ascending by name.
    pub(crate) annotations: Vec<(String, String)>,
}

pub(crate) enum Scope {
    Any,
    Equal(EntityUid),
    In(EntityUid),
    Is(String),
    IsIn(String, EntityUid),
}

pub(crate) enum ActionScope {
    Any,
    Equal(EntityUid),
    InAny(Vec<EntityUid>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instruction {
    pub(crate) op: Op,
    pub(crate) operand: Operand,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operand {
    None,
    /// A count, the place that a jump goes to, or a function.
    Number(usize),
    String(String),
    Constant(Constant),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Constant {
    Value(Value),
    /// The segments of a `like` pattern.
    Pattern(Vec<String>),
    Names(Vec<String>),
}

pub(crate) struct RouteRow {
    pub(crate) method: String,
    pub(crate) segments: Vec<Segment>,
    pub(crate) action: EntityUid,
    pub(crate) resource_type: String,
    pub(crate) id: IdSource,
}

/// Literals come before placeholders: the more literal of two routes is tried first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Segment {
    Literal(String),
    Placeholder,
}

pub(crate) enum IdSource {
    Fixed(String),
    Segment(usize),
}
