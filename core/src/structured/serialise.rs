//! From values to the one text that stands for them (RFC 9651 section 4.1).

use alloc::string::String;

use super::value::{
    BareItem, Dictionary, InnerList, Item, List, MAX_FIFTEEN_DIGITS, Member, Parameters,
};
use crate::base64;
use crate::character::Class;
use crate::refusal::{Code, Refusal, push_decimal};

impl Item<'_> {
    /// The text of the field.
    ///
    /// # Errors
    /// `structured_value_malformed` for a value that its type can't have.
    pub fn serialise(&self) -> Result<String, Refusal> {
        let mut out = String::new();
        self.write(&mut out)?;
        Ok(out)
    }

    fn write(&self, out: &mut String) -> Result<(), Refusal> {
        self.value.write(out)?;
        self.parameters.write(out)
    }
}

impl List<'_> {
    /// The text of the field; that of an empty list is empty, and the field is not sent.
    ///
    /// # Errors
    /// `structured_value_malformed` for a value that its type can't have.
    pub fn serialise(&self) -> Result<String, Refusal> {
        let mut out = String::new();
        for (index, member) in self.0.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            member.write(&mut out)?;
        }
        Ok(out)
    }
}

impl Dictionary<'_> {
    /// The text of the field; that of an empty dictionary is empty, and the field is not sent.
    ///
    /// # Errors
    /// `structured_value_malformed` for a key, or a value that its type can't have.
    pub fn serialise(&self) -> Result<String, Refusal> {
        let mut out = String::new();
        for (index, (key, member)) in self.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            push_key(&mut out, key)?;
            match member {
                Member::Item(item) if item.value == BareItem::Boolean(true) => {
                    item.parameters.write(&mut out)?;
                }
                member => {
                    out.push('=');
                    member.write(&mut out)?;
                }
            }
        }
        Ok(out)
    }
}

impl Member<'_> {
    fn write(&self, out: &mut String) -> Result<(), Refusal> {
        match self {
            Member::Item(item) => item.write(out),
            Member::InnerList(list) => list.write(out),
        }
    }
}

impl InnerList<'_> {
    fn write(&self, out: &mut String) -> Result<(), Refusal> {
        out.push('(');
        for (index, item) in self.items.iter().enumerate() {
            if index > 0 {
                out.push(' ');
            }
            item.write(out)?;
        }
        out.push(')');
        self.parameters.write(out)
    }
}

impl Parameters<'_> {
    fn write(&self, out: &mut String) -> Result<(), Refusal> {
        for (key, value) in self.iter() {
            out.push(';');
            push_key(out, key)?;
            if *value != BareItem::Boolean(true) {
                out.push('=');
                value.write(out)?;
            }
        }
        Ok(())
    }
}

impl BareItem<'_> {
    fn write(&self, out: &mut String) -> Result<(), Refusal> {
        match self {
            BareItem::Integer(number) => return push_integer(out, *number),
            BareItem::Decimal(number) => push_thousandths(out, number.thousandths()),
            BareItem::String(text) => return push_string(out, text),
            BareItem::Token(text) => {
                let starts = matches!(text.as_bytes(), [b'*' | b'A'..=b'Z' | b'a'..=b'z', ..]);
                if !starts || !Class::WORD.has_all(text) {
                    return Err(unwritable(text));
                }
                out.push_str(text);
            }
            BareItem::Bytes(bytes) => {
                out.push(':');
                base64::push(out, bytes);
                out.push(':');
            }
            BareItem::Boolean(value) => out.push_str(if *value { "?1" } else { "?0" }),
            BareItem::Date(seconds) => {
                out.push('@');
                return push_integer(out, *seconds);
            }
            BareItem::DisplayString(text) => push_display_string(out, text),
        }
        Ok(())
    }
}

/// Appends a key (section 4.1.1.3).
pub(crate) fn push_key(out: &mut String, key: &str) -> Result<(), Refusal> {
    let starts = matches!(key.as_bytes(), [b'*' | b'a'..=b'z', ..]);
    if !starts || !Class::KEY.has_all(key) {
        return Err(unwritable(key));
    }
    out.push_str(key);
    Ok(())
}

/// Appends a String (section 4.1.6).
pub(crate) fn push_string(out: &mut String, text: &str) -> Result<(), Refusal> {
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(unwritable(text));
    }
    out.push('"');
    if text.contains(['"', '\\']) {
        for c in text.chars() {
            if matches!(c, '"' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
    } else {
        out.push_str(text);
    }
    out.push('"');
    Ok(())
}

fn push_integer(out: &mut String, number: i64) -> Result<(), Refusal> {
    if number.unsigned_abs() > MAX_FIFTEEN_DIGITS.unsigned_abs() {
        return Err(Code::StructuredValueMalformed.into());
    }
    push_decimal(out, number);
    Ok(())
}

/// Appends a decimal: one digit at least on either side of the point (section 4.1.5).
pub(super) fn push_thousandths(out: &mut String, thousandths: i64) {
    if thousandths < 0 {
        out.push('-');
    }
    push_decimal(out, thousandths.abs() / 1000);
    out.push('.');
    let mut rest = thousandths.abs() % 1000;
    let mut unit = 100;
    loop {
        push_decimal(out, rest / unit);
        rest %= unit;
        unit /= 10;
        if rest == 0 {
            break;
        }
    }
}

/// Appends a Display String (section 4.1.11).
pub(super) fn push_display_string(out: &mut String, text: &str) {
    out.push_str("%\"");
    for byte in text.bytes() {
        if matches!(byte, b' '..=b'~') && byte != b'%' && byte != b'"' {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
    }
    out.push('"');
}

fn unwritable(text: &str) -> Refusal {
    Refusal::named(Code::StructuredValueMalformed, text)
}
