//! From a pack to a bundle.

use crate::diagnostics::{Diagnostics, Problem};
use crate::encode::{TooLarge, encode};
use crate::expression::{self, Code};
use crate::manifest::{Manifest, PolicyIds};
use crate::pack::{Pack, STACK};
use crate::program::{CompiledPolicy, Program, Scope};
use crate::routes;
use crate::scope::{action_scope, entity_uid, scope};
use crate::sources::{Source, Sources};
use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};
use cedar_policy_core::ast;
use countersign_core::policy::{Bundle, Effect, Entities, Entity, Version};
use miette::SourceSpan;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A bundle, as bytes and loaded.
#[derive(Clone, Debug)]
pub struct Compiled {
    bytes: Vec<u8>,
    bundle: Bundle,
    conditions: Vec<Condition>,
    entities: Entities,
}

/// A condition of a policy: an operand of `&&`, `||` or `!`, or the guard of an `if`, that isn't made
/// of such itself, or a whole `when` or `unless`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The policy, by its place in the bundle.
    pub policy: u32,
    /// The instruction that takes the condition's value, as
    /// [`TraceStep::at`](countersign_core::policy::TraceStep::at) has it.
    pub at: u32,
    /// The condition in the source of the policies.
    pub span: SourceSpan,
}

impl Compiled {
    /// The bytes, which [`Bundle::load_unsigned`] takes. The same sources give the same bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bundle.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The conditions, in the order of the code; none but of [`compile_instrumented`].
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// The static entities, which the bundle has too.
    pub(crate) fn entities(&self) -> &Entities {
        &self.entities
    }

    /// The bytes alone.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The bundle alone.
    #[must_use]
    pub fn into_bundle(self) -> Bundle {
        self.bundle
    }
}

/// Compiles a pack whose policies must be valid by its schema, in Cedar's strict mode.
///
/// # Errors
/// All the problems that were found, each with its code and, where there is one, its place.
pub fn compile(sources: &Sources) -> Result<Compiled, Diagnostics> {
    build(sources, Validation::Strict, false)
}

/// Compiles a pack as [`compile`] does, and so that a trace tells how each condition came out: to
/// test policies and to explain them. The bundle answers the same, but isn't as small or fast.
///
/// # Errors
/// Those of [`compile`].
pub fn compile_instrumented(sources: &Sources) -> Result<Compiled, Diagnostics> {
    build(sources, Validation::Strict, true)
}

/// Compiles a pack without validating its policies: to test the evaluator on policies that err.
///
/// # Errors
/// Those of [`compile`], but for `policy_not_valid`.
pub fn compile_unvalidated(sources: &Sources) -> Result<Compiled, Diagnostics> {
    build(sources, Validation::None, false)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Validation {
    None,
    Strict,
}

fn build(
    sources: &Sources,
    validation: Validation,
    instrumented: bool,
) -> Result<Compiled, Diagnostics> {
    stacker::grow(STACK, || build_here(sources, validation, instrumented))
}

fn build_here(
    sources: &Sources,
    validation: Validation,
    instrumented: bool,
) -> Result<Compiled, Diagnostics> {
    let mut problems = Vec::new();
    let pack = Pack::read(sources, &mut problems)?;
    let Pack {
        manifest,
        schema,
        set,
    } = &pack;
    check_version(manifest, &sources.manifest, &mut problems);
    if validation == Validation::Strict {
        validate(set, schema, &sources.policies, &mut problems);
        check_types(manifest, schema, &sources.manifest, &mut problems);
    }
    let routes = routes::compile(manifest, &sources.manifest, schema, &mut problems);
    let settings = Settings {
        ids: manifest.policy_ids,
        instrumented,
    };
    let policies = compile_policies(&pack, settings, &sources.policies, &mut problems);
    let entities = static_entities(&pack, sources).unwrap_or_else(|problem| {
        problems.push(problem);
        Entities::default()
    });
    let manifest = pack.manifest;
    let program = Program {
        name: manifest.name,
        version: manifest.version,
        principal_type: manifest.principal_type,
        group_type: manifest.group_type,
        entities,
        policies,
        routes,
    };
    let program = Diagnostics::unless(problems, program)?;
    seal(program, &sources.manifest).map_err(Diagnostics::from)
}

/// Lays out the bundle, appends its digest, and loads it as any reader would.
fn seal(program: Program, manifest: &Source) -> Result<Compiled, Problem> {
    let mut bytes = encode(&program).map_err(|TooLarge| {
        Problem::new(
            "bundle_too_large",
            manifest,
            "the pack is too large for a bundle",
        )
    })?;
    let digest = Sha256::digest(&bytes);
    bytes.extend(digest);
    let bundle = Bundle::load_unsigned(bytes.as_slice())
        .map_err(|error| Problem::new(error.code(), manifest, error.to_string()))?;
    let conditions = program
        .policies
        .iter()
        .zip(0..)
        .flat_map(|(policy, number)| {
            policy.conditions.iter().map(move |(at, span)| Condition {
                policy: number,
                at: u32::try_from(*at).unwrap_or(u32::MAX),
                span: *span,
            })
        });
    Ok(Compiled {
        bytes,
        bundle,
        conditions: conditions.collect(),
        entities: program.entities,
    })
}

/// A reader refuses a bundle that is older than the one it has, and so must know which is.
fn check_version(manifest: &Manifest, source: &Source, problems: &mut Vec<Problem>) {
    if Version::parse(&manifest.version).is_none() {
        let message = format!("the version `{}` isn't three numbers", manifest.version);
        let help = "write it as `1.4.0`: a reader refuses a bundle older than the one that it has";
        problems.push(Problem::new("pack_version_malformed", source, message).help(help));
    }
}

/// How policies are compiled.
#[derive(Clone, Copy)]
struct Settings {
    ids: PolicyIds,
    instrumented: bool,
}

fn validate(set: &PolicySet, schema: &Schema, source: &Source, problems: &mut Vec<Problem>) {
    let result = Validator::new(schema.clone()).validate(set, ValidationMode::Strict);
    let mut found: Vec<Problem> = result
        .validation_errors()
        .map(|error| Problem::cedar("policy_not_valid", source, error))
        .collect();
    found.sort_by_key(Problem::span);
    problems.append(&mut found);
}

fn check_types(manifest: &Manifest, schema: &Schema, source: &Source, problems: &mut Vec<Problem>) {
    for name in [Some(&manifest.principal_type), manifest.group_type.as_ref()]
        .into_iter()
        .flatten()
    {
        if !schema
            .entity_types()
            .any(|known| known.to_string() == *name)
        {
            let message = format!("the schema has no entity type `{name}`");
            problems.push(Problem::new("entity_type_unknown", source, message));
        }
    }
}

fn compile_policies(
    pack: &Pack,
    settings: Settings,
    source: &Source,
    problems: &mut Vec<Problem>,
) -> Vec<CompiledPolicy> {
    let policies = pack.policies().into_iter();
    let policies = policies.map(AsRef::<ast::Policy>::as_ref);
    let mut known = BTreeSet::new();
    policies
        .filter_map(|policy| match compile_policy(policy, settings, source) {
            Ok(compiled) if known.insert(compiled.id.clone()) => Some(compiled),
            Ok(compiled) => {
                let message = format!("two policies have the id `{}`", compiled.id);
                problems
                    .push(Problem::new("policy_id_duplicate", source, message).at(span(policy)));
                None
            }
            Err(mut found) => {
                problems.append(&mut found);
                None
            }
        })
        .collect()
}

fn span(policy: &ast::Policy) -> Option<miette::SourceSpan> {
    policy.loc().map(|loc| loc.span)
}

fn compile_policy(
    policy: &ast::Policy,
    settings: Settings,
    source: &Source,
) -> Result<CompiledPolicy, Vec<Problem>> {
    let annotations: Vec<(String, String)> = policy
        .annotations()
        .map(|(name, annotation)| (name.to_string(), annotation.val.to_string()))
        .collect();
    let annotation = |wanted: &str| {
        let found = annotations.iter().find(|(name, _)| name == wanted);
        found
            .map(|(_, value)| value.clone())
            .filter(|value| !value.trim().is_empty())
    };
    let mut problems = Vec::new();
    let mut missing = |code, message: &str, help: &str| {
        let problem = Problem::new(code, source, message)
            .at(span(policy))
            .help(help);
        problems.push(problem);
    };
    let place: &str = policy.id().as_ref();
    let mut id = place.to_owned();
    if settings.ids == PolicyIds::Annotation {
        match annotation("id") {
            // A link has an id of its own, and the template's annotations.
            Some(annotated) if policy.is_static() => id = annotated,
            Some(_) => {}
            None => missing(
                "policy_id_missing",
                "the policy has no `@id`",
                "name it: the audit log and the tests speak of it by its id",
            ),
        }
        if annotation("reason").is_none() {
            missing(
                "policy_reason_missing",
                "the policy has no `@reason`",
                "say in a plain sentence why it permits or forbids",
            );
        }
    }
    let nothing = Code {
        instructions: Vec::new(),
        conditions: Vec::new(),
    };
    let code = match policy.non_scope_constraints() {
        None => nothing,
        Some(condition) => {
            expression::compile(condition, settings.instrumented).unwrap_or_else(|found| {
                problems.extend(found.into_iter().map(|unsupported| {
                    let message = format!("a bundle can't hold {}", unsupported.what);
                    Problem::new("unsupported_expression", source, message).at(unsupported.span)
                }));
                nothing
            })
        }
    };
    let principal = scope(policy.principal_constraint().as_inner());
    let resource = scope(policy.resource_constraint().as_inner());
    if principal.is_none() || resource.is_none() {
        let message = "a slot of the template stands for nothing";
        problems.push(Problem::new("template_slot_empty", source, message).at(span(policy)));
    }
    Diagnostics::unless(
        problems,
        CompiledPolicy {
            id,
            effect: match policy.effect() {
                ast::Effect::Permit => Effect::Permit,
                ast::Effect::Forbid => Effect::Forbid,
            },
            principal: principal.unwrap_or(Scope::Any),
            action: action_scope(policy.action_constraint()),
            resource: resource.unwrap_or(Scope::Any),
            code: code.instructions,
            conditions: code.conditions,
            annotations,
        },
    )
    .map_err(Diagnostics::into_problems)
}

/// The static entities, in core's terms.
fn static_entities(pack: &Pack, sources: &Sources) -> Result<Entities, Problem> {
    let source = sources.entities.as_ref().unwrap_or(&sources.manifest);
    let malformed = |message: String| Problem::new("entities_malformed", source, message);
    let entities = cedar_entities(pack, sources)?;
    let json = entities
        .to_json_value()
        .map_err(|error| malformed(error.to_string()))?;
    let given =
        Entities::from_json(&json.to_string()).map_err(|error| malformed(error.to_string()))?;
    // Cedar has closed the hierarchy, and the bundle holds it closed.
    let closed = entities.iter().filter_map(|entity| {
        let uid = entity_uid(entity.uid().as_ref());
        let known = given.get(&uid)?;
        let ancestors = entities.ancestors(&entity.uid())?;
        let ancestors = ancestors.map(|uid| entity_uid(uid.as_ref())).collect();
        let entity = Entity::new(uid, ancestors, known.attributes().clone());
        Some(entity.with_tags(known.tags().clone()))
    });
    Entities::new(closed.collect()).map_err(|error| malformed(error.to_string()))
}

/// The groups of the manifest, the pack's own entities, and the schema's actions.
pub(crate) fn cedar_entities(
    pack: &Pack,
    sources: &Sources,
) -> Result<cedar_policy::Entities, Problem> {
    let Pack {
        manifest, schema, ..
    } = pack;
    let source = sources.entities.as_ref().unwrap_or(&sources.manifest);
    let malformed = |message: String| Problem::new("entities_malformed", source, message);
    let mut list = match &sources.entities {
        None => Vec::new(),
        Some(source) => serde_json::from_str::<Vec<serde_json::Value>>(source.text())
            .map_err(|error| malformed(error.to_string()))?,
    };
    if let Some(group_type) = &manifest.group_type {
        let uid = |id: &String| serde_json::json!({ "type": group_type, "id": id });
        list.extend(manifest.groups.iter().map(|(group, parents)| {
            let parents: Vec<_> = parents.iter().map(uid).collect();
            serde_json::json!({ "uid": uid(group), "attrs": {}, "parents": parents })
        }));
    } else if !manifest.groups.is_empty() {
        let message = "there are groups, but no `group_type`";
        return Err(Problem::new(
            "pack_manifest_malformed",
            &sources.manifest,
            message,
        ));
    }
    let list = serde_json::Value::Array(list);
    cedar_policy::Entities::from_json_value(list, Some(schema))
        .map_err(|error| Problem::cedar("entities_malformed", source, &error))
}
