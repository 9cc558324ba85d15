//! Second factors: authenticators are enrolled, approvals asked for and given; both are spent.

use base32ct::{Base32Unpadded, Encoding as _};
use countersign_core::{Effect, Environment, KeyId};
use zeroize::Zeroizing;

use super::named::written;
use super::{Custodian, CustodyError, Deed, Order};
use crate::audit::{self, AuditError, Draft};
use crate::authority::{Approval, Enrolment, Factor, FactorError, Permission, Plan};
use crate::generate::{Shown, random_keyid};
use crate::vault::SecretName;
use crate::{Batch, Space, StoreError, entropy};

/// How long an approval may be asked for, in seconds.
const LONGEST_APPROVAL: u64 = 24 * 60 * 60;
/// The length of an authenticator's secret: that of SHA-1's output (RFC 4226 section 4).
const TOTP_BYTES: usize = 20;

impl Custodian {
    /// Enrols the actor's authenticator: the `otpauth` URI with its secret, for one showing:
    /// `person.enrolled`. It counts after [`Custodian::confirm_totp`].
    ///
    /// Who has one already replaces it with a code of the old one.
    ///
    /// # Errors
    /// `second_factor_required` and its like, `reason_missing`, and those of the store and the vault.
    pub fn enrol_totp(&self, order: &Order<'_>, issuer: &str) -> Result<Shown, CustodyError> {
        order.check()?;
        super::read::checked_name(issuer)?;
        let name = &order.actor.name;
        let secret = entropy::random_secret(TOTP_BYTES)?;
        let place = self.place(name);
        let before = self.store.get(Space::People, &place)?;
        let mut batch = Batch::new();
        let mut times = 0;
        if let Some(bytes) = &before {
            let old = enrolment(name, bytes)?;
            times = old.enrolled;
            if old.confirmed {
                let Some(Factor::Totp(code)) = order.factor else {
                    return Err(FactorError::Missing.into());
                };
                self.try_code(order, &old, bytes, code)?;
            }
        }
        let enrolled = times.saturating_add(1);
        let sealed = self.vault.seal(&self.totp_name(name, enrolled)?, &secret)?;
        let enrolment = Enrolment::new(enrolled, &sealed);
        batch.expect(Space::People, &place, before.as_deref());
        batch.put(Space::People, &place, written(name, &enrolment)?);
        self.commit_with(&batch, self.of_person(order, "person.enrolled"))?;
        let mut text = Zeroizing::new(Base32Unpadded::encode_string(secret.reveal()));
        text.make_ascii_uppercase();
        Ok(Shown::new(Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{name}?secret={}&issuer={issuer}",
            text.as_str()
        ))))
    }

    /// Proves by a first code that the actor has the authenticator: `person.confirmed`.
    ///
    /// # Errors
    /// `second_factor_wrong`, `second_factor_locked`, `second_factor_not_enrolled`, and those of the store.
    pub fn confirm_totp(&self, order: &Order<'_>, code: &str) -> Result<(), CustodyError> {
        order.check()?;
        let name = &order.actor.name;
        let place = self.place(name);
        let before = self.store.get(Space::People, &place)?;
        let before = before.ok_or(FactorError::NotEnrolled)?;
        let enrolment = enrolment(name, &before)?;
        let mut after = self.try_code(order, &enrolment, &before, code)?;
        after.confirmed = true;
        let mut batch = Batch::new();
        batch.expect(Space::People, &place, Some(&before));
        batch.put(Space::People, &place, written(name, &after)?);
        self.commit_with(&batch, self.of_person(order, "person.confirmed"))
    }

    /// Whether an authenticator of a person counts here.
    ///
    /// # Errors
    /// `entry_damaged`, and those of the store.
    pub(crate) fn has_second_factor(&self, name: &str) -> Result<bool, CustodyError> {
        match self.store.get(Space::People, &self.place(name))? {
            Some(bytes) => Ok(enrolment(name, &bytes)?.confirmed),
            None => Ok(false),
        }
    }

    /// Asks for a second person's approval of a plan, good for `seconds`, at most a day: its id.
    /// `approval.asked`.
    ///
    /// # Errors
    /// `forbidden` if the actor may not do it with a second factor either; `expiry_beyond_policy`; those of
    /// the store.
    pub fn ask_approval(
        &self,
        order: &Order<'_>,
        plan: &Plan,
        withdraw: bool,
        seconds: u64,
    ) -> Result<String, CustodyError> {
        let deed = Deed {
            plan,
            name: "approval.asked",
            withdraw,
        };
        order.check()?;
        self.may(order, &deed)?;
        if seconds == 0 || seconds > LONGEST_APPROVAL {
            return Err(crate::life::LifeError::ExpiryBeyondPolicy {
                greatest: LONGEST_APPROVAL,
            }
            .into());
        }
        let id = random_keyid()?;
        let approval = Approval {
            version: 1,
            digest: plan.digest(self.environment, &order.actor.name).to_string(),
            permission: plan.permission.as_str().to_owned(),
            withdraw,
            asked_by: order.actor.name.clone(),
            expires_at: order.now.get().saturating_add(seconds),
            approved_by: None,
        };
        let mut batch = Batch::new();
        let place = self.place(&id);
        batch.expect(Space::Approvals, &place, None);
        batch.put(Space::Approvals, &place, written(&id, &approval)?);
        let draft = self
            .draft(order, &deed)
            .detail("approval", &KeyId::new(&id)?);
        self.commit_with(&batch, draft)?;
        Ok(id)
    }

    /// Approves what somebody else asked for: `approval.given`. The plan is given again, so that what is
    /// approved is what was read.
    ///
    /// # Errors
    /// `approval_unknown`, `approval_other`, `approval_expired`, `approval_same_person`; `forbidden` if the
    /// actor may not do it itself.
    pub fn approve(&self, order: &Order<'_>, id: &str, plan: &Plan) -> Result<(), CustodyError> {
        order.check()?;
        let (mut approval, before) = self.approval(id)?;
        let deed = Deed {
            plan,
            name: "approval.given",
            withdraw: approval.withdraw,
        };
        self.may(order, &deed)?;
        if approval.asked_by == order.actor.name {
            return Err(FactorError::SamePerson.into());
        }
        let digest = plan.digest(self.environment, &approval.asked_by);
        match approval.approves(id, digest, order.now) {
            Ok(_) | Err(FactorError::ApprovalWaits(_)) => {}
            Err(error) => return Err(error.into()),
        }
        approval.approved_by = Some(order.actor.name.clone());
        let mut batch = Batch::new();
        let place = self.place(id);
        batch.expect(Space::Approvals, &place, Some(&before));
        batch.put(Space::Approvals, &place, written(id, &approval)?);
        let draft = self
            .draft(order, &deed)
            .detail("approval", &KeyId::new(id)?);
        self.commit_with(&batch, draft)
    }

    /// Spends a second factor in the batch of the act that it is for: what it was, and whose.
    pub(super) fn spend_factor(
        &self,
        order: &Order<'_>,
        deed: &Deed<'_>,
        factor: Factor<'_>,
        batch: &mut Batch,
    ) -> Result<(&'static str, String), CustodyError> {
        let name = &order.actor.name;
        match factor {
            Factor::Totp(code) => {
                let place = self.place(name);
                let before = self.store.get(Space::People, &place)?;
                let before = before.ok_or(FactorError::NotEnrolled)?;
                let enrolment = enrolment(name, &before)?;
                if !enrolment.confirmed {
                    return Err(FactorError::NotEnrolled.into());
                }
                let after = self.try_code(order, &enrolment, &before, code)?;
                batch.expect(Space::People, &place, Some(&before));
                batch.put(Space::People, &place, written(name, &after)?);
                Ok(("totp", name.clone()))
            }
            Factor::Approval(id) => {
                let (approval, before) = self.approval(id)?;
                let digest = deed.plan.digest(self.environment, name);
                let by = approval.approves(id, digest, order.now)?.to_owned();
                let place = self.place(id);
                batch.expect(Space::Approvals, &place, Some(&before));
                batch.delete(Space::Approvals, &place);
                Ok(("approval", by))
            }
        }
    }

    /// The enrolment after a right code; a wrong one is counted at once, whatever becomes of the act.
    fn try_code(
        &self,
        order: &Order<'_>,
        enrolment: &Enrolment,
        before: &[u8],
        code: &str,
    ) -> Result<Enrolment, CustodyError> {
        let name = &order.actor.name;
        let damaged = || CustodyError::Damaged(name.clone());
        let sealed = enrolment.sealed().ok_or_else(damaged)?;
        let secret = self
            .vault
            .open(&self.totp_name(name, enrolment.enrolled)?, &sealed)?;
        let (after, result) = enrolment.after(&secret, code, order.now);
        if let Err(error) = result {
            let mut batch = Batch::new();
            let place = self.place(name);
            batch.expect(Space::People, &place, Some(before));
            batch.put(Space::People, &place, written(name, &after)?);
            let draft = self
                .of_person(order, "person.challenged")
                .refused(error.code());
            self.commit_with(&batch, draft)?;
            return Err(error.into());
        }
        Ok(after)
    }

    /// Whether the actor may do it, with a second factor or without.
    fn may(&self, order: &Order<'_>, deed: &Deed<'_>) -> Result<(), CustodyError> {
        let ruling = self.permit(order, deed)?;
        if ruling.effect != Effect::Deny {
            return Ok(());
        }
        let error = super::enact::forbidden(order, deed, &ruling);
        let draft = self
            .draft(order, deed)
            .refused(error.code())
            .decided(ruling.decided);
        audit::record(&*self.store, &[draft])?;
        Err(error)
    }

    fn approval(&self, id: &str) -> Result<(Approval, Vec<u8>), CustodyError> {
        let unknown = || FactorError::ApprovalUnknown(super::read::told(id));
        super::read::checked_name(id).map_err(|_| unknown())?;
        let bytes = self.store.get(Space::Approvals, &self.place(id))?;
        let bytes = bytes.ok_or_else(unknown)?;
        let damaged = || CustodyError::Damaged(id.to_owned());
        let approval = Approval::read(&bytes).ok_or_else(damaged)?;
        let known = Permission::ALL.iter();
        if !known
            .map(|one| one.as_str())
            .any(|one| one == approval.permission)
        {
            return Err(damaged());
        }
        Ok((approval, bytes))
    }

    fn totp_name(&self, name: &str, version: u32) -> Result<SecretName, CustodyError> {
        let environment: Environment = self.environment;
        Ok(SecretName {
            environment,
            keyid: KeyId::new(&format!("totp/{name}"))?,
            version,
        })
    }

    fn of_person(&self, order: &Order<'_>, act: &str) -> Draft {
        Draft {
            environment: Some(self.environment),
            ..Draft::new(order.at_ms(), &order.actor.name, act).reason(order.reason)
        }
    }

    /// Commits a change with its record.
    fn commit_with(&self, batch: &Batch, draft: Draft) -> Result<(), CustodyError> {
        match audit::commit_as_is(&*self.store, batch, &[draft]) {
            Err(AuditError::Store(StoreError::Conflict(Space::Audit))) => Err(CustodyError::Busy),
            Err(AuditError::Store(error)) => Err(error.into()),
            result => Ok(result.map(drop)?),
        }
    }
}

fn enrolment(name: &str, bytes: &[u8]) -> Result<Enrolment, CustodyError> {
    Enrolment::read(bytes).ok_or_else(|| CustodyError::Damaged(name.to_owned()))
}
