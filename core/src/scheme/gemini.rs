//! Gemini, where the body moves to a header: the payload is an object with the path, the nonce, and
//! the members of the body.

use alloc::string::String;

use super::context::Context;
use super::encoding::Encoding;
use super::json_body::{member, members};
use super::message::Message;
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
        let mut signed = members(text)?;
        signed.sort_by(|one, other| one.name.cmp(&other.name));
        for sent in members(message.body_text()?)? {
            let found = signed.binary_search_by(|it| it.name.cmp(&sent.name));
            let found = found.ok().and_then(|at| signed.get(at));
            if found.is_none_or(|found| found.value != sent.value) {
                return Err(Refusal::named(Code::DigestMismatch, &sent.name));
            }
        }
    }
    let nonce = member(text, "nonce")?;
    Ok(nonce.ok_or_else(|| Refusal::named(Code::NonceMissing, "nonce"))?.text())
}
