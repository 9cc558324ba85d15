//! The family `structured-fields`: the working group's own tests (RFC 9651).

use anyhow::anyhow;
use base32ct::{Base32Upper, Encoding as _};
use countersign_core::structured::{BareItem, Decimal, FieldType, Item};
use countersign_wasm::dispatch::number;
use serde::Deserialize;
use serde_json::Value;

use super::{Checked, Verdict};
use crate::door::{Door, Frame};

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

pub(super) async fn check(door: Door, case: Case) -> Checked {
    let Some(field_type) = FieldType::parse(&case.header_type) else {
        return Err(anyhow!("`{}` is no type of field", case.header_type).into());
    };
    // None where it has a number that no field can have.
    let expected = case
        .expected
        .as_ref()
        .and_then(|json| put_field(Frame::new(), field_type, json));
    match case.kind {
        Kind::Serialise => serialise(&door, &case, expected).await,
        Kind::Parse => parse(&door, &case, expected).await,
    }
}

async fn serialise(door: &Door, case: &Case, values: Option<Frame>) -> Checked {
    let Some(values) = values else {
        return Ok(Verdict::passed_if(case.must_fail, || {
            "its values can't be written down".to_owned()
        }));
    };
    let frame = Frame::new().text(&case.header_type).append(&values);
    let written = match door.try_ask(number::field_write, frame).await? {
        Ok(mut answer) => Ok(answer.text()?),
        Err(refused) => Err(refused.code),
    };
    let canonical = case.canonical.as_ref().map(|lines| lines.join(", "));
    let is_right = match &written {
        Ok(text) => !case.must_fail && canonical.as_ref() == Some(text),
        Err(code) => case.must_fail && code == "structured_value_malformed",
    };
    Ok(Verdict::passed_if(is_right, || {
        format!("serialised as {written:?}")
    }))
}

async fn parse(door: &Door, case: &Case, expected: Option<Frame>) -> Checked {
    let text = case.raw.join(", ");
    let frame = || Frame::new().text(&case.header_type).text(&text);
    let at_once = match door.try_ask(number::field_canonical, frame()).await? {
        Ok(mut answer) => Ok(answer.text()?),
        Err(refused) => Err(refused.code),
    };
    let read = match door.try_ask(number::field_read, frame()).await? {
        Ok(answer) => answer,
        Err(refused) => {
            let may_fail = case.must_fail || case.can_fail;
            let is_right = may_fail && refused.code == "structured_field_malformed";
            return Ok(Verdict::passed_if(is_right && at_once.is_err(), || {
                format!("{refused}, at once {at_once:?}")
            }));
        }
    };
    let canonical = case.canonical.as_ref().unwrap_or(&case.raw).join(", ");
    let values = Frame::new().text(&case.header_type).fields(read.rest());
    let written = door.ask(number::field_write, values).await?.text()?;
    let is_right = !case.must_fail
        && expected.is_some_and(|expected| expected.as_bytes() == read.rest())
        && written == canonical
        && at_once.as_ref() == Ok(&canonical);
    Ok(Verdict::passed_if(is_right, || {
        format!("read as {written:?}, at once {at_once:?}")
    }))
}

/// Appends the values of the tests' JSON as the module takes and gives them (`docs/abi.md`); none for what
/// the type can't hold.
fn put_field(frame: Frame, field_type: FieldType, json: &Value) -> Option<Frame> {
    if field_type == FieldType::Item {
        return put_item(frame, json);
    }
    let members = json.as_array()?;
    let mut frame = frame.number(members.len().try_into().ok()?);
    for member in members {
        frame = match field_type {
            FieldType::Dictionary => {
                let (key, member) = named(member)?;
                put_member(frame.text(key), member)?
            }
            _ => put_member(frame, member)?,
        };
    }
    Some(frame)
}

fn put_member(frame: Frame, json: &Value) -> Option<Frame> {
    let (value, parameters) = both(json)?;
    let Value::Array(items) = value else {
        return put_item(frame.text("item"), json);
    };
    let mut frame = frame.text("list").number(items.len().try_into().ok()?);
    for item in items {
        frame = put_item(frame, item)?;
    }
    put_parameters(frame, parameters)
}

fn put_item(frame: Frame, json: &Value) -> Option<Frame> {
    let (value, parameters) = both(json)?;
    put_parameters(put_bare_item(frame, value)?, parameters)
}

fn put_parameters(frame: Frame, json: &Value) -> Option<Frame> {
    let parameters = json.as_array()?;
    let mut frame = frame.number(parameters.len().try_into().ok()?);
    for pair in parameters {
        let (key, value) = named(pair)?;
        frame = put_bare_item(frame.text(key), value)?;
    }
    Some(frame)
}

fn put_bare_item(frame: Frame, json: &Value) -> Option<Frame> {
    Some(match json {
        Value::Bool(value) => frame.text("boolean").number(u64::from(*value)),
        Value::String(text) => frame.text("string").text(text),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => frame.text("integer").number(integer.cast_unsigned()),
            None => frame.text("decimal").text(&decimal(&number.to_string())?),
        },
        typed => {
            let value = typed.get("value")?;
            match typed.get("__type")?.as_str()? {
                "token" => frame.text("token").text(value.as_str()?),
                "binary" => {
                    let bytes = Base32Upper::decode_vec(value.as_str()?).ok()?;
                    frame.text("bytes").bytes(&bytes)
                }
                "date" => frame.text("date").number(value.as_i64()?.cast_unsigned()),
                "displaystring" => frame.text("display-string").text(value.as_str()?),
                _ => return None,
            }
        }
    })
}

/// A number as the field has it, with at most three digits after the point.
fn decimal(number: &str) -> Option<String> {
    let decimal = BareItem::Decimal(Decimal::rounded(number)?);
    Item::from(decimal).serialise().ok()
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
