//! The ids of keys.

use super::LifeError;

const MAX_CHARS: usize = 32;

/// Takes an id that can stand in a token.
pub(super) fn checked(keyid: &str) -> Result<&str, LifeError> {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if (1..=MAX_CHARS).contains(&keyid.len()) && keyid.bytes().all(good) {
        Ok(keyid)
    } else {
        Err(LifeError::Keyid(keyid.chars().take(MAX_CHARS).collect()))
    }
}

/// The id of a lineage's version, if none is chosen: `<lineage>v<version>`.
///
/// ```
/// assert_eq!(countersign_custody::life::successor_id("k7", 2), "k7v2");
/// ```
#[must_use]
pub fn successor_id(lineage: &str, version: u32) -> String {
    format!("{lineage}v{version}")
}
