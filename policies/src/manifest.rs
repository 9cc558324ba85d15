//! The manifest of a pack.

use crate::diagnostics::Problem;
use crate::sources::Source;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// `pack.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The entity type of the principals.
    pub(crate) principal_type: String,
    /// The entity type of the groups; needed if there are `groups`.
    pub(crate) group_type: Option<String>,
    /// The type of the actions that `routes` name.
    #[serde(default = "action_type")]
    pub(crate) action_type: String,
    #[serde(default)]
    pub(crate) policy_ids: PolicyIds,
    /// Groups, each with the groups that it is a member of.
    #[serde(default)]
    pub(crate) groups: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) routes: Vec<Spanned<RouteEntry>>,
    /// Policies that are made of templates.
    #[serde(default)]
    pub(crate) links: Vec<Spanned<LinkEntry>>,
}

/// A policy made of a template.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkEntry {
    /// The id of the template.
    pub(crate) template: String,
    /// The id of the policy.
    pub(crate) id: String,
    /// What `?principal` stands for, such as `User::"ann"`.
    pub(crate) principal: Option<String>,
    /// What `?resource` stands for.
    pub(crate) resource: Option<String>,
}

/// Where the ids of policies come from.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PolicyIds {
    /// Their `@id`, which each must have, and a `@reason` too.
    #[default]
    Annotation,
    /// Their place: `policy0`, `policy1`, ...
    Place,
}

/// A row of the route table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteEntry {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The id of the action.
    pub(crate) action: String,
    pub(crate) resource: ResourceEntry,
}

/// The resource of a route: its type and either its id or the placeholder that is the id.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceEntry {
    #[serde(rename = "type")]
    pub(crate) entity_type: String,
    pub(crate) id: Option<String>,
    pub(crate) segment: Option<String>,
}

impl Manifest {
    pub(crate) fn parse(source: &Source) -> Result<Self, Problem> {
        toml::from_str(source.text()).map_err(|error| {
            Problem::new("pack_manifest_malformed", source, error.message().trim())
                .at(error.span().map(Into::into))
        })
    }
}

fn action_type() -> String {
    "Action".to_owned()
}
