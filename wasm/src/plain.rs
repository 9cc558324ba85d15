//! The door for every host but JavaScript: plain exports over byte frames (`docs/abi.md`).
#![expect(unsafe_code, reason = "plain exports take addresses from the host")]

use alloc::boxed::Box;
use alloc::vec;

use zeroize::Zeroize as _;

use crate::instance::{Door, answer, respond};

/// The version of the frames and verbs: it grows when one changes its fields.
#[unsafe(no_mangle)]
pub extern "C" fn countersign_abi_version() -> u32 {
    3
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
    respond(&mut |_, _| Ok(()), Door::Plain);
}

/// Runs a verb on the frame at `address`, and gives `address << 32 | length` of its reply, which is
/// good until the next call.
///
/// # Safety
/// The frame is memory from `countersign_alloc`, `length` bytes of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn countersign_call(verb: u32, address: *mut u8, length: usize) -> u64 {
    // SAFETY: as this function demands.
    let frame = unsafe { core::slice::from_raw_parts_mut(address, length) };
    let reply = answer(verb, frame, Door::Plain);
    (reply.as_ptr().addr() as u64) << 32 | reply.len() as u64
}
