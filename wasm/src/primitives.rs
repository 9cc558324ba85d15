//! The parts of signing and verifying, one by one, for who frames a message in another way and for
//! vectors: one function a verb.

use countersign_core::structured::{FieldType, FieldTypes};
use countersign_core::{
    Algorithm, Code, Headers, Message, Refusal, SigningKey, VerifyingKey, signature_base_typed,
    signature_inputs,
};

use crate::frame::Reply;
use crate::handles::Handles;
use crate::request::{RequestParts, ResponseParts};

/// Signs bytes by a key of any algorithm. Found: the signature, or the MAC.
///
/// # Errors
/// `handle_unknown`.
pub fn key_sign(
    handles: &mut Handles,
    reply: &mut Reply,
    key: u64,
    message: &[u8],
) -> Result<(), Refusal> {
    reply.bytes(handles.get::<SigningKey>(key)?.sign(message).as_bytes());
    Ok(())
}

/// Verifies a signature of bytes by a public key: in raw form, as `SubjectPublicKeyInfo`, or in PEM.
/// Found: 1 if it is the key's, else 0.
///
/// # Errors
/// `algorithm_unknown`; `public_key_malformed`, `key_too_weak`.
pub fn signature_check(
    reply: &mut Reply,
    algorithm: &str,
    public: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), Refusal> {
    let algorithm = Algorithm::parse(algorithm)?;
    let key = match core::str::from_utf8(public) {
        Ok(text) if text.starts_with("-----BEGIN") => VerifyingKey::from_pem(algorithm, text)?,
        _ => VerifyingKey::from_bytes(algorithm, public)?,
    };
    reply.number(u64::from(key.verifies(message, signature)));
    Ok(())
}

/// Shows what a signature covers, of a message with all that a component can be of: the request that is
/// answered, trailers, fields that are structured and not registered so (`name=type`, one a line).
/// `status` 0: a request. Found: the value of `@signature-params`, the signature base.
///
/// # Errors
/// As of `inspect`; `options_malformed` for a type that is none.
pub fn signature_base(
    reply: &mut Reply,
    request: &RequestParts<'_>,
    response: &ResponseParts<'_>,
    trailers: &[u8],
    label: &str,
    types: &str,
) -> Result<(), Refusal> {
    let mut field_types = FieldTypes::new();
    for line in types.lines() {
        let wrong = || Refusal::about(Code::OptionsMalformed, line);
        let (name, field_type) = line.split_once('=').ok_or_else(wrong)?;
        field_types = field_types.with(name, FieldType::parse(field_type).ok_or_else(wrong)?);
    }
    let trailers = Headers::parse(trailers)?;
    let mut request = request.read_known()?;
    if response.status == 0 {
        let request = request.as_mut().ok_or(Code::TargetMalformed)?;
        request.headers = request.headers.clone().with_trailers(trailers);
        return put_base(
            reply,
            Message::Request(request),
            &request.headers,
            label,
            &field_types,
        );
    }
    let mut response = response.read(request.as_ref())?;
    response.headers = response.headers.with_trailers(trailers);
    put_base(
        reply,
        Message::Response(&response),
        &response.headers,
        label,
        &field_types,
    )
}

fn put_base(
    reply: &mut Reply,
    message: Message<'_, '_>,
    headers: &Headers<'_>,
    label: &str,
    types: &FieldTypes,
) -> Result<(), Refusal> {
    let inputs = signature_inputs(headers)?;
    let mut named = inputs
        .iter()
        .filter(|input| label.is_empty() || input.label() == label);
    let input = named.next().ok_or(Code::SignatureMissing)?;
    if named.next().is_some() {
        return Err(Code::SignatureAmbiguous.into());
    }
    reply.text(input.as_str());
    reply.text(&signature_base_typed(message, input, types)?);
    Ok(())
}
