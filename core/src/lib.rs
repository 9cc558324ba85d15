//! Signs HTTP requests, verifies them, and decides by Cedar policy what the key may do.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod policy;
