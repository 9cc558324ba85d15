//! Edges: who reads snapshots of the keyring, and what is published to them.
//!
//! ```text
//! publisher   an Ed25519 key of the environment, made with the first reader; its secret is sealed here
//! reader      a name, a region, and a key of 32 bytes: sealed here, and shown once for the edge
//! snapshot    sealed for one reader, signed by the publisher
//! ```

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::snapshot::{Description, Snapshot};
use countersign_core::{KeyId, Scope, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::audit::Public;
use crate::authority::{Permission, Plan};
use crate::custodian::named::{Kind, read, written};
use crate::custodian::{Change, Deed, checked_name};
use crate::generate::{KeyKind, Material, Shown};
use crate::vault::SecretName;
use crate::{Batch, Custodian, CustodyError, Order, PublicText, Secret, Space, entropy};

/// Before the name of a reader: no name has a slash.
const READERS: &str = "reader/";
/// The name of the publisher, in snapshots and in the store.
const PUBLISHER: &str = "publisher";

/// Who reads snapshots.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    version: u32,
    region: String,
    added_at: u64,
    /// The key that seals for it, sealed, in base64.
    sealed: String,
}

impl Reader {
    /// The region that its keys are derived for.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// When it was added, in seconds since 1970.
    #[must_use]
    pub fn added_at(&self) -> u64 {
        self.added_at
    }
}

/// The key that signs snapshots of an environment.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Publisher {
    version: u32,
    /// `csp_...`.
    public: String,
    /// The private half, sealed, in base64.
    sealed: String,
}

/// A snapshot for one reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The reader.
    pub reader: String,
    /// What it takes.
    pub bytes: Vec<u8>,
    /// What it says of itself.
    pub description: Description,
    /// How many keys it has; of a delta, how many changed.
    pub keys: usize,
}

impl Custodian {
    /// Adds a reader, and shows once what it must know, as
    /// [`Trust::from_json`](countersign_core::snapshot::Trust::from_json) reads it: `reader.added`.
    ///
    /// # Errors
    /// `forbidden` for who may not issue keys, `second_factor_required` and its like, `reason_missing`;
    /// `name_malformed`, `scope_malformed` for what is no region, `reader_exists`; those of the store and the vault.
    pub fn add_reader(
        &self,
        order: &Order<'_>,
        name: &str,
        region: &str,
    ) -> Result<Shown, CustodyError> {
        let plan = Plan::overall(Permission::IssueKey)
            .with("reader", name)
            .with("region", region);
        let deed = Deed {
            plan: &plan,
            name: "reader.added",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            checked_name(name)?;
            Scope::new(region, order.now)?;
            let place = self.place(&format!("{READERS}{name}"));
            if self.store.get(Space::Settings, &place)?.is_some() {
                return Err(CustodyError::ReaderExists(name.to_owned()));
            }
            let mut batch = Batch::new();
            let publisher = match self.publisher()? {
                Some(publisher) => publisher,
                None => self.make_publisher(&mut batch)?,
            };
            let key = entropy::random_secret(32)?;
            let sealed = self.vault.seal(&self.reader_name(name)?, &key)?;
            let reader = Reader {
                version: 1,
                region: region.to_owned(),
                added_at: order.now.get(),
                sealed: STANDARD.encode(sealed),
            };
            batch.expect(Space::Settings, &place, None);
            batch.put(Space::Settings, &place, written(name, &reader)?);
            let draft = self
                .draft(order, &deed)
                .detail("reader", Public::new(name)?)
                .detail("region", Public::new(region)?);
            Ok(Change {
                batch,
                drafts: vec![draft],
                output: self.trust(name, region, &key, &publisher)?,
            })
        })
    }

    /// Publishes nothing to it any more: `reader.removed`. What it has is good until its end.
    ///
    /// # Errors
    /// `forbidden` for who may not issue keys; `reader_unknown`, and those of the store.
    pub fn remove_reader(&self, order: &Order<'_>, name: &str) -> Result<(), CustodyError> {
        let kind = Kind {
            name: "reader",
            removed: "reader.removed",
            unknown: CustodyError::ReaderUnknown,
        };
        self.remove_setting(order, &kind, name)
    }

    /// The readers of this environment, by name.
    ///
    /// # Errors
    /// `entry_damaged`, and those of the store.
    pub fn readers(&self) -> Result<Vec<(String, Reader)>, CustodyError> {
        self.named(Space::Settings, READERS, read)
    }

    /// Makes the snapshot of a region for each of its readers, good for `lasts`: `snapshot.published`. With one that
    /// was published before as `base`, sealed for any reader of the region, they get what changed since; the whole,
    /// where the day changed in between.
    ///
    /// # Errors
    /// `forbidden` for who may not publish, `reason_missing`; `reader_unknown` if the region has none, or that of
    /// `base` is gone; `scope_malformed`, and those of [`Custodian::snapshot`] and [`Snapshot::open`].
    pub fn publish(
        &self,
        order: &Order<'_>,
        region: &str,
        lasts: Duration,
        base: Option<&[u8]>,
    ) -> Result<Vec<Published>, CustodyError> {
        let plan = Plan::overall(Permission::PublishSnapshot).with("region", region);
        let deed = Deed {
            plan: &plan,
            name: "snapshot.published",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            Scope::new(region, order.now)?;
            let readers = self.readers()?;
            let here: Vec<&(String, Reader)> = readers
                .iter()
                .filter(|(_, reader)| reader.region == region)
                .collect();
            let none = || CustodyError::ReaderUnknown(region.to_owned());
            let publisher = self.publisher()?.ok_or_else(none)?;
            if here.is_empty() {
                return Err(none());
            }
            let base = match base {
                Some(bytes) => Some(self.open_base(bytes, &readers, &publisher)?),
                None => None,
            };
            let whole = self.snapshot(region, order.now, lasts, base.as_ref())?;
            let delta = match &base {
                Some(base) => whole.delta(base)?,
                None => None,
            };
            let snapshot = delta.as_ref().unwrap_or(&whole);
            let key = self.publishing_key(&publisher)?;
            let mut snapshots = Vec::new();
            for (name, reader) in here {
                let secret = self.reader_key(name, reader)?;
                let salt = entropy::random::<32>()?;
                let bytes = snapshot.seal(name, &*key_of(name, &secret)?, &salt, &key)?;
                snapshots.push(Published {
                    reader: name.clone(),
                    description: Description::read(&bytes)?,
                    keys: snapshot.len(),
                    bytes,
                });
            }
            let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            let draft = self
                .draft(order, &deed)
                .detail("region", Public::new(region)?)
                .detail("readers", count(snapshots.len()))
                .detail("keys", count(snapshot.len()))
                .detail("kind", if delta.is_some() { "delta" } else { "whole" });
            Ok(Change {
                batch: Batch::new(),
                drafts: vec![draft],
                output: snapshots,
            })
        })
    }

    /// What was published before, opened by the key of whom it was for.
    fn open_base(
        &self,
        bytes: &[u8],
        readers: &[(String, Reader)],
        publisher: &Publisher,
    ) -> Result<Snapshot, CustodyError> {
        let name = Description::read(bytes)?.reader;
        let found = readers.iter().find(|(reader, _)| *reader == name);
        let (name, reader) = found.ok_or_else(|| CustodyError::ReaderUnknown(name.clone()))?;
        let secret = self.reader_key(name, reader)?;
        let key = key_of(name, &secret)?;
        Ok(Snapshot::open(bytes, &key, &public_of(publisher)?)?)
    }

    fn reader_key(&self, name: &str, reader: &Reader) -> Result<Secret, CustodyError> {
        let sealed = STANDARD.decode(&reader.sealed).map_err(|_| damaged(name))?;
        Ok(self.vault.open(&self.reader_name(name)?, &sealed)?)
    }

    fn publisher(&self) -> Result<Option<Publisher>, CustodyError> {
        let bytes = self.store.get(Space::Settings, &self.place(PUBLISHER))?;
        bytes.map(|bytes| read(PUBLISHER, &bytes)).transpose()
    }

    fn make_publisher(&self, batch: &mut Batch) -> Result<Publisher, CustodyError> {
        let material = Material::generate(&KeyKind::Ed25519)?;
        let pair = material.public().zip(material.secret());
        let (public, secret) = pair.ok_or_else(|| damaged(PUBLISHER))?;
        let sealed = self.vault.seal(&self.publisher_name()?, secret)?;
        let publisher = Publisher {
            version: 1,
            public: PublicText::new(self.environment(), PUBLISHER, public.clone()).to_string(),
            sealed: STANDARD.encode(sealed),
        };
        let place = self.place(PUBLISHER);
        batch.expect(Space::Settings, &place, None);
        batch.put(Space::Settings, &place, written(PUBLISHER, &publisher)?);
        Ok(publisher)
    }

    fn publishing_key(&self, publisher: &Publisher) -> Result<SigningKey, CustodyError> {
        let sealed = STANDARD.decode(&publisher.sealed);
        let sealed = sealed.map_err(|_| damaged(PUBLISHER))?;
        let secret = self.vault.open(&self.publisher_name()?, &sealed)?;
        Ok(SigningKey::ed25519(
            PUBLISHER,
            &*key_of(PUBLISHER, &secret)?,
        )?)
    }

    /// What a reader must know: one JSON object.
    fn trust(
        &self,
        name: &str,
        region: &str,
        key: &Secret,
        publisher: &Publisher,
    ) -> Result<Shown, CustodyError> {
        let public = STANDARD.encode(public_of(publisher)?.to_bytes());
        let environment = self.environment().as_str();
        // Names have no quotes and no `\`. As large as it gets from the first, so that no part is left behind.
        let mut text = Zeroizing::new(String::with_capacity(1024));
        text.push_str(&format!(
            "{{\"environment\":\"{environment}\",\"region\":\"{region}\",\"reader\":\"{name}\",\"publishers\":\
             [{{\"name\":\"{PUBLISHER}\",\"public_key\":\"{public}\"}}],\"reader_key\":\""
        ));
        STANDARD.encode_string(key.reveal(), &mut text);
        text.push_str("\"}");
        Ok(Shown::new(text))
    }

    /// The versions of keys begin at 1: no key has the name of a reader's, or of the publisher's.
    fn reader_name(&self, name: &str) -> Result<SecretName, CustodyError> {
        Ok(SecretName {
            environment: self.environment(),
            keyid: KeyId::new(&format!("{READERS}{name}"))?,
            version: 0,
        })
    }

    fn publisher_name(&self) -> Result<SecretName, CustodyError> {
        Ok(SecretName {
            environment: self.environment(),
            keyid: KeyId::new(PUBLISHER)?,
            version: 0,
        })
    }
}

fn public_of(publisher: &Publisher) -> Result<VerifyingKey, CustodyError> {
    let text = PublicText::parse(&publisher.public).map_err(|_| damaged(PUBLISHER))?;
    Ok(text.key().clone())
}

fn key_of(name: &str, secret: &Secret) -> Result<Zeroizing<[u8; 32]>, CustodyError> {
    let bytes = secret.reveal().try_into().map_err(|_| damaged(name))?;
    Ok(Zeroizing::new(bytes))
}

fn damaged(name: &str) -> CustodyError {
    CustodyError::Damaged(name.to_owned())
}
