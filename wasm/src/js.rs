//! The door for JavaScript: the same verbs, numbers and frames, by wasm-bindgen.

use alloc::vec::Vec;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::instance::{Door, answer, respond};

/// Runs a verb on a frame and gives its reply.
#[wasm_bindgen]
#[must_use]
pub fn call(verb: u32, mut frame: Vec<u8>) -> Vec<u8> {
    answer(verb, &mut frame, Door::JavaScript).to_vec()
}

/// Wipes the last reply.
#[wasm_bindgen]
pub fn forget() {
    respond(&mut |_, _| Ok(()), Door::JavaScript);
}
