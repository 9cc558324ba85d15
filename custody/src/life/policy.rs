//! What may be chosen for a key, and what is chosen.

use countersign_core::UnixSeconds;
use serde::{Deserialize, Serialize};

const DAY: u64 = 24 * 60 * 60;

/// The bounds of a key's life. All in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifePolicy {
    /// The lifetime of a key that isn't given one: 90 days.
    pub default_lifetime: u64,
    /// The greatest lifetime: 180 days.
    pub greatest_lifetime: u64,
    /// The overlap of a rotation that isn't given one: a day.
    pub default_overlap: u64,
    /// The greatest overlap: 7 days.
    pub greatest_overlap: u64,
    /// How long a trial may last, through all its rotations: 30 days.
    pub greatest_trial: u64,
}

impl Default for LifePolicy {
    fn default() -> Self {
        LifePolicy {
            default_lifetime: 90 * DAY,
            greatest_lifetime: 180 * DAY,
            default_overlap: DAY,
            greatest_overlap: 7 * DAY,
            greatest_trial: 30 * DAY,
        }
    }
}

/// What is chosen for a new key. What is left out is policy's default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// From when it verifies; now, if it is left out.
    pub not_before: Option<UnixSeconds>,
    /// How long it lives from then on, in seconds.
    pub lifetime: Option<u64>,
    /// Until when, instead of how long.
    pub not_after: Option<UnixSeconds>,
    /// For a trial: when its whole lineage ends, however often it is rotated.
    pub deadline: Option<UnixSeconds>,
    /// Whether it waits for [`Act::Activate`](super::Act::Activate), such as until its owner has it.
    pub pending: bool,
}
