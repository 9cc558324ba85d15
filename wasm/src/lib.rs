//! The WebAssembly face of `countersign-core`: two doors onto the same [`verbs`].
//!
//! JavaScript comes in by a wasm-bindgen export (`js`), every other host by a plain one (`plain`).
//! Both take a verb's number and a frame, and give a frame (`docs/abi.md`). One export for all verbs,
//! and not one each: the glue of 23 exports with their strings was 5 KB of the module, compressed.
//! The module has no imports. What it keeps between calls is behind [`handles`].
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

pub mod dispatch;
#[cfg(feature = "edge")]
pub mod edge;
pub mod frame;
pub mod handles;
#[cfg(feature = "complete")]
pub mod negotiation;
#[cfg(feature = "provider")]
pub mod pairs;
#[cfg(feature = "complete")]
pub mod primitives;
#[cfg(feature = "provider")]
pub mod provider;
pub mod request;
#[cfg(feature = "schemes")]
pub mod schemes;
#[cfg(feature = "complete")]
pub mod structured;
pub mod verbs;

#[cfg(target_arch = "wasm32")]
mod instance;
#[cfg(target_arch = "wasm32")]
pub mod js;
#[cfg(target_arch = "wasm32")]
pub mod plain;
