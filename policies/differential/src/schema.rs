//! A schema, and how it is written.

use core::fmt;
use std::collections::BTreeSet;

use crate::value::{Uid, quoted};

/// A type of Cedar.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    Bool,
    Long,
    String,
    Decimal,
    Ip,
    Datetime,
    Duration,
    Entity(String),
    Set(Box<Type>),
    Record(Vec<Attribute>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) of: Type,
    pub(crate) required: bool,
}

/// A type of entities.
#[derive(Clone, Debug)]
pub(crate) struct EntityType {
    /// With its namespace.
    pub(crate) name: String,
    pub(crate) parents: Vec<String>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) tags: Option<Type>,
    /// The ids that there are, if the type is enumerated.
    pub(crate) ids: Option<Vec<String>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Action {
    pub(crate) uid: Uid,
    pub(crate) groups: Vec<Uid>,
    pub(crate) applies: Option<Applies>,
}

/// What an action may be asked of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Applies {
    pub(crate) principals: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) context: Vec<Attribute>,
}

/// The types of the entities, and the actions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    pub(crate) types: Vec<EntityType>,
    pub(crate) actions: Vec<Action>,
}

impl Schema {
    pub(crate) fn entity_type(&self, name: &str) -> Option<&EntityType> {
        self.types.iter().find(|known| known.name == name)
    }
}

fn split(name: &str) -> (&str, &str) {
    name.rsplit_once("::").unwrap_or(("", name))
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespaces: BTreeSet<&str> = self
            .types
            .iter()
            .map(|known| &*known.name)
            .chain(self.actions.iter().map(|action| &*action.uid.of))
            .map(|name| split(name).0)
            .collect();
        for namespace in namespaces {
            if !namespace.is_empty() {
                writeln!(f, "namespace {namespace} {{")?;
            }
            for known in &self.types {
                if split(&known.name).0 == namespace {
                    write!(f, "{known}")?;
                }
            }
            for action in &self.actions {
                if split(&action.uid.of).0 == namespace {
                    write!(f, "{action}")?;
                }
            }
            if !namespace.is_empty() {
                writeln!(f, "}}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for EntityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entity {}", split(&self.name).1)?;
        if let Some(ids) = &self.ids {
            let ids: Vec<String> = ids.iter().map(|id| quoted(id)).collect();
            return writeln!(f, " enum [{}];", ids.join(", "));
        }
        if !self.parents.is_empty() {
            write!(f, " in [{}]", self.parents.join(", "))?;
        }
        write!(f, " {}", Shape(&self.attributes))?;
        if let Some(tags) = &self.tags {
            write!(f, " tags {tags}")?;
        }
        writeln!(f, ";")
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "action {}", quoted(&self.uid.id))?;
        if !self.groups.is_empty() {
            let groups: Vec<String> = self.groups.iter().map(|uid| quoted(&uid.id)).collect();
            write!(f, " in [{}]", groups.join(", "))?;
        }
        if let Some(applies) = &self.applies {
            write!(
                f,
                " appliesTo {{ principal: [{}], resource: [{}], context: {} }}",
                applies.principals.join(", "),
                applies.resources.join(", "),
                Shape(&applies.context),
            )?;
        }
        writeln!(f, ";")
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("__cedar::Bool"),
            Self::Long => f.write_str("__cedar::Long"),
            Self::String => f.write_str("__cedar::String"),
            Self::Decimal => f.write_str("__cedar::decimal"),
            Self::Ip => f.write_str("__cedar::ipaddr"),
            Self::Datetime => f.write_str("__cedar::datetime"),
            Self::Duration => f.write_str("__cedar::duration"),
            Self::Entity(name) => f.write_str(name),
            Self::Set(element) => write!(f, "Set<{element}>"),
            Self::Record(attributes) => Shape(attributes).fmt(f),
        }
    }
}

struct Shape<'a>(&'a [Attribute]);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attributes: Vec<String> = self
            .0
            .iter()
            .map(|Attribute { name, of, required }| {
                let optional = if *required { "" } else { "?" };
                format!("{}{optional}: {of}", quoted(name))
            })
            .collect();
        write!(f, "{{{}}}", attributes.join(", "))
    }
}
