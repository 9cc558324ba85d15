//! The reader of snapshots: whom it trusts, and the newest that it took.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use ed25519_dalek::{Signature, VerifyingKey as Ed25519};
use zeroize::Zeroizing;

use super::content::{Content, DERIVED_BYTES, Kind, Row};
use super::envelope::Envelope;
use crate::base64;
use crate::credential::Credential;
use crate::instant::UnixSeconds;
use crate::key::{Environment, KeyId};
use crate::keyring::{Found, KeyRecord, first_fault};
use crate::members::Members;
use crate::refusal::{Code, Refusal};
use crate::scope::{Scope, is_region};
use crate::secret::{KeyedMac, SharedSecret};
use crate::verifying_key::VerifyingKey;

/// How far ahead a publisher's clock may be.
const AHEAD: Duration = Duration::from_mins(5);

/// Which snapshots a reader takes: of one environment and region, sealed for it, by publishers whose keys it
/// has, and no older than one it has seen.
#[derive(Clone)]
pub struct Trust {
    environment: Environment,
    region: Box<str>,
    reader: Box<str>,
    reader_key: Zeroizing<[u8; 32]>,
    publishers: Vec<(Box<str>, Ed25519)>,
    at_least: u64,
}

impl Trust {
    /// Trusts nobody yet.
    ///
    /// # Errors
    /// `scope_malformed` for what is no region.
    pub fn new(
        environment: Environment,
        region: &str,
        reader: &str,
        reader_key: &[u8; 32],
    ) -> Result<Self, Refusal> {
        if !is_region(region) {
            return Err(Refusal::named(Code::ScopeMalformed, region));
        }
        Ok(Trust {
            environment,
            region: region.into(),
            reader: reader.into(),
            reader_key: Zeroizing::new(*reader_key),
            publishers: Vec::new(),
            at_least: 0,
        })
    }

    /// Trusts snapshots that `name` signed with the Ed25519 key whose public half `key` is.
    ///
    /// # Errors
    /// `public_key_malformed`; `key_too_weak` for a point of small order.
    pub fn publisher(mut self, name: &str, key: &[u8; 32]) -> Result<Self, Refusal> {
        let key = Ed25519::from_bytes(key).map_err(|_| Code::PublicKeyMalformed)?;
        if key.is_weak() {
            return Err(Code::KeyTooWeak.into());
        }
        self.publishers.push((name.into(), key));
        Ok(self)
    }

    /// Refuses versions before this one: what a reader remembers over a restart.
    #[must_use]
    pub fn at_least(mut self, version: u64) -> Self {
        self.at_least = version;
        self
    }

    /// Reads it from JSON: `environment`, `region`, `reader`, `reader_key` (32 bytes in base64),
    /// `publishers` (each with a `name` and a `public_key` in base64), and `at_least`, which may be left out.
    ///
    /// # Errors
    /// `trust_malformed` with the place or the member, and those of [`Trust::publisher`].
    pub fn from_json(text: &str) -> Result<Self, Refusal> {
        let code = Code::TrustMalformed;
        let wrong = |name| Refusal::named(code, name);
        let bytes = |text: &str, name| {
            let mut bytes = Zeroizing::new([0; 32]);
            match base64::decode(text, bytes.as_mut()) {
                Some(32) => Ok(bytes),
                _ => Err(wrong(name)),
            }
        };
        let mut members = Members::read(text, code)?;
        let mut text = |name| members.text(name)?.ok_or_else(|| wrong(name));
        let environment = Environment::parse(&text("environment")?);
        let (region, reader) = (text("region")?, text("reader")?);
        let key = Zeroizing::new(text("reader_key")?.into_string());
        let key = bytes(&key, "reader_key")?;
        let environment = environment.ok_or_else(|| wrong("environment"))?;
        let mut trust = Trust::new(environment, &region, &reader, &key)?;
        for record in members.records("publishers")?.unwrap_or_default() {
            let mut publisher = Members::of(record, code);
            let name = publisher.text("name")?.unwrap_or_default();
            let key = publisher.text("public_key")?.unwrap_or_default();
            publisher.end()?;
            trust = trust.publisher(&name, &*bytes(&key, "public_key")?)?;
        }
        if trust.publishers.is_empty() {
            return Err(wrong("publishers"));
        }
        trust.at_least = members.number("at_least")?.unwrap_or(0);
        members.end()?;
        Ok(trust)
    }

    fn is_by_publisher(&self, envelope: &Envelope<'_>) -> bool {
        let signature = Signature::from_bytes(envelope.signature);
        let message = envelope.message();
        let mut keys = self.publishers.iter();
        keys.any(|(name, key)| {
            **name == *envelope.header.publisher && key.verify_strict(&message, &signature).is_ok()
        })
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trust(..)")
    }
}

/// What an edge has of a keyring.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    trust: Trust,
    taken: Option<Arc<Taken>>,
}

#[derive(Debug)]
struct Taken {
    version: u64,
    not_after: UnixSeconds,
    content: Content,
}

impl Edge {
    pub(crate) fn new(trust: Trust) -> Self {
        Edge { trust, taken: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.taken.as_ref().map_or(0, |taken| taken.content.len())
    }

    pub(crate) fn version(&self) -> u64 {
        self.taken
            .as_ref()
            .map_or(self.trust.at_least, |taken| taken.version)
    }

    pub(crate) fn load(&mut self, bytes: &[u8], now: UnixSeconds) -> Result<(), Refusal> {
        let envelope = Envelope::read(bytes).ok_or(Code::SnapshotMalformed)?;
        let header = &envelope.header;
        // Before a word of it is believed.
        if !self.trust.is_by_publisher(&envelope) {
            return Err(Refusal::named(Code::SnapshotUntrusted, header.publisher));
        }
        let others = if header.environment != self.trust.environment {
            Some(header.environment.as_str())
        } else if *header.region != *self.trust.region {
            Some(header.region)
        } else {
            (*header.reader != *self.trust.reader).then_some(header.reader)
        };
        if let Some(whose) = others {
            return Err(Refusal::named(Code::SnapshotOfAnother, whose));
        }
        if header.version < self.version() {
            return Err(Code::SnapshotOlder.into());
        }
        if now >= header.not_after || header.made_at > now.after(AHEAD) {
            return Err(Code::SnapshotStale.into());
        }
        let base = match &self.taken {
            Some(taken) if header.is_delta && taken.version == header.base => Some(taken),
            _ if header.is_delta => return Err(Code::SnapshotBaseMissing.into()),
            _ => None,
        };
        let content = envelope.open(&self.trust.reader_key);
        let content = content.ok_or(Code::SnapshotUnreadable)?;
        // Drawn after the ids were chosen.
        let seed = header
            .salt
            .first_chunk()
            .map_or(0, |salt| u64::from_le_bytes(*salt));
        let content = Content::read(content, header.environment, header.is_delta, seed)?;
        self.taken = Some(Arc::new(Taken {
            version: header.version,
            not_after: header.not_after,
            content: match base {
                Some(base) => base.content.changed_by(&content, seed)?,
                None => content,
            },
        }));
        Ok(())
    }

    /// Whether what it has may still be used, `grace` after its end at most.
    pub(crate) fn is_fresh(&self, now: UnixSeconds, grace: Duration) -> bool {
        let taken = self.taken.as_ref();
        taken.is_some_and(|taken| now < taken.not_after.after(grace))
    }

    /// The key that a keyid names, whose id and scope are `scoped` if it has one. For one that is unknown, or can't have made
    /// a signature of this length, another does the work, or a decoy.
    pub(crate) fn find(
        &self,
        keyid: &str,
        scoped: Option<(&str, Scope)>,
        length: usize,
        decoy: &Arc<KeyRecord>,
        now: UnixSeconds,
    ) -> Option<Found> {
        let content = &self.taken.as_ref()?.content;
        let (id, scope) = scoped.map_or((keyid, None), |(id, scope)| (id, Some(scope)));
        let day = scope.as_ref().and_then(|scope| {
            let mut days = content.days().iter();
            days.position(|day| *day == scope.day())
        });
        let (known, hash) = content.find(id);
        let fault = match (known.map(|row| row.kind), &scope) {
            // A public key has no scope: with one it is another id.
            (None, _) | (Some(Kind::Public(_)), Some(_)) => Some(Code::KeyUnknown),
            (Some(Kind::Public(_)), None) => None,
            (Some(Kind::Revoked | Kind::Gone), _) => Some(Code::KeyRevoked),
            (Some(Kind::Foreign(_)), _) => Some(Code::AlgorithmMismatch),
            (Some(Kind::Secrets), None) => Some(Code::KeyScopeMissing),
            (Some(Kind::Secrets), Some(scope)) if *scope.region() != *self.trust.region => {
                Some(Code::KeyWrongRegion)
            }
            (Some(Kind::Secrets), Some(scope)) => {
                let absent = day.is_none().then_some(Code::KeyExpired);
                scope.fault(now).or(absent)
            }
        };
        let made_by = |row: Row<'_>| Self::record(content, &row, day);
        let own = known.filter(|row| row.kind.makes(length)).and_then(made_by);
        // What another verifies is refused.
        let (record, mismatch) = if let Some(record) = own {
            (record, None)
        } else {
            let other = content.stand_in(hash, length).and_then(made_by);
            let other = other.unwrap_or_else(|| Arc::clone(decoy));
            (other, Some(Code::SignatureMismatch))
        };
        Some(Found {
            record,
            fault: first_fault(fault, mismatch),
        })
    }

    fn record(content: &Content, row: &Row<'_>, day: Option<usize>) -> Option<Arc<KeyRecord>> {
        let credential = if let Kind::Public(algorithm) = row.kind {
            let key = VerifyingKey::from_bytes(algorithm, row.material);
            Credential::Public(Box::new(key.ok()?))
        } else {
            let mut days = row.material.chunks_exact(DERIVED_BYTES);
            let secret = SharedSecret::new(days.nth(day.unwrap_or(0))?.to_vec());
            let mac = secret.and_then(|secret| KeyedMac::new(&secret));
            Credential::Secret(Box::new(mac.ok()?))
        };
        Some(Arc::new(KeyRecord {
            id: KeyId::new(row.id).ok()?,
            shape: content.shape(row)?.clone(),
            credential,
            not_before: row.not_before,
            not_after: row.not_after,
            revoked: false,
        }))
    }
}
