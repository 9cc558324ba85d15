//! SHA-2 and HMAC for a module that counts its bytes: one loop for SHA-256, SHA-384 and SHA-512.
//!
//! The narrow hash is the wide one with other rotations, fewer rounds, and the upper half of each constant. Its words
//! stand twice in 64 bits, so that a rotation of 64 bits is one of 32. Half the code of two loops, and slower than
//! either: 4 KiB take some 100 us. Nothing in it depends on what is hashed but its length.

use core::sync::atomic::{AtomicU64, Ordering};

#[cfg(not(target_arch = "wasm32"))]
use zeroize::Zeroize as _;

/// One of the hashes that schemes sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sha {
    Sha256,
    Sha384,
    Sha512,
}

/// How many rounds the wide hash has.
const ROUNDS: usize = 80;

/// The constants of FIPS 180-4, once they are made: of the cube roots of the first eighty primes what stands behind the
/// point (section 4.2), and then the same of the square roots of the first sixteen, which hashes begin with (section
/// 5.3): SHA-256 and SHA-512 with the first eight, SHA-384 with the others. They would be a twentieth of the module,
/// for nothing compresses them.
static CONSTANTS: [AtomicU64; ROUNDS + 16] = [const { AtomicU64::new(0) }; ROUNDS + 16];

fn constant(at: usize) -> u64 {
    let constant = CONSTANTS.get(at);
    constant.map_or(0, |constant| constant.load(Ordering::Relaxed))
}

/// Makes the constants, unless the last of them is there: that is the one whose ordering counts.
#[inline(never)]
fn make_constants() {
    if CONSTANTS
        .last()
        .is_some_and(|last| last.load(Ordering::Acquire) != 0)
    {
        return;
    }
    let mut prime = 1;
    for (at, constant) in CONSTANTS.iter().enumerate() {
        let mut degree = 3;
        if at >= ROUNDS {
            degree = 2;
            if at == ROUNDS {
                prime = 1;
            }
        }
        prime += 1;
        while (2..prime).any(|divisor| prime % divisor == 0) {
            prime += 1;
        }
        constant.store(root(prime, degree), Ordering::Release);
    }
}

/// What stands behind the point of a root that is below eight, in 64 bits: found bit by bit.
#[inline(never)]
fn root(of: u64, degree: usize) -> u64 {
    let mut root = [0_u64; 7];
    for bit in (0..67).rev() {
        let before = root;
        if let Some(digit) = root.get_mut(bit / 32) {
            *digit |= 1 << (bit % 32);
        }
        // In digits of 32 bits, the least first.
        let mut power = root;
        for _ in 1..degree {
            let factor = power;
            power = [0; 7];
            for (at, digit) in root.iter().enumerate().filter(|(_, digit)| **digit != 0) {
                let mut carry = 0;
                for (place, other) in power.iter_mut().skip(at).zip(&factor) {
                    carry += *place + digit * other;
                    *place = carry & 0xffff_ffff;
                    carry >>= 32;
                }
            }
        }
        if power.get(degree * 2).is_none_or(|whole| *whole >= of) {
            root = before;
        }
    }
    root[1] << 32 | root[0]
}

/// How far words are turned, and for the third of the last two rows moved (FIPS 180-4 sections 4.1.2 and 4.1.3).
const NARROW: [[u32; 3]; 4] = [[2, 13, 22], [6, 11, 25], [7, 18, 3], [17, 19, 10]];
const WIDE: [[u32; 3]; 4] = [[28, 34, 39], [14, 18, 41], [1, 8, 7], [19, 61, 6]];

/// A hash in the making, and then its digest.
#[derive(Clone)]
pub(crate) struct Hash {
    sha: Sha,
    state: [u64; 8],
    block: [u8; 128],
    length: usize,
}

impl Hash {
    #[inline(never)]
    pub(crate) fn new(sha: Sha) -> Self {
        make_constants();
        let first = ROUNDS + if sha == Sha::Sha384 { 8 } else { 0 };
        Hash {
            sha,
            state: core::array::from_fn(|at| constant(first + at)),
            block: [0; 128],
            length: 0,
        }
    }

    /// With the key of an HMAC taken in.
    #[inline(never)]
    fn padded(sha: Sha, key: &[u8], pad: u8) -> Self {
        let mut hash = Hash::new(sha);
        let short;
        let mut key = key;
        if key.len() > hash.size() {
            short = self::hash(sha, key);
            key = short.digest();
        }
        for at in 0..hash.size() {
            hash.update(&[key.get(at).copied().unwrap_or(0) ^ pad]);
        }
        hash
    }

    fn is_narrow(&self) -> bool {
        self.sha == Sha::Sha256
    }

    /// The bytes that it takes at a time.
    fn size(&self) -> usize {
        if self.is_narrow() { 64 } else { 128 }
    }

    #[inline(never)]
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let at = self.length & (self.size() - 1);
            if let Some(place) = self.block.get_mut(at) {
                *place = *byte;
            }
            self.length += 1;
            if at + 1 == self.size() {
                self.compress();
            }
        }
    }

    /// The upper half of a word twice, if words are narrow.
    fn upper(&self, word: u64) -> u64 {
        if self.is_narrow() {
            word >> 32 | word & !0xffff_ffff
        } else {
            word
        }
    }

    /// The lower half of a word twice, if words are narrow.
    fn lower(&self, word: u64) -> u64 {
        if self.is_narrow() {
            word << 32 | word & 0xffff_ffff
        } else {
            word
        }
    }

    #[inline(never)]
    fn mix(&self, word: u64, [one, two, three]: &[u32; 3], is_moved: bool) -> u64 {
        let third = if !is_moved {
            word.rotate_right(*three)
        } else if self.is_narrow() {
            self.lower((word & 0xffff_ffff) >> three)
        } else {
            word >> three
        };
        word.rotate_right(*one) ^ word.rotate_right(*two) ^ third
    }

    #[expect(
        clippy::many_single_char_names,
        reason = "the words have these names in FIPS 180-4"
    )]
    fn compress(&mut self) {
        let width = self.size() / 16;
        let mut schedule = [0_u64; 80];
        for (at, word) in self.block.chunks(width).take(16).enumerate() {
            let word = word
                .iter()
                .fold(0, |word, byte| word << 8 | u64::from(*byte));
            if let Some(place) = schedule.get_mut(at) {
                *place = self.lower(word);
            }
        }
        let mut state = self.state;
        for word in &mut state {
            *word = self.upper(*word);
        }
        let (rounds, rows) = if self.is_narrow() {
            (64, &NARROW)
        } else {
            (ROUNDS, &WIDE)
        };
        for at in 0..rounds {
            let word = |back: usize| schedule.get(at.wrapping_sub(back)).copied().unwrap_or(0);
            let mut now = word(0);
            if at >= 16 {
                now = self.lower(
                    word(16)
                        .wrapping_add(self.mix(word(15), &rows[2], true))
                        .wrapping_add(word(7))
                        .wrapping_add(self.mix(word(2), &rows[3], true)),
                );
                if let Some(place) = schedule.get_mut(at) {
                    *place = now;
                }
            }
            let [a, b, c, d, e, f, g, h] = state;
            let first = h
                .wrapping_add(self.mix(e, &rows[1], false))
                .wrapping_add(e & f ^ !e & g)
                .wrapping_add(self.upper(constant(at)))
                .wrapping_add(now);
            let second = self
                .mix(a, &rows[0], false)
                .wrapping_add(a & b ^ a & c ^ b & c);
            state = [
                self.lower(first.wrapping_add(second)),
                a,
                b,
                c,
                self.lower(d.wrapping_add(first)),
                e,
                f,
                g,
            ];
        }
        let is_narrow = self.is_narrow();
        for (sum, word) in self.state.iter_mut().zip(&state) {
            // Of a narrow word only the upper half counts.
            let word = if is_narrow { word << 32 } else { *word };
            *sum = sum.wrapping_add(word);
        }
    }

    /// Ends it: what it gives then is the digest.
    #[inline(never)]
    pub(crate) fn finish(&mut self) {
        let bits = (self.length as u64) << 3;
        let end = self.size() - self.size() / 8;
        let mut padding = 0x80;
        while padding != 0 || self.length & (self.size() - 1) != end {
            self.update(&[padding]);
            padding = 0;
        }
        if !self.is_narrow() {
            self.update(&[0; 8]);
        }
        self.update(&bits.to_be_bytes());
        let width = self.size() / 16;
        for (at, byte) in self.block.iter_mut().enumerate() {
            let word = self.state.get(at / width).copied().unwrap_or(0);
            *byte = word.to_be_bytes().get(at % width).copied().unwrap_or(0);
        }
    }

    /// The digest.
    pub(crate) fn digest(&self) -> &[u8] {
        let length = match self.sha {
            Sha::Sha256 => 32,
            Sha::Sha384 => 48,
            Sha::Sha512 => 64,
        };
        self.block.get(..length).unwrap_or_default()
    }
}

#[inline(never)]
pub(crate) fn hash(sha: Sha, bytes: &[u8]) -> Hash {
    let mut hash = Hash::new(sha);
    hash.update(bytes);
    hash.finish();
    hash
}

// The module wipes its stack after each call, and its only key when it is closed.
#[cfg(not(target_arch = "wasm32"))]
impl Drop for Hash {
    fn drop(&mut self) {
        self.state.zeroize();
        self.block.zeroize();
    }
}

/// HMAC (RFC 2104) that has taken its key in. The key itself isn't kept.
#[derive(Clone)]
pub struct Key {
    inner: Hash,
    outer: Hash,
}

impl Key {
    #[inline(never)]
    pub(crate) fn new(sha: Sha, key: &[u8]) -> Self {
        Key {
            inner: Hash::padded(sha, key, 0x36),
            outer: Hash::padded(sha, key, 0x5c),
        }
    }

    #[inline(never)]
    pub(crate) fn mac(&self, message: &[u8]) -> Hash {
        let (mut inner, mut outer) = (self.inner.clone(), self.outer.clone());
        inner.update(message);
        inner.finish();
        outer.update(inner.digest());
        outer.finish();
        outer
    }
}

impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Sha, hash};
    use hmac::{KeyInit as _, Mac as _};
    use proptest::prelude::*;
    use sha2::Digest as _;

    proptest! {
        #[test]
        fn digests_are_those_of_the_crate(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let of = |sha| hash(sha, &bytes).digest().to_vec();
            prop_assert_eq!(of(Sha::Sha256), sha2::Sha256::digest(&bytes).to_vec());
            prop_assert_eq!(of(Sha::Sha384), sha2::Sha384::digest(&bytes).to_vec());
            prop_assert_eq!(of(Sha::Sha512), sha2::Sha512::digest(&bytes).to_vec());
        }

        #[test]
        fn macs_are_those_of_the_crate(
            key in proptest::collection::vec(any::<u8>(), 0..200),
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mac = Key::new(Sha::Sha256, &key).mac(&bytes);
            prop_assert_eq!(mac.digest().to_vec(), crate::hmac_sha256(&key, &bytes).to_vec());
            let mut crates = hmac::Hmac::<sha2::Sha512>::new_from_slice(&key).unwrap();
            crates.update(&bytes);
            let mac = Key::new(Sha::Sha512, &key).mac(&bytes);
            prop_assert_eq!(mac.digest().to_vec(), crates.finalize().into_bytes().to_vec());
        }
    }
}
