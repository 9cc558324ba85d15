//! SHA-2 and HMAC for a module that counts its bytes: one loop for SHA-256, SHA-384 and SHA-512.
//!
//! The narrow hash is the wide one with other rotations, fewer rounds, and the upper half of each constant. Its words
//! stand twice in 64 bits, so that a rotation of 64 bits is one of 32. Half the code of two loops, and slower than
//! either: 4 KiB take some 100 us. Nothing in it depends on what is hashed but its length.

#[cfg(not(target_arch = "wasm32"))]
use zeroize::Zeroize as _;

/// One of the hashes that schemes sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sha {
    Sha256,
    Sha384,
    Sha512,
}

/// Of the cube roots of the first eighty primes what stands behind the point (FIPS 180-4 section 4.2).
const ROUNDS: [u64; 80] = [
    0x428a_2f98_d728_ae22,
    0x7137_4491_23ef_65cd,
    0xb5c0_fbcf_ec4d_3b2f,
    0xe9b5_dba5_8189_dbbc,
    0x3956_c25b_f348_b538,
    0x59f1_11f1_b605_d019,
    0x923f_82a4_af19_4f9b,
    0xab1c_5ed5_da6d_8118,
    0xd807_aa98_a303_0242,
    0x1283_5b01_4570_6fbe,
    0x2431_85be_4ee4_b28c,
    0x550c_7dc3_d5ff_b4e2,
    0x72be_5d74_f27b_896f,
    0x80de_b1fe_3b16_96b1,
    0x9bdc_06a7_25c7_1235,
    0xc19b_f174_cf69_2694,
    0xe49b_69c1_9ef1_4ad2,
    0xefbe_4786_384f_25e3,
    0x0fc1_9dc6_8b8c_d5b5,
    0x240c_a1cc_77ac_9c65,
    0x2de9_2c6f_592b_0275,
    0x4a74_84aa_6ea6_e483,
    0x5cb0_a9dc_bd41_fbd4,
    0x76f9_88da_8311_53b5,
    0x983e_5152_ee66_dfab,
    0xa831_c66d_2db4_3210,
    0xb003_27c8_98fb_213f,
    0xbf59_7fc7_beef_0ee4,
    0xc6e0_0bf3_3da8_8fc2,
    0xd5a7_9147_930a_a725,
    0x06ca_6351_e003_826f,
    0x1429_2967_0a0e_6e70,
    0x27b7_0a85_46d2_2ffc,
    0x2e1b_2138_5c26_c926,
    0x4d2c_6dfc_5ac4_2aed,
    0x5338_0d13_9d95_b3df,
    0x650a_7354_8baf_63de,
    0x766a_0abb_3c77_b2a8,
    0x81c2_c92e_47ed_aee6,
    0x9272_2c85_1482_353b,
    0xa2bf_e8a1_4cf1_0364,
    0xa81a_664b_bc42_3001,
    0xc24b_8b70_d0f8_9791,
    0xc76c_51a3_0654_be30,
    0xd192_e819_d6ef_5218,
    0xd699_0624_5565_a910,
    0xf40e_3585_5771_202a,
    0x106a_a070_32bb_d1b8,
    0x19a4_c116_b8d2_d0c8,
    0x1e37_6c08_5141_ab53,
    0x2748_774c_df8e_eb99,
    0x34b0_bcb5_e19b_48a8,
    0x391c_0cb3_c5c9_5a63,
    0x4ed8_aa4a_e341_8acb,
    0x5b9c_ca4f_7763_e373,
    0x682e_6ff3_d6b2_b8a3,
    0x748f_82ee_5def_b2fc,
    0x78a5_636f_4317_2f60,
    0x84c8_7814_a1f0_ab72,
    0x8cc7_0208_1a64_39ec,
    0x90be_fffa_2363_1e28,
    0xa450_6ceb_de82_bde9,
    0xbef9_a3f7_b2c6_7915,
    0xc671_78f2_e372_532b,
    0xca27_3ece_ea26_619c,
    0xd186_b8c7_21c0_c207,
    0xeada_7dd6_cde0_eb1e,
    0xf57d_4f7f_ee6e_d178,
    0x06f0_67aa_7217_6fba,
    0x0a63_7dc5_a2c8_98a6,
    0x113f_9804_bef9_0dae,
    0x1b71_0b35_131c_471b,
    0x28db_77f5_2304_7d84,
    0x32ca_ab7b_40c7_2493,
    0x3c9e_be0a_15c9_bebc,
    0x431d_67c4_9c10_0d4c,
    0x4cc5_d4be_cb3e_42b6,
    0x597f_299c_fc65_7e2a,
    0x5fcb_6fab_3ad6_faec,
    0x6c44_198c_4a47_5817,
];

/// The same of the square roots of the first eight primes (FIPS 180-4 section 5.3).
const START: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// Of the next eight.
const START_384: [u64; 8] = [
    0xcbbb_9d5d_c105_9ed8,
    0x629a_292a_367c_d507,
    0x9159_015a_3070_dd17,
    0x152f_ecd8_f70e_5939,
    0x6733_2667_ffc0_0b31,
    0x8eb4_4a87_6858_1511,
    0xdb0c_2e0d_64f9_8fa7,
    0x47b5_481d_befa_4fa4,
];

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
        Hash {
            sha,
            state: if sha == Sha::Sha384 { START_384 } else { START },
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
    fn mix(&self, word: u64, row: usize) -> u64 {
        let rows = if self.is_narrow() { NARROW } else { WIDE };
        let [one, two, three] = rows.get(row).copied().unwrap_or_default();
        let third = if row < 2 {
            word.rotate_right(three)
        } else if self.is_narrow() {
            self.lower((word & 0xffff_ffff) >> three)
        } else {
            word >> three
        };
        word.rotate_right(one) ^ word.rotate_right(two) ^ third
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
        let mut state = self.state.map(|word| self.upper(word));
        let rounds = if self.is_narrow() { 64 } else { 80 };
        for (at, constant) in ROUNDS.iter().take(rounds).enumerate() {
            let word = |back: usize| schedule.get(at.wrapping_sub(back)).copied().unwrap_or(0);
            let mut now = word(0);
            if at >= 16 {
                now = self.lower(
                    word(16)
                        .wrapping_add(self.mix(word(15), 2))
                        .wrapping_add(word(7))
                        .wrapping_add(self.mix(word(2), 3)),
                );
                if let Some(place) = schedule.get_mut(at) {
                    *place = now;
                }
            }
            let [a, b, c, d, e, f, g, h] = state;
            let first = h
                .wrapping_add(self.mix(e, 1))
                .wrapping_add(e & f ^ !e & g)
                .wrapping_add(self.upper(*constant))
                .wrapping_add(now);
            let second = self.mix(a, 0).wrapping_add(a & b ^ a & c ^ b & c);
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
