//! Vendors' ways of signing: one interpreter, and one readable row for each scheme.
//!
//! A row says as data what a vendor's page says in prose: the string that is signed, as a template,
//! the algorithm and its encodings, where each value goes, and how old a signature may be. The
//! built-in rows are `core/schemes/*.toml`; [`Scheme::from_toml`] reads one's own. What a scheme
//! covers, and what it doesn't, is read off its row: [`Scheme::coverage`].
//!
//! ```
//! use countersign_core::scheme::{Credentials, Moment, Scheme};
//! use countersign_core::{Body, Headers, Request, Scheme as UriScheme};
//!
//! let scheme = Scheme::named("okx")?;
//! let credentials = Credentials::new("key", "secret").passphrase("password");
//! let request = Request {
//!     method: "GET",
//!     target: "/api/v5/account/balance",
//!     scheme: UriScheme::Https,
//!     headers: Headers::parse(b"Host: www.okx.com\r\n")?,
//!     body: Body::Bytes(b""),
//!     peer: None,
//! };
//! let now_ms = 1_700_000_000_123;
//! let signed = scheme.sign(&request, &credentials, &Moment::new(now_ms, [7; 16]))?;
//!
//! let lines: String = signed.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
//! let received = Request { headers: Headers::parse(lines.as_bytes())?, ..request };
//! assert_eq!(scheme.presented_keyid(&received)?.as_deref(), Some("key"));
//! let authentic = scheme.verify(&received, &[&credentials], now_ms + 900, None)?;
//! assert_eq!(authentic.timestamp_ms(), Some(now_ms));
//! # Ok::<(), countersign_core::Refusal>(())
//! ```

use alloc::string::String;
use alloc::vec::Vec;

mod authentic;
mod chunks;
mod context;
mod coverage;
mod credentials;
mod encoding;
mod gemini;
mod json_body;
mod mac;
mod message;
mod moment;
mod presented;
mod program;
mod row;
#[cfg(feature = "schemes")]
mod rows;
mod sign;
mod sigv4;
mod sigv4_received;
mod sorted;
mod template;
pub(crate) mod time;
mod toml;
mod verify;

pub use authentic::SchemeAuthentic;
pub use chunks::Chunks;
pub use coverage::{Coverage, Covered};
pub use credentials::Credentials;
pub use mac::SchemeAlgorithm;
pub use moment::{Moment, SignedParts};

use core::time::Duration;

use self::message::Message;
use self::row::Row;
use self::sign::Prepared;
use self::sigv4::Aws;
use self::verify::Received;
use crate::refusal::{Code, Refusal};
use crate::request::Request;

/// A vendor's way of signing.
#[derive(Debug)]
pub struct Scheme {
    row: Row,
}

impl Scheme {
    /// The names of the built-in schemes, in the order of the alphabet.
    #[cfg(feature = "schemes")]
    pub fn all() -> impl Iterator<Item = &'static str> {
        rows::ROWS.iter().map(|(name, _)| *name)
    }

    /// A built-in scheme.
    ///
    /// # Errors
    /// `scheme_unknown`.
    #[cfg(feature = "schemes")]
    pub fn named(name: &str) -> Result<Self, Refusal> {
        match rows::ROWS.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::from_toml(text),
            None => Err(Refusal::named(Code::SchemeUnknown, name)),
        }
    }

    /// A scheme of one's own, from the text of a row.
    ///
    /// # Errors
    /// `scheme_malformed`, with the line and what is wrong there.
    pub fn from_toml(text: &str) -> Result<Self, Refusal> {
        let row = Row::read(text)?;
        Ok(Scheme { row })
    }

    /// The name, such as `okx`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.row.name
    }

    /// The name for people.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.row.title
    }

    /// Where the vendor describes it.
    #[must_use]
    pub fn documentation(&self) -> &str {
        &self.row.documentation
    }

    /// What it signs with.
    #[must_use]
    pub fn algorithm(&self) -> SchemeAlgorithm {
        self.row.algorithm
    }

    /// The options of its credentials, and what each is if it isn't set.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        let options = self.row.options.iter();
        options.map(|(name, default)| (name.as_str(), default.as_str()))
    }

    /// Whether [`sign`](Scheme::sign) makes a nonce of the moment's entropy, unless it is given one.
    #[must_use]
    pub fn needs_entropy(&self) -> bool {
        matches!(
            self.row.nonce,
            Some(row::NonceKind::Random | row::NonceKind::Uuid)
        )
    }

    /// What its signatures cover and what they don't, as `verify` takes them.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        self.row.coverage()
    }

    /// Signs a request. Its target may be absolute, or its `Host` be in the headers. A parameter
    /// that is in the query or the body already is signed as it is; without it, it is added.
    ///
    /// # Errors
    /// Those of the request's parts, `secret_malformed`, `credentials_incomplete`,
    /// `scheme_verify_only`, `body_malformed`, `body_bytes_needed`, `component_missing`,
    /// `options_malformed` for a nonce, and for a keyid, passphrase or option with a control character,
    /// or with a quote where the scheme's header has quoted texts.
    pub fn sign(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
        moment: &Moment<'_>,
    ) -> Result<SignedParts, Refusal> {
        credentials.check(self.row.has_quoted_texts())?;
        match self.aws(request)? {
            Some(aws) => Ok(aws.sign(credentials, moment)?),
            None => Ok(self.prepare(request, credentials, moment)?.sign()?),
        }
    }

    /// What [`sign`](Scheme::sign) signs. It may hold a passphrase, but never the secret or a MAC
    /// under it.
    ///
    /// # Errors
    /// As `sign`.
    pub fn base(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
        moment: &Moment<'_>,
    ) -> Result<Vec<u8>, Refusal> {
        match self.aws(request)? {
            Some(aws) => Ok(aws.base(credentials, moment)?),
            None => Ok(self.prepare(request, credentials, moment)?.base()?),
        }
    }

    /// What [`verify`](Scheme::verify) compares a received signature against: one base for each
    /// alternative of the row that can be made of the request.
    ///
    /// # Errors
    /// As `verify`, but for those of time and of the signature itself.
    pub fn received_bases(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
    ) -> Result<Vec<Vec<u8>>, Refusal> {
        if let Some(aws) = self.aws(request)? {
            return aws.received_bases();
        }
        let key = credentials.key(&self.row)?;
        let received = Received::read(&self.row, Message::read(request)?)?;
        let mut bases = Vec::new();
        let mut failure = Code::SignatureMissing.into();
        for base in received.bases(&key) {
            match base {
                Ok(base) => bases.push(base),
                Err(refusal) => failure = refusal,
            }
        }
        if bases.is_empty() {
            Err(failure)
        } else {
            Ok(bases)
        }
    }

    /// The keyid that the request presents, for the caller to look the credentials up by. None if
    /// the scheme has no keyids or this request has none.
    ///
    /// # Errors
    /// `signature_missing`, `signature_malformed`, `signature_ambiguous` and those of the request's
    /// parts.
    pub fn presented_keyid(&self, request: &Request<'_>) -> Result<Option<String>, Refusal> {
        if let Some(aws) = self.aws(request)? {
            return Ok(Some(aws.presented_keyid()?));
        }
        let received = Received::read(&self.row, Message::read(request)?)?;
        Ok(received.keyid().map(String::from))
    }

    /// Verifies a request under the credentials of one sender: several while its secret is rotated.
    /// The tolerance says how old a signature may be, in place of the row and of the sender, and
    /// how far ahead, unless the row says that apart.
    ///
    /// # Errors
    /// `signature_missing`, `signature_malformed`, `signature_ambiguous`, `signature_mismatch`,
    /// `too_many_signatures`, `component_missing`, `timestamp_malformed`, `created_in_future`,
    /// `too_old`, `expired`, `nonce_missing`, `nonce_malformed`, `body_not_covered`,
    /// `digest_mismatch`, `body_malformed`, `body_bytes_needed`, `secret_malformed`, and those of
    /// the request's parts.
    pub fn verify(
        &self,
        request: &Request<'_>,
        credentials: &[&Credentials],
        now_ms: u64,
        tolerance: Option<Duration>,
    ) -> Result<SchemeAuthentic, Refusal> {
        if let Some(aws) = self.aws(request)? {
            return aws.verify(credentials, now_ms, tolerance);
        }
        let received = Received::read(&self.row, Message::read(request)?)?;
        received.verify(credentials, now_ms, tolerance)
    }

    /// The canonical request of AWS Signature Version 4, whose hash is in what `sign` signs; none
    /// for other schemes.
    ///
    /// # Errors
    /// As `sign`.
    pub fn canonical_request(
        &self,
        request: &Request<'_>,
        credentials: &Credentials,
        moment: &Moment<'_>,
    ) -> Result<Option<String>, Refusal> {
        match self.aws(request)? {
            Some(aws) => Ok(Some(aws.canonical_request(credentials, moment)?)),
            None => Ok(None),
        }
    }

    fn aws<'a>(&'a self, request: &'a Request<'a>) -> Result<Option<Aws<'a>>, Refusal> {
        if self.row.is_aws() {
            Ok(Some(Aws::new(&self.row, Message::read(request)?)))
        } else {
            Ok(None)
        }
    }

    fn prepare<'a>(
        &'a self,
        request: &'a Request<'a>,
        credentials: &'a Credentials,
        moment: &Moment<'_>,
    ) -> Result<Prepared<'a>, Refusal> {
        let mut message = Message::read(request)?;
        message.strip_signature(&self.row);
        Prepared::new(&self.row, message, credentials, moment)
    }
}
