//! Points in time, as the wire has them.

use core::time::Duration;

/// Seconds since 1970-01-01T00:00:00Z, never negative: the unit of `created` and `expires`
/// (RFC 9421 section 2.3).
///
/// ```
/// use countersign_core::UnixSeconds;
/// let now = UnixSeconds::new(1_800_000_000);
/// assert_eq!(now.get(), 1_800_000_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(u64);

impl UnixSeconds {
    /// The latest instant that is handled: the greatest structured-field integer (RFC 9651
    /// section 3.3.1).
    pub const MAX: UnixSeconds = UnixSeconds(999_999_999_999_999);

    /// The instant `seconds` after the epoch, or [`UnixSeconds::MAX`] if that is earlier.
    #[must_use]
    pub const fn new(seconds: u64) -> Self {
        if seconds > Self::MAX.0 {
            Self::MAX
        } else {
            UnixSeconds(seconds)
        }
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// This instant moved later, at most to [`UnixSeconds::MAX`].
    #[must_use]
    pub const fn after(self, by: Duration) -> Self {
        Self::new(self.0.saturating_add(by.as_secs()))
    }
}
