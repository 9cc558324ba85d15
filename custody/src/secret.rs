//! Bytes that nobody may see.

use std::fmt;

use zeroize::Zeroizing;

use crate::pages::Pages;

/// Secret bytes, in pages of memory of their own: locked out of swap and left out of core dumps where the
/// system allows, wiped when dropped, absent from `Debug`, never compared with `==`.
///
/// A locked page counts against the process's `RLIMIT_MEMLOCK`. When that is used up the secret is kept all
/// the same, and [`Secret::is_locked`] says so.
///
/// ```
/// use countersign_custody::Secret;
/// let secret = Secret::new(vec![7; 32]);
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// assert_eq!(secret.reveal().len(), 32);
/// ```
pub struct Secret {
    memory: Memory,
    length: usize,
}

enum Memory {
    Pages(Pages),
    /// The system gave no pages: better than no key at all.
    Heap(Zeroizing<Vec<u8>>),
}

impl Secret {
    /// Takes the bytes, and wipes them where they were.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self::filled(bytes.len(), |to| to.copy_from_slice(&bytes))
    }

    /// A secret of `length` bytes that `fill` writes where they stay: at first they are zero.
    #[must_use]
    pub fn filled(length: usize, fill: impl FnOnce(&mut [u8])) -> Self {
        let mut secret = Self::zero(length);
        fill(secret.bytes_mut());
        secret
    }

    /// As [`Secret::filled`], for what may fail.
    ///
    /// # Errors
    /// That of `fill`.
    pub fn try_filled<E>(
        length: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut secret = Self::zero(length);
        fill(secret.bytes_mut())?;
        Ok(secret)
    }

    /// The bytes, for the one place that needs them.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        let bytes: &[u8] = match &self.memory {
            Memory::Pages(pages) => pages.bytes(),
            Memory::Heap(bytes) => bytes,
        };
        bytes.get(..self.length).unwrap_or_default()
    }

    /// Whether its pages are locked, so that they are never written to swap.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(&self.memory, Memory::Pages(pages) if pages.are_locked())
    }

    fn zero(length: usize) -> Self {
        let memory = match Pages::take(length) {
            Ok(pages) => Memory::Pages(pages),
            Err(_) => Memory::Heap(Zeroizing::new(vec![0; length])),
        };
        Secret { memory, length }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        let bytes: &mut [u8] = match &mut self.memory {
            Memory::Pages(pages) => pages.bytes_mut(),
            Memory::Heap(bytes) => bytes,
        };
        bytes.get_mut(..self.length).unwrap_or_default()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
