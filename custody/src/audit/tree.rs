//! The Merkle tree of RFC 6962 section 2.1, over the hashes of the records.
//!
//! Leaf `i` is record `i + 1`, and what is hashed for it are the 32 bytes of the record's hash. The
//! functions that make proofs ask for nodes by level and index: the node at a level covers 2^level leaves.

use super::Hash;

/// The root of a tree without leaves.
#[must_use]
pub fn empty() -> Hash {
    Hash::of(b"")
}

/// A leaf.
#[must_use]
pub fn leaf(data: &[u8]) -> Hash {
    Hash::of_parts(&[&[0], data])
}

/// The node over two others.
#[must_use]
pub fn node(left: Hash, right: Hash) -> Hash {
    Hash::of_parts(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// A tree that grows to the right: as many hashes as its size has bits that are set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of its full parts, from the largest to the smallest.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// A tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a leaf, and gives the nodes that it completes, from level 1 up.
    pub fn push(&mut self, data: &[u8]) -> Vec<Hash> {
        let mut completed = Vec::new();
        let mut right = leaf(data);
        self.size += 1;
        for _ in 0..self.size.trailing_zeros() {
            if let Some(left) = self.peaks.pop() {
                right = node(left, right);
                completed.push(right);
            }
        }
        self.peaks.push(right);
        completed
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its root.
    #[must_use]
    pub fn root(&self) -> Hash {
        let peaks = self.peaks.iter().rev().copied();
        peaks
            .reduce(|right, left| node(left, right))
            .unwrap_or_else(empty)
    }
}

/// The root of the tree of the first `size` leaves.
///
/// # Errors
/// Those of `nodes`.
pub fn root<E>(size: u64, nodes: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    if size == 0 {
        return Ok(empty());
    }
    subtree(0, size, nodes)
}

/// The proof that leaf `index` is in the tree of the first `size` leaves: the other nodes on the way to
/// the root, from the leaf up. Empty if it isn't.
///
/// # Errors
/// Those of `nodes`.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    nodes: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let (mut path, mut start, mut end) = (Vec::new(), 0, size);
    while end > start + 1 && index < size {
        let middle = split(start, end);
        if index < middle {
            path.push(subtree(middle, end, nodes)?);
            end = middle;
        } else {
            path.push(subtree(start, middle, nodes)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of the first `older` leaves is the beginning of that of the first `newer`.
/// Empty if they are the same, and where `older` is 0 or more than `newer`.
///
/// # Errors
/// Those of `nodes`.
pub fn consistency<E>(
    older: u64,
    newer: u64,
    nodes: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let (mut path, mut start, mut end) = (Vec::new(), 0, newer);
    if older == 0 || older >= newer {
        return Ok(path);
    }
    while older != end {
        let middle = split(start, end);
        if older <= middle {
            path.push(subtree(middle, end, nodes)?);
            end = middle;
        } else {
            path.push(subtree(start, middle, nodes)?);
            start = middle;
        }
    }
    if start > 0 {
        path.push(subtree(start, end, nodes)?);
    }
    path.reverse();
    Ok(path)
}

/// The root of the tree of `size` leaves in which `leaf` is at `index`, if the path is a proof of it
/// (RFC 9162 section 2.1.3.2).
#[must_use]
pub fn root_of_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    let mut last = size.checked_sub(1).filter(|last| index <= *last)?;
    let (mut at, mut root) = (index, leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            root = node(*sibling, root);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            root = node(root, *sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

/// Whether the path proves that the older tree is the beginning of the newer (RFC 9162 section 2.1.4.2).
#[must_use]
pub fn is_consistent(older: (u64, Hash), newer: (u64, Hash), path: &[Hash]) -> bool {
    let ((older, older_root), (newer, newer_root)) = (older, newer);
    if older == newer {
        return path.is_empty() && older_root == newer_root;
    }
    if older == 0 || older > newer {
        return false;
    }
    let mut path = path.iter().copied();
    let first = if older.is_power_of_two() {
        Some(older_root)
    } else {
        path.next()
    };
    let Some(first) = first else {
        return false;
    };
    let (mut at, mut last) = (older - 1, newer - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut of_older, mut of_newer) = (first, first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            of_older = node(sibling, of_older);
            of_newer = node(sibling, of_newer);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            of_newer = node(of_newer, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && of_older == older_root && of_newer == newer_root
}

/// Where a tree divides: the left part is the greatest full one that leaves something to the right.
fn split(start: u64, end: u64) -> u64 {
    start + (1 << (end - start - 1).ilog2())
}

/// The root over the leaves from `start` to before `end`.
fn subtree<E>(
    start: u64,
    end: u64,
    nodes: &mut impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Hash, E> {
    let size = end - start;
    if size.is_power_of_two() {
        let level = size.trailing_zeros();
        return nodes(level, start >> level);
    }
    let middle = split(start, end);
    Ok(node(
        subtree(start, middle, nodes)?,
        subtree(middle, end, nodes)?,
    ))
}
