//! Gemini, where the body moves to a header: the payload is an object with the path, the nonce, and
//! the members of the body.

use alloc::string::String;
use alloc::vec::Vec;

use super::context::Context;
use super::encoding::Encoding;
use super::json_body::{member, members};
use super::message::Message;
use super::sorted::{Pair, sorted};
use crate::json::push_json_string;
use crate::refusal::{Code, Refusal};

/// Makes the payload of the body and leaves that empty.
pub(super) fn move_body(context: &mut Context<'_>) -> Result<(), Refusal> {
    let mut payload = String::from("{\"request\":");
    push_json_string(&mut payload, context.message.path);
    payload.push_str(",\"nonce\":");
    push_json_string(&mut payload, context.get("nonce").unwrap_or_default());
    if !context.message.has_empty_body() {
        for member in members(context.message.body_text()?)? {
            if &*member.name == "request" || &*member.name == "nonce" {
                return Err(Refusal::named(Code::BodyMalformed, &member.name));
            }
            payload.push(',');
            push_json_string(&mut payload, &member.name);
            payload.push(':');
            payload.push_str(member.value);
        }
    }
    payload.push('}');
    context.set("payload", Encoding::Base64.to_text(payload.as_bytes()));
    context.message.set_body(String::new());
    Ok(())
}

/// Reads a payload: it must be for this path, and a body that came as well must be in it. Gives
/// the nonce.
pub(super) fn open(payload: &str, message: &Message<'_>) -> Result<String, Refusal> {
    let malformed = || Refusal::named(Code::BodyMalformed, "payload");
    let bytes = Encoding::Base64.read(payload).ok_or_else(malformed)?;
    let text = core::str::from_utf8(&bytes).map_err(|_| malformed())?;
    let request = member(text, "request")?.ok_or_else(malformed)?;
    if request.text() != message.path {
        return Err(Code::SignatureMismatch.into());
    }
    if !message.has_empty_body() {
        let pairs = |text| {
            let mut pairs = Vec::new();
            for member in members(text)? {
                pairs.push((String::from(member.name).into_bytes(), member.value.into()));
            }
            Ok::<Vec<Pair>, Refusal>(sorted(pairs, true))
        };
        // Both in order: each that was sent is the next of those that were signed, or a later one.
        let mut signed = pairs(text)?.into_iter();
        for sent in pairs(message.body_text()?)? {
            if !signed.any(|it| it == sent) {
                return Err(Refusal::named(Code::DigestMismatch, "payload"));
            }
        }
    }
    let nonce = member(text, "nonce")?;
    Ok(nonce
        .ok_or_else(|| Refusal::named(Code::NonceMissing, "nonce"))?
        .text())
}
