//! Covered components: their identifiers, and their values in a message (RFC 9421 section 2).

use alloc::string::String;

use crate::headers::{Headers, is_token_byte};
use crate::origin::Origin;
use crate::refusal::{Code, Refusal, push_decimal};
use crate::request::Message;
use crate::structured::{BareItem, Cursor};

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

/// One covered component, borrowed from `Signature-Input`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Component<'a> {
    kind: Kind,
    /// The name between the quotes, such as `@method` or `content-type`.
    name: &'a str,
    /// `name` of `@query-param`: the encoded parameter name.
    query_name: Option<&'a str>,
}

impl<'a> Component<'a> {
    /// Reads one component identifier: a String with its parameters.
    pub(crate) fn parse(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        let name = cursor.string()?.raw();
        let kind = kind_of(name).ok_or_else(|| Refusal::named(Code::ComponentUnknown, name))?;
        let mut query_name = None;
        while let Some((parameter, value)) = cursor.parameter()? {
            match (kind, parameter, value) {
                (Kind::Derived(Derived::QueryParam), "name", BareItem::String(value))
                    if query_name.is_none() =>
                {
                    query_name = Some(value.raw());
                }
                _ => {
                    return Err(Refusal::named(
                        Code::ComponentParameterUnsupported,
                        parameter,
                    ));
                }
            }
        }
        if kind == Kind::Derived(Derived::QueryParam) && query_name.is_none() {
            return Err(Refusal::named(Code::ComponentParameterUnsupported, name));
        }
        Ok(Component {
            kind,
            name,
            query_name,
        })
    }

    pub(crate) fn name(&self) -> &'a str {
        self.name
    }

    /// Appends the component identifier, such as `"@query-param";name="Pet"`.
    fn push_identifier(&self, out: &mut String) {
        out.push('"');
        out.push_str(self.name);
        out.push('"');
        if let Some(name) = self.query_name {
            out.push_str(";name=\"");
            out.push_str(name);
            out.push('"');
        }
    }

    /// Appends the line of the signature base: identifier, colon, space, value, newline
    /// (RFC 9421 section 2.5).
    pub(crate) fn push_line(
        &self,
        message: Message<'_, '_>,
        origin: &Origin<'_>,
        out: &mut String,
    ) -> Result<(), Refusal> {
        self.push_identifier(out);
        out.push_str(": ");
        let found = match (self.kind, message) {
            (Kind::Field, Message::Request(request)) => {
                push_field(&request.headers, self.name, out)
            }
            (Kind::Field, Message::Response(response)) => {
                push_field(&response.headers, self.name, out)
            }
            (Kind::Derived(Derived::Status), Message::Response(response)) => {
                push_decimal(out, i64::from(response.status));
                true
            }
            (Kind::Derived(Derived::Method), Message::Request(request)) => {
                out.push_str(request.method);
                true
            }
            (Kind::Derived(derived), Message::Request(_)) => {
                self.push_target_part(derived, origin, out)?
            }
            (Kind::Derived(_), Message::Response(_)) => false,
        };
        out.push('\n');
        if found {
            Ok(())
        } else {
            Err(Refusal::named(Code::ComponentMissing, self.name))
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

/// Appends every value of the field, joined by a comma and a space, foldings replaced by one
/// space (RFC 9421 section 2.1). False if the field is absent.
fn push_field(headers: &Headers<'_>, name: &str, out: &mut String) -> bool {
    let mut found = false;
    for value in headers.all(name) {
        if found {
            out.push_str(", ");
        }
        found = true;
        let mut lines = value.split('\n');
        out.push_str(
            lines
                .next()
                .unwrap_or("")
                .trim_end_matches(['\r', ' ', '\t']),
        );
        for line in lines {
            out.push(' ');
            out.push_str(line.trim_matches(['\r', ' ', '\t']));
        }
    }
    found
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
