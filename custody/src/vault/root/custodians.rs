//! A root that several people hold together.

use std::fmt;

use base32ct::{Base32Unpadded, Encoding as _};
use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng as _;
use vsss_rs::Gf256;
use zeroize::Zeroizing;

use super::super::{RootId, VaultError, cipher, header::Bytes};
use super::{RootKind, commitment};
use crate::{Secret, entropy};

const PREFIX: &str = "csh";
const CHECKSUM_BYTES: usize = 4;
const LEAST: usize = 2;
const MOST: usize = 16;
const MAX_SHARE_CHARS: usize = 128;

/// A secret that `threshold` of so many custodians open together, and fewer learn nothing of: Shamir's
/// scheme over GF(2^8), byte by byte (A. Shamir, "How to share a secret", CACM 22, 1979).
#[derive(Debug)]
pub struct Custodians {
    id: RootId,
    threshold: u8,
    of: u8,
    shares: Vec<Share>,
}

impl Custodians {
    /// Draws a secret and splits it among `of` custodians, `threshold` of whom open it.
    ///
    /// # Errors
    /// `split_malformed` unless 2 <= `threshold` <= `of` <= 16; `entropy_unavailable`.
    ///
    /// ```
    /// use countersign_custody::vault::{Custodians, Share};
    /// # fn main() -> Result<(), countersign_custody::vault::VaultError> {
    /// let split = Custodians::split(2, 3)?;
    /// // Each custodian takes one text away, and brings it back.
    /// let texts: Vec<_> = split.shares().iter().map(Share::reveal).collect();
    /// let brought = vec![Share::parse(&texts[0])?, Share::parse(&texts[2])?];
    /// assert!(Custodians::gather(brought).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn split(threshold: u8, of: u8) -> Result<Self, VaultError> {
        check_split(usize::from(threshold), usize::from(of))?;
        let id = RootId(entropy::random()?);
        let secret = entropy::random_secret(cipher::KEY_BYTES)?;
        let seed = Zeroizing::new(entropy::random::<32>()?);
        let split = Gf256::split_array(
            usize::from(threshold),
            usize::from(of),
            secret.reveal(),
            ChaCha20Rng::from_seed(*seed),
        )
        .map_err(|_| VaultError::Primitive("the secret was not split"))?;
        let share = |(number, bytes): (u8, Vec<u8>)| {
            let bytes = Zeroizing::new(bytes);
            let value = bytes.get(1..).unwrap_or_default().to_vec();
            Share {
                root: id,
                threshold,
                of,
                number,
                value: Secret::new(value),
            }
        };
        Ok(Custodians {
            id,
            threshold,
            of,
            shares: (1..).zip(split).map(share).collect(),
        })
    }

    /// The shares that custodians brought, in any order; more than are needed are welcome.
    ///
    /// # Errors
    /// `shares_too_few`, `share_duplicate`, `share_foreign` if they are of two splits.
    pub fn gather(shares: Vec<Share>) -> Result<Self, VaultError> {
        let Some(first) = shares.first() else {
            return Err(VaultError::SharesTooFew {
                given: 0,
                needed: LEAST,
            });
        };
        let (id, threshold, of) = (first.root, first.threshold, first.of);
        let mut seen = [false; MOST + 1];
        for share in &shares {
            if (share.root, share.threshold, share.of) != (id, threshold, of) {
                return Err(VaultError::ShareForeign(share.number));
            }
            match seen.get_mut(usize::from(share.number)) {
                Some(seen) if !*seen => *seen = true,
                _ => return Err(VaultError::ShareDuplicate(share.number)),
            }
        }
        let (given, needed) = (shares.len(), usize::from(threshold));
        if given < needed {
            return Err(VaultError::SharesTooFew { given, needed });
        }
        Ok(Custodians {
            id,
            threshold,
            of,
            shares,
        })
    }

    /// The shares, ascending by number if they come from a split: one for each custodian, to be kept apart.
    #[must_use]
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    pub(super) fn id(&self) -> RootId {
        self.id
    }

    pub(super) fn describe(&self) -> Result<RootKind, VaultError> {
        let mut commitments = Vec::new();
        for number in 1..=self.of {
            let share = self.shares.iter().find(|share| share.number == number);
            let share = share.ok_or(VaultError::SharesIncomplete)?;
            commitments.push(commitment(self.id, number, &share.value)?);
        }
        Ok(RootKind::Custodians {
            threshold: self.threshold,
            commitments,
        })
    }

    pub(super) fn key(
        &self,
        id: RootId,
        threshold: u8,
        commitments: &[Bytes],
    ) -> Result<Secret, VaultError> {
        if (id, threshold, commitments.len()) != (self.id, self.threshold, usize::from(self.of)) {
            let number = self.shares.first().map_or(0, |share| share.number);
            return Err(VaultError::ShareForeign(number));
        }
        for share in &self.shares {
            let known = commitments.get(usize::from(share.number).wrapping_sub(1));
            if known != Some(&commitment(id, share.number, &share.value)?) {
                return Err(VaultError::ShareWrong(share.number));
            }
        }
        let numbered = |share: &Share| {
            let value = share.value.reveal();
            Zeroizing::new([&[share.number], value].concat())
        };
        let shares = Zeroizing::new(
            self.shares
                .iter()
                .map(|share| numbered(share).to_vec())
                .collect::<Vec<_>>(),
        );
        Gf256::combine_array(shares.as_slice())
            .map(Secret::new)
            .map_err(|_| VaultError::Primitive("the shares don't combine"))
    }
}

pub(super) fn check_split(threshold: usize, of: usize) -> Result<(), VaultError> {
    let good = (LEAST..=MOST).contains(&threshold) && (threshold..=MOST).contains(&of);
    good.then_some(()).ok_or(VaultError::SplitMalformed)
}

/// What one custodian holds: `csh_<root>_<threshold>_<of>_<number>_<share>_<checksum>`.
///
/// `root` is the root's id; `number` the custodian's, from 1; `share` 32 bytes in lower-case base32 (RFC 4648
/// section 6, no padding); `checksum` the first 4 bytes of the SHA-256 of all before its underscore, in
/// base32. It tells a typing error, not a forged share: for that the header has a commitment to each.
pub struct Share {
    root: RootId,
    threshold: u8,
    of: u8,
    number: u8,
    value: Secret,
}

impl Share {
    /// Reads a share, without the spaces around it.
    ///
    /// # Errors
    /// `share_malformed`, `share_checksum_mismatch`. Neither repeats any of the share.
    pub fn parse(text: &str) -> Result<Self, VaultError> {
        let text = text.trim_ascii();
        if text.len() > MAX_SHARE_CHARS {
            return Err(VaultError::ShareMalformed);
        }
        let (body, checksum) = text.rsplit_once('_').ok_or(VaultError::ShareMalformed)?;
        let mut parts = body.split('_');
        let mut part = || parts.next().ok_or(VaultError::ShareMalformed);
        let (prefix, root) = (part()?, part()?);
        let (threshold, of, number) = (count(part()?)?, count(part()?)?, count(part()?)?);
        let value = part()?;
        let root = RootId::parse(root).ok_or(VaultError::ShareMalformed)?;
        if prefix != PREFIX || parts.next().is_some() || number > of {
            return Err(VaultError::ShareMalformed);
        }
        check_split(usize::from(threshold), usize::from(of))
            .map_err(|_| VaultError::ShareMalformed)?;
        if checksum != checksum_of(body) {
            return Err(VaultError::ShareChecksum(number));
        }
        let value = Base32Unpadded::decode_vec(value).map_err(|_| VaultError::ShareMalformed)?;
        let value = Secret::new(value);
        if value.reveal().len() != cipher::KEY_BYTES {
            return Err(VaultError::ShareMalformed);
        }
        Ok(Share {
            root,
            threshold,
            of,
            number,
            value,
        })
    }

    /// The number of its custodian, from 1.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The root that it is a share of.
    #[must_use]
    pub fn root(&self) -> RootId {
        self.root
    }

    /// The text, for its custodian and nobody else.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let value = Zeroizing::new(Base32Unpadded::encode_string(self.value.reveal()));
        let body = Zeroizing::new(format!("{}_{}", self.public_part(), *value));
        Zeroizing::new(format!("{}_{}", *body, checksum_of(&body)))
    }

    fn public_part(&self) -> String {
        format!(
            "{PREFIX}_{}_{}_{}_{}",
            self.root, self.threshold, self.of, self.number
        )
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Share({}_..)", self.public_part())
    }
}

/// 1 to 16, without a leading zero or sign.
fn count(text: &str) -> Result<u8, VaultError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let number = text.parse().ok().filter(|_| plain);
    number.ok_or(VaultError::ShareMalformed)
}

fn checksum_of(body: &str) -> String {
    let digest = cipher::digest(body.as_bytes());
    Base32Unpadded::encode_string(digest.get(..CHECKSUM_BYTES).unwrap_or_default())
}
