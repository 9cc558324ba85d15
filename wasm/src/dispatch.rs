//! The verbs by their numbers, with their arguments read out of a frame. `docs/abi.md` lists them.

use countersign_core::{Code, Refusal};

#[cfg(feature = "edge")]
use crate::edge;
use crate::frame::{Fields, Reply};
use crate::handles::Handles;
#[cfg(feature = "complete")]
use crate::negotiation::{self, AskingParts, HonouringParts};
use crate::request::RequestParts;
#[cfg(feature = "provider")]
use crate::request::ResponseParts;
#[cfg(feature = "schemes")]
use crate::schemes::{self, MomentParts};
use crate::verbs::{self, SigningParts};
#[cfg(feature = "provider")]
use crate::{pairs, provider};
#[cfg(feature = "complete")]
use crate::{primitives, structured};

macro_rules! verbs {
    ($($(#[$when:meta])? $number:literal $name:ident($handles:ident, $reply:ident, $fields:ident) $body:expr;)*) => {
        /// The number of each verb. Numbers are stable.
        pub mod number {
            $(
                #[doc = concat!("`", stringify!($name), "`")]
                #[allow(non_upper_case_globals, reason = "they are named as the verbs")]
                pub const $name: u32 = $number;
            )*
        }

        /// Runs the verb of this number.
        ///
        /// # Errors
        /// `verb_unknown`, `frame_malformed`, and those of the verb.
        pub fn run(
            verb: u32,
            handles: &mut Handles,
            reply: &mut Reply,
            fields: &mut Fields<'_>,
        ) -> Result<(), Refusal> {
            match verb {
                $($(#[$when])? $number => { let ($handles, $reply, $fields) = (handles, reply, fields); $body })*
                _ => Err(Code::VerbUnknown.into()),
            }
        }
    };
}

verbs! {
    1 token_generate(_h, reply, f) verbs::token_generate(reply, f.text()?, f.text()?, f.bytes()?);
    2 token_check(_h, reply, f) verbs::token_check(reply, f.text()?);
    3 key_from_token(handles, reply, f) verbs::key_from_token(handles, reply, f.text()?);
    4 key_open(handles, reply, f) verbs::key_open(handles, reply, f.text()?, f.bytes()?);
    #[cfg(feature = "provider")]
    5 keyring_open(handles, reply, f) provider::keyring_open(handles, reply, f.text()?);
    6 mac(_h, reply, f) {
        verbs::mac(reply, f.bytes()?, f.bytes()?);
        Ok(())
    };
    #[cfg(feature = "schemes")]
    7 credentials_open(handles, reply, f) {
        schemes::credentials_open(handles, reply, f.text()?, f.bytes()?, f.text()?, f.text()?)
    };
    #[cfg(feature = "provider")]
    8 private_key_open(handles, reply, f) {
        pairs::private_key_open(handles, reply, f.text()?, f.text()?, f.bytes()?)
    };
    #[cfg(feature = "edge")]
    9 edge_open(handles, reply, f) edge::edge_open(handles, reply, f.text()?);
    #[cfg(feature = "provider")]
    16 profile_open(handles, reply, f) provider::profile_open(handles, reply, f.text()?);
    #[cfg(feature = "provider")]
    17 bundle_open(handles, reply, f) provider::bundle_open(handles, reply, f.bytes()?);
    #[cfg(feature = "provider")]
    18 publishers_pin(handles, _r, f) provider::publishers_pin(handles, f.text()?);
    #[cfg(feature = "provider")]
    19 entities_open(handles, reply, f) provider::entities_open(handles, reply, f.number()?, f.text()?);
    #[cfg(feature = "provider")]
    20 replay_open(handles, reply, f) provider::replay_open(handles, reply, f.number()?, f.number()?);
    21 close(handles, _r, f) verbs::close(handles, f.number()?);
    #[cfg(feature = "schemes")]
    22 scheme_open(handles, reply, f) schemes::scheme_open(handles, reply, f.text()?);
    23 codes(_h, reply, _f) {
        verbs::codes(reply);
        Ok(())
    };
    #[cfg(feature = "provider")]
    24 key_derive(handles, reply, f) {
        provider::key_derive(handles, reply, f.number()?, f.text()?, f.text()?, f.number()?)
    };
    #[cfg(feature = "edge")]
    25 snapshot_load(handles, reply, f) edge::snapshot_load(handles, reply, f.number()?, f.number()?, f.bytes()?);
    32 sign(handles, reply, f) {
        let (key, request) = (f.number()?, request(f)?);
        verbs::sign_request(handles, reply, key, &request, &signing(f)?)
    };
    #[cfg(feature = "provider")]
    33 verify(handles, reply, f) {
        let (ring, profile, now) = (f.number()?, f.number()?, f.number()?);
        provider::verify(handles, reply, ring, profile, now, &request(f)?)
    };
    #[cfg(feature = "provider")]
    34 spend(handles, reply, f) provider::spend(handles, reply, f.number()?, f.number()?, f.number()?);
    #[cfg(feature = "provider")]
    35 spent(handles, reply, f) provider::spent(handles, reply, f.number()?, f.number()?);
    #[cfg(feature = "provider")]
    36 authorize(handles, reply, f) provider::authorize(handles, reply, f.number()?, f.number()?, f.text()?);
    #[cfg(feature = "provider")]
    37 decide(handles, reply, f) provider::decide(handles, reply, f.number()?, f.bytes()?);
    #[cfg(feature = "provider")]
    38 inspect(_h, reply, f) provider::inspect(reply, &request(f)?, f.number()?, f.text()?);
    #[cfg(feature = "schemes")]
    39 scheme_sign(handles, reply, f) {
        let (scheme, credentials, request) = (f.number()?, f.number()?, request(f)?);
        schemes::scheme_sign(handles, reply, scheme, credentials, &request, &moment(f)?)
    };
    #[cfg(feature = "schemes")]
    40 scheme_base(handles, reply, f) {
        let (scheme, credentials, request) = (f.number()?, f.number()?, request(f)?);
        schemes::scheme_base(handles, reply, scheme, credentials, &request, &moment(f)?)
    };
    #[cfg(feature = "schemes")]
    41 scheme_keyid(handles, reply, f) schemes::scheme_keyid(handles, reply, f.number()?, &request(f)?);
    #[cfg(feature = "schemes")]
    42 scheme_verify(handles, reply, f) {
        let (scheme, credentials, request) = (f.number()?, f.bytes()?, request(f)?);
        let (now_ms, tolerance) = (f.number()?, f.bytes()?);
        schemes::scheme_verify(handles, reply, scheme, credentials, &request, now_ms, tolerance)
    };
    #[cfg(feature = "schemes")]
    43 scheme_describe(handles, reply, f) schemes::scheme_describe(handles, reply, f.number()?);
    #[cfg(feature = "complete")]
    44 scheme_canonical_request(handles, reply, f) {
        let (scheme, credentials, request) = (f.number()?, f.number()?, request(f)?);
        schemes::scheme_canonical_request(handles, reply, scheme, credentials, &request, &moment(f)?)
    };
    48 digest_open(handles, reply, f) verbs::digest_open(handles, reply, f.text()?);
    49 digest_update(handles, _r, f) verbs::digest_update(handles, f.number()?, f.bytes()?);
    50 digest_finish(handles, reply, f) verbs::digest_finish(handles, reply, f.number()?);
    #[cfg(feature = "provider")]
    51 digest_check(_h, reply, f) provider::digest_check(reply, f.text()?, f.bytes()?, f.bytes()?);
    #[cfg(feature = "provider")]
    52 sign_response(handles, reply, f) {
        let (key, request, response) = (f.number()?, request(f)?, response(f)?);
        pairs::sign_response(handles, reply, key, &request, &response, &signing(f)?)
    };
    #[cfg(feature = "provider")]
    53 verify_response(handles, reply, f) {
        let against = (f.number()?, f.number()?, f.number()?);
        pairs::verify_response(handles, reply, against, &request(f)?, &response(f)?)
    };
    #[cfg(feature = "provider")]
    54 evidence(handles, reply, f) pairs::evidence(handles, reply, f.number()?);
    #[cfg(feature = "complete")]
    55 evidence_verify(_h, reply, f) pairs::evidence_verify(reply, f.text()?);
    #[cfg(feature = "complete")]
    56 accept_signature(_h, reply, f) {
        let parts = AskingParts {
            label: f.text()?,
            components: f.text()?,
            created: f.number()?,
            expires: f.number()?,
            nonce: f.text()?,
            algorithm: f.text()?,
            keyid: f.text()?,
            tag: f.text()?,
        };
        negotiation::accept_signature(reply, &parts)
    };
    #[cfg(feature = "complete")]
    57 signature_requests(_h, reply, f) negotiation::signature_requests(reply, f.bytes()?);
    #[cfg(feature = "complete")]
    58 sign_as_asked(handles, reply, f) {
        let (key, request, response) = (f.number()?, request(f)?, response(f)?);
        let parts = HonouringParts {
            asking: f.bytes()?,
            label: f.text()?,
            created: f.number()?,
            lifetime: f.number()?,
            nonce: f.text()?,
        };
        negotiation::sign_as_asked(handles, reply, key, &request, &response, &parts)
    };
    #[cfg(feature = "complete")]
    59 wanted_digest(_h, reply, f) negotiation::wanted_digest(reply, f.text()?, f.bytes()?);
    #[cfg(feature = "complete")]
    60 signature_base(_h, reply, f) {
        let (request, response) = (request(f)?, response(f)?);
        primitives::signature_base(reply, &request, &response, f.bytes()?, f.text()?, f.text()?)
    };
    #[cfg(feature = "complete")]
    61 key_sign(handles, reply, f) primitives::key_sign(handles, reply, f.number()?, f.bytes()?);
    #[cfg(feature = "complete")]
    62 signature_check(_h, reply, f) {
        primitives::signature_check(reply, f.text()?, f.bytes()?, f.bytes()?, f.bytes()?)
    };
    #[cfg(feature = "complete")]
    63 field_canonical(_h, reply, f) structured::field_canonical(reply, f.text()?, f.text()?);
    #[cfg(feature = "complete")]
    64 field_read(_h, reply, f) structured::field_read(reply, f.text()?, f.text()?);
    #[cfg(feature = "complete")]
    65 field_write(_h, reply, f) structured::field_write(reply, f.text()?, f);
}

/// Whether the frames of the verb carry secrets.
#[must_use]
pub const fn is_secret(verb: u32) -> bool {
    verb < 16
}

/// Whether the verb opens or uses a key, so that something of it may lie on the stack after.
#[must_use]
pub const fn uses_key(verb: u32) -> bool {
    is_secret(verb) || matches!(verb, 24 | 32 | 39 | 52 | 58 | 61)
}

/// The seven fields of a request: scheme, method, target, headers, body kind, body, peer.
fn request<'a>(fields: &mut Fields<'a>) -> Result<RequestParts<'a>, Refusal> {
    Ok(RequestParts {
        scheme: fields.text()?,
        method: fields.text()?,
        target: fields.text()?,
        headers: fields.bytes()?,
        body_kind: fields.number()?,
        body: fields.bytes()?,
        peer: fields.text()?,
    })
}

/// The four fields of a response, after those of its request: status, headers, body kind, body.
#[cfg(feature = "provider")]
fn response<'a>(fields: &mut Fields<'a>) -> Result<ResponseParts<'a>, Refusal> {
    Ok(ResponseParts {
        status: fields.number()?,
        headers: fields.bytes()?,
        body_kind: fields.number()?,
        body: fields.bytes()?,
    })
}

/// How to sign: label, components, created, expires, nonce, tag, whether to state the algorithm.
fn signing<'a>(fields: &mut Fields<'a>) -> Result<SigningParts<'a>, Refusal> {
    Ok(SigningParts {
        label: fields.text()?,
        components: fields.text()?,
        created: fields.number()?,
        expires: fields.number()?,
        nonce: fields.text()?,
        tag: fields.text()?,
        with_algorithm: fields.number()?,
    })
}

/// When a vendor's request is signed: milliseconds since 1970, nonce, entropy.
#[cfg(feature = "schemes")]
fn moment<'a>(fields: &mut Fields<'a>) -> Result<MomentParts<'a>, Refusal> {
    Ok(MomentParts {
        now_ms: fields.number()?,
        nonce: fields.text()?,
        entropy: fields.bytes()?,
    })
}
