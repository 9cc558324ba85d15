//! Structured fields (RFC 9651) of any kind: one function a verb.
//!
//! The values of a field cross as fields of a frame. An item is its type, its value and its parameters;
//! a list is the number of its members and these, each after the word `item` or `list`; a dictionary has
//! each key before its member; parameters are their number, and of each its key, type and value.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use countersign_core::structured::{
    BareItem, Decimal, Dictionary, FieldType, InnerList, Item, List, Member, Parameters,
};
use countersign_core::{Code, Refusal};

use crate::frame::{Fields, Reply};

/// The one text that stands for the same value. Found: that text.
///
/// # Errors
/// `structured_field_malformed`; `options_malformed` for a type that is none.
pub fn field_canonical(reply: &mut Reply, field_type: &str, text: &str) -> Result<(), Refusal> {
    reply.text(&type_of(field_type)?.canonical(text)?);
    Ok(())
}

/// Reads a field. Found: its values, as this module describes them.
///
/// # Errors
/// As of [`field_canonical`].
pub fn field_read(reply: &mut Reply, field_type: &str, text: &str) -> Result<(), Refusal> {
    match type_of(field_type)? {
        FieldType::Item => put_item(reply, &Item::parse(text)?),
        FieldType::List => {
            let List(members) = List::parse(text)?;
            put_count(reply, members.len());
            for member in &members {
                put_member(reply, member)?;
            }
            Ok(())
        }
        FieldType::Dictionary => {
            let dictionary = Dictionary::parse(text)?;
            put_count(reply, dictionary.len());
            for (key, member) in dictionary.iter() {
                reply.text(key);
                put_member(reply, member)?;
            }
            Ok(())
        }
    }
}

/// Writes a field of these values. Found: its text.
///
/// # Errors
/// `structured_value_malformed` for values that no field can have, `frame_malformed`.
pub fn field_write(
    reply: &mut Reply,
    field_type: &str,
    fields: &mut Fields<'_>,
) -> Result<(), Refusal> {
    let text = match type_of(field_type)? {
        FieldType::Item => item(fields)?.serialise()?,
        FieldType::List => {
            let mut members = Vec::new();
            for _ in 0..fields.number()? {
                members.push(member(fields)?);
            }
            List(members).serialise()?
        }
        FieldType::Dictionary => {
            let mut dictionary = Dictionary::new();
            for _ in 0..fields.number()? {
                dictionary.insert(fields.text()?, member(fields)?);
            }
            dictionary.serialise()?
        }
    };
    reply.text(&text);
    Ok(())
}

fn type_of(name: &str) -> Result<FieldType, Refusal> {
    FieldType::parse(name).ok_or_else(|| Refusal::about(Code::OptionsMalformed, name))
}

fn put_count(reply: &mut Reply, count: usize) {
    reply.number(u64::try_from(count).unwrap_or(u64::MAX));
}

fn put_member(reply: &mut Reply, member: &Member<'_>) -> Result<(), Refusal> {
    match member {
        Member::Item(item) => {
            reply.text("item");
            put_item(reply, item)
        }
        Member::InnerList(list) => {
            reply.text("list");
            put_count(reply, list.items.len());
            for item in &list.items {
                put_item(reply, item)?;
            }
            put_parameters(reply, &list.parameters)
        }
    }
}

fn put_item(reply: &mut Reply, item: &Item<'_>) -> Result<(), Refusal> {
    put_bare_item(reply, &item.value)?;
    put_parameters(reply, &item.parameters)
}

fn put_parameters(reply: &mut Reply, parameters: &Parameters<'_>) -> Result<(), Refusal> {
    put_count(reply, parameters.len());
    for (key, value) in parameters.iter() {
        reply.text(key);
        put_bare_item(reply, value)?;
    }
    Ok(())
}

fn put_bare_item(reply: &mut Reply, value: &BareItem<'_>) -> Result<(), Refusal> {
    let mut put = |kind: &str, value: &[u8]| {
        reply.text(kind);
        reply.bytes(value);
    };
    match value {
        BareItem::Integer(number) => put("integer", &number.to_le_bytes()),
        BareItem::Decimal(_) => {
            let text = Item::from(value.clone()).serialise()?;
            put("decimal", text.as_bytes());
        }
        BareItem::String(text) => put("string", text.as_bytes()),
        BareItem::Token(text) => put("token", text.as_bytes()),
        BareItem::Bytes(bytes) => put("bytes", bytes),
        BareItem::Boolean(flag) => put("boolean", &u64::from(*flag).to_le_bytes()),
        BareItem::Date(seconds) => put("date", &seconds.to_le_bytes()),
        BareItem::DisplayString(text) => put("display-string", text.as_bytes()),
    }
    Ok(())
}

fn member<'a>(fields: &mut Fields<'a>) -> Result<Member<'a>, Refusal> {
    match fields.text()? {
        "item" => item(fields).map(Member::Item),
        "list" => {
            let mut items = Vec::new();
            for _ in 0..fields.number()? {
                items.push(item(fields)?);
            }
            let parameters = parameters(fields)?;
            Ok(Member::InnerList(InnerList { items, parameters }))
        }
        _ => Err(Code::FrameMalformed.into()),
    }
}

fn item<'a>(fields: &mut Fields<'a>) -> Result<Item<'a>, Refusal> {
    Ok(Item {
        value: bare_item(fields)?,
        parameters: parameters(fields)?,
    })
}

fn parameters<'a>(fields: &mut Fields<'a>) -> Result<Parameters<'a>, Refusal> {
    let mut parameters = Parameters::new();
    for _ in 0..fields.number()? {
        parameters.insert(fields.text()?, bare_item(fields)?);
    }
    Ok(parameters)
}

fn bare_item<'a>(fields: &mut Fields<'a>) -> Result<BareItem<'a>, Refusal> {
    Ok(match fields.text()? {
        "integer" => BareItem::Integer(fields.number()?.cast_signed()),
        "decimal" => {
            let decimal = Decimal::rounded(fields.text()?);
            BareItem::Decimal(decimal.ok_or(Code::StructuredValueMalformed)?)
        }
        "string" => BareItem::String(Cow::Borrowed(fields.text()?)),
        "token" => BareItem::Token(fields.text()?),
        "bytes" => BareItem::Bytes(Cow::Borrowed(fields.bytes()?)),
        "boolean" => BareItem::Boolean(fields.number()? == 1),
        "date" => BareItem::Date(fields.number()?.cast_signed()),
        "display-string" => BareItem::DisplayString(Cow::Borrowed(fields.text()?)),
        _ => return Err(Code::FrameMalformed.into()),
    })
}
