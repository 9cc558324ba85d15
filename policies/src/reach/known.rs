//! What is known of a question before it is asked.

use crate::cases::CaseError;
use crate::reference::{Reference, cedar_uid};
use cedar_policy::{Context, Entities, EntityTypeName, Request};
use cedar_policy_core::ast::{BinaryOp, EntityUID, Expr, ExprKind, Literal, Value, ValueKind, Var};
use cedar_policy_core::entities::Dereference;
use cedar_policy_core::evaluator::Evaluator;
use cedar_policy_core::extensions::Extensions;
use countersign_core::policy::EntityUid;
use std::collections::{BTreeSet, HashMap};

/// What is known of the principal or of the resource.
#[derive(Clone, Debug)]
pub(super) struct Part {
    entity_type: String,
    uid: Option<EntityUID>,
    /// The ancestors that are known, and whether there are no others.
    ancestors: BTreeSet<EntityUID>,
    is_static: bool,
    /// The types that an ancestor can have.
    ancestor_types: BTreeSet<String>,
}

impl Part {
    /// Some entity of a type.
    pub(super) fn any(reference: &Reference, entity_type: &EntityTypeName) -> Self {
        let ancestor_types = reference
            .schema()
            .ancestors(entity_type)
            .map(|types| types.map(ToString::to_string).collect())
            .unwrap_or_default();
        Self {
            entity_type: entity_type.to_string(),
            uid: None,
            ancestors: BTreeSet::new(),
            is_static: false,
            ancestor_types,
        }
    }

    /// Some entity of a type that is a member of `group`.
    pub(super) fn member(
        reference: &Reference,
        entities: &Entities,
        entity_type: &EntityTypeName,
        group: &EntityUid,
    ) -> Result<Self, CaseError> {
        let group = cedar_uid(group)?;
        let mut ancestors = ancestors(entities, &group).unwrap_or_default();
        ancestors.insert(group.as_ref().clone());
        Ok(Self {
            ancestors,
            ..Self::any(reference, entity_type)
        })
    }

    /// The entity of this name; all is known of it if it is one of the pack's.
    pub(super) fn entity(
        reference: &Reference,
        entities: &Entities,
        uid: &EntityUid,
    ) -> Result<Self, CaseError> {
        let uid = cedar_uid(uid)?;
        let ancestors = ancestors(entities, &uid);
        Ok(Self {
            is_static: ancestors.is_some(),
            ancestors: ancestors.unwrap_or_default(),
            uid: Some(uid.as_ref().clone()),
            ..Self::any(reference, uid.type_name())
        })
    }

    pub(super) fn is(&self, entity_type: &str) -> bool {
        self.entity_type == entity_type
    }

    /// Whether it is `other`, if that can be told.
    pub(super) fn equals(&self, other: &EntityUID) -> Option<bool> {
        match &self.uid {
            Some(uid) => Some(uid == other),
            None if !self.is(&other.entity_type().to_string()) => Some(false),
            None => None,
        }
    }

    /// Whether it is `group` or in it, if that can be told.
    pub(super) fn is_in(&self, group: &EntityUID) -> Option<bool> {
        if self.ancestors.contains(group) {
            return Some(true);
        }
        let can_be_ancestor = !self.is_static
            && self
                .ancestor_types
                .contains(&group.entity_type().to_string());
        match self.equals(group) {
            Some(false) if can_be_ancestor => None,
            told => told,
        }
    }
}

fn ancestors(entities: &Entities, uid: &cedar_policy::EntityUid) -> Option<BTreeSet<EntityUID>> {
    let ancestors = entities.ancestors(uid)?;
    Some(ancestors.map(|uid| uid.as_ref().clone()).collect())
}

/// What is known of a question.
pub(super) struct Known<'k> {
    principal: Part,
    action: Part,
    resource: &'k Part,
    entities: &'k Entities,
    evaluator: Evaluator<'k>,
}

impl<'k> Known<'k> {
    pub(super) fn new(
        reference: &Reference,
        entities: &'k Entities,
        principal: Part,
        action: &EntityUid,
        resource: &'k Part,
    ) -> Result<Self, CaseError> {
        let action_uid = cedar_uid(action)?;
        // The action stands for what isn't known: no expression that names that is evaluated.
        let uid = |part: &Part| match &part.uid {
            Some(uid) => uid.clone().into(),
            None => action_uid.clone(),
        };
        let request = Request::new(
            uid(&principal),
            action_uid.clone(),
            uid(resource),
            Context::empty(),
            None,
        )
        .map_err(|error| CaseError::new("question_malformed", error.to_string()))?;
        Ok(Self {
            principal,
            action: Part::entity(reference, entities, action)?,
            resource,
            entities,
            evaluator: Evaluator::new(
                request.as_ref().clone(),
                entities.as_ref(),
                Extensions::all_available(),
            ),
        })
    }

    /// What is known of a variable.
    pub(super) fn part(&self, expr: &Expr) -> Option<&Part> {
        match expr.expr_kind() {
            ExprKind::Var(Var::Principal) => Some(&self.principal),
            ExprKind::Var(Var::Action) => Some(&self.action),
            ExprKind::Var(Var::Resource) => Some(self.resource),
            _ => None,
        }
    }

    /// Whether `expr` asks that the principal be one of the pack's entities, or in one of them.
    pub(super) fn names_principals(&self, expr: &Expr) -> bool {
        let is_static = |expr: &Expr| match expr.expr_kind() {
            ExprKind::Lit(Literal::EntityUID(uid)) => self.is_static(uid),
            _ => false,
        };
        match expr.expr_kind() {
            ExprKind::BinaryApp {
                op: BinaryOp::Eq | BinaryOp::In,
                arg1,
                arg2,
            } if matches!(arg1.expr_kind(), ExprKind::Var(Var::Principal)) => {
                match arg2.expr_kind() {
                    ExprKind::Set(uids) => uids.iter().all(is_static),
                    _ => is_static(arg2),
                }
            }
            _ => false,
        }
    }

    fn is_static(&self, uid: &EntityUID) -> bool {
        let entities: &cedar_policy_core::entities::Entities = self.entities.as_ref();
        matches!(entities.entity(uid), Dereference::Data(_))
    }

    /// The value of a condition that speaks only of what is wholly known.
    pub(super) fn evaluate(&self, expr: &Expr) -> Option<bool> {
        let known = expr.subexpressions().all(|part| match part.expr_kind() {
            ExprKind::Var(Var::Context) | ExprKind::Unknown(_) | ExprKind::Slot(_) => false,
            ExprKind::Var(_) => self.part(part).is_some_and(|part| part.is_static),
            ExprKind::Lit(Literal::EntityUID(uid)) => self.is_static(uid),
            // Of an entity that an attribute names, more may be known once there is a request.
            ExprKind::HasAttr { expr, .. } | ExprKind::ExtHasAttr { expr, .. } => {
                self.part(expr).is_some()
            }
            _ => true,
        });
        if !known {
            return None;
        }
        match self.evaluator.interpret(expr, &HashMap::new()) {
            Ok(Value {
                value: ValueKind::Lit(Literal::Bool(value)),
                ..
            }) => Some(value),
            _ => None,
        }
    }
}
