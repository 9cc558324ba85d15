//! Makes policies, templates and their links up.

use super::data::Data;
use super::expression::Speaker;
use crate::dice::Dice;
use crate::policy::{ActionScope, Condition, Link, Policy, Scope, Target};
use crate::schema::{Action, Applies, Schema, Type};
use crate::value::Uid;

/// At most this many policies at once.
const MOST: usize = 24;

pub(crate) fn policies(dice: &mut Dice, schema: &Schema, data: &Data<'_>) -> Vec<Policy> {
    let count = 1 + dice.few(MOST - 1);
    (0..count).map(|_| policy(dice, schema, data)).collect()
}

fn policy(dice: &mut Dice, schema: &Schema, data: &Data<'_>) -> Policy {
    let applying: Vec<(&Action, &Applies)> = schema
        .actions
        .iter()
        .filter_map(|action| Some((action, action.applies.as_ref()?)))
        .collect();
    let nothing = Applies::default();
    let (action, applies) = match dice.one_of(&applying) {
        Some((action, applies)) => (Some(*action), *applies),
        None => (None, &nothing),
    };
    let (principal, resource): (String, String) = (
        dice.pick(&applies.principals),
        dice.pick(&applies.resources),
    );
    let speaker = Speaker::new(schema, data, &principal, &resource, &applies.context);
    let conditions = match dice.roll(8) {
        0 => 0,
        1 => 2,
        2 => 3,
        _ => 1,
    };
    let conditions = (0..conditions)
        .map(|_| {
            let depth = 1 + dice.roll(5);
            Condition {
                when: !dice.one_in(4),
                body: speaker.of(dice, &Type::Bool, depth),
            }
        })
        .collect();
    Policy {
        permits: !dice.one_in(3),
        principal: scope(dice, data, &principal),
        action: action_scope(dice, schema, action),
        resource: scope(dice, data, &resource),
        conditions,
    }
}

fn scope(dice: &mut Dice, data: &Data<'_>, likely: &str) -> Scope {
    let name = if dice.one_in(5) {
        data.any_uid(dice).of
    } else {
        likely.to_owned()
    };
    match dice.roll(14) {
        0..=7 => Scope::Any,
        8 => Scope::Equal(target(dice, data, &name)),
        9 | 10 => {
            let group = data.any_uid(dice);
            Scope::In(target(dice, data, &group.of))
        }
        11 | 12 => Scope::Is(name),
        _ => {
            let group = data.any_uid(dice);
            Scope::IsIn(name, target(dice, data, &group.of))
        }
    }
}

fn target(dice: &mut Dice, data: &Data<'_>, name: &str) -> Target {
    if dice.one_in(4) {
        Target::Slot
    } else {
        Target::Uid(data.uid_of(dice, name))
    }
}

fn action_scope(dice: &mut Dice, schema: &Schema, likely: Option<&Action>) -> ActionScope {
    let uid = |dice: &mut Dice| match (likely, dice.one_of(&schema.actions)) {
        (Some(action), _) if dice.one_in(2) => action.uid.clone(),
        (_, Some(action)) => action.uid.clone(),
        _ => Uid::new("Action", "other"),
    };
    match dice.roll(8) {
        0..=2 => ActionScope::Any,
        3 => ActionScope::Equal(uid(dice)),
        4 | 5 => ActionScope::In(uid(dice)),
        _ => {
            let count = dice.roll(4);
            ActionScope::InAny((0..count).map(|_| uid(dice)).collect())
        }
    }
}

/// Links of the templates: none for some, many for others.
pub(crate) fn links(dice: &mut Dice, data: &Data<'_>, policies: &[Policy]) -> Vec<Link> {
    let mut links = Vec::new();
    for (template, policy) in policies
        .iter()
        .enumerate()
        .filter(|(_, policy)| policy.has_slot())
    {
        for _ in 0..dice.roll(4) {
            links.push(Link {
                template,
                id: format!("link{}", links.len()),
                principal: policy.principal.has_slot().then(|| data.any_uid(dice)),
                resource: policy.resource.has_slot().then(|| data.any_uid(dice)),
            });
        }
    }
    links
}
