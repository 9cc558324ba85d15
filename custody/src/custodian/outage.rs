//! What goes on while the store takes no writes: to take a key out of use.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use countersign_core::{Effect, UnixSeconds};

use super::acts::name_of;
use super::{Custodian, CustodyError, Deed, KeyEntry, Order};
use crate::audit::spool::Pending;
use crate::audit::{self, AuditError, Spool};
use crate::authority::{FactorError, Permission, Plan};
use crate::life::Act;
use crate::{Batch, StoreError};

/// What came of an act that takes a key out of use.
#[derive(Debug)]
#[must_use]
pub enum Stopped {
    /// It is in the store and in the audit log.
    Recorded(Box<KeyEntry>),
    /// It is in the spool: whoever has the spool refuses the key, and [`Custodian::settle`] records it.
    Spooled,
}

/// Keys that were stopped while nothing could be written.
#[derive(Debug, Default)]
pub(super) struct StoppedKeys {
    keys: BTreeSet<String>,
    /// How long the spool was when it was read.
    read: u64,
}

impl Custodian {
    pub(super) fn stop(
        &self,
        order: &Order<'_>,
        keyid: &str,
        permission: Permission,
        act: Act,
    ) -> Result<Stopped, CustodyError> {
        match (self.act(order, keyid, permission, act), &self.spool) {
            (Ok(entry), _) => Ok(Stopped::Recorded(Box::new(entry))),
            (Err(error), Some(spool)) if error.is_outage() => {
                self.spool(order, spool, &Plan::on(permission, keyid), act)?;
                let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
                stopped.keys.insert(keyid.to_owned());
                Ok(Stopped::Spooled)
            }
            (Err(error), _) => Err(error),
        }
    }

    fn spool(
        &self,
        order: &Order<'_>,
        spool: &Spool,
        plan: &Plan,
        act: Act,
    ) -> Result<(), CustodyError> {
        super::read::checked_name(plan.keyid.as_deref().unwrap_or_default())?;
        let deed = Deed {
            plan,
            name: name_of(act),
            withdraw: false,
        };
        let ruling = self.permit(order, &deed)?;
        match ruling.effect {
            Effect::Allow => {}
            Effect::StepUp => {
                // It can't be marked as spent now; to stop a key twice gives nobody anything.
                let factor = order.factor.ok_or(FactorError::Missing)?;
                self.spend_factor(order, &deed, factor, &mut Batch::new())?;
            }
            Effect::Deny => return Err(super::enact::forbidden(order, &deed, &ruling)),
        }
        Ok(spool.push(&self.draft(order, &deed).decided(ruling.decided))?)
    }

    /// The keys that were stopped while nothing could be written, here or by another process with the same spool.
    pub(super) fn stopped_keys(&self) -> BTreeSet<String> {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(spool) = &self.spool
            && let Ok(length) = spool.length()
            && length != stopped.read
            // What can't be read now is read the next time; the keys that are known stay stopped.
            && let Ok(found) = self.spooled(spool)
        {
            *stopped = found;
        }
        stopped.keys.clone()
    }

    /// The keys of this environment that the spool holds.
    pub(super) fn spooled(&self, spool: &Spool) -> Result<StoppedKeys, CustodyError> {
        let read = spool.length()?;
        let pending = self.pending(spool)?;
        let keyids = pending
            .drafts()
            .iter()
            .filter_map(|draft| draft.keyid.as_ref());
        Ok(StoppedKeys {
            keys: keyids.map(|keyid| keyid.as_str().to_owned()).collect(),
            read,
        })
    }

    fn pending(&self, spool: &Spool) -> Result<Pending, CustodyError> {
        let pending = spool.pending(&*self.store)?;
        let mut environments = pending
            .drafts()
            .iter()
            .filter_map(|draft| draft.environment);
        match environments.find(|environment| *environment != self.environment) {
            Some(other) => Err(AuditError::SpoolForeign(other).into()),
            None => Ok(pending),
        }
    }

    /// Records what was spooled, now that the store takes writes again: how many acts.
    ///
    /// # Errors
    /// `audit_spool_foreign`: each environment has a spool of its own. Those of the store, the spool and the audit log; the spool then keeps what it has.
    pub fn settle(&self) -> Result<usize, CustodyError> {
        let Some(spool) = &self.spool else {
            return Ok(0);
        };
        for attempt in 1..=64 {
            let pending = self.pending(spool)?;
            if pending.drafts().is_empty() {
                // Another process settled what this one had stopped.
                let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
                *stopped = StoppedKeys::default();
                return Ok(0);
            }
            let mut batch = Batch::new();
            let mut changed = std::collections::BTreeMap::new();
            for draft in pending.drafts() {
                let Some(keyid) = draft.keyid.as_ref() else {
                    continue;
                };
                let act = if draft.act == name_of(Act::Suspend) {
                    Act::Suspend
                } else {
                    Act::Revoke
                };
                let known = match changed.remove(keyid.as_str()) {
                    Some(known) => Some(known),
                    None => self.read(keyid.as_str())?,
                };
                if let Some((mut entry, before)) = known {
                    let at = UnixSeconds::new(draft.at_ms / 1000);
                    // What was stopped otherwise since stays so.
                    if let Ok(life) = entry.life.act(act, at) {
                        entry.life = life;
                    }
                    changed.insert(keyid.as_str().to_owned(), (entry, before));
                }
            }
            for (entry, before) in changed.values() {
                self.replace(&mut batch, Some(before), entry)?;
            }
            let head = pending.settle(&*self.store, &mut batch)?;
            self.notify(&mut batch, pending.drafts(), &head)?;
            match self.store.commit(&batch) {
                Err(StoreError::Conflict(_)) => {
                    audit::give_way(attempt);
                    continue;
                }
                result => result?,
            }
            spool.clear(&pending)?;
            let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
            for keyid in changed.keys() {
                stopped.keys.remove(keyid);
            }
            return Ok(pending.drafts().len());
        }
        Err(CustodyError::Busy)
    }
}
