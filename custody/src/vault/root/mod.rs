//! Roots of trust: what wraps an environment key, and opens it again.

mod custodians;
mod key_file;
mod passphrase;
#[cfg(feature = "pkcs11")]
mod token;

use base64ct::{Base64Unpadded, Encoding as _};
use countersign_core::Environment;
use serde::{Deserialize, Serialize};

pub use custodians::{Custodians, Share};
pub use key_file::KeyFile;
pub use passphrase::{Argon2Cost, Passphrase};
#[cfg(feature = "pkcs11")]
pub use token::{Token, TokenName};

use super::header::{Bytes, Slot, context};
use super::{RootId, VaultError, VaultId, cipher};
use crate::{Secret, entropy};

/// What opens a vault. Several may open the same one, so that a root is replaced without downtime.
#[derive(Debug)]
#[non_exhaustive]
pub enum Root {
    /// What somebody knows.
    Passphrase(Passphrase),
    /// A file that only the service's user can read.
    KeyFile(KeyFile),
    /// What so many of several people hold together.
    Custodians(Custodians),
    /// A key that never leaves a PKCS#11 token.
    #[cfg(feature = "pkcs11")]
    Token(Token),
}

/// What the header says of a root: all that opening takes, except the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum RootKind {
    Passphrase {
        cost: Argon2Cost,
        salt: Bytes,
    },
    KeyFile {},
    Custodians {
        threshold: u8,
        commitments: Vec<Bytes>,
    },
    Token {
        label: String,
    },
}

impl RootKind {
    /// # Errors
    /// `vault_damaged`, `cost_refused`.
    pub(super) fn check(&self) -> Result<(), VaultError> {
        match self {
            RootKind::Passphrase { cost, salt } => {
                if salt.0.len() != passphrase::SALT_BYTES {
                    return Err(VaultError::Damaged("a salt has the wrong length"));
                }
                cost.check()
            }
            RootKind::Custodians {
                threshold,
                commitments,
            } => custodians::check_split(usize::from(*threshold), commitments.len())
                .map_err(|_| VaultError::Damaged("its custodians don't add up")),
            RootKind::KeyFile {} | RootKind::Token { .. } => Ok(()),
        }
    }
}

/// Where an environment key is wrapped: all of it is associated data, so a wrapping opens nowhere else.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Place<'a> {
    vault: &'a VaultId,
    environment: &'a str,
    id: &'a RootId,
    added: u64,
    root: &'a RootKind,
}

impl Root {
    /// What a header will say of this root.
    pub(super) fn describe(&self) -> Result<(RootId, RootKind), VaultError> {
        let kind = match self {
            Root::Passphrase(passphrase) => passphrase.describe()?,
            Root::KeyFile(_) => RootKind::KeyFile {},
            Root::Custodians(custodians) => {
                return Ok((custodians.id(), custodians.describe()?));
            }
            #[cfg(feature = "pkcs11")]
            Root::Token(token) => RootKind::Token {
                label: token.label().to_owned(),
            },
        };
        Ok((RootId(entropy::random()?), kind))
    }

    /// Whether it is worth a try. Nothing is computed yet.
    pub(super) fn fits(&self, id: RootId, kind: &RootKind) -> bool {
        match self {
            Root::Passphrase(_) => matches!(kind, RootKind::Passphrase { .. }),
            Root::KeyFile(_) => matches!(kind, RootKind::KeyFile {}),
            // A share says whose it is.
            Root::Custodians(custodians) => {
                matches!(kind, RootKind::Custodians { .. }) && custodians.id() == id
            }
            #[cfg(feature = "pkcs11")]
            Root::Token(_) => matches!(kind, RootKind::Token { .. }),
        }
    }

    /// Why it opens an environment in which it fits nothing: not at all.
    pub(super) fn stranger(&self, environment: Environment) -> VaultError {
        match self {
            Root::Custodians(custodians) => VaultError::RootAbsent(custodians.id()),
            _ => VaultError::RootKindAbsent(environment),
        }
    }

    /// The key of a slot. This is where a passphrase takes its time.
    pub(super) fn key(&self, id: RootId, kind: &RootKind) -> Result<RootKey<'_>, VaultError> {
        match (self, kind) {
            (Root::Passphrase(passphrase), RootKind::Passphrase { cost, salt }) => {
                passphrase.key(*cost, &salt.0).map(RootKey::Here)
            }
            (Root::KeyFile(file), RootKind::KeyFile {}) => Ok(RootKey::Lent(file.key())),
            (
                Root::Custodians(custodians),
                RootKind::Custodians {
                    threshold,
                    commitments,
                },
            ) => custodians
                .key(id, *threshold, commitments)
                .map(RootKey::Here),
            #[cfg(feature = "pkcs11")]
            (Root::Token(token), RootKind::Token { .. }) => Ok(RootKey::OnToken(token)),
            _ => Err(VaultError::Damaged("a root changed its kind")),
        }
    }
}

/// The key of a root, or where it is.
pub(super) enum RootKey<'a> {
    Here(Secret),
    Lent(&'a Secret),
    #[cfg(feature = "pkcs11")]
    OnToken(&'a Token),
}

impl RootKey<'_> {
    /// A slot that holds the environment key, wrapped.
    pub(super) fn wrap(
        &self,
        vault: &VaultId,
        environment: Environment,
        (id, root, added): (RootId, RootKind, u64),
        environment_key: &Secret,
    ) -> Result<Slot, VaultError> {
        let mut slot = Slot {
            id,
            added,
            root,
            wrapped: Bytes(Vec::new()),
        };
        let place = Place::of(vault, environment, &slot);
        let wrapped = match self {
            RootKey::Here(key) => place.wrap_under(key, environment_key),
            RootKey::Lent(key) => place.wrap_under(key, environment_key),
            #[cfg(feature = "pkcs11")]
            RootKey::OnToken(token) => {
                token.make_key(id, environment)?;
                token.wrap(id, environment, &place.digest()?, environment_key)
            }
        }?;
        slot.wrapped = Bytes(wrapped);
        Ok(slot)
    }

    /// The environment key of a slot; `None` if this isn't its root, or it was damaged.
    pub(super) fn unwrap(
        &self,
        vault: &VaultId,
        environment: Environment,
        slot: &Slot,
    ) -> Result<Option<Secret>, VaultError> {
        let place = Place::of(vault, environment, slot);
        let key = match self {
            RootKey::Here(key) => place.unwrap_under(key, &slot.wrapped.0),
            RootKey::Lent(key) => place.unwrap_under(key, &slot.wrapped.0),
            #[cfg(feature = "pkcs11")]
            RootKey::OnToken(token) => {
                token.unwrap(slot.id, environment, &place.digest()?, &slot.wrapped.0)
            }
        }?;
        Ok(key.filter(|key| key.reveal().len() == cipher::KEY_BYTES))
    }
}

impl<'a> Place<'a> {
    fn of(vault: &'a VaultId, environment: Environment, slot: &'a Slot) -> Self {
        Place {
            vault,
            environment: environment.as_str(),
            id: &slot.id,
            added: slot.added,
            root: &slot.root,
        }
    }

    fn context(&self) -> Result<Vec<u8>, VaultError> {
        context("environment key", self)
    }

    /// Of fixed length, for tokens that take little associated data.
    #[cfg(feature = "pkcs11")]
    fn digest(&self) -> Result<[u8; 32], VaultError> {
        Ok(cipher::digest(&self.context()?))
    }

    /// A key for each environment: that of one opens no other, whatever the associated data.
    fn key(&self, root: &Secret) -> Result<Secret, VaultError> {
        let parts = [b"wrap environment key", self.environment.as_bytes()];
        cipher::derive(root, &self.vault.0, &parts)
    }

    fn wrap_under(&self, root: &Secret, key: &Secret) -> Result<Vec<u8>, VaultError> {
        cipher::encrypt(&self.key(root)?, &self.context()?, key.reveal())
    }

    fn unwrap_under(&self, root: &Secret, wrapped: &[u8]) -> Result<Option<Secret>, VaultError> {
        cipher::decrypt(&self.key(root)?, &self.context()?, wrapped)
    }
}

/// What a custodian's share is known by: nothing can be learnt from it of 32 random bytes.
pub(super) fn commitment(id: RootId, number: u8, share: &Secret) -> Result<Bytes, VaultError> {
    let text = zeroize::Zeroizing::new(Base64Unpadded::encode_string(share.reveal()));
    let about = zeroize::Zeroizing::new(context("share", &(id, number, text.as_str()))?);
    Ok(Bytes(cipher::digest(&about).to_vec()))
}
