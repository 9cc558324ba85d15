//! What policies see of a key.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::key::Environment;
use crate::policy::Record;

/// The environment of a key, its groups and its attributes. Keys that are made of one shape keep it in one place: many
/// keys of a ring have theirs alike.
///
/// ```
/// use countersign_core::{Environment, KeyRecord, KeyShape, SharedSecret};
/// let traders = KeyShape::from(Environment::Live).groups(["trader"]);
/// let secret = SharedSecret::new(vec![7; 32])?;
/// let key = KeyRecord::new("k7", traders.clone(), &secret)?;
/// let other = KeyRecord::new("k8", traders, &secret)?;
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyShape {
    pub(crate) environment: Environment,
    pub(crate) seen: Arc<Seen>,
}

/// What policies see.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) groups: Vec<String>,
    pub(crate) attributes: Record,
}

impl From<Environment> for KeyShape {
    /// No groups, and no attribute other than `environment`.
    fn from(environment: Environment) -> Self {
        let seen = Seen {
            groups: Vec::new(),
            attributes: Record::new(),
        };
        let shape = KeyShape {
            environment,
            seen: Arc::new(seen),
        };
        shape.attributes(Record::new())
    }
}

impl KeyShape {
    /// The groups: ids of the bundle's group type, such as `trader`.
    #[must_use]
    pub fn groups<S: Into<String>>(mut self, groups: impl IntoIterator<Item = S>) -> Self {
        Arc::make_mut(&mut self.seen).groups = groups.into_iter().map(Into::into).collect();
        self
    }

    /// The attributes that policies see on the principal. `environment` is always the key's own.
    #[must_use]
    pub fn attributes(mut self, mut attributes: Record) -> Self {
        attributes.insert("environment", self.environment.as_str());
        Arc::make_mut(&mut self.seen).attributes = attributes;
        self
    }
}
