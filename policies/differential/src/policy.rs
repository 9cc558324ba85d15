//! Policies, templates and their links, and how they are written.

use core::fmt;

use crate::expression::Expression;
use crate::value::Uid;

/// A policy, or a template if a scope has a slot.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) permits: bool,
    pub(crate) principal: Scope,
    pub(crate) action: ActionScope,
    pub(crate) resource: Scope,
    pub(crate) conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
pub(crate) enum Scope {
    Any,
    Equal(Target),
    In(Target),
    Is(String),
    IsIn(String, Target),
}

#[derive(Clone, Debug)]
pub(crate) enum Target {
    Uid(Uid),
    Slot,
}

#[derive(Clone, Debug)]
pub(crate) enum ActionScope {
    Any,
    Equal(Uid),
    In(Uid),
    InAny(Vec<Uid>),
}

#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) when: bool,
    pub(crate) body: Expression,
}

/// A link of a template.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// The place of the template among the policies.
    pub(crate) template: usize,
    pub(crate) id: String,
    pub(crate) principal: Option<Uid>,
    pub(crate) resource: Option<Uid>,
}

impl Policy {
    pub(crate) fn has_slot(&self) -> bool {
        self.principal.has_slot() || self.resource.has_slot()
    }
}

impl Scope {
    pub(crate) fn has_slot(&self) -> bool {
        match self {
            Self::Any | Self::Is(_) => false,
            Self::Equal(target) | Self::In(target) | Self::IsIn(_, target) => {
                matches!(target, Target::Slot)
            }
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.permits { "permit (" } else { "forbid (" })?;
        self.principal.write(f, "principal")?;
        write!(f, ", {}, ", self.action)?;
        self.resource.write(f, "resource")?;
        f.write_str(")")?;
        for Condition { when, body } in &self.conditions {
            let keyword = if *when { "when" } else { "unless" };
            write!(f, "\n  {keyword} {{ {body} }}")?;
        }
        writeln!(f, ";")
    }
}

impl Scope {
    fn write(&self, f: &mut fmt::Formatter<'_>, variable: &str) -> fmt::Result {
        let written = |target: &Target| match target {
            Target::Uid(uid) => uid.to_string(),
            Target::Slot => format!("?{variable}"),
        };
        match self {
            Self::Any => f.write_str(variable),
            Self::Equal(target) => write!(f, "{variable} == {}", written(target)),
            Self::In(target) => write!(f, "{variable} in {}", written(target)),
            Self::Is(of) => write!(f, "{variable} is {of}"),
            Self::IsIn(of, target) => write!(f, "{variable} is {of} in {}", written(target)),
        }
    }
}

impl fmt::Display for ActionScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("action"),
            Self::Equal(uid) => write!(f, "action == {uid}"),
            Self::In(uid) => write!(f, "action in {uid}"),
            Self::InAny(uids) => {
                let uids: Vec<String> = uids.iter().map(Uid::to_string).collect();
                write!(f, "action in [{}]", uids.join(", "))
            }
        }
    }
}
