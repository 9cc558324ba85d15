//! The signature base: the bytes that are signed (RFC 9421 section 2.5).

use alloc::string::String;

use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::request::{Message, Request, Scheme};
use crate::signature_input::SignatureInput;
use crate::{Body, Headers};

/// Builds the signature base of `message` for one member of its `Signature-Input`.
///
/// Forwarded fields are not considered: this is what the message itself says.
///
/// # Errors
/// `component_missing` and the refusals of a malformed target, host or query.
///
/// ```
/// use countersign_core::{Body, Headers, Message, Request, Scheme, signature_base, signature_inputs};
/// let request = Request {
///     method: "GET",
///     target: "/p?q=1",
///     scheme: Scheme::Https,
///     headers: Headers::parse(b"Signature-Input: s=(\"@method\" \"@query\")\r\n")?,
///     body: Body::Bytes(b""),
///     peer: None,
/// };
/// let input = &signature_inputs(&request.headers)?[0];
/// assert_eq!(
///     signature_base(Message::Request(&request), input)?,
///     "\"@method\": GET\n\"@query\": ?q=1\n\"@signature-params\": (\"@method\" \"@query\")",
/// );
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
pub fn signature_base(
    message: Message<'_, '_>,
    input: &SignatureInput<'_>,
) -> Result<String, Refusal> {
    let origin = match message {
        Message::Request(request) => Origin::of(request)?,
        Message::Response(_) => Origin::of(&NO_REQUEST)?,
    };
    build(message, &origin, input)
}

/// The origin of a response is never asked for; its derived components but `@status` are missing.
const NO_REQUEST: Request<'static> = Request {
    method: "GET",
    target: "/",
    scheme: Scheme::Https,
    headers: Headers::EMPTY,
    body: Body::Bytes(b""),
    peer: None,
};

pub(crate) fn build(
    message: Message<'_, '_>,
    origin: &Origin<'_>,
    input: &SignatureInput<'_>,
) -> Result<String, Refusal> {
    let mut base = String::with_capacity(512);
    for component in input.components() {
        component.push_line(message, origin, &mut base)?;
    }
    base.push_str("\"@signature-params\": ");
    base.push_str(input.as_str());
    Ok(base)
}
