//! Makes schemas up.

use super::literal::NAMES;
use crate::dice::Dice;
use crate::schema::{Action, Applies, Attribute, EntityType, Schema, Type};
use crate::value::Uid;

/// A schema: three to seven types of entities, one of them sometimes enumerated, and their actions.
pub(crate) fn schema(dice: &mut Dice) -> Schema {
    let mut names = vec![
        "User",
        "Team",
        "Doc",
        "Acme::Role",
        "Acme::Deep::Thing",
        "Box",
        "Acme::Tool",
    ];
    names.truncate(3 + dice.roll(5));
    let mut types: Vec<EntityType> = names
        .iter()
        .map(|name| EntityType {
            name: (*name).to_owned(),
            parents: some_of(dice, &names),
            attributes: Vec::new(),
            tags: None,
            ids: None,
        })
        .collect();
    if dice.one_in(3)
        && let Some(last) = types.last_mut()
    {
        last.parents.clear();
        last.ids = Some(vec!["0".to_owned(), "1".to_owned(), "red".to_owned()]);
    }
    for known in &mut types {
        if known.ids.is_none() {
            known.attributes = attributes(dice, &names, 6, 2);
            known.tags = dice.one_in(2).then(|| any_type(dice, &names, 1));
        }
    }
    let actions = actions(dice, &names);
    Schema { types, actions }
}

fn some_of(dice: &mut Dice, names: &[&str]) -> Vec<String> {
    let mut chosen: Vec<String> = names
        .iter()
        .filter(|_| dice.one_in(3))
        .map(|name| (*name).to_owned())
        .collect();
    if chosen.is_empty() {
        chosen.push(dice.pick(names).to_owned());
    }
    chosen
}

pub(crate) fn attributes(
    dice: &mut Dice,
    entity_types: &[&str],
    most: usize,
    depth: usize,
) -> Vec<Attribute> {
    let mut names = NAMES;
    dice.shuffle(&mut names);
    let count = dice.roll(most + 1);
    names
        .into_iter()
        .take(count)
        .map(|name| Attribute {
            name: name.to_owned(),
            of: any_type(dice, entity_types, depth),
            required: !dice.one_in(3),
        })
        .collect()
}

pub(crate) fn any_type(dice: &mut Dice, entity_types: &[&str], depth: usize) -> Type {
    match dice.roll(if depth == 0 { 9 } else { 13 }) {
        0 => Type::Bool,
        1 => Type::Long,
        2 | 3 => Type::String,
        4 => Type::Entity(dice.pick(entity_types).to_owned()),
        5 => Type::Decimal,
        6 => Type::Ip,
        7 => Type::Datetime,
        8 => Type::Duration,
        9 | 10 => Type::Set(Box::new(any_type(dice, entity_types, depth - 1))),
        _ => Type::Record(attributes(dice, entity_types, 3, depth - 1)),
    }
}

fn actions(dice: &mut Dice, entity_types: &[&str]) -> Vec<Action> {
    let namespace = dice.pick(&["Action", "Action", "Acme::Action"]);
    let ids = ["all", "look", "read", "write", "odd \"id\""];
    let mut actions: Vec<Action> = Vec::new();
    for (place, id) in ids.into_iter().enumerate() {
        // An action is in actions before it: there is no cycle.
        let groups = actions
            .iter()
            .filter(|_| dice.one_in(2))
            .map(|group| group.uid.clone())
            .collect();
        let applies = (place >= 2 || dice.one_in(3)).then(|| Applies {
            principals: some_of(dice, entity_types),
            resources: some_of(dice, entity_types),
            context: attributes(dice, entity_types, 6, 2),
        });
        actions.push(Action {
            uid: Uid::new(namespace, id),
            groups,
            applies,
        });
    }
    actions
}
