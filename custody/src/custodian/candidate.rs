//! What an entry gives for a ring: its key, with its secret still sealed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::policy::Record;
use countersign_core::{Environment, KeyId, KeyRecord, KeyShape, SealedSecret, SharedSecret};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::entry::{VERSION, public_key};
use super::{Custodian, CustodyError};
use crate::life::KeyLife;
use crate::vault::{SecretName, UnlockedVault};

/// How many shapes are remembered.
const MOST_SHAPES: usize = 1024;

/// What a ring needs to know of an entry, read where it lies: of a million entries nothing is copied that isn't kept.
#[derive(Deserialize)]
pub(super) struct Candidate<'a> {
    version: u32,
    #[serde(borrow)]
    environment: Cow<'a, str>,
    pub(super) life: KeyLife,
    #[serde(borrow)]
    groups: &'a RawValue,
    #[serde(borrow)]
    attributes: &'a RawValue,
    #[serde(borrow)]
    algorithm: Cow<'a, str>,
    #[serde(borrow)]
    public: Option<Cow<'a, str>>,
    #[serde(borrow)]
    sealed: Option<Cow<'a, str>>,
}

impl<'a> Candidate<'a> {
    /// Reads an entry of this environment and this id: one that was moved is damaged.
    pub(super) fn read(
        environment: Environment,
        keyid: &str,
        bytes: &'a [u8],
    ) -> Result<Self, CustodyError> {
        let damaged = || CustodyError::Damaged(keyid.to_owned());
        let entry: Candidate<'_> = std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(damaged)?;
        let here = entry.version == VERSION
            && entry.environment == environment.as_str()
            && entry.life.keyid() == keyid;
        if here { Ok(entry) } else { Err(damaged()) }
    }

    /// The key for a ring: active in its time. Its secret isn't unsealed.
    pub(super) fn record(&self, common: &mut Common) -> Result<KeyRecord, CustodyError> {
        let keyid = self.life.keyid();
        let damaged = || CustodyError::Damaged(keyid.to_owned());
        let shape = common.shape(self.groups.get(), self.attributes.get());
        let shape = shape.ok_or_else(damaged)?;
        let record = match (&self.public, &self.sealed) {
            (Some(public), _) => {
                let public = public_key(&self.algorithm, public).ok_or_else(damaged)?;
                KeyRecord::public(keyid, shape, public)?
            }
            (None, Some(sealed)) => {
                let secret = InVault {
                    place: Arc::clone(&common.place),
                    version: self.life.version(),
                    sealed: sealed.as_ref().into(),
                };
                KeyRecord::sealed(keyid, shape, Arc::new(secret))?
            }
            (None, None) => return Err(CustodyError::NoSecret(keyid.to_owned())),
        };
        Ok(record.active(self.life.not_before(), self.life.ends_at()))
    }
}

/// What keys of a ring have in common, each kept once for all that one thread reads: to count its keys, a thread waits
/// for no other.
pub(super) struct Common {
    place: Arc<Place>,
    /// By the text of groups and attributes.
    shapes: HashMap<String, KeyShape>,
    text: String,
}

impl Common {
    pub(super) fn of(custodian: &Custodian) -> Self {
        let place = Place {
            vault: Arc::clone(&custodian.vault),
            environment: custodian.environment,
        };
        Common {
            place: Arc::new(place),
            shapes: HashMap::new(),
            text: String::new(),
        }
    }

    /// The shape of these groups and attributes; none if they aren't such.
    fn shape(&mut self, groups: &str, attributes: &str) -> Option<KeyShape> {
        self.text.clear();
        self.text.push_str(groups);
        self.text.push_str(attributes);
        if let Some(shape) = self.shapes.get(&self.text) {
            return Some(shape.clone());
        }
        let groups: Vec<String> = serde_json::from_str(groups).ok()?;
        let attributes = Record::from_json(attributes).ok()?;
        let shape = KeyShape::from(self.place.environment)
            .groups(groups)
            .attributes(attributes);
        if self.shapes.len() < MOST_SHAPES {
            self.shapes.insert(self.text.clone(), shape.clone());
        }
        Some(shape)
    }
}

/// Where secrets lie.
struct Place {
    vault: Arc<UnlockedVault>,
    environment: Environment,
}

/// A secret that the vault opens when its key is first used.
struct InVault {
    place: Arc<Place>,
    version: u32,
    /// As the entry has it, in base64.
    sealed: Box<str>,
}

impl SealedSecret for InVault {
    fn unseal(&self, keyid: &KeyId) -> Option<SharedSecret> {
        let name = SecretName {
            environment: self.place.environment,
            keyid: keyid.clone(),
            version: self.version,
        };
        let sealed = STANDARD.decode(&*self.sealed).ok()?;
        let secret = self.place.vault.open(&name, &sealed).ok()?;
        SharedSecret::new(secret.reveal().to_vec()).ok()
    }
}

impl fmt::Debug for InVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InVault(..)")
    }
}
