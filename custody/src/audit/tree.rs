//! The Merkle tree of RFC 6962 section 2.1.

use super::Hash;

/// A leaf: the hash of a record, hashed again as the tree does.
pub(super) fn leaf(record: Hash) -> Hash {
    Hash::of_parts(&[&[0], record.as_bytes()])
}

/// The node over two others.
pub(super) fn node(left: Hash, right: Hash) -> Hash {
    Hash::of_parts(&[&[1], left.as_bytes(), right.as_bytes()])
}
