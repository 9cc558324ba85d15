//! The door for JavaScript: the same verbs, numbers and frames, without memory to ask for and to give
//! back at every call.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::instance::{Door, answer, keep_frame, respond, take_frame};

/// Where to write the next frame, of up to `length` bytes. A later frame of no more bytes goes to the same place.
#[wasm_bindgen]
#[must_use]
pub fn room(length: usize) -> *mut u8 {
    let mut frame = take_frame(length);
    let address = frame.as_mut_ptr();
    keep_frame(frame);
    address
}

/// Runs a verb on the frame of `length` bytes there, and gives the address of its reply, which is good until
/// the next call. Its fields say where they end.
#[wasm_bindgen]
#[must_use]
pub fn call(verb: u32, length: usize) -> *const u8 {
    let mut frame = take_frame(0);
    let reply = answer(
        verb,
        frame.get_mut(..length).unwrap_or_default(),
        Door::JavaScript,
    );
    keep_frame(frame);
    reply.as_ptr()
}

/// Wipes the last reply.
#[wasm_bindgen]
pub fn forget() {
    respond(&mut |_, _| Ok(()), Door::JavaScript);
}
