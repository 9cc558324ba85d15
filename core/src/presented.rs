//! The first two states: a signature that was parsed, and one whose key was found.

use alloc::string::String;
use alloc::sync::Arc;
use core::hint::black_box;

use crate::authentic::Authentic;
use crate::digest::content_digest;
use crate::headers::is_token;
use crate::instant::UnixSeconds;
use crate::key::{Algorithm, hmac_sha256};
use crate::keyring::{KeyRecord, KeyRing};
use crate::origin::Origin;
use crate::profile::Profile;
use crate::refusal::{Code, Refusal};
use crate::replay::ReplayToken;
use crate::request::{Body, Message, Request};
use crate::signature_base;
use crate::signature_input::{SignatureInput, signature_inputs, signature_value};

/// A signature as it was presented: well formed, wide enough for the profile, and not yet trusted.
#[derive(Debug)]
pub struct Presented<'a> {
    request: &'a Request<'a>,
    profile: &'a Profile,
    origin: Origin<'a>,
    input: SignatureInput<'a>,
    base: String,
    value: [u8; 32],
}

impl<'a> Presented<'a> {
    /// Parses the signature that the profile asks for.
    ///
    /// # Errors
    /// Everything that is the sender's fault and needs no key to see: a malformed message or
    /// signature, a component that is missing or not covered, a body over the limit.
    pub fn parse(request: &'a Request<'a>, profile: &'a Profile) -> Result<Self, Refusal> {
        if !is_token(request.method) {
            return Err(Code::MethodMalformed.into());
        }
        if let Body::Bytes(bytes) = request.body
            && bytes.len() > profile.body_limit()
        {
            return Err(Code::BodyTooLarge.into());
        }
        let origin = Origin::behind(request, profile.trusted_forwarding())?;
        let allowed = profile.allowed_authorities();
        if !allowed.is_empty() && !origin.is_for(allowed) {
            return Err(Code::AuthorityNotAllowed.into());
        }
        let input = profile.select(signature_inputs(&request.headers)?)?;
        if let Some(name) = input.parameters().alg.as_deref() {
            Algorithm::parse(name)?;
        }
        profile.demand(&input, !request.body.is_empty())?;
        let value = signature_value(&request.headers, input.label())?;
        // Before the key is looked for: what a component lacks must not tell whether a key is known.
        let base = signature_base::build(Message::Request(request), &origin, &input)?;
        Ok(Presented {
            request,
            profile,
            origin,
            input,
            base,
            value,
        })
    }

    /// What is covered, and by which parameters.
    #[must_use]
    pub fn input(&self) -> &SignatureInput<'a> {
        &self.input
    }

    /// Finds the key that `keyid` names.
    ///
    /// # Errors
    /// `keyid_missing`, `key_unknown`, `key_wrong_environment`, `key_revoked`, `key_not_active`,
    /// `key_expired`, `algorithm_mismatch`.
    pub fn find_key(self, ring: &KeyRing, now: UnixSeconds) -> Result<Candidate<'a>, Refusal> {
        let parameters = self.input.parameters();
        let keyid = parameters.keyid.as_deref().ok_or(Code::KeyidMissing)?;
        let key = ring
            .active(keyid, self.profile.environment(), now)
            .inspect_err(|_| {
                // As much work as for a wrong signature, so that the time doesn't tell either.
                black_box(hmac_sha256(&[0; 32], self.base.as_bytes()));
            })?;
        if parameters
            .alg
            .as_deref()
            .is_some_and(|alg| alg != key.algorithm.as_str())
        {
            return Err(Code::AlgorithmMismatch.into());
        }
        Ok(Candidate {
            presented: self,
            key,
        })
    }
}

/// A presented signature with the key that it names: known, of the right environment, active.
#[derive(Debug)]
pub struct Candidate<'a> {
    presented: Presented<'a>,
    key: Arc<KeyRecord>,
}

impl Candidate<'_> {
    /// Compares the MAC of the signature base in constant time; then the times, then the
    /// digest of the body, so that only a holder of the key can make us hash a body.
    ///
    /// # Errors
    /// `signature_mismatch`,
    /// `created_in_future`, `too_old`, `expired`, and those of [`content_digest`].
    pub fn authenticate(self, now: UnixSeconds) -> Result<Authentic, Refusal> {
        let Presented {
            request,
            profile,
            origin,
            input,
            base,
            value,
        } = self.presented;
        if !self.key.mac.verifies(base.as_bytes(), &value) {
            return Err(Code::SignatureMismatch.into());
        }
        let keep_until = fresh_until(&input, profile, now)?;
        content_digest(&request.headers, "content-digest", &request.body)?;
        let once = input
            .parameters()
            .nonce
            .as_deref()
            .map_or(&value[..], str::as_bytes);
        let token = ReplayToken::new(self.key.id.as_str(), once, keep_until);
        Ok(Authentic::new(
            self.key,
            request.method,
            origin.path(),
            now,
            token,
        ))
    }
}

/// The last second at which the signature is accepted, if that is not past and `created` is not in
/// the future. The skew of the clocks counts at both ends.
fn fresh_until(
    input: &SignatureInput<'_>,
    profile: &Profile,
    now: UnixSeconds,
) -> Result<UnixSeconds, Refusal> {
    let parameters = input.parameters();
    let created = parameters.created.ok_or(Code::CreatedMissing)?;
    let skew = profile.skew();
    if created > now.after(skew) {
        return Err(Code::CreatedInFuture.into());
    }
    let too_old_after = created.after(profile.age_limit()).after(skew);
    if let Some(expires) = parameters.expires {
        let expired_after = expires.after(skew);
        if now > expired_after {
            return Err(Code::Expired.into());
        }
        if now > too_old_after {
            return Err(Code::TooOld.into());
        }
        return Ok(expired_after.min(too_old_after));
    }
    if now > too_old_after {
        Err(Code::TooOld.into())
    } else {
        Ok(too_old_after)
    }
}
