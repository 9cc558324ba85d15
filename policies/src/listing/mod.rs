//! A bundle, taken apart for a person: a reader of its own, after `docs/bundle-format.md`.
//!
//! Nothing is decided by what this reads. That it finds in a bundle what core finds there shows that
//! the page is enough to write a reader from.

mod cursor;
mod opcodes;
mod read;
mod text;
mod value;

pub use cursor::ListingError;
pub use read::read;

use serde::Serialize;

/// What is in a bundle. Entities, scopes and values are written as Cedar writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Name of the pack.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The SHA-256 of the body in hexadecimal: the bundle's identity.
    pub sha256: String,
    /// Bytes, signatures included.
    pub bytes: usize,
    /// The type of the principals.
    pub principal_type: String,
    /// The type of the groups.
    pub group_type: Option<String>,
    /// Who signed, by their own word: the signatures aren't verified here.
    pub publishers: Vec<String>,
    /// The static hierarchy.
    pub entities: Vec<ListedEntity>,
    /// The route table, in the order in which routes are tried.
    pub routes: Vec<ListedRoute>,
    /// The policies, in the order of their source.
    pub policies: Vec<ListedPolicy>,
}

/// An entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedEntity {
    /// Type and id.
    pub uid: String,
    /// All its ancestors.
    pub ancestors: Vec<String>,
    /// A record.
    pub attributes: String,
    /// A record.
    pub tags: String,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedRoute {
    /// The method.
    pub method: String,
    /// The path; `{1}` is a placeholder, the second segment.
    pub path: String,
    /// The action.
    pub action: String,
    /// The resource; `Order::{1}` has the second segment for its id.
    pub resource: String,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedPolicy {
    /// Its id.
    pub id: String,
    /// `permit` or `forbid`.
    pub effect: String,
    /// The scope of the principal, such as `principal in Group::"trader"`.
    pub principal: String,
    /// The scope of the action.
    pub action: String,
    /// The scope of the resource.
    pub resource: String,
    /// Name and value, ascending by name.
    pub annotations: Vec<(String, String)>,
    /// Its conditions, compiled; empty if it has none.
    pub code: Vec<ListedInstruction>,
}

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedInstruction {
    /// What the opcode is called.
    pub opcode: String,
    /// What the operand stands for; empty if there is none.
    pub operand: String,
}
