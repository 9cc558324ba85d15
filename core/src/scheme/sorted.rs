//! The one sort of this module: the standard library's weigh several kilobytes for each type.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;

/// A name and a value.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// Sorts by name, and then by value or by place. Heap sort: n log n, whatever was sent.
pub(super) fn sorted(pairs: Vec<Pair>, by_value: bool) -> Vec<Pair> {
    let mut heap: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = Vec::with_capacity(pairs.len());
    for (at, (name, value)) in pairs.into_iter().enumerate() {
        let place = at.to_be_bytes().to_vec();
        heap.push(if by_value {
            (name, value, place)
        } else {
            (name, place, value)
        });
    }
    let mut sorted = Vec::with_capacity(heap.len());
    for (name, second, third) in BinaryHeap::from(heap).into_sorted_vec() {
        sorted.push((name, if by_value { second } else { third }));
    }
    sorted
}
