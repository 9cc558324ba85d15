//! What signing takes from outside, and what it gives.

use alloc::string::String;
use alloc::vec::Vec;

/// When, and with what nonce, a request is signed.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    pub(crate) now_ms: u64,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) entropy: [u8; 16],
}

impl<'a> Moment<'a> {
    /// The time in milliseconds since 1970, and 16 bytes from the system's CSPRNG for a nonce.
    #[must_use]
    pub fn new(now_ms: u64, entropy: [u8; 16]) -> Self {
        Moment {
            now_ms,
            nonce: None,
            entropy,
        }
    }

    /// Sets the nonce or message id: 1 to 256 visible ASCII characters. Without it a nonce that
    /// increases is the time, and every other is random.
    #[must_use]
    pub fn nonce(mut self, nonce: &'a str) -> Self {
        self.nonce = Some(nonce);
        self
    }
}

/// What to change on a request so that it is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedParts {
    /// Header fields to set, in place of any of the same name.
    pub headers: Vec<(String, String)>,
    /// The target to send instead, if the signature is in the query.
    pub target: Option<String>,
    /// The body to send instead, if the signature is in the body or the body went elsewhere.
    pub body: Option<String>,
}
