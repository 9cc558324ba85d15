//! A response that its signature vouches for.

use alloc::string::String;
use alloc::sync::Arc;

use crate::claim::Claim;
use crate::components::View;
use crate::credential::Credential;
use crate::digest::content_digest;
use crate::evidence::Evidence;
use crate::instant::UnixSeconds;
use crate::keyring::{KeyRecord, KeyRing};
use crate::profile::Profile;
use crate::refusal::{Code, Refusal};
use crate::request::{Body, Message, Response};
use crate::signature_base::origin_of;
use crate::signature_value::SignatureValue;
use crate::verifying_key::VerifyingKey;

/// A response whose signature, times and body were right: it is what the holder of the key answered
/// to the request. It can't be made in another way than by [`AuthenticResponse::verify`].
#[derive(Debug)]
pub struct AuthenticResponse {
    key: Arc<KeyRecord>,
    status: u16,
    at: UnixSeconds,
    base: String,
    value: SignatureValue,
}

impl AuthenticResponse {
    /// Verifies a response, in the order in which a request is: what needs no key, the key, the
    /// signature, the times, the body. The request that it answers is the one in
    /// [`Response::request`], as the client sent it.
    ///
    /// A response has no replay token. What binds it to one exchange is what it covers: the request's
    /// signature, `"signature";req;key="sig1"`, if that was made with a nonce.
    ///
    /// # Errors
    /// Those of [`Presented::parse`](crate::Presented::parse), of
    /// [`find_key`](crate::Presented::find_key) and of
    /// [`authenticate`](crate::Candidate::authenticate).
    ///
    /// ```
    /// use countersign_core::{
    ///     AuthenticResponse, Body, Environment, Headers, KeyRecord, KeyRing, Profile, Request,
    ///     Response, Scheme, SignOptions, SigningKey, UnixSeconds, sign_response,
    /// };
    /// # fn main() -> Result<(), countersign_core::Refusal> {
    /// let now = UnixSeconds::new(1_800_000_000);
    /// let request = Request {
    ///     method: "GET",
    ///     target: "/v1/markets",
    ///     scheme: Scheme::Https,
    ///     headers: Headers::parse(b"Host: api.example.com\r\n")?,
    ///     body: Body::Bytes(b""),
    ///     peer: None,
    /// };
    /// let plain = Response {
    ///     status: 200,
    ///     headers: Headers::default(),
    ///     body: Body::Bytes(b"[]"),
    ///     request: Some(&request),
    /// };
    /// let key = SigningKey::ed25519("server-1", &[7; 32])?;
    /// let lines = sign_response(&plain, &key, &SignOptions::new(now))?.header_lines();
    ///
    /// // The client has only the public half.
    /// let mut ring = KeyRing::new();
    /// let public = key.verifying_key().expect("a pair has a public half");
    /// ring.insert(KeyRecord::public("server-1", Environment::Live, public)?);
    /// let received = Response { headers: Headers::parse(lines.as_bytes())?, ..plain };
    /// let profile = Profile::for_responses(Environment::Live);
    /// let authentic = AuthenticResponse::verify(&received, &profile, &ring, now)?;
    /// assert_eq!(authentic.keyid(), "server-1");
    /// # Ok(())
    /// # }
    /// ```
    pub fn verify(
        response: &Response<'_>,
        profile: &Profile,
        ring: &KeyRing,
        now: UnixSeconds,
    ) -> Result<Self, Refusal> {
        if let Body::Bytes(bytes) = response.body
            && bytes.len() > profile.body_limit()
        {
            return Err(Code::BodyTooLarge.into());
        }
        let message = Message::Response(response);
        let view = View {
            message,
            headers: message.headers(),
            origin: &origin_of(message)?,
            types: profile.field_types(),
        };
        let claim = Claim::read(view, profile)?;
        let key = claim.find_key(ring, profile, now)?;
        let (key, _) = claim.check(key, profile, now)?;
        content_digest(&response.headers, "content-digest", &response.body)?;
        Ok(AuthenticResponse {
            key,
            status: response.status,
            at: now,
            base: claim.base,
            value: claim.value,
        })
    }

    /// The key that signed.
    #[must_use]
    pub fn keyid(&self) -> &str {
        self.key.id.as_str()
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// When it was verified.
    #[must_use]
    pub fn at(&self) -> UnixSeconds {
        self.at
    }

    /// What proves to anybody that the owner of the key signed; none where the key is a shared secret.
    #[must_use]
    pub fn evidence(&self) -> Option<Evidence> {
        let Credential::Public(key) = &self.key.credential else {
            return None;
        };
        Some(Evidence::new(
            &self.key.id,
            VerifyingKey::clone(key),
            &self.base,
            self.value.as_bytes(),
        ))
    }
}
