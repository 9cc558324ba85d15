//! What time does: keys expire, are rotated by schedule, and suspended when nobody uses them.

use countersign_core::{KeyId, UnixSeconds};
use serde::{Deserialize, Serialize};

use super::{Change, Custodian, CustodyError, Deed, Filter, Issued, KeyEntry, Order};
use crate::authority::{Permission, Plan};
use crate::life::Standing;
use crate::{Batch, Space, audit};

const DAY: u64 = 24 * 60 * 60;

/// What a sweep does, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Flagged after so many days without a use.
    pub flag_unused: u64,
    /// Suspended after so many.
    pub suspend_unused: u64,
    /// So many days before its end a key is told of, once each.
    pub warn: Vec<u64>,
    /// Whether keys are rotated that are due: their successors' secrets must reach their owners.
    pub rotate: bool,
}

impl Default for Rules {
    /// Flagged after 30 days, suspended after 60; told of 14, 7 and 1 days before its end; rotated.
    fn default() -> Self {
        Rules {
            flag_unused: 30,
            suspend_unused: 60,
            warn: vec![14, 7, 1],
            rotate: true,
        }
    }
}

/// What a sweep did.
#[derive(Debug, Default)]
pub struct Sweep {
    /// Keys whose time was over.
    pub expired: Vec<String>,
    /// Keys that were told of, since their end is near.
    pub expiring: Vec<String>,
    /// Successors, with what their owners must get.
    pub rotated: Vec<Issued>,
    /// Keys that are to be rotated, and weren't: a client's own pair, or none was to be.
    pub due: Vec<String>,
    /// Keys that nobody uses, and that go on.
    pub unused: Vec<String>,
    /// Keys that nobody used for too long.
    pub suspended: Vec<String>,
    /// What failed, by key; the others were done.
    pub failed: Vec<(String, CustodyError)>,
}

/// Of which end of a key was told, and how many days before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    version: u32,
    ends_at: u64,
    days: u64,
}

impl Custodian {
    /// Does what is due: notes expiries, rotates by schedule, tells of keys whose end is near, suspends what is
    /// unused. The order is the scheduler's, and each act is asked for, done and recorded as any other. What is
    /// cut short, the next sweep does.
    ///
    /// # Errors
    /// Those of reading the store; what fails of one key is in the sweep.
    pub fn sweep(&self, order: &Order<'_>, rules: &Rules) -> Result<Sweep, CustodyError> {
        order.check()?;
        let mut sweep = Sweep::default();
        for entry in self.find(&Filter::default(), order.now, "", usize::MAX)? {
            let keyid = entry.life().keyid().to_owned();
            match self.sweep_one(order, rules, &entry, &mut sweep) {
                // Only its owner has the next half.
                Err(CustodyError::PublicNeeded(_)) => sweep.due.push(keyid),
                Err(error) => sweep.failed.push((keyid, error)),
                Ok(()) => {}
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
            Standing::Active if rules.rotate && is_due(entry, order.now) => {
                sweep.rotated.push(self.rotate(order, keyid, None, None)?);
            }
            Standing::Active | Standing::Retiring => {
                let idle = self.idle_days(entry, order.now)?;
                if idle >= rules.suspend_unused {
                    let _: super::Stopped = self.suspend(order, keyid)?;
                    sweep.suspended.push(keyid.to_owned());
                    return Ok(());
                }
                if idle >= rules.flag_unused {
                    sweep.unused.push(keyid.to_owned());
                }
                if is_due(entry, order.now) {
                    sweep.due.push(keyid.to_owned());
                }
                if life.successor().is_none() && self.warn(order, rules, entry)? {
                    sweep.expiring.push(keyid.to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells that the end of a key is near: `key.expiring`, once for each of the days in the rules. Whether it did.
    fn warn(
        &self,
        order: &Order<'_>,
        rules: &Rules,
        entry: &KeyEntry,
    ) -> Result<bool, CustodyError> {
        let life = entry.life();
        let keyid = life.keyid();
        let ends_at = life.ends_at().get();
        let left = ends_at.saturating_sub(order.now.get()).div_ceil(DAY);
        // The last of the days that have come.
        let Some(days) = rules
            .warn
            .iter()
            .copied()
            .filter(|days| left <= *days)
            .min()
        else {
            return Ok(false);
        };
        let place = self.place(&format!("expiring/{keyid}"));
        let told = |bytes: Option<&[u8]>| -> Result<bool, CustodyError> {
            let Some(bytes) = bytes else { return Ok(false) };
            let told: Result<Told, _> = serde_json::from_slice(bytes);
            let told = told.map_err(|_| CustodyError::Damaged(keyid.to_owned()))?;
            Ok(told.ends_at == ends_at && told.days <= days)
        };
        if told(self.store.get(Space::Settings, &place)?.as_deref())? {
            return Ok(false);
        }
        let plan = Plan::on(Permission::ExpireKey, keyid);
        let deed = Deed {
            plan: &plan,
            name: "key.expiring",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            let before = self.store.get(Space::Settings, &place)?;
            if told(before.as_deref())? {
                // Another sweep did in between.
                return Err(CustodyError::Busy);
            }
            let mark = Told {
                version: 1,
                ends_at,
                days,
            };
            let mark = serde_json::to_vec(&mark);
            let mut batch = Batch::new();
            batch.expect(Space::Settings, &place, before.as_deref());
            batch.put(
                Space::Settings,
                &place,
                mark.map_err(|_| CustodyError::Damaged(keyid.to_owned()))?,
            );
            let (entry, bytes) = self.known(order, keyid)?;
            batch.expect(Space::Keys, &self.place(keyid), Some(&bytes));
            let draft = self
                .draft_of(order, "key.expiring", &entry)?
                .detail("days_left", left);
            Ok(Change {
                batch,
                drafts: vec![draft],
                output: true,
            })
        })
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
