//! The family `structured-fields`: the working group's own tests (RFC 9651).

use anyhow::{Result, bail};
use base32ct::{Base32Upper, Encoding as _};
use countersign_core::structured::{
    BareItem, Decimal, Dictionary, FieldType, InnerList, Item, List, Member, Parameters,
};
use countersign_core::{Code, Refusal};
use serde::Deserialize;
use serde_json::Value;

use super::{Fault, says};

#[derive(Deserialize)]
pub(super) struct Case {
    kind: Kind,
    header_type: String,
    #[serde(default)]
    raw: Vec<String>,
    expected: Option<Value>,
    #[serde(default)]
    must_fail: bool,
    #[serde(default)]
    can_fail: bool,
    canonical: Option<Vec<String>>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Parse,
    Serialise,
}

/// A field of any type.
#[derive(Debug, PartialEq)]
enum Field<'a> {
    Item(Item<'a>),
    List(List<'a>),
    Dictionary(Dictionary<'a>),
}

impl<'a> Field<'a> {
    fn parse(field_type: FieldType, text: &'a str) -> Result<Self, Refusal> {
        match field_type {
            FieldType::Item => Item::parse(text).map(Field::Item),
            FieldType::List => List::parse(text).map(Field::List),
            FieldType::Dictionary => Dictionary::parse(text).map(Field::Dictionary),
        }
    }

    fn serialise(&self) -> Result<String, Refusal> {
        match self {
            Field::Item(item) => item.serialise(),
            Field::List(list) => list.serialise(),
            Field::Dictionary(dictionary) => dictionary.serialise(),
        }
    }

    /// From the JSON of the tests; none for what the type can't hold.
    fn of(field_type: FieldType, json: &'a Value) -> Option<Self> {
        Some(match field_type {
            FieldType::Item => Field::Item(item(json)?),
            FieldType::List => {
                let members = json.as_array()?.iter().map(member);
                Field::List(List(members.collect::<Option<_>>()?))
            }
            FieldType::Dictionary => {
                let mut dictionary = Dictionary::new();
                for pair in json.as_array()? {
                    let (name, value) = named(pair)?;
                    dictionary.insert(name, member(value)?);
                }
                Field::Dictionary(dictionary)
            }
        })
    }
}

/// The two elements of a list.
fn both(json: &Value) -> Option<(&Value, &Value)> {
    match json.as_array()?.as_slice() {
        [first, second] => Some((first, second)),
        _ => None,
    }
}

fn named(json: &Value) -> Option<(&str, &Value)> {
    let (name, value) = both(json)?;
    Some((name.as_str()?, value))
}

fn member(json: &Value) -> Option<Member<'_>> {
    let (value, given) = both(json)?;
    Some(match value {
        Value::Array(items) => Member::InnerList(InnerList {
            items: items.iter().map(item).collect::<Option<_>>()?,
            parameters: parameters(given)?,
        }),
        _ => Member::Item(item(json)?),
    })
}

fn item(json: &Value) -> Option<Item<'_>> {
    let (value, given) = both(json)?;
    Some(Item {
        value: bare_item(value)?,
        parameters: parameters(given)?,
    })
}

fn parameters(json: &Value) -> Option<Parameters<'_>> {
    let mut parameters = Parameters::new();
    for pair in json.as_array()? {
        let (name, value) = named(pair)?;
        parameters.insert(name, bare_item(value)?);
    }
    Some(parameters)
}

fn bare_item(json: &Value) -> Option<BareItem<'_>> {
    Some(match json {
        Value::Bool(value) => BareItem::Boolean(*value),
        Value::String(text) => BareItem::String(text.into()),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => BareItem::Integer(integer),
            None => BareItem::Decimal(Decimal::rounded(&number.to_string())?),
        },
        typed => {
            let value = typed.get("value")?;
            match typed.get("__type")?.as_str()? {
                "token" => BareItem::Token(value.as_str()?),
                "binary" => BareItem::Bytes(Base32Upper::decode_vec(value.as_str()?).ok()?.into()),
                "date" => BareItem::Date(value.as_i64()?),
                "displaystring" => BareItem::DisplayString(value.as_str()?.into()),
                _ => return None,
            }
        }
    })
}

pub(super) fn check(case: &Case) -> Result<Fault> {
    let Some(field_type) = FieldType::parse(&case.header_type) else {
        bail!("`{}` is no type of field", case.header_type);
    };
    let expected = case
        .expected
        .as_ref()
        .map(|json| Field::of(field_type, json));
    if case.kind == Kind::Serialise {
        let written = expected.flatten().and_then(|field| field.serialise().ok());
        let canonical = case.canonical.as_ref().map(|lines| lines.join(", "));
        let holds = if case.must_fail {
            written.is_none()
        } else {
            written.is_some() && written == canonical
        };
        return Ok((!holds).then(|| format!("serialised as {written:?}")));
    }
    let text = case.raw.join(", ");
    let at_once = field_type.canonical(&text);
    Ok(match Field::parse(field_type, &text) {
        Err(refusal) => {
            let may_fail = case.must_fail || case.can_fail;
            let is_right = may_fail && refusal.code() == Code::StructuredFieldMalformed;
            (!is_right || at_once.is_ok()).then(|| refusal.to_string())
        }
        Ok(field) if case.must_fail => says(format!("{field:?}")),
        Ok(field) => {
            let canonical = case.canonical.as_ref().unwrap_or(&case.raw).join(", ");
            let is_right = expected.flatten().as_ref() == Some(&field)
                && field.serialise().as_ref() == Ok(&canonical)
                && at_once.as_ref() == Ok(&canonical);
            (!is_right).then(|| format!("{field:?}, canonical {at_once:?}"))
        }
    })
}
