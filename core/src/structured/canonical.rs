//! From the text of a field to the one text that stands for the same values, without the values in
//! between (RFC 9651 section 4): what the signature base needs.

use alloc::string::String;

use super::cursor::{Cursor, Raw, unescape_display};
use super::field_type::FieldType;
use super::parse::limit;
use super::serialise::{push_display_string, push_thousandths};
use super::value::OrderedMap;
use crate::refusal::{Refusal, push_decimal};

impl FieldType {
    /// The one text that stands for the same value as `text` does: its strict serialisation.
    ///
    /// # Errors
    /// `structured_field_malformed` with the place.
    ///
    /// ```
    /// use countersign_core::structured::FieldType;
    /// assert_eq!(FieldType::List.canonical("( a  b ),1.50")?, "(a b), 1.5");
    /// # Ok::<(), countersign_core::Refusal>(())
    /// ```
    pub fn canonical(self, text: &str) -> Result<String, Refusal> {
        let mut cursor = Cursor::over_field(text);
        let mut out = String::with_capacity(text.len());
        cursor.skip_outer_spaces();
        match self {
            FieldType::Item => {
                push_item(&mut cursor, &mut out)?;
                cursor.skip_outer_spaces();
                if !cursor.is_at_end() {
                    return Err(cursor.error());
                }
            }
            FieldType::List => {
                let mut count = 0;
                let mut more = !cursor.is_at_end();
                while more {
                    limit(&cursor, count)?;
                    if count > 0 {
                        out.push_str(", ");
                    }
                    count += 1;
                    push_member(&mut cursor, &mut out)?;
                    more = cursor.next_member()?;
                }
            }
            FieldType::Dictionary => {
                for (index, (key, member)) in members(text)?.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(key);
                    // Of what is true only the parameters are written.
                    if let Some(parameters) = member.strip_prefix("?1") {
                        out.push_str(parameters);
                    } else {
                        out.push('=');
                        out.push_str(member);
                    }
                }
            }
        }
        Ok(out)
    }
}

/// The members of a dictionary, each as its own strict serialisation.
pub(crate) fn members(text: &str) -> Result<OrderedMap<'_, String>, Refusal> {
    let mut cursor = Cursor::over_field(text);
    let mut members = OrderedMap::new();
    cursor.skip_outer_spaces();
    let mut more = !cursor.is_at_end();
    while more {
        limit(&cursor, members.len())?;
        let key = cursor.key()?;
        let mut member = String::new();
        if cursor.eat(b'=') {
            push_member(&mut cursor, &mut member)?;
        } else {
            member.push_str("?1");
            push_parameters(&mut cursor, &mut member)?;
        }
        members.insert(key, member);
        more = cursor.next_member()?;
    }
    Ok(members)
}

/// Reads an item or an inner list, and appends it.
pub(crate) fn push_member(cursor: &mut Cursor<'_>, out: &mut String) -> Result<(), Refusal> {
    if !cursor.eat(b'(') {
        return push_item(cursor, out);
    }
    out.push('(');
    let mut count = 0;
    while cursor.next_in_list(count == 0)? {
        limit(cursor, count)?;
        if count > 0 {
            out.push(' ');
        }
        count += 1;
        push_item(cursor, out)?;
    }
    out.push(')');
    push_parameters(cursor, out)
}

fn push_item(cursor: &mut Cursor<'_>, out: &mut String) -> Result<(), Refusal> {
    let value = cursor.bare_item()?;
    cursor.check(value)?;
    push_raw(value, out);
    push_parameters(cursor, out)
}

fn push_parameters(cursor: &mut Cursor<'_>, out: &mut String) -> Result<(), Refusal> {
    let mut parameters = OrderedMap::new();
    while let Some((name, value)) = cursor.parameter()? {
        limit(cursor, parameters.len())?;
        // One that a later one replaces must be a value as well.
        cursor.check(value)?;
        parameters.insert(name, value);
    }
    for (name, value) in parameters.iter() {
        out.push(';');
        out.push_str(name);
        if *value != Raw::True {
            out.push('=');
            push_raw(*value, out);
        }
    }
    Ok(())
}

/// Appends a value that was [checked](Cursor::check).
fn push_raw(value: Raw<'_>, out: &mut String) {
    let (mark, text) = match value {
        Raw::Integer(number) => {
            push_decimal(out, number);
            return;
        }
        Raw::Decimal(thousandths) => {
            push_thousandths(out, thousandths);
            return;
        }
        Raw::Date(seconds) => {
            out.push('@');
            push_decimal(out, seconds);
            return;
        }
        Raw::DisplayString(inner) => {
            let text = unescape_display(inner).unwrap_or_default();
            push_display_string(out, &text);
            return;
        }
        Raw::String(quoted) => ("\"", quoted.raw()),
        Raw::Bytes(base64) => (":", base64),
        Raw::Token(text) => ("", text),
        Raw::True => ("", "?1"),
        Raw::False | Raw::IntegerTooLarge => ("", "?0"),
    };
    out.push_str(mark);
    out.push_str(text);
    out.push_str(mark);
}
