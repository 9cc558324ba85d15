//! Policies, written in Cedar.

use std::collections::BTreeSet;

use cedar_policy_core::ast::{self, Effect, PrincipalOrResourceConstraint as Constraint};
use countersign_core::policy::EntityUid;

use super::Permit;
use super::narrow::Narrow;
use crate::diagnostics::{Diagnostics, Problem};
use crate::reference::Reference;
use crate::sources::{Source, Sources};

/// Permits, and what they are.
pub(super) struct Written {
    pub(super) permits: String,
    pub(super) list: Vec<Permit>,
}

/// Writes the permits: for who asked, or for the members of a group.
pub(super) fn write(
    reference: &Reference,
    narrowed: &[Narrow],
    group: Option<&EntityUid>,
) -> Written {
    let policies = reference.policies();
    let mut ids: BTreeSet<String> = policies.iter().map(|(id, _)| id.clone()).collect();
    let mut written = Written {
        permits: String::new(),
        list: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for narrow in narrowed {
        let found = policies.iter().find(|(id, _)| *id == narrow.from);
        let Some((_, policy)) = found else { continue };
        // Of a group what several do is alike.
        let alike = (
            &narrow.from,
            &narrow.resource_type,
            &narrow.resources,
            &narrow.conditions,
            &narrow.actions,
        );
        if group.is_some() && !seen.insert(alike) {
            continue;
        }
        let mut number = 1;
        let id = loop {
            let id = format!("{}-{number}", narrow.from);
            if ids.insert(id.clone()) {
                break id;
            }
            number += 1;
        };
        written
            .permits
            .push_str(&permit(&id, policy, narrow, group));
        let texts = |uids: &BTreeSet<EntityUid>| uids.iter().map(ToString::to_string).collect();
        written.list.push(Permit {
            id,
            from: narrow.from.clone(),
            principals: match group {
                Some(group) => vec![format!("members of {group}")],
                None => texts(&narrow.principals),
            },
            actions: texts(&narrow.actions),
            resource_type: narrow.resource_type.clone(),
            resources: narrow.resources.as_ref().map(texts),
            conditions: narrow.conditions.iter().cloned().collect(),
            uses: narrow.uses,
        });
    }
    written
}

/// The policies as a source of their own.
pub(super) fn source(policies: &str) -> Source {
    Source::new("advised.cedar", policies)
}

/// The pack with these permits in place of its own. Links are written out.
pub(super) fn pack(
    sources: &Sources,
    reference: &Reference,
    permits: &str,
) -> Result<Sources, Diagnostics> {
    let mut policies = permits.to_owned();
    for (id, policy) in reference.policies() {
        if policy.effect() == Effect::Forbid {
            policies.push('\n');
            policies.push_str(&forbid(&id, policy));
        }
    }
    let malformed =
        |message: String| Problem::new("pack_manifest_malformed", &sources.manifest, message);
    let manifest: Result<toml::Table, _> = sources.manifest.text().parse();
    let mut manifest = manifest.map_err(|error| malformed(error.to_string()))?;
    manifest.remove("links");
    manifest.remove("policy_ids");
    let manifest = toml::to_string(&manifest).map_err(|error| malformed(error.to_string()))?;
    Ok(Sources {
        policies: Source::new("advised.cedar", crate::lint::format(&source(&policies))?),
        manifest: Source::new(sources.manifest.name(), manifest),
        ..sources.clone()
    })
}

fn permit(id: &str, policy: &ast::Policy, narrow: &Narrow, group: Option<&EntityUid>) -> String {
    let mut conditions = Vec::new();
    let principal = match (group, single(&narrow.principals)) {
        (Some(group), _) => format!("principal in {group}"),
        (None, Some(principal)) => format!("principal == {principal}"),
        (None, None) => {
            conditions.push(format!(
                "[{}].contains(principal)",
                list(&narrow.principals)
            ));
            let kinds: BTreeSet<&str> = narrow
                .principals
                .iter()
                .map(EntityUid::entity_type)
                .collect();
            match kinds.first() {
                Some(kind) if kinds.len() == 1 => format!("principal is {kind}"),
                _ => "principal".to_owned(),
            }
        }
    };
    let resource = match narrow.resources.as_ref().map(|few| (single(few), few)) {
        Some((Some(resource), _)) => format!("resource == {resource}"),
        Some((None, few)) => {
            conditions.push(format!("[{}].contains(resource)", list(few)));
            format!("resource is {}", narrow.resource_type)
        }
        None => format!("resource is {}", narrow.resource_type),
    };
    let action = match single(&narrow.actions) {
        Some(action) => format!("action == {action}"),
        None => format!("action in [{}]", list(&narrow.actions)),
    };
    // What the permit asked of groups it still asks: that a key leaves one takes the right away.
    if group.is_none() && is_within(policy.principal_constraint().as_inner()) {
        conditions.push(policy.principal_constraint().as_expr().to_string());
    }
    if is_within(policy.resource_constraint().as_inner()) {
        conditions.push(policy.resource_constraint().as_expr().to_string());
    }
    conditions.extend(narrow.conditions.iter().cloned());
    let scope = [principal, action, resource];
    format!(
        "// Narrowed from {}, for {} of the uses.\n{}",
        narrow.from,
        narrow.uses,
        written(id, policy, &scope, conditions)
    )
}

fn forbid(id: &str, policy: &ast::Policy) -> String {
    let scope = [
        policy.principal_constraint().to_string(),
        policy.action_constraint().to_string(),
        policy.resource_constraint().to_string(),
    ];
    written(id, policy, &scope, Vec::new())
}

/// A policy with the annotations and the conditions of another.
fn written(
    id: &str,
    policy: &ast::Policy,
    scope: &[String; 3],
    mut conditions: Vec<String>,
) -> String {
    let mut text = format!("@id({id:?})\n");
    let mut has_reason = false;
    for (name, annotation) in policy.annotations() {
        let name: &str = name.as_ref();
        has_reason |= name == "reason";
        if name != "id" {
            text.push_str(&format!("@{name}({:?})\n", annotation.val.as_str()));
        }
    }
    if !has_reason {
        text.push_str(&format!("@reason(\"As `{id}` has it.\")\n"));
    }
    conditions.extend(policy.non_scope_constraints().map(ToString::to_string));
    text.push_str(&format!("{}({})", policy.effect(), scope.join(", ")));
    for condition in conditions {
        text.push_str(&format!("\nwhen {{ {condition} }}"));
    }
    text.push_str(";\n\n");
    text
}

fn is_within(constraint: &Constraint) -> bool {
    matches!(constraint, Constraint::In(_) | Constraint::IsIn(..))
}

fn single(uids: &BTreeSet<EntityUid>) -> Option<&EntityUid> {
    uids.first().filter(|_| uids.len() == 1)
}

fn list(uids: &BTreeSet<EntityUid>) -> String {
    let texts: Vec<String> = uids.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
