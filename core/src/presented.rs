//! The first two states: a signature that was parsed, and one whose key was found.

use alloc::boxed::Box;

use crate::authentic::Authentic;
use crate::claim::Claim;
use crate::components::View;
use crate::digest::content_digest;
use crate::headers::is_token;
use crate::instant::UnixSeconds;
use crate::keyring::{Found, KeyRing};
use crate::origin::Origin;
use crate::profile::Profile;
use crate::refusal::{Code, Refusal};
use crate::replay::ReplayToken;
use crate::request::{Body, Message, Request};
use crate::signature_input::SignatureInput;

/// A signature as it was presented: well formed, wide enough for the profile, and not yet trusted.
#[derive(Debug)]
pub struct Presented<'a>(Box<Parts<'a>>);

/// In one place while the state goes from hand to hand.
#[derive(Debug)]
struct Parts<'a> {
    request: &'a Request<'a>,
    profile: &'a Profile,
    origin: Origin<'a>,
    claim: Claim<'a>,
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
        let view = View {
            message: Message::Request(request),
            headers: &request.headers,
            origin: &origin,
            types: profile.field_types(),
        };
        Ok(Presented(Box::new(Parts {
            claim: Claim::read(view, profile)?,
            request,
            profile,
            origin,
        })))
    }

    /// What is covered, and by which parameters.
    #[must_use]
    pub fn input(&self) -> &SignatureInput<'a> {
        &self.0.claim.input
    }

    /// Finds the key that `keyid` names.
    ///
    /// Whether there is such a key is told by [`authenticate`](Candidate::authenticate), after as much work as
    /// for a wrong signature: what is done depends on the length of the value that was sent, not on the key.
    /// For 32 bytes that is one HMAC, for 64 one verification of Ed25519. A key of ECDSA or RSA takes longer
    /// than that, so where a ring holds such keys their ids can be told from unknown ones by the time; they
    /// go with every request in the clear, and only the private half must stay unknown.
    ///
    /// # Errors
    /// `keyid_missing`.
    pub fn find_key(self, ring: &KeyRing, now: UnixSeconds) -> Result<Candidate<'a>, Refusal> {
        let key = self.0.claim.find_key(ring, self.0.profile, now)?;
        Ok(Candidate {
            presented: self,
            key,
        })
    }
}

/// A presented signature with the key to try it by.
#[derive(Debug)]
pub struct Candidate<'a> {
    presented: Presented<'a>,
    key: Found,
}

impl Candidate<'_> {
    /// Compares the MAC of the signature base in constant time, or verifies its signature; then the
    /// times, then the digest of the body, so that only a holder of the key can make us hash a body.
    ///
    /// # Errors
    /// `key_unknown`, `key_wrong_environment`, `key_revoked`, `key_not_active`, `key_expired`,
    /// `algorithm_mismatch`, `signature_mismatch`, `created_in_future`, `too_old`, `expired`, and those of [`content_digest`].
    pub fn authenticate(self, now: UnixSeconds) -> Result<Authentic, Refusal> {
        let parts = self.presented.0;
        let (request, claim) = (parts.request, &parts.claim);
        let (key, keep_until) = claim.check(self.key, parts.profile, now)?;
        content_digest(&request.headers, "content-digest", &request.body)?;
        let nonce = claim.input.parameters().nonce.as_deref();
        let once = nonce.map_or(claim.value.as_bytes(), str::as_bytes);
        let token = ReplayToken::new(key.id.as_str(), once, keep_until);
        Ok(Authentic::new(
            key,
            request.method,
            parts.origin.path(),
            now,
            token,
            parts.claim.base,
            parts.claim.value,
        ))
    }
}
