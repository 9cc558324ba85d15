//! What time does: keys expire, are rotated by schedule, and suspended when nobody uses them.

use countersign_core::{KeyId, UnixSeconds};

use super::{Custodian, CustodyError, Filter, Issued, KeyEntry, Order};
use crate::audit;
use crate::life::Standing;

const DAY: u64 = 24 * 60 * 60;

/// When a key counts as unused. In days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Flagged after so many days without a use.
    pub flag_unused: u64,
    /// Suspended after so many.
    pub suspend_unused: u64,
}

impl Default for Rules {
    /// Flagged after 30 days, suspended after 60.
    fn default() -> Self {
        Rules {
            flag_unused: 30,
            suspend_unused: 60,
        }
    }
}

/// What a sweep did.
#[derive(Debug, Default)]
pub struct Sweep {
    /// Keys whose time was over.
    pub expired: Vec<String>,
    /// Successors, with what their owners must get.
    pub rotated: Vec<Issued>,
    /// Keys that nobody uses, and that go on.
    pub unused: Vec<String>,
    /// Keys that nobody used for too long.
    pub suspended: Vec<String>,
    /// What failed, by key; the others were done.
    pub failed: Vec<(String, CustodyError)>,
}

impl Custodian {
    /// Does what is due: notes expiries, rotates by schedule, suspends what is unused. The order is the
    /// scheduler's, and each act is asked for, done and recorded as any other.
    ///
    /// # Errors
    /// Those of reading the store; what fails of one key is in the sweep.
    pub fn sweep(&self, order: &Order<'_>, rules: &Rules) -> Result<Sweep, CustodyError> {
        order.check()?;
        let mut sweep = Sweep::default();
        for entry in self.find(&Filter::default(), order.now, "", usize::MAX)? {
            let keyid = entry.life().keyid().to_owned();
            if let Err(error) = self.sweep_one(order, rules, &entry, &mut sweep) {
                sweep.failed.push((keyid, error));
            }
        }
        Ok(sweep)
    }

    /// Rotates every key whose schedule says so: the successors.
    ///
    /// # Errors
    /// Those of reading the store.
    pub fn rotate_due(&self, order: &Order<'_>) -> Result<Sweep, CustodyError> {
        order.check()?;
        let mut sweep = Sweep::default();
        for entry in self.find(&Filter::default(), order.now, "", usize::MAX)? {
            let keyid = entry.life().keyid();
            if is_due(&entry, order.now) {
                match self.rotate(order, keyid, None, None) {
                    Ok(issued) => sweep.rotated.push(issued),
                    Err(error) => sweep.failed.push((keyid.to_owned(), error)),
                }
            }
        }
        Ok(sweep)
    }

    fn sweep_one(
        &self,
        order: &Order<'_>,
        rules: &Rules,
        entry: &KeyEntry,
        sweep: &mut Sweep,
    ) -> Result<(), CustodyError> {
        let life = entry.life();
        let keyid = life.keyid();
        match life.standing(order.now) {
            // Noted once: then the key has seen its end.
            Standing::Expired if life.seen_at() < life.ends_at() => {
                self.expire(order, keyid)?;
                sweep.expired.push(keyid.to_owned());
            }
            Standing::Active if is_due(entry, order.now) => {
                sweep.rotated.push(self.rotate(order, keyid, None, None)?);
            }
            Standing::Active | Standing::Retiring => {
                let idle = self.idle_days(entry, order.now)?;
                if idle >= rules.suspend_unused {
                    let _: super::Stopped = self.suspend(order, keyid)?;
                    sweep.suspended.push(keyid.to_owned());
                } else if idle >= rules.flag_unused {
                    sweep.unused.push(keyid.to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// For how many whole days nobody used the key, since it began.
    ///
    /// # Errors
    /// `audit_usage_damaged`, and those of the store.
    pub fn idle_days(&self, entry: &KeyEntry, now: UnixSeconds) -> Result<u64, CustodyError> {
        let life = entry.life();
        let days = audit::usage(
            &*self.store,
            self.environment,
            &KeyId::new(life.keyid())?,
            0,
        )?;
        let last = days.last().map_or(0, |(_, usage)| usage.last_ms / 1000);
        // What was suspended or issued of late isn't idle for it.
        let since = last.max(life.not_before().get()).max(life.seen_at().get());
        Ok(now.get().saturating_sub(since) / DAY)
    }
}

fn is_due(entry: &KeyEntry, now: UnixSeconds) -> bool {
    let life = entry.life();
    let due = |every: u64| now.get() >= life.not_before().get().saturating_add(every);
    life.standing(now) == Standing::Active && entry.rotate_every().is_some_and(due)
}
