//! Finding what is kept under an id, without looking through all of it.

use alloc::vec;
use alloc::vec::Vec;

/// Numbers by the hash of an id. The ids themselves are kept by whoever keeps what the numbers mean.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdIndex {
    // INVARIANT: a power of two, or empty; at most half of the slots are taken. 0 is a free one.
    slots: Vec<u32>,
    taken: usize,
}

impl IdIndex {
    /// Room for so many, so that none has to be moved.
    pub(crate) fn with_room(count: usize) -> Self {
        IdIndex {
            slots: vec![0; (count * 2).next_power_of_two()],
            taken: 0,
        }
    }

    /// The number under an id, by whether a number is that of the id; for an unknown one what its hash begins with, to
    /// look at something else by.
    pub(crate) fn find(&self, id: &str, mut is_its: impl FnMut(u32) -> bool) -> Result<u32, usize> {
        let hash = hash(id);
        for slot in probe(self.slots.len(), hash) {
            match self.slots.get(slot) {
                Some(0) | None => break,
                Some(number) if is_its(*number) => return Ok(*number),
                Some(_) => {}
            }
        }
        Err(hash)
    }

    /// Puts a number that isn't 0 under an id that has none. `ids` tells the id of each number, should all of them
    /// need more room.
    pub(crate) fn put<'a>(&mut self, id: &str, number: u32, ids: impl Fn(u32) -> Option<&'a str>) {
        if self.taken * 2 >= self.slots.len() {
            let mut larger = IdIndex::with_room(self.slots.len().max(8));
            for number in self.slots.iter().filter(|number| **number != 0) {
                if let Some(id) = ids(*number) {
                    larger.place(id, *number);
                }
            }
            *self = larger;
        }
        self.place(id, number);
    }

    /// As [`IdIndex::put`], where there is room.
    pub(crate) fn place(&mut self, id: &str, number: u32) {
        let mut places = probe(self.slots.len(), hash(id));
        let free = places.find(|slot| self.slots.get(*slot) == Some(&0));
        if let Some(slot) = free.and_then(|slot| self.slots.get_mut(slot)) {
            *slot = number;
            self.taken += 1;
        }
    }
}

/// FNV-1a. Ids are chosen by whoever fills the index, so nobody else can make them collide.
fn hash(id: &str) -> usize {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    usize::try_from((hash ^ (hash >> 32)) & 0xffff_ffff).unwrap_or(0)
}

/// The slots where an id may be, the likeliest first, then one after another.
fn probe(slots: usize, hash: usize) -> impl Iterator<Item = usize> {
    let mask = slots.saturating_sub(1);
    (0..slots).map(move |step| hash.wrapping_add(step) & mask)
}
