//! Base32 in lower case without padding (RFC 4648 section 6). Like [`base64`](crate::base64) it is read strictly, and
//! without branches on what a character is and without tables, for secrets are written so.

use alloc::string::String;

use crate::base64::{NONE, is_below};

/// Decodes a text that stands for so many bytes, no more and no less.
pub(crate) fn decode(text: &str, bytes: &mut [u8]) -> Option<()> {
    let (mut bits, mut count, mut wrong) = (0_u32, 0, 0);
    let mut places = bytes.iter_mut();
    for character in text.bytes() {
        let quintet = quintet(character);
        wrong |= quintet;
        bits = bits << 5 | u32::from(quintet & 31);
        count += 5;
        if count >= 8 {
            count -= 8;
            *places.next()? = (bits >> count).to_le_bytes()[0];
        }
    }
    // Bits that no byte takes are zero, or two texts would stand for the same bytes.
    let is_right = wrong & NONE == 0 && count < 5 && bits & ((1 << count) - 1) == 0;
    (is_right && places.next().is_none()).then_some(())
}

/// Appends the text that stands for the bytes.
pub(crate) fn push(out: &mut String, bytes: &[u8]) {
    let (mut bits, mut count) = (0_u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            out.push(digit(bits >> count));
        }
    }
    if count > 0 {
        out.push(digit(bits << (5 - count)));
    }
}

/// What a character stands for; [`NONE`] is set if it stands for nothing.
pub(crate) fn quintet(character: u8) -> u8 {
    let of = |first: u8, count: u8, quintet: u8| {
        let place = character.wrapping_sub(first);
        is_below(place, count) & (place.wrapping_add(quintet) ^ NONE)
    };
    of(b'a', 26, 0) ^ of(b'2', 6, 26) ^ NONE
}

/// The character that stands for the lower five bits.
fn digit(bits: u32) -> char {
    let quintet = bits.to_le_bytes()[0] & 31;
    let is_letter = is_below(quintet, 26);
    let letter = quintet.wrapping_add(b'a');
    let figure = quintet.wrapping_sub(26).wrapping_add(b'2');
    char::from(letter & is_letter | figure & !is_letter)
}

#[cfg(test)]
mod tests {
    use super::{decode, push};
    use alloc::string::String;
    use proptest::prelude::*;

    #[test]
    fn texts_are_those_of_rfc_4648_in_lower_case() {
        for (bytes, text) in [
            ("", ""),
            ("f", "my"),
            ("fo", "mzxq"),
            ("foo", "mzxw6"),
            ("foob", "mzxw6yq"),
            ("fooba", "mzxw6ytb"),
            ("foobar", "mzxw6ytboi"),
        ] {
            let mut out = String::new();
            push(&mut out, bytes.as_bytes());
            assert_eq!(out, text);
            let mut read = alloc::vec![0; bytes.len()];
            assert_eq!(decode(text, &mut read), Some(()));
            assert_eq!(read, bytes.as_bytes());
        }
    }

    #[test]
    fn what_is_not_canonical_is_refused() {
        // A digit that is none, capitals, padding, too long, too short, bits that no byte takes, a character too many.
        for text in [
            "m0", "MY", "my======", "mzxq", "m", "mz", "myy", "", "m\u{e9}",
        ] {
            assert_eq!(decode(text, &mut [0]), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn bytes_are_read_as_they_were_written(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut text = String::new();
            push(&mut text, &bytes);
            let mut read = alloc::vec![0; bytes.len()];
            prop_assert_eq!(decode(&text, &mut read), Some(()));
            prop_assert_eq!(read, bytes);
        }
    }
}
