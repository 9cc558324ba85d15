//! Cedar's own answer: the oracle.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, EntityId, EntityTypeName,
    EntityUid, PolicyId, PolicySet, Schema, SlotId,
};
use serde_json::Value as Json;

use crate::answer::{Answer, Refused, Reply};
use crate::value::{Form, Uid, record_json};
use crate::world::{Mode, Request, Store, World, entities_json};

/// Cedar with the policies of a world.
pub(crate) struct Cedar {
    mode: Mode,
    schema: Schema,
    policies: PolicySet,
    authorizer: Authorizer,
}

impl Cedar {
    /// Fails only if the world is none that Cedar takes.
    pub(crate) fn new(world: &World) -> Result<Self> {
        let (schema, _) = Schema::from_cedarschema_str(&world.schema_text())
            .context("Cedar doesn't take the schema")?;
        let mut policies: PolicySet = world
            .policies_text()
            .parse()
            .context("Cedar doesn't take the policies")?;
        for link in &world.links {
            let mut slots = HashMap::new();
            if let Some(principal) = &link.principal {
                slots.insert(SlotId::principal(), uid(principal)?);
            }
            if let Some(resource) = &link.resource {
                slots.insert(SlotId::resource(), uid(resource)?);
            }
            let template = PolicyId::new(format!("policy{}", link.template));
            policies
                .link(template, PolicyId::new(&link.id), slots)
                .context("Cedar doesn't take a link")?;
        }
        Ok(Self {
            mode: world.mode,
            schema,
            policies,
            authorizer: Authorizer::new(),
        })
    }

    /// The entities of a store, together with those of the bundle and the schema's actions.
    pub(crate) fn store(&self, world: &World, store: &Store) -> Result<Reply<Entities>> {
        let form = self.form();
        let lists = [
            entities_json(&world.fixed, form),
            entities_json(&store.entities, form),
        ];
        let all: Vec<Json> = lists
            .into_iter()
            .filter_map(|list| match list {
                Json::Array(entities) => Some(entities),
                _ => None,
            })
            .flatten()
            .collect();
        if self.mode == Mode::Typed {
            let entities = Entities::from_json_value(all.into(), Some(&self.schema));
            return Ok(Ok(entities.context("Cedar doesn't take the entities")?));
        }
        let actions = self
            .schema
            .action_entities()
            .context("the schema's actions")?;
        let entities = match Entities::from_json_value(all.into(), None) {
            Ok(entities) => entities,
            Err(error) => return Ok(Err(Refused::because(&error))),
        };
        let entities = entities.add_entities(actions, None);
        Ok(entities.map_err(|error| Refused::because(&error)))
    }

    pub(crate) fn ask(&self, entities: &Entities, request: &Request) -> Result<Reply<Answer>> {
        let action = uid(&request.action)?;
        let schema = (self.mode == Mode::Typed).then_some(&self.schema);
        let context = record_json(&request.context, self.form());
        let context =
            match Context::from_json_value(context, schema.map(|schema| (schema, &action))) {
                Ok(context) => context,
                Err(error) if schema.is_some() => {
                    return Err(error).context("Cedar doesn't take the context");
                }
                Err(error) => return Ok(Err(Refused::because(&error))),
            };
        let request = cedar_policy::Request::new(
            uid(&request.principal)?,
            action,
            uid(&request.resource)?,
            context,
            schema,
        )
        .context("Cedar doesn't take the request")?;
        let response = self
            .authorizer
            .is_authorized(&request, &self.policies, entities);
        let diagnostics = response.diagnostics();
        Ok(Ok(Answer {
            allowed: response.decision() == Decision::Allow,
            reasons: diagnostics.reason().map(ToString::to_string).collect(),
            errors: diagnostics
                .errors()
                .map(|AuthorizationError::PolicyEvaluationError(error)| {
                    error.policy_id().to_string()
                })
                .collect(),
        }))
    }

    /// With a schema at hand, the JSON needn't say what is an entity or of an extension type.
    fn form(&self) -> Form {
        match self.mode {
            Mode::Typed => Form::Typed,
            Mode::Loose | Mode::Bare => Form::Escaped,
        }
    }
}

fn uid(uid: &Uid) -> Result<EntityUid> {
    let name: EntityTypeName = uid.of.parse().context("the name of a type")?;
    Ok(EntityUid::from_type_name_and_id(
        name,
        EntityId::new(&uid.id),
    ))
}
