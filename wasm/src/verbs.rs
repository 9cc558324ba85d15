//! What every module does, as both doors call it: one function a verb.

use alloc::string::String;
use alloc::vec::Vec;

use countersign_core::{
    Code, ContentDigest, DigestAlgorithm, Environment, Refusal, SharedSecret, SignOptions,
    SigningKey, Token, UnixSeconds, hmac_sha256, sign,
};

use crate::frame::Reply;
use crate::handles::Handles;
use crate::request::RequestParts;

/// How to sign; empty texts and zero times are left out.
#[derive(Clone, Copy, Debug)]
pub struct SigningParts<'a> {
    /// The label; empty: `sig1`.
    pub label: &'a str,
    /// The covered components, one a line; empty: the usual ones.
    pub components: &'a str,
    /// Seconds since 1970.
    pub created: u64,
    /// Seconds since 1970; 0: no `expires`.
    pub expires: u64,
    /// The nonce.
    pub nonce: &'a str,
    /// The tag.
    pub tag: &'a str,
    /// 1: state the algorithm.
    pub with_algorithm: u64,
}

/// Makes a token of 32 random bytes. Found: the token.
///
/// # Errors
/// `token_malformed` for a wrong environment, keyid or amount of entropy.
pub fn token_generate(
    reply: &mut Reply,
    environment: &str,
    keyid: &str,
    entropy: &[u8],
) -> Result<(), Refusal> {
    let environment = Environment::parse(environment).ok_or(Code::TokenMalformed)?;
    let entropy = entropy.try_into().map_err(|_| Code::TokenMalformed)?;
    reply.text(&Token::generate(environment, keyid, entropy)?.reveal());
    Ok(())
}

/// Checks a token. Found: its environment and keyid.
///
/// # Errors
/// Those of [`Token::parse`].
pub fn token_check(reply: &mut Reply, token: &str) -> Result<(), Refusal> {
    let token = Token::parse(token)?;
    reply.text(token.environment().as_str());
    reply.text(token.keyid().as_str());
    Ok(())
}

/// Opens the key of a token. Found: handle, keyid.
///
/// # Errors
/// Those of [`Token::parse`].
pub fn key_from_token(
    handles: &mut Handles,
    reply: &mut Reply,
    token: &str,
) -> Result<(), Refusal> {
    let key = Token::parse(token)?.signing_key()?;
    put_key(handles, reply, key)
}

/// Opens a key of a keyid and a secret. Found: handle, keyid.
///
/// # Errors
/// `keyid_malformed`, `secret_too_short`.
pub fn key_open(
    handles: &mut Handles,
    reply: &mut Reply,
    keyid: &str,
    secret: &[u8],
) -> Result<(), Refusal> {
    let key = SigningKey::new(keyid, &SharedSecret::new(secret.to_vec())?)?;
    put_key(handles, reply, key)
}

fn put_key(handles: &mut Handles, reply: &mut Reply, key: SigningKey) -> Result<(), Refusal> {
    let keyid = String::from(key.id().as_str());
    reply.number(handles.insert(key)?);
    reply.text(&keyid);
    Ok(())
}

/// Closes a handle of any kind.
///
/// # Errors
/// `handle_unknown`.
pub fn close(handles: &mut Handles, handle: u64) -> Result<(), Refusal> {
    handles.close(handle)
}

/// The texts of every code of refusal, by its number. Found: names, sentences.
pub fn codes(reply: &mut Reply) {
    reply.lines(Code::ALL.iter().map(|code| code.as_str()));
    reply.lines(Code::ALL.iter().map(|code| code.sentence()));
}

/// Signs a request. Found: the values of `Signature-Input`, `Signature` and `Content-Digest`, the
/// last one empty if no such field is to be added.
///
/// # Errors
/// Those of [`sign`].
pub fn sign_request(
    handles: &mut Handles,
    reply: &mut Reply,
    key: u64,
    request: &RequestParts<'_>,
    parts: &SigningParts<'_>,
) -> Result<(), Refusal> {
    let key = handles.get::<SigningKey>(key)?;
    let mut options =
        SignOptions::new(UnixSeconds::new(parts.created)).with_algorithm(parts.with_algorithm == 1);
    if !parts.label.is_empty() {
        options = options.label(parts.label);
    }
    if !parts.components.is_empty() {
        let mut components: Vec<String> = Vec::new();
        for component in parts.components.split('\n') {
            components.push(component.into());
        }
        options = options.components(components);
    }
    if parts.expires != 0 {
        options = options.expires(UnixSeconds::new(parts.expires));
    }
    if !parts.nonce.is_empty() {
        options = options.nonce(parts.nonce);
    }
    if !parts.tag.is_empty() {
        options = options.tag(parts.tag);
    }
    let signed = sign(&request.read()?, key, &options)?;
    reply.text(&signed.signature_input);
    reply.text(&signed.signature);
    reply.text(signed.content_digest.as_deref().unwrap_or(""));
    Ok(())
}

/// Starts the digest of a body (`sha-256` or `sha-512`). Found: handle.
///
/// # Errors
/// `digest_algorithm_unsupported`.
pub fn digest_open(
    handles: &mut Handles,
    reply: &mut Reply,
    algorithm: &str,
) -> Result<(), Refusal> {
    let algorithm = DigestAlgorithm::parse(algorithm).ok_or(Code::DigestAlgorithmUnsupported)?;
    reply.number(handles.insert(ContentDigest::new(algorithm))?);
    Ok(())
}

/// Adds a piece of the body.
///
/// # Errors
/// `handle_unknown`.
pub fn digest_update(handles: &mut Handles, digest: u64, piece: &[u8]) -> Result<(), Refusal> {
    handles.get::<ContentDigest>(digest)?.update(piece);
    Ok(())
}

/// Ends the digest. Found: its bytes, and the value of `Content-Digest`.
///
/// # Errors
/// `handle_unknown`.
pub fn digest_finish(handles: &mut Handles, reply: &mut Reply, digest: u64) -> Result<(), Refusal> {
    let digest = handles.take::<ContentDigest>(digest)?.finish();
    reply.bytes(digest.as_bytes());
    reply.text(&digest.to_field());
    Ok(())
}

/// The HMAC-SHA-256 of a message under a raw key. Found: 32 bytes.
pub fn mac(reply: &mut Reply, key: &[u8], message: &[u8]) {
    reply.bytes(&hmac_sha256(key, message));
}
