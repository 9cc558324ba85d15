//! The door for every host but JavaScript: plain exports over byte frames (`docs/abi.md`).
//!
//! A verb takes the address and length of a frame and gives `address << 32 | length` of its reply,
//! which is good until the next call. Frames that carry secrets are wiped before the verb returns.
#![expect(unsafe_code, reason = "plain exports take addresses from the host")]

use alloc::boxed::Box;
use alloc::vec;

use countersign_core::Refusal;
use zeroize::Zeroize as _;

use crate::frame::{Fields, Reply};
use crate::handles::Handles;
use crate::instance::{respond, wipe_stack};
use crate::verbs::{self, RequestParts, SigningParts};

/// The version of this door: it grows when a frame changes its fields.
#[unsafe(no_mangle)]
pub extern "C" fn countersign_abi_version() -> u32 {
    1
}

/// Gives `length` bytes of the module's memory to the host, for a frame.
#[unsafe(no_mangle)]
pub extern "C" fn countersign_alloc(length: usize) -> *mut u8 {
    Box::into_raw(vec![0_u8; length].into_boxed_slice()).cast()
}

/// Takes them back and wipes them.
///
/// # Safety
/// `address` and `length` are those of one `countersign_alloc`, not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn countersign_free(address: *mut u8, length: usize) {
    // SAFETY: as this function demands.
    let mut bytes = unsafe { Box::from_raw(core::ptr::slice_from_raw_parts_mut(address, length)) };
    bytes.zeroize();
}

/// Wipes the last reply, which may hold a token.
#[unsafe(no_mangle)]
pub extern "C" fn countersign_forget() {
    respond(&mut |_, _| Ok(()));
}

/// Whether a frame carries a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Plain,
    Secret,
}

/// A verb, which reads its arguments out of a frame.
type Verb<'a> = &'a mut dyn FnMut(&mut Handles, &mut Reply, &mut Fields<'_>) -> Result<(), Refusal>;

/// # Safety
/// `address` and `length` name memory of the module that nothing else refers to during the call.
unsafe fn call(kind: Frame, address: *mut u8, length: usize, verb: Verb<'_>) -> u64 {
    // SAFETY: as this function demands.
    let frame = unsafe { core::slice::from_raw_parts_mut(address, length) };
    let reply = respond(&mut |handles, reply| {
        let mut fields = Fields::new(frame);
        verb(handles, reply, &mut fields)
    });
    if kind == Frame::Secret {
        frame.zeroize();
        wipe_stack();
    }
    (reply.as_ptr().addr() as u64) << 32 | reply.len() as u64
}

macro_rules! exports {
    ($($(#[$doc:meta])* $kind:ident $name:ident($handles:ident, $reply:ident, $fields:ident) $body:block)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The frame at `address` is memory from `countersign_alloc`, `length` bytes of it.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(address: *mut u8, length: usize) -> u64 {
            // SAFETY: as this function demands.
            unsafe { call(Frame::$kind, address, length, &mut |$handles, $reply, $fields| $body) }
        }
    )*};
}

exports! {
    /// [`verbs::token_generate`]: environment, keyid, entropy.
    Secret countersign_token_generate(_handles, reply, fields) {
        verbs::token_generate(reply, fields.text()?, fields.text()?, fields.bytes()?)
    }
    /// [`verbs::token_check`]: token.
    Secret countersign_token_check(_handles, reply, fields) {
        verbs::token_check(reply, fields.text()?)
    }
    /// [`verbs::key_from_token`]: token.
    Secret countersign_key_from_token(handles, reply, fields) {
        verbs::key_from_token(handles, reply, fields.text()?)
    }
    /// [`verbs::key_open`]: keyid, secret.
    Secret countersign_key_open(handles, reply, fields) {
        verbs::key_open(handles, reply, fields.text()?, fields.bytes()?)
    }
    /// [`verbs::keyring_open`]: JSON.
    Secret countersign_keyring_open(handles, reply, fields) {
        verbs::keyring_open(handles, reply, fields.text()?)
    }
    /// [`verbs::profile_open`]: JSON.
    Plain countersign_profile_open(handles, reply, fields) {
        verbs::profile_open(handles, reply, fields.text()?)
    }
    /// [`verbs::bundle_open`]: bundle.
    Plain countersign_bundle_open(handles, reply, fields) {
        verbs::bundle_open(handles, reply, fields.bytes()?)
    }
    /// [`verbs::replay_open`]: capacity, seed.
    Plain countersign_replay_open(handles, reply, fields) {
        verbs::replay_open(handles, reply, fields.number()?, fields.number()?)
    }
    /// [`verbs::close`]: handle.
    Plain countersign_close(handles, _reply, fields) {
        verbs::close(handles, fields.number()?)
    }
    /// [`verbs::sign_request`]: key, request, label, components, created, expires, nonce, tag, with
    /// algorithm.
    Plain countersign_sign(handles, reply, fields) {
        let key = fields.number()?;
        let request = request(fields)?;
        let parts = SigningParts {
            label: fields.text()?,
            components: fields.text()?,
            created: fields.number()?,
            expires: fields.number()?,
            nonce: fields.text()?,
            tag: fields.text()?,
            with_algorithm: fields.number()?,
        };
        verbs::sign_request(handles, reply, key, &request, &parts)
    }
    /// [`verbs::verify`]: keyring, profile, now, request.
    Plain countersign_verify(handles, reply, fields) {
        let (ring, profile, now) = (fields.number()?, fields.number()?, fields.number()?);
        verbs::verify(handles, reply, ring, profile, now, &request(fields)?)
    }
    /// [`verbs::spend`]: authentic, replay cache, now.
    Plain countersign_spend(handles, reply, fields) {
        verbs::spend(handles, reply, fields.number()?, fields.number()?, fields.number()?)
    }
    /// [`verbs::spent`]: authentic, answer.
    Plain countersign_spent(handles, reply, fields) {
        verbs::spent(handles, reply, fields.number()?, fields.number()?)
    }
    /// [`verbs::authorize`]: verified, bundle, context.
    Plain countersign_authorize(handles, reply, fields) {
        verbs::authorize(handles, reply, fields.number()?, fields.number()?, fields.text()?)
    }
    /// [`verbs::inspect`]: request, status, label.
    Plain countersign_inspect(_handles, reply, fields) {
        verbs::inspect(reply, &request(fields)?, fields.number()?, fields.text()?)
    }
    /// [`verbs::digest_open`]: algorithm.
    Plain countersign_digest_open(handles, reply, fields) {
        verbs::digest_open(handles, reply, fields.text()?)
    }
    /// [`verbs::digest_update`]: digest, piece.
    Plain countersign_digest_update(handles, _reply, fields) {
        verbs::digest_update(handles, fields.number()?, fields.bytes()?)
    }
    /// [`verbs::digest_finish`]: digest.
    Plain countersign_digest_finish(handles, reply, fields) {
        verbs::digest_finish(handles, reply, fields.number()?)
    }
    /// [`verbs::digest_check`]: field, headers, body.
    Plain countersign_digest_check(_handles, reply, fields) {
        verbs::digest_check(reply, fields.text()?, fields.bytes()?, fields.bytes()?)
    }
    /// [`verbs::mac`]: key, message.
    Secret countersign_mac(_handles, reply, fields) {
        verbs::mac(reply, fields.bytes()?, fields.bytes()?);
        Ok(())
    }
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
