//! Ours: from header lines to the fields to add, and from header lines to an authentic request.

use core::hint::black_box;

use anyhow::Result;
use countersign_core::{
    Algorithm, Body, Environment, Headers, KeyRing, Presented, Profile, Request, Scheme,
    SignOptions, SigningKey, UnixSeconds, sign,
};
use countersign_httpsig::{Key, SECRET};

use crate::order::{Fields, ID, LINES, NONCE, NOW, Order, TARGET};

pub(crate) struct Ours {
    key: SigningKey,
    ring: KeyRing,
    profile: Profile,
}

impl Ours {
    pub(crate) fn new() -> Result<Self> {
        Ok(Ours {
            key: Key::ours(Algorithm::HmacSha256, ID, SECRET)?,
            ring: Key::ring(Algorithm::HmacSha256, ID, SECRET)?,
            profile: Profile::new(Environment::Live),
        })
    }

    pub(crate) fn sign(&self, order: &Order) -> Result<Fields> {
        let request = request(black_box(LINES), black_box(&order.body))?;
        let options = SignOptions::new(UnixSeconds::new(NOW)).nonce(NONCE);
        let signed = sign(&request, &self.key, &options)?;
        Ok(Fields::new(
            signed.signature_input,
            signed.signature,
            signed.content_digest,
        ))
    }

    pub(crate) fn verify(&self, order: &Order, fields: &Fields) -> Result<()> {
        let now = UnixSeconds::new(NOW);
        let request = request(black_box(&fields.lines), black_box(&order.body))?;
        let authentic = Presented::parse(&request, &self.profile)?
            .find_key(&self.ring, now)?
            .authenticate(now)?;
        black_box(authentic);
        Ok(())
    }
}

fn request<'a>(lines: &'a str, body: &'a [u8]) -> Result<Request<'a>> {
    Ok(Request {
        method: "POST",
        target: TARGET,
        scheme: Scheme::Https,
        headers: Headers::parse(lines.as_bytes())?,
        body: Body::Bytes(body),
        peer: None,
    })
}
