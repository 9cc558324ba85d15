//! A root that somebody knows.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::super::{VaultError, cipher, header::Bytes};
use super::RootKind;
use crate::{Secret, entropy};

pub(super) const SALT_BYTES: usize = 16;

/// NIST SP 800-63B-4 section 3.1.1.2: of a password that is the only factor.
const MIN_CHARACTERS: usize = 15;

/// A passphrase, stretched by Argon2id (RFC 9106).
///
/// ```
/// use countersign_custody::Secret;
/// use countersign_custody::vault::Passphrase;
/// let phrase = Passphrase::new(Secret::new(b"nine lives of a patient heron".to_vec()));
/// assert!(!format!("{phrase:?}").contains("heron"));
/// ```
#[derive(Debug)]
pub struct Passphrase {
    phrase: Secret,
    cost: Argon2Cost,
}

impl Passphrase {
    /// A passphrase as it was typed, without the end of the line; at [`Argon2Cost::RECOMMENDED`], if it is
    /// for a new root.
    #[must_use]
    pub fn new(phrase: Secret) -> Self {
        Self::with_cost(phrase, Argon2Cost::RECOMMENDED)
    }

    /// At another cost. It matters only for a new root: an old one has its cost in the header.
    #[must_use]
    pub fn with_cost(phrase: Secret, cost: Argon2Cost) -> Self {
        Passphrase { phrase, cost }
    }

    pub(super) fn describe(&self) -> Result<RootKind, VaultError> {
        let characters = self.phrase.reveal().utf8_chunks();
        let characters: usize = characters.map(|chunk| chunk.valid().chars().count()).sum();
        if characters < MIN_CHARACTERS {
            return Err(VaultError::PassphraseTooShort(MIN_CHARACTERS));
        }
        Ok(RootKind::Passphrase {
            cost: self.cost,
            salt: Bytes(entropy::random::<SALT_BYTES>()?.to_vec()),
        })
    }

    pub(super) fn key(&self, cost: Argon2Cost, salt: &[u8]) -> Result<Secret, VaultError> {
        let refused = |_| VaultError::Primitive("Argon2id refused the cost");
        let params = Params::new(
            cost.memory_kib,
            cost.passes,
            cost.lanes,
            Some(cipher::KEY_BYTES),
        )
        .map_err(refused)?;
        // Ours, so that a lack of it is an error, and it is wiped.
        let mut memory = Zeroizing::new(Vec::new());
        memory
            .try_reserve_exact(params.block_count())
            .map_err(|_| VaultError::Primitive("there is not enough memory for Argon2id"))?;
        memory.resize(params.block_count(), Block::default());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Secret::try_filled(cipher::KEY_BYTES, |to| {
            argon2.hash_password_into_with_memory(
                self.phrase.reveal(),
                salt,
                to,
                memory.as_mut_slice(),
            )
        })
        .map_err(|_| VaultError::Primitive("Argon2id refused the passphrase"))
    }
}

/// What a guess costs: memory and passes over it (RFC 9106 section 3.1).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argon2Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Argon2Cost {
    /// 256 MiB, 3 passes, 4 lanes: four times the memory of RFC 9106's second recommendation (section 4),
    /// since a vault is opened seldom, and its header may be copied and guessed at for years.
    pub const RECOMMENDED: Self = Argon2Cost {
        memory_kib: 256 << 10,
        passes: 3,
        lanes: 4,
    };

    /// RFC 9106's second recommendation, for where there is little memory: 64 MiB, 3 passes, 4 lanes. It is
    /// above what OWASP's Password Storage Cheat Sheet asks for (19 MiB and 2 passes, or its equals).
    pub const LEAST: Self = Argon2Cost {
        memory_kib: 64 << 10,
        passes: 3,
        lanes: 4,
    };

    const MOST_MEMORY_KIB: u32 = 2 << 20;
    const MOST_LANES: u32 = 16;
    const MOST_WORK_KIB: u64 = 8 << 20;

    /// A cost of `memory_kib` KiB, gone over `passes` times in `lanes` lanes.
    ///
    /// # Errors
    /// `cost_refused` if it is less work or less memory than [`Argon2Cost::LEAST`], above 2 GiB, above
    /// 8 GiB over all passes, or above 16 lanes.
    ///
    /// ```
    /// use countersign_custody::vault::Argon2Cost;
    /// assert!(Argon2Cost::new(2 << 20, 1, 4).is_ok()); // RFC 9106's first recommendation
    /// assert!(Argon2Cost::new(19 << 10, 2, 1).is_err());
    /// ```
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, VaultError> {
        let cost = Self::below_least(memory_kib, passes, lanes)?;
        if cost.is_low() {
            return Err(VaultError::CostRefused(
                "it is below 64 MiB, or below three passes over that",
            ));
        }
        Ok(cost)
    }

    /// A cost without a floor: for the tests of programs that make vaults, and nothing else. What was made
    /// with it is told by [`RootStatus`](crate::vault::RootStatus).
    ///
    /// # Errors
    /// `cost_refused` if it is above the bounds of [`Argon2Cost::new`].
    pub fn below_least(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, VaultError> {
        let cost = Argon2Cost {
            memory_kib,
            passes,
            lanes,
        };
        cost.check()?;
        Ok(cost)
    }

    /// Memory in KiB.
    #[must_use]
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over it.
    #[must_use]
    pub fn passes(self) -> u32 {
        self.passes
    }

    /// Lanes.
    #[must_use]
    pub fn lanes(self) -> u32 {
        self.lanes
    }

    /// Whether it is below [`Argon2Cost::LEAST`].
    #[must_use]
    pub fn is_low(self) -> bool {
        self.memory_kib < Self::LEAST.memory_kib || self.work_kib() < Self::LEAST.work_kib()
    }

    fn work_kib(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    /// Before any of it is spent: a header is not to be trusted yet.
    pub(super) fn check(self) -> Result<(), VaultError> {
        let refused = |why| Err(VaultError::CostRefused(why));
        if self.passes == 0 || self.lanes == 0 || self.memory_kib < 8 * self.lanes.min(1 << 20) {
            return refused("Argon2id takes a pass, a lane and 8 KiB for each lane at least");
        }
        if self.memory_kib > Self::MOST_MEMORY_KIB
            || self.lanes > Self::MOST_LANES
            || self.work_kib() > Self::MOST_WORK_KIB
        {
            return refused("it is above 2 GiB, 8 GiB over all passes, or 16 lanes");
        }
        Ok(())
    }
}

impl fmt::Debug for Argon2Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Argon2id({} KiB, {} passes, {} lanes)",
            self.memory_kib, self.passes, self.lanes
        )
    }
}
