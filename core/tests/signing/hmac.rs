//! HMAC-SHA-256 as published.

use countersign_core::hmac_sha256;
use serde::Deserialize;

use crate::vectors::{self, from_hex as bytes};

#[derive(Deserialize)]
struct Case {
    section: String,
    key_hex: String,
    message_hex: String,
    tag_hex: String,
}

#[test]
fn every_table_of_rfc_4231() {
    for case in vectors::cases::<Case>("rfc4231_hmac_sha256.json") {
        let tag = hmac_sha256(&bytes(&case.key_hex), &bytes(&case.message_hex));
        let expected = bytes(&case.tag_hex);
        assert_eq!(tag[..expected.len()], expected, "section {}", case.section);
    }
}

#[test]
fn a_key_may_be_empty_as_hmac_has_it() {
    let expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    assert_eq!(hmac_sha256(b"", b"").as_slice(), bytes(expected));
}
