//! A key, as it is kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{Algorithm, Environment, KeyId, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::CustodyError;
use crate::life::KeyLife;
use crate::vault::{SecretName, UnlockedVault};

/// The format that is written.
pub(super) const VERSION: u32 = 1;

/// A key, as it is kept under its environment and its id: one JSON object, its members in this order, without those that
/// it has nothing for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    version: u32,
    environment: String,
    /// Its life.
    pub(crate) life: KeyLife,
    pub(crate) owner: String,
    pub(crate) tags: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) attributes: serde_json::Map<String, serde_json::Value>,
    algorithm: String,
    /// The public half, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<String>,
    /// The sealed secret, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
    /// How often it is rotated by itself, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rotate_every: Option<u64>,
}

impl KeyEntry {
    pub(super) fn new(
        environment: Environment,
        life: KeyLife,
        algorithm: Algorithm,
        public: Option<&VerifyingKey>,
    ) -> Self {
        KeyEntry {
            version: VERSION,
            environment: environment.as_str().to_owned(),
            life,
            owner: String::new(),
            tags: Vec::new(),
            groups: Vec::new(),
            attributes: serde_json::Map::new(),
            algorithm: algorithm.as_str().to_owned(),
            public: public.map(|key| STANDARD.encode(key.to_bytes())),
            sealed: None,
            rotate_every: None,
        }
    }

    /// Reads an entry of this environment and this id: one that was moved is damaged.
    pub(super) fn read(
        environment: Environment,
        keyid: &str,
        bytes: &[u8],
    ) -> Result<Self, CustodyError> {
        let damaged = || CustodyError::Damaged(keyid.to_owned());
        let entry: KeyEntry = serde_json::from_slice(bytes).map_err(|_| damaged())?;
        let here = entry.version == VERSION
            && entry.environment == environment.as_str()
            && entry.life.keyid() == keyid;
        if here { Ok(entry) } else { Err(damaged()) }
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, CustodyError> {
        serde_json::to_vec(self).map_err(|_| CustodyError::Damaged(self.life.keyid().to_owned()))
    }

    /// Its life.
    #[must_use]
    pub fn life(&self) -> &KeyLife {
        &self.life
    }

    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// What it is tagged with.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// The groups that it is in.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Its attributes as a keyring of this environment has them: with the environment.
    #[must_use]
    pub fn attributes_in(
        &self,
        environment: Environment,
    ) -> serde_json::Map<String, serde_json::Value> {
        let mut attributes = self.attributes.clone();
        attributes.insert("environment".to_owned(), environment.as_str().into());
        attributes
    }

    /// The attributes that policies see, as JSON.
    #[must_use]
    pub fn attributes(&self) -> &serde_json::Map<String, serde_json::Value> {
        &self.attributes
    }

    /// The same as one text.
    pub(super) fn attributes_json(&self) -> String {
        serde_json::Value::Object(self.attributes.clone()).to_string()
    }

    /// The algorithm of its signatures, by its registered name.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// How often it is rotated by itself, in seconds.
    #[must_use]
    pub fn rotate_every(&self) -> Option<u64> {
        self.rotate_every
    }

    /// Whether its secret is in the vault.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.sealed.is_some()
    }

    /// Its public half, if it has one.
    ///
    /// # Errors
    /// `entry_damaged`.
    pub fn public(&self) -> Result<Option<VerifyingKey>, CustodyError> {
        let public = self.public.as_deref();
        let key = public.map(|text| public_key(&self.algorithm, text));
        let damaged = || CustodyError::Damaged(self.life.keyid().to_owned());
        key.map(|key| key.ok_or_else(damaged)).transpose()
    }

    pub(crate) fn parsed_algorithm(&self) -> Result<Algorithm, CustodyError> {
        Ok(Algorithm::parse(&self.algorithm)?)
    }

    pub(super) fn seal(
        &mut self,
        vault: &UnlockedVault,
        environment: Environment,
        secret: &crate::Secret,
    ) -> Result<(), CustodyError> {
        let sealed = vault.seal(&self.secret_name(environment)?, secret)?;
        self.sealed = Some(STANDARD.encode(sealed));
        Ok(())
    }

    pub(crate) fn open(
        &self,
        vault: &UnlockedVault,
        environment: Environment,
    ) -> Result<Option<crate::Secret>, CustodyError> {
        let damaged = || CustodyError::Damaged(self.life.keyid().to_owned());
        let Some(text) = &self.sealed else {
            return Ok(None);
        };
        let sealed = STANDARD.decode(text).map_err(|_| damaged())?;
        Ok(Some(vault.open(&self.secret_name(environment)?, &sealed)?))
    }

    /// Forgets the sealed secret.
    pub(super) fn wipe(&mut self) {
        self.sealed = None;
    }

    fn secret_name(&self, environment: Environment) -> Result<SecretName, CustodyError> {
        Ok(SecretName {
            environment,
            keyid: KeyId::new(self.life.keyid())?,
            version: self.life.version(),
        })
    }
}

/// The public half of a key, as an entry has it.
pub(super) fn public_key(algorithm: &str, text: &str) -> Option<VerifyingKey> {
    let bytes = STANDARD.decode(text).ok()?;
    VerifyingKey::from_bytes(Algorithm::parse(algorithm).ok()?, &bytes).ok()
}
