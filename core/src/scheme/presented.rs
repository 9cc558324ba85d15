//! What a request presents: the values that the row's templates find in it.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::json_body;
use super::message::{Message, parameter};
use super::row::{Place, Placement, Row};
use super::template::{Kind, Part, Template};
use crate::refusal::{Code, Refusal};

/// More are not looked at: each is compared under every key.
const MAX_SIGNATURES: usize = 16;

/// The values of a request, not yet verified.
pub(super) struct Presented<'a> {
    pub(super) values: Vec<(&'a str, String)>,
    pub(super) signatures: Vec<String>,
    /// What must be what the verifier makes of these parts.
    pub(super) checks: Vec<(&'a Part, String)>,
}

impl<'a> Presented<'a> {
    pub(super) fn read(row: &'a Row, message: &Message<'_>) -> Result<Self, Refusal> {
        let mut presented = Presented {
            values: Vec::new(),
            signatures: Vec::new(),
            checks: Vec::new(),
        };
        for placement in &row.placements {
            match sent(placement, message)? {
                Some(value) => presented.read_value(row, placement, &value)?,
                None => do_without(row, placement)?,
            }
        }
        if presented.signatures.is_empty() && row.placements.iter().any(|it| it.has("signature")) {
            return Err(Code::SignatureMissing.into());
        }
        Ok(presented)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn read_value(
        &mut self,
        row: &Row,
        placement: &'a Placement,
        value: &str,
    ) -> Result<(), Refusal> {
        let malformed = || Refusal::named(Code::SignatureMalformed, placement.name());
        let mut value = value;
        if let Some(word) = &placement.word {
            let (first, rest) = value.split_once(' ').unwrap_or((value, ""));
            if !first.eq_ignore_ascii_case(word) {
                return Err(Refusal::named(Code::SignatureMissing, placement.name()));
            }
            value = rest;
        }
        let is_strict = placement.word.is_some();
        if placement.separator.is_empty() {
            let found = placement
                .items
                .first()
                .and_then(|item| capture(item, value));
            return self.keep(row, found.ok_or_else(malformed)?, true);
        }
        let separator = placement.separator.trim_end();
        let separator = if separator.is_empty() { " " } else { separator };
        let has_space = placement.separator.len() > separator.len();
        if is_strict && let Some(rest) = value.trim_ascii_end().strip_suffix(separator) {
            // An element with nothing in it (RFC 9110 section 5.6.1).
            value = rest;
        }
        for item in split(value, separator) {
            let item = if has_space { item.trim() } else { item };
            let found = placement.items.iter().find_map(|it| capture(it, item));
            match found {
                Some(_) if is_strict && item.contains('\\') => return Err(malformed()),
                Some(found) => self.keep(row, found, is_strict)?,
                // A webhook's list may hold what only other versions know.
                None if is_strict => return Err(malformed()),
                None => {}
            }
        }
        if is_strict && placement.has("keyid") && self.get("keyid").is_none() {
            return Err(Refusal::named(Code::ComponentMissing, "keyid"));
        }
        Ok(())
    }

    fn keep(
        &mut self,
        row: &Row,
        found: Vec<(&'a Part, &str)>,
        is_strict: bool,
    ) -> Result<(), Refusal> {
        for (part, text) in found {
            let name = part.text.as_str();
            if part.kind != Kind::Value || name == "passphrase" {
                self.checks.push((part, text.into()));
            } else if name == "signature" {
                if self.signatures.len() == MAX_SIGNATURES {
                    return Err(Code::TooManySignatures.into());
                }
                if is_strict && !self.signatures.is_empty() {
                    return Err(Refusal::named(Code::SignatureAmbiguous, name));
                }
                self.signatures.push(text.into());
            } else if self.get(name).is_some() {
                return Err(Refusal::named(Code::SignatureAmbiguous, name));
            } else {
                if row.optional.iter().any(|(known, _)| known == name) {
                    self.checks.push((part, text.into()));
                }
                self.values.push((name, text.into()));
            }
        }
        Ok(())
    }
}

/// Some values may be absent: what is optional, and a keyid that isn't signed.
fn do_without(row: &Row, placement: &Placement) -> Result<(), Refusal> {
    if placement.has("signature") {
        return Err(Refusal::named(Code::SignatureMissing, placement.name()));
    }
    let is_dispensable = |part: &Part| {
        part.kind == Kind::Literal || part.text == "keyid" || is_optional(row, &part.text)
    };
    let has_value = placement.parts().any(|part| part.kind != Kind::Literal);
    if has_value && placement.parts().all(is_dispensable) {
        return Ok(());
    }
    Err(Refusal::named(Code::ComponentMissing, placement.name()))
}

fn is_optional(row: &Row, name: &str) -> bool {
    row.optional.iter().any(|(known, _)| known == name)
        || row
            .options
            .iter()
            .any(|(known, default)| known == name && default.is_empty())
}

/// The text in a place, if there is one.
fn sent<'a>(placement: &Placement, message: &Message<'a>) -> Result<Option<Cow<'a, str>>, Refusal> {
    let mut found = None;
    for name in &placement.names {
        found = match placement.place {
            Place::Header => message.header(name)?.map(Cow::Borrowed),
            Place::Query => parameter(message.query_text(), name)?.map(Cow::Owned),
            Place::Json => {
                let member = json_body::member(message.body_text()?, name)?;
                member.map(|it| it.text().into())
            }
            Place::Form => parameter(message.body_text()?, name)?.map(Cow::Owned),
            Place::Param => {
                let query = parameter(message.query_text(), name)?;
                // A body that is no text has no parameters.
                let form = parameter(message.body_text().unwrap_or(""), name)?;
                if query.is_some() && form.is_some() {
                    return Err(Refusal::named(Code::QueryParamAmbiguous, name));
                }
                query.or(form).map(Cow::Owned)
            }
        };
        if found.is_some() {
            break;
        }
    }
    Ok(found)
}

/// Finds each placeholder's text, up to the literal that follows it.
fn capture<'a, 't>(template: &'a Template, text: &'t str) -> Option<Vec<(&'a Part, &'t str)>> {
    let mut rest = text;
    let mut found = Vec::new();
    let mut parts = template.iter().peekable();
    while let Some(part) = parts.next() {
        if part.kind == Kind::Literal {
            rest = rest.strip_prefix(part.text.as_str())?;
            continue;
        }
        let end = match parts.peek() {
            Some(next) => rest.find(next.text.as_str())?,
            None => rest.len(),
        };
        let (value, after) = rest.split_at_checked(end)?;
        if value.is_empty() {
            return None;
        }
        found.push((part, value));
        rest = after;
    }
    rest.is_empty().then_some(found)
}

/// The items of a list, whose separator may stand inside of quotes.
fn split<'t>(text: &'t str, separator: &str) -> impl Iterator<Item = &'t str> {
    let separator = separator.as_bytes().first().copied().unwrap_or(b',');
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let all = rest?;
        let mut is_quoted = false;
        let end = all.bytes().position(|byte| {
            is_quoted ^= byte == b'"';
            byte == separator && !is_quoted
        });
        let (item, after) = all.split_at_checked(end.unwrap_or(all.len()))?;
        rest = end.and_then(|_| after.get(1..));
        Some(item)
    })
}
