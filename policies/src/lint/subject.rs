//! What is linted: the pack, parsed, and what its policies' scopes can match.

use crate::diagnostics::{Diagnostics, Problem};
use crate::manifest::Manifest;
use crate::pack::{read_policies, read_schema};
use crate::sources::Sources;
use cedar_policy::{
    EntityUid, PolicySet, RequestEnv, Schema, ValidationMode, ValidationWarning, Validator,
};
use cedar_policy_core::ast::{self, ActionConstraint, PrincipalOrResourceConstraint};
use cedar_policy_core::extensions::Extensions;
use cedar_policy_core::validator::{RawName, json_schema::Fragment};
use miette::SourceSpan;
use std::collections::BTreeSet;

/// A pack.
pub(super) struct Subject<'s> {
    pub(super) sources: &'s Sources,
    pub(super) manifest: Manifest,
    pub(super) schema: Schema,
    pub(super) set: PolicySet,
    pub(super) actions: Vec<SchemaAction>,
    /// What Cedar's validator warns of.
    pub(super) warnings: Vec<ValidationWarning>,
    /// Each action with its groups.
    hierarchy: cedar_policy::Entities,
}

/// An action as the schema declares it.
pub(super) struct SchemaAction {
    pub(super) uid: EntityUid,
    /// Whether a request can ask for it, and it isn't only a group of actions.
    pub(super) applies: bool,
    pub(super) span: Option<SourceSpan>,
    is_annotated_write: bool,
}

/// One policy, or one template: its rules, whatever its slots are filled with.
pub(super) struct Rules<'s> {
    pub(super) template: &'s ast::Template,
    /// The kinds of request that its scope takes.
    pub(super) requests: Vec<RequestEnv>,
}

impl<'s> Subject<'s> {
    /// Of a pack that compiles.
    pub(super) fn new(sources: &'s Sources) -> Result<Self, Diagnostics> {
        let manifest = Manifest::parse(&sources.manifest)?;
        let malformed = |error: &dyn miette::Diagnostic| {
            Problem::cedar("schema_malformed", &sources.schema, error)
        };
        let text = sources.schema.text();
        let schema = read_schema(&sources.schema)?;
        let (fragment, _) =
            Fragment::<RawName>::from_cedarschema_str(text, Extensions::all_available())
                .map_err(|error| malformed(&error))?;
        let hierarchy = schema
            .action_entities()
            .map_err(|error| malformed(&error))?;
        let set = read_policies(&sources.policies)?;
        let validator = Validator::new(schema.clone());
        let result = validator.validate(&set, ValidationMode::Strict);
        Ok(Self {
            warnings: result.validation_warnings().cloned().collect(),
            actions: schema_actions(&fragment),
            sources,
            manifest,
            schema,
            set,
            hierarchy,
        })
    }

    /// Policies and templates, by their place.
    pub(super) fn rules(&self) -> Vec<Rules<'_>> {
        let policies = self.set.policies().map(|policy| Rules {
            template: AsRef::<ast::Policy>::as_ref(policy).template(),
            requests: policy.get_valid_request_envs(&self.schema).collect(),
        });
        let templates = self.set.templates().map(|template| Rules {
            template: template.as_ref(),
            requests: template.get_valid_request_envs(&self.schema).collect(),
        });
        let mut rules: Vec<_> = policies.chain(templates).collect();
        rules.sort_by_key(|rules| rules.span().map(|span| span.offset()));
        rules
    }

    /// Whether the scope of an action takes `action`.
    pub(super) fn takes(&self, scope: &ActionConstraint, action: &EntityUid) -> bool {
        let is_or_has = |uid: &ast::EntityUID| {
            uid == action.as_ref()
                || self
                    .hierarchy
                    .ancestors(action)
                    .is_some_and(|mut groups| groups.any(|group| group.as_ref() == uid))
        };
        match scope {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(uid) => uid.as_ref() == action.as_ref(),
            ActionConstraint::In(uids) => uids.iter().any(|uid| is_or_has(uid)),
        }
    }

    /// Whether `action` is one that changes something.
    pub(super) fn is_write(&self, action: &EntityUid) -> bool {
        let by_route = self.manifest.routes.iter().any(|route| {
            let route = route.get_ref();
            self.is_action(action, &route.action)
                && !matches!(route.method.as_str(), "GET" | "HEAD" | "OPTIONS")
        });
        let declared = self.actions.iter().find(|known| known.uid == *action);
        by_route || declared.is_some_and(|action| action.is_annotated_write)
    }

    /// Whether a route's `action` names this one.
    pub(super) fn is_action(&self, action: &EntityUid, id: &str) -> bool {
        action.id().unescaped() == id && action.type_name().to_string() == self.manifest.action_type
    }
}

impl Rules<'_> {
    /// Its `@id`, or its place.
    pub(super) fn name(&self) -> String {
        self.annotation("id")
            .unwrap_or_else(|| self.template.id().to_string())
    }

    pub(super) fn span(&self) -> Option<SourceSpan> {
        self.template.loc().map(|loc| loc.span)
    }

    pub(super) fn is_permit(&self) -> bool {
        self.template.effect() == ast::Effect::Permit
    }

    /// Whether it has allowed warnings with this code.
    pub(super) fn allows(&self, code: &str) -> bool {
        let allowed = self.annotation("lint_allow").unwrap_or_default();
        allowed.split([' ', ',']).any(|allowed| allowed == code)
    }

    fn annotation(&self, wanted: &str) -> Option<String> {
        let mut annotations = self.template.annotations();
        let found = annotations.find(|(name, _)| AsRef::<str>::as_ref(*name) == wanted);
        found.map(|(_, annotation)| annotation.val.to_string())
    }

    /// Whether its scope takes every request of this kind.
    pub(super) fn covers(&self, subject: &Subject<'_>, request: &RequestEnv) -> bool {
        subject.takes(self.template.action_constraint(), request.action())
            && self.takes_every_principal(request)
            && self.takes_every_resource(request)
    }

    pub(super) fn takes_every_principal(&self, request: &RequestEnv) -> bool {
        let constraint = self.template.principal_constraint();
        takes_every(constraint.as_inner(), request.principal().as_ref())
    }

    pub(super) fn takes_every_resource(&self, request: &RequestEnv) -> bool {
        let constraint = self.template.resource_constraint();
        takes_every(constraint.as_inner(), request.resource().as_ref())
    }

    /// The actions that its scope takes.
    pub(super) fn actions(&self) -> BTreeSet<&EntityUid> {
        self.requests.iter().map(RequestEnv::action).collect()
    }
}

fn takes_every(constraint: &PrincipalOrResourceConstraint, entity_type: &ast::EntityType) -> bool {
    match constraint {
        PrincipalOrResourceConstraint::Any => true,
        PrincipalOrResourceConstraint::Is(is) => is.as_ref() == entity_type,
        _ => false,
    }
}

fn schema_actions(fragment: &Fragment<RawName>) -> Vec<SchemaAction> {
    let mut actions = Vec::new();
    for (namespace, definition) in &fragment.0 {
        for (id, action) in &definition.actions {
            let entity_type = match namespace {
                None => "Action".to_owned(),
                Some(namespace) => format!("{namespace}::Action"),
            };
            let Ok(entity_type) = entity_type.parse() else {
                continue;
            };
            let annotations = &mut action.annotations.0.iter();
            actions.push(SchemaAction {
                uid: EntityUid::from_type_name_and_id(
                    entity_type,
                    cedar_policy::EntityId::new(id.as_str()),
                ),
                applies: action.applies_to.as_ref().is_some_and(|applies| {
                    !applies.principal_types.is_empty() && !applies.resource_types.is_empty()
                }),
                span: action.loc.as_ref().map(|loc| loc.span),
                is_annotated_write: annotations
                    .any(|(name, _)| AsRef::<str>::as_ref(name) == "write"),
            });
        }
    }
    actions
}
