//! The first batch of a store, from which all else follows: the vault's header, the first owner, the policies
//! that say who may, and the key that signs the audit log's checkpoints.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{Environment, KeyId, SigningKey, UnixSeconds, VerifyingKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::audit::{self, Draft, Hash, Public};
use crate::authority::Authority;
use crate::custodian::first_owner;
use crate::generate::{KeyKind, Material};
use crate::vault::{SecretName, UnlockedVault};
use crate::{Batch, CustodyError, PublicText, Space, Store, StoreError};

/// Where the vault's header is, in [`Space::Vault`].
pub const HEADER: &[u8] = b"header";
/// Where the founding is, in [`Space::Settings`].
const FOUNDING: &[u8] = b"founding";
/// The name of the log's key.
const LOG_KEY: &str = "auditlog";

/// What a store was founded on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Founding {
    version: u32,
    /// The SHA-256 of the policies, which the archive has.
    bundle: Hash,
    /// The public half of the log's key: `csp_...`.
    log_key: String,
    /// The private half, sealed, in base64.
    log_secret: String,
}

impl Founding {
    /// Founds a store: `vault.founded`. Every environment of the vault gets the same first owner. `bundle` are the
    /// policies that say who may, `module` the program that decides by them: both are archived.
    ///
    /// # Errors
    /// `store_founded` if it is already; `name_malformed`; those of the vault, the store and the audit log.
    pub fn found(
        store: &dyn Store,
        vault: &UnlockedVault,
        owner: &str,
        bundle: &[u8],
        module: &[u8],
        now: UnixSeconds,
    ) -> Result<Self, CustodyError> {
        let damaged = || CustodyError::Damaged("founding".to_owned());
        let environment = vault.environments().next().ok_or_else(damaged)?;
        let key = Material::generate(&KeyKind::Ed25519)?;
        let (public, secret) = key.public().zip(key.secret()).ok_or_else(damaged)?;
        let mut batch = Batch::new();
        let sealed = vault.seal(&log_key_name(environment)?, secret)?;
        let founding = Founding {
            version: 1,
            bundle: audit::archive(store, &mut batch, bundle)?,
            log_key: PublicText::new(environment, LOG_KEY, public.clone()).to_string(),
            log_secret: STANDARD.encode(sealed),
        };
        let module = audit::archive(store, &mut batch, module)?;
        let bytes = serde_json::to_vec(&founding).map_err(|_| damaged())?;
        batch.expect(Space::Vault, HEADER, None);
        batch.put(Space::Vault, HEADER, vault.header().to_vec());
        batch.expect(Space::Settings, FOUNDING, None);
        batch.put(Space::Settings, FOUNDING, bytes);
        for environment in vault.environments() {
            first_owner(&mut batch, environment, owner)?;
        }
        let draft = Draft::new(now.get().saturating_mul(1000), owner, "vault.founded")
            .reason("the first record of this store")
            .detail("bundle", founding.bundle)
            .detail("header", Hash::of(vault.header()))
            .detail("module", module)
            .detail("owner", Public::new(owner)?);
        audit::append(store, &mut batch, &[draft])?;
        match store.commit(&batch) {
            Err(StoreError::Conflict(_)) => Err(CustodyError::Founded),
            result => Ok(result.map(|()| founding)?),
        }
    }

    /// What the store was founded on.
    ///
    /// # Errors
    /// `store_not_founded`, `entry_damaged`, and those of the store.
    pub fn read(store: &dyn Store) -> Result<Self, CustodyError> {
        let bytes = store.get(Space::Settings, FOUNDING)?;
        let bytes = bytes.ok_or(CustodyError::NotFounded)?;
        let read: Result<Self, _> = serde_json::from_slice(&bytes);
        read.ok()
            .filter(|founding| founding.version == 1)
            .ok_or_else(|| CustodyError::Damaged("founding".to_owned()))
    }

    /// The bundle of the policies that say who may.
    ///
    /// # Errors
    /// `audit_not_archived`, `audit_archive_damaged`, and those of the store.
    pub fn policies(&self, store: &dyn Store) -> Result<Vec<u8>, CustodyError> {
        Ok(audit::archived(store, self.bundle)?)
    }

    /// Decides by these policies, with core in this process, whose SHA-256 is `module`.
    /// [`Authority::by`] takes another decider, such as a module in a runtime.
    ///
    /// # Errors
    /// Those of [`Founding::policies`], and `entry_damaged`.
    pub fn authority(&self, store: &dyn Store, module: Hash) -> Result<Authority, CustodyError> {
        Authority::new(&self.policies(store)?, module)
            .map_err(|_| CustodyError::Damaged("policies".to_owned()))
    }

    /// The public half of the log's key, for whoever checks the log: to be kept outside of the store, since
    /// whoever can write it could put another.
    #[must_use]
    pub fn log_key(&self) -> &str {
        &self.log_key
    }

    /// The environment whose data key seals the log's key.
    ///
    /// # Errors
    /// `entry_damaged`.
    pub fn environment(&self) -> Result<Environment, CustodyError> {
        Ok(self.public()?.environment())
    }

    /// What checks the log's checkpoints.
    ///
    /// # Errors
    /// `entry_damaged`.
    pub fn verifying_key(&self) -> Result<VerifyingKey, CustodyError> {
        Ok(self.public()?.key().clone())
    }

    /// What signs the log's checkpoints.
    ///
    /// # Errors
    /// `entry_damaged`, `vault_environment_absent`, `seal_broken`.
    pub fn signing_key(&self, vault: &UnlockedVault) -> Result<SigningKey, CustodyError> {
        let damaged = || CustodyError::Damaged("founding".to_owned());
        let sealed = STANDARD.decode(&self.log_secret).map_err(|_| damaged())?;
        let secret = vault.open(&log_key_name(self.environment()?)?, &sealed)?;
        let bytes = secret.reveal().try_into().map(Zeroizing::<[u8; 32]>::new);
        Ok(SigningKey::ed25519(
            LOG_KEY,
            &*bytes.map_err(|_| damaged())?,
        )?)
    }

    fn public(&self) -> Result<PublicText, CustodyError> {
        PublicText::parse(&self.log_key).map_err(|_| CustodyError::Damaged("founding".to_owned()))
    }
}

/// The batch that puts the header of a vault in the place of `before`, if that is still the one stored, for
/// [`Custodian::change_root`](crate::Custodian::change_root).
#[must_use]
pub fn replace_header(before: &[u8], after: &UnlockedVault) -> Batch {
    let mut batch = Batch::new();
    batch.expect(Space::Vault, HEADER, Some(before));
    batch.put(Space::Vault, HEADER, after.header().to_vec());
    batch
}

/// The versions of keys begin at 1: no key of this id has the name of the log's.
fn log_key_name(environment: Environment) -> Result<SecretName, CustodyError> {
    Ok(SecretName {
        environment,
        keyid: KeyId::new(LOG_KEY)?,
        version: 0,
    })
}
