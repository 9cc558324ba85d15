//! What a store says of itself, under [`Space::Format`].
//!
//! [`Space::Format`]: super::Space::Format

use super::StoreError;

/// The format that is written: the numbers of the spaces, and how entries are kept.
pub(super) const FORMAT: u32 = 1;

/// The key of the format, a decimal number.
pub(super) const FORMAT_KEY: &[u8] = b"format";

/// The key that is there as long as an import isn't finished.
pub(super) const IMPORT_KEY: &[u8] = b"import";

/// Whether this program may use a store that says so of itself.
pub(super) fn check(format: Option<&[u8]>, import: Option<&[u8]>) -> Result<(), StoreError> {
    let found = number(format)?;
    if found > FORMAT {
        return Err(StoreError::NewerFormat {
            found,
            known: FORMAT,
        });
    }
    if import.is_some() {
        let unfinished = "an import into it wasn't finished".to_owned();
        return Err(StoreError::Damaged(unfinished));
    }
    Ok(())
}

/// Reads the format.
pub(super) fn number(format: Option<&[u8]>) -> Result<u32, StoreError> {
    format
        .and_then(|text| str::from_utf8(text).ok()?.parse().ok())
        .filter(|number| *number > 0)
        .ok_or_else(|| StoreError::Damaged("it doesn't say its format".to_owned()))
}
