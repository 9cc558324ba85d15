//! The one place that random bytes come from.

use crate::Secret;

/// The operating system gave no random bytes: nothing can be made until it does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes ({0}); nothing was made, try again")]
pub struct EntropyError(String);

impl EntropyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "entropy_unavailable"
    }
}

/// Random bytes of the operating system's CSPRNG.
///
/// # Errors
/// `entropy_unavailable`.
pub fn random<const N: usize>() -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// A secret of so many random bytes of the operating system's CSPRNG.
///
/// # Errors
/// `entropy_unavailable`.
pub fn random_secret(length: usize) -> Result<Secret, EntropyError> {
    Secret::try_filled(length, fill)
}

fn fill(bytes: &mut [u8]) -> Result<(), EntropyError> {
    getrandom::fill(bytes).map_err(|error| EntropyError(error.to_string()))
}
