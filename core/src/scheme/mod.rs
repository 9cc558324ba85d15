//! Vendors' ways of signing: one interpreter, and one readable row for each scheme.
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

mod credentials;
mod coverage;

pub use coverage::{Covered, Coverage};
pub use credentials::Credentials;

use crate::refusal::{Code, Refusal};
use crate::replay::ReplayToken;
use crate::request::Request;

/// A vendor's way of signing.
#[derive(Debug)]
pub struct Scheme {
    name: String,
}

/// When and with what nonce to sign.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub now_ms: u64,
    /// The nonce or message id; made from the time or the entropy if absent.
    pub nonce: Option<&'a str>,
    /// From the system's CSPRNG.
    pub entropy: [u8; 16],
}

/// What to set on the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedParts {
    /// Header fields to set.
    pub headers: Vec<(String, String)>,
    /// The request target to send instead.
    pub target: Option<String>,
    /// The body to send instead.
    pub body: Option<String>,
}

/// What is known of a request that a credential signed.
#[derive(Debug)]
pub struct SchemeAuthentic {
    credential: usize,
    timestamp_ms: Option<u64>,
    nonce: Option<String>,
    covers_body: bool,
    token: ReplayToken,
}

impl SchemeAuthentic {
    /// Which of the credentials signed, by its place in the list.
    #[must_use]
    pub fn credential(&self) -> usize { self.credential }
    /// The time that was signed, in milliseconds.
    #[must_use]
    pub fn timestamp_ms(&self) -> Option<u64> { self.timestamp_ms }
    /// The nonce that was signed.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> { self.nonce.as_deref() }
    /// Whether the signature binds this request's body.
    #[must_use]
    pub fn covers_body(&self) -> bool { self.covers_body }
    /// What must be spent.
    #[must_use]
    pub fn replay_token(&self) -> &ReplayToken { &self.token }
}

impl Scheme {
    /// The names of the built-in schemes.
    pub fn all() -> impl Iterator<Item = &'static str> { core::iter::empty() }
    /// A built-in scheme.
    /// # Errors
    /// `scheme_unknown`.
    pub fn named(name: &str) -> Result<Scheme, Refusal> { Err(Refusal::named(Code::SchemeUnknown, name)) }
    /// A scheme of one's own.
    /// # Errors
    /// `scheme_malformed`, with the line.
    pub fn from_toml(_row: &str) -> Result<Scheme, Refusal> { Err(Code::SchemeMalformed.into()) }
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str { &self.name }
    /// For people.
    #[must_use]
    pub fn title(&self) -> &str { &self.name }
    /// The vendor's page.
    #[must_use]
    pub fn documentation(&self) -> &str { &self.name }
    /// `hmac-sha256` and the like.
    #[must_use]
    pub fn algorithm(&self) -> &'static str { "" }
    /// What it covers.
    #[must_use]
    pub fn coverage(&self) -> Coverage { Coverage::default() }
    /// Signs.
    /// # Errors
    /// Many.
    pub fn sign(&self, _request: &Request<'_>, _credentials: &Credentials, _moment: &Moment<'_>) -> Result<SignedParts, Refusal> { Err(Code::SchemeUnknown.into()) }
    /// What `sign` would put under the MAC.
    /// # Errors
    /// Many.
    pub fn base(&self, _request: &Request<'_>, _credentials: &Credentials, _moment: &Moment<'_>) -> Result<Vec<u8>, Refusal> { Err(Code::SchemeUnknown.into()) }
    /// What `verify` would put under the MAC of a received request, one for each alternative.
    /// # Errors
    /// Many.
    pub fn received_bases(&self, _request: &Request<'_>, _credentials: &Credentials) -> Result<Vec<Vec<u8>>, Refusal> { Err(Code::SchemeUnknown.into()) }
    /// The keyid that the request presents.
    /// # Errors
    /// Many.
    pub fn presented_keyid(&self, _request: &Request<'_>) -> Result<Option<String>, Refusal> { Err(Code::SchemeUnknown.into()) }
    /// Verifies.
    /// # Errors
    /// Many.
    pub fn verify(&self, _request: &Request<'_>, _credentials: &[&Credentials], _now_ms: u64, _tolerance: Option<Duration>) -> Result<SchemeAuthentic, Refusal> { Err(Code::SchemeUnknown.into()) }
}
