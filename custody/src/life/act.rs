//! The acts that are done to one key. Rotation, which makes another, is beside it.

use countersign_core::UnixSeconds;

use super::{KeyLife, LifeError, Standing, Status};

/// What is done to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// Takes a pending key into use.
    Activate,
    /// Stops it for a while.
    Suspend,
    /// Lets a suspended one go on. It ends when it would have ended.
    Resume,
    /// Stops it for ever.
    Revoke,
    /// Notes that its time is over, so that no clock brings it back.
    Expire,
    /// Does away with a key that was revoked or is over: its secret must go with it.
    Destroy,
}

impl Act {
    /// Every act.
    pub const ALL: &'static [Act] = &[
        Act::Activate,
        Act::Suspend,
        Act::Resume,
        Act::Revoke,
        Act::Expire,
        Act::Destroy,
    ];

    /// Whether the key can do more after it than before: then the clock must be right.
    const fn gives(self) -> bool {
        matches!(self, Act::Activate | Act::Resume)
    }
}

impl KeyLife {
    /// The life after an act.
    ///
    /// What takes from a key is done also where the clock was set back, as of the latest instant seen.
    ///
    /// # Errors
    /// The code of the key's standing, such as `key_revoked`, if the act isn't for it; `clock_backwards`.
    pub fn act(&self, act: Act, now: UnixSeconds) -> Result<KeyLife, LifeError> {
        if act.gives() {
            self.clock(now)?;
        }
        let standing = self.standing(now);
        let status = match (act, standing, self.status) {
            (Act::Activate, Standing::Pending, Status::Pending)
            | (Act::Resume, Standing::Suspended, _) => Status::Active,
            (Act::Suspend, Standing::Active | Standing::Retiring, _) => Status::Suspended,
            (
                Act::Revoke,
                Standing::Pending
                | Standing::Active
                | Standing::Retiring
                | Standing::Suspended
                | Standing::Expired,
                _,
            ) => Status::Revoked,
            (Act::Expire, Standing::Expired, status) => status,
            (Act::Destroy, Standing::Revoked | Standing::Expired, _) => Status::Destroyed,
            _ => return Err(LifeError::Standing(standing)),
        };
        Ok(KeyLife {
            status,
            seen_at: now.max(self.seen_at),
            ..self.clone()
        })
    }

    pub(super) fn clock(&self, now: UnixSeconds) -> Result<(), LifeError> {
        if now < self.seen_at {
            return Err(LifeError::ClockBackwards {
                seen: self.seen_at.get(),
            });
        }
        Ok(())
    }
}
