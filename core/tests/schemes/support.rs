//! A request that owns its parts, as a test makes it and changes it.

use countersign_core::scheme::SignedParts;
use countersign_core::{Body, Headers, Refusal, Request, Scheme as UriScheme};

#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn new(method: &str, target: &str, body: &str) -> Self {
        Message {
            method: method.into(),
            target: target.into(),
            headers: Vec::new(),
            body: body.into(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let mut values = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.as_str())
    }

    /// The message as a sender sends it once it is signed.
    pub(crate) fn signed(&self, parts: SignedParts) -> Self {
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

    pub(crate) fn see<T>(
        &self,
        see: impl FnOnce(&Request<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let lines = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        let block = lines.collect::<Vec<_>>().concat();
        see(&Request {
            method: &self.method,
            target: &self.target,
            scheme: UriScheme::Https,
            headers: Headers::parse(block.as_bytes())?,
            body: Body::Bytes(&self.body),
            peer: None,
        })
    }
}
