//! Groups and actions that change no answer.

use super::findings::Findings;
use super::subject::{Rules, Subject};
use crate::diagnostics::Problem;
use cedar_policy::EntityUid;
use cedar_policy_core::ast::{ActionConstraint, ExprKind, Literal};
use miette::SourceSpan;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

/// Finds groups of the manifest that no policy speaks of, neither by name nor by a group that they
/// are in, and groups of the policies that the pack doesn't have.
pub(super) fn groups(subject: &Subject<'_>, all: &[Rules<'_>], findings: &mut Findings) {
    let Some(group_type) = &subject.manifest.group_type else {
        return;
    };
    let named = named(subject, all, group_type);
    let places = places(subject);
    for group in subject.manifest.groups.keys() {
        let reaches = reaches(subject, group);
        if reaches.iter().any(|group| named.contains_key(*group)) {
            continue;
        }
        let message = format!("no policy speaks of the group `{group}`");
        findings.warning(
            Problem::new("group_unused", &subject.sources.manifest, message)
                .at(places.get(group).copied())
                .help("write the policy that it is for, or remove it"),
        );
    }
    let declared = declared(subject, group_type);
    for (group, span) in named {
        if subject.manifest.groups.contains_key(&group) || declared.contains(&group) {
            continue;
        }
        let message = format!("the pack has no group `{group}`");
        findings.warning(
            Problem::new("group_unknown", &subject.sources.policies, message)
                .at(span)
                .help("add it to `[groups]` of pack.toml, or correct its name"),
        );
    }
}

/// A group and all that it is a member of.
fn reaches<'s>(subject: &'s Subject<'_>, group: &'s str) -> BTreeSet<&'s str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![group];
    while let Some(group) = open.pop() {
        if reached.insert(group) {
            let parents = subject.manifest.groups.get(group);
            open.extend(parents.into_iter().flatten().map(String::as_str));
        }
    }
    reached
}

/// The groups that policies name, each with the first place.
fn named(
    subject: &Subject<'_>,
    all: &[Rules<'_>],
    group_type: &str,
) -> BTreeMap<String, Option<SourceSpan>> {
    let mut named = BTreeMap::new();
    for rules in all {
        let condition = rules.template.condition();
        for part in condition.subexpressions() {
            if let ExprKind::Lit(Literal::EntityUID(uid)) = part.expr_kind()
                && uid.entity_type().to_string() == group_type
            {
                let id: &str = uid.eid().as_ref();
                let place = uid.loc().map(|loc| loc.span).or_else(|| rules.span());
                named.entry(id.to_owned()).or_insert(place);
            }
        }
    }
    for link in &subject.manifest.links {
        let link = link.get_ref();
        let filled = link.principal.iter().chain(&link.resource);
        let uids = filled.filter_map(|uid| uid.parse::<EntityUid>().ok());
        for uid in uids.filter(|uid| uid.type_name().to_string() == group_type) {
            named.entry(uid.id().unescaped().to_owned()).or_insert(None);
        }
    }
    named
}

/// The groups of `entities.json`.
fn declared(subject: &Subject<'_>, group_type: &str) -> BTreeSet<String> {
    let Some(source) = &subject.sources.entities else {
        return BTreeSet::new();
    };
    let entities = cedar_policy::Entities::from_json_str(source.text(), Some(&subject.schema));
    let entities = entities.unwrap_or_else(|_| cedar_policy::Entities::empty());
    entities
        .iter()
        .map(cedar_policy::Entity::uid)
        .filter(|uid| uid.type_name().to_string() == group_type)
        .map(|uid| uid.id().unescaped().to_owned())
        .collect()
}

/// Where the manifest names its groups.
fn places(subject: &Subject<'_>) -> BTreeMap<String, SourceSpan> {
    #[derive(Deserialize)]
    struct Places {
        #[serde(default)]
        groups: BTreeMap<Spanned<String>, Vec<String>>,
    }
    let parsed: Option<Places> = toml::from_str(subject.sources.manifest.text()).ok();
    let groups = parsed.into_iter().flat_map(|places| places.groups);
    groups
        .map(|(group, _)| (group.get_ref().clone(), group.span().into()))
        .collect()
}

/// Finds actions that no policy speaks of, and those that no route leads to.
pub(super) fn actions(subject: &Subject<'_>, all: &[Rules<'_>], findings: &mut Findings) {
    let source = &subject.sources.schema;
    for action in subject.actions.iter().filter(|action| action.applies) {
        let id = action.uid.id().unescaped();
        let spoken_of = all.iter().any(|rules| {
            let scope = rules.template.action_constraint();
            // A forbid of everything speaks of no action in particular.
            (rules.is_permit() || !matches!(scope, ActionConstraint::Any))
                && subject.takes(scope, &action.uid)
        });
        if !spoken_of {
            let message = format!("no policy speaks of the action `{id}`, so it is always denied");
            findings.warning(
                Problem::new("action_unused", source, message)
                    .at(action.span)
                    .help("write the permit that it is for, or remove it"),
            );
        }
        let mut routes = subject.manifest.routes.iter();
        if !subject.manifest.routes.is_empty()
            && !routes.any(|route| subject.is_action(&action.uid, &route.get_ref().action))
        {
            let message = format!("no route leads to the action `{id}`");
            findings.warning(
                Problem::new("action_without_route", source, message)
                    .at(action.span)
                    .help("add its route to pack.toml, or remove it"),
            );
        }
    }
}
