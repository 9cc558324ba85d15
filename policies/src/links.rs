//! The policies that a pack makes of templates.

use crate::diagnostics::Problem;
use crate::manifest::{LinkEntry, Manifest, PolicyIds};
use crate::sources::Source;
use cedar_policy::{EntityUid, PolicyId, PolicySet, SlotId};
use std::collections::HashMap;

/// Links the templates of `set` as the manifest says.
pub(crate) fn make(
    set: &mut PolicySet,
    manifest: &Manifest,
    source: &Source,
    problems: &mut Vec<Problem>,
) {
    for entry in &manifest.links {
        if let Err((code, message)) = link(set, entry.get_ref(), manifest.policy_ids) {
            problems.push(Problem::new(code, source, message).at(Some(entry.span().into())));
        }
    }
}

fn link(
    set: &mut PolicySet,
    entry: &LinkEntry,
    ids: PolicyIds,
) -> Result<(), (&'static str, String)> {
    let template = set
        .templates()
        .find(|template| match ids {
            PolicyIds::Annotation => template.annotation("id") == Some(&entry.template),
            PolicyIds::Place => template.id().to_string() == entry.template,
        })
        .map(|template| template.id().clone())
        .ok_or_else(|| {
            let message = format!("there is no template `{}`", entry.template);
            ("template_unknown", message)
        })?;
    let slots = [
        (SlotId::principal(), &entry.principal),
        (SlotId::resource(), &entry.resource),
    ];
    let mut values = HashMap::new();
    for (slot, text) in slots {
        if let Some(text) = text {
            let uid: EntityUid = text.parse().map_err(|_| {
                let message =
                    format!("`{text}` isn't the name of an entity, such as `User::\"ann\"`");
                ("link_malformed", message)
            })?;
            values.insert(slot, uid);
        }
    }
    set.link(template, PolicyId::new(&entry.id), values)
        .map_err(|error| ("link_malformed", error.to_string()))
}
