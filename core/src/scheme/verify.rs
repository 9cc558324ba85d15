//! Verification by a row.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::SchemeAuthentic;
use super::context::Context;
use super::credentials::Credentials;
use super::gemini;
use super::mac::{Expected, Key, is_same};
use super::message::Message;
use super::presented::Presented;
use super::row::{Function, NonceKind, Row, Span};
use crate::instant::UnixSeconds;
use crate::refusal::{Code, Refusal};
use crate::replay::ReplayToken;

const MAX_NONCE_BYTES: usize = 256;

/// A request read by its row.
pub(super) struct Received<'a> {
    presented: Presented<'a>,
    context: Context<'a>,
}

impl<'a> Received<'a> {
    pub(super) fn read(row: &'a Row, mut message: Message<'a>) -> Result<Self, Refusal> {
        let mut presented = Presented::read(row, &message)?;
        if row.function == Function::Gemini {
            let payload = presented.get("payload").unwrap_or_default();
            let nonce = gemini::open(payload, &message)?;
            presented.values.push(("nonce", nonce));
        }
        message.strip_signature(row);
        let mut context = Context::new(row, message, false);
        for (name, value) in presented.values.drain(..) {
            context.set(name, value);
        }
        Ok(Received { presented, context })
    }

    pub(super) fn keyid(&self) -> Option<&str> {
        self.context.get("keyid")
    }

    /// What the signature may be over, in the order of the row.
    pub(super) fn bases(&self, key: &Key) -> Vec<Result<Vec<u8>, Refusal>> {
        let templates = self.context.row.signed.iter();
        templates
            .map(|template| self.context.render(template, Some(key)))
            .collect()
    }

    pub(super) fn verify(
        mut self,
        credentials: &[&Credentials],
        now_ms: u64,
        tolerance: Option<Duration>,
    ) -> Result<SchemeAuthentic, Refusal> {
        let row = self.context.row;
        if self.context.message.has_empty_body() && !row.may_be_empty {
            return Err(Refusal::named(Code::BodyMalformed, "empty"));
        }
        let timestamp_ms = self.timestamp()?;
        let keep_until_ms = match timestamp_ms {
            Some(timestamp) => Some(self.check_time(timestamp, now_ms, tolerance)?),
            None => None,
        };
        self.check_nonce()?;
        self.check_optional_values()?;
        let mut signatures = Vec::new();
        for text in &self.presented.signatures {
            signatures.extend(row.encoding.read(text));
        }
        if signatures.is_empty() {
            return Err(Code::SignatureMalformed.into());
        }
        let mut refusal = Refusal::from(Code::SignatureMismatch);
        for (at, credential) in credentials.iter().enumerate() {
            match self.find_signature(credential, &signatures) {
                Ok(Some(signature)) => {
                    let nonce = self
                        .context
                        .get("nonce")
                        .filter(|_| row.signs("nonce") || row.function == Function::Gemini);
                    let once = nonce.map_or(signature, str::as_bytes);
                    let keep_until = keep_until_ms
                        .map_or(UnixSeconds::MAX, |ms| UnixSeconds::new(ms.div_ceil(1000)));
                    return Ok(SchemeAuthentic {
                        credential: at,
                        timestamp_ms,
                        nonce: nonce.map(String::from),
                        covers_body: self.covers_body(),
                        token: ReplayToken::new(credential.keyid(), once, keep_until),
                    });
                }
                Ok(None) => {}
                Err(other) => refusal = other,
            }
        }
        Err(refusal)
    }

    /// Looks for a signature that the credential made.
    fn find_signature<'s>(
        &mut self,
        credentials: &Credentials,
        signatures: &'s [Vec<u8>],
    ) -> Result<Option<&'s [u8]>, Refusal> {
        let row = self.context.row;
        let key = credentials.key(row)?;
        self.context.unset("passphrase");
        if !credentials.passphrase.is_empty() {
            self.context
                .set("passphrase", String::clone(&credentials.passphrase));
        }
        if self
            .context
            .get("keyid")
            .is_some_and(|keyid| keyid != credentials.keyid())
        {
            return Ok(None);
        }
        let mut failure = None;
        let mut found = None;
        for base in self.bases(&key) {
            match base {
                Ok(base) => {
                    let expected = Expected::new(&key, &base)?;
                    found = found.or_else(|| signatures.iter().find(|it| expected.is(it)));
                }
                Err(refusal) => failure = Some(refusal),
            }
        }
        let Some(found) = found else {
            return failure.map_or(Ok(None), Err);
        };
        for (part, text) in &self.presented.checks {
            let made = self
                .context
                .render(core::slice::from_ref(*part), Some(&key))?;
            if !is_same(&made, text.as_bytes()) {
                return Ok(None);
            }
        }
        Ok(Some(found))
    }

    fn timestamp(&self) -> Result<Option<u64>, Refusal> {
        let Some(form) = self.context.row.timestamp else {
            return Ok(None);
        };
        let text = self.context.get("timestamp");
        let text = text.ok_or_else(|| Refusal::named(Code::ComponentMissing, "timestamp"))?;
        match form.read(text) {
            Some(ms) => Ok(Some(ms)),
            None => Err(Code::TimestampMalformed.into()),
        }
    }

    /// Checks the timestamp, and says until when its signature is good.
    fn check_time(
        &self,
        timestamp: u64,
        now: u64,
        tolerance: Option<Duration>,
    ) -> Result<u64, Refusal> {
        let row = self.context.row;
        if row.expires_in.is_some() {
            let is_over = now / 1000 > timestamp / 1000;
            return if is_over {
                Err(Code::Expired.into())
            } else {
                Ok(timestamp)
            };
        }
        let past = row.past.unwrap_or(Span {
            ms: 0,
            in_seconds: false,
        });
        let future = row.future.unwrap_or(past);
        let override_of = |span: Span| match tolerance {
            Some(tolerance) => Span {
                ms: u64::try_from(tolerance.as_millis()).unwrap_or(u64::MAX),
                ..span
            },
            None => span,
        };
        let mut allowed = past;
        if let Some(name) = &row.window
            && let Some(text) = self.context.get(name)
        {
            let max = row.window_max.map_or(past.ms, |span| span.ms);
            let ms = text.parse().ok().filter(|ms| *ms <= max);
            allowed.ms = ms.ok_or_else(|| Refusal::named(Code::ParameterMalformed, name))?;
        }
        check_window(
            timestamp,
            now,
            override_of(allowed),
            if future == past {
                override_of(future)
            } else {
                future
            },
        )
    }

    fn check_nonce(&self) -> Result<(), Refusal> {
        let Some(kind) = self.context.row.nonce else {
            return Ok(());
        };
        let nonce = self.context.get("nonce");
        let nonce = nonce.ok_or_else(|| Refusal::named(Code::NonceMissing, "nonce"))?;
        if nonce.len() > MAX_NONCE_BYTES {
            return Err(Code::NonceTooLong.into());
        }
        if kind == NonceKind::Increasing && !nonce.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Code::NonceMalformed.into());
        }
        Ok(())
    }

    /// A digest that was sent must be the body's, and is no secret.
    fn check_optional_values(&mut self) -> Result<(), Refusal> {
        let optional = &self.context.row.optional;
        for (part, text) in &self.presented.checks {
            if let Some((name, template)) = optional.iter().find(|(name, _)| *name == part.text)
                && self.context.render(template, None)? != text.as_bytes()
            {
                return Err(Refusal::named(Code::DigestMismatch, name));
            }
        }
        Ok(())
    }

    /// Whether the body that came is under the signature.
    fn covers_body(&self) -> bool {
        let row = self.context.row;
        let is_presented = |name: &String| row.signs(name) && self.context.get(name).is_some();
        self.context.message.has_empty_body()
            || row.signs_body()
            || row.optional.iter().any(|(name, _)| is_presented(name))
    }
}

/// Checks a timestamp against a window, and says until when its signature is good.
pub(super) fn check_window(
    timestamp: u64,
    now: u64,
    past: Span,
    future: Span,
) -> Result<u64, Refusal> {
    let unit = |span: Span| if span.in_seconds { 1000 } else { 1 };
    let since = |later: u64, earlier: u64, span: Span| {
        (later / unit(span)).saturating_sub(earlier / unit(span)) > span.ms / unit(span)
    };
    if since(timestamp, now, future) {
        Err(Code::CreatedInFuture.into())
    } else if since(now, timestamp, past) {
        Err(Code::TooOld.into())
    } else {
        Ok(timestamp.saturating_add(past.ms))
    }
}
