//! Covered components: their identifiers, and their values in a message (RFC 9421 section 2).

use alloc::string::String;

use base64ct::{Base64, Encoding as _};

use crate::headers::{Field, Headers, is_token_byte, push_unfolded, values_of};
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

/// How the lines of a field become one value (RFC 9421 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form<'a> {
    /// Joined as they are.
    Joined,
    /// `sf`: as the strict serialisation of their structured value.
    Structured,
    /// `key`: as that of one member of their dictionary.
    Member(&'a str),
    /// `bs`: each as a byte sequence.
    Bytes,
}

/// One covered component, borrowed from `Signature-Input`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Component<'a> {
    kind: Kind,
    /// The name between the quotes, such as `@method` or `content-type`.
    name: &'a str,
    form: Form<'a>,
    /// `tr`: in the trailers.
    in_trailers: bool,
    /// `req`: of the request that the message answers.
    of_request: bool,
    /// `name` of `@query-param`: the encoded parameter name.
    query_name: Option<&'a str>,
    /// The whole identifier as it was written, and whether a serialiser writes it so.
    text: &'a str,
    is_canonical: bool,
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

impl<'a> Component<'a> {
    /// Reads one component identifier: a String with its parameters.
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        let was_canonical = cursor.was_canonical();
        cursor.mark_canonical();
        let start = cursor.position();
        let name = cursor.string()?.raw();
        let kind = kind_of(name).ok_or_else(|| Refusal::named(Code::ComponentUnknown, name))?;
        let mut component = Component {
            kind,
            name,
            form: Form::Joined,
            in_trailers: false,
            of_request: false,
            query_name: None,
            text: name,
            is_canonical: true,
        };
        let mut strictly = false;
        while let Some((parameter, value)) = cursor.parameter()? {
            component.set(parameter, value, &mut strictly)?;
        }
        component.check(strictly)?;
        component.text = cursor.since(start);
        component.is_canonical = cursor.was_canonical();
        if !was_canonical {
            cursor.mark_not_canonical();
        }
        Ok(component)
    }

    fn set(&mut self, parameter: &str, value: Raw<'a>, strictly: &mut bool) -> Result<(), Refusal> {
        let unsupported = || Refusal::named(Code::ComponentParameterUnsupported, parameter);
        let incompatible = || Refusal::named(Code::ComponentParametersIncompatible, parameter);
        let is_repeated = match (parameter, value) {
            ("sf", Raw::Boolean(true)) => core::mem::replace(strictly, true),
            ("tr", Raw::Boolean(true)) => core::mem::replace(&mut self.in_trailers, true),
            ("req", Raw::Boolean(true)) => core::mem::replace(&mut self.of_request, true),
            ("bs", Raw::Boolean(true)) => match core::mem::replace(&mut self.form, Form::Bytes) {
                Form::Member(_) => return Err(incompatible()),
                form => form == Form::Bytes,
            },
            ("key", Raw::String(key)) => {
                match core::mem::replace(&mut self.form, Form::Member(key.raw())) {
                    Form::Bytes => return Err(incompatible()),
                    form => form != Form::Joined,
                }
            }
            ("name", Raw::String(name)) => self.query_name.replace(name.raw()).is_some(),
            _ => return Err(unsupported()),
        };
        if is_repeated {
            return Err(unsupported());
        }
        Ok(())
    }

    /// Refuses what doesn't go together; `strictly` says whether `sf` was there.
    fn check(&mut self, strictly: bool) -> Result<(), Refusal> {
        let takes_name = self.kind == Kind::Derived(Derived::QueryParam);
        let is_of_field = strictly || self.in_trailers || self.form != Form::Joined;
        if takes_name && self.query_name.is_none() {
            return Err(Refusal::named(
                Code::ComponentParameterUnsupported,
                self.name,
            ));
        }
        if self.query_name.is_some() && !takes_name
            || is_of_field && self.kind != Kind::Field
            || strictly && self.form == Form::Bytes
        {
            return Err(Refusal::named(
                Code::ComponentParametersIncompatible,
                self.name,
            ));
        }
        // Of a member the value is strict with and without `sf`.
        if strictly && self.form == Form::Joined {
            self.form = Form::Structured;
        }
        Ok(())
    }

    pub(crate) fn name(&self) -> &'a str {
        self.name
    }

    /// Whether both name the same part of a message, whatever the order of their parameters.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.is_of_same_message_as(other)
            && self.name == other.name
            && self.form == other.form
            && self.in_trailers == other.in_trailers
            && self.query_name == other.query_name
    }

    /// Whether both are of the message itself, or both of the request that it answers.
    pub(crate) fn is_of_same_message_as(&self, other: &Self) -> bool {
        self.of_request == other.of_request
    }

    /// Whether it is neither of the request that is answered nor in the trailers.
    pub(crate) fn is_of_head(&self) -> bool {
        !self.of_request && !self.in_trailers
    }

    /// Whether it is the whole of what is named, in the head of the message itself.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_of_head() && !matches!(self.form, Form::Member(_))
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
            Message::Request(_) if self.of_request => {
                return Err(Refusal::named(Code::ComponentParametersIncompatible, "req"));
            }
            Message::Response(response) if self.of_request => match response.request {
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
        let lines = if self.in_trailers {
            headers.trailers()
        } else {
            headers.fields()
        };
        match self.form {
            Form::Joined => Ok(push_joined(lines, self.name, out, push_unfolded)),
            Form::Bytes => Ok(push_joined(lines, self.name, out, push_bytes)),
            Form::Structured | Form::Member(_) => {
                let mut text = String::new();
                if !push_joined(lines, self.name, &mut text, push_unfolded) {
                    return Ok(false);
                }
                let wrong = || Refusal::named(Code::ComponentNotStructured, self.name);
                let field_type = types
                    .of(self.name)
                    .filter(|_| text.len() <= MAX_STRUCTURED_BYTES);
                let found = self.push_structured(field_type.ok_or_else(wrong)?, &text, out);
                found.map_err(|_| wrong())
            }
        }
    }

    fn push_structured(
        &self,
        field_type: FieldType,
        text: &str,
        out: &mut String,
    ) -> Result<bool, Refusal> {
        match (self.form, field_type) {
            (Form::Member(key), FieldType::Dictionary) => match members(text)?.get(key) {
                Some(member) => {
                    out.push_str(member);
                    Ok(true)
                }
                None => Ok(false),
            },
            (Form::Member(_), _) => Err(Code::ComponentNotStructured.into()),
            _ => {
                out.push_str(&field_type.canonical(text)?);
                Ok(true)
            }
        }
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
                let name = self.query_name.unwrap_or("");
                return push_query_param(origin.query().unwrap_or(""), name, out);
            }
            Derived::Method | Derived::Status => return Ok(false),
        }
        Ok(true)
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    if !name.starts_with('@') {
        let valid = !name.is_empty()
            && name
                .bytes()
                .all(|byte| is_token_byte(byte) && !byte.is_ascii_uppercase());
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
    out.push_str(&Base64::encode_string(unfolded.as_bytes()));
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
