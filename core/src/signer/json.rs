//! The members of JSON bodies, for schemes that sign or move them.

use super::Signer;
use super::tape::{Span, nibble};
use crate::refusal::Code;

/// Deeper bodies are refused.
const MAX_DEPTH: u32 = 32;

impl Signer<'_> {
    /// Begins a text that is an object or a list, and tells which.
    fn json_open(&mut self, text: Span) -> u8 {
        self.json = text;
        self.json_space();
        let open = self.json_peek();
        self.json_skip_byte();
        open
    }

    /// Adds the members of an object, or of a list, to the pairs: names, which in a list are empty, and values as they
    /// are written.
    #[inline(never)]
    pub(super) fn json_members(&mut self, text: Span, open: u8) {
        if self.json_open(text) != open {
            self.json_refuse();
        }
        let mut is_first = true;
        while self.json_goes_on(open, is_first) {
            is_first = false;
            let start = self.here;
            if open == b'{' {
                self.json_name();
            }
            let name = self.since(start);
            let (start, here) = (self.json.start(), self.here);
            self.json_skip(MAX_DEPTH);
            self.here = here;
            self.push_pair(name, Span::new(start, self.json.start()));
        }
        self.json_space();
        if !self.json.is_empty() {
            self.json_refuse();
        }
    }

    /// The one member of this name in the body.
    #[inline(never)]
    pub(super) fn json_member(&mut self, name: &[u8]) -> Span {
        let text = self.text();
        let (first, start) = (self.pairs, self.here);
        self.json_members(text, b'{');
        let mut found = Span::NONE;
        for at in first..self.pairs {
            if self.is(self.name(at), name) {
                if found.is_some() {
                    self.refuse_named(Code::SignatureAmbiguous, name);
                }
                found = self.value(at);
            }
        }
        self.pairs = first;
        self.here = start;
        found
    }

    #[inline(never)]
    fn json_refuse(&mut self) {
        self.refuse(Code::BodyMalformed, Span::NONE);
        self.json = Span::NONE;
    }

    /// The next byte, or zero.
    #[inline(never)]
    fn json_peek(&self) -> u8 {
        if self.json.is_empty() {
            0
        } else {
            self.at(self.json.start())
        }
    }

    #[inline(never)]
    fn json_skip_byte(&mut self) -> u8 {
        let byte = self.json_peek();
        if !self.json.is_empty() {
            self.json = self.json.after(1);
        }
        byte
    }

    #[inline(never)]
    fn json_word(&mut self, word: &[u8]) {
        for byte in word {
            if self.json_skip_byte() != *byte {
                self.json_refuse();
            }
        }
    }

    #[inline(never)]
    fn json_space(&mut self) {
        while matches!(self.json_peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.json_skip_byte();
        }
    }

    /// Reads up to the next member; false at the end of them.
    #[inline(never)]
    fn json_goes_on(&mut self, open: u8, is_first: bool) -> bool {
        self.json_space();
        // The signs that close follow the ones that open by two.
        if self.json_peek() == open + 2 {
            self.json_skip_byte();
            return false;
        }
        if !is_first {
            self.json_word(b",");
            self.json_space();
        }
        self.json.is_some()
    }

    #[inline(never)]
    fn json_name(&mut self) {
        self.json_string();
        self.json_space();
        self.json_word(b":");
        self.json_space();
    }

    fn json_skip(&mut self, depth: u32) {
        let open = self.json_peek();
        match open {
            _ if depth == 0 => self.json_refuse(),
            b'"' => self.json_string(),
            b't' => self.json_word(b"true"),
            b'f' => self.json_word(b"false"),
            b'n' => self.json_word(b"null"),
            b'{' | b'[' => {
                self.json_skip_byte();
                let mut is_first = true;
                while self.json_goes_on(open, is_first) {
                    is_first = false;
                    if open == b'{' {
                        self.json_name();
                    }
                    self.json_skip(depth - 1);
                }
            }
            _ => {
                let start = self.json;
                while matches!(
                    self.json_peek(),
                    b'+' | b'-' | b'.' | b'E' | b'e' | b'0'..=b'9'
                ) {
                    self.json_skip_byte();
                }
                if self.json == start {
                    self.json_refuse();
                }
            }
        }
    }

    /// Reads a string with its quotes, and writes what it says.
    #[inline(never)]
    fn json_string(&mut self) {
        self.json_word(b"\"");
        loop {
            let mut byte = self.json_skip_byte();
            if byte == b'"' {
                return;
            }
            if byte < b' ' {
                return self.json_refuse();
            }
            if byte == b'\\' {
                byte = self.json_skip_byte();
                byte = match byte {
                    b'"' | b'\\' | b'/' => byte,
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'u' => {
                        self.json_character();
                        continue;
                    }
                    _ => return self.json_refuse(),
                };
            }
            self.push(byte);
        }
    }

    /// Reads what follows `\u`, and writes it.
    fn json_character(&mut self) {
        let mut point = self.json_unit();
        if point & 0xfc00 == 0xd800 {
            self.json_word(b"\\u");
            let low = self.json_unit();
            // Without its second half it is no character.
            if low & 0xfc00 == 0xdc00 {
                point = 0x1_0000 + ((point & 0x3ff) << 10 | low & 0x3ff);
            }
        }
        match char::from_u32(point) {
            Some(character) => self.put(character.encode_utf8(&mut [0; 4]).as_bytes()),
            None => self.json_refuse(),
        }
    }

    fn json_unit(&mut self) -> u32 {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = nibble(self.json_skip_byte());
            if digit > 15 {
                self.json_refuse();
            }
            unit = unit << 4 | u32::from(digit & 15);
        }
        unit
    }

    /// Writes what a value says: of a string the text, of all else how it is written.
    #[inline(never)]
    pub(super) fn json_text(&mut self, value: Span) -> Span {
        let start = self.here;
        self.json = value;
        if self.json_peek() == b'"' {
            self.json_string();
        } else {
            self.copy(value);
        }
        self.since(start)
    }

    /// Writes everything that is in a value: names in their order, texts, and nothing between them.
    pub(super) fn json_flat(&mut self, value: Span) {
        let open = self.at(value.start());
        if open != b'{' && open != b'[' {
            self.json_text(value);
            return;
        }
        let (start, first) = (self.here, self.pairs);
        self.json_members(value, open);
        self.sort(first, false);
        let from = self.here;
        for at in first..self.pairs {
            // Of two values the vendor may take another one than we do.
            if open == b'{' && at > first && self.is_same(self.name(at - 1), self.name(at)) {
                self.json_refuse();
            }
            self.copy(self.name(at));
            self.json_flat(self.value(at));
        }
        self.pairs = first;
        self.settle(start, from);
    }

    /// Writes a JSON string (RFC 8259 section 7).
    #[inline(never)]
    pub(super) fn json_quote(&mut self, text: Span) {
        self.push(b'"');
        for place in text.start()..text.end() {
            let byte = self.at(place);
            if byte < b' ' {
                self.put(b"\\u00");
                self.hex(byte);
                continue;
            }
            if matches!(byte, b'"' | b'\\') {
                self.push(b'\\');
            }
            self.push(byte);
        }
        self.push(b'"');
    }
}
