//! Who can do an action on a resource, and what a principal can do.
//!
//! The answer is over the static hierarchy: the groups and entities of the pack. What it can't tell
//! without a request, such as a condition on the context, it leaves as conditions in Cedar's text.

mod addresses;
mod known;
mod simplify;

pub use addresses::address_attributes;
pub use simplify::Condition;

use crate::cases::{CaseError, Who, obligations_of};
use crate::pack::STACK;
use crate::reference::Reference;
use cedar_policy::{EntityTypeName, RequestEnv};
use cedar_policy_core::ast::{self, Effect};
use core::fmt;
use countersign_core::policy::EntityUid;
use known::{Known, Part};
use simplify::{Residual, conjuncts, simplify};
use std::collections::BTreeSet;

/// Whom a grant is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Any entity of this type.
    Any(String),
    /// The members of this group.
    MembersOf(EntityUid),
    /// This entity.
    Entity(EntityUid),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(entity_type) => write!(f, "any {entity_type}"),
            Self::MembersOf(group) => write!(f, "members of {group}"),
            Self::Entity(uid) => write!(f, "{uid}"),
        }
    }
}

/// What the policies let a subject do, with what is left to ask of a request.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Whom it is for.
    pub subject: Subject,
    /// The action.
    pub action: EntityUid,
    /// What the action is done on.
    pub resource: Object,
    /// The permits that can be satisfied; one is enough.
    pub permits: Vec<Clause>,
    /// The forbids that can be satisfied; none may be.
    pub forbids: Vec<Clause>,
}

impl Grant {
    /// The forbid that always applies, if there is one: then nothing is granted.
    #[must_use]
    pub fn refused_by(&self) -> Option<&Clause> {
        self.forbids
            .iter()
            .find(|clause| clause.conditions.is_empty())
    }
}

/// What an action is done on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// Any entity of this type.
    Any(String),
    /// This entity.
    Entity(EntityUid),
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any(entity_type) => write!(f, "any {entity_type}"),
            Self::Entity(uid) => write!(f, "{uid}"),
        }
    }
}

/// A policy that can be satisfied, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The policy's id.
    pub id: String,
    /// Its obligations: names and values.
    pub obligations: BTreeSet<(String, String)>,
    /// What is left of its conditions; all must hold.
    pub conditions: Vec<Condition>,
}

/// The groups and entities that can do `action` on `resource`.
///
/// # Errors
/// `action_not_applicable` if by the schema nobody does the action on such a resource.
pub fn who_can(
    reference: &Reference,
    action: &EntityUid,
    resource: &EntityUid,
) -> Result<Vec<Grant>, CaseError> {
    let entities = reference.entities()?;
    let envs = environments(reference, |env| {
        env.action().to_string() == action.to_string()
            && env.resource().to_string() == resource.entity_type()
    });
    if envs.is_empty() {
        let message = format!(
            "by the schema, {action} does not apply to a `{}`",
            resource.entity_type()
        );
        return Err(CaseError::new("action_not_applicable", message));
    }
    let resource_part = Part::entity(reference, &entities, resource)?;
    let mut grants = Vec::new();
    for env in envs {
        for (subject, principal) in subjects(reference, &entities, env.principal())? {
            let known = Known::new(reference, &entities, principal, action, &resource_part)?;
            let object = Object::Entity(resource.clone());
            grants.extend(grant(reference, &known, subject, action, object));
        }
    }
    Ok(grants)
}

/// What `principal` can do: an entity, or a group for what its members can do.
///
/// # Errors
/// `principal_not_applicable` if by the schema neither it nor its members do anything.
pub fn what_can(reference: &Reference, principal: &EntityUid) -> Result<Vec<Grant>, CaseError> {
    grants_of(reference, &reference.entities()?, principal)
}

fn grants_of(
    reference: &Reference,
    entities: &cedar_policy::Entities,
    principal: &EntityUid,
) -> Result<Vec<Grant>, CaseError> {
    let own_type = principal.entity_type();
    let itself = environments(reference, |env| env.principal().to_string() == own_type);
    let (envs, subject) = if itself.is_empty() {
        let members = environments(reference, |env| {
            can_be_in(reference, env.principal(), own_type)
        });
        (members, Subject::MembersOf(principal.clone()))
    } else {
        (itself, Subject::Entity(principal.clone()))
    };
    if envs.is_empty() {
        let message =
            format!("by the schema, neither a `{own_type}` nor a member of one does anything");
        return Err(CaseError::new("principal_not_applicable", message));
    }
    let mut grants = Vec::new();
    for env in envs {
        let part = match subject {
            Subject::Entity(_) => Part::entity(reference, entities, principal)?,
            _ => Part::member(reference, entities, env.principal(), principal)?,
        };
        let action = crate::scope::entity_uid(env.action().as_ref());
        let resource = Part::any(reference, env.resource());
        let object = Object::Any(env.resource().to_string());
        let known = Known::new(reference, entities, part, &action, &resource)?;
        grants.extend(grant(reference, &known, subject.clone(), &action, object));
    }
    Ok(grants)
}

/// What a key can do, as the keyring has it: with its groups and its attributes. And who it is.
///
/// # Errors
/// `principal_not_applicable` if by the schema it does nothing; `question_malformed` for what Cedar doesn't take.
pub fn key_can(reference: &Reference, who: &Who) -> Result<(EntityUid, Vec<Grant>), CaseError> {
    let (principal, entity) = reference.principal(who);
    let entities = reference.entities_with(entity)?;
    let grants = grants_of(reference, &entities, &principal)?;
    Ok((principal, grants))
}

/// What the schema lets be asked, in a stable order.
fn environments(reference: &Reference, wanted: impl Fn(&RequestEnv) -> bool) -> Vec<RequestEnv> {
    let mut envs: Vec<RequestEnv> = reference
        .schema()
        .request_envs()
        .filter(|env| wanted(env))
        .collect();
    envs.sort_by_cached_key(|env| {
        (
            env.action().to_string(),
            env.resource().to_string(),
            env.principal().to_string(),
        )
    });
    envs
}

fn can_be_in(reference: &Reference, member: &EntityTypeName, group: &str) -> bool {
    reference
        .schema()
        .ancestors(member)
        .is_some_and(|mut types| types.any(|known| known.to_string() == group))
}

/// Any principal of the type, then the groups that it can be in, then the static principals.
fn subjects(
    reference: &Reference,
    entities: &cedar_policy::Entities,
    principal_type: &EntityTypeName,
) -> Result<Vec<(Subject, Part)>, CaseError> {
    let any = Subject::Any(principal_type.to_string());
    let mut subjects = vec![(any, Part::any(reference, principal_type))];
    let mut uids: Vec<EntityUid> = entities
        .iter()
        .map(|entity| crate::scope::entity_uid(entity.uid().as_ref()))
        .collect();
    uids.sort();
    for uid in &uids {
        if can_be_in(reference, principal_type, uid.entity_type()) {
            let part = Part::member(reference, entities, principal_type, uid)?;
            subjects.push((Subject::MembersOf(uid.clone()), part));
        }
    }
    for uid in uids {
        if uid.entity_type() == principal_type.to_string() {
            let part = Part::entity(reference, entities, &uid)?;
            subjects.push((Subject::Entity(uid), part));
        }
    }
    Ok(subjects)
}

/// What the policies say to it; nothing if no permit can be satisfied.
fn grant(
    reference: &Reference,
    known: &Known<'_>,
    subject: Subject,
    action: &EntityUid,
    resource: Object,
) -> Option<Grant> {
    let (mut permits, mut forbids) = (Vec::new(), Vec::new());
    for (id, policy) in reference.policies() {
        let simplified = stacker::grow(STACK, || simplify(&policy.condition(), known));
        let conditions = match simplified {
            Residual::False => continue,
            Residual::True => Vec::new(),
            Residual::Open(expr) => {
                let conjuncts = conjuncts(&expr);
                // Who is one of the pack's, or in one of its groups, is shown by itself.
                if policy.effect() == Effect::Permit
                    && !matches!(subject, Subject::Entity(_))
                    && conjuncts.iter().any(|one| known.names_principals(one))
                {
                    continue;
                }
                conjuncts.into_iter().map(Condition::from).collect()
            }
        };
        let clause = Clause {
            id,
            obligations: obligations(policy),
            conditions,
        };
        match policy.effect() {
            Effect::Permit => permits.push(clause),
            Effect::Forbid => forbids.push(clause),
        }
    }
    (!permits.is_empty()).then_some(Grant {
        subject,
        action: action.clone(),
        resource,
        permits,
        forbids,
    })
}

fn obligations(policy: &ast::Policy) -> BTreeSet<(String, String)> {
    obligations_of(
        policy
            .annotations()
            .map(|(name, annotation)| (name.as_ref(), annotation.val.as_str())),
    )
}
