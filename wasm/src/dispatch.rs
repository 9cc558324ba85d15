//! The verbs by their numbers, with their arguments read out of a frame. `docs/abi.md` lists them.

use countersign_core::{Code, Refusal};

use crate::frame::{Fields, Reply};
use crate::handles::Handles;
use crate::verbs::{self, RequestParts, SigningParts};

macro_rules! verbs {
    ($($number:literal $name:ident($handles:ident, $reply:ident, $fields:ident) $body:expr;)*) => {
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
                $($number => { let ($handles, $reply, $fields) = (handles, reply, fields); $body })*
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
    5 keyring_open(handles, reply, f) verbs::keyring_open(handles, reply, f.text()?);
    6 mac(_h, reply, f) {
        verbs::mac(reply, f.bytes()?, f.bytes()?);
        Ok(())
    };
    16 profile_open(handles, reply, f) verbs::profile_open(handles, reply, f.text()?);
    17 bundle_open(handles, reply, f) verbs::bundle_open(handles, reply, f.bytes()?);
    18 publishers_pin(handles, _r, f) verbs::publishers_pin(handles, f.text()?);
    19 entities_open(handles, reply, f) verbs::entities_open(handles, reply, f.number()?, f.text()?);
    20 replay_open(handles, reply, f) verbs::replay_open(handles, reply, f.number()?, f.number()?);
    21 close(handles, _r, f) verbs::close(handles, f.number()?);
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
    33 verify(handles, reply, f) {
        let (ring, profile, now) = (f.number()?, f.number()?, f.number()?);
        verbs::verify(handles, reply, ring, profile, now, &request(f)?)
    };
    34 spend(handles, reply, f) verbs::spend(handles, reply, f.number()?, f.number()?, f.number()?);
    35 spent(handles, reply, f) verbs::spent(handles, reply, f.number()?, f.number()?);
    36 authorize(handles, reply, f) verbs::authorize(handles, reply, f.number()?, f.number()?, f.text()?);
    37 decide(handles, reply, f) verbs::decide(handles, reply, f.number()?, f.bytes()?);
    38 inspect(_h, reply, f) verbs::inspect(reply, &request(f)?, f.number()?, f.text()?);
    48 digest_open(handles, reply, f) verbs::digest_open(handles, reply, f.text()?);
    49 digest_update(handles, _r, f) verbs::digest_update(handles, f.number()?, f.bytes()?);
    50 digest_finish(handles, reply, f) verbs::digest_finish(handles, reply, f.number()?);
    51 digest_check(_h, reply, f) verbs::digest_check(reply, f.text()?, f.bytes()?, f.bytes()?);
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
