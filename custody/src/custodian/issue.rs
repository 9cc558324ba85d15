//! Issuing a key.

use countersign_core::policy::Record;
use countersign_core::{Algorithm, Environment};

use super::{Change, Custodian, CustodyError, Deed, KeyEntry, Order};
use crate::Batch;
use crate::authority::{Permission, Plan};
use crate::generate::{KeyKind, Material, Shown, random_keyid};
use crate::life::{KeyLife, Terms};

/// The most tags, and the most groups.
const MAX_NAMES: usize = 64;
/// The greatest length of the attributes, as JSON.
const MAX_ATTRIBUTES: usize = 8 * 1024;

/// A key to be.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// Its id; a random one, if it is left out.
    pub keyid: Option<String>,
    /// What kind of key.
    pub kind: KeyKind,
    /// When it lives.
    pub terms: Terms,
    /// Whose it is: a name.
    pub owner: String,
    /// Names that it is found by.
    pub tags: Vec<String>,
    /// Groups of the policies, such as `trader`.
    pub groups: Vec<String>,
    /// Attributes for the policies: a record of Cedar values, in JSON.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// How often it is rotated by itself, in seconds.
    pub rotate_every: Option<u64>,
}

impl NewKey {
    /// Whether the key is to withdraw: by its group, or by its `permissions`.
    #[must_use]
    pub fn withdraws(&self) -> bool {
        const WITHDRAW: &str = "withdraw";
        let permissions = self.attributes.get("permissions");
        let permissions = permissions.and_then(serde_json::Value::as_array);
        self.groups.iter().any(|group| group == WITHDRAW)
            || permissions.is_some_and(|names| names.iter().any(|name| name == WITHDRAW))
    }

    /// What is approved, if a second person approves it.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let instant = |at: Option<countersign_core::UnixSeconds>| {
            at.map_or(serde_json::Value::Null, |at| at.get().into())
        };
        let kind = match &self.kind {
            KeyKind::Hmac(length) => format!("hmac {length}"),
            KeyKind::Ed25519 => "ed25519".to_owned(),
            KeyKind::EcdsaP256 => "p256".to_owned(),
            KeyKind::Client(key) => format!("client {:?}", key.to_bytes()),
        };
        let key = serde_json::json!({
            "attributes": self.attributes,
            "deadline": instant(self.terms.deadline),
            "groups": self.groups,
            "kind": kind,
            "lifetime": self.terms.lifetime,
            "not_after": instant(self.terms.not_after),
            "not_before": instant(self.terms.not_before),
            "owner": self.owner,
            "pending": self.terms.pending,
            "rotate_every": self.rotate_every,
            "tags": self.tags,
        });
        Plan {
            keyid: self.keyid.clone(),
            ..Plan::overall(Permission::IssueKey).with("key", &key.to_string())
        }
    }

    fn check(&self) -> Result<(), CustodyError> {
        let names = self.tags.iter().chain(&self.groups).chain([&self.owner]);
        for name in names {
            super::read::checked_name(name)?;
        }
        let too_many = |names: &[String]| names.len() > MAX_NAMES;
        if too_many(&self.tags) || too_many(&self.groups) {
            return Err(CustodyError::NameMalformed(format!(
                "{MAX_NAMES} names and more"
            )));
        }
        let attributes = serde_json::Value::Object(self.attributes.clone()).to_string();
        if attributes.len() > MAX_ATTRIBUTES || Record::from_json(&attributes).is_err() {
            return Err(CustodyError::NameMalformed("attributes".to_owned()));
        }
        if self.rotate_every == Some(0) {
            return Err(crate::life::LifeError::NoLifetime.into());
        }
        Ok(())
    }
}

/// A key that was issued, with the secret for its owner: shown once, kept nowhere but in the vault.
#[derive(Debug)]
pub struct Issued {
    /// What is kept.
    pub entry: KeyEntry,
    /// What the owner gets; none of a client's own pair.
    pub shown: Option<Shown>,
}

impl Custodian {
    /// Issues a key: `key.issued`.
    ///
    /// # Errors
    /// `forbidden`, `second_factor_required` and its like, `reason_missing`; `keyid_malformed`,
    /// `key_exists`, `expiry_past`, `expiry_beyond_policy`, `name_malformed`; those of the store, of the
    /// vault and of the audit log, without which nothing is issued.
    pub fn issue(&self, order: &Order<'_>, key: &NewKey) -> Result<Issued, CustodyError> {
        let plan = key.plan();
        let deed = Deed {
            plan: &plan,
            name: "key.issued",
            withdraw: key.withdraws(),
        };
        self.enact(order, &deed, || {
            key.check()?;
            let keyid = match &key.keyid {
                Some(keyid) => keyid.clone(),
                None => random_keyid()?,
            };
            let life = KeyLife::issue(&keyid, &key.terms, order.now, &self.policy)?;
            if self.read(&keyid)?.is_some() {
                return Err(CustodyError::KeyExists(keyid));
            }
            let material = Material::generate(&key.kind)?;
            let mut entry = self.entry_of(life, &material)?;
            entry.owner.clone_from(&key.owner);
            entry.tags.clone_from(&key.tags);
            entry.groups.clone_from(&key.groups);
            entry.attributes.clone_from(&key.attributes);
            entry.rotate_every = key.rotate_every;
            let mut batch = Batch::new();
            self.replace(&mut batch, None, &entry)?;
            let draft = self
                .draft_of(order, "key.issued", &entry)?
                .detail("algorithm", material.algorithm().as_str())
                .detail("owner", crate::audit::Public::new(&key.owner)?);
            Ok(Change {
                batch,
                drafts: vec![draft],
                output: Issued {
                    shown: material.show(self.environment, &keyid)?,
                    entry,
                },
            })
        })
    }

    /// An entry with its secret sealed.
    pub(super) fn entry_of(
        &self,
        life: KeyLife,
        material: &Material,
    ) -> Result<KeyEntry, CustodyError> {
        let environment: Environment = self.environment;
        let algorithm: Algorithm = material.algorithm();
        let mut entry = KeyEntry::new(environment, life, algorithm, material.public());
        if let Some(secret) = material.secret() {
            entry.seal(&self.vault, environment, secret)?;
        }
        Ok(entry)
    }
}
