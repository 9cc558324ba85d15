//! Tokens, as [`Token`](crate::Token) reads them: who has one needs to know no more than that.

#![expect(
    clippy::cast_possible_truncation,
    reason = "of a word's bits the lower eight are meant"
)]

use super::Signer;
use super::mac::{Sha, hash};
use super::tape::Span;
use crate::base32;
use crate::base64::NONE;
use crate::refusal::Code;
use crate::token::{CHECKSUM_BYTES, MAX_KEYID_CHARS, SECRET_CHARS};

/// What a token begins with.
pub(super) const PREFIX: &[u8] = b"csk_";

impl Signer<'_> {
    /// Takes a token apart: its keyid becomes the sender's, its secret is given.
    #[inline(never)]
    pub(super) fn token(&mut self, text: Span) -> Span {
        let mut rest = text.after(PREFIX.len());
        let environment = self.take(&mut rest, b'_');
        let keyid = self.take(&mut rest, b'_');
        let secret = self.take(&mut rest, b'_');
        let mut is_wrong = keyid.len().wrapping_sub(1) >= MAX_KEYID_CHARS
            || !self.all(keyid, b'a', b'z', b"0123456789")
            || secret.len() != SECRET_CHARS
            || self.find(rest, b'_') != rest.end();
        let is_dev = self.is(environment, b"dev");
        if !is_dev && !self.is(environment, b"test") && !self.is(environment, b"live") {
            is_wrong = true;
        }
        if !self.keyid.is_empty() {
            self.refuse_named(Code::KeyidMalformed, b"keyid");
        }
        self.keyid = keyid;
        let body = text.until(secret.end());
        let digest = hash(Sha::Sha256, self.get(body));
        let checksum = self.here;
        let is_right = self.unbase32(rest)
            && self.get(self.since(checksum))
                == digest.digest().get(..CHECKSUM_BYTES).unwrap_or_default();
        let start = self.here;
        is_wrong |= is_right && !self.unbase32(secret);
        if is_wrong {
            self.refuse(Code::TokenMalformed, Span::NONE);
        }
        if !is_right {
            self.refuse(Code::TokenChecksumMismatch, Span::NONE);
        }
        self.since(start)
    }

    /// Reads base32 as [`base32::decode`] does, onto the tape. False if it is malformed.
    #[inline(never)]
    fn unbase32(&mut self, span: Span) -> bool {
        let (mut bits, mut count, mut wrong) = (0_u32, 0, 0);
        for place in span.start()..span.end() {
            let quintet = base32::quintet(self.at(place));
            wrong |= quintet;
            bits = bits << 5 | u32::from(quintet & 31);
            count += 5;
            if count > 7 {
                count -= 8;
                self.push((bits >> count) as u8);
            }
        }
        wrong & NONE == 0 && bits & ((1 << count) - 1) == 0
    }
}
