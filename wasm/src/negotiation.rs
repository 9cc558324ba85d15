//! What one side asks of the other's signatures and digests: one function a verb.

use core::time::Duration;
use countersign_core::{
    Algorithm, Code, Headers, Refusal, SignatureRequest, SigningKey, UnixSeconds, sign,
    sign_response, signature_requests as read, wanted_digest as wanted,
};

use crate::frame::Reply;
use crate::handles::Handles;
use crate::request::{RequestParts, ResponseParts};
use crate::verbs::put_signed;

/// A signature to ask for; empty texts are left out.
#[derive(Clone, Copy, Debug)]
pub struct AskingParts<'a> {
    /// The label.
    pub label: &'a str,
    /// The components, one a line.
    pub components: &'a str,
    /// 1: asks for the time of creation.
    pub created: u64,
    /// 1: asks for an end.
    pub expires: u64,
    /// The nonce.
    pub nonce: &'a str,
    /// The algorithm.
    pub algorithm: &'a str,
    /// The key.
    pub keyid: &'a str,
    /// The tag.
    pub tag: &'a str,
}

/// Writes what is asked for. Found: the member of `Accept-Signature`.
///
/// # Errors
/// `options_malformed`, `algorithm_unknown`.
pub fn accept_signature(reply: &mut Reply, parts: &AskingParts<'_>) -> Result<(), Refusal> {
    let mut asked = SignatureRequest::new(parts.label).components(parts.components.lines());
    if parts.created == 1 {
        asked = asked.created();
    }
    if parts.expires == 1 {
        asked = asked.expires();
    }
    if !parts.nonce.is_empty() {
        asked = asked.nonce(parts.nonce);
    }
    if !parts.algorithm.is_empty() {
        asked = asked.algorithm(Algorithm::parse(parts.algorithm)?);
    }
    if !parts.keyid.is_empty() {
        asked = asked.keyid(parts.keyid);
    }
    if !parts.tag.is_empty() {
        asked = asked.tag(parts.tag);
    }
    reply.text(&asked.to_member()?);
    Ok(())
}

/// Reads what is asked for. Found: the members of `Accept-Signature`, one a line, as
/// [`accept_signature`] writes them.
///
/// # Errors
/// Those of [`signature_requests`](countersign_core::signature_requests).
pub fn signature_requests(reply: &mut Reply, headers: &[u8]) -> Result<(), Refusal> {
    let mut members = alloc::vec::Vec::new();
    for asked in read(&Headers::parse(headers)?)? {
        members.push(asked.to_member()?);
    }
    reply.lines(members.iter().map(alloc::string::String::as_str));
    Ok(())
}

/// How to honour what is asked for.
#[derive(Clone, Copy, Debug)]
pub struct HonouringParts<'a> {
    /// The header lines that ask.
    pub asking: &'a [u8],
    /// The label that is asked for; empty: the only one.
    pub label: &'a str,
    /// Seconds since 1970.
    pub created: u64,
    /// Seconds from `created` to the end, where one is asked for.
    pub lifetime: u64,
    /// The nonce, where none is asked for.
    pub nonce: &'a str,
}

/// Signs as is asked: a request, or, where there is one, the response to it. Found: as of signing a
/// request.
///
/// # Errors
/// `signature_missing` if there is no such label, `signature_ambiguous` if none is named and there are
/// several; those of [`SignatureRequest::options`], and of signing.
pub fn sign_as_asked(
    handles: &mut Handles,
    reply: &mut Reply,
    key: u64,
    request: &RequestParts<'_>,
    response: &ResponseParts<'_>,
    parts: &HonouringParts<'_>,
) -> Result<(), Refusal> {
    let asked = read(&Headers::parse(parts.asking)?)?;
    let mut named = asked
        .iter()
        .filter(|one| parts.label.is_empty() || one.label() == parts.label);
    let asked = named.next().ok_or(Code::SignatureMissing)?;
    if named.next().is_some() {
        return Err(Code::SignatureAmbiguous.into());
    }
    let key = handles.get::<SigningKey>(key)?;
    let lifetime = Duration::from_secs(parts.lifetime);
    let mut options = asked.options(key, UnixSeconds::new(parts.created), lifetime)?;
    if asked.asked_nonce().is_none() && !parts.nonce.is_empty() {
        options = options.nonce(parts.nonce);
    }
    let signed = if response.status == 0 {
        sign(&request.read()?, key, &options)?
    } else {
        let request = request.read_known()?;
        sign_response(&response.read(request.as_ref())?, key, &options)?
    };
    put_signed(reply, &signed);
    Ok(())
}

/// The best digest that is wanted and can be made. Found: its algorithm; empty for none.
///
/// # Errors
/// `want_digest_malformed`; `options_malformed` for a field of another name.
pub fn wanted_digest(reply: &mut Reply, field: &str, headers: &[u8]) -> Result<(), Refusal> {
    if !matches!(field, "want-content-digest" | "want-repr-digest") {
        return Err(Code::OptionsMalformed.into());
    }
    let wanted = wanted(&Headers::parse(headers)?, field)?;
    reply.text(wanted.map_or("", |algorithm| algorithm.as_str()));
    Ok(())
}
