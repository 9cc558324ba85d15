//! The door for JavaScript: the same verbs over strings, bytes and numbers.
//!
//! Every export gives the verb's reply as a frame (`docs/abi.md`). Handles and seconds are numbers
//! that a double holds exactly. Secrets come as bytes, which are wiped here after use.

use alloc::vec::Vec;

use countersign_core::{Code, Refusal};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroize as _;

use crate::frame::Reply;
use crate::handles::Handles;
use crate::instance::{Call, respond, wipe_stack};
use crate::verbs::{self, RequestParts, SigningParts};

fn reply(mut verb: impl FnMut(&mut Handles, &mut Reply) -> Result<(), Refusal>) -> Vec<u8> {
    answer(&mut verb)
}

// Apart from `reply`, so that the module has it once and not for every verb.
fn answer(verb: Call<'_>) -> Vec<u8> {
    respond(verb).to_vec()
}

/// Runs a verb on a secret, and wipes it.
fn secret(
    mut bytes: Vec<u8>,
    verb: impl Fn(&mut Handles, &mut Reply, &[u8]) -> Result<(), Refusal>,
) -> Vec<u8> {
    let out = reply(|handles, reply| verb(handles, reply, &bytes));
    bytes.zeroize();
    wipe_stack();
    out
}

/// Runs a verb on a secret text, and wipes it.
fn secret_text(
    bytes: Vec<u8>,
    verb: impl Fn(&mut Handles, &mut Reply, &str) -> Result<(), Refusal>,
) -> Vec<u8> {
    secret(bytes, |handles, reply, bytes| {
        let text = core::str::from_utf8(bytes).map_err(|_| Code::FrameMalformed)?;
        verb(handles, reply, text)
    })
}

/// A handle or a count of seconds: what is not a whole number in range becomes 0, which names nothing
/// and lies in 1970.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and every value out of range is refused later"
)]
fn whole(number: f64) -> u64 {
    if number >= 0.0 && number <= 9_007_199_254_740_991.0 {
        number as u64
    } else {
        0
    }
}

/// Wipes the last reply.
#[wasm_bindgen]
pub fn forget() {
    respond(&mut |_, _| Ok(()));
}

/// See [`verbs::token_generate`].
#[wasm_bindgen]
#[must_use]
pub fn token_generate(environment: &str, keyid: &str, entropy: Vec<u8>) -> Vec<u8> {
    secret(entropy, |_, reply, entropy| {
        verbs::token_generate(reply, environment, keyid, entropy)
    })
}

/// See [`verbs::token_check`].
#[wasm_bindgen]
#[must_use]
pub fn token_check(token: Vec<u8>) -> Vec<u8> {
    secret_text(token, |_, reply, token| verbs::token_check(reply, token))
}

/// See [`verbs::key_from_token`].
#[wasm_bindgen]
#[must_use]
pub fn key_from_token(token: Vec<u8>) -> Vec<u8> {
    secret_text(token, verbs::key_from_token)
}

/// See [`verbs::key_open`].
#[wasm_bindgen]
#[must_use]
pub fn key_open(keyid: &str, bytes: Vec<u8>) -> Vec<u8> {
    secret(bytes, |handles, reply, bytes| {
        verbs::key_open(handles, reply, keyid, bytes)
    })
}

/// See [`verbs::keyring_open`].
#[wasm_bindgen]
#[must_use]
pub fn keyring_open(json: Vec<u8>) -> Vec<u8> {
    secret_text(json, verbs::keyring_open)
}

/// See [`verbs::profile_open`].
#[wasm_bindgen]
#[must_use]
pub fn profile_open(json: &str) -> Vec<u8> {
    reply(|handles, reply| verbs::profile_open(handles, reply, json))
}

/// See [`verbs::bundle_open`].
#[wasm_bindgen]
#[must_use]
pub fn bundle_open(bytes: &[u8]) -> Vec<u8> {
    reply(|handles, reply| verbs::bundle_open(handles, reply, bytes))
}

/// See [`verbs::replay_open`].
#[wasm_bindgen]
#[must_use]
pub fn replay_open(capacity: f64, seed: f64) -> Vec<u8> {
    reply(|handles, reply| verbs::replay_open(handles, reply, whole(capacity), whole(seed)))
}

/// See [`verbs::close`].
#[wasm_bindgen]
#[must_use]
pub fn close(handle: f64) -> Vec<u8> {
    reply(|handles, _| verbs::close(handles, whole(handle)))
}

/// See [`verbs::sign_request`].
#[wasm_bindgen]
#[must_use]
#[expect(
    clippy::too_many_arguments,
    reason = "each crosses the boundary by itself, without an object"
)]
pub fn sign(
    key: f64,
    scheme: &str,
    method: &str,
    target: &str,
    headers: &[u8],
    body_kind: u32,
    body: &[u8],
    label: &str,
    components: &str,
    created: f64,
    expires: f64,
    nonce: &str,
    tag: &str,
    with_algorithm: bool,
) -> Vec<u8> {
    let request = RequestParts {
        scheme,
        method,
        target,
        headers,
        body_kind: body_kind.into(),
        body,
        peer: "",
    };
    let parts = SigningParts {
        label,
        components,
        created: whole(created),
        expires: whole(expires),
        nonce,
        tag,
        with_algorithm: with_algorithm.into(),
    };
    reply(|handles, reply| verbs::sign_request(handles, reply, whole(key), &request, &parts))
}

/// See [`verbs::verify`].
#[wasm_bindgen]
#[must_use]
#[expect(
    clippy::too_many_arguments,
    reason = "each crosses the boundary by itself, without an object"
)]
pub fn verify(
    ring: f64,
    profile: f64,
    now: f64,
    scheme: &str,
    method: &str,
    target: &str,
    headers: &[u8],
    body_kind: u32,
    body: &[u8],
    peer: &str,
) -> Vec<u8> {
    let request = RequestParts {
        scheme,
        method,
        target,
        headers,
        body_kind: body_kind.into(),
        body,
        peer,
    };
    reply(|handles, reply| {
        verbs::verify(
            handles,
            reply,
            whole(ring),
            whole(profile),
            whole(now),
            &request,
        )
    })
}

/// See [`verbs::spend`].
#[wasm_bindgen]
#[must_use]
pub fn spend(authentic: f64, replay: f64, now: f64) -> Vec<u8> {
    reply(|handles, reply| {
        verbs::spend(handles, reply, whole(authentic), whole(replay), whole(now))
    })
}

/// See [`verbs::spent`].
#[wasm_bindgen]
#[must_use]
pub fn spent(authentic: f64, answer: u32) -> Vec<u8> {
    reply(|handles, reply| verbs::spent(handles, reply, whole(authentic), answer.into()))
}

/// See [`verbs::authorize`].
#[wasm_bindgen]
#[must_use]
pub fn authorize(verified: f64, bundle: f64, context: &str) -> Vec<u8> {
    reply(|handles, reply| {
        verbs::authorize(handles, reply, whole(verified), whole(bundle), context)
    })
}

/// See [`verbs::inspect`].
#[wasm_bindgen]
#[must_use]
pub fn inspect(
    scheme: &str,
    method: &str,
    target: &str,
    headers: &[u8],
    status: u32,
    label: &str,
) -> Vec<u8> {
    let request = RequestParts {
        scheme,
        method,
        target,
        headers,
        body_kind: 0,
        body: b"",
        peer: "",
    };
    reply(|_, reply| verbs::inspect(reply, &request, status.into(), label))
}

/// See [`verbs::digest_open`].
#[wasm_bindgen]
#[must_use]
pub fn digest_open(algorithm: &str) -> Vec<u8> {
    reply(|handles, reply| verbs::digest_open(handles, reply, algorithm))
}

/// See [`verbs::digest_update`].
#[wasm_bindgen]
#[must_use]
pub fn digest_update(digest: f64, piece: &[u8]) -> Vec<u8> {
    reply(|handles, _| verbs::digest_update(handles, whole(digest), piece))
}

/// See [`verbs::digest_finish`].
#[wasm_bindgen]
#[must_use]
pub fn digest_finish(digest: f64) -> Vec<u8> {
    reply(|handles, reply| verbs::digest_finish(handles, reply, whole(digest)))
}

/// See [`verbs::digest_check`].
#[wasm_bindgen]
#[must_use]
pub fn digest_check(field: &str, headers: &[u8], body: &[u8]) -> Vec<u8> {
    reply(|_, reply| verbs::digest_check(reply, field, headers, body))
}

/// See [`verbs::mac`].
#[wasm_bindgen]
#[must_use]
pub fn mac(key: Vec<u8>, message: &[u8]) -> Vec<u8> {
    secret(key, |_, reply, key| {
        verbs::mac(reply, key, message);
        Ok(())
    })
}
