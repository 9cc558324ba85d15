//! The header: what the vault is, and its keys, wrapped.

use std::fmt;

use base64ct::{Base64Unpadded, Encoding as _};
use countersign_core::Environment;
use hmac::Mac as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{RootKind, VaultError, cipher};
use crate::Secret;

pub(super) const FORMAT: u32 = 1;
pub(super) const MAX_ROOTS: usize = 8;
pub(super) const MAX_DATA_KEYS: usize = 256;
const MAX_HEADER_BYTES: usize = 1 << 20;
const VAULT_ID_BYTES: usize = 16;
const ROOT_ID_BYTES: usize = 8;

/// Canonical JSON: the bytes that [`Header::encode`] makes are the only ones that [`Header::parse`] takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) format: u32,
    pub(super) vault: VaultId,
    /// Ascending, each once.
    pub(super) environments: Vec<Section>,
}

/// One environment: its roots, its keys and its MAC, so that none depends on another.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    pub(super) contents: Contents,
    pub(super) mac: Bytes,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contents {
    #[serde(with = "environment_name")]
    pub(super) environment: Environment,
    /// Counts the changes of this section.
    pub(super) generation: u64,
    /// Each wraps the environment key.
    pub(super) roots: Vec<Slot>,
    /// Each wrapped under the environment key; ascending by version.
    pub(super) data_keys: Vec<DataKey>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Slot {
    pub(super) id: RootId,
    /// Unix seconds.
    pub(super) added: u64,
    pub(super) root: RootKind,
    pub(super) wrapped: Bytes,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataKey {
    pub(super) version: u32,
    /// Unix seconds.
    pub(super) made: u64,
    pub(super) wrapped: Bytes,
}

impl Header {
    /// # Errors
    /// `vault_damaged`, `vault_newer_format`.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, VaultError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        if bytes.len() > MAX_HEADER_BYTES {
            return Err(VaultError::Damaged("it is too long"));
        }
        let not_json = |_| VaultError::Damaged("it is not a header");
        let Format { format } = serde_json::from_slice(bytes).map_err(not_json)?;
        if format > FORMAT {
            return Err(VaultError::NewerFormat {
                found: format,
                known: FORMAT,
            });
        }
        let header: Header = serde_json::from_slice(bytes).map_err(not_json)?;
        if format != FORMAT || header.encode()? != bytes {
            return Err(VaultError::Damaged("it is not in canonical form"));
        }
        header.check()?;
        Ok(header)
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, VaultError> {
        serde_json::to_vec(self).map_err(|_| VaultError::Primitive("JSON refused the header"))
    }

    fn check(&self) -> Result<(), VaultError> {
        let names = self.environments.iter();
        let ascending = names
            .clone()
            .map(|section| section.contents.environment as u8)
            .is_sorted_by(|one, next| one < next);
        let sizes = |section: &Section| {
            let contents = &section.contents;
            (1..=MAX_ROOTS).contains(&contents.roots.len())
                && (1..=MAX_DATA_KEYS).contains(&contents.data_keys.len())
                && contents
                    .data_keys
                    .is_sorted_by(|one, next| one.version < next.version)
        };
        if self.environments.is_empty() || !ascending || !names.clone().all(sizes) {
            return Err(VaultError::Damaged("its parts don't fit together"));
        }
        names
            .flat_map(|section| &section.contents.roots)
            .try_for_each(|slot| slot.root.check())
    }

    pub(super) fn section(&self, environment: Environment) -> Result<&Section, VaultError> {
        self.environments
            .iter()
            .find(|section| section.contents.environment == environment)
            .ok_or(VaultError::EnvironmentAbsent(environment))
    }

    /// Puts a section in place of the one of the same environment, with its MAC.
    pub(super) fn put(
        &mut self,
        contents: Contents,
        environment_key: &Secret,
    ) -> Result<(), VaultError> {
        let mac = self
            .mac(&contents, environment_key)?
            .finalize()
            .into_bytes();
        let section = Section {
            contents,
            mac: Bytes(mac.to_vec()),
        };
        let of = |section: &Section| section.contents.environment as u8;
        match self.environments.binary_search_by_key(&of(&section), of) {
            Ok(there) => self
                .environments
                .splice(there..=there, [section])
                .for_each(drop),
            Err(gap) => self.environments.insert(gap, section),
        }
        Ok(())
    }

    /// # Errors
    /// `vault_damaged`.
    pub(super) fn verify(
        &self,
        section: &Section,
        environment_key: &Secret,
    ) -> Result<(), VaultError> {
        self.mac(&section.contents, environment_key)?
            .verify_slice(&section.mac.0)
            .map_err(|_| VaultError::Damaged("it was changed after it was written"))
    }

    fn mac(
        &self,
        contents: &Contents,
        environment_key: &Secret,
    ) -> Result<hmac::Hmac<sha2::Sha256>, VaultError> {
        let key = cipher::derive(environment_key, &self.vault.0, &[b"header mac"])?;
        cipher::mac(
            &key,
            &context("header", &(self.format, &self.vault, contents))?,
        )
    }
}

/// Associated data, unambiguous: a purpose and what it is about, as JSON.
pub(super) fn context(purpose: &str, about: &impl Serialize) -> Result<Vec<u8>, VaultError> {
    serde_json::to_vec(&("countersign vault", purpose, about))
        .map_err(|_| VaultError::Primitive("JSON refused the context"))
}

/// Bytes, as unpadded base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Base64Unpadded::encode_string(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = Base64Unpadded::decode_vec(&text).map_err(D::Error::custom)?;
        Ok(Bytes(bytes))
    }
}

mod environment_name {
    use super::{Deserialize as _, Deserializer, Environment, Serializer};
    use serde::de::Error as _;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(
        environment: &Environment,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(environment.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Environment, D::Error> {
        let name = String::deserialize(deserializer)?;
        Environment::parse(&name).ok_or_else(|| D::Error::custom("no such environment"))
    }
}

/// A number in lower-case hexadecimal digits.
macro_rules! hexadecimal_id {
    ($(#[$doc:meta])* $name:ident, $length:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(super) [u8; $length]);

        impl $name {
            /// The id that is written so: lower-case hexadecimal digits.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let mut id = [0; $length];
                let read = base16ct::lower::decode(text, &mut id).ok()?;
                (read.len() == $length).then_some($name(id))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $name::parse(&text).ok_or_else(|| D::Error::custom("no id"))
            }
        }
    };
}

hexadecimal_id! {
    /// The id of a vault, drawn when it was made.
    VaultId, VAULT_ID_BYTES
}

hexadecimal_id! {
    /// The id of a root, drawn when it was added.
    RootId, ROOT_ID_BYTES
}
