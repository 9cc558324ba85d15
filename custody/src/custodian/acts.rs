//! The acts on a key that there is.

use countersign_core::{Algorithm, KeyId, VerifyingKey};

use super::outage::Stopped;
use super::{Change, Custodian, CustodyError, Deed, Issued, KeyEntry, Order};
use crate::audit;
use crate::authority::{Permission, Plan};
use crate::generate::{KeyKind, Material, Shown};
use crate::life::Act;
use crate::{Batch, Space};

impl Custodian {
    /// Takes a pending key into use: `key.activated`.
    ///
    /// # Errors
    /// Those of [`Custodian::suspend`].
    pub fn activate(&self, order: &Order<'_>, keyid: &str) -> Result<KeyEntry, CustodyError> {
        self.act(order, keyid, Permission::ActivateKey, Act::Activate)
    }

    /// Stops a key for a while: `key.suspended`. This, and to revoke, goes on while the store takes no
    /// writes, if there is a spool.
    ///
    /// # Errors
    /// `key_unknown`, with the nearest ids for who may list keys; the code of its standing, such as
    /// `key_revoked`; `forbidden`, `second_factor_required` and its like, `reason_missing`; those of the
    /// store and of the audit log.
    pub fn suspend(&self, order: &Order<'_>, keyid: &str) -> Result<Stopped, CustodyError> {
        self.stop(order, keyid, Permission::SuspendKey, Act::Suspend)
    }

    /// Lets a suspended key go on, until it would have ended: `key.resumed`.
    ///
    /// # Errors
    /// Those of [`Custodian::suspend`], and `clock_backwards`.
    pub fn resume(&self, order: &Order<'_>, keyid: &str) -> Result<KeyEntry, CustodyError> {
        self.act(order, keyid, Permission::ResumeKey, Act::Resume)
    }

    /// Notes that the time of a key is over, so that no clock brings it back: `key.expired`.
    ///
    /// # Errors
    /// Those of [`Custodian::suspend`].
    pub fn expire(&self, order: &Order<'_>, keyid: &str) -> Result<KeyEntry, CustodyError> {
        self.act(order, keyid, Permission::ExpireKey, Act::Expire)
    }

    /// Does away with a key that was revoked or is over, and with its sealed secret: `key.destroyed`.
    ///
    /// # Errors
    /// Those of [`Custodian::suspend`].
    pub fn destroy(&self, order: &Order<'_>, keyid: &str) -> Result<KeyEntry, CustodyError> {
        self.act(order, keyid, Permission::DestroyKey, Act::Destroy)
    }

    /// Stops a key for ever: `key.revoked`.
    ///
    /// # Errors
    /// Those of [`Custodian::suspend`].
    pub fn revoke(&self, order: &Order<'_>, keyid: &str) -> Result<Stopped, CustodyError> {
        self.stop(order, keyid, Permission::RevokeKey, Act::Revoke)
    }

    /// Gives a key a successor, and shows its secret: `key.rotated`, of the old key, and `key.issued`.
    ///
    /// The successor has a fresh secret of the same kind; of a client's own pair it is `public`. Both verify
    /// until the overlap ends, in seconds; policy's default, if it is left out.
    ///
    /// # Errors
    /// Those of [`Custodian::suspend`] and of [`KeyLife::rotate`](crate::life::KeyLife::rotate);
    /// `key_exists`, `public_key_needed`; those of the vault.
    pub fn rotate(
        &self,
        order: &Order<'_>,
        keyid: &str,
        overlap: Option<u64>,
        public: Option<&VerifyingKey>,
    ) -> Result<Issued, CustodyError> {
        let plan = Plan::on(Permission::RotateKey, keyid);
        let deed = Deed {
            plan: &plan,
            name: "key.rotated",
            withdraw: false,
        };
        self.give_successor(order, &deed, keyid, overlap, public)
    }

    /// Rotates, for whoever may.
    pub(super) fn give_successor(
        &self,
        order: &Order<'_>,
        deed: &Deed<'_>,
        keyid: &str,
        overlap: Option<u64>,
        public: Option<&VerifyingKey>,
    ) -> Result<Issued, CustodyError> {
        self.enact(order, deed, || {
            let (mut old, before) = self.known(order, keyid)?;
            let rotation = old.life.rotate(None, overlap, order.now, &self.policy)?;
            let successor = rotation.successor.keyid().to_owned();
            if self.read(&successor)?.is_some() {
                return Err(CustodyError::KeyExists(successor));
            }
            let material = Material::generate(&self.kind_of(&old, public)?)?;
            let mut entry = self.entry_of(rotation.successor, &material)?;
            entry.owner.clone_from(&old.owner);
            entry.tags.clone_from(&old.tags);
            entry.groups.clone_from(&old.groups);
            entry.attributes.clone_from(&old.attributes);
            entry.rotate_every = old.rotate_every;
            old.life = rotation.retiring;
            let mut batch = Batch::new();
            self.replace(&mut batch, Some(&before), &old)?;
            self.replace(&mut batch, None, &entry)?;
            let rotated = self
                .draft_of(order, "key.rotated", &old)?
                .detail("successor", &KeyId::new(&successor)?);
            let issued = self
                .draft_of(order, "key.issued", &entry)?
                .detail("predecessor", &KeyId::new(keyid)?);
            Ok(Change {
                batch,
                drafts: vec![rotated, issued],
                output: Issued {
                    shown: material.show(self.environment, &successor)?,
                    entry,
                },
            })
        })
    }

    /// Takes the secret of a key out of the vault: `key.exported`. What it is for stands in the audit log,
    /// never the secret.
    ///
    /// # Errors
    /// Those of [`Custodian::suspend`]; `no_secret`; those of the vault.
    pub fn export(
        &self,
        order: &Order<'_>,
        keyid: &str,
        recipient: &str,
    ) -> Result<Shown, CustodyError> {
        let plan = Plan::on(Permission::ExportKey, keyid).with("recipient", recipient);
        let deed = Deed {
            plan: &plan,
            name: "key.exported",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            let (entry, before) = self.known(order, keyid)?;
            let none = || CustodyError::NoSecret(keyid.to_owned());
            let secret = entry
                .open(&self.vault, self.environment)?
                .ok_or_else(none)?;
            let material = Material::of(entry.parsed_algorithm()?, secret);
            let mut batch = Batch::new();
            batch.expect(Space::Keys, &self.place(keyid), Some(&before));
            let draft = self
                .draft_of(order, "key.exported", &entry)?
                .detail("recipient", audit::Public::new(recipient)?);
            Ok(Change {
                batch,
                drafts: vec![draft],
                output: material.show(self.environment, keyid)?.ok_or_else(none)?,
            })
        })
    }

    /// Makes the batch that changes what the vault is sealed under, such as one that puts the header of
    /// [`rewrap`](crate::vault::UnlockedVault::rewrap) in place of the one before: `root.changed`.
    ///
    /// # Errors
    /// `forbidden`, `second_factor_required` and its like, `reason_missing`, and those of the store.
    pub fn change_root(&self, order: &Order<'_>, batch: &Batch) -> Result<(), CustodyError> {
        let plan = Plan::overall(Permission::ChangeRoot);
        let deed = Deed {
            plan: &plan,
            name: "root.changed",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            Ok(Change {
                batch: batch.clone(),
                drafts: vec![self.draft(order, &deed)],
                output: (),
            })
        })
    }

    fn kind_of(
        &self,
        old: &KeyEntry,
        public: Option<&VerifyingKey>,
    ) -> Result<KeyKind, CustodyError> {
        if let Some(public) = public {
            return Ok(KeyKind::Client(public.clone()));
        }
        let Some(secret) = old.open(&self.vault, self.environment)? else {
            return Err(CustodyError::PublicNeeded(old.life.keyid().to_owned()));
        };
        Ok(match old.parsed_algorithm()? {
            Algorithm::Ed25519 => KeyKind::Ed25519,
            Algorithm::EcdsaP256Sha256 => KeyKind::EcdsaP256,
            _ => KeyKind::Hmac(secret.reveal().len()),
        })
    }

    /// An act that changes nothing but the key's life.
    pub(crate) fn act(
        &self,
        order: &Order<'_>,
        keyid: &str,
        permission: Permission,
        act: Act,
    ) -> Result<KeyEntry, CustodyError> {
        let plan = Plan::on(permission, keyid);
        let deed = Deed {
            plan: &plan,
            name: name_of(act),
            withdraw: false,
        };
        self.enact(order, &deed, || {
            let (mut entry, before) = self.known(order, keyid)?;
            entry.life = entry.life.act(act, order.now)?;
            if act == Act::Destroy {
                entry.wipe();
            }
            let mut batch = Batch::new();
            self.replace(&mut batch, Some(&before), &entry)?;
            let draft = self.draft_of(order, name_of(act), &entry)?;
            Ok(Change {
                batch,
                drafts: vec![draft],
                output: entry,
            })
        })
    }
}

/// What the audit log calls an act.
pub(crate) const fn name_of(act: Act) -> &'static str {
    match act {
        Act::Activate => "key.activated",
        Act::Suspend => "key.suspended",
        Act::Resume => "key.resumed",
        Act::Revoke => "key.revoked",
        Act::Expire => "key.expired",
        Act::Destroy => "key.destroyed",
    }
}
