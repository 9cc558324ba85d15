//! Templates: text with placeholders, which say what is signed and where each value goes.
//!
//! | placeholder | what it stands for |
//! |---|---|
//! | `{method}` | the method in capitals |
//! | `{scheme}`, `{host}`, `{port}`, `{authority}` | of the target URI; host in lower case, port always |
//! | `{path}`, `{target}` | as sent; the target is the path and the query with its `?` |
//! | `{query}` | as sent, without a parameter that carries the signature |
//! | `{query:FILTERS}` | of `sorted`, `decoded` (`%XX`), `form` (`%XX` and `+`), `joined` (no `&`, lists by `,`) |
//! | `{body}`, `{media-type}` | the body's bytes; its type in lower case, without parameters |
//! | `{header:NAME}`, `{param:NAME}` | one field, one decoded query parameter; empty if absent |
//! | `{json:NAME}`, `{flat:NAME}` | a member of the JSON body; all that is in it, sorted, without punctuation |
//! | `{form-pairs}` | names and values of the form body, decoded, sorted, each pair once |
//! | `{keyid}`, `{passphrase}`, `{timestamp}`, `{nonce}`, `{signature}` | what their names say |
//! | `{NAME}` | what the row's `[options]` or `[optional]` has under that name |
//! | `{sha1-base64(..)}`, `{sha256-hex(..)}`, `{sha512-bytes(..)}`, .. | a hash of what is inside |
//! | `{mac-hex(..)}`, `{mac-base64(..)}` | a MAC of what is inside |
//! | `{if-NAME(..)}`, `{unless-NAME(..)}` | what is inside if `query`, `body` or a value is not empty, or is |

use alloc::string::String;
use alloc::vec::Vec;

use super::encoding::Encoding;

pub(super) type Template = Vec<Part>;

/// A piece of a template.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) kind: Kind,
    /// The literal, or what follows the placeholder's name.
    pub(super) text: String,
    pub(super) inner: Template,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Literal,
    Value,
    Method,
    Scheme,
    Host,
    Port,
    Authority,
    Path,
    Target,
    Query,
    Body,
    MediaType,
    Header,
    Param,
    Json,
    Flat,
    FormPairs,
    Sha1(Encoding),
    Sha256(Encoding),
    Sha512(Encoding),
    Mac(Encoding),
    If,
    Unless,
}

/// The placeholders that take no argument.
const PLAIN: &[(&str, Kind)] = &[
    ("method", Kind::Method),
    ("scheme", Kind::Scheme),
    ("host", Kind::Host),
    ("port", Kind::Port),
    ("authority", Kind::Authority),
    ("path", Kind::Path),
    ("target", Kind::Target),
    ("query", Kind::Query),
    ("body", Kind::Body),
    ("media-type", Kind::MediaType),
    ("form-pairs", Kind::FormPairs),
];

/// The placeholders that take a name.
const NAMED: &[(&str, Kind)] = &[
    ("query", Kind::Query),
    ("header", Kind::Header),
    ("param", Kind::Param),
    ("json", Kind::Json),
    ("flat", Kind::Flat),
];

/// The placeholders that take a template.
const NESTED: &[(&str, Kind)] = &[
    ("sha1-base64", Kind::Sha1(Encoding::Base64)),
    ("sha256-hex", Kind::Sha256(Encoding::Hex)),
    ("sha256-base64", Kind::Sha256(Encoding::Base64)),
    ("sha256-bytes", Kind::Sha256(Encoding::Bytes)),
    ("sha512-hex", Kind::Sha512(Encoding::Hex)),
    ("sha512-base64", Kind::Sha512(Encoding::Base64)),
    ("sha512-bytes", Kind::Sha512(Encoding::Bytes)),
    ("mac-hex", Kind::Mac(Encoding::Hex)),
    ("mac-base64", Kind::Mac(Encoding::Base64)),
    ("mac-bytes", Kind::Mac(Encoding::Bytes)),
];

pub(super) const FILTERS: [&str; 4] = ["sorted", "decoded", "form", "joined"];

/// The values that every row has.
pub(super) const VALUES: &[&str] = &[
    "keyid",
    "passphrase",
    "timestamp",
    "nonce",
    "signature",
    "payload",
];

/// No template needs more, and a row may be a stranger's.
const MAX_DEPTH: usize = 8;

/// Reads a template, or says which placeholder is wrong. `named` are the row's own values.
pub(super) fn parse(text: &str, named: &[&str]) -> Result<Template, String> {
    let mut rest = text;
    let template = parse_until(&mut rest, false, named, MAX_DEPTH)?;
    Ok(template)
}

fn parse_until(
    rest: &mut &str,
    is_nested: bool,
    named: &[&str],
    depth: usize,
) -> Result<Template, String> {
    let mut parts = Template::new();
    loop {
        let end = rest
            .find(|c| c == '{' || c == '}' || (is_nested && c == ')'))
            .unwrap_or(rest.len());
        let (literal, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if !literal.is_empty() {
            parts.push(part(Kind::Literal, literal));
        }
        *rest = after;
        let Some(after) = rest.strip_prefix('{') else {
            // The end of a nested template is for whoever began it.
            return if rest.is_empty() || rest.starts_with(')') {
                Ok(parts)
            } else {
                Err((*rest).into())
            };
        };
        let end = after
            .find(['}', '(', '{', ')'])
            .ok_or_else(|| String::from(*rest))?;
        let (name, after) = after.split_at_checked(end).unwrap_or((after, ""));
        *rest = after;
        if let Some(inside) = rest.strip_prefix('(').filter(|_| depth > 0) {
            *rest = inside;
            let mut found = nested(name, named)?;
            found.inner = parse_until(rest, true, named, depth - 1)?;
            *rest = rest.strip_prefix(')').ok_or_else(|| String::from(name))?;
            parts.push(found);
        } else {
            parts.push(simple(name, named)?);
        }
        *rest = rest.strip_prefix('}').ok_or_else(|| String::from(name))?;
    }
}

fn part(kind: Kind, text: &str) -> Part {
    Part {
        kind,
        text: text.into(),
        inner: Template::new(),
    }
}

fn find(table: &[(&str, Kind)], name: &str) -> Option<Kind> {
    let found = table.iter().find(|(known, _)| *known == name);
    found.map(|(_, kind)| *kind)
}

fn is_value(name: &str, named: &[&str]) -> bool {
    VALUES.contains(&name) || named.contains(&name)
}

fn simple(name: &str, named: &[&str]) -> Result<Part, String> {
    let found = match name.split_once(':') {
        Some((kind, argument)) => find(NAMED, kind)
            .filter(|kind| {
                !argument.is_empty()
                    && (*kind != Kind::Query || argument.split(',').all(|it| FILTERS.contains(&it)))
            })
            .map(|kind| part(kind, argument)),
        None => find(PLAIN, name)
            .map(|kind| part(kind, ""))
            .or_else(|| is_value(name, named).then(|| part(Kind::Value, name))),
    };
    found.ok_or_else(|| name.into())
}

fn nested(name: &str, named: &[&str]) -> Result<Part, String> {
    if let Some(kind) = find(NESTED, name) {
        return Ok(part(kind, ""));
    }
    let (kind, about) = match name.split_once('-') {
        Some(("if", about)) => (Kind::If, about),
        Some(("unless", about)) => (Kind::Unless, about),
        _ => return Err(name.into()),
    };
    if about == "query" || about == "body" || is_value(about, named) {
        Ok(part(kind, about))
    } else {
        Err(name.into())
    }
}
