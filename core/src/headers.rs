//! Header fields: a borrowed block of lines, read once.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::character::{Class, is_same_name, printable_length};
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
        // What a block must not have at all is said before what is wrong with a line.
        Self::read(block).map_err(|refusal| wrong_byte(block).unwrap_or(refusal))
    }

    fn read(block: &'a [u8]) -> Result<Self, Refusal> {
        let text = core::str::from_utf8(block).map_err(|_| Code::HeaderNotAscii)?;
        let malformed = |at| Refusal::at(Code::HeadersMalformed, "headers", at);
        let mut fields = Vec::with_capacity(16);
        let mut at = 0;
        while let Some(line) = text.get(at..).filter(|line| !line.is_empty()) {
            let name_length = Class::TOKEN.length_in(line);
            let Some((name, value)) = line
                .split_at_checked(name_length)
                .and_then(|(name, rest)| Some((name, rest.strip_prefix(':')?)))
                .filter(|(name, _)| !name.is_empty())
            else {
                let ended = line.strip_prefix('\r').unwrap_or(line).strip_prefix('\n');
                return match ended {
                    Some("") => Ok(Headers::of(fields)),
                    Some(more) if !more.starts_with([' ', '\t']) => {
                        Err(malformed(text.len() - more.len()))
                    }
                    _ => Err(malformed(at)),
                };
            };
            let (length, next) = value_length(value).ok_or_else(|| malformed(at))?;
            if fields.len() == MAX_FIELDS {
                return Err(Code::TooManyHeaders.into());
            }
            let value = value.get(..length).unwrap_or("");
            fields.push(Field {
                name,
                value: trim(value),
            });
            at += name_length + 1 + next;
        }
        Ok(Headers::of(fields))
    }

    fn of(fields: Vec<Field<'a>>) -> Self {
        Headers {
            fields,
            trailers: Vec::new(),
        }
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
        .filter(move |field| is_same_name(field.name, name))
        .map(|field| field.value)
}

/// Appends a field line's value, each obsolete folding in it replaced by one space (RFC 9421
/// section 2.1).
pub(crate) fn push_unfolded(out: &mut String, value: &str) {
    if !value.contains('\n') {
        out.push_str(trim(value));
        return;
    }
    for (index, line) in value.split('\n').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(trim(line));
    }
}

/// Whether `text` is a token of RFC 9110 section 5.6.2: a method or a field name.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && Class::TOKEN.has_all(text)
}

/// Says which byte of a block is not one of a line, if one is.
#[cold]
fn wrong_byte(block: &[u8]) -> Option<Refusal> {
    let first = |is_wrong: fn(&u8) -> bool| block.iter().position(is_wrong);
    let is_of_line = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
    if let Some(at) = first(|byte| !byte.is_ascii()) {
        return Some(Refusal::at(Code::HeaderNotAscii, "headers", at));
    }
    let at = block.iter().position(|byte| !is_of_line(byte))?;
    Some(Refusal::at(Code::HeadersMalformed, "headers", at))
}

/// The length of the value at the start of `text`, and with the line's end, both continued over
/// obsolete foldings; none if it has a byte that no value has.
fn value_length(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at += printable_length(bytes, at, []);
        at += match bytes.get(at..)? {
            [b'\t', ..] => 1,
            [b'\n', b' ' | b'\t', ..] => 2,
            [b'\r', b'\n', b' ' | b'\t', ..] => 3,
            [b'\n', ..] => return Some((at, at + 1)),
            [b'\r', b'\n', ..] => return Some((at, at + 2)),
            [] => return Some((at, at)),
            _ => return None,
        }
    }
}

/// The value without the white space around it.
fn trim(value: &str) -> &str {
    let is_white = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t' | b'\r' | b'\n'));
    let bytes = value.as_bytes();
    let (mut start, mut end) = (0, bytes.len());
    while is_white(bytes.get(start)) {
        start += 1;
    }
    while end > start && is_white(bytes.get(end - 1)) {
        end -= 1;
    }
    value.get(start..end).unwrap_or("")
}
