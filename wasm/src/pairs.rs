//! What the module does with pairs of keys: signing by the private half, responses, and evidence, which
//! only a public half can give. One function a verb.

use countersign_core::{
    Algorithm, Authentic, AuthenticResponse, Code, Evidence, KeyRing, Profile, Refusal, SigningKey,
    UnixSeconds, Verified, sign_response as sign,
};

use crate::frame::Reply;
use crate::handles::Handles;
use crate::request::{RequestParts, ResponseParts};
use crate::verbs::{SigningParts, put_key, put_signed};

/// Opens a private key: 32 raw bytes of the algorithm that is named; or, where none is, a PKCS#8
/// structure in DER. The complete module reads a PEM text, too. Found: handle, keyid, algorithm, the public key in raw form.
///
/// # Errors
/// `keyid_malformed`, `private_key_malformed`, `algorithm_unknown`.
pub fn private_key_open(
    handles: &mut Handles,
    reply: &mut Reply,
    keyid: &str,
    algorithm: &str,
    private: &[u8],
) -> Result<(), Refusal> {
    let key = if algorithm.is_empty() {
        of_structure(keyid, private)?
    } else {
        let raw = private.try_into().map_err(|_| Code::PrivateKeyMalformed)?;
        match Algorithm::parse(algorithm)? {
            Algorithm::Ed25519 => SigningKey::ed25519(keyid, raw)?,
            #[cfg(feature = "complete")]
            Algorithm::EcdsaP256Sha256 => SigningKey::ecdsa_p256(keyid, raw)?,
            _ => return Err(Code::PrivateKeyMalformed.into()),
        }
    };
    let algorithm = key.algorithm();
    let public = key.verifying_key();
    put_key(handles, reply, key)?;
    reply.text(algorithm.as_str());
    reply.bytes(&public.map_or(alloc::vec::Vec::new(), |key| key.to_bytes()));
    Ok(())
}

#[cfg(not(feature = "complete"))]
fn of_structure(keyid: &str, private: &[u8]) -> Result<SigningKey, Refusal> {
    SigningKey::from_pkcs8(keyid, private)
}

#[cfg(feature = "complete")]
fn of_structure(keyid: &str, private: &[u8]) -> Result<SigningKey, Refusal> {
    match core::str::from_utf8(private) {
        Ok(text) if text.starts_with("-----BEGIN") => SigningKey::from_pem(keyid, text),
        _ => SigningKey::from_pkcs8(keyid, private),
    }
}

/// Signs a response to a request. Found: as of signing a request.
///
/// # Errors
/// Those of [`sign_response`](countersign_core::sign_response).
pub fn sign_response(
    handles: &mut Handles,
    reply: &mut Reply,
    key: u64,
    request: &RequestParts<'_>,
    response: &ResponseParts<'_>,
    parts: &SigningParts<'_>,
) -> Result<(), Refusal> {
    let request = request.read_known()?;
    let response = response.read(request.as_ref())?;
    let key = handles.get::<SigningKey>(key)?;
    put_signed(reply, &sign(&response, key, &parts.options())?);
    Ok(())
}

/// Verifies a response to a request. Found: keyid, and the evidence as JSON; empty where the key is a
/// shared secret.
///
/// # Errors
/// Those of [`AuthenticResponse::verify`].
pub fn verify_response(
    handles: &mut Handles,
    reply: &mut Reply,
    (ring, profile, now): (u64, u64, u64),
    request: &RequestParts<'_>,
    response: &ResponseParts<'_>,
) -> Result<(), Refusal> {
    let request = request.read_known()?;
    let response = response.read(request.as_ref())?;
    let (ring, profile) = handles.pair::<KeyRing, Profile>(ring, profile)?;
    let authentic = AuthenticResponse::verify(&response, profile, ring, UnixSeconds::new(now))?;
    reply.text(authentic.keyid());
    put_evidence(reply, authentic.evidence());
    Ok(())
}

/// What proves who signed an authentic or verified request. Found: JSON; empty where the key is a
/// shared secret.
///
/// # Errors
/// `handle_unknown`.
pub fn evidence(handles: &mut Handles, reply: &mut Reply, request: u64) -> Result<(), Refusal> {
    let evidence = match handles.get::<Authentic>(request) {
        Ok(authentic) => authentic.evidence(),
        Err(_) => handles.get::<Verified>(request)?.evidence(),
    };
    put_evidence(reply, evidence);
    Ok(())
}

fn put_evidence(reply: &mut Reply, evidence: Option<Evidence>) {
    reply.text(&evidence.map_or(alloc::string::String::new(), |evidence| evidence.to_json()));
}

/// Checks evidence, as a third party does. Found: keyid, algorithm, the public key in raw form, the base that was signed.
///
/// # Errors
/// Those of [`Evidence::from_json`] and [`Evidence::verify`].
#[cfg(feature = "complete")]
pub fn evidence_verify(reply: &mut Reply, json: &str) -> Result<(), Refusal> {
    let evidence = Evidence::from_json(json)?;
    evidence.verify()?;
    reply.text(evidence.keyid());
    reply.text(evidence.algorithm().as_str());
    reply.bytes(&evidence.public_key().to_bytes());
    reply.text(evidence.base());
    Ok(())
}
