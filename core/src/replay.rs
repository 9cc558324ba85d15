//! A signature counts once: the token that stands for it, and where tokens are spent.

use alloc::boxed::Box;
use alloc::vec;

use sha2::{Digest as _, Sha256};

use crate::instant::UnixSeconds;

/// What stands for one use of a signature: its key and its nonce, or its MAC where there is no
/// nonce. It can't be copied: whoever holds it must spend it.
#[derive(Debug, PartialEq, Eq)]
pub struct ReplayToken {
    id: [u8; 16],
    keep_until: UnixSeconds,
}

impl ReplayToken {
    pub(crate) fn new(keyid: &str, once: &[u8], keep_until: UnixSeconds) -> Self {
        let mut hash = Sha256::new();
        // A keyid has no NUL, so the pair is read in one way only.
        hash.update(keyid.as_bytes());
        hash.update([0]);
        hash.update(once);
        let digest: [u8; 32] = hash.finalize().into();
        let mut id = [0; 16];
        id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        ReplayToken { id, keep_until }
    }

    /// 128 bits that name this use, for the key of an entry in a replay store.
    #[must_use]
    pub fn id(&self) -> &[u8; 16] {
        &self.id
    }

    /// The last second at which the signature is accepted: a store may forget it after that, and
    /// must not before.
    #[must_use]
    pub fn keep_until(&self) -> UnixSeconds {
        self.keep_until
    }
}

/// What a replay store answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// The token was not known; it is now, until its `keep_until`.
    Fresh,
    /// The token was spent before.
    Replayed,
    /// There is no room to remember it.
    Full,
    /// The store didn't answer.
    Unavailable,
}

/// Where tokens are spent. To ask and to remember is one atomic step.
pub trait ReplayStore {
    /// Spends the token.
    fn spend(&mut self, token: &ReplayToken, now: UnixSeconds) -> Spend;
}

#[derive(Clone, Copy)]
struct Slot {
    id: [u8; 16],
    keep_until: u64,
}

/// A slot that was never used. A live slot keeps a token until a second after 1970 began.
const EMPTY: Slot = Slot {
    id: [0; 16],
    keep_until: 0,
};

/// A bounded replay store in memory, kept by time.
///
/// It takes [`memory`](ReplayCache::memory) bytes from the start and never more: 48 for each token
/// where the capacity is a power of two, else up to 96. Only tokens whose signatures can't be accepted any more are forgotten; when all
/// that it holds are live it answers [`Spend::Full`], for to evict a live one would let its
/// signature be replayed.
///
/// ```
/// use countersign_core::ReplayCache;
/// let cache = ReplayCache::new(1000, 0x5eed);
/// assert_eq!(cache.memory(), 2048 * 24);
/// ```
pub struct ReplayCache {
    slots: Box<[Slot]>,
    capacity: usize,
    used: usize,
    seed: u64,
    /// The earliest second after which a sweep frees a slot.
    sweep_after: u64,
    /// Everything kept until before here may be forgotten already.
    forgotten_before: u64,
}

impl ReplayCache {
    /// The most tokens that a cache can hold: 16 million, in 805 MB.
    pub const MAX_CAPACITY: usize = 1 << 24;

    /// A cache for `capacity` live tokens, between 1 and
    /// [`MAX_CAPACITY`](ReplayCache::MAX_CAPACITY). `seed` comes from the system's CSPRNG: it
    /// keeps the holder of a key from choosing nonces that share a slot.
    #[must_use]
    pub fn new(capacity: usize, seed: u64) -> Self {
        let capacity = capacity.clamp(1, Self::MAX_CAPACITY);
        ReplayCache {
            slots: vec![EMPTY; (2 * capacity).next_power_of_two()].into_boxed_slice(),
            capacity,
            used: 0,
            seed,
            sweep_after: u64::MAX,
            forgotten_before: 0,
        }
    }

    /// The bytes that its slots take.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.slots.len().saturating_mul(size_of::<Slot>())
    }

    fn insert(&mut self, id: [u8; 16], keep_until: u64) -> Spend {
        let mut at = self.home(id);
        for _ in 0..self.slots.len() {
            let mask = self.slots.len().saturating_sub(1);
            let Some(slot) = self.slots.get_mut(at) else {
                break;
            };
            if slot.keep_until == 0 {
                if self.used >= self.capacity {
                    return Spend::Full;
                }
                *slot = Slot { id, keep_until };
                self.used += 1;
                self.sweep_after = self.sweep_after.min(keep_until);
                return Spend::Fresh;
            }
            if slot.id == id {
                return Spend::Replayed;
            }
            at = (at + 1) & mask;
        }
        Spend::Full
    }

    fn home(&self, id: [u8; 16]) -> usize {
        let word = id
            .iter()
            .take(8)
            .fold(0u64, |word, byte| (word << 8) | u64::from(*byte));
        let mixed = (word ^ self.seed).wrapping_mul(self.seed | 1);
        let folded = mixed ^ (mixed >> 32);
        usize::try_from(folded & 0xffff_ffff).unwrap_or(0) & self.slots.len().saturating_sub(1)
    }

    /// Forgets, in place, what can't be accepted any more.
    fn sweep(&mut self, now: u64) {
        // At most half of the slots are used, so there is an empty one. From there on, each token
        // taken out finds its new place at or before its old one.
        let Some(start) = self.slots.iter().position(|slot| slot.keep_until == 0) else {
            return;
        };
        self.sweep_after = u64::MAX;
        self.forgotten_before = now;
        let mask = self.slots.len().saturating_sub(1);
        for step in 1..self.slots.len() {
            let Some(slot) = self.slots.get_mut((start + step) & mask) else {
                break;
            };
            let taken = core::mem::replace(slot, EMPTY);
            if taken.keep_until == 0 {
                continue;
            }
            self.used = self.used.saturating_sub(1);
            if taken.keep_until >= now {
                self.insert(taken.id, taken.keep_until);
            }
        }
    }
}

impl ReplayStore for ReplayCache {
    fn spend(&mut self, token: &ReplayToken, now: UnixSeconds) -> Spend {
        let keep_until = token.keep_until.get().max(1);
        if self.used >= self.capacity && now.get() > self.sweep_after {
            self.sweep(now.get());
        }
        // Neither a clock that was set back nor a spend that comes late must make a forgotten token
        // fresh.
        if keep_until < self.forgotten_before {
            return Spend::Replayed;
        }
        self.insert(token.id, keep_until)
    }
}

impl core::fmt::Debug for ReplayCache {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ReplayCache(..)")
    }
}
