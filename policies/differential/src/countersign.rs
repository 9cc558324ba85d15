//! Core's answer, from the compiled bundle.

use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use countersign_core::policy::{
    Bundle, Entities, Entity, EntityStore, EntityUid, Evaluation, Evaluator, LinkedQuery, Query,
    Record, ValueError,
};
use countersign_policies::{Source, Sources, compile_unvalidated};

use crate::answer::{Answer, Refused, Reply};
use crate::policy::Link;
use crate::value::{Form, Uid, record_json};
use crate::world::{Request, Store, World, entities_json};

const MANIFEST: &str = r#"
name = "differential"
version = "1.0.0"
principal_type = "User"
policy_ids = "place"
"#;

/// Core with the bundle of a world.
pub(crate) struct Countersign {
    bundle: Arc<Bundle>,
    /// The entities of the bundle.
    fixed: Entities,
}

/// The entities of a store, as they are and linked, with memory for the requests.
pub(crate) struct Asked {
    entities: Entities,
    query: LinkedQuery,
    evaluator: Evaluator,
}

impl Countersign {
    /// Fails if the compiler doesn't take the world, or core its bundle.
    pub(crate) fn new(world: &World) -> Result<Self> {
        let bundle = Bundle::load_unsigned(&compile(world)?)
            .map_err(|error| anyhow!("{}: {error}", error.code()))?;
        let fixed = entities_json(&world.fixed, Form::Escaped).to_string();
        Ok(Self {
            bundle: Arc::new(bundle),
            fixed: Entities::from_json(&fixed)
                .context("core doesn't take the entities of the bundle")?,
        })
    }

    pub(crate) fn store(&self, store: &Store) -> Reply<Asked> {
        let json = entities_json(&store.entities, Form::Escaped).to_string();
        let entities = Entities::from_json(&json).map_err(refused)?;
        let linked = EntityStore::new(Arc::clone(&self.bundle), &entities).map_err(refused)?;
        Ok(Asked {
            entities,
            query: LinkedQuery::new(Arc::new(linked)),
            evaluator: Evaluator::new(),
        })
    }

    /// Asks by way of the store; where `anew` says so, with all linked anew as well.
    pub(crate) fn ask(&self, asked: &mut Asked, request: &Request, anew: bool) -> Reply<Answer> {
        let context = record_json(&request.context, Form::Escaped).to_string();
        let context = Record::from_json(&context).map_err(refused)?;
        let Request {
            principal,
            action,
            resource,
            ..
        } = request;
        let [principal, action, resource] =
            [principal, action, resource].map(|uid| (&*uid.of, &*uid.id));
        asked
            .query
            .link_record(principal, action, resource, &context)
            .map_err(refused)?;
        let linked = answer(&asked.evaluator.evaluate(&asked.query));
        if anew {
            let anew = self.ask_anew(&asked.entities, request, &context)?;
            if anew != linked {
                return Err(Refused(format!(
                    "linked anew: {anew}; linked to the store: {linked}"
                )));
            }
        }
        Ok(linked)
    }

    fn ask_anew(&self, entities: &Entities, request: &Request, context: &Record) -> Reply<Answer> {
        let known = |name: &Uid| {
            let uid = EntityUid::new(name.of.as_str(), name.id.as_str());
            let known = entities.get(&uid).or_else(|| self.fixed.get(&uid));
            known.cloned().unwrap_or_else(|| Entity::bare(uid))
        };
        let query = Query {
            principal: &known(&request.principal),
            action: &EntityUid::new(request.action.of.as_str(), request.action.id.as_str()),
            resource: &known(&request.resource),
            context,
            entities: Some(entities),
        };
        Ok(answer(&self.bundle.evaluate(&query).map_err(refused)?))
    }
}

/// The bundle's bytes. Fails if the compiler doesn't take the world.
pub(crate) fn compile(world: &World) -> Result<Vec<u8>> {
    let links: String = world.links.iter().map(link).collect();
    let fixed = entities_json(&world.fixed, Form::Typed).to_string();
    let sources = Sources {
        policies: Source::new("policies.cedar", world.policies_text()),
        schema: Source::new("schema.cedarschema", world.schema_text()),
        manifest: Source::new("pack.toml", format!("{MANIFEST}{links}")),
        entities: (!world.fixed.is_empty()).then(|| Source::new("entities.json", fixed)),
    };
    match compile_unvalidated(&sources) {
        Ok(compiled) => Ok(compiled.into_bytes()),
        Err(diagnostics) => {
            let problems = diagnostics.problems().iter();
            let problems: Vec<String> = problems
                .map(|problem| format!("{}: {problem}", problem.code()))
                .collect();
            bail!(
                "the compiler doesn't take the pack: {}",
                problems.join("; ")
            )
        }
    }
}

fn answer(evaluation: &Evaluation<'_>) -> Answer {
    Answer {
        allowed: evaluation.is_allowed(),
        reasons: evaluation.reason_ids().map(str::to_owned).collect(),
        errors: evaluation.error_ids().map(str::to_owned).collect(),
    }
}

fn refused(error: ValueError) -> Refused {
    Refused(format!("{}: {error}", error.code()))
}

/// The link in the manifest.
fn link(link: &Link) -> String {
    let mut text = format!(
        "[[links]]\ntemplate = \"policy{}\"\nid = \"{}\"\n",
        link.template, link.id
    );
    for (slot, uid) in [("principal", &link.principal), ("resource", &link.resource)] {
        if let Some(uid) = uid {
            text += &format!("{slot} = {}\n", toml_string(&uid.to_string()));
        }
    }
    text
}

/// TOML's escapes are JSON's.
fn toml_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
