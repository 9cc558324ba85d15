//! Header fields: a borrowed block of lines, read once.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::refusal::{Code, Refusal};

const MAX_FIELDS: usize = 128;

/// One field line. The value has no surrounding white space; it may hold an obsolete line folding,
/// which the signature base replaces by one space (RFC 9421 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as sent. Names are compared without regard to case.
    pub name: &'a str,
    /// The value, visible ASCII, spaces and tabs.
    pub value: &'a str,
}

/// The header fields of a message, in the order sent; and its trailer fields, where it has any.
#[derive(Clone, Debug, Default)]
pub struct Headers<'a> {
    fields: Vec<Field<'a>>,
    trailers: Vec<Field<'a>>,
}

impl<'a> Headers<'a> {
    pub(crate) const EMPTY: Headers<'static> = Headers {
        fields: Vec::new(),
        trailers: Vec::new(),
    };

    /// Reads a block of `name: value` lines, each ended by CRLF or LF; an empty line may end it.
    ///
    /// # Errors
    /// `header_not_ascii`, `headers_malformed` (with the place), `too_many_headers`.
    ///
    /// ```
    /// use countersign_core::Headers;
    /// let headers = Headers::parse(b"Host: example.com\r\nAccept: */*\r\n")?;
    /// assert_eq!(headers.all("HOST").next(), Some("example.com"));
    /// # Ok::<(), countersign_core::Refusal>(())
    /// ```
    pub fn parse(block: &'a [u8]) -> Result<Self, Refusal> {
        let is_plain = is_plain(block);
        if !is_plain {
            look_at_bytes(block)?;
        }
        let text = core::str::from_utf8(block).map_err(|_| Code::HeaderNotAscii)?;
        let malformed = |at| Refusal::at(Code::HeadersMalformed, "headers", at);
        let mut fields = Vec::with_capacity(16);
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let line_length = field_line_length(rest);
            let next = at + line_length;
            let line = rest.get(..line_length).unwrap_or(rest);
            let line = line
                .strip_suffix('\n')
                .map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
            if line.is_empty() {
                if next < text.len() {
                    return Err(malformed(next));
                }
                break;
            }
            let name_length = length_of(line, is_token_byte);
            let (name, value) = line
                .split_at_checked(name_length)
                .and_then(|(name, rest)| Some((name, rest.strip_prefix(':')?)))
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| malformed(at))?;
            if !is_plain && has_bare_carriage_return(value) {
                return Err(malformed(at));
            }
            let value = trim(value);
            if fields.len() == MAX_FIELDS {
                return Err(Code::TooManyHeaders.into());
            }
            fields.push(Field { name, value });
            at = next;
        }
        Ok(Headers {
            fields,
            trailers: Vec::new(),
        })
    }

    /// The same fields with those of the trailer section, read as a block of their own. Only a
    /// component with the parameter `tr` looks into it (RFC 9421 section 2.1.4).
    ///
    /// ```
    /// use countersign_core::Headers;
    /// let headers = Headers::parse(b"Trailer: Expires\r\n")?
    ///     .with_trailers(Headers::parse(b"Expires: Wed, 9 Nov 2022 07:28:00 GMT\r\n")?);
    /// assert_eq!(headers.all("expires").next(), None);
    /// # Ok::<(), countersign_core::Refusal>(())
    /// ```
    #[must_use]
    pub fn with_trailers(mut self, trailers: Self) -> Self {
        self.trailers = trailers.fields;
        self
    }

    /// Every line of the trailer section.
    #[must_use]
    pub fn trailers(&self) -> &[Field<'a>] {
        &self.trailers
    }

    /// Every value of the field `name`, in the order sent.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a str> + 's {
        values_of(&self.fields, name)
    }

    /// The lines of the field `name` joined by a comma and a space, as a structured field is read
    /// (RFC 9651 section 4.2); none if there is no such field.
    #[must_use]
    pub fn combined(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut values = self.all(name);
        let mut combined = Cow::Borrowed(values.next()?);
        for value in values {
            let combined = combined.to_mut();
            combined.push_str(", ");
            combined.push_str(value);
        }
        Some(combined)
    }

    /// Every field line.
    #[must_use]
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// The same fields and one more, as when a signer adds `Content-Digest`.
    #[must_use]
    pub fn with(&self, field: Field<'a>) -> Self {
        let mut fields = Vec::with_capacity(self.fields.len() + 1);
        fields.extend_from_slice(&self.fields);
        fields.push(field);
        Headers {
            fields,
            trailers: self.trailers.clone(),
        }
    }
}

/// Every value of the field `name` in these lines, in the order sent.
pub(crate) fn values_of<'a, 's>(
    lines: &'s [Field<'a>],
    name: &'s str,
) -> impl Iterator<Item = &'a str> + 's {
    lines
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name))
        .map(|field| field.value)
}

/// Appends a field line's value, each obsolete folding in it replaced by one space (RFC 9421
/// section 2.1).
pub(crate) fn push_unfolded(out: &mut String, value: &str) {
    let mut lines = value.split('\n');
    out.push_str(trim(lines.next().unwrap_or("")));
    for line in lines {
        out.push(' ');
        out.push_str(trim(line));
    }
}

/// Whether `text` is a token of RFC 9110 section 5.6.2: a method or a field name.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

#[inline]
pub(crate) fn is_token_byte(byte: u8) -> bool {
    // A bit for each of 128 characters.
    const LETTERS: u128 = 0x07ff_fffe;
    const TOKEN: u128 = LETTERS << 64 | LETTERS << 96 | 0x03ff << 48 | marks(b"!#$%&'*+-.^_`|~");
    byte.is_ascii() && TOKEN >> byte & 1 == 1
}

/// A bit for each of these characters.
const fn marks(characters: &[u8]) -> u128 {
    let (mut bits, mut rest) = (0, characters);
    while let [first, others @ ..] = rest {
        bits |= 1 << *first;
        rest = others;
    }
    bits
}

/// How many bytes from the start are accepted.
#[inline]
pub(crate) fn length_of(text: &str, accept: impl Fn(u8) -> bool) -> usize {
    let ends = |byte: &u8| !accept(*byte);
    text.as_bytes().iter().position(ends).unwrap_or(text.len())
}

/// Whether a block of lines may hold this byte.
#[expect(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch")]
fn is_line_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') | (byte == b'\t') | (byte == b'\r') | (byte == b'\n')
}

/// Whether a block has only bytes that it may have, and no carriage return without its line feed. There is
/// no branch in it, so that many bytes are looked at together.
#[expect(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch")]
fn is_plain(block: &[u8]) -> bool {
    let mut before = b'\n';
    let all = block.iter().fold(true, |all, &byte| {
        let is_bare = (before == b'\r') & (byte != b'\n');
        before = byte;
        all & is_line_byte(byte) & !is_bare
    });
    all & (before != b'\r')
}

/// Says which byte of a block is not one of a line, if one is.
#[cold]
fn look_at_bytes(block: &[u8]) -> Result<(), Refusal> {
    let first = |is_wrong: fn(&u8) -> bool| block.iter().position(is_wrong);
    if let Some(at) = first(|byte| !byte.is_ascii()) {
        return Err(Refusal::at(Code::HeaderNotAscii, "headers", at));
    }
    match first(|byte| !is_line_byte(*byte)) {
        Some(at) => Err(Refusal::at(Code::HeadersMalformed, "headers", at)),
        None => Ok(()),
    }
}

/// The value without the white space around it.
fn trim(value: &str) -> &str {
    let is_white = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let bytes = value.as_bytes();
    let start = bytes
        .iter()
        .position(|byte| !is_white(byte))
        .unwrap_or(bytes.len());
    let end = bytes
        .iter()
        .rposition(|byte| !is_white(byte))
        .map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or("")
}

/// The length of the first field line with its line ends, continued over obsolete foldings.
fn field_line_length(text: &str) -> usize {
    let mut length = 0;
    while let Some(rest) = text.get(length..) {
        let Some(feed) = rest.find('\n') else { break };
        length += feed + 1;
        if !matches!(text.as_bytes().get(length), Some(b' ' | b'\t')) {
            return length;
        }
    }
    text.len()
}

fn has_bare_carriage_return(value: &str) -> bool {
    value
        .match_indices('\r')
        .any(|(at, _)| value.as_bytes().get(at + 1) != Some(&b'\n'))
}
