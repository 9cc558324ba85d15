//! Values, as data and as text.

use core::fmt;

use serde_json::{Value as Json, json};

/// The name of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Uid {
    pub(crate) of: String,
    pub(crate) id: String,
}

impl Uid {
    pub(crate) fn new(of: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            of: of.into(),
            id: id.into(),
        }
    }

    pub(crate) fn json(&self) -> Json {
        json!({ "type": self.of, "id": self.id })
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.of, quoted(&self.id))
    }
}

/// The text as a literal of Cedar.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

/// A value of an attribute, of a tag or of the context.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    Long(i64),
    String(String),
    Entity(Uid),
    Set(Vec<Value>),
    Record(Vec<(String, Value)>),
    /// A constructor of an extension type, and what it is given.
    Extension(&'static str, Vec<Value>),
    /// What no Cedar value is; data with it are refused.
    Alien(Json),
}

/// How the JSON of a value tells apart what looks alike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// By `__entity` and `__extn`.
    Escaped,
    /// By the schema's types.
    Typed,
}

impl Value {
    pub(crate) fn json(&self, form: Form) -> Json {
        match self {
            Self::Bool(value) => json!(value),
            Self::Long(value) => json!(value),
            Self::String(value) => json!(value),
            Self::Entity(uid) if form == Form::Typed => uid.json(),
            Self::Entity(uid) => json!({ "__entity": uid.json() }),
            Self::Set(elements) => elements.iter().map(|value| value.json(form)).collect(),
            Self::Record(fields) => record_json(fields, form),
            Self::Extension(name, arguments) => match arguments.as_slice() {
                [Self::String(text)] if form == Form::Typed => json!(text),
                [argument] => {
                    json!({ "__extn": { "fn": name, "arg": argument.json(Form::Escaped) } })
                }
                arguments => {
                    let arguments: Vec<Json> = arguments
                        .iter()
                        .map(|value| value.json(Form::Escaped))
                        .collect();
                    json!({ "__extn": { "fn": name, "args": arguments } })
                }
            },
            Self::Alien(json) => json.clone(),
        }
    }
}

pub(crate) fn record_json(fields: &[(String, Value)], form: Form) -> Json {
    let fields = fields
        .iter()
        .map(|(name, value)| (name.clone(), value.json(form)));
    Json::Object(fields.collect())
}
