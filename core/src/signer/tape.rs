//! The one buffer that everything is written on, and places in it. There are no texts of their own to grow, to copy and
//! to drop, and no results to unpack: a refusal is remembered, and the rest runs on to no effect. That makes the
//! difference between half of what a signer may weigh and twice as much.

#![expect(
    clippy::cast_possible_truncation,
    reason = "places are below 2^32, and of the others the lower bits are meant"
)]

use super::Signer;
use super::mac::Hash;
use crate::base64;
use crate::refusal::Code;
use crate::scheme::time::{civil, days};

/// A place on the tape: where it starts, and in the lower half where it ends. What is absent starts nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span(u64);

impl Span {
    pub(super) const NONE: Span = Span(0);

    pub(super) fn new(start: usize, end: usize) -> Self {
        Span((start as u64) << 32 | end as u64 & 0xffff_ffff)
    }

    pub(super) fn start(self) -> usize {
        (self.0 >> 32) as usize
    }

    pub(super) fn end(self) -> usize {
        self.0 as u32 as usize
    }

    pub(super) fn len(self) -> usize {
        self.end().wrapping_sub(self.start())
    }

    pub(super) fn is_empty(self) -> bool {
        self.len() == 0
    }

    pub(super) fn is_some(self) -> bool {
        self.0 != 0
    }

    /// Without its first bytes.
    pub(super) fn after(self, count: usize) -> Self {
        Span::new(self.start().wrapping_add(count), self.end())
    }

    /// Up to a place.
    pub(super) fn until(self, end: usize) -> Self {
        Span::new(self.start(), end)
    }
}

/// The unreserved marks of RFC 3986 section 2.3.
pub(super) const UNRESERVED: &[u8] = b"-._~";

/// 9999-12-31T23:59:59.999Z: later years have more digits.
const MAX_MS: u64 = 253_402_300_799_999;

/// A point in time as AWS writes it.
pub(super) const DATE: &[u8] = b"YMDThieZ";

/// The bytes of two spans.
const PAIR: usize = 16;

impl Signer<'_> {
    /// Refuses. Of several faults the first counts.
    #[inline(never)]
    pub(super) fn refuse(&mut self, code: Code, subject: Span) {
        if self.fault.is_none() {
            self.fault = Some(code);
            self.subject = subject;
        }
    }

    /// Refuses what has a name.
    #[inline(never)]
    pub(super) fn refuse_named(&mut self, code: Code, name: &[u8]) {
        let name = self.written(name);
        self.refuse(code, name);
    }

    #[inline(never)]
    pub(super) fn get(&self, span: Span) -> &[u8] {
        self.bytes.get(span.start()..span.end()).unwrap_or_default()
    }

    /// The byte at a place, or zero.
    #[inline(never)]
    pub(super) fn at(&self, place: usize) -> u8 {
        self.bytes.get(place).copied().unwrap_or(0)
    }

    /// What was written from a place on.
    #[inline(never)]
    pub(super) fn since(&self, start: usize) -> Span {
        Span::new(start, self.here)
    }

    #[inline(never)]
    pub(super) fn push(&mut self, byte: u8) {
        if self.has_room(1)
            && let Some(place) = self.bytes.get_mut(self.here)
        {
            *place = byte;
            self.here += 1;
        }
    }

    /// Refuses what finds no room.
    #[inline(never)]
    fn has_room(&mut self, length: usize) -> bool {
        let has_room = self.here + length <= self.pairs_at();
        if !has_room {
            self.refuse(Code::BodyTooLarge, Span::NONE);
        }
        has_room
    }

    #[inline(never)]
    pub(super) fn put(&mut self, text: &[u8]) {
        let start = self.here;
        if self.has_room(text.len())
            && let Some(place) = self.bytes.get_mut(start..start + text.len())
        {
            place.copy_from_slice(text);
            self.here += text.len();
        }
    }

    #[inline(never)]
    pub(super) fn copy(&mut self, span: Span) {
        let (start, end) = (span.start(), span.end());
        if start < end && end <= self.bytes.len() && self.has_room(end - start) {
            self.bytes.copy_within(start..end, self.here);
            self.here += end - start;
        }
    }

    /// Writes a text, and tells where.
    #[inline(never)]
    pub(super) fn written(&mut self, text: &[u8]) -> Span {
        let start = self.here;
        self.put(text);
        self.since(start)
    }

    /// Moves what was written from a place on to an earlier one, over what lay between.
    #[inline(never)]
    pub(super) fn settle(&mut self, to: usize, from: usize) {
        let text = self.since(from);
        self.here = to;
        self.copy(text);
    }

    #[inline(never)]
    pub(super) fn is(&self, span: Span, text: &[u8]) -> bool {
        self.get(span) == text
    }

    #[inline(never)]
    pub(super) fn is_same(&self, one: Span, other: Span) -> bool {
        self.is(one, self.get(other))
    }

    /// Whether it is the word, in whatever case.
    #[inline(never)]
    pub(super) fn is_word(&self, span: Span, word: &[u8]) -> bool {
        self.get(span).eq_ignore_ascii_case(word)
    }

    /// Where a byte is first; the end if it isn't there.
    #[inline(never)]
    pub(super) fn find(&self, span: Span, byte: u8) -> usize {
        let place = self.get(span).iter().position(|it| *it == byte);
        place.map_or(span.end(), |place| span.start() + place)
    }

    /// Takes the part of a list up to the next such byte. What is left is absent where that byte isn't there.
    #[inline(never)]
    pub(super) fn take(&self, rest: &mut Span, byte: u8) -> Span {
        let span = *rest;
        let end = self.find(span, byte);
        *rest = if end < span.end() {
            Span::new(end + 1, span.end())
        } else {
            Span::NONE
        };
        span.until(end)
    }

    /// Without the white space around it.
    #[inline(never)]
    pub(super) fn trim(&self, span: Span) -> Span {
        let text = self.get(span).trim_ascii_end();
        let start = text.len() - text.trim_ascii_start().len();
        span.until(span.start() + text.len()).after(start)
    }

    /// Refuses what isn't UTF-8.
    #[inline(never)]
    pub(super) fn check_text(&mut self, span: Span, code: Code) {
        if !self.is_text(span) {
            self.refuse(code, Span::NONE);
        }
    }

    /// Whether it is UTF-8 (RFC 3629 section 4): of each character the first byte says how many follow, and the least
    /// number that needs so many.
    #[inline(never)]
    pub(super) fn is_text(&self, span: Span) -> bool {
        let mut bytes = self.get(span).iter();
        while let Some(first) = bytes.next() {
            let more = first.leading_ones();
            if more == 0 {
                continue;
            }
            let mut number = u32::from(*first) & (0x7f >> more);
            for _ in 1..more {
                let byte = bytes.next().copied().unwrap_or(0);
                if byte & 0xc0 != 0x80 {
                    return false;
                }
                number = number << 6 | u32::from(byte & 0x3f);
            }
            let least = [u32::MAX, 0x80, 0x800, 0x1_0000];
            let least = least.get(more as usize - 1).copied().unwrap_or(u32::MAX);
            if number < least || char::from_u32(number).is_none() {
                return false;
            }
        }
        true
    }

    /// Whether every byte of it is one of `first` to `last`, but those of `others`; or one of them, if it isn't.
    #[inline(never)]
    pub(super) fn all(&self, span: Span, first: u8, last: u8, others: &[u8]) -> bool {
        let is_good = |byte: u8| (first <= byte && byte <= last) != has(others, byte);
        self.get(span).iter().all(|byte| is_good(*byte))
    }

    /// Whether it is a token of RFC 9110 section 5.6.2.
    #[inline(never)]
    pub(super) fn is_token(&self, span: Span) -> bool {
        !span.is_empty() && self.all(span, b'!', b'~', b"\"(),/:;<=>?@[\\]{}")
    }

    /// Writes it in capitals, or in lower case.
    #[inline(never)]
    pub(super) fn cased(&mut self, span: Span, is_upper: bool) -> Span {
        let start = self.here;
        let first = if is_upper { b'a' } else { b'A' };
        for place in span.start()..span.end() {
            let byte = self.at(place);
            let is_letter = byte.wrapping_sub(first) < 26;
            self.push(byte ^ u8::from(is_letter) << 5);
        }
        self.since(start)
    }

    #[inline(never)]
    pub(super) fn hex(&mut self, byte: u8) {
        self.push(digit(byte >> 4) | 0x20);
        self.push(digit(byte & 15) | 0x20);
    }

    /// Writes a digest: 0 in hexadecimal, 1 in base64, 2 as it is.
    #[inline(never)]
    pub(super) fn digest(&mut self, hash: &Hash, encoding: u8) -> Span {
        let start = self.here;
        let bytes = self.written(hash.digest());
        self.encoded(bytes, encoding, start)
    }

    /// Writes bytes so, over all from a place on.
    #[inline(never)]
    pub(super) fn encoded(&mut self, bytes: Span, encoding: u8, start: usize) -> Span {
        let from = self.here;
        match encoding {
            0 => {
                for place in bytes.start()..bytes.end() {
                    self.hex(self.at(place));
                }
            }
            1 => {
                for place in (bytes.start()..bytes.end()).step_by(3) {
                    let mut bits = 0;
                    for at in 0..3 {
                        let byte = if place + at < bytes.end() {
                            self.at(place + at)
                        } else {
                            0
                        };
                        bits = bits << 8 | u32::from(byte);
                    }
                    for at in 0..4 {
                        let is_padding = place + at > bytes.end();
                        let sign = base64::digit((bits >> 18) as u8);
                        self.push(if is_padding { b'=' } else { sign });
                        bits <<= 6;
                    }
                }
            }
            _ => self.copy(bytes),
        }
        self.settle(start, from);
        self.since(start)
    }

    /// Reads base64 with padding, strictly, in a time that doesn't tell what it is. False if it is malformed.
    #[inline(never)]
    pub(super) fn unbase64(&mut self, span: Span) -> bool {
        let mut end = span.end();
        let mut spare = 0;
        while spare < 4 && end > span.start() && self.at(end - 1) == b'=' {
            end -= 1;
            spare += 2;
        }
        let (mut bits, mut wrong) = (0_u32, span.len() as u8 & 3);
        for at in 0..end - span.start() {
            let sextet = base64::sextet(self.at(span.start() + at));
            wrong |= sextet & base64::NONE;
            bits = bits << 6 | u32::from(sextet & 63);
            if at & 3 > 0 {
                self.push((bits >> (6 - 2 * (at & 3))) as u8);
            }
        }
        // Bits that no byte takes are zero, or two texts would stand for the same bytes.
        wrong == 0 && bits & ((1 << spare) - 1) == 0
    }

    /// Writes text so that it can stand in a query: all but letters, digits and the bytes of `keep` is escaped.
    #[inline(never)]
    pub(super) fn escape(&mut self, span: Span, keep: &[u8]) -> Span {
        let start = self.here;
        for place in span.start()..span.end() {
            let byte = self.at(place);
            if byte.is_ascii_alphanumeric() || has(keep, byte) {
                self.push(byte);
            } else {
                self.push(b'%');
                self.push(digit(byte >> 4));
                self.push(digit(byte & 15));
            }
        }
        self.since(start)
    }

    /// Undoes the escapes of a text, and `+` for a space if `is_form`.
    #[inline(never)]
    pub(super) fn unescape(&mut self, span: Span, is_form: bool, code: Code) -> Span {
        let start = self.here;
        let mut place = span.start();
        while place < span.end() {
            let mut byte = self.at(place);
            if byte == b'%' {
                let (high, low) = (nibble(self.at(place + 1)), nibble(self.at(place + 2)));
                place += 2;
                if high | low > 15 || place >= span.end() {
                    self.refuse(code, Span::NONE);
                }
                byte = high << 4 | low;
            } else if byte == b'+' && is_form {
                byte = b' ';
            }
            self.push(byte);
            place += 1;
        }
        self.since(start)
    }

    /// Undoes the escapes of a text, and makes them again.
    #[inline(never)]
    pub(super) fn reescape(&mut self, text: Span, is_form: bool, keep: &[u8]) -> Span {
        let plain = self.unescape(text, is_form, Code::QueryMalformed);
        if is_form {
            self.check_text(plain, Code::QueryMalformed);
        }
        self.escape(plain, keep)
    }

    /// Writes a number of at least so many digits.
    #[inline(never)]
    pub(super) fn number(&mut self, number: u64, digits: u32) {
        if digits > 1 || number > 9 {
            self.number(number / 10, digits.saturating_sub(1));
        }
        self.push(b'0' + (number % 10) as u8);
    }

    /// Reads a number of 1 to 15 digits, as many as structured fields have; another is greater.
    #[inline(never)]
    pub(super) fn read_number(&self, span: Span) -> u64 {
        let mut number = 0;
        if !self.all(span, b'0', b'9', b"") || span.len().wrapping_sub(1) > 14 {
            return u64::MAX;
        }
        for place in span.start()..span.end() {
            number = number * 10 + u64::from(self.at(place) & 15);
        }
        number
    }

    /// Writes a point in time: each letter of the pattern stands for a part of it.
    #[inline(never)]
    pub(super) fn time(&mut self, pattern: &[u8], ms: u64) -> Span {
        let start = self.here;
        let ms = ms.min(MAX_MS);
        let second = ms / 1000;
        let (year, month, day) = civil(second / 86_400);
        for sign in pattern {
            let (number, digits) = match sign {
                b's' => (second, 1),
                b'm' => (ms, 1),
                b'Y' => (year, 4),
                b'M' => (month, 2),
                b'D' => (day, 2),
                b'h' => (second / 3600 % 24, 2),
                b'i' => (second / 60 % 60, 2),
                b'e' => (second % 60, 2),
                b'f' => (ms % 1000, 3),
                plain => {
                    self.push(*plain);
                    continue;
                }
            };
            self.number(number, digits);
        }
        self.since(start)
    }

    /// Whether it is a time as AWS writes it, and one that is in the calendar.
    #[inline(never)]
    pub(super) fn is_date(&mut self, span: Span) -> bool {
        let mut ms = 0;
        let part = |at: usize| {
            let start = span.start() + at;
            self.read_number(Span::new(start, start + 2)).min(99)
        };
        let year = part(0) * 100 + part(2);
        if let Some(days) = days(year, part(4), part(6)) {
            ms = (((days * 24 + part(9)) * 60 + part(11)) * 60 + part(13)) * 1000;
        }
        let same = self.time(DATE, ms);
        self.is_same(same, span)
    }

    /// Where the pairs begin: they lie at the end of the tape, the last one first.
    fn pairs_at(&self) -> usize {
        self.bytes.len().saturating_sub(self.pairs * PAIR)
    }

    #[inline(never)]
    fn half(&self, place: usize) -> Span {
        let bytes = self.bytes.get(place..).and_then(<[u8]>::first_chunk);
        Span(bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes)))
    }

    fn place(&self, at: usize) -> usize {
        self.bytes.len().wrapping_sub((at + 1) * PAIR)
    }

    #[inline(never)]
    pub(super) fn name(&self, at: usize) -> Span {
        self.half(self.place(at))
    }

    #[inline(never)]
    pub(super) fn value(&self, at: usize) -> Span {
        self.half(self.place(at) + 8)
    }

    #[inline(never)]
    pub(super) fn set_pair(&mut self, at: usize, name: Span, value: Span) {
        let place = self.place(at);
        if let Some(bytes) = self
            .bytes
            .get_mut(place..)
            .and_then(<[u8]>::first_chunk_mut)
        {
            *bytes = (u128::from(value.0) << 64 | u128::from(name.0)).to_le_bytes();
        }
    }

    /// Adds a name and a value to those that are sorted.
    #[inline(never)]
    pub(super) fn push_pair(&mut self, name: Span, value: Span) {
        if self.has_room(PAIR) {
            self.pairs += 1;
            self.set_pair(self.pairs - 1, name, value);
        }
    }

    /// Sorts the pairs from one on by name, and then by value or by place.
    #[inline(never)]
    pub(super) fn sort(&mut self, first: usize, by_value: bool) {
        for end in first..self.pairs {
            let (name, value) = (self.name(end), self.value(end));
            let mut at = end;
            while at > first {
                let (name_before, value_before) = (self.name(at - 1), self.value(at - 1));
                let mut order = self.get(name).cmp(self.get(name_before));
                if by_value && order.is_eq() {
                    order = self.get(value).cmp(self.get(value_before));
                }
                if order.is_ge() {
                    break;
                }
                self.set_pair(at, name_before, value_before);
                at -= 1;
            }
            self.set_pair(at, name, value);
        }
    }
}

#[expect(
    clippy::manual_contains,
    reason = "`contains` is for long texts, and weighs more"
)]
#[inline(never)]
fn has(bytes: &[u8], byte: u8) -> bool {
    bytes.iter().any(|it| *it == byte)
}

/// A digit in capitals.
fn digit(nibble: u8) -> u8 {
    nibble + if nibble < 10 { b'0' } else { b'A' - 10 }
}

/// What a digit stands for; of another byte more than any.
pub(super) fn nibble(digit: u8) -> u8 {
    let letter = (digit | 0x20).wrapping_sub(b'a');
    let digit = digit.wrapping_sub(b'0');
    if letter < 6 {
        letter + 10
    } else if digit < 10 {
        digit
    } else {
        0xf0
    }
}
