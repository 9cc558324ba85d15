//! The family `rfc9421`: signatures, values of components, and fields.

mod component;
mod field;
mod identifier;
mod signature;

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

pub(super) use identifier::of_line as identifier_of;

use super::Plan;
use crate::case::{Base, Bytes, Request, Response};

/// Tells the three shapes of a case apart by what it has.
pub(super) fn plan(keys: &Map<String, Value>, case: Map<String, Value>) -> Result<Plan> {
    let shape = |name: &str| case.contains_key(name);
    if shape("signature_input") {
        signature::plan(keys, serde_json::from_value(case.into())?)
    } else if shape("lines") {
        component::plan(serde_json::from_value(case.into())?)
    } else if shape("field") {
        field::plan(serde_json::from_value(case.into())?)
    } else {
        bail!("a case has `signature_input`, `lines` or `field`")
    }
}

/// A request or a response, as the publisher writes it.
#[derive(Deserialize)]
struct Message {
    kind: MessageKind,
    method: Option<String>,
    target: Option<String>,
    scheme: Option<String>,
    status: Option<u16>,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum MessageKind {
    Request,
    Response,
}

impl Message {
    /// The same message with other fields of these names, or with none of them where the value is
    /// absent.
    fn with(mut self, fields: &[(&str, Option<&str>)]) -> Self {
        for (name, value) in fields {
            self.headers
                .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
            if let Some(value) = value {
                self.headers.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        self
    }

    fn to_request(&self) -> Request {
        let text = |text: &Option<String>, or: &str| text.clone().unwrap_or_else(|| or.to_owned());
        Request {
            method: text(&self.method, "GET"),
            target: text(&self.target, "/"),
            scheme: text(&self.scheme, "https"),
            headers: self.headers.clone(),
            body: self.body.clone().map(|body| Bytes(body.into_bytes())),
            body_digest: None,
            peer: None,
        }
    }

    /// Asks for the base of its signature with this label.
    fn to_base(&self, label: Option<&str>) -> Base {
        let response = || Response {
            status: self.status.unwrap_or(200),
            headers: self.headers.clone(),
        };
        let is_request = self.kind == MessageKind::Request;
        Base {
            request: is_request.then(|| self.to_request()),
            response: (!is_request).then(response),
            label: label.map(str::to_owned),
        }
    }
}
