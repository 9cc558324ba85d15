//! A request that owns its parts, as a case has it and as we change it.

use anyhow::{Context as _, anyhow};
use serde_json::Value;

use crate::case::header_block;
use crate::door::{Answer, Fault, Frame};

#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) scheme: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// A request over TLS, without a header field yet.
    pub(super) fn new(method: &str, target: &str, body: &str) -> Self {
        Message {
            scheme: "https".to_owned(),
            method: method.to_owned(),
            target: target.to_owned(),
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

    /// Its seven fields in a frame.
    pub(super) fn put(&self, frame: Frame) -> Frame {
        frame
            .text(&self.scheme)
            .text(&self.method)
            .text(&self.target)
            .bytes(header_block(&self.headers).as_bytes())
            .number(0)
            .bytes(&self.body)
            .text("")
    }

    /// The message as a sender sends it, once `scheme_sign` has answered.
    pub(super) fn signed(&self, answer: &mut Answer) -> Result<Self, Fault> {
        let mut message = self.clone();
        for line in answer.text()?.lines() {
            let (name, value) = line.split_once(": ").context("a header line")?;
            message
                .headers
                .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            message.headers.push((name.to_owned(), value.to_owned()));
        }
        let mut changed = || match (answer.number()?, answer.text()?) {
            (0, _) => Ok(None),
            (1, text) => Ok(Some(text)),
            (other, _) => Err(Fault::Broken(anyhow!("{other} is neither 0 nor 1"))),
        };
        if let Some(target) = changed()? {
            message.target = target;
        }
        if let Some(body) = changed()? {
            message.body = body.into_bytes();
        }
        Ok(message)
    }

    /// All of it, to look for something in.
    pub(super) fn everything(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        format!("{} {:?} {body}", self.target, self.headers)
    }
}

/// A member that is a text; empty if there is none.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or("")
}
