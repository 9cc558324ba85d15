//! The signature base: the bytes that are signed (RFC 9421 section 2.5).

use alloc::string::String;

use crate::components::View;
use crate::headers::Headers;
use crate::origin::Origin;
use crate::refusal::Refusal;
use crate::request::{Body, Message, Request, Scheme};
use crate::signature_input::SignatureInput;
use crate::structured::FieldTypes;

/// Builds the signature base of `message` for one member of its `Signature-Input`.
///
/// Forwarded fields are not considered: this is what the message itself says.
///
/// # Errors
/// `component_missing`, `component_not_structured`, `component_parameters_incompatible` for `req` of a
/// request, and the refusals of a malformed target, host or query.
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
    signature_base_typed(message, input, &FieldTypes::new())
}

/// Builds the signature base as [`signature_base`] does, where the application knows of more
/// structured fields than the registered ones.
///
/// # Errors
/// Those of [`signature_base`].
pub fn signature_base_typed(
    message: Message<'_, '_>,
    input: &SignatureInput<'_>,
    types: &FieldTypes,
) -> Result<String, Refusal> {
    let view = View {
        message,
        headers: message.headers(),
        origin: &origin_of(message)?,
        types,
    };
    build(view, input)
}

/// Where a request was sent, or the request that a response answers.
pub(crate) fn origin_of<'a>(message: Message<'a, '_>) -> Result<Origin<'a>, Refusal> {
    match message {
        Message::Request(request) => Origin::of(request),
        Message::Response(response) => Origin::of(response.request.unwrap_or(&NO_REQUEST)),
    }
}

/// The origin of a response to nothing is never asked for.
const NO_REQUEST: Request<'static> = Request {
    method: "GET",
    target: "/",
    scheme: Scheme::Https,
    headers: Headers::EMPTY,
    body: Body::Bytes(b""),
    peer: None,
};

pub(crate) fn build(view: View<'_, '_>, input: &SignatureInput<'_>) -> Result<String, Refusal> {
    let mut base = String::with_capacity(512);
    for component in input.components() {
        component.push_line(view, &mut base)?;
    }
    base.push_str("\"@signature-params\": ");
    base.push_str(input.as_str());
    Ok(base)
}
