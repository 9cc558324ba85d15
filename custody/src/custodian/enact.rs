//! How every act is done: asked for, thought out, recorded and made in one batch.

use countersign_core::{Effect, KeyId};

use super::{Custodian, CustodyError, Deed, Order};
use crate::audit::{self, AuditError, Draft};
use crate::authority::{FactorError, Ruling};
use crate::{Batch, Space};

use super::entry::KeyEntry;

/// How often an act is thought out anew when somebody else changed what it was thought out upon.
const ATTEMPTS: u32 = 64;

/// An act, thought out: what it changes, and what is recorded of it.
pub(crate) struct Change<T> {
    pub(crate) batch: Batch,
    /// One for each key that changes; the first has the decision.
    pub(crate) drafts: Vec<Draft>,
    pub(crate) output: T,
}

impl Custodian {
    /// Does what `think` makes, if the order may; records it, or that it was refused.
    pub(crate) fn enact<T>(
        &self,
        order: &Order<'_>,
        deed: &Deed<'_>,
        think: impl Fn() -> Result<Change<T>, CustodyError>,
    ) -> Result<T, CustodyError> {
        order.check()?;
        self.check_reason(order, deed)?;
        let mut ruling = None;
        let result = self.attempt(order, deed, &mut ruling, think);
        if let Err(error) = &result
            && !error.is_outage()
        {
            let mut draft = self.draft(order, deed).refused(error.code());
            draft.decided = ruling.map(|ruling| ruling.decided);
            audit::record(&*self.store, &[draft])?;
        }
        result
    }

    /// Refuses a reason that holds the secret of the key that the act is on. Where that can't be read the act goes on:
    /// to stop a key is worth more. What the reason can't hold isn't opened.
    fn check_reason(&self, order: &Order<'_>, deed: &Deed<'_>) -> Result<(), CustodyError> {
        if !audit::may_hold(order.reason) {
            return Ok(());
        }
        let Some(Ok(Some((entry, _)))) = deed.plan.keyid.as_deref().map(|keyid| self.read(keyid))
        else {
            return Ok(());
        };
        match entry.open(&self.vault, self.environment) {
            Ok(Some(secret)) if audit::holds(order.reason, &secret) => {
                Err(AuditError::Secret { member: "reason" }.into())
            }
            _ => Ok(()),
        }
    }

    fn attempt<T>(
        &self,
        order: &Order<'_>,
        deed: &Deed<'_>,
        ruling: &mut Option<Ruling>,
        think: impl Fn() -> Result<Change<T>, CustodyError>,
    ) -> Result<T, CustodyError> {
        let ruled = self.permit(order, deed)?;
        *ruling = Some(ruled.clone());
        if ruled.effect == Effect::Deny {
            return Err(forbidden(order, deed, &ruled));
        }
        for attempt in 1..=ATTEMPTS {
            match self.once(order, deed, &ruled, &think) {
                Err(error) if error.is_conflict() => audit::give_way(attempt),
                result => return result,
            }
        }
        Err(CustodyError::Busy)
    }

    fn once<T>(
        &self,
        order: &Order<'_>,
        deed: &Deed<'_>,
        ruling: &Ruling,
        think: &impl Fn() -> Result<Change<T>, CustodyError>,
    ) -> Result<T, CustodyError> {
        // The act first: a code isn't spent on what can't be done.
        let mut change = think()?;
        let mut given = None;
        if ruling.effect == Effect::StepUp {
            given = Some(self.spend(order, deed, &mut change.batch)?);
        }
        if let Some(first) = change.drafts.first_mut() {
            first.decided = Some(ruling.decided.clone());
            if let Some((kind, by)) = given {
                first
                    .details
                    .insert("second_factor".to_owned(), kind.into());
                first
                    .details
                    .insert("second_factor_by".to_owned(), audit::Public::new(&by)?);
            }
        }
        self.commit(&change.batch, &change.drafts)?;
        Ok(change.output)
    }

    /// Commits a batch with its records and their notices.
    pub(crate) fn commit(&self, batch: &Batch, drafts: &[Draft]) -> Result<(), CustodyError> {
        audit::commit(&*self.store, batch, drafts, |batch, head| {
            self.notify(batch, drafts, head)
        })?;
        Ok(())
    }

    /// What the policies say of it.
    pub(crate) fn permit(
        &self,
        order: &Order<'_>,
        deed: &Deed<'_>,
    ) -> Result<Ruling, CustodyError> {
        Ok(self.authority.rule(
            order.actor,
            deed.plan.permission,
            self.environment,
            deed.withdraw,
            order.now,
        )?)
    }

    /// A record of the act as it was asked for.
    pub(crate) fn draft(&self, order: &Order<'_>, deed: &Deed<'_>) -> Draft {
        let draft = Draft::new(order.at_ms(), &order.actor.name, deed.name).reason(order.reason);
        let named = deed.plan.keyid.as_deref();
        match named.and_then(|keyid| KeyId::new(keyid).ok()) {
            Some(keyid) => draft.key(keyid, self.environment),
            None => Draft {
                environment: Some(self.environment),
                ..draft
            },
        }
    }

    /// The record of a change of one key.
    pub(crate) fn draft_of(
        &self,
        order: &Order<'_>,
        act: &str,
        entry: &KeyEntry,
    ) -> Result<Draft, CustodyError> {
        let life = entry.life();
        Ok(Draft::new(order.at_ms(), &order.actor.name, act)
            .reason(order.reason)
            .key(KeyId::new(life.keyid())?, self.environment)
            .detail("standing", life.standing(order.now).as_str())
            .detail("version", life.version())
            .detail("ends_at", life.ends_at().get()))
    }

    /// The entry of a key, with the bytes that it was read from.
    pub(crate) fn read(&self, keyid: &str) -> Result<Option<(KeyEntry, Vec<u8>)>, CustodyError> {
        let Some(bytes) = self.store.get(Space::Keys, &self.place(keyid))? else {
            return Ok(None);
        };
        Ok(Some((
            KeyEntry::read(self.environment, keyid, &bytes)?,
            bytes,
        )))
    }

    /// The entry of a key that signed. Whoever holds it is no administrator, and gets no ids to choose from.
    pub(super) fn of_signer(&self, keyid: &str) -> Result<KeyEntry, CustodyError> {
        let found = self.read(keyid)?;
        let unknown = || CustodyError::KeyUnknown {
            keyid: keyid.to_owned(),
            nearest: Vec::new(),
        };
        found.map(|(entry, _)| entry).ok_or_else(unknown)
    }

    /// A change of one entry, if it is still what it was.
    pub(crate) fn replace(
        &self,
        batch: &mut Batch,
        before: Option<&[u8]>,
        after: &KeyEntry,
    ) -> Result<(), CustodyError> {
        let place = self.place(after.life().keyid());
        batch.expect(Space::Keys, &place, before);
        batch.put(Space::Keys, &place, after.to_bytes()?);
        Ok(())
    }

    /// Spends the second factor of an order: what it was, and whose.
    fn spend(
        &self,
        order: &Order<'_>,
        deed: &Deed<'_>,
        batch: &mut Batch,
    ) -> Result<(&'static str, String), CustodyError> {
        let factor = order.factor.ok_or(FactorError::Missing)?;
        self.spend_factor(order, deed, factor, batch)
    }
}

/// Why the policies don't permit it.
pub(super) fn forbidden(order: &Order<'_>, deed: &Deed<'_>, ruling: &Ruling) -> CustodyError {
    CustodyError::Forbidden {
        actor: order.actor.name.clone(),
        why: if ruling.reasons.is_empty() {
            format!("no policy permits {}", deed.plan.permission.as_str())
        } else {
            ruling.reasons.join(" ")
        },
    }
}
