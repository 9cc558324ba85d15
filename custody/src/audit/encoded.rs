//! Bytes that text stands for: in base64 (either alphabet), base32 or hexadecimal digits (RFC 4648).

use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

use crate::Secret;

/// Shorter runs of digits stand for less than the start of a token.
const SHORTEST: usize = 24;

/// Whether a text has a run of digits that may stand for a secret.
pub(crate) fn may_hold(text: &str) -> bool {
    decoded(text.as_bytes()).next().is_some()
}

/// Whether a text holds these bytes in one of the forms, whatever stands around them. Each place where they could be
/// is compared in constant time.
pub(crate) fn holds(text: &str, secret: &Secret) -> bool {
    let secret = secret.reveal();
    let length = secret.len().max(1);
    decoded(text.as_bytes()).any(|bytes| {
        let found = bytes.windows(length).map(|window| window.ct_eq(secret));
        found.fold(Choice::from(0), |any, one| any | one).into()
    })
}

/// What each longer run of digits stands for, read in each form and from each digit that a byte may begin with.
pub(super) fn decoded(text: &[u8]) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    [BASE64, BASE32, BASE16].into_iter().flat_map(|form| {
        let runs = text.split(move |byte| (form.digit)(*byte).is_none());
        let runs = runs.filter(|run| run.len() >= SHORTEST);
        runs.flat_map(move |run| {
            (0..form.places).filter_map(move |from| Some(form.decode(run.get(from..)?)))
        })
    })
}

#[derive(Clone, Copy)]
struct Form {
    /// How many bits a digit is.
    bits: u32,
    /// After how many digits a byte begins with a digit again.
    places: usize,
    digit: fn(u8) -> Option<u8>,
}

const BASE64: Form = Form {
    bits: 6,
    places: 4,
    digit: |byte| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    },
};

const BASE32: Form = Form {
    bits: 5,
    places: 8,
    digit: |byte| match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => Some(letter - b'a'),
        number @ b'2'..=b'7' => Some(number - b'2' + 26),
        _ => None,
    },
};

const BASE16: Form = Form {
    bits: 4,
    places: 2,
    digit: |byte| match byte.to_ascii_lowercase() {
        number @ b'0'..=b'9' => Some(number - b'0'),
        letter @ b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    },
};

impl Form {
    /// The whole bytes of a run.
    fn decode(self, run: &[u8]) -> Zeroizing<Vec<u8>> {
        // Never larger than the run: nothing is left behind where it was smaller.
        let mut bytes = Zeroizing::new(Vec::with_capacity(run.len()));
        let (mut held, mut count) = (0_u16, 0);
        for digit in run.iter().filter_map(|byte| (self.digit)(*byte)) {
            held = held << self.bits | u16::from(digit);
            count += self.bits;
            if count >= 8 {
                count -= 8;
                let [_, byte] = (held >> count).to_be_bytes();
                bytes.push(byte);
            }
        }
        bytes
    }
}
