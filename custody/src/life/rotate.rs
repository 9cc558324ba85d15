//! Rotation: a key gets a successor, and both verify for a while.

use countersign_core::UnixSeconds;

use super::{KeyLife, LifeError, LifePolicy, Standing, Status, keyid, successor_id};

/// Both keys after a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The key that was: it verifies until the overlap ends.
    pub retiring: KeyLife,
    /// The key that is from now on.
    pub successor: KeyLife,
}

impl KeyLife {
    /// Gives the key a successor, with an id of its own ([`successor_id`] if none is chosen). Both verify
    /// for `overlap` seconds, or as long as policy says; with 0 the old one ends at once.
    ///
    /// The successor lives as long as its predecessor was to, never past the deadline of a trial.
    ///
    /// # Errors
    /// `keyid_malformed`, `key_rotated`, `overlap_beyond_policy`, `overlap_running`, `clock_backwards`,
    /// `versions_exhausted`, and the code of its standing if it isn't active.
    pub fn rotate(
        &self,
        keyid: Option<&str>,
        overlap: Option<u64>,
        now: UnixSeconds,
        policy: &LifePolicy,
    ) -> Result<Rotation, LifeError> {
        self.clock(now)?;
        match (self.standing(now), &self.successor) {
            (Standing::Active, None) => {}
            (Standing::Retiring, Some(successor)) => {
                return Err(LifeError::Rotated(successor.clone()));
            }
            (standing, _) => return Err(LifeError::Standing(standing)),
        }
        let greatest = policy.greatest_overlap;
        let overlap = overlap.unwrap_or(policy.default_overlap.min(greatest));
        if overlap > greatest {
            return Err(LifeError::OverlapBeyondPolicy { greatest });
        }
        // Never three at once.
        if let Some(until) = self.overlaps_until.filter(|until| *until > now)
            && overlap > 0
        {
            return Err(LifeError::OverlapRunning { until: until.get() });
        }
        let version = self.version.checked_add(1).ok_or(LifeError::Versions)?;
        let default = || successor_id(&self.lineage, version);
        let keyid = keyid.map_or_else(default, str::to_owned);
        let keyid = keyid::checked(&keyid)?.to_owned();
        let lifetime = self.lifetime.min(policy.greatest_lifetime);
        let ends = UnixSeconds::new(now.get().saturating_add(lifetime));
        let not_after = self.deadline.map_or(ends, |deadline| ends.min(deadline));
        let retires = UnixSeconds::new(now.get().saturating_add(overlap)).min(self.not_after);
        let overlaps_until = Some(
            self.overlaps_until
                .map_or(retires, |until| until.max(retires)),
        );
        Ok(Rotation {
            successor: KeyLife {
                keyid: keyid.clone(),
                lineage: self.lineage.clone(),
                version,
                status: Status::Active,
                issued_at: now,
                not_before: now,
                not_after,
                lifetime,
                deadline: self.deadline,
                retires_at: None,
                predecessor: Some(self.keyid.clone()),
                overlaps_until,
                successor: None,
                seen_at: now,
            },
            retiring: KeyLife {
                retires_at: Some(retires),
                successor: Some(keyid),
                seen_at: now,
                ..self.clone()
            },
        })
    }
}
