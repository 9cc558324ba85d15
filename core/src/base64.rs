//! Base64 with padding (RFC 4648 section 4), read strictly and in constant time.
//!
//! One function a way, whatever the caller holds: each other type would be code of its own.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding as _};

/// Decodes into the front of `bytes`, and tells how many there are.
pub(crate) fn decode(base64: &str, bytes: &mut [u8]) -> Option<usize> {
    Base64::decode(base64, bytes).map(<[u8]>::len).ok()
}

pub(crate) fn decode_vec(base64: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![0; base64.len() / 4 * 3];
    let length = decode(base64, &mut bytes)?;
    bytes.truncate(length);
    Some(bytes)
}

pub(crate) fn push(out: &mut String, bytes: &[u8]) {
    out.push_str(&Base64::encode_string(bytes));
}
