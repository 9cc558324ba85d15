//! The floor: the HMAC of the same base by a keyed state, and the SHA-256 of the body where there is one.

use core::hint::black_box;

use anyhow::{Context as _, Result};
use countersign_core::{
    Body, Headers, Message, Request, Scheme, hmac_sha256, signature_base, signature_inputs,
};
use countersign_httpsig::SECRET;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::order::{Fields, Order, TARGET};

pub(crate) struct Floor<'a> {
    keyed: Hmac<Sha256>,
    base: String,
    tag: [u8; 32],
    body: Option<&'a [u8]>,
}

impl<'a> Floor<'a> {
    pub(crate) fn new(order: &'a Order, fields: &Fields) -> Result<Self> {
        let request = Request {
            method: "POST",
            target: TARGET,
            scheme: Scheme::Https,
            headers: Headers::parse(fields.lines.as_bytes())?,
            body: Body::Bytes(&order.body),
            peer: None,
        };
        let inputs = signature_inputs(&request.headers)?;
        let input = inputs.first().context("no signature")?;
        let base = signature_base(Message::Request(&request), input)?;
        let keyed = Hmac::new_from_slice(&SECRET)
            .ok()
            .context("HMAC takes every key")?;
        Ok(Floor {
            keyed,
            tag: hmac_sha256(&SECRET, base.as_bytes()),
            base,
            body: Some(order.body.as_slice()).filter(|body| !body.is_empty()),
        })
    }

    pub(crate) fn verify(&self) -> bool {
        if let Some(body) = self.body {
            black_box(Sha256::digest(black_box(body)));
        }
        let mut mac = self.keyed.clone();
        mac.update(black_box(self.base.as_bytes()));
        mac.verify_slice(&self.tag).is_ok()
    }
}
