//! Makes expressions up, by the type that is wanted; some are astray on purpose.

use super::data::Data;
use super::literal;
use super::schema::any_type;
use crate::dice::Dice;
use crate::expression::{Call, Expression, is_identifier};
use crate::schema::{Attribute, Schema, Type};
use crate::value::Uid;

/// What the expressions of a policy can speak of.
pub(crate) struct Speaker<'a> {
    schema: &'a Schema,
    data: &'a Data<'a>,
    type_names: Vec<&'a str>,
    paths: Vec<Path>,
}

/// An expression that only reads, its type, and whether an attribute on the way is optional.
struct Path {
    expression: Expression,
    of: Type,
    optional: bool,
}

impl<'a> Speaker<'a> {
    /// For a policy whose principal and resource are of these types, and whose action has this context.
    pub(crate) fn new(
        schema: &'a Schema,
        data: &'a Data<'a>,
        principal: &str,
        resource: &str,
        context: &[Attribute],
    ) -> Self {
        let mut speaker = Self {
            schema,
            data,
            type_names: schema.types.iter().map(|known| &*known.name).collect(),
            paths: Vec::new(),
        };
        let roots = [
            ("principal", Type::Entity(principal.to_owned())),
            ("resource", Type::Entity(resource.to_owned())),
            ("context", Type::Record(context.to_vec())),
        ];
        for (name, of) in roots {
            speaker.walk(Expression::Variable(name), &of, false, 3);
        }
        speaker
    }

    fn walk(&mut self, expression: Expression, of: &Type, optional: bool, depth: usize) {
        let attributes = match of {
            Type::Entity(name) => self
                .schema
                .entity_type(name)
                .map_or(&[][..], |known| &known.attributes),
            Type::Record(attributes) => attributes,
            _ => &[],
        };
        if depth > 0 {
            for attribute in attributes {
                let inner = expression.clone().get(attribute.name.as_str());
                self.walk(
                    inner,
                    &attribute.of,
                    optional || !attribute.required,
                    depth - 1,
                );
            }
        }
        self.paths.push(Path {
            expression,
            of: of.clone(),
            optional,
        });
    }

    fn path(&self, dice: &mut Dice, of: &Type) -> Option<Expression> {
        let fitting: Vec<&Path> = self.paths.iter().filter(|path| path.of == *of).collect();
        let sure: Vec<&Path> = fitting
            .iter()
            .copied()
            .filter(|path| !path.optional)
            .collect();
        let paths = if sure.is_empty() || dice.one_in(4) {
            fitting
        } else {
            sure
        };
        dice.one_of(&paths).map(|path| path.expression.clone())
    }

    fn any_type(&self, dice: &mut Dice) -> Type {
        if dice.one_in(2)
            && let Some(path) = dice.one_of(&self.paths)
        {
            return path.of.clone();
        }
        any_type(dice, &self.type_names, 1)
    }

    pub(crate) fn any(&self, dice: &mut Dice, depth: usize) -> Expression {
        let of = self.any_type(dice);
        self.of(dice, &of, depth)
    }

    /// An expression that has the type, if it doesn't go astray.
    pub(crate) fn of(&self, dice: &mut Dice, of: &Type, depth: usize) -> Expression {
        if dice.one_in(80) {
            return self.astray(dice, depth);
        }
        if depth == 0 || dice.one_in(6) {
            return self.leaf(dice, of);
        }
        let below = depth - 1;
        if dice.one_in(14) {
            return Expression::If(Box::new([
                self.boolean(dice, below),
                self.of(dice, of, below),
                self.of(dice, of, below),
            ]));
        }
        if dice.one_in(16) {
            let name = dice.pick(&literal::NAMES).to_owned();
            let record = Expression::Record(vec![(name.clone(), self.of(dice, of, below))]);
            return record.get(name);
        }
        if dice.one_in(6)
            && let Some(tag) = self.tag(dice, of, below)
        {
            return tag;
        }
        match of {
            Type::Bool => self.boolean(dice, depth),
            Type::Long => self.long(dice, below),
            Type::Datetime => self.datetime(dice, below),
            Type::Duration => self.duration(dice, below),
            Type::Decimal => self.constructed(dice, "decimal", literal::decimal, below),
            Type::Ip => self.constructed(dice, "ip", literal::ip, below),
            Type::Set(element) => self.set(dice, element, below),
            Type::Record(attributes) if dice.one_in(2) => self.record(dice, attributes, below),
            Type::String | Type::Entity(_) | Type::Record(_) => self.leaf(dice, of),
        }
    }

    /// Something of another type, or an attribute that isn't there.
    fn astray(&self, dice: &mut Dice, depth: usize) -> Expression {
        let below = depth.saturating_sub(1);
        match dice.roll(4) {
            0 => self.any(dice, below).get(dice.pick(&literal::NAMES)),
            1 if depth > 0 => {
                let entity = self.entity(dice, below);
                entity.method("getTag", vec![self.any(dice, below)])
            }
            2 if depth > 0 => {
                let of = self.any_type(dice);
                let operand = self.any(dice, below);
                self.predicate(dice, operand, &of, below)
            }
            _ => self.any(dice, below),
        }
    }

    fn leaf(&self, dice: &mut Dice, of: &Type) -> Expression {
        if !dice.one_in(3)
            && let Some(path) = self.path(dice, of)
        {
            return path;
        }
        match of {
            Type::Bool => Expression::Bool(dice.one_in(2)),
            Type::Long => Expression::Long(literal::long(dice)),
            Type::String => Expression::String(literal::text(dice)),
            Type::Decimal => self.constructed(dice, "decimal", literal::decimal, 0),
            Type::Ip => self.constructed(dice, "ip", literal::ip, 0),
            Type::Datetime => self.constructed(dice, "datetime", literal::datetime, 0),
            Type::Duration => self.constructed(dice, "duration", literal::duration, 0),
            Type::Entity(name) => Expression::Entity(self.data.uid_of(dice, name)),
            Type::Set(element) => {
                let count = dice.few(3);
                Expression::Set((0..count).map(|_| self.leaf(dice, element)).collect())
            }
            Type::Record(attributes) => self.record(dice, attributes, 0),
        }
    }

    pub(crate) fn boolean(&self, dice: &mut Dice, depth: usize) -> Expression {
        if depth == 0 {
            return self.leaf(dice, &Type::Bool);
        }
        let below = depth - 1;
        match dice.roll(24) {
            0..=2 => Expression::infix(
                "&&",
                self.of(dice, &Type::Bool, below),
                self.of(dice, &Type::Bool, below),
            ),
            3..=5 => Expression::infix(
                "||",
                self.of(dice, &Type::Bool, below),
                self.of(dice, &Type::Bool, below),
            ),
            6 => Expression::Not(Box::new(self.of(dice, &Type::Bool, below))),
            7 | 8 => {
                let of = self.any_type(dice);
                let (left, right) = (self.of(dice, &of, below), self.of(dice, &of, below));
                Expression::infix(dice.pick(&["==", "!="]), left, right)
            }
            9 => Expression::infix(
                dice.pick(&["==", "!="]),
                self.any(dice, below),
                self.any(dice, below),
            ),
            10 | 11 => self.guarded(dice, below),
            12 | 13 => self.has(dice, below),
            14 => {
                let key = self.of(dice, &Type::String, below);
                self.entity(dice, below).method("hasTag", vec![key])
            }
            15..=17 => {
                let of = Type::Entity(dice.pick(&self.type_names).to_owned());
                let operand = if dice.one_in(2) {
                    self.entity(dice, below)
                } else {
                    self.of(dice, &of, below)
                };
                self.predicate(dice, operand, &of, below)
            }
            18 => self.predicate_of(dice, &Type::Long, below),
            19 => {
                let of = dice
                    .one_of(&[Type::Decimal, Type::Ip, Type::Datetime, Type::Duration])
                    .cloned();
                self.predicate_of(dice, &of.unwrap_or(Type::Long), below)
            }
            20 => {
                let of = Type::Set(Box::new(self.any_type(dice)));
                self.predicate_of(dice, &of, below)
            }
            21 => self.predicate_of(dice, &Type::String, below),
            _ => {
                let of = self.any_type(dice);
                self.predicate_of(dice, &of, below)
            }
        }
    }

    /// A question about an optional attribute, after whether it is there.
    fn guarded(&self, dice: &mut Dice, depth: usize) -> Expression {
        let optional: Vec<&Path> = self.paths.iter().filter(|path| path.optional).collect();
        let Some(path) = dice.one_of(&optional) else {
            return self.has(dice, depth);
        };
        let Expression::Get(base, name) = &path.expression else {
            return self.has(dice, depth);
        };
        let guard = Expression::Has(base.clone(), vec![name.clone()]);
        let question = self.predicate(dice, path.expression.clone(), &path.of, depth);
        Expression::infix("&&", guard, question)
    }

    fn has(&self, dice: &mut Dice, depth: usize) -> Expression {
        let operand = match dice.one_of(&self.paths) {
            Some(path) if !dice.one_in(4) => path.expression.clone(),
            _ => self.any(dice, depth),
        };
        // As many attributes of the path as can be in one make a test of a path.
        let mut names = Vec::new();
        let mut base = operand;
        let most = dice.roll(4);
        while names.len() < most
            && let Expression::Get(inner, name) = &base
            && (is_identifier(name) || names.is_empty())
        {
            let single = !is_identifier(name);
            names.insert(0, name.clone());
            base = (**inner).clone();
            if single {
                break;
            }
        }
        if names.is_empty() || names.iter().all(|name| is_identifier(name)) && dice.one_in(3) {
            let identifiers = ["a", "b", "c", "owner"];
            let more = if names.is_empty() && dice.one_in(2) {
                dice.pick(&literal::NAMES)
            } else {
                dice.pick(&identifiers)
            };
            names.push(more.to_owned());
        }
        Expression::Has(Box::new(base), names)
    }

    fn predicate_of(&self, dice: &mut Dice, of: &Type, depth: usize) -> Expression {
        let operand = self.of(dice, of, depth);
        self.predicate(dice, operand, of, depth)
    }

    /// A question about an operand of the type.
    fn predicate(
        &self,
        dice: &mut Dice,
        operand: Expression,
        of: &Type,
        depth: usize,
    ) -> Expression {
        let comparison = |dice: &mut Dice| dice.pick(&["<", "<=", ">", ">=", "==", "!="]);
        match of {
            Type::Bool => operand,
            Type::Long | Type::Datetime | Type::Duration => {
                let other = self.of(dice, of, depth);
                let operator = comparison(dice);
                if dice.one_in(2) {
                    Expression::infix(operator, operand, other)
                } else {
                    Expression::infix(operator, other, operand)
                }
            }
            Type::String if dice.one_in(4) => {
                Expression::infix("==", operand, self.of(dice, of, depth))
            }
            Type::String => Expression::Like(Box::new(operand), literal::pattern(dice)),
            Type::Decimal => {
                let method = dice.pick(&[
                    "lessThan",
                    "lessThanOrEqual",
                    "greaterThan",
                    "greaterThanOrEqual",
                ]);
                operand.method(method, vec![self.of(dice, of, depth)])
            }
            Type::Ip if dice.one_in(2) => {
                operand.method("isInRange", vec![self.of(dice, of, depth)])
            }
            Type::Ip => operand.method(
                dice.pick(&["isIpv4", "isIpv6", "isLoopback", "isMulticast"]),
                Vec::new(),
            ),
            Type::Entity(name) => self.entity_predicate(dice, operand, name, depth),
            Type::Set(element) => match dice.roll(8) {
                0 => operand.method("isEmpty", Vec::new()),
                1..=3 => operand.method("contains", vec![self.of(dice, element, depth)]),
                4 => Expression::infix("==", operand, self.of(dice, of, depth)),
                _ => {
                    let method = dice.pick(&["containsAll", "containsAny"]);
                    let other = self.of(dice, of, depth);
                    if dice.one_in(3) {
                        other.method(method, vec![operand])
                    } else {
                        operand.method(method, vec![other])
                    }
                }
            },
            Type::Record(attributes) => match dice.one_of(attributes) {
                Some(attribute) if depth > 0 => {
                    let inner = operand.get(attribute.name.clone());
                    self.predicate(dice, inner, &attribute.of, depth - 1)
                }
                _ => Expression::infix("==", operand, self.of(dice, of, depth)),
            },
        }
    }

    fn entity_predicate(
        &self,
        dice: &mut Dice,
        operand: Expression,
        name: &str,
        depth: usize,
    ) -> Expression {
        match dice.roll(10) {
            0 => Expression::infix("==", operand, self.entity(dice, depth)),
            1 => Expression::Is(Box::new(operand), self.type_name(dice, name)),
            2 => {
                let group = self.group(dice, depth);
                Expression::IsIn(
                    Box::new(operand),
                    self.type_name(dice, name),
                    Box::new(group),
                )
            }
            3..=7 => Expression::infix("in", operand, self.group(dice, depth)),
            8 => {
                let key = self.of(dice, &Type::String, depth);
                operand.method("hasTag", vec![key])
            }
            _ => Expression::Has(
                Box::new(operand),
                vec![dice.pick(&literal::NAMES).to_owned()],
            ),
        }
    }

    fn type_name(&self, dice: &mut Dice, likely: &str) -> String {
        if dice.one_in(2) {
            likely.to_owned()
        } else {
            dice.pick(&self.type_names).to_owned()
        }
    }

    /// What an entity may be in: an entity, or a set of entities.
    fn group(&self, dice: &mut Dice, depth: usize) -> Expression {
        if dice.one_in(2) {
            return self.entity(dice, depth);
        }
        let of = Type::Set(Box::new(Type::Entity(
            dice.pick(&self.type_names).to_owned(),
        )));
        if dice.one_in(3)
            && let Some(path) = self.path(dice, &of)
        {
            return path;
        }
        let count = dice.roll(4);
        let mut elements: Vec<Expression> = (0..count).map(|_| self.entity(dice, depth)).collect();
        if dice.one_in(20) {
            elements.push(self.any(dice, depth));
        }
        Expression::Set(elements)
    }

    /// An entity of any type, an action among them.
    fn entity(&self, dice: &mut Dice, depth: usize) -> Expression {
        match dice.roll(12) {
            0..=2 => Expression::Variable("principal"),
            3 | 4 => Expression::Variable("resource"),
            5 => Expression::Variable("action"),
            6 => Expression::Entity(
                dice.one_of(&self.schema.actions)
                    .map_or(Uid::new("Action", "other"), |action| action.uid.clone()),
            ),
            7 | 8 => Expression::Entity(self.data.any_uid(dice)),
            _ => {
                let of = Type::Entity(dice.pick(&self.type_names).to_owned());
                self.of(dice, &of, depth)
            }
        }
    }

    fn tag(&self, dice: &mut Dice, of: &Type, depth: usize) -> Option<Expression> {
        let tagged: Vec<&str> = self
            .schema
            .types
            .iter()
            .filter(|known| known.tags.as_ref() == Some(of))
            .map(|known| &*known.name)
            .collect();
        let name = dice.one_of(&tagged)?;
        let entity = self.of(dice, &Type::Entity((*name).to_owned()), depth);
        let key = if dice.one_in(2) {
            Expression::String(dice.pick(&literal::NAMES).to_owned())
        } else {
            self.of(dice, &Type::String, depth)
        };
        Some(entity.method("getTag", vec![key]))
    }

    fn long(&self, dice: &mut Dice, depth: usize) -> Expression {
        match dice.roll(7) {
            0 => Expression::Negate(Box::new(self.of(dice, &Type::Long, depth))),
            1 => {
                let unit = dice.pick(&[
                    "toMilliseconds",
                    "toSeconds",
                    "toMinutes",
                    "toHours",
                    "toDays",
                ]);
                self.of(dice, &Type::Duration, depth)
                    .method(unit, Vec::new())
            }
            2 => self.leaf(dice, &Type::Long),
            _ => {
                let (left, right) = (
                    self.of(dice, &Type::Long, depth),
                    self.of(dice, &Type::Long, depth),
                );
                Expression::infix(dice.pick(&["+", "-", "*"]), left, right)
            }
        }
    }

    fn datetime(&self, dice: &mut Dice, depth: usize) -> Expression {
        match dice.roll(4) {
            0 => self
                .of(dice, &Type::Datetime, depth)
                .method("toDate", Vec::new()),
            1 => {
                let offset = self.of(dice, &Type::Duration, depth);
                self.of(dice, &Type::Datetime, depth)
                    .method("offset", vec![offset])
            }
            _ => self.constructed(dice, "datetime", literal::datetime, depth),
        }
    }

    fn duration(&self, dice: &mut Dice, depth: usize) -> Expression {
        match dice.roll(4) {
            0 => self
                .of(dice, &Type::Datetime, depth)
                .method("toTime", Vec::new()),
            1 => {
                let since = self.of(dice, &Type::Datetime, depth);
                self.of(dice, &Type::Datetime, depth)
                    .method("durationSince", vec![since])
            }
            _ => self.constructed(dice, "duration", literal::duration, depth),
        }
    }

    /// A value of an extension type, of a literal text or of a computed one.
    fn constructed(
        &self,
        dice: &mut Dice,
        constructor: &'static str,
        texts: fn(&mut Dice) -> String,
        depth: usize,
    ) -> Expression {
        let text = |dice: &mut Dice| {
            if dice.one_in(3) {
                texts(dice)
            } else {
                literal::sound(dice, constructor).to_owned()
            }
        };
        let argument = if dice.one_in(12) {
            self.of(dice, &Type::String, depth)
        } else if depth > 0 && dice.one_in(12) {
            let either = [
                Expression::String(text(dice)),
                Expression::String(text(dice)),
            ];
            let [then, otherwise] = either;
            Expression::If(Box::new([self.boolean(dice, depth - 1), then, otherwise]))
        } else {
            Expression::String(text(dice))
        };
        Expression::Call(Call::Function, constructor, vec![argument])
    }

    fn set(&self, dice: &mut Dice, element: &Type, depth: usize) -> Expression {
        let count = dice.few(5);
        let mut elements: Vec<Expression> =
            (0..count).map(|_| self.of(dice, element, depth)).collect();
        if dice.one_in(10) {
            elements.push(self.any(dice, depth));
        }
        Expression::Set(elements)
    }

    fn record(&self, dice: &mut Dice, attributes: &[Attribute], depth: usize) -> Expression {
        let mut fields = Vec::new();
        for Attribute { name, of, required } in attributes {
            if *required || dice.one_in(2) {
                fields.push((name.clone(), self.of(dice, of, depth)));
            }
        }
        Expression::Record(fields)
    }
}
