//! The grammar of structured fields, read from left to right and borrowed (RFC 9651 section 4.2).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::base64;
use crate::character::{Class, printable_length};
use crate::refusal::{Code, Refusal};

const MAX_INTEGER_DIGITS: usize = 15;

/// A bare item as it is written in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Raw<'a> {
    Integer(i64),
    /// More digits than an Integer may have.
    IntegerTooLarge,
    /// In thousandths.
    Decimal(i64),
    String(QuotedString<'a>),
    Token(&'a str),
    /// Base64 between the colons, not yet decoded.
    Bytes(&'a str),
    True,
    False,
    Date(i64),
    /// The text between the quotes, its escapes still in it, which are UTF-8.
    DisplayString(&'a str),
}

/// The text between the quotes of a String, its escapes still in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QuotedString<'a>(&'a str);

impl<'a> QuotedString<'a> {
    /// As written, the escapes still in it.
    pub(crate) fn raw(self) -> &'a str {
        self.0
    }

    pub(crate) fn unescape(self) -> Cow<'a, str> {
        if printable_length(self.0.as_bytes(), 0, [b'\\']) == self.0.len() {
            return Cow::Borrowed(self.0);
        }
        let mut out = String::with_capacity(self.0.len());
        let mut chars = self.0.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => out.extend(chars.next()),
                other => out.push(other),
            }
        }
        Cow::Owned(out)
    }
}

/// The number that at most 15 digits stand for.
fn value_of(digits: &str) -> i64 {
    digits.bytes().fold(0, |sum: i64, digit| {
        sum.wrapping_mul(10).wrapping_add(i64::from(digit & 15))
    })
}

/// The text of a Display String without its escapes (section 4.2.10): none if one of them is not two
/// digits in lower case, or if they are not UTF-8.
pub(super) fn unescape_display(inner: &str) -> Option<String> {
    let digit = |byte: Option<u8>| match byte {
        Some(byte @ b'0'..=b'9') => Some(byte - b'0'),
        Some(byte @ b'a'..=b'f') => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut text = Vec::with_capacity(inner.len());
    let mut bytes = inner.bytes();
    while let Some(byte) = bytes.next() {
        text.push(match byte {
            b'%' => digit(bytes.next())? << 4 | digit(bytes.next())?,
            plain => plain,
        });
    }
    String::from_utf8(text).ok()
}

/// A reader over one field line, which is ASCII.
pub(crate) struct Cursor<'a> {
    field: &'static str,
    code: Code,
    text: &'a str,
    at: usize,
    /// Whether everything read so far was written the way a serialiser writes it.
    canonical: bool,
}

impl<'a> Cursor<'a> {
    /// Reads `text`, the value of `field`; what can't be read is refused with `code`.
    pub(crate) fn new(field: &'static str, code: Code, text: &'a str) -> Self {
        Cursor {
            field,
            code,
            text,
            at: 0,
            canonical: true,
        }
    }

    /// Reads a whole field, of whatever name.
    pub(crate) fn over_field(text: &'a str) -> Self {
        Self::new("structured-field", Code::StructuredFieldMalformed, text)
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a place that was read already.
    pub(crate) fn go_back(&mut self, position: usize) {
        self.at = position;
    }

    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or("")
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Forgets what was not canonical before here.
    pub(crate) fn mark_canonical(&mut self) {
        self.canonical = true;
    }

    /// Remembers that something before here was not canonical.
    pub(crate) fn mark_not_canonical(&mut self) {
        self.canonical = false;
    }

    pub(crate) fn was_canonical(&self) -> bool {
        self.canonical
    }

    pub(crate) fn error(&self) -> Refusal {
        Refusal::at(self.code, self.field, self.at)
    }

    /// Refuses what is no value at all: digits and base64 are looked at by whoever needs them.
    pub(crate) fn check(&self, value: Raw<'_>) -> Result<(), Refusal> {
        let is_sound = match value {
            Raw::IntegerTooLarge => false,
            Raw::Bytes(text) => base64::decode_vec(text).is_some(),
            _ => true,
        };
        if is_sound { Ok(()) } else { Err(self.error()) }
    }

    pub(crate) fn refuse(&self, code: Code) -> Refusal {
        Refusal::at(code, self.field, self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    /// Moves over items of an inner list where they are written so, the last one without parameters.
    pub(crate) fn eat_items(&mut self, items: &str) -> bool {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let after = rest.strip_prefix(items.as_bytes());
        let found = matches!(after, Some([b' ' | b')', ..]));
        if found {
            self.at += items.len();
        }
        found
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.error())
        }
    }

    fn skip_while(&mut self, accept: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| !accept(*byte));
        self.at += length.unwrap_or(rest.len());
        self.since(start)
    }

    fn skip(&mut self, class: Class) -> &'a str {
        let start = self.at;
        self.at += class.length_from(self.text.as_bytes(), start);
        self.since(start)
    }

    /// Skips the spaces around the value of a whole field.
    pub(crate) fn skip_outer_spaces(&mut self) {
        self.skip_while(|byte| byte == b' ');
    }

    /// Skips spaces; `usual` of them are what a serialiser writes here.
    fn skip_spaces(&mut self, usual: usize) {
        if self.skip_while(|byte| byte == b' ').len() != usual {
            self.canonical = false;
        }
    }

    /// The key of a member or of a parameter (section 4.2.3.3).
    pub(crate) fn key(&mut self) -> Result<&'a str, Refusal> {
        if !self
            .peek()
            .is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'*')
        {
            return Err(self.error());
        }
        Ok(self.skip(Class::KEY))
    }

    /// Moves over the comma to the next member of a list or a dictionary: false at the end of the field.
    pub(crate) fn next_member(&mut self) -> Result<bool, Refusal> {
        let white = |byte| matches!(byte, b' ' | b'\t');
        self.skip_while(white);
        if self.is_at_end() {
            return Ok(false);
        }
        self.expect(b',')?;
        self.skip_while(white);
        // A trailing comma is an error (section 4.2.2).
        if self.is_at_end() {
            Err(self.error())
        } else {
            Ok(true)
        }
    }

    /// A bare item (section 4.2.3.1).
    pub(crate) fn bare_item(&mut self) -> Result<Raw<'a>, Refusal> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'"') => self.string().map(Raw::String),
            Some(b'*' | b'A'..=b'Z' | b'a'..=b'z') => Ok(Raw::Token(self.skip(Class::WORD))),
            Some(b':') => self.bytes().map(Raw::Bytes),
            Some(b'@') => self.date(),
            Some(b'%') => self.display_string(),
            Some(b'?') => {
                self.at += 1;
                if self.eat(b'1') {
                    Ok(Raw::True)
                } else {
                    self.expect(b'0').map(|()| Raw::False)
                }
            }
            _ => Err(self.error()),
        }
    }

    fn number(&mut self) -> Result<Raw<'a>, Refusal> {
        let negative = self.eat(b'-');
        let whole = self.digits();
        if whole.is_empty() {
            return Err(self.error());
        }
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        let is_decimal = self.eat(b'.');
        let fraction = if is_decimal { self.digits() } else { "" };
        if is_decimal && (whole.len() > 12 || fraction.is_empty() || fraction.len() > 3) {
            return Err(self.error());
        }
        if whole.len() > MAX_INTEGER_DIGITS {
            return Ok(Raw::IntegerTooLarge);
        }
        let mut magnitude = value_of(whole);
        if is_decimal {
            let unit = match fraction.len() {
                1 => 100,
                2 => 10,
                _ => 1,
            };
            magnitude = magnitude * 1000 + value_of(fraction) * unit;
        }
        let trailing_zero = fraction.len() > 1 && fraction.as_bytes().ends_with(b"0");
        self.canonical &= !(leading_zero || trailing_zero || negative && magnitude == 0);
        let number = if negative { -magnitude } else { magnitude };
        Ok(if is_decimal {
            Raw::Decimal(number)
        } else {
            Raw::Integer(number)
        })
    }

    fn digits(&mut self) -> &'a str {
        self.skip_while(|byte| byte.is_ascii_digit())
    }

    pub(crate) fn string(&mut self) -> Result<QuotedString<'a>, Refusal> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            self.at += printable_length(self.text.as_bytes(), self.at, [b'"', b'\\']);
            match self.peek() {
                Some(b'"') => {
                    let inner = self.since(start);
                    self.at += 1;
                    return Ok(QuotedString(inner));
                }
                Some(b'\\') => {
                    self.at += 1;
                    if !self.eat(b'"') && !self.eat(b'\\') {
                        return Err(self.error());
                    }
                }
                _ => return Err(self.error()),
            }
        }
    }

    fn date(&mut self) -> Result<Raw<'a>, Refusal> {
        self.expect(b'@')?;
        match self.number()? {
            Raw::Integer(seconds) => Ok(Raw::Date(seconds)),
            _ => Err(self.error()),
        }
    }

    fn display_string(&mut self) -> Result<Raw<'a>, Refusal> {
        self.expect(b'%')?;
        self.expect(b'"')?;
        let start = self.at;
        self.skip_while(|byte| matches!(byte, b' '..=b'~') && byte != b'"');
        let inner = self.since(start);
        self.expect(b'"')?;
        // It may escape what needs no escape.
        self.canonical = false;
        match unescape_display(inner) {
            Some(_) => Ok(Raw::DisplayString(inner)),
            None => Err(self.error()),
        }
    }

    /// A byte sequence; whether it is good base64 is for whoever decodes it.
    pub(crate) fn bytes(&mut self) -> Result<&'a str, Refusal> {
        self.expect(b':')?;
        let start = self.at;
        self.at += Class::BASE64.long_length_from(self.text.as_bytes(), start);
        let inner = self.since(start);
        self.expect(b':')?;
        Ok(inner)
    }

    /// The next parameter, if there is one: its name, and its value or true (section 4.2.3.2).
    pub(crate) fn parameter(&mut self) -> Result<Option<(&'a str, Raw<'a>)>, Refusal> {
        if !self.eat(b';') {
            return Ok(None);
        }
        self.skip_spaces(0);
        let name = self.key()?;
        if !self.eat(b'=') {
            return Ok(Some((name, Raw::True)));
        }
        let value = self.bare_item()?;
        if matches!(value, Raw::True) {
            self.canonical = false;
        }
        Ok(Some((name, value)))
    }

    /// Reads parameters that nobody asks for.
    pub(crate) fn skip_parameters(&mut self) -> Result<(), Refusal> {
        while let Some((_, value)) = self.parameter()? {
            self.check(value)?;
        }
        Ok(())
    }

    /// Reads an item that nobody asks for.
    pub(crate) fn skip_item(&mut self) -> Result<(), Refusal> {
        let value = self.bare_item()?;
        self.check(value)?;
        self.skip_parameters()
    }

    /// Moves to the next item of an inner list: false once its parenthesis closes.
    #[inline]
    pub(crate) fn next_in_list(&mut self, first: bool) -> Result<bool, Refusal> {
        let before = self.at;
        while self.eat(b' ') {}
        let spaces = self.at - before;
        if self.eat(b')') {
            self.canonical &= spaces == 0;
            return Ok(false);
        }
        self.canonical &= spaces == usize::from(!first);
        if !first && spaces == 0 {
            self.at = before;
            return Err(self.error());
        }
        Ok(true)
    }
}
