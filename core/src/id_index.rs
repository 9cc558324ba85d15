//! Finding what is kept under an id, without looking through all of it.

use alloc::vec;
use alloc::vec::Vec;

/// The first digits of pi, as wide as a word: any number without a pattern would do.
const FACTOR: u128 = 0x243f_6a88_85a3_08d3;

/// How many slots lie together. Whoever looks into one looks at all of them.
const SLOTS: usize = 8;

/// How many buckets are near: some ten ids are in them.
#[cfg(feature = "snapshot")]
const NEAR: usize = 4;

/// Numbers by the hash of an id. The ids themselves are kept by whoever keeps what the numbers mean.
///
/// How long a look takes depends on how full its buckets are, but not on whether the id is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdIndex {
    /// Who doesn't know it can't choose ids that get in each other's way.
    seed: u64,
    // INVARIANT: a power of two, or empty; of their slots at most 3 of 8 are taken.
    buckets: Vec<Bucket>,
    taken: usize,
}

/// Numbers that aren't 0, or free places, with the hashes of their ids, so that no other id is read on the way to one.
/// It is filled in order, and is one line of a cache.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Bucket {
    hashes: [u32; SLOTS],
    numbers: [u32; SLOTS],
}

impl Bucket {
    /// What is taken.
    fn slots(&self) -> impl Iterator<Item = Slot> {
        let slots = self.hashes.iter().zip(&self.numbers);
        let slots = slots.map(|(hash, number)| Slot {
            hash: *hash,
            number: *number,
        });
        slots.take_while(|slot| slot.number != 0)
    }

    fn is_full(&self) -> bool {
        self.numbers.last().is_some_and(|number| *number != 0)
    }
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    number: u32,
}

impl IdIndex {
    /// Room for so many, so that none has to be moved.
    pub(crate) fn with_room(count: usize, seed: u64) -> Self {
        let buckets = count.div_ceil(3).next_power_of_two();
        IdIndex {
            seed,
            buckets: vec![Bucket::default(); buckets],
            taken: 0,
        }
    }

    /// The number under an id, by whether a number is that of the id; for an unknown one its hash.
    pub(crate) fn find(&self, id: &str, mut is_its: impl FnMut(u32) -> bool) -> Result<u32, u32> {
        let (number, hash) = self.look(id, &mut is_its);
        if number != 0 && is_its(number) {
            Ok(number)
        } else {
            Err(hash)
        }
    }

    /// The one number that can be that of the id, or 0, and the id's hash, to look at something else by. Whether a number
    /// is that of the id is asked only where several can be.
    pub(crate) fn look(&self, id: &str, mut is_its: impl FnMut(u32) -> bool) -> (u32, u32) {
        let hash = hash(id, self.seed);
        let (mut number, mut alike) = (0, 0_u32);
        for bucket in self.buckets_of(hash) {
            // Without a branch for each, which would be taken otherwise where an id is known.
            for (kept, of) in bucket.hashes.iter().zip(&bucket.numbers) {
                let is_alike = u32::from(*kept == hash) & u32::from(*of != 0);
                number |= of & 0_u32.wrapping_sub(is_alike);
                alike = alike.wrapping_add(is_alike);
            }
            if !bucket.is_full() {
                break;
            }
        }
        // Of a million ids one in some thousands shares its hash with another.
        if alike > 1 {
            number = 0;
            for bucket in self.buckets_of(hash) {
                let mut slots = bucket.slots().filter(|slot| slot.hash == hash);
                if let Some(slot) = slots.find(|slot| is_its(slot.number)) {
                    number = slot.number;
                }
                if number != 0 || !bucket.is_full() {
                    break;
                }
            }
        }
        (number, hash)
    }

    /// What is kept near the place of an id of this hash and is good in its stead.
    #[cfg(feature = "snapshot")]
    pub(crate) fn near<T>(&self, hash: u32, good: impl FnMut(u32) -> Option<T>) -> Option<T> {
        let buckets = self.buckets_of(hash).take(NEAR);
        let mut numbers = buckets.flat_map(Bucket::slots).map(|slot| slot.number);
        numbers.find_map(good)
    }

    /// Puts a number that isn't 0 under an id that has none.
    pub(crate) fn put(&mut self, id: &str, number: u32) {
        if self.taken >= self.buckets.len() * 3 {
            let mut larger = IdIndex::with_room(self.buckets.len() * 6, self.seed);
            for slot in self.buckets.iter().flat_map(Bucket::slots) {
                larger.place(slot);
            }
            *self = larger;
        }
        let hash = hash(id, self.seed);
        self.place(Slot { hash, number });
    }

    fn place(&mut self, slot: Slot) {
        for place in places(self.buckets.len(), slot.hash) {
            let Some(Bucket { hashes, numbers }) = self.buckets.get_mut(place) else {
                return;
            };
            let mut places = hashes.iter_mut().zip(numbers);
            if let Some((hash, number)) = places.find(|(_, number)| **number == 0) {
                (*hash, *number) = (slot.hash, slot.number);
                self.taken += 1;
                return;
            }
        }
    }

    /// The buckets where an id may be, the likeliest first; behind the first that isn't full it can't be.
    fn buckets_of(&self, hash: u32) -> impl Iterator<Item = &Bucket> {
        places(self.buckets.len(), hash).filter_map(|place| self.buckets.get(place))
    }
}

/// Each of so many buckets once, from that of the hash on.
fn places(buckets: usize, hash: u32) -> impl Iterator<Item = usize> {
    let (mask, first) = (buckets.wrapping_sub(1), hash as usize);
    (0..buckets).map(move |step| first.wrapping_add(step) & mask)
}

/// Words of eight bytes, multiplied one after another into twice their width, of which the halves are laid over each
/// other (as in wyhash and foldhash).
#[expect(clippy::cast_possible_truncation, reason = "parts of a word are meant")]
fn hash(id: &str, seed: u64) -> u32 {
    let (words, rest) = id.as_bytes().as_chunks();
    let rest = rest
        .iter()
        .fold(0, |word, byte| word << 8 | u64::from(*byte));
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let hash = words.chain([rest]).fold(seed, |hash, word| {
        let product = u128::from(hash ^ word) * FACTOR;
        (product >> 64) as u64 ^ product as u64
    });
    hash as u32
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::String;

    use super::{IdIndex, Vec, hash};

    const SEED: u64 = 7;

    fn ids() -> impl Iterator<Item = String> {
        (0..).map(|number| format!("key{number:09}"))
    }

    /// Ids that all belong into one slot of 4,096, under a seed that their maker knows.
    fn crafted() -> Vec<String> {
        let same = |id: &String| hash(id, SEED).is_multiple_of(4096);
        ids().filter(same).take(300).collect()
    }

    fn index_of(ids: &[String], seed: u64) -> IdIndex {
        let mut index = IdIndex::with_room(0, seed);
        for (id, number) in ids.iter().zip(1..) {
            index.put(id, number);
        }
        index
    }

    /// What is found, and how many ids were read for it.
    fn find(index: &IdIndex, ids: &[String], id: &str) -> (Option<u32>, usize) {
        let mut read = 0;
        let found = index.find(id, |number| {
            read += 1;
            ids.get(number as usize - 1).is_some_and(|its| its == id)
        });
        (found.ok(), read)
    }

    #[test]
    fn each_id_is_found_by_reading_no_other_and_an_unknown_one_by_reading_none() {
        let known: Vec<_> = ids().take(5000).collect();
        let index = index_of(&known, SEED);
        for (id, number) in known.iter().zip(1..) {
            assert_eq!(find(&index, &known, id), (Some(number), 1), "{id}");
        }
        for id in ids().skip(5000).take(5000) {
            assert_eq!(find(&index, &known, &id), (None, 0), "{id}");
        }
        assert_eq!(find(&IdIndex::default(), &known, "k"), (None, 0));
    }

    #[test]
    fn near_every_id_there_are_others() {
        let known: Vec<_> = ids().take(5000).collect();
        let index = index_of(&known, SEED);
        let mut near = BTreeSet::new();
        for id in ids().skip(5000).take(5000) {
            let even = |number| (number % 2 == 0).then_some(number);
            near.extend(index.near(hash(&id, SEED), even));
        }
        assert!(near.iter().all(|number| number % 2 == 0));
        assert!(near.len() > 1000, "{}", near.len());
        assert_eq!(index.near(1, |_| None::<u32>), None);
        assert_eq!(IdIndex::default().near(1, Some), None);
    }

    #[test]
    fn crafted_ids_are_found_too() {
        let crafted = crafted();
        let index = index_of(&crafted, SEED);
        for (id, number) in crafted.iter().zip(1..) {
            assert_eq!(find(&index, &crafted, id), (Some(number), 1), "{id}");
        }
    }

    #[test]
    fn ids_of_one_hash_are_told_apart() {
        let mut by_hash = alloc::collections::BTreeMap::new();
        let pair = ids().find_map(|id| Some([by_hash.insert(hash(&id, SEED), id.clone())?, id]));
        let pair = pair.expect("of some hundred thousand ids two have one hash");
        assert_eq!(hash(&pair[0], SEED), hash(&pair[1], SEED));
        let index = index_of(&pair, SEED);
        assert_eq!(find(&index, &pair, &pair[0]).0, Some(1));
        assert_eq!(find(&index, &pair, &pair[1]).0, Some(2));
        let first = index_of(&pair[..1], SEED);
        assert_eq!(find(&first, &pair[..1], &pair[1]), (None, 1));
    }

    #[test]
    fn ids_that_are_crafted_for_one_seed_lie_apart_under_another() {
        let crafted = crafted();
        for seed in [0, 8, u64::MAX] {
            let slots: BTreeSet<_> = crafted.iter().map(|id| hash(id, seed) % 4096).collect();
            // Of 300 at random some 289 are alone.
            assert!(slots.len() > 270, "{} under {seed}", slots.len());
        }
    }
}
