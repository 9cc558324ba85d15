//! The JSON bodies of the vendors that sign what is in them.

use alloc::string::String;
use alloc::vec::Vec;

use super::sorted::sorted;
use crate::json::{Json, push_json_string};
use crate::policy::ValueFault;
use crate::refusal::{Code, Refusal};

/// Deeper bodies are refused.
const MAX_DEPTH: usize = 32;

/// A member of an object: its name, and its value as it is written.
pub(super) struct Member<'t> {
    pub(super) name: alloc::boxed::Box<str>,
    pub(super) value: &'t str,
}

impl Member<'_> {
    /// The value: of a string what it says, of all else its text.
    pub(super) fn text(&self) -> String {
        text_of(self.value)
    }
}

fn text_of(value: &str) -> String {
    match Json::new(value).string() {
        Ok(string) => string.into(),
        Err(_) => value.into(),
    }
}

/// The members of a text that is one object, in order.
pub(super) fn members(text: &str) -> Result<Vec<Member<'_>>, Refusal> {
    let members = read(text, b'{', MAX_DEPTH).map_err(|_| Refusal::from(Code::BodyMalformed))?;
    Ok(members)
}

/// The one member of this name.
pub(super) fn member<'t>(text: &'t str, name: &str) -> Result<Option<Member<'t>>, Refusal> {
    let mut found = members(text)?
        .into_iter()
        .filter(|member| &*member.name == name);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(Refusal::named(Code::SignatureAmbiguous, name)),
        (member, None) => Ok(member),
    }
}

/// The object with a member more at its end.
pub(super) fn with_member(
    text: &str,
    name: &str,
    value: &str,
    is_number: bool,
) -> Result<String, Refusal> {
    let is_empty = members(text)?.is_empty();
    let start = text.trim_ascii_end().strip_suffix('}');
    let mut out = String::from(start.ok_or(Code::BodyMalformed)?.trim_ascii_end());
    if !is_empty {
        out.push(',');
    }
    push_json_string(&mut out, name);
    out.push(':');
    if is_number {
        out.push_str(value);
    } else {
        push_json_string(&mut out, value);
    }
    out.push('}');
    Ok(out)
}

/// Appends everything that is in a value: names in their order, texts, and nothing between them.
pub(super) fn push_flat(value: &str, out: &mut String) -> Result<(), Refusal> {
    flatten(value, out, MAX_DEPTH).map_err(|_| Code::BodyMalformed.into())
}

fn flatten(value: &str, out: &mut String, depth: usize) -> Result<(), ValueFault> {
    let open = value.bytes().next().unwrap_or(0);
    if open != b'{' && open != b'[' {
        out.push_str(&text_of(value));
        return Ok(());
    }
    let mut pairs = Vec::new();
    for member in read(value, open, depth)? {
        pairs.push((String::from(member.name).into_bytes(), member.value.into()));
    }
    let mut last = None;
    for (name, value) in sorted(pairs, false) {
        let text = |bytes| core::str::from_utf8(bytes).map_err(|_| ValueFault::Malformed);
        // Of two values the vendor may take another one than we do.
        if open == b'{' && last.as_ref() == Some(&name) {
            return Err(ValueFault::Malformed);
        }
        out.push_str(text(&name)?);
        flatten(text(&value)?, out, depth.saturating_sub(1))?;
        last = Some(name);
    }
    Ok(())
}

/// Reads one object or list to the end of the text. The members of a list have no names.
fn read(text: &str, open: u8, depth: usize) -> Result<Vec<Member<'_>>, ValueFault> {
    let mut json = Json::new(text);
    let mut found = Vec::new();
    json.skip_space();
    json.expect(&[open])?;
    // The signs that close follow the ones that open by two.
    while json.next_part(open + 2, found.is_empty())? {
        let name = if open == b'{' {
            let name = json.string()?;
            json.skip_space();
            json.expect(b":")?;
            json.skip_space();
            name
        } else {
            "".into()
        };
        let start = json.position();
        skip(&mut json, depth)?;
        let value = text
            .get(start..json.position())
            .ok_or(ValueFault::Malformed)?;
        found.push(Member { name, value });
    }
    json.end()?;
    Ok(found)
}

fn skip(json: &mut Json<'_>, depth: usize) -> Result<(), ValueFault> {
    if depth == 0 {
        return Err(ValueFault::Malformed);
    }
    match json.peek() {
        Some(b'"') => json.string().map(|_| ()),
        Some(b't') => json.expect(b"true"),
        Some(b'f') => json.expect(b"false"),
        Some(b'n') => json.expect(b"null"),
        Some(open @ (b'{' | b'[')) => {
            json.expect(&[open])?;
            let mut is_first = true;
            while json.next_part(open + 2, is_first)? {
                is_first = false;
                if open == b'{' {
                    json.string()?;
                    json.skip_space();
                    json.expect(b":")?;
                    json.skip_space();
                }
                skip(json, depth - 1)?;
            }
            Ok(())
        }
        _ => {
            let start = json.position();
            while let Some(byte @ (b'+' | b'-' | b'.' | b'E' | b'e' | b'0'..=b'9')) = json.peek() {
                json.eat(byte);
            }
            if json.position() == start {
                Err(ValueFault::Malformed)
            } else {
                Ok(())
            }
        }
    }
}
