//! The route table: which action a method and a path ask for, and on which resource.

use super::bundle::Bundle;
use super::error::{BundleError, BundleFault};
use super::format::{id_source, segment};
use super::layer::Layer;
use super::reader::Reader;
use super::value::EntityUid;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    action: &'a EntityUid,
    resource_type: &'a str,
    resource_id: Cow<'a, str>,
}

impl<'a> Route<'a> {
    /// The action.
    #[must_use]
    pub fn action(&self) -> &'a EntityUid {
        self.action
    }

    /// The entity type of the resource.
    #[must_use]
    pub fn resource_type(&self) -> &'a str {
        self.resource_type
    }

    /// The id of the resource: a segment of the path, percent-decoded, or the route's own.
    #[must_use]
    pub fn resource_id(&self) -> &str {
        &self.resource_id
    }

    /// The resource.
    #[must_use]
    pub fn resource(&self) -> EntityUid {
        EntityUid::new(self.resource_type, &*self.resource_id)
    }
}

impl Bundle {
    /// The route of `method`, which is case-sensitive, and `path`: a URI's path, still
    /// percent-encoded, without the query.
    ///
    /// A segment is compared once decoded (RFC 3986 section 6.2.2.2); a literal segment beats a
    /// placeholder. A path that two readers could understand differently has no route, and what
    /// has no route is to be denied: one that doesn't begin with `/`; one with an empty segment
    /// (so also one that ends in `/`), a `.` or `..` segment, encoded or not, an encoded `/`, a `\`
    /// or a control character in any form, a `%` without two hex digits, bytes that aren't UTF-8 once
    /// decoded, or a character that a path can't have unencoded (RFC 3986 section 3.3).
    #[must_use]
    pub fn route<'a>(&'a self, method: &str, path: &'a str) -> Option<Route<'a>> {
        let path = path.strip_prefix('/')?;
        let mut segments = Vec::new();
        if !path.is_empty() {
            for segment in path.split('/') {
                segments.push(decode(segment)?);
            }
        }
        let row = self
            .routes
            .rows
            .iter()
            .find(|row| *row.method == *method && row.takes(&segments))?;
        let resource_id = match &row.id {
            IdSource::Fixed(id) => Cow::Borrowed(&**id),
            IdSource::Segment(at) => segments.into_iter().nth(*at)?,
        };
        Some(Route {
            action: &row.action,
            resource_type: &row.resource_type,
            resource_id,
        })
    }
}

/// The rows, in the order in which they are tried.
#[derive(Clone, Debug)]
pub(super) struct RouteTable {
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    method: Box<str>,
    segments: Vec<Segment>,
    action: EntityUid,
    resource_type: Box<str>,
    id: IdSource,
}

/// Literals come before placeholders, so that of two rows that take a path the more literal is first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(Box<str>),
    Placeholder,
}

#[derive(Clone, Debug)]
enum IdSource {
    Fixed(Box<str>),
    Segment(usize),
}

impl Row {
    fn takes(&self, segments: &[Cow<'_, str>]) -> bool {
        self.segments.len() == segments.len()
            && self
                .segments
                .iter()
                .zip(segments)
                .all(|(template, segment)| match template {
                    Segment::Literal(literal) => **literal == **segment,
                    Segment::Placeholder => true,
                })
    }

    fn order(&self, other: &Self) -> Ordering {
        (&self.method, &self.segments).cmp(&(&other.method, &other.segments))
    }
}

impl RouteTable {
    pub(super) fn read(mut reader: Reader<'_>, layer: &Layer) -> Result<Self, BundleFault> {
        let text = |symbol| Box::<str>::from(layer.string(symbol));
        let count = reader.count(25)?;
        let mut rows: Vec<Row> = Vec::with_capacity(count);
        for _ in 0..count {
            let method = text(reader.symbol()?);
            let len = reader.count(1)?;
            let mut segments = Vec::with_capacity(len);
            for _ in 0..len {
                segments.push(match reader.byte()? {
                    segment::LITERAL => Segment::Literal(text(reader.symbol()?)),
                    segment::PLACEHOLDER => Segment::Placeholder,
                    _ => return Err(BundleError::FormatUnsupported.into()),
                });
            }
            let (action_type, action_id) = reader.uid()?;
            let action = EntityUid::new(text(action_type), text(action_id));
            let resource_type = text(reader.symbol()?);
            let id = match reader.byte()? {
                id_source::FIXED => IdSource::Fixed(text(reader.symbol()?)),
                id_source::SEGMENT => {
                    let at = reader.size()?;
                    if segments.get(at) != Some(&Segment::Placeholder) {
                        return Err(reader.broken("the id must be one of the placeholders"));
                    }
                    IdSource::Segment(at)
                }
                _ => return Err(BundleError::FormatUnsupported.into()),
            };
            let row = Row {
                method,
                segments,
                action,
                resource_type,
                id,
            };
            if rows.last().is_some_and(|last| last.order(&row).is_ge()) {
                return Err(reader.broken("the routes aren't strictly ascending"));
            }
            rows.push(row);
        }
        reader.end()?;
        Ok(Self { rows })
    }
}

/// Decodes a segment; `None` if it is one that has no route.
fn decode(segment: &str) -> Option<Cow<'_, str>> {
    let decoded = if segment.contains('%') {
        Cow::Owned(unescape(segment)?)
    } else {
        Cow::Borrowed(segment)
    };
    let ambiguous = matches!(&*decoded, "" | "." | "..")
        || decoded
            .chars()
            .any(|c| matches!(c, '/' | '\\') || c.is_control());
    let valid = segment.bytes().all(|byte| is_pchar(byte) || byte == b'%');
    (valid && !ambiguous).then_some(decoded)
}

fn unescape(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            16 * hex(rest.next()?)? + hex(rest.next()?)?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// RFC 3986 section 3.3: what a segment may have unencoded.
fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}
