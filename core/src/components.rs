//! Covered components: their identifiers, and their values in a message (RFC 9421 section 2).

use alloc::string::String;

use crate::base64;
use crate::character::Class;
use crate::headers::{Field, Headers, push_unfolded, values_of};
use crate::origin::Origin;
use crate::refusal::{Code, Refusal, push_decimal};
use crate::request::Message;
use crate::structured::{Cursor, FieldType, FieldTypes, Raw, members};

/// A signature may name 64 members of one field, and each is read before the key has spoken.
const MAX_STRUCTURED_BYTES: usize = 16 << 10;

/// The derived components (RFC 9421 section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Derived {
    Method,
    TargetUri,
    Authority,
    Scheme,
    RequestTarget,
    Path,
    Query,
    QueryParam,
    Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Derived(Derived),
    Field,
}

/// The parameters of a component (RFC 9421 sections 2.1, 2.2.8 and 2.4), a bit each.
mod parameter {
    /// `sf`: the field as the strict serialisation of its structured value.
    pub(super) const SF: u8 = 1;
    /// `key`: one member of a field that is a dictionary.
    pub(super) const KEY: u8 = 2;
    /// `bs`: each line of the field as a byte sequence.
    pub(super) const BS: u8 = 4;
    /// `tr`: in the trailers.
    pub(super) const TR: u8 = 8;
    /// `req`: of the request that the message answers.
    pub(super) const REQ: u8 = 16;
    /// `name`: of `@query-param`.
    pub(super) const NAME: u8 = 32;
}

use parameter::{BS, KEY, NAME, REQ, SF, TR};

/// One covered component, borrowed from `Signature-Input`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Component<'a> {
    kind: Kind,
    parameters: u8,
    /// Whether a serialiser writes the identifier as `text` has it.
    is_canonical: bool,
    /// The name between the quotes, such as `@method` or `content-type`.
    name: &'a str,
    /// The value of `key`, or of `name`, which is encoded.
    argument: &'a str,
    /// The whole identifier as it was written.
    text: &'a str,
}

/// A message, where it was sent, and which of its fields are structured.
#[derive(Clone, Copy)]
pub(crate) struct View<'a, 'b> {
    pub(crate) message: Message<'a, 'b>,
    /// Those of the message, or those that it will have once it is signed.
    pub(crate) headers: &'b Headers<'a>,
    /// Of the request: the message itself, or the one that it answers.
    pub(crate) origin: &'b Origin<'a>,
    pub(crate) types: &'b FieldTypes,
}

/// What signers cover unless they are told otherwise. Nearly every list begins so, and is known by heart.
const USUAL: [Component<'static>; 5] = [
    Component::usual(Kind::Derived(Derived::Method), "@method", "\"@method\""),
    Component::usual(
        Kind::Derived(Derived::Authority),
        "@authority",
        "\"@authority\"",
    ),
    Component::usual(Kind::Derived(Derived::Path), "@path", "\"@path\""),
    Component::usual(Kind::Derived(Derived::Query), "@query", "\"@query\""),
    Component::usual(Kind::Field, "content-digest", "\"content-digest\""),
];

/// How many of the usual components there are in each of the usual beginnings of a list.
const BEGINNINGS: [(usize, &str); 2] = [
    (
        5,
        "\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\"",
    ),
    (4, "\"@method\" \"@authority\" \"@path\" \"@query\""),
];

impl Component<'static> {
    const fn usual(kind: Kind, name: &'static str, text: &'static str) -> Self {
        Component {
            kind,
            parameters: 0,
            is_canonical: true,
            name,
            argument: "",
            text,
        }
    }
}

impl<'a> Component<'a> {
    /// Moves over the usual beginning of a list; what it has, or nothing.
    pub(crate) fn usual_beginning(cursor: &mut Cursor<'_>) -> &'static [Component<'static>] {
        let mut beginnings = BEGINNINGS.iter();
        let found = beginnings.find(|(_, text)| cursor.eat_items(text));
        found
            .and_then(|(count, _)| USUAL.get(..*count))
            .unwrap_or_default()
    }

    /// Reads one component identifier: a String with its parameters.
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        let was_canonical = cursor.was_canonical();
        cursor.mark_canonical();
        let start = cursor.position();
        let name = cursor.string()?.raw();
        let kind = kind_of(name).ok_or_else(|| Refusal::named(Code::ComponentUnknown, name))?;
        let (mut parameters, mut argument) = (0, "");
        while let Some((parameter, value)) = cursor.parameter()? {
            let unsupported = || Refusal::named(Code::ComponentParameterUnsupported, parameter);
            let bit = match (parameter, value) {
                ("sf", Raw::True) => SF,
                ("bs", Raw::True) => BS,
                ("tr", Raw::True) => TR,
                ("req", Raw::True) => REQ,
                ("key", Raw::String(key)) => {
                    argument = key.raw();
                    KEY
                }
                ("name", Raw::String(name)) => {
                    argument = name.raw();
                    NAME
                }
                _ => return Err(unsupported()),
            };
            if parameters & bit != 0 {
                return Err(unsupported());
            }
            parameters |= bit;
        }
        let takes_name = kind == Kind::Derived(Derived::QueryParam);
        if takes_name && parameters & NAME == 0 {
            return Err(Refusal::named(Code::ComponentParameterUnsupported, name));
        }
        let allowed = match kind {
            Kind::Field => SF | KEY | BS | TR | REQ,
            Kind::Derived(_) if takes_name => NAME | REQ,
            Kind::Derived(_) => REQ,
        };
        let is_both = parameters & BS != 0 && parameters & (SF | KEY) != 0;
        if parameters & !allowed != 0 || is_both {
            return Err(Refusal::named(Code::ComponentParametersIncompatible, name));
        }
        let is_canonical = cursor.was_canonical();
        if !was_canonical {
            cursor.mark_not_canonical();
        }
        Ok(Component {
            kind,
            parameters,
            is_canonical,
            name,
            argument,
            text: cursor.since(start),
        })
    }

    pub(crate) fn name(&self) -> &'a str {
        self.name
    }

    fn has(&self, parameter: u8) -> bool {
        self.parameters & parameter != 0
    }

    /// Whether both have the same name and parameters, in whatever order.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.parameters == other.parameters
            && self.name == other.name
            && self.argument == other.argument
    }

    /// Whether both are of the message itself, or both of the request that it answers.
    pub(crate) fn is_of_same_message_as(&self, other: &Self) -> bool {
        self.has(REQ) == other.has(REQ)
    }

    /// Whether it is neither of the request that is answered nor in the trailers.
    pub(crate) fn is_of_head(&self) -> bool {
        !self.has(REQ | TR)
    }

    /// Whether it is the whole of what is named, in the head of the message itself.
    pub(crate) fn is_whole(&self) -> bool {
        !self.has(REQ | TR | KEY)
    }

    /// Appends the component identifier, such as `"@query-param";name="Pet"`.
    pub(crate) fn push_identifier(&self, out: &mut String) -> Result<(), Refusal> {
        if self.is_canonical {
            out.push_str(self.text);
        } else {
            out.push_str(&FieldType::Item.canonical(self.text)?);
        }
        Ok(())
    }

    /// Appends the line of the signature base: identifier, colon, space, value, newline
    /// (RFC 9421 section 2.5).
    pub(crate) fn push_line(&self, view: View<'_, '_>, out: &mut String) -> Result<(), Refusal> {
        self.push_identifier(out)?;
        out.push_str(": ");
        if !self.push_value(view, out)? {
            return Err(Refusal::named(Code::ComponentMissing, self.name));
        }
        out.push('\n');
        Ok(())
    }

    /// Appends the value: false if the message has none.
    fn push_value(&self, view: View<'_, '_>, out: &mut String) -> Result<bool, Refusal> {
        let (message, headers) = match view.message {
            Message::Request(_) if self.has(REQ) => {
                return Err(Refusal::named(Code::ComponentParametersIncompatible, "req"));
            }
            Message::Response(response) if self.has(REQ) => match response.request {
                Some(request) => (Message::Request(request), &request.headers),
                None => return Ok(false),
            },
            message => (message, view.headers),
        };
        match (self.kind, message) {
            (Kind::Field, _) => self.push_field(headers, view.types, out),
            (Kind::Derived(Derived::Status), Message::Response(response)) => {
                push_decimal(out, i64::from(response.status));
                Ok(true)
            }
            (Kind::Derived(Derived::Method), Message::Request(request)) => {
                out.push_str(request.method);
                Ok(true)
            }
            (Kind::Derived(derived), Message::Request(_)) => {
                self.push_target_part(derived, view.origin, out)
            }
            (Kind::Derived(_), Message::Response(_)) => Ok(false),
        }
    }

    fn push_field(
        &self,
        headers: &Headers<'_>,
        types: &FieldTypes,
        out: &mut String,
    ) -> Result<bool, Refusal> {
        let lines = if self.has(TR) {
            headers.trailers()
        } else {
            headers.fields()
        };
        if !self.has(SF | KEY) {
            let push = if self.has(BS) {
                push_bytes
            } else {
                push_unfolded
            };
            return Ok(push_joined(lines, self.name, out, push));
        }
        let mut text = String::new();
        if !push_joined(lines, self.name, &mut text, push_unfolded) {
            return Ok(false);
        }
        let found = match types.of(self.name) {
            Some(field_type) if text.len() <= MAX_STRUCTURED_BYTES => {
                self.push_structured(field_type, &text, out)
            }
            _ => Err(Code::ComponentNotStructured.into()),
        };
        found.map_err(|_| Refusal::named(Code::ComponentNotStructured, self.name))
    }

    fn push_structured(
        &self,
        field_type: FieldType,
        text: &str,
        out: &mut String,
    ) -> Result<bool, Refusal> {
        if !self.has(KEY) {
            out.push_str(&field_type.canonical(text)?);
            return Ok(true);
        }
        if field_type != FieldType::Dictionary {
            return Err(Code::ComponentNotStructured.into());
        }
        let members = members(text)?;
        let member = members.get(self.argument);
        out.push_str(member.map_or("", String::as_str));
        Ok(member.is_some())
    }

    fn push_target_part(
        &self,
        derived: Derived,
        origin: &Origin<'_>,
        out: &mut String,
    ) -> Result<bool, Refusal> {
        match derived {
            Derived::TargetUri => return Ok(origin.push_target_uri(out)),
            Derived::Authority => return Ok(origin.push_authority(out)),
            Derived::Scheme => out.push_str(origin.scheme().as_str()),
            Derived::RequestTarget => out.push_str(origin.target()),
            Derived::Path => out.push_str(origin.path()),
            Derived::Query => {
                out.push('?');
                out.push_str(origin.query().unwrap_or(""));
            }
            Derived::QueryParam => {
                return push_query_param(origin.query().unwrap_or(""), self.argument, out);
            }
            Derived::Method | Derived::Status => return Ok(false),
        }
        Ok(true)
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    if !name.starts_with('@') {
        let valid = !name.is_empty() && Class::NAME.has_all(name);
        return valid.then_some(Kind::Field);
    }
    let derived = match name {
        "@method" => Derived::Method,
        "@target-uri" => Derived::TargetUri,
        "@authority" => Derived::Authority,
        "@scheme" => Derived::Scheme,
        "@request-target" => Derived::RequestTarget,
        "@path" => Derived::Path,
        "@query" => Derived::Query,
        "@query-param" => Derived::QueryParam,
        "@status" => Derived::Status,
        _ => return None,
    };
    Some(Kind::Derived(derived))
}

/// Appends every value of the field, joined by a comma and a space (RFC 9421 section 2.1). False if
/// the field is absent.
fn push_joined(
    lines: &[Field<'_>],
    name: &str,
    out: &mut String,
    push: fn(&mut String, &str),
) -> bool {
    let mut found = false;
    for value in values_of(lines, name) {
        if found {
            out.push_str(", ");
        }
        found = true;
        push(out, value);
    }
    found
}

/// Appends a field line's value as a byte sequence (RFC 9421 section 2.1.3).
fn push_bytes(out: &mut String, value: &str) {
    let mut unfolded = String::with_capacity(value.len());
    push_unfolded(&mut unfolded, value);
    out.push(':');
    base64::push(out, unfolded.as_bytes());
    out.push(':');
}

/// Appends the value of the one query parameter whose encoded name is `name`, decoded and encoded
/// again (RFC 9421 section 2.2.8). False if there is none.
fn push_query_param(query: &str, name: &str, out: &mut String) -> Result<bool, Refusal> {
    let mut found = false;
    let mut encoded_name = String::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (raw_name, raw_value) = pair.split_once('=').unwrap_or((pair, ""));
        encoded_name.clear();
        push_reencoded(raw_name, &mut encoded_name)?;
        if encoded_name != name {
            continue;
        }
        if found {
            return Err(Refusal::named(Code::QueryParamAmbiguous, name));
        }
        found = true;
        push_reencoded(raw_value, out)?;
    }
    Ok(found)
}

/// Decodes form encoding and percent-encodes all but letters, digits and `*-._`.
fn push_reencoded(text: &str, out: &mut String) -> Result<(), Refusal> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut decoded = alloc::vec::Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte.unwrap_or(b' ')).to_digit(16);
                let high = digit(bytes.next()).ok_or(Code::QueryMalformed)?;
                let low = digit(bytes.next()).ok_or(Code::QueryMalformed)?;
                u8::try_from(high * 16 + low).map_err(|_| Code::QueryMalformed)?
            }
            other => other,
        });
    }
    // The URL standard would replace what is not UTF-8; two queries would then share one base.
    core::str::from_utf8(&decoded).map_err(|_| Code::QueryMalformed)?;
    for byte in decoded {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'-' | b'.' | b'_') {
            out.push(char::from(byte));
        } else {
            let digit = |nibble: u8| {
                HEX.get(usize::from(nibble))
                    .copied()
                    .map_or('0', char::from)
            };
            out.push('%');
            out.push(digit(byte >> 4));
            out.push(digit(byte & 15));
        }
    }
    Ok(())
}
