//! AWS Signature Version 4 of a body that is sent in chunks (`Content-Encoding: aws-chunked`).

use alloc::string::String;
use core::fmt;

use super::credentials::Credentials;
use super::encoding::Encoding;
use super::mac::{Key, is_same};
use super::message::Message;
use super::sigv4::{CONTENT_SHA256, Scope, sha256_hex};
use super::sigv4_received::AwsPresented;
use crate::refusal::{Code, Refusal};
use crate::request::Request;

const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const CHUNK_SIGNATURE: &str = ";chunk-signature=";

/// The chunks of one request, in order: each signature is over the one before it.
///
/// The signed request says in `x-amz-content-sha256` how its chunks are signed. Every chunk is
/// written as its [size line](Chunks::sign), CRLF, its bytes, CRLF; the last one is empty. The
/// trailers, where there are any, come after its size line.
pub struct Chunks {
    key: Key,
    date: String,
    region: String,
    service: String,
    /// In hexadecimal.
    previous: String,
    is_signed: bool,
    trailers: Option<String>,
    is_last_seen: bool,
    is_complete: bool,
}

impl Chunks {
    /// The chunks that follow a signed request: one's own, with its fields set, or one that
    /// [`verify`](super::Scheme::verify) accepted.
    ///
    /// # Errors
    /// `signature_missing` and `signature_malformed`; `parameter_malformed` if the request doesn't
    /// say that it is streamed in a way that is known here.
    pub fn new(request: &Request<'_>, credentials: &Credentials) -> Result<Self, Refusal> {
        let message = Message::read(request)?;
        let presented = AwsPresented::in_header(&message)?;
        let (is_signed, has_trailers) = match message.header(CONTENT_SHA256)? {
            Some(SIGNED) => (true, false),
            Some(SIGNED_TRAILER) => (true, true),
            Some(UNSIGNED_TRAILER) => (false, true),
            _ => return Err(Refusal::named(Code::ParameterMalformed, CONTENT_SHA256)),
        };
        let mut trailers = None;
        if has_trailers {
            let names = message.header("x-amz-trailer")?;
            let names =
                names.ok_or_else(|| Refusal::named(Code::ComponentMissing, "x-amz-trailer"))?;
            trailers = Some(names.to_ascii_lowercase());
        }
        let scope = presented.scope;
        Ok(Chunks {
            key: scope.key(credentials)?.into_owned(),
            date: scope.date.into(),
            region: scope.region.into(),
            service: scope.service.into(),
            previous: presented.signature.into(),
            is_signed,
            trailers,
            is_last_seen: false,
            is_complete: false,
        })
    }

    /// Signs the next chunk, which is empty if it is the last. Gives its size line without the line
    /// end, such as `10000;chunk-signature=ad80..`.
    ///
    /// # Errors
    /// `options_malformed` after the last chunk.
    pub fn sign(&mut self, chunk: &[u8]) -> Result<String, Refusal> {
        let mut line = self.size(chunk, Code::OptionsMalformed)?;
        if self.is_signed {
            self.previous = self.chunk_signature(chunk)?;
            line.push_str(CHUNK_SIGNATURE);
            line.push_str(&self.previous);
        }
        self.took(chunk);
        Ok(line)
    }

    /// Verifies the next chunk against its size line. The body is whole only once
    /// [`is_complete`](Chunks::is_complete) says so.
    ///
    /// # Errors
    /// `signature_malformed` if the line is not of this chunk, `signature_mismatch`, and
    /// `body_malformed` after the last chunk.
    pub fn verify(&mut self, line: &str, chunk: &[u8]) -> Result<(), Refusal> {
        let size = self.size(chunk, Code::BodyMalformed)?;
        let (sent, signature) = match line.split_once(CHUNK_SIGNATURE) {
            Some((sent, signature)) if self.is_signed => (sent, signature),
            None if !self.is_signed => (line, ""),
            _ => return Err(Code::SignatureMalformed.into()),
        };
        if !sent.eq_ignore_ascii_case(&size) {
            return Err(Code::SignatureMalformed.into());
        }
        if self.is_signed {
            let expected = self.chunk_signature(chunk)?;
            self.check(expected, signature)?;
        }
        self.took(chunk);
        Ok(())
    }

    /// Signs the trailers, which are lines of `name:value` and a line feed, in the order sent.
    /// Gives the value of `x-amz-trailer-signature`, or nothing if the request's chunks are not
    /// signed.
    ///
    /// # Errors
    /// `options_malformed` if they are not those that `x-amz-trailer` announced, or it is not their
    /// turn.
    pub fn sign_trailers(&mut self, trailers: &str) -> Result<Option<String>, Refusal> {
        self.check_trailers(trailers, Code::OptionsMalformed)?;
        let signature = self.trailer_signature(trailers)?;
        self.is_complete = true;
        Ok(self.is_signed.then_some(signature))
    }

    /// Verifies the trailers, as [`sign_trailers`](Chunks::sign_trailers) takes them, against
    /// `x-amz-trailer-signature`. Where chunks are not signed, trailers aren't either: then what is
    /// left of the body's protection is the checksum in them, which is the caller's to compare.
    ///
    /// # Errors
    /// `body_malformed` if they are not those that `x-amz-trailer` announced, or it is not their
    /// turn; `signature_missing`, `signature_mismatch`.
    pub fn verify_trailers(
        &mut self,
        trailers: &str,
        signature: Option<&str>,
    ) -> Result<(), Refusal> {
        let missing = || Refusal::named(Code::SignatureMissing, "x-amz-trailer-signature");
        self.check_trailers(trailers, Code::BodyMalformed)?;
        if self.is_signed {
            let expected = self.trailer_signature(trailers)?;
            self.check(expected, signature.ok_or_else(missing)?)?;
        }
        self.is_complete = true;
        Ok(())
    }

    /// Whether the last chunk, and the trailers if any were announced, have come.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// The size of a chunk in hexadecimal, if it is a chunk's turn.
    fn size(&self, chunk: &[u8], untimely: Code) -> Result<String, Refusal> {
        if self.is_last_seen {
            return Err(untimely.into());
        }
        let digits = Encoding::Hex.to_text(&chunk.len().to_be_bytes());
        let size = digits.trim_start_matches('0');
        Ok(if size.is_empty() { "0" } else { size }.into())
    }

    /// The empty chunk is the last one.
    fn took(&mut self, chunk: &[u8]) {
        self.is_last_seen = chunk.is_empty();
        self.is_complete = self.is_last_seen && self.trailers.is_none();
    }

    fn chunk_signature(&self, chunk: &[u8]) -> Result<String, Refusal> {
        let rest = [&*self.previous, &sha256_hex(b""), &sha256_hex(chunk)];
        self.signature("AWS4-HMAC-SHA256-PAYLOAD", &rest)
    }

    fn trailer_signature(&self, trailers: &str) -> Result<String, Refusal> {
        let rest = [&*self.previous, &sha256_hex(trailers.as_bytes())];
        self.signature("AWS4-HMAC-SHA256-TRAILER", &rest)
    }

    fn signature(&self, algorithm: &str, rest: &[&str]) -> Result<String, Refusal> {
        let scope = Scope {
            date: &self.date,
            region: &self.region,
            service: &self.service,
        };
        let base = scope.string_to_sign(algorithm, rest);
        Ok(Encoding::Hex.to_text(&self.key.sign(base.as_bytes())?))
    }

    fn check(&mut self, expected: String, signature: &str) -> Result<(), Refusal> {
        if !is_same(expected.as_bytes(), signature.as_bytes()) {
            return Err(Code::SignatureMismatch.into());
        }
        self.previous = expected;
        Ok(())
    }

    /// Whether it is the turn of the trailers, and they are the ones announced.
    fn check_trailers(&self, trailers: &str, wrong: Code) -> Result<(), Refusal> {
        let announced = self.trailers.as_deref().unwrap_or("");
        let mut names = announced.split(',').map(str::trim);
        let mut lines = trailers.split_inclusive('\n');
        let is_line = |line: &str, name: &str| {
            let rest = line
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix(':'));
            rest.is_some_and(|value| value.ends_with('\n') && !value.contains('\r'))
        };
        let are_announced = names.all(|name| lines.next().is_some_and(|line| is_line(line, name)));
        let is_turn = self.is_last_seen && !self.is_complete && self.trailers.is_some();
        if !is_turn || !are_announced || lines.next().is_some() {
            return Err(wrong.into());
        }
        Ok(())
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chunks(..)")
    }
}
