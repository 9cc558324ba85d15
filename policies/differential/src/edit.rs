//! The ways in which a world can be made smaller by one step.

use crate::expression::Expression;
use crate::policy::{ActionScope, Scope};
use crate::value::Value;
use crate::world::World;

/// One step. Numbers are places in the lists of the world.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    DropPolicy(usize),
    DropLink(usize),
    DropFixed(usize),
    DropEntity(usize),
    DropCondition(usize, usize),
    OpenPrincipal(usize),
    OpenAction(usize),
    OpenResource(usize),
    /// In the condition of a policy, the expression at a place becomes another.
    Replace([usize; 3], Expression),
    DropParent(usize, usize),
    DropAttribute(usize, usize),
    DropTag(usize, usize),
    DropContext(usize),
    /// A field of the context, or an attribute of an entity, becomes another.
    Context(usize, Value),
    Attribute(usize, usize, Value),
    DropType(usize),
    DropAction(usize),
    DropTypeAttribute(usize, usize),
}

/// All steps from the world, the greatest first.
pub(crate) fn edits(world: &World) -> Vec<Edit> {
    let mut edits: Vec<Edit> = (0..world.policies.len()).map(Edit::DropPolicy).collect();
    edits.extend((0..world.links.len()).map(Edit::DropLink));
    edits.extend((0..world.fixed.len()).map(Edit::DropFixed));
    let store = world.stores.first();
    let entities = store.map_or(&[][..], |store| &store.entities);
    edits.extend((0..entities.len()).map(Edit::DropEntity));
    for (place, policy) in world.policies.iter().enumerate() {
        edits.extend(
            (0..policy.conditions.len()).map(|condition| Edit::DropCondition(place, condition)),
        );
        if !matches!(policy.principal, Scope::Any) {
            edits.push(Edit::OpenPrincipal(place));
        }
        if !matches!(policy.action, ActionScope::Any) {
            edits.push(Edit::OpenAction(place));
        }
        if !matches!(policy.resource, Scope::Any) {
            edits.push(Edit::OpenResource(place));
        }
        for (number, condition) in policy.conditions.iter().enumerate() {
            replacements(&condition.body, &mut 0, &mut |node, with| {
                edits.push(Edit::Replace([place, number, node], with));
            });
        }
    }
    for (place, entity) in entities.iter().enumerate() {
        edits.extend((0..entity.parents.len()).map(|parent| Edit::DropParent(place, parent)));
        edits.extend(
            (0..entity.attributes.len()).map(|attribute| Edit::DropAttribute(place, attribute)),
        );
        edits.extend((0..entity.tags.len()).map(|tag| Edit::DropTag(place, tag)));
        for (number, (_, value)) in entity.attributes.iter().enumerate() {
            edits.extend(
                smaller(value)
                    .into_iter()
                    .map(|value| Edit::Attribute(place, number, value)),
            );
        }
    }
    let context = store
        .and_then(|store| store.requests.first())
        .map_or(&[][..], |request| &request.context);
    edits.extend((0..context.len()).map(Edit::DropContext));
    for (number, (_, value)) in context.iter().enumerate() {
        edits.extend(
            smaller(value)
                .into_iter()
                .map(|value| Edit::Context(number, value)),
        );
    }
    edits.extend((0..world.schema.actions.len()).map(Edit::DropAction));
    edits.extend((0..world.schema.types.len()).map(Edit::DropType));
    for (place, known) in world.schema.types.iter().enumerate() {
        edits.extend(
            (0..known.attributes.len()).map(|attribute| Edit::DropTypeAttribute(place, attribute)),
        );
    }
    edits
}

pub(crate) fn apply(edit: &Edit, world: &World) -> World {
    let mut world = world.clone();
    match edit {
        Edit::DropPolicy(place) => {
            drop_at(&mut world.policies, *place);
            world.links.retain(|link| link.template != *place);
            for link in &mut world.links {
                link.template -= usize::from(link.template > *place);
            }
        }
        Edit::DropLink(place) => drop_at(&mut world.links, *place),
        Edit::DropFixed(place) => drop_at(&mut world.fixed, *place),
        Edit::DropType(place) => drop_at(&mut world.schema.types, *place),
        Edit::DropAction(place) => drop_at(&mut world.schema.actions, *place),
        Edit::DropTypeAttribute(place, attribute) => {
            if let Some(known) = world.schema.types.get_mut(*place) {
                drop_at(&mut known.attributes, *attribute);
            }
        }
        Edit::DropCondition(..)
        | Edit::OpenPrincipal(_)
        | Edit::OpenAction(_)
        | Edit::OpenResource(_)
        | Edit::Replace(..) => {
            edit_policy(edit, &mut world);
        }
        Edit::DropEntity(_)
        | Edit::DropParent(..)
        | Edit::DropAttribute(..)
        | Edit::DropTag(..)
        | Edit::DropContext(_)
        | Edit::Context(..)
        | Edit::Attribute(..) => edit_data(edit, &mut world),
    }
    world
}

fn edit_policy(edit: &Edit, world: &mut World) {
    let (Edit::DropCondition(place, _)
    | Edit::OpenPrincipal(place)
    | Edit::OpenAction(place)
    | Edit::OpenResource(place)
    | Edit::Replace([place, ..], _)) = edit
    else {
        return;
    };
    let Some(policy) = world.policies.get_mut(*place) else {
        return;
    };
    match edit {
        Edit::DropCondition(_, condition) => drop_at(&mut policy.conditions, *condition),
        Edit::OpenPrincipal(_) => policy.principal = Scope::Any,
        Edit::OpenAction(_) => policy.action = ActionScope::Any,
        Edit::OpenResource(_) => policy.resource = Scope::Any,
        Edit::Replace([_, condition, node], with) => {
            if let Some(condition) = policy.conditions.get_mut(*condition) {
                replace(&mut condition.body, &mut node.clone(), with);
            }
        }
        _ => {}
    }
    // A link must give the slots that its template has, and no others.
    let (principal, resource) = (policy.principal.has_slot(), policy.resource.has_slot());
    for link in world
        .links
        .iter_mut()
        .filter(|link| link.template == *place)
    {
        link.principal = link.principal.take().filter(|_| principal);
        link.resource = link.resource.take().filter(|_| resource);
    }
    if !principal && !resource {
        world.links.retain(|link| link.template != *place);
    }
}

fn edit_data(edit: &Edit, world: &mut World) {
    let Some(store) = world.stores.first_mut() else {
        return;
    };
    match edit {
        Edit::DropEntity(place) => drop_at(&mut store.entities, *place),
        Edit::DropContext(number) => {
            if let Some(request) = store.requests.first_mut() {
                drop_at(&mut request.context, *number);
            }
        }
        Edit::Context(number, value) => {
            if let Some(request) = store.requests.first_mut()
                && let Some(field) = request.context.get_mut(*number)
            {
                field.1 = value.clone();
            }
        }
        Edit::DropParent(place, number)
        | Edit::DropAttribute(place, number)
        | Edit::DropTag(place, number) => {
            if let Some(entity) = store.entities.get_mut(*place) {
                match edit {
                    Edit::DropParent(..) => drop_at(&mut entity.parents, *number),
                    Edit::DropAttribute(..) => drop_at(&mut entity.attributes, *number),
                    _ => drop_at(&mut entity.tags, *number),
                }
            }
        }
        Edit::Attribute(place, number, value) => {
            if let Some(entity) = store.entities.get_mut(*place)
                && let Some(field) = entity.attributes.get_mut(*number)
            {
                field.1 = value.clone();
            }
        }
        _ => {}
    }
}

fn drop_at<T>(things: &mut Vec<T>, at: usize) {
    if at < things.len() {
        things.remove(at);
    }
}

/// What may stand for the expression or for one within, with its number in preorder.
fn replacements(
    expression: &Expression,
    number: &mut usize,
    found: &mut impl FnMut(usize, Expression),
) {
    let own = *number;
    *number += 1;
    for simple in [
        Expression::Bool(true),
        Expression::Bool(false),
        Expression::Long(0),
    ] {
        let leaf = matches!(
            expression,
            Expression::Bool(_) | Expression::Long(_) | Expression::Variable(_)
        );
        if !leaf {
            found(own, simple);
        }
    }
    for child in expression.children() {
        found(own, child.clone());
    }
    match expression {
        Expression::Set(elements) => {
            for place in 0..elements.len() {
                let mut fewer = elements.clone();
                fewer.remove(place);
                found(own, Expression::Set(fewer));
            }
        }
        Expression::Record(fields) => {
            for place in 0..fields.len() {
                let mut fewer = fields.clone();
                fewer.remove(place);
                found(own, Expression::Record(fewer));
            }
        }
        _ => {}
    }
    for child in expression.children() {
        replacements(child, number, found);
    }
}

fn replace(expression: &mut Expression, steps: &mut usize, with: &Expression) -> bool {
    if *steps == 0 {
        *expression = with.clone();
        return true;
    }
    *steps -= 1;
    expression
        .children_mut()
        .into_iter()
        .any(|child| replace(child, steps, with))
}

fn smaller(value: &Value) -> Vec<Value> {
    match value {
        Value::Set(elements) => (0..elements.len())
            .map(|place| {
                let mut fewer = elements.clone();
                fewer.remove(place);
                Value::Set(fewer)
            })
            .collect(),
        Value::Record(fields) => (0..fields.len())
            .map(|place| {
                let mut fewer = fields.clone();
                fewer.remove(place);
                Value::Record(fewer)
            })
            .collect(),
        _ => Vec::new(),
    }
}
