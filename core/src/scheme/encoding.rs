//! Hexadecimal, base64 and percent-encoding, read strictly.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base64;

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// In lower case.
    Hex,
    /// Written in lower case, read in any.
    AnyHex,
    /// With padding (RFC 4648 section 4).
    Base64,
    Bytes,
}

impl Encoding {
    pub(super) fn push(self, bytes: &[u8], out: &mut Vec<u8>) {
        match self {
            Encoding::Hex | Encoding::AnyHex => {
                let start = out.len();
                out.resize(start + 2 * bytes.len(), 0);
                let (pairs, _) = out.get_mut(start..).unwrap_or_default().as_chunks_mut();
                for (pair, byte) in pairs.iter_mut().zip(bytes) {
                    *pair = [digit(byte >> 4) | 0x20, digit(byte & 15) | 0x20];
                }
            }
            Encoding::Base64 => {
                let mut text = String::new();
                base64::push(&mut text, bytes);
                out.extend_from_slice(text.as_bytes());
            }
            Encoding::Bytes => out.extend_from_slice(bytes),
        }
    }

    pub(super) fn to_text(self, bytes: &[u8]) -> String {
        let mut out = Vec::new();
        self.push(bytes, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    pub(super) fn read(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Encoding::Hex if text.bytes().any(|byte| byte.is_ascii_uppercase()) => None,
            Encoding::Hex | Encoding::AnyHex => {
                let (pairs, rest) = text.as_bytes().as_chunks::<2>();
                let mut bytes = alloc::vec![0; pairs.len()];
                for (byte, pair) in bytes.iter_mut().zip(pairs) {
                    *byte = pair_of(*pair)?;
                }
                rest.is_empty().then_some(bytes)
            }
            Encoding::Base64 => base64::decode_vec(text),
            Encoding::Bytes => Some(text.as_bytes().to_vec()),
        }
    }
}

/// A digit in capitals.
fn digit(nibble: u8) -> u8 {
    nibble + if nibble < 10 { b'0' } else { b'A' - 10 }
}

fn pair_of(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(nibble);
    ((high | low) < 16).then_some(high << 4 | low & 15)
}

/// What a digit of either case stands for; more than 15 if it is none.
fn nibble(digit: u8) -> u8 {
    let (number, letter) = (digit.wrapping_sub(b'0'), (digit | 0x20).wrapping_sub(b'a'));
    match (number, letter) {
        (0..10, _) => number,
        (_, 0..6) => letter + 10,
        _ => u8::MAX,
    }
}

/// Appends text so that it can stand in a query: all but the unreserved characters of RFC 3986
/// section 2.3 is escaped, and the bytes of `keep`.
pub(super) fn push_escaped(bytes: &[u8], keep: &[u8], out: &mut String) {
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || keep.contains(byte) {
            out.push(char::from(*byte));
        } else {
            out.push('%');
            out.push(char::from(digit(byte >> 4)));
            out.push(char::from(digit(byte & 15)));
        }
    }
}

/// Undoes the escapes of a text, and `+` for a space if `is_form`. None if an escape is broken.
pub(super) fn unescape(text: &str, is_form: bool) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => pair_of([bytes.next()?, bytes.next()?])?,
            b'+' if is_form => b' ',
            plain => plain,
        });
    }
    Some(out)
}
