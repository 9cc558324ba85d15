//! The verbs by their numbers, with their arguments read out of a frame. `docs/abi.md` lists them.

use countersign_core::{Code, Refusal};

use crate::frame::{Fields, Reply};
use crate::handles::Handles;
#[cfg(feature = "provider")]
use crate::provider;
use crate::request::RequestParts;
#[cfg(feature = "schemes")]
use crate::schemes::{self, MomentParts};
use crate::verbs::{self, SigningParts};

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
    32 sign(handles, reply, f) {
        let key = f.number()?;
        let request = request(f)?;
        let parts = SigningParts {
            label: f.text()?,
            components: f.text()?,
            created: f.number()?,
            expires: f.number()?,
            nonce: f.text()?,
            tag: f.text()?,
            with_algorithm: f.number()?,
        };
        verbs::sign_request(handles, reply, key, &request, &parts)
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
    48 digest_open(handles, reply, f) verbs::digest_open(handles, reply, f.text()?);
    49 digest_update(handles, _r, f) verbs::digest_update(handles, f.number()?, f.bytes()?);
    50 digest_finish(handles, reply, f) verbs::digest_finish(handles, reply, f.number()?);
    #[cfg(feature = "provider")]
    51 digest_check(_h, reply, f) provider::digest_check(reply, f.text()?, f.bytes()?, f.bytes()?);
}

/// Whether the frames of the verb carry secrets.
#[must_use]
pub const fn is_secret(verb: u32) -> bool {
    verb < 16
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

/// When a vendor's request is signed: milliseconds since 1970, nonce, entropy.
#[cfg(feature = "schemes")]
fn moment<'a>(fields: &mut Fields<'a>) -> Result<MomentParts<'a>, Refusal> {
    Ok(MomentParts {
        now_ms: fields.number()?,
        nonce: fields.text()?,
        entropy: fields.bytes()?,
    })
}
