//! A hash table from what an arena holds to its number there.

use alloc::vec;
use alloc::vec::Vec;

/// How far a search goes. A table is at most half full, so that honest keys lie within some dozens
/// of slots; who makes keys collide is refused, and can't make a search slow.
const REACH: usize = 256;

/// Numbers by the hash of what they stand for; the owner compares the things themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// The hash in the upper half, the number plus one in the lower; 0 is an empty slot. The length
    /// is a power of two, or 0.
    slots: Vec<u64>,
    len: usize,
}

/// Too many keys have nearly the same hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crowded;

impl Table {
    /// The number of the thing with this hash of which `is` holds.
    pub(super) fn find(&self, hash: u32, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        for at in way(hash, self.slots.len()) {
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            let [number, known] = halves(slot);
            if known == hash && is(number - 1) {
                return Some(number - 1);
            }
        }
        None
    }

    /// Puts in the number of a thing that isn't there.
    pub(super) fn insert(&mut self, hash: u32, number: u32) -> Result<(), Crowded> {
        if 2 * (self.len + 1) > self.slots.len() {
            self.grow()?;
        }
        self.len += 1;
        let number = number.checked_add(1).ok_or(Crowded)?;
        self.place(u64::from(hash) << 32 | u64::from(number))
    }

    /// Empties it, and keeps its memory.
    pub(super) fn clear(&mut self) {
        if self.len > 0 {
            self.slots.fill(0);
            self.len = 0;
        }
    }

    fn place(&mut self, entry: u64) -> Result<(), Crowded> {
        let [_, hash] = halves(entry);
        for at in way(hash, self.slots.len()) {
            if let Some(slot) = self.slots.get_mut(at)
                && *slot == 0
            {
                *slot = entry;
                return Ok(());
            }
        }
        Err(Crowded)
    }

    fn grow(&mut self) -> Result<(), Crowded> {
        let roomier = vec![0; (2 * self.slots.len()).max(16)];
        for entry in core::mem::replace(&mut self.slots, roomier) {
            if entry != 0 {
                self.place(entry)?;
            }
        }
        Ok(())
    }
}

/// The slots to look at for `hash`, in this order.
fn way(hash: u32, len: usize) -> impl Iterator<Item = usize> {
    let mask = len.wrapping_sub(1);
    let start = usize::try_from(hash).unwrap_or_default();
    (0..REACH.min(len)).map(move |step| (start.wrapping_add(step)) & mask)
}

/// The lower half and the upper.
fn halves(entry: u64) -> [u32; 2] {
    let bytes = entry.to_le_bytes();
    let word = |half: Option<&[u8; 4]>| half.map_or(0, |half| u32::from_le_bytes(*half));
    [word(bytes.first_chunk()), word(bytes.last_chunk())]
}

/// The hash of `bytes`, eight at a time. It resists chance, not malice: hence [`REACH`].
pub(super) fn hash_bytes(bytes: &[u8]) -> u32 {
    let mut hash = u64::try_from(bytes.len()).unwrap_or_default();
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let mut eight = [0; 8];
        eight.copy_from_slice(word);
        hash = mix(hash, u64::from_le_bytes(eight));
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        let word = rest
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte));
        hash = mix(hash, word);
    }
    finish(hash)
}

/// The hash of two numbers.
pub(super) fn hash_pair(a: u32, b: u32) -> u32 {
    finish(mix(0, u64::from(a) << 32 | u64::from(b)))
}

fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(29) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn finish(hash: u64) -> u32 {
    let [low, high] = halves(hash ^ hash >> 29);
    low ^ high
}
