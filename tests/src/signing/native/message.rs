//! A request that owns its parts.

use countersign_core::scheme::SignedParts;
use countersign_core::{Body, Headers, Refusal, Request, Scheme};

#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    pub(super) fn new(method: &str, target: &str, body: &str) -> Self {
        Message {
            method: method.into(),
            target: target.into(),
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// The value of the first header of this name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The message as a sender sends it once it is signed.
    pub(super) fn signed(&self, parts: SignedParts) -> Self {
        let mut message = self.clone();
        for (name, value) in parts.headers {
            message
                .headers
                .retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            message.headers.push((name, value));
        }
        if let Some(target) = parts.target {
            message.target = target;
        }
        if let Some(body) = parts.body {
            message.body = body.into_bytes();
        }
        message
    }

    pub(super) fn see<T>(
        &self,
        see: impl FnOnce(&Request<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let block = crate::case::header_block(&self.headers);
        see(&Request {
            method: &self.method,
            target: &self.target,
            scheme: Scheme::Https,
            headers: Headers::parse(block.as_bytes())?,
            body: Body::Bytes(&self.body),
            peer: None,
        })
    }

    /// All of it, to look for something in.
    pub(super) fn everything(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        format!("{} {:?} {body}", self.target, self.headers)
    }
}
