//! A key's life, as it is kept.

use countersign_core::UnixSeconds;
use serde::{Deserialize, Serialize};

use super::{LifeError, LifePolicy, Terms, keyid};

/// What was last done to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Issued, and not yet taken into use.
    Pending,
    /// In use.
    Active,
    /// Stopped for a while.
    Suspended,
    /// Stopped for ever.
    Revoked,
    /// Stopped for ever, and its secret is no more.
    Destroyed,
}

/// What a key is at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// It doesn't verify yet.
    Pending,
    /// It verifies.
    Active,
    /// It has a successor, and verifies until the overlap ends.
    Retiring,
    /// It doesn't verify, and may again.
    Suspended,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// It was destroyed.
    Destroyed,
}

impl Standing {
    /// `pending`, `active`, `retiring`, `suspended`, `expired`, `revoked` or `destroyed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Standing::Pending => "pending",
            Standing::Active => "active",
            Standing::Retiring => "retiring",
            Standing::Suspended => "suspended",
            Standing::Expired => "expired",
            Standing::Revoked => "revoked",
            Standing::Destroyed => "destroyed",
        }
    }

    /// Whether signatures by the key are accepted.
    #[must_use]
    pub const fn verifies(self) -> bool {
        matches!(self, Standing::Active | Standing::Retiring)
    }

    pub(super) const fn what_may_be(self) -> &'static str {
        match self {
            Standing::Pending => "can be activated or revoked",
            Standing::Active => "can be rotated, suspended or revoked",
            Standing::Retiring => "can be suspended or revoked, and its successor rotated",
            Standing::Suspended => "can be resumed or revoked",
            Standing::Expired => "can be revoked or destroyed; issue a new one",
            Standing::Revoked => "never comes back, and can be destroyed; issue a new one",
            Standing::Destroyed => "is no more; issue a new one",
        }
    }
}

/// The life of one key. It changes only by acts: each gives the life after it, and leaves this one.
///
/// Times are in whole seconds. A key verifies from `not_before` until `not_after` or `retires_at`,
/// whichever is first; at those it doesn't any more. What there is none of isn't written: of a million keys most have
/// neither relatives nor a deadline.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyLife {
    pub(super) keyid: String,
    pub(super) lineage: String,
    pub(super) version: u32,
    pub(super) status: Status,
    #[serde(with = "instant")]
    pub(super) issued_at: UnixSeconds,
    #[serde(with = "instant")]
    pub(super) not_before: UnixSeconds,
    #[serde(with = "instant")]
    pub(super) not_after: UnixSeconds,
    /// In seconds, as it was chosen: what a successor lives for.
    pub(super) lifetime: u64,
    /// The end of a trial's lineage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(with = "instant::optional")]
    pub(super) deadline: Option<UnixSeconds>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(with = "instant::optional")]
    pub(super) retires_at: Option<UnixSeconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) predecessor: Option<String>,
    /// When the predecessor retires: until then two keys of the lineage verify.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(with = "instant::optional")]
    pub(super) overlaps_until: Option<UnixSeconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) successor: Option<String>,
    /// The latest instant at which an act was done to it.
    #[serde(with = "instant")]
    pub(super) seen_at: UnixSeconds,
}

impl KeyLife {
    /// The first key of a lineage, which is named after it.
    ///
    /// # Errors
    /// `keyid_malformed`, `no_lifetime`, `expiry_past`, `expiry_beyond_policy`, `trial_beyond_policy`.
    pub fn issue(
        keyid: &str,
        terms: &Terms,
        now: UnixSeconds,
        policy: &LifePolicy,
    ) -> Result<Self, LifeError> {
        let keyid = keyid::checked(keyid)?;
        let not_before = terms.not_before.unwrap_or(now).max(now);
        let lifetime = match (terms.not_after, terms.lifetime) {
            (Some(end), _) if end <= not_before => {
                return Err(LifeError::ExpiryPast(not_before.get()));
            }
            (Some(end), _) => end.get() - not_before.get(),
            (None, Some(0)) => return Err(LifeError::NoLifetime),
            (None, Some(lifetime)) => lifetime,
            (None, None) => policy.default_lifetime.min(policy.greatest_lifetime),
        };
        // From now on: a key that begins late doesn't end later for it.
        let ends = not_before.get().saturating_add(lifetime);
        let greatest = policy.greatest_lifetime;
        if ends > now.get().saturating_add(greatest) {
            return Err(LifeError::ExpiryBeyondPolicy { greatest });
        }
        let mut not_after = UnixSeconds::new(ends);
        if let Some(deadline) = terms.deadline {
            let greatest = policy.greatest_trial;
            if deadline <= not_before {
                return Err(LifeError::ExpiryPast(not_before.get()));
            }
            if deadline.get() > now.get().saturating_add(greatest) {
                return Err(LifeError::TrialBeyondPolicy { greatest });
            }
            not_after = not_after.min(deadline);
        }
        Ok(KeyLife {
            keyid: keyid.to_owned(),
            lineage: keyid.to_owned(),
            version: 1,
            status: if terms.pending {
                Status::Pending
            } else {
                Status::Active
            },
            issued_at: now,
            not_before,
            not_after,
            lifetime,
            deadline: terms.deadline,
            retires_at: None,
            predecessor: None,
            overlaps_until: None,
            successor: None,
            seen_at: now,
        })
    }

    /// What the key is at this instant, or at the latest that it has seen if that is later.
    #[must_use]
    pub fn standing(&self, now: UnixSeconds) -> Standing {
        let now = now.max(self.seen_at);
        match self.status {
            Status::Destroyed => Standing::Destroyed,
            Status::Revoked => Standing::Revoked,
            _ if now >= self.ends_at() => Standing::Expired,
            Status::Suspended => Standing::Suspended,
            Status::Pending => Standing::Pending,
            Status::Active if now < self.not_before => Standing::Pending,
            Status::Active if self.successor.is_some() => Standing::Retiring,
            Status::Active => Standing::Active,
        }
    }

    /// Whether it verifies now, or will at its time if nothing is done.
    #[must_use]
    pub(crate) fn is_for_ring(&self, now: UnixSeconds) -> bool {
        match self.standing(now) {
            Standing::Active | Standing::Retiring => true,
            Standing::Pending => self.status == Status::Active,
            _ => false,
        }
    }

    /// When it stops to verify, if nothing is done: `retires_at` or `not_after`.
    #[must_use]
    pub fn ends_at(&self) -> UnixSeconds {
        self.retires_at
            .map_or(self.not_after, |retires| retires.min(self.not_after))
    }

    /// Whether there are other keys of its lineage.
    #[must_use]
    pub fn has_relatives(&self) -> bool {
        self.predecessor.is_some() || self.successor.is_some()
    }

    /// Its id.
    #[must_use]
    pub fn keyid(&self) -> &str {
        &self.keyid
    }

    /// The id of the first key of its lineage.
    #[must_use]
    pub fn lineage(&self) -> &str {
        &self.lineage
    }

    /// Its place in the lineage, from 1.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What was last done to it. Whether it verifies, [`standing`](Self::standing) tells.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// When it was issued.
    #[must_use]
    pub fn issued_at(&self) -> UnixSeconds {
        self.issued_at
    }

    /// From when it verifies.
    #[must_use]
    pub fn not_before(&self) -> UnixSeconds {
        self.not_before
    }

    /// Until when it verifies at most.
    #[must_use]
    pub fn not_after(&self) -> UnixSeconds {
        self.not_after
    }

    /// When the overlap with its successor ends.
    #[must_use]
    pub fn retires_at(&self) -> Option<UnixSeconds> {
        self.retires_at
    }

    /// When its lineage ends, if it is a trial's.
    #[must_use]
    pub fn deadline(&self) -> Option<UnixSeconds> {
        self.deadline
    }

    /// The latest instant at which something was done to it. An earlier one counts as this.
    #[must_use]
    pub fn seen_at(&self) -> UnixSeconds {
        self.seen_at
    }

    /// The key that it came after.
    #[must_use]
    pub fn predecessor(&self) -> Option<&str> {
        self.predecessor.as_deref()
    }

    /// The key that comes after it.
    #[must_use]
    pub fn successor(&self) -> Option<&str> {
        self.successor.as_deref()
    }
}

/// Instants as whole seconds since 1970.
mod instant {
    use countersign_core::UnixSeconds;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives it so")]
    pub(super) fn serialize<S: Serializer>(at: &UnixSeconds, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(at.get())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<UnixSeconds, D::Error> {
        u64::deserialize(from).map(UnixSeconds::new)
    }

    pub(super) mod optional {
        use countersign_core::UnixSeconds;
        use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

        #[expect(clippy::ref_option, reason = "serde gives it so")]
        pub(in super::super) fn serialize<S: Serializer>(
            at: &Option<UnixSeconds>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            at.map(UnixSeconds::get).serialize(to)
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<UnixSeconds>, D::Error> {
            Ok(Option::<u64>::deserialize(from)?.map(UnixSeconds::new))
        }
    }
}
