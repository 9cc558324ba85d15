//! The publisher of snapshots.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::content::{Content, Kind};
use super::envelope::{Envelope, Header, SALT_BYTES, seal};
use crate::instant::UnixSeconds;
use crate::json::push_json_string;
use crate::key::{Algorithm, Environment, KeyId};
use crate::refusal::{Code, Refusal};
use crate::scope::Scope;
use crate::secret::{KeyedMac, SharedSecret};
use crate::signing_key::SigningKey;
use crate::verifying_key::VerifyingKey;

/// Around a day, how long its derived keys are needed for: more than a reader accepts them.
const MARGIN_SECONDS: u64 = 3600;
const DAY_SECONDS: u64 = 86_400;

/// What a snapshot is of: environment, region, version and times.
#[derive(Clone, Debug)]
pub struct Publication {
    environment: Environment,
    region: Box<str>,
    version: u64,
    made_at: UnixSeconds,
    not_after: UnixSeconds,
    until: UnixSeconds,
}

impl Publication {
    /// Names it. A reader takes no version below one that it has taken, and none after `not_after`.
    ///
    /// # Errors
    /// `scope_malformed` for what is no region; `snapshot_stale` if it ends before it is made, or more than
    /// five days after.
    pub fn new(
        environment: Environment,
        region: &str,
        version: u64,
        made_at: UnixSeconds,
        not_after: UnixSeconds,
    ) -> Result<Self, Refusal> {
        Scope::new(region, not_after)?;
        if not_after <= made_at || not_after.get() - made_at.get() > 5 * DAY_SECONDS {
            return Err(Code::SnapshotStale.into());
        }
        Ok(Publication {
            environment,
            region: region.into(),
            version,
            made_at,
            not_after,
            until: not_after,
        })
    }

    /// Gives the secrets of more days than until its end, for readers that serve on when their source is
    /// lost; of two days more at most.
    #[must_use]
    pub fn serving_until(mut self, until: UnixSeconds) -> Self {
        let most = UnixSeconds::new(self.not_after.get().saturating_add(2 * DAY_SECONDS));
        self.until = until.max(self.not_after).min(most);
        self
    }

    /// A scope for each day from its making to its end.
    fn scopes(&self) -> Result<Vec<Scope>, Refusal> {
        let first = self.made_at.get().saturating_sub(MARGIN_SECONDS) / DAY_SECONDS;
        let last = self.until.get().saturating_add(MARGIN_SECONDS) / DAY_SECONDS;
        (first..=last)
            .map(|day| Scope::new(&self.region, UnixSeconds::new(day * DAY_SECONDS)))
            .collect()
    }
}

/// What a reader gets to verify with.
#[derive(Clone, Copy, Debug)]
pub enum Material<'a> {
    /// A secret, of which the reader gets only what is derived for its region and the days.
    Secret(&'a SharedSecret),
    /// A public key.
    Public(&'a VerifyingKey),
    /// Nothing: the reader is told that the key was revoked.
    Revoked,
}

/// A key, for a snapshot.
#[derive(Clone, Debug)]
pub struct SnapshotKey<'a> {
    id: KeyId,
    material: Material<'a>,
    groups: Vec<String>,
    attributes: String,
    not_before: UnixSeconds,
    not_after: UnixSeconds,
}

impl<'a> SnapshotKey<'a> {
    /// A key without groups, attributes and an end.
    ///
    /// # Errors
    /// `keyid_malformed`.
    pub fn new(id: &str, material: Material<'a>) -> Result<Self, Refusal> {
        Ok(SnapshotKey {
            id: KeyId::new(id)?,
            material,
            groups: Vec::new(),
            attributes: "{}".to_owned(),
            not_before: UnixSeconds::new(0),
            not_after: UnixSeconds::MAX,
        })
    }

    /// The groups that it is in.
    #[must_use]
    pub fn groups<S: Into<String>>(mut self, groups: impl IntoIterator<Item = S>) -> Self {
        self.groups = groups.into_iter().map(Into::into).collect();
        self
    }

    /// The attributes that policies see, as a JSON object of Cedar values.
    #[must_use]
    pub fn attributes(mut self, json: &str) -> Self {
        json.clone_into(&mut self.attributes);
        self
    }

    /// From when, and until when (exclusive), it is active.
    #[must_use]
    pub fn active(mut self, not_before: UnixSeconds, not_after: UnixSeconds) -> Self {
        self.not_before = not_before;
        self.not_after = not_after;
        self
    }

    fn shape(&self) -> String {
        let mut text = String::from("{\"groups\":[");
        for (number, group) in self.groups.iter().enumerate() {
            if number > 0 {
                text.push(',');
            }
            push_json_string(&mut text, group);
        }
        text.push_str("],\"attributes\":");
        text.push_str(&self.attributes);
        text.push('}');
        text
    }
}

/// A snapshot that is written but not yet sealed: one is sealed for each reader.
#[derive(Clone, Debug)]
pub struct Snapshot {
    publication: Publication,
    base: Option<u64>,
    content: Content,
    shapes: BTreeMap<String, u16>,
}

/// Writes the snapshot of keys, which come ascending by id. With the snapshot before it as `base`, a
/// [`delta`](Snapshot::delta) between the two can be made.
///
/// # Errors
/// Those of [`Writer::push`] and [`Writer::finish`].
pub fn write<'a, K>(
    publication: &Publication,
    keys: impl IntoIterator<Item = K>,
    base: Option<&Snapshot>,
) -> Result<Snapshot, Refusal>
where
    K: core::borrow::Borrow<SnapshotKey<'a>>,
{
    let mut writer = Writer::new(publication, base)?;
    for key in keys {
        writer.push(key.borrow())?;
    }
    writer.finish()
}

/// A snapshot in the making, for keys that come one by one.
#[derive(Debug)]
pub struct Writer {
    publication: Publication,
    scopes: Vec<Scope>,
    shapes: BTreeMap<String, u16>,
    rows: Rows,
    last: Option<KeyId>,
}

/// Rows as they are written, and how many.
#[derive(Default)]
struct Rows {
    bytes: Zeroizing<Vec<u8>>,
    count: u32,
}

impl core::fmt::Debug for Rows {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Rows(..)")
    }
}

impl Writer {
    /// A snapshot without keys yet.
    ///
    /// # Errors
    /// `scope_malformed` for a day after the year 9999.
    pub fn new(publication: &Publication, base: Option<&Snapshot>) -> Result<Self, Refusal> {
        Ok(Writer {
            publication: publication.clone(),
            scopes: publication.scopes()?,
            shapes: base.map_or_else(BTreeMap::new, |base| base.shapes.clone()),
            rows: Rows::default(),
            last: None,
        })
    }

    /// Puts a key in, whose id is after that of the key before.
    ///
    /// # Errors
    /// `snapshot_malformed` with the id of a key that is out of order, or has a shape too many: there are
    /// 65,535.
    pub fn push(&mut self, key: &SnapshotKey<'_>) -> Result<(), Refusal> {
        let misplaced = || Refusal::named(Code::SnapshotMalformed, key.id.as_str());
        if self.last.as_ref().is_some_and(|last| *last >= key.id) {
            return Err(misplaced());
        }
        let fresh = u16::try_from(self.shapes.len()).map_err(|_| misplaced())?;
        let shape = *self.shapes.entry(key.shape()).or_insert(fresh);
        let environment = self.publication.environment;
        self.rows.push(key, shape, &self.scopes, environment)?;
        self.last = Some(key.id.clone());
        Ok(())
    }

    /// The snapshot, read again as its reader will.
    ///
    /// # Errors
    /// `snapshot_malformed` for attributes that are not a record of Cedar values.
    pub fn finish(self) -> Result<Snapshot, Refusal> {
        let environment = self.publication.environment;
        let content = content(&self.shapes, &self.scopes, &self.rows, environment, false)?;
        Ok(Snapshot {
            publication: self.publication,
            base: None,
            content,
            shapes: self.shapes,
        })
    }
}

impl Snapshot {
    /// What changed since `base`, which this was written upon; `None` if the days are others, so that it must
    /// be sent whole.
    ///
    /// # Errors
    /// `snapshot_malformed` if this was not written upon `base`, or `base` is a delta.
    pub fn delta(&self, base: &Snapshot) -> Result<Option<Snapshot>, Refusal> {
        if self.content.days() != base.content.days() {
            return Ok(None);
        }
        // A row that stays is not sent: its shape must have kept its number.
        let mut shapes = base.shapes.iter();
        let is_kept = shapes.all(|(shape, number)| self.shapes.get(shape) == Some(number));
        if !is_kept || base.base.is_some() {
            return Err(Code::SnapshotMalformed.into());
        }
        let scopes = self.publication.scopes()?;
        let mut rows = Rows::default();
        let (mut old, mut new) = (
            base.content.rows().peekable(),
            self.content.rows().peekable(),
        );
        loop {
            let gone = match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some(a), Some(b)) => a.id < b.id,
                (a, None) => a.is_some(),
                (None, _) => false,
            };
            if gone {
                if let Some(row) = old.next() {
                    rows.push_gone(row.id);
                }
            } else if let Some(row) = new.next() {
                let same = old.next_if(|before| before.id == row.id);
                if same.is_none_or(|before| before.bytes != row.bytes) {
                    rows.push_row(row.bytes);
                }
            }
        }
        let environment = self.publication.environment;
        let content = content(&self.shapes, &scopes, &rows, environment, true)?;
        Ok(Some(Snapshot {
            publication: self.publication.clone(),
            base: Some(base.publication.version),
            content,
            shapes: BTreeMap::new(),
        }))
    }

    /// Reads a whole snapshot that was sealed for a reader, so that what changed since can be sent alone: for a
    /// publisher that kept what it sent.
    ///
    /// # Errors
    /// `snapshot_untrusted` if `publisher` didn't sign it, `snapshot_unreadable` if it is sealed for another key,
    /// `snapshot_base_missing` for a delta, `snapshot_malformed`.
    pub fn open(
        bytes: &[u8],
        reader_key: &[u8; 32],
        publisher: &VerifyingKey,
    ) -> Result<Self, Refusal> {
        let envelope = Envelope::read(bytes).ok_or(Code::SnapshotMalformed)?;
        let header = &envelope.header;
        if !publisher.verifies(&envelope.message(), envelope.signature) {
            return Err(Refusal::named(Code::SnapshotUntrusted, header.publisher));
        }
        if header.is_delta {
            return Err(Code::SnapshotBaseMissing.into());
        }
        let content = envelope.open(reader_key).ok_or(Code::SnapshotUnreadable)?;
        let content = Content::read(content, header.environment, false, 0)?;
        let shapes = content.shape_texts().map(String::from).zip(0_u16..);
        Ok(Snapshot {
            publication: Publication {
                environment: header.environment,
                region: header.region.into(),
                version: header.version,
                made_at: header.made_at,
                not_after: header.not_after,
                until: header.not_after,
            },
            base: None,
            shapes: shapes.collect(),
            content,
        })
    }

    /// Seals it for a reader under the reader's key of 32 bytes, and signs it. `salt` is 32 random bytes,
    /// others each time.
    ///
    /// # Errors
    /// `private_key_malformed` for a publisher that has no Ed25519 key; `snapshot_malformed` for a name of more than
    /// 255 bytes, or a snapshot of more than 4 GiB.
    pub fn seal(
        &self,
        reader: &str,
        reader_key: &[u8; 32],
        salt: &[u8; SALT_BYTES],
        publisher: &SigningKey,
    ) -> Result<Vec<u8>, Refusal> {
        if publisher.algorithm() != Algorithm::Ed25519 {
            return Err(Code::PrivateKeyMalformed.into());
        }
        let Publication {
            environment,
            region,
            version,
            made_at,
            not_after,
            ..
        } = &self.publication;
        let header = Header {
            is_delta: self.base.is_some(),
            environment: *environment,
            region,
            reader,
            publisher: publisher.id().as_str(),
            version: *version,
            base: self.base.unwrap_or(0),
            made_at: *made_at,
            not_after: *not_after,
            salt,
        };
        let sealed = seal(&header, self.content.bytes(), reader_key);
        let (mut bytes, message) = sealed.ok_or(Code::SnapshotMalformed)?;
        bytes.extend_from_slice(publisher.sign(&message).as_bytes());
        Ok(bytes)
    }

    /// How many keys it holds; of a delta, how many changed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.content.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.content.len() == 0
    }
}

fn content(
    shapes: &BTreeMap<String, u16>,
    scopes: &[Scope],
    rows: &Rows,
    environment: Environment,
    is_delta: bool,
) -> Result<Content, Refusal> {
    let malformed = |_| Refusal::from(Code::SnapshotMalformed);
    let mut bytes = Zeroizing::new(Vec::with_capacity(rows.bytes.len() + 4096));
    let mut texts: Vec<(&String, &u16)> = shapes.iter().collect();
    texts.sort_unstable_by_key(|(_, number)| **number);
    let number = u16::try_from(texts.len()).map_err(malformed)?;
    bytes.extend_from_slice(&number.to_be_bytes());
    for (text, _) in texts {
        let length = u16::try_from(text.len()).map_err(malformed)?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes.push(u8::try_from(scopes.len()).map_err(malformed)?);
    for scope in scopes {
        bytes.extend_from_slice(&scope.day().to_be_bytes());
    }
    bytes.extend_from_slice(&rows.count.to_be_bytes());
    bytes.extend_from_slice(&rows.bytes);
    Content::read(bytes, environment, is_delta, 0)
}

impl Rows {
    fn push_row(&mut self, row: &[u8]) {
        self.bytes.extend_from_slice(row);
        self.count += 1;
    }

    /// In a delta: the key is not there any more.
    fn push_gone(&mut self, id: &str) {
        self.bytes.push(u8::try_from(id.len()).unwrap_or(u8::MAX));
        self.bytes.extend_from_slice(id.as_bytes());
        self.bytes.push(Kind::Gone.number());
        self.bytes.extend_from_slice(&[0; 20]);
        self.count += 1;
    }

    fn push(
        &mut self,
        key: &SnapshotKey<'_>,
        shape: u16,
        scopes: &[Scope],
        environment: Environment,
    ) -> Result<(), Refusal> {
        let (kind, material) = match key.material {
            Material::Revoked => (Kind::Revoked, Zeroizing::new(Vec::new())),
            Material::Public(public) => {
                let bytes = Zeroizing::new(public.to_bytes());
                (Kind::Public(public.algorithm()), bytes)
            }
            Material::Secret(secret) => {
                let mac = KeyedMac::new(secret)?;
                let mut bytes = Zeroizing::new(Vec::with_capacity(scopes.len() * 32));
                for scope in scopes {
                    bytes.extend_from_slice(&*Zeroizing::new(mac.sign(&scope.info(environment))));
                }
                (Kind::Secrets, bytes)
            }
        };
        let malformed = |_| Refusal::named(Code::SnapshotMalformed, key.id.as_str());
        let id = key.id.as_str();
        let rows = &mut self.bytes;
        rows.push(u8::try_from(id.len()).map_err(malformed)?);
        rows.extend_from_slice(id.as_bytes());
        rows.push(kind.number());
        rows.extend_from_slice(&shape.to_be_bytes());
        rows.extend_from_slice(&key.not_before.get().to_be_bytes());
        rows.extend_from_slice(&key.not_after.get().to_be_bytes());
        let length = u16::try_from(material.len()).map_err(malformed)?;
        rows.extend_from_slice(&length.to_be_bytes());
        rows.extend_from_slice(&material);
        self.count += 1;
        Ok(())
    }
}
