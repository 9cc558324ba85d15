//! Signs HTTP requests, verifies them, and decides by Cedar policy what the key may do.
//!
//! Core takes bytes in and gives bytes out. It has no clock, no I/O and no randomness: the caller
//! passes `now`, entropy and the message. Everything that must be the same in a browser, at the
//! edge and at the origin is here, and nothing else.
//!
//! ```text
//! Request -> Presented -> Candidate -> Authentic -> Verified -> Decision
//!            parsed       key to try   MAC, digest   nonce       policy
//!                                      and time      spent       has spoken
//! ```
//!
//! Each state consumes the one before it and can be made in no other way, so a policy can't be
//! asked about a request that nobody verified:
//!
//! ```
//! use countersign_core::{
//!     Body, Environment, Headers, KeyRecord, KeyRing, Presented, Profile, ReplayCache, Request,
//!     Scheme, SharedSecret, SignOptions, SigningKey, UnixSeconds, sign,
//! };
//! # fn main() -> Result<(), countersign_core::Refusal> {
//! let now = UnixSeconds::new(1_800_000_000);
//! let request = Request {
//!     method: "GET",
//!     target: "/v1/markets/BTC-USD",
//!     scheme: Scheme::Https,
//!     headers: Headers::parse(b"Host: api.example.com\r\n")?,
//!     body: Body::Bytes(b""),
//!     peer: None,
//! };
//!
//! // The client signs.
//! let key = SigningKey::new("k7", &SharedSecret::new(vec![7; 32])?)?;
//! let signed = sign(&request, &key, &SignOptions::new(now).nonce("n-1"))?;
//!
//! // The provider verifies.
//! let lines = format!(
//!     "Host: api.example.com\r\nSignature-Input: {}\r\nSignature: {}\r\n",
//!     signed.signature_input, signed.signature,
//! );
//! let received = Request { headers: Headers::parse(lines.as_bytes())?, ..request };
//! let mut ring = KeyRing::new();
//! ring.insert(KeyRecord::new("k7", Environment::Live, &SharedSecret::new(vec![7; 32])?)?);
//! let profile = Profile::new(Environment::Live);
//! let mut replay = ReplayCache::new(1024, 0x5eed);
//!
//! let verified = Presented::parse(&received, &profile)?
//!     .find_key(&ring, now)?
//!     .authenticate(now)?
//!     .spend(&mut replay, now)?;
//! assert_eq!(verified.keyid(), "k7");
//! # Ok(())
//! # }
//! ```
//!
//! A server signs its response with [`sign_response`], bound to the request, and the client verifies it
//! with [`AuthenticResponse::verify`]. With a [`VerifyingKey`] in place of a shared secret a verifier
//! can't sign, and what it accepted is [`Evidence`].
//!
//! # Features
//! By default there are `hmac-sha256` and `ed25519`.
//! - `ecdsa`: `ecdsa-p256-sha256`, to sign and to verify.
//! - `rsa`: `rsa-pss-sha512` and `rsa-v1_5-sha256`, to verify.
//! - `sealed`: keys whose secrets stay sealed until they are first used.
//! - `snapshot`: keyrings of an edge, filled by signed and sealed snapshots.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod authentic;
mod base32;
mod base64;
mod character;
mod claim;
mod components;
mod credential;
mod decision;
mod der;
mod digest;
mod evidence;
mod headers;
mod id_index;
mod instant;
mod json;
mod key;
mod key_format;
mod key_shape;
mod keyring;
mod members;
#[cfg(not(feature = "snapshot"))]
mod no_snapshot;
mod origin;
pub mod policy;
mod presented;
mod profile;
mod publishers;
mod refusal;
mod replay;
mod request;
mod response;
#[cfg(feature = "rsa")]
mod rsa_key;
pub mod scheme;
mod scope;
#[cfg(feature = "sealed")]
mod sealed;
mod secret;
mod sign;
mod signature_base;
mod signature_input;
mod signature_request;
mod signature_value;
pub mod signer;
mod signing_key;
#[cfg(feature = "snapshot")]
pub mod snapshot;
pub mod structured;
mod token;
mod verifying_key;

pub use authentic::{Authentic, Verified};
pub use decision::{Decision, Effect};
pub use digest::{BodyDigest, ContentDigest, DigestAlgorithm, content_digest, wanted_digest};
pub use evidence::Evidence;
pub use headers::{Field, Headers};
pub use instant::UnixSeconds;
pub use key::{Algorithm, Environment, KeyId};
pub use key_shape::KeyShape;
pub use keyring::{KeyRecord, KeyRing};
pub use presented::{Candidate, Presented};
pub use profile::{Forwarded, Profile};
pub use publishers::Publishers;
pub use refusal::{Code, Fault, Refusal, Subject};
pub use replay::{ReplayCache, ReplayStore, ReplayToken, Spend};
pub use request::{Body, Message, Request, Response, Scheme};
pub use response::AuthenticResponse;
pub use scope::Scope;
#[cfg(feature = "sealed")]
pub use sealed::SealedSecret;
pub use secret::{SharedSecret, hmac_sha256};
pub use sign::{SignOptions, Signed, sign, sign_response};
pub use signature_base::{signature_base, signature_base_typed};
pub use signature_input::{Parameters, SignatureInput, signature_inputs};
pub use signature_request::{SignatureRequest, signature_requests};
pub use signature_value::SignatureValue;
pub use signing_key::SigningKey;
pub use token::Token;
pub use verifying_key::VerifyingKey;
