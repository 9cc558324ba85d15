//! Makes entities, values and requests up.

use std::collections::BTreeSet;

use serde_json::json;

use super::literal;
use super::schema::{any_type, attributes};
use crate::dice::Dice;
use crate::schema::{Attribute, EntityType, Schema, Type};
use crate::value::{Uid, Value};
use crate::world::{Entity, Mode, Request, Store};

const IDS: [&str; 6] = ["0", "1", "2", "3", "é \"q\" \\", ""];

/// Data for one schema.
#[derive(Debug)]
pub(crate) struct Data<'s> {
    schema: &'s Schema,
    mode: Mode,
    /// All entities that there may be. A parent comes after its children, in every store and in the
    /// bundle, so that there is no cycle.
    order: Vec<Uid>,
}

impl<'s> Data<'s> {
    pub(crate) fn new(dice: &mut Dice, schema: &'s Schema, mode: Mode) -> Self {
        let mut order: Vec<Uid> = Vec::new();
        for known in &schema.types {
            match &known.ids {
                Some(ids) => order.extend(ids.iter().map(|id| Uid::new(known.name.clone(), id))),
                None => order.extend(IDS.iter().map(|id| Uid::new(known.name.clone(), *id))),
            }
        }
        dice.shuffle(&mut order);
        Self {
            schema,
            mode,
            order,
        }
    }

    pub(crate) fn uid(dice: &mut Dice, known: &EntityType) -> Uid {
        let id = match &known.ids {
            Some(ids) => dice.pick(ids),
            None => dice.pick(&IDS).to_owned(),
        };
        Uid::new(known.name.clone(), id)
    }

    /// An entity of that type, which may be one that the schema doesn't know.
    pub(crate) fn uid_of(&self, dice: &mut Dice, name: &str) -> Uid {
        match self.schema.entity_type(name) {
            Some(known) => Self::uid(dice, known),
            None => Uid::new(name, dice.pick(&IDS)),
        }
    }

    pub(crate) fn any_uid(&self, dice: &mut Dice) -> Uid {
        match dice.one_of(&self.schema.types) {
            Some(known) => Self::uid(dice, known),
            None => Uid::new("User", "0"),
        }
    }

    fn type_names(&self) -> Vec<&'s str> {
        let types = self.schema.types.iter();
        types.map(|known| &*known.name).collect()
    }

    /// Entities for the bundle, which conform to the schema.
    pub(crate) fn fixed(&self, dice: &mut Dice) -> Vec<Entity> {
        let mut entities = self.entities(dice, &[], false);
        if dice.one_in(6) {
            self.chain(dice, "fixed", &mut entities);
        }
        entities.retain(|_| dice.one_in(3));
        entities
    }

    /// Entities beside the fixed ones, and requests, mostly of actions that the schema has.
    pub(crate) fn store(&self, dice: &mut Dice, fixed: &[Entity], requests: usize) -> Store {
        let loose = self.mode != Mode::Typed;
        let mut entities = self.entities(dice, fixed, loose);
        if dice.one_in(6) {
            self.chain(dice, "chain", &mut entities);
        }
        if self.mode == Mode::Bare {
            self.actions(dice, &mut entities);
        }
        if loose && dice.one_in(60) {
            spoil(dice, &mut entities);
        }
        dice.shuffle(&mut entities);
        let requests = (0..requests).map(|_| self.request(dice)).collect();
        Store { entities, requests }
    }

    fn entities(&self, dice: &mut Dice, fixed: &[Entity], loose: bool) -> Vec<Entity> {
        let odds = dice.pick(&[2, 6, 6, 12]);
        let mut entities = Vec::new();
        for (place, uid) in self.order.iter().enumerate() {
            if fixed.iter().any(|entity| entity.uid == *uid) || dice.one_in(5) {
                continue;
            }
            let Some(known) = self.schema.entity_type(&uid.of) else {
                continue;
            };
            let mut parents = Vec::new();
            for parent in self.order.iter().skip(place + 1) {
                let fitting = known.parents.contains(&parent.of) || loose && dice.one_in(20);
                if fitting && dice.one_in(odds) {
                    parents.push(parent.clone());
                }
            }
            entities.push(self.entity(dice, uid.clone(), known, parents, loose));
        }
        entities
    }

    /// Adds some actions, in groups of actions: without a schema they are entities like others.
    fn actions(&self, dice: &mut Dice, entities: &mut Vec<Entity>) {
        for (place, action) in self.schema.actions.iter().enumerate() {
            if dice.one_in(3) {
                continue;
            }
            let earlier = self
                .schema
                .actions
                .iter()
                .take(place)
                .map(|action| &action.uid);
            let mut parents = Vec::new();
            for parent in earlier {
                if dice.one_in(2) {
                    parents.push(parent.clone());
                }
            }
            entities.push(Entity {
                uid: action.uid.clone(),
                parents,
                attributes: Vec::new(),
                tags: Vec::new(),
            });
        }
    }

    /// Adds a long chain of entities that hangs on one of them, and ends in one that isn't given.
    fn chain(&self, dice: &mut Dice, prefix: &str, entities: &mut Vec<Entity>) {
        let nests = |known: &&EntityType| known.parents.contains(&known.name);
        let Some(known) = self.schema.types.iter().find(nests) else {
            return;
        };
        let link = |at: usize| Uid::new(known.name.clone(), format!("{prefix}{at}"));
        if let Some(first) = entities
            .iter_mut()
            .find(|entity| entity.uid.of == known.name)
        {
            first.parents.push(link(0));
        }
        let length = 2 + dice.roll(60);
        entities.extend((0..length).map(|at| Entity {
            uid: link(at),
            parents: vec![link(at + 1)],
            attributes: self.fields(dice, &known.attributes),
            tags: Vec::new(),
        }));
    }

    fn entity(
        &self,
        dice: &mut Dice,
        uid: Uid,
        known: &EntityType,
        parents: Vec<Uid>,
        loose: bool,
    ) -> Entity {
        let mut attributes = self.fields(dice, &known.attributes);
        let mut tags = Vec::new();
        if let Some(of) = &known.tags {
            for name in literal::NAMES {
                if dice.one_in(3) {
                    tags.push((name.to_owned(), self.value(dice, of)));
                }
            }
        }
        if loose {
            self.loosen(dice, &mut attributes);
            self.loosen(dice, &mut tags);
        }
        Entity {
            uid,
            parents,
            attributes,
            tags,
        }
    }

    fn fields(&self, dice: &mut Dice, attributes: &[Attribute]) -> Vec<(String, Value)> {
        let mut fields = Vec::new();
        for Attribute { name, of, required } in attributes {
            if *required || dice.one_in(2) {
                fields.push((name.clone(), self.value(dice, of)));
            }
        }
        fields
    }

    /// Sometimes takes an attribute away, gives one another type, or adds one.
    fn loosen(&self, dice: &mut Dice, fields: &mut Vec<(String, Value)>) {
        let types = self.type_names();
        if !fields.is_empty() && dice.one_in(10) {
            fields.remove(dice.roll(fields.len()));
        }
        let at = dice.roll(fields.len());
        if let Some((_, value)) = fields.get_mut(at)
            && dice.one_in(10)
        {
            let of = any_type(dice, &types, 2);
            *value = self.value(dice, &of);
        }
        if dice.one_in(10) {
            for Attribute { name, of, .. } in attributes(dice, &types, 2, 2) {
                if fields.iter().all(|(known, _)| *known != name) {
                    let value = self.value(dice, &of);
                    fields.push((name, value));
                }
            }
        }
    }

    /// A value of the type that loads: none of its texts is a malformed value of an extension type.
    pub(crate) fn value(&self, dice: &mut Dice, of: &Type) -> Value {
        match of {
            Type::Bool => Value::Bool(dice.one_in(2)),
            Type::Long => Value::Long(literal::long(dice)),
            Type::String => Value::String(literal::text(dice)),
            Type::Entity(name) => Value::Entity(self.uid_of(dice, name)),
            Type::Decimal => sound(dice, "decimal"),
            Type::Ip => sound(dice, "ip"),
            Type::Datetime if dice.one_in(12) => {
                let by = dice.pick(&["1ms", "-1d2h", "0s"]).to_owned();
                let by = Value::Extension("duration", vec![Value::String(by)]);
                Value::Extension("offset", vec![sound(dice, "datetime"), by])
            }
            Type::Datetime => sound(dice, "datetime"),
            Type::Duration => sound(dice, "duration"),
            Type::Set(element) => {
                let count = dice.few(4);
                Value::Set((0..count).map(|_| self.value(dice, element)).collect())
            }
            Type::Record(attributes) => Value::Record(self.fields(dice, attributes)),
        }
    }

    fn request(&self, dice: &mut Dice) -> Request {
        let applying: Vec<_> = self
            .schema
            .actions
            .iter()
            .filter_map(|action| Some((action, action.applies.as_ref()?)))
            .collect();
        let Some((action, applies)) = dice.one_of(&applying) else {
            return Request {
                principal: self.any_uid(dice),
                action: Uid::new("Action", "other"),
                resource: self.any_uid(dice),
                context: Vec::new(),
            };
        };
        let principal: String = dice.pick(&applies.principals);
        let resource: String = dice.pick(&applies.resources);
        let mut request = Request {
            principal: self.uid_of(dice, &principal),
            action: action.uid.clone(),
            resource: self.uid_of(dice, &resource),
            context: self.fields(dice, &applies.context),
        };
        if self.mode != Mode::Typed {
            if dice.one_in(10) {
                request.principal = self.any_uid(dice);
            }
            if dice.one_in(10) {
                request.resource = self.any_uid(dice);
            }
            if dice.one_in(8) {
                let actions: BTreeSet<&Uid> = self
                    .schema
                    .actions
                    .iter()
                    .map(|action| &action.uid)
                    .collect();
                let mut actions: Vec<Uid> = actions.into_iter().cloned().collect();
                actions.push(Uid::new("Action", "other"));
                request.action = dice.pick(&actions);
            }
            self.loosen(dice, &mut request.context);
            if dice.one_in(200) {
                request.context.push(("alien".to_owned(), alien(dice)));
            }
        }
        request
    }
}

fn sound(dice: &mut Dice, constructor: &'static str) -> Value {
    let text = literal::sound(dice, constructor);
    Value::Extension(constructor, vec![Value::String(text.to_owned())])
}

/// What both must refuse.
fn alien(dice: &mut Dice) -> Value {
    let malformed = |name: &'static str, text: &str| {
        Value::Extension(name, vec![Value::String(text.to_owned())])
    };
    match dice.roll(9) {
        0 => Value::Alien(json!(null)),
        1 => Value::Alien(json!(1.5)),
        2 => Value::Alien(json!(9_223_372_036_854_775_808_u64)),
        3 => malformed("decimal", &literal::decimal(dice)),
        4 => malformed("ip", &literal::ip(dice)),
        5 => malformed("datetime", &literal::datetime(dice)),
        6 => malformed("duration", &literal::duration(dice)),
        7 => Value::Alien(json!({ "__expr": "1 + 1" })),
        _ => Value::Set(vec![Value::Alien(json!(null))]),
    }
}

/// Makes the store one that both must refuse: a cycle, an entity twice, a value that isn't one.
fn spoil(dice: &mut Dice, entities: &mut Vec<Entity>) {
    let at = dice.roll(entities.len());
    let Some(entity) = entities.get_mut(at) else {
        return;
    };
    match dice.roll(5) {
        0 => entity.parents.push(entity.uid.clone()),
        1 => {
            let mut twin = entity.clone();
            twin.attributes.retain(|(name, _)| name != "twin");
            twin.attributes.push(("twin".to_owned(), Value::Bool(true)));
            entities.push(twin);
        }
        // The same again is no fault.
        2 => {
            let twin = entity.clone();
            entities.push(twin);
        }
        3 => {
            let (uid, parents) = (entity.uid.clone(), entity.parents.clone());
            for other in entities
                .iter_mut()
                .filter(|other| parents.contains(&other.uid))
            {
                other.parents.push(uid.clone());
            }
        }
        _ => entity.attributes.push(("alien".to_owned(), alien(dice))),
    }
}
