//! Reading bytes from the front, and never past the end.

use core::error::Error;
use core::fmt;

/// Why bytes can't be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingError {
    code: &'static str,
    message: String,
}

impl ListingError {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new("bundle_malformed", message)
    }

    /// A stable code, one of those of the format.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl fmt::Display for ListingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ListingError {}

/// The rest of a section.
#[derive(Clone)]
pub(super) struct Cursor<'b> {
    section: &'static str,
    rest: &'b [u8],
}

impl<'b> Cursor<'b> {
    pub(super) fn new(section: &'static str, rest: &'b [u8]) -> Self {
        Self { section, rest }
    }

    pub(super) fn broken(&self, rule: &str) -> ListingError {
        let left = self.rest.len();
        ListingError::malformed(format!(
            "section `{}`, {left} bytes before its end: {rule}",
            self.section
        ))
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'b [u8], ListingError> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| self.broken("it ends too early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ListingError> {
        let bytes = self.bytes(N)?;
        bytes
            .try_into()
            .map_err(|_| self.broken("it ends too early"))
    }

    pub(super) fn byte(&mut self) -> Result<u8, ListingError> {
        self.array::<1>().map(u8::from_le_bytes)
    }

    pub(super) fn half(&mut self) -> Result<u16, ListingError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn word(&mut self) -> Result<usize, ListingError> {
        let word = self.array().map(u32::from_le_bytes)?;
        usize::try_from(word).map_err(|_| self.broken("a number is too large"))
    }

    pub(super) fn long(&mut self) -> Result<i64, ListingError> {
        self.array().map(i64::from_le_bytes)
    }

    /// The count of a list: each thing in it takes a byte at least.
    pub(super) fn count(&mut self) -> Result<usize, ListingError> {
        let count = self.word()?;
        if count > self.rest.len() {
            return Err(self.broken("a list is longer than what is left"));
        }
        Ok(count)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn end(self) -> Result<(), ListingError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(self.broken("bytes follow its end"))
        }
    }
}
