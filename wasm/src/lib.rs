//! The WebAssembly face of `countersign-core`: two doors onto the same [`verbs`].
//!
//! JavaScript comes in by wasm-bindgen exports over strings, bytes and numbers ([`js`]); every other
//! host by plain exports over byte frames ([`plain`], specified in `docs/abi.md`). The module has no
//! imports. What it keeps between calls is behind [`handles`].
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

pub mod frame;
pub mod handles;
pub mod verbs;

#[cfg(target_arch = "wasm32")]
mod instance;
#[cfg(target_arch = "wasm32")]
pub mod js;
#[cfg(target_arch = "wasm32")]
pub mod plain;
