//! Base64 with padding (RFC 4648 section 4), read strictly. Secrets are read so too: there are neither
//! branches on what a character is nor tables, so that the time doesn't tell it.
//!
//! One function a way, whatever the caller holds: each other type would be code of its own.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Characters that are looked at side by side, and the bytes that they stand for.
const CHARACTERS: usize = 16;
const BYTES: usize = CHARACTERS / 4 * 3;

/// Decodes into the front of `bytes`, and tells how many there are.
pub(crate) fn decode(base64: &str, bytes: &mut [u8]) -> Option<usize> {
    let text = base64.as_bytes();
    let (digits, spare) = match text {
        [digits @ .., b'=', b'='] => (digits, 0b1111),
        [digits @ .., b'='] => (digits, 0b0011),
        digits => (digits, 0),
    };
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let length = digits.len() / 4 * 3 + (digits.len() % 4).saturating_sub(1);
    let bytes = bytes.get_mut(..length)?;
    // Bits that no byte takes are zero, or two texts would stand for the same bytes.
    let mut wrong = digits.last().map_or(0, |last| sextet(*last) & spare);
    let (chunks, rest) = digits.as_chunks();
    let (blocks, tail) = bytes.as_chunks_mut();
    for (chunk, block) in chunks.iter().zip(blocks) {
        let (sextets, is_wrong) = sextets(*chunk);
        *block = join(sextets);
        wrong |= is_wrong;
    }
    let mut last = [b'A'; CHARACTERS];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let (sextets, is_wrong) = sextets(last);
    wrong |= is_wrong;
    tail.iter_mut()
        .zip(join(sextets))
        .for_each(|(to, from)| *to = from);
    (wrong == 0).then_some(length)
}

pub(crate) fn decode_vec(base64: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![0; base64.len() / 4 * 3];
    let length = decode(base64, &mut bytes)?;
    bytes.truncate(length);
    Some(bytes)
}

/// Appends the text that stands for the bytes.
pub(crate) fn push(out: &mut String, bytes: &[u8]) {
    for bytes in bytes.chunks(3) {
        let [a, b, c] = match *bytes {
            [a, b, c] => [a, b, c],
            [a, b] => [a, b, 0],
            [a, ..] => [a, 0, 0],
            [] => [0; 3],
        };
        let mut text = [a >> 2, a << 4 | b >> 4, b << 2 | c >> 6, c].map(digit);
        for padding in text.iter_mut().skip(bytes.len() + 1) {
            *padding = b'=';
        }
        out.push_str(core::str::from_utf8(&text).unwrap_or(""));
    }
}

/// What the characters stand for; not zero if one of them stands for nothing.
#[inline]
fn sextets(mut characters: [u8; CHARACTERS]) -> ([u8; CHARACTERS], u8) {
    for character in &mut characters {
        *character = sextet(*character);
    }
    let wrong = characters.iter().fold(0, |all, one| all | one) & NONE;
    (characters, wrong)
}

/// The bytes of sextets: neighbours are joined, then pairs, then fours.
#[inline]
fn join(sextets: [u8; CHARACTERS]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let eights = sextets.as_chunks().0.iter();
    for (eight, six) in eights.zip(bytes.as_chunks_mut().0) {
        let ones = u64::from_be_bytes(*eight);
        let twos = ones & 0x003f_003f_003f_003f | (ones & 0x3f00_3f00_3f00_3f00) >> 2;
        let fours = twos & 0x0000_0fff_0000_0fff | (twos & 0x0fff_0000_0fff_0000) >> 4;
        let eight = fours & 0xff_ffff | fours >> 32 << 24;
        let [_, _, joined @ ..] = eight.to_be_bytes();
        *six = joined;
    }
    bytes
}

/// No sextet: a bit that none has.
pub(crate) const NONE: u8 = 0x80;

/// What a character stands for.
pub(crate) fn sextet(character: u8) -> u8 {
    let of = |first: u8, count: u8, sextet: u8| {
        let place = character.wrapping_sub(first);
        is_below(place, count) & (place.wrapping_add(sextet) ^ NONE)
    };
    of(b'A', 26, 0) ^ of(b'a', 26, 26) ^ of(b'0', 10, 52) ^ of(b'+', 1, 62) ^ of(b'/', 1, 63) ^ NONE
}

/// The character that stands for the lower six bits.
pub(crate) fn digit(bits: u8) -> u8 {
    let sextet = bits & 63;
    let of = |first: u8, count: u8, from: u8| {
        let place = sextet.wrapping_sub(from);
        is_below(place, count) & place.wrapping_add(first)
    };
    of(b'A', 26, 0) | of(b'a', 26, 26) | of(b'0', 10, 52) | of(b'+', 1, 62) | of(b'/', 1, 63)
}

/// All bits where `number` is below `limit`, else none.
pub(crate) fn is_below(number: u8, limit: u8) -> u8 {
    u8::from(number < limit).wrapping_neg()
}
