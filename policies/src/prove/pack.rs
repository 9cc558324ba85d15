//! A pack, as the solver and the evaluator each take it.

use super::ProveError;
use crate::compile::{cedar_entities, compile};
use crate::diagnostics::{Diagnostics, Problem};
use crate::pack;
use crate::sources::{Source, Sources};
use cedar_policy::{Effect, Entities, Policy, Schema};
use cedar_policy_core::ast;
use core::ops::Range;
use countersign_core::policy::Bundle;

/// A pack that compiles.
pub(super) struct Pack {
    sources: Sources,
    pub(super) bundle: Bundle,
    pub(super) schema: Schema,
    pub(super) entities: Entities,
    pub(super) policies: Vec<PackPolicy>,
}

/// A policy of a pack.
pub(super) struct PackPolicy {
    /// As the bundle has it.
    pub(super) id: String,
    pub(super) policy: Policy,
    origin: Origin,
}

/// Where a pack says that it has a policy.
enum Origin {
    /// In the manifest, which links a template.
    Link,
    /// At this place of the policies' text.
    Text(Range<usize>),
}

impl Pack {
    pub(super) fn read(sources: &Sources) -> Result<Self, ProveError> {
        let bundle = compile(sources)?.into_bundle();
        let mut problems = Vec::new();
        let pack = pack::Pack::read(sources, &mut problems)?;
        let pack = Diagnostics::unless(problems, pack)?;
        let entities = cedar_entities(&pack, sources)?;
        let policies = bundle
            .policies()
            .zip(pack.policies())
            .map(|(compiled, policy)| {
                Ok(PackPolicy {
                    id: compiled.id().to_owned(),
                    // The symbolic compiler takes no links.
                    policy: rewrite(policy, |_| {})?,
                    origin: if policy.is_static() {
                        Origin::Text(place(policy))
                    } else {
                        Origin::Link
                    },
                })
            });
        let policies = policies.collect::<Result<_, ProveError>>()?;
        Ok(Self {
            sources: sources.clone(),
            bundle,
            schema: pack.schema,
            entities,
            policies,
        })
    }

    /// The name of the policies' source.
    pub(super) fn name(&self) -> String {
        self.sources.policies.name().to_owned()
    }

    /// Its policies, for Cedar.
    pub(super) fn policies(&self) -> impl Iterator<Item = &Policy> + Clone {
        self.policies.iter().map(|policy| &policy.policy)
    }

    /// Whether both packs have one schema, however it is laid out.
    pub(super) fn has_schema_of(&self, other: &Self) -> bool {
        let json = |pack: &Self| {
            let text = pack.sources.schema.text();
            let (fragment, _) = cedar_policy::SchemaFragment::from_cedarschema_str(text).ok()?;
            fragment.to_json_value().ok()
        };
        self.sources.schema.text() == other.sources.schema.text()
            || json(self).is_some_and(|schema| json(other) == Some(schema))
    }

    /// The bundle of all policies but one. The others keep their ids.
    pub(super) fn bundle_without(&self, policy: &PackPolicy) -> Result<Bundle, ProveError> {
        let mut sources = self.sources.clone();
        match &policy.origin {
            Origin::Link => {
                sources.manifest = self.manifest_with(|manifest| {
                    if let Some(links) = manifest.get_mut("links").and_then(|l| l.as_array_mut()) {
                        links.retain(|link| {
                            link.get("id").and_then(|id| id.as_str()) != Some(&policy.id)
                        });
                    }
                })?;
            }
            Origin::Text(place) => {
                let mut text = self.sources.policies.text().to_owned();
                if place.end > place.start {
                    text.replace_range(place.end - 1..place.end, " when { false };");
                }
                sources.policies = Source::new(self.sources.policies.name(), text);
            }
        }
        Ok(compile(&sources)?.into_bundle())
    }

    /// The same pack with `policies` only, which need neither `@id` nor `@reason`.
    pub(super) fn with_policies(&self, policies: Source) -> Result<Self, ProveError> {
        let manifest = self.manifest_with(|manifest| {
            manifest.insert("policy_ids".into(), "place".into());
            manifest.remove("links");
        })?;
        Self::read(&Sources {
            policies,
            manifest,
            ..self.sources.clone()
        })
    }

    fn manifest_with(&self, change: impl FnOnce(&mut toml::Table)) -> Result<Source, ProveError> {
        let source = &self.sources.manifest;
        let mut manifest: toml::Table = toml::from_str(source.text())
            .map_err(|error| Problem::new("pack_manifest_malformed", source, error.message()))?;
        change(&mut manifest);
        Ok(Source::new(source.name(), manifest.to_string()))
    }
}

impl PackPolicy {
    pub(super) fn effect(&self) -> Effect {
        self.policy.effect()
    }

    /// What permits where this policy permits or forbids.
    pub(super) fn as_permit(&self) -> Result<Policy, ProveError> {
        rewrite(&self.policy, |json| {
            json.insert("effect".into(), "permit".into());
        })
    }

    /// What errs as this policy does, in a world of `facts`.
    pub(super) fn given(&self, facts: Option<&Policy>) -> Result<Policy, ProveError> {
        let facts = match facts {
            None => Vec::new(),
            Some(facts) => conditions(&facts.to_json().map_err(untranslatable)?),
        };
        rewrite(&self.policy, |json| {
            let own = json
                .get("conditions")
                .map(conditions_of)
                .unwrap_or_default();
            json.insert("conditions".into(), [facts, own].concat().into());
        })
    }
}

fn rewrite(
    policy: &Policy,
    change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>),
) -> Result<Policy, ProveError> {
    let mut json = policy.to_json().map_err(untranslatable)?;
    if let Some(json) = json.as_object_mut() {
        change(json);
    }
    Policy::from_json(Some(policy.id().clone()), json).map_err(untranslatable)
}

fn conditions(policy: &serde_json::Value) -> Vec<serde_json::Value> {
    policy
        .get("conditions")
        .map(conditions_of)
        .unwrap_or_default()
}

fn conditions_of(list: &serde_json::Value) -> Vec<serde_json::Value> {
    list.as_array().cloned().unwrap_or_default()
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
pub(super) fn untranslatable(error: impl ToString) -> ProveError {
    ProveError::Untranslatable(error.to_string())
}

fn place(policy: &Policy) -> Range<usize> {
    let policy: &ast::Policy = policy.as_ref();
    policy.loc().map_or(0..0, |loc| {
        loc.span.offset()..loc.span.offset() + loc.span.len()
    })
}
