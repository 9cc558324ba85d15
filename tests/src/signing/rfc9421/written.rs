//! A request or a response, as the publisher writes it.

use countersign_wasm::dispatch::number;
use serde::Deserialize;

use crate::case::header_block;
use crate::door::{Door, Fault, Frame, Tried};
use crate::signing::message::Message;

#[derive(Clone, Deserialize)]
pub(super) struct Written {
    kind: Kind,
    method: Option<String>,
    target: Option<String>,
    scheme: Option<String>,
    status: Option<u16>,
    #[serde(default)]
    pub(super) headers: Vec<(String, String)>,
    #[serde(default)]
    pub(super) trailers: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Request,
    Response,
}

impl Written {
    /// A message that has nothing but this.
    pub(super) fn bare(
        status: Option<u16>,
        target: String,
        headers: Vec<(String, String)>,
    ) -> Self {
        Written {
            kind: status.map_or(Kind::Request, |_| Kind::Response),
            method: None,
            target: Some(target),
            scheme: None,
            status,
            headers,
            trailers: Vec::new(),
            body: None,
        }
    }

    pub(super) fn is_request(&self) -> bool {
        self.kind == Kind::Request
    }

    pub(super) fn has_body(&self) -> bool {
        self.body.as_ref().is_some_and(|body| !body.is_empty())
    }

    /// The same message with this field among its lines.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same message without this field.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// The request, if it is one.
    fn message(&self) -> Message {
        let text = |text: &Option<String>, or: &str| text.clone().unwrap_or_else(|| or.to_owned());
        let mut message = Message::new(
            &text(&self.method, "GET"),
            &text(&self.target, "/"),
            &text(&self.body, ""),
        );
        message.scheme = text(&self.scheme, "https");
        message.headers.clone_from(&self.headers);
        message
    }

    /// The seven fields of a request.
    pub(super) fn put_request(&self, frame: Frame) -> Frame {
        self.message().put(frame)
    }

    /// The seven fields of the request, or of the one that is answered, and the four of the response.
    pub(super) fn put(&self, answered: Option<&Written>, frame: Frame) -> Frame {
        if self.is_request() {
            let frame = self.put_request(frame);
            return frame.number(0).bytes(b"").number(0).bytes(b"");
        }
        let frame = match answered {
            Some(request) => request.put_request(frame),
            None => put_nothing(frame),
        };
        self.put_response(frame)
    }

    fn put_response(&self, frame: Frame) -> Frame {
        frame
            .number(self.status.unwrap_or(200).into())
            .bytes(header_block(&self.headers).as_bytes())
            .number(0)
            .bytes(self.body.as_deref().unwrap_or("").as_bytes())
    }

    /// Asks for the base of its signature with this label: the value of `@signature-params`, and the base.
    pub(super) async fn base(
        &self,
        door: &Door,
        answered: Option<&Written>,
        label: &str,
        types: &str,
    ) -> Result<Result<(String, String), String>, Fault> {
        let frame = self.put(answered, Frame::new());
        let trailers = header_block(&self.trailers);
        let frame = frame.bytes(trailers.as_bytes()).text(label).text(types);
        let tried: Tried = door.try_ask(number::signature_base, frame).await?;
        Ok(match tried {
            Ok(mut answer) => Ok((answer.text()?, answer.text()?)),
            Err(refused) => Err(refused.to_string()),
        })
    }
}

/// No request.
fn put_nothing(frame: Frame) -> Frame {
    let frame = frame.text("").text("").text("").bytes(b"");
    frame.number(0).bytes(b"").text("")
}
