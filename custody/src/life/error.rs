//! Why an act didn't happen.

use super::Standing;

/// Why an act didn't happen to a key. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LifeError {
    /// The id isn't 1 to 32 lower-case letters and digits.
    #[error("`{0}` is no key id: it takes 1 to 32 lower-case letters and digits")]
    Keyid(String),
    /// The end comes before the beginning, or is over.
    #[error("the expiry is in the past: choose one after {0}")]
    ExpiryPast(u64),
    /// The key would live longer than policy allows.
    #[error("the expiry is beyond policy: a key may live at most {greatest} seconds")]
    ExpiryBeyondPolicy {
        /// The greatest lifetime, in seconds.
        greatest: u64,
    },
    /// A trial would last longer than policy allows.
    #[error("the trial is beyond policy: it may last at most {greatest} seconds")]
    TrialBeyondPolicy {
        /// The longest trial, in seconds.
        greatest: u64,
    },
    /// A lifetime of zero.
    #[error("a key must live for at least a second")]
    NoLifetime,
    /// The overlap would be longer than policy allows.
    #[error(
        "the overlap is beyond policy: old and new may both verify for at most {greatest} seconds"
    )]
    OverlapBeyondPolicy {
        /// The greatest overlap, in seconds.
        greatest: u64,
    },
    /// The overlap of the rotation before this one isn't over.
    #[error("the last rotation overlaps until {until}: wait, or rotate without an overlap")]
    OverlapRunning {
        /// When it ends, in seconds since 1970.
        until: u64,
    },
    /// The key was rotated: only the newest of its lineage can be.
    #[error("the key has a successor, `{0}`: rotate that one")]
    Rotated(String),
    /// The lineage has had too many keys.
    #[error("the lineage has had all the versions that there can be: issue a new key")]
    Versions,
    /// The clock was set back.
    #[error("the clock is behind what the key has seen ({seen}): set it right")]
    ClockBackwards {
        /// The latest instant that the key has seen, in seconds since 1970.
        seen: u64,
    },
    /// The act isn't for a key that stands so.
    #[error("the key is {}: it {}", .0.as_str(), .0.what_may_be())]
    Standing(Standing),
}

impl LifeError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            LifeError::Keyid(_) => "keyid_malformed",
            LifeError::ExpiryPast(_) => "expiry_past",
            LifeError::ExpiryBeyondPolicy { .. } => "expiry_beyond_policy",
            LifeError::TrialBeyondPolicy { .. } => "trial_beyond_policy",
            LifeError::NoLifetime => "no_lifetime",
            LifeError::OverlapBeyondPolicy { .. } => "overlap_beyond_policy",
            LifeError::OverlapRunning { .. } => "overlap_running",
            LifeError::Rotated(_) => "key_rotated",
            LifeError::Versions => "versions_exhausted",
            LifeError::ClockBackwards { .. } => "clock_backwards",
            LifeError::Standing(standing) => match standing {
                Standing::Pending => "key_pending",
                Standing::Active => "key_active",
                Standing::Retiring => "key_retiring",
                Standing::Suspended => "key_suspended",
                Standing::Expired => "key_expired",
                Standing::Revoked => "key_revoked",
                Standing::Destroyed => "key_destroyed",
            },
        }
    }
}
