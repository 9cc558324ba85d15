//! JSON text (RFC 8259): read strictly and from left to right, and written.

use alloc::boxed::Box;
use alloc::string::String;

use crate::policy::{ValueError, ValueFault};

/// A text and how far it is read. What is refused isn't read, so the fault is at the next byte.
pub(crate) struct Json<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Json<'t> {
    pub(crate) const fn new(text: &'t str) -> Self {
        Json { text, at: 0 }
    }

    /// How many bytes are read.
    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a `position`.
    pub(crate) fn go_back(&mut self, position: usize) {
        self.at = position;
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Reads `byte` if it is next.
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.at += 1;
        }
        is_next
    }

    pub(crate) fn expect(&mut self, word: &[u8]) -> Result<(), ValueFault> {
        for byte in word {
            if !self.eat(*byte) {
                return Err(ValueFault::Malformed);
            }
        }
        Ok(())
    }

    pub(crate) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Reads up to the next part of a list or an object; false if that ends with `close`.
    pub(crate) fn next_part(&mut self, close: u8, is_first: bool) -> Result<bool, ValueFault> {
        self.skip_space();
        if self.eat(close) {
            return Ok(false);
        }
        if !is_first {
            self.expect(b",")?;
            self.skip_space();
        }
        Ok(true)
    }

    /// Reads a string, with its quotes.
    pub(crate) fn string(&mut self) -> Result<Box<str>, ValueFault> {
        self.expect(b"\"")?;
        let mut string = String::new();
        loop {
            let start = self.at;
            while let Some(b' '..=b'!' | b'#'..=b'[' | b']'..) = self.peek() {
                self.at += 1;
            }
            let plain = self.text.get(start..self.at);
            string.push_str(plain.ok_or(ValueFault::Malformed)?);
            if self.eat(b'"') {
                return Ok(string.into());
            }
            self.expect(b"\\")?;
            string.push(self.escaped()?);
        }
    }

    /// Reads what follows a backslash.
    fn escaped(&mut self) -> Result<char, ValueFault> {
        let escaped = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.utf16(),
            _ => return Err(ValueFault::Malformed),
        };
        self.at += 1;
        Ok(escaped)
    }

    /// Reads `uXXXX`, or `uXXXX\uXXXX` for a character of two UTF-16 units.
    fn utf16(&mut self) -> Result<char, ValueFault> {
        let mut units = [self.unit()?, 0];
        if let [0xd800..0xdc00, low] = &mut units {
            self.expect(b"\\")?;
            *low = self.unit()?;
        }
        match char::decode_utf16(units).next() {
            Some(Ok(decoded)) => Ok(decoded),
            _ => Err(ValueFault::Malformed),
        }
    }

    fn unit(&mut self) -> Result<u16, ValueFault> {
        self.expect(b"u")?;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = match self.peek() {
                Some(digit @ b'0'..=b'9') => digit - b'0',
                Some(digit @ b'a'..=b'f') => digit - b'a' + 10,
                Some(digit @ b'A'..=b'F') => digit - b'A' + 10,
                _ => return Err(ValueFault::Malformed),
            };
            self.at += 1;
            unit = unit << 4 | u16::from(digit);
        }
        Ok(unit)
    }

    /// Reads a number, which must be an integer of 64 bits.
    pub(crate) fn integer(&mut self) -> Result<i64, ValueFault> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        // Of a number with a fraction or an exponent the text isn't that of an integer.
        let number = self.text.get(start..self.at);
        number
            .and_then(|number| number.parse().ok())
            .ok_or(ValueFault::Number)
    }

    fn digits(&mut self) -> Result<(), ValueFault> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            return Err(ValueFault::Malformed);
        }
        Ok(())
    }

    /// Sees to it that no more than space follows.
    pub(crate) fn end(&mut self) -> Result<(), ValueFault> {
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(ValueFault::Malformed),
        }
    }

    /// An error at the last byte of what is read; text that isn't JSON is at fault in the next one.
    pub(crate) fn error(&self, fault: ValueFault) -> ValueError {
        let at = match fault {
            ValueFault::Malformed => self.at,
            _ => self.at.saturating_sub(1),
        };
        let (mut line, mut column) = (1, 1);
        for byte in self.text.bytes().take(at) {
            column += 1;
            if byte == b'\n' {
                line += 1;
                column = 1;
            }
        }
        ValueError::new(fault, line, column)
    }
}

/// Appends a JSON string (RFC 8259 section 7).
pub(crate) fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\u{0}'..='\u{1f}' => {
                out.push_str("\\u00");
                for nibble in [u32::from(c) >> 4, u32::from(c) & 15] {
                    out.push(char::from_digit(nibble, 16).unwrap_or('0'));
                }
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
