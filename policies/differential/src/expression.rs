//! Expressions, and how they are written.

use core::fmt;

use crate::value::{Uid, quoted};

/// An expression of Cedar.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Bool(bool),
    Long(i64),
    String(String),
    Entity(Uid),
    Variable(&'static str),
    Not(Box<Expression>),
    Negate(Box<Expression>),
    /// Any operator between its two operands.
    Infix(&'static str, Box<[Expression; 2]>),
    If(Box<[Expression; 3]>),
    Get(Box<Expression>, String),
    /// More than one name is a path.
    Has(Box<Expression>, Vec<String>),
    /// The pattern is as it is written, with its escapes.
    Like(Box<Expression>, String),
    Is(Box<Expression>, String),
    IsIn(Box<Expression>, String, Box<Expression>),
    Set(Vec<Expression>),
    Record(Vec<(String, Expression)>),
    /// A function, or a method whose receiver comes first.
    Call(Call, &'static str, Vec<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Function,
    Method,
}

impl Expression {
    pub(crate) fn infix(operator: &'static str, left: Self, right: Self) -> Self {
        Self::Infix(operator, Box::new([left, right]))
    }

    pub(crate) fn method(self, name: &'static str, arguments: Vec<Self>) -> Self {
        let mut all = vec![self];
        all.extend(arguments);
        Self::Call(Call::Method, name, all)
    }

    pub(crate) fn get(self, name: impl Into<String>) -> Self {
        Self::Get(Box::new(self), name.into())
    }

    pub(crate) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Bool(_)
            | Self::Long(_)
            | Self::String(_)
            | Self::Entity(_)
            | Self::Variable(_) => Vec::new(),
            Self::Not(inner)
            | Self::Negate(inner)
            | Self::Get(inner, _)
            | Self::Has(inner, _)
            | Self::Like(inner, _)
            | Self::Is(inner, _) => vec![inner],
            Self::IsIn(inner, _, of) => vec![inner, of],
            Self::Infix(_, both) => both.iter().collect(),
            Self::If(all) => all.iter().collect(),
            Self::Set(elements) | Self::Call(_, _, elements) => elements.iter().collect(),
            Self::Record(fields) => fields.iter().map(|(_, value)| value).collect(),
        }
    }

    pub(crate) fn children_mut(&mut self) -> Vec<&mut Self> {
        match self {
            Self::Bool(_)
            | Self::Long(_)
            | Self::String(_)
            | Self::Entity(_)
            | Self::Variable(_) => Vec::new(),
            Self::Not(inner)
            | Self::Negate(inner)
            | Self::Get(inner, _)
            | Self::Has(inner, _)
            | Self::Like(inner, _)
            | Self::Is(inner, _) => vec![inner],
            Self::IsIn(inner, _, of) => vec![inner, of],
            Self::Infix(_, both) => both.iter_mut().collect(),
            Self::If(all) => all.iter_mut().collect(),
            Self::Set(elements) | Self::Call(_, _, elements) => elements.iter_mut().collect(),
            Self::Record(fields) => fields.iter_mut().map(|(_, value)| value).collect(),
        }
    }
}

/// Whether the name can follow a dot.
pub(crate) fn is_identifier(name: &str) -> bool {
    const RESERVED: [&str; 9] = [
        "true", "false", "if", "then", "else", "in", "is", "like", "has",
    ];
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|rest| rest.is_ascii_alphanumeric() || rest == '_')
        && !RESERVED.contains(&name)
        && name != "__cedar"
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Long(value) if *value < 0 => write!(f, "({value})"),
            Self::Long(value) => write!(f, "{value}"),
            Self::String(text) => f.write_str(&quoted(text)),
            Self::Entity(uid) => write!(f, "{uid}"),
            Self::Variable(name) => f.write_str(name),
            Self::Not(inner) => write!(f, "(!{inner})"),
            Self::Negate(inner) => write!(f, "(-{inner})"),
            Self::Infix(operator, both) => {
                let [left, right] = &**both;
                write!(f, "({left} {operator} {right})")
            }
            Self::If(all) => {
                let [guard, then, otherwise] = &**all;
                write!(f, "(if {guard} then {then} else {otherwise})")
            }
            Self::Get(inner, name) if is_identifier(name) => write!(f, "{inner}.{name}"),
            Self::Get(inner, name) => write!(f, "{inner}[{}]", quoted(name)),
            Self::Has(inner, path) => match path.as_slice() {
                [name] if !is_identifier(name) => write!(f, "({inner} has {})", quoted(name)),
                path => write!(f, "({inner} has {})", path.join(".")),
            },
            Self::Like(inner, pattern) => write!(f, "({inner} like \"{pattern}\")"),
            Self::Is(inner, of) => write!(f, "({inner} is {of})"),
            Self::IsIn(inner, of, group) => write!(f, "({inner} is {of} in {group})"),
            Self::Set(elements) => write!(f, "[{}]", joined(elements)),
            Self::Record(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{}: {value}", quoted(name)))
                    .collect();
                write!(f, "{{{}}}", fields.join(", "))
            }
            Self::Call(Call::Function, name, arguments) => {
                write!(f, "{name}({})", joined(arguments))
            }
            Self::Call(Call::Method, name, all) => match all.split_first() {
                Some((receiver, arguments)) => {
                    write!(f, "{receiver}.{name}({})", joined(arguments))
                }
                None => Ok(()),
            },
        }
    }
}

fn joined(expressions: &[Expression]) -> String {
    let written: Vec<String> = expressions.iter().map(Expression::to_string).collect();
    written.join(", ")
}
