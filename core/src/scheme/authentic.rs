//! A request that a credential signed.

use alloc::string::String;

use crate::replay::ReplayToken;

/// A request whose signature and times were right. It may still be a replay: its token must be
/// spent.
#[derive(Debug)]
pub struct SchemeAuthentic {
    pub(super) credential: usize,
    pub(super) timestamp_ms: Option<u64>,
    pub(super) nonce: Option<String>,
    pub(super) covers_body: bool,
    pub(super) token: ReplayToken,
}

impl SchemeAuthentic {
    /// Which of the credentials signed, by its place in the list.
    #[must_use]
    pub fn credential(&self) -> usize {
        self.credential
    }

    /// The time that was signed, in milliseconds since 1970; of a scheme whose timestamp is when
    /// the signature ends, that.
    #[must_use]
    pub fn timestamp_ms(&self) -> Option<u64> {
        self.timestamp_ms
    }

    /// The nonce or message id that was signed. One that a scheme wants to increase is for the
    /// caller to compare with the last one of its key.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// Whether the body that came with the request is under the signature.
    #[must_use]
    pub fn covers_body(&self) -> bool {
        self.covers_body
    }

    /// What stands for this use of the signature, until it ends: the nonce if one is signed, else
    /// the signature. A scheme without a timestamp has signatures that never end.
    #[must_use]
    pub fn replay_token(&self) -> &ReplayToken {
        &self.token
    }
}
