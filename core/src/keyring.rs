//! The keys that a verifier knows, found by their id.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::hint::{black_box, select_unpredictable};
use core::time::Duration;

use zeroize::Zeroizing;

use crate::base64;
use crate::character::is_same_throughout;
use crate::credential::Credential;
use crate::id_index::IdIndex;
use crate::instant::UnixSeconds;
use crate::key::{Algorithm, Environment, KeyId};
use crate::key_shape::KeyShape;
use crate::members::Members;
#[cfg(not(feature = "snapshot"))]
use crate::no_snapshot::Edge;
use crate::policy::Record;
use crate::refusal::{Code, Refusal};
use crate::scope::Scope;
#[cfg(feature = "sealed")]
use crate::sealed::{Sealed, SealedSecret};
use crate::secret::{KeyedMac, SharedSecret};
#[cfg(feature = "snapshot")]
use crate::snapshot::{Edge, Trust};
use crate::token::Token;
use crate::verifying_key::VerifyingKey;

/// A key as it is put into a keyring.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    pub(crate) id: KeyId,
    pub(crate) shape: KeyShape,
    pub(crate) credential: Credential,
    pub(crate) not_before: UnixSeconds,
    pub(crate) not_after: UnixSeconds,
    pub(crate) revoked: bool,
}

/// A key, or one to do as much with; and what is wrong with it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) record: Arc<KeyRecord>,
    pub(crate) fault: Option<Code>,
}

impl KeyRecord {
    /// An active key without an end, of an environment alone or of a shape.
    ///
    /// # Errors
    /// `keyid_malformed`.
    pub fn new(
        id: &str,
        shape: impl Into<KeyShape>,
        secret: &SharedSecret,
    ) -> Result<Self, Refusal> {
        let credential = Credential::Secret(Box::new(KeyedMac::new(secret)?));
        Self::with(id, shape.into(), credential)
    }

    /// Such a key of which only the public half is known.
    ///
    /// # Errors
    /// `keyid_malformed`.
    pub fn public(
        id: &str,
        shape: impl Into<KeyShape>,
        key: VerifyingKey,
    ) -> Result<Self, Refusal> {
        Self::with(id, shape.into(), Credential::Public(Box::new(key)))
    }

    /// Such a key whose secret is unsealed when the key is first used.
    ///
    /// # Errors
    /// `keyid_malformed`.
    #[cfg(feature = "sealed")]
    pub fn sealed(
        id: &str,
        shape: impl Into<KeyShape>,
        secret: Arc<dyn SealedSecret>,
    ) -> Result<Self, Refusal> {
        Self::with(id, shape.into(), Credential::Sealed(Sealed::new(secret)))
    }

    fn with(id: &str, shape: KeyShape, credential: Credential) -> Result<Self, Refusal> {
        Ok(Self::of(KeyId::new(id)?, shape, credential))
    }

    fn of(id: KeyId, shape: KeyShape, credential: Credential) -> Self {
        KeyRecord {
            id,
            shape,
            credential,
            not_before: UnixSeconds::new(0),
            not_after: UnixSeconds::MAX,
            revoked: false,
        }
    }

    /// The algorithm of its signatures.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.credential.algorithm()
    }

    /// The groups that it is in: see [`KeyShape::groups`].
    #[must_use]
    pub fn groups<S: Into<String>>(mut self, groups: impl IntoIterator<Item = S>) -> Self {
        self.shape = self.shape.groups(groups);
        self
    }

    /// The attributes that policies see: see [`KeyShape::attributes`].
    #[must_use]
    pub fn attributes(mut self, attributes: Record) -> Self {
        self.shape = self.shape.attributes(attributes);
        self
    }

    /// From when, and until when (exclusive), it is active.
    #[must_use]
    pub fn active(mut self, not_before: UnixSeconds, not_after: UnixSeconds) -> Self {
        self.not_before = not_before;
        self.not_after = not_after;
        self
    }

    /// Marks it revoked: every signature by it is refused from now on.
    #[must_use]
    pub fn revoked(mut self) -> Self {
        self.revoked = true;
        self
    }

    /// The key that is derived of it for a scope; itself, if it has no secret to derive from.
    fn derived(&self, scope: &Scope) -> Self {
        let credential = match self.credential.mac(&self.id) {
            Some(mac) => {
                Credential::Secret(Box::new(mac.derived(&scope.info(self.shape.environment))))
            }
            None => self.credential.clone(),
        };
        KeyRecord {
            credential,
            ..self.clone()
        }
    }

    fn fault(&self, environment: Environment, now: UnixSeconds) -> Option<Code> {
        if self.shape.environment != environment {
            Some(Code::KeyWrongEnvironment)
        } else if self.revoked {
            Some(Code::KeyRevoked)
        } else if now < self.not_before {
            Some(Code::KeyNotActive)
        } else if now >= self.not_after {
            Some(Code::KeyExpired)
        } else {
            None
        }
    }
}

/// Keys of nobody, to do with as much as with a known one. What they verify is refused all the same, so it
/// doesn't matter that anybody can sign by them.
#[derive(Clone, Debug)]
struct Decoys {
    secret: Arc<KeyRecord>,
    public: Arc<KeyRecord>,
}

impl Decoys {
    fn new() -> Self {
        let of = |credential| {
            Arc::new(KeyRecord::of(
                KeyId::of_nobody(),
                Environment::Live.into(),
                credential,
            ))
        };
        // The base point of the curve.
        let mut point = [0x66; 32];
        point[0] = 0x58;
        let secret = of(Credential::Secret(Box::new(KeyedMac::of_nobody())));
        Decoys {
            public: VerifyingKey::ed25519(&point).map_or_else(
                |_| Arc::clone(&secret),
                |key| of(Credential::Public(Box::new(key))),
            ),
            secret,
        }
    }

    /// The one that makes signatures of this length.
    fn of(&self, length: usize) -> &Arc<KeyRecord> {
        if self.public.credential.makes(length) {
            &self.public
        } else {
            &self.secret
        }
    }
}

/// What a verifier holds: keys by id.
#[derive(Clone, Debug)]
pub struct KeyRing {
    keys: Vec<Arc<KeyRecord>>,
    /// The place of each key, from 1 on. INVARIANT: each id once.
    index: IdIndex,
    decoys: Decoys,
    edge: Option<Box<Edge>>,
}

impl Default for KeyRing {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyRing {
    /// A ring without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::seeded(0)
    }

    /// A ring without keys, for many of them: `seed` is drawn at random, so that nobody who chooses their ids can choose
    /// such as make it slow to find one.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        KeyRing {
            keys: Vec::new(),
            index: IdIndex::with_room(0, seed),
            decoys: Decoys::new(),
            edge: None,
        }
    }

    /// A ring that is filled by snapshots: see [`snapshot`](crate::snapshot). Until it has taken one, and once
    /// that is stale, it refuses everything.
    #[cfg(feature = "snapshot")]
    #[must_use]
    pub fn edge(trust: Trust) -> Self {
        KeyRing {
            edge: Some(Box::new(Edge::new(trust))),
            ..KeyRing::new()
        }
    }

    /// Takes a snapshot, or a delta of the one that it has; after an error it has what it had.
    ///
    /// # Errors
    /// `snapshot_untrusted`, `snapshot_of_another` (environment, region or reader), `snapshot_older`,
    /// `snapshot_stale`, `snapshot_base_missing`, `snapshot_unreadable`, `snapshot_malformed`;
    /// `trust_malformed` for a ring that is no edge's.
    #[cfg(feature = "snapshot")]
    pub fn load(&mut self, snapshot: &[u8], now: UnixSeconds) -> Result<(), Refusal> {
        let edge = self.edge.as_mut().ok_or(Code::TrustMalformed)?;
        edge.load(snapshot, now)
    }

    /// The version of the snapshot that it has, or the least that it would take; 0 for a ring that is no
    /// edge's.
    #[cfg(feature = "snapshot")]
    #[must_use]
    pub fn version(&self) -> u64 {
        self.edge.as_ref().map_or(0, |edge| edge.version())
    }

    /// Whether its keys may still be used, `grace` after the end of its snapshot at most.
    pub(crate) fn is_fresh(&self, now: UnixSeconds, grace: Duration) -> bool {
        let edge = self.edge.as_ref();
        edge.is_none_or(|edge| edge.is_fresh(now, grace))
    }

    /// Reads a ring from JSON: `{"keys": [...]}`.
    ///
    /// Each key has a `token`; or a `keyid`, an `environment` and a `secret` in base64; or those two
    /// and an `algorithm` with a `public_key` in base64 (see [`VerifyingKey::from_bytes`]). And it may
    /// have `groups`, `attributes` (a record of Cedar values), `not_before` and `not_after` (seconds
    /// since 1970) and `revoked`. What is unknown is refused, and so are two unlike keys with one id.
    ///
    /// # Errors
    /// `keyring_malformed` with the place, the member or the keyid, and those of [`Token::parse`],
    /// [`SharedSecret::new`] and [`VerifyingKey::from_bytes`].
    ///
    /// ```
    /// use countersign_core::KeyRing;
    /// let ring = KeyRing::from_json(
    ///     r#"{"keys": [{"keyid": "k7", "environment": "live", "groups": ["trader"],
    ///                   "secret": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="}]}"#,
    /// )?;
    /// assert_eq!(ring.len(), 1);
    /// # Ok::<(), countersign_core::Refusal>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, Refusal> {
        let mut members = Members::read(text, Code::KeyringMalformed)?;
        let keys = members.records("keys")?;
        let keys = keys.ok_or_else(|| Refusal::named(Code::KeyringMalformed, "keys"))?;
        members.end()?;
        let mut ring = KeyRing::new();
        for key in keys {
            let record = read_key(Members::of(key, Code::KeyringMalformed))?;
            if ring.known(record.id.as_str()).is_some() {
                return Err(Refusal::named(Code::KeyringMalformed, record.id.as_str()));
            }
            ring.insert(record);
        }
        Ok(ring)
    }

    /// Puts a key in, in place of one with the same id.
    pub fn insert(&mut self, record: impl Into<Arc<KeyRecord>>) {
        let record = record.into();
        let known = self.known(record.id.as_str());
        if let Some(slot) = known.and_then(|at| self.keys.get_mut(at)) {
            *slot = record;
            return;
        }
        // Each key takes some hundred bytes: there is no memory for more.
        let number = u32::try_from(self.keys.len() + 1).unwrap_or(u32::MAX);
        self.index.put(record.id.as_str(), number);
        self.keys.push(record);
    }

    /// Where the key with this id is, for whoever fills the ring: its time tells whether there is one.
    fn known(&self, keyid: &str) -> Option<usize> {
        let is_its = |number| {
            let key = self.keys.get(place_of(number));
            key.is_some_and(|key| key.id.as_str() == keyid)
        };
        self.index.find(keyid, is_its).ok().map(place_of)
    }

    /// Where the key is, and `true`; for an unknown id where another one is, if there is any, and `false`. In either case one
    /// bucket of the index is looked at, and one id is compared, with no branch on what came of it.
    fn place(&self, keyid: &str) -> (usize, bool) {
        let is_at = |at: usize| {
            let key = self.keys.get(at);
            // Whole, so that another id takes as long as its own.
            key.is_some_and(|key| is_same_throughout(key.id.as_str(), keyid))
        };
        let (number, hash) = self.index.look(keyid, |number| is_at(place_of(number)));
        let other = ((u64::from(hash) * self.keys.len() as u64) >> 32) as usize;
        let at = select_unpredictable(number == 0, other, place_of(number));
        (at, is_at(at))
    }

    /// Unseals every secret that is sealed yet: the ids of the keys of which it can't be. After it no request waits for
    /// that, nor does the time of one tell whether its key was used before.
    #[cfg(feature = "sealed")]
    #[must_use]
    pub fn unseal(&self) -> Vec<KeyId> {
        let damaged = self
            .keys
            .iter()
            .filter(|key| !key.credential.opens(&key.id));
        damaged.map(|key| key.id.clone()).collect()
    }

    /// How many keys it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len() + self.edge.as_ref().map_or(0, |edge| edge.len())
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The key with this id that can have made a signature of this length, and what is wrong with it. Where
    /// there is none it is another, so that the time doesn't tell: one that its hash chooses, whose memory is
    /// as cold as its own would be, or a decoy. What that one verifies is refused all the same.
    pub(crate) fn find(
        &self,
        keyid: &str,
        length: usize,
        environment: Environment,
        now: UnixSeconds,
    ) -> Found {
        let decoy = self.decoys.of(length);
        let found = self.find_id(keyid, length, decoy, now);
        let found = found.unwrap_or_else(|| Found {
            record: Arc::clone(decoy),
            fault: Some(Code::KeyUnknown),
        });
        let credential = &found.record.credential;
        let makes = credential.makes(length);
        // Of an unknown key too, though nothing comes of it.
        let fault = first_fault(found.fault, found.record.fault(environment, now));
        let fault = first_fault(fault, (!makes).then_some(Code::SignatureMismatch));
        // Nothing is unsealed for a key that isn't there, or isn't good.
        let opens = credential.is_open() || (fault.is_none() && credential.opens(&found.record.id));
        Found {
            fault: first_fault(fault, (!opens).then_some(Code::KeyDamaged)),
            record: if makes && credential.is_open() {
                found.record
            } else {
                Arc::clone(decoy)
            },
        }
    }

    /// The key with this id. For an unknown one another, so that as much is looked at.
    fn find_id(
        &self,
        keyid: &str,
        length: usize,
        decoy: &Arc<KeyRecord>,
        now: UnixSeconds,
    ) -> Option<Found> {
        let (at, is_known) = self.place(keyid);
        // Looked for in the id of a key that is there too.
        let scoped = Scope::split(keyid);
        // Most rings and ids have neither: then both kinds of ids go on at once.
        if (self.edge.is_some() || scoped.is_some()) && !is_known {
            if let Some(edge) = &self.edge {
                return edge.find(keyid, scoped, length, decoy, now);
            }
            if let Some((id, scope)) = scoped {
                return Some(self.find_scoped(id, &scope, now));
            }
        }
        Some(Found {
            record: Arc::clone(self.keys.get(at)?),
            fault: select_unpredictable(is_known, None, Some(Code::KeyUnknown)),
        })
    }

    /// What is derived of a key: one who holds the secret itself accepts that for any region.
    fn find_scoped(&self, id: &str, scope: &Scope, now: UnixSeconds) -> Found {
        let (at, is_known) = self.place(id);
        let known = self.keys.get(at).filter(|_| is_known);
        let record = known.unwrap_or(&self.decoys.secret);
        let is_public = matches!(record.credential, Credential::Public(_));
        let unknown = (known.is_none() || is_public).then_some(Code::KeyUnknown);
        Found {
            record: Arc::new(record.derived(scope)),
            fault: unknown.or(scope.fault(now)),
        }
    }
}

/// The first of two faults. Nothing branches on which that is, or an unknown key would go a way of its own.
pub(crate) fn first_fault(one: Option<Code>, other: Option<Code>) -> Option<Code> {
    black_box(select_unpredictable(one.is_some(), one, other))
}

/// The place of the key with this number.
fn place_of(number: u32) -> usize {
    (number as usize).wrapping_sub(1)
}

fn read_key(mut key: Members) -> Result<KeyRecord, Refusal> {
    let token = key
        .text("token")?
        .map(|text| Zeroizing::new(text.into_string()));
    let secret = key
        .text("secret")?
        .map(|text| Zeroizing::new(text.into_string()));
    let (keyid, environment) = (key.text("keyid")?, key.text("environment")?);
    let (algorithm, public) = (key.text("algorithm")?, key.text("public_key")?);
    let incomplete = || Refusal::named(Code::KeyringMalformed, "token");
    let mut record = match (token, keyid, environment) {
        (Some(token), None, None) => {
            if secret.is_some() || algorithm.is_some() || public.is_some() {
                return Err(incomplete());
            }
            let token = Token::parse(&token)?;
            KeyRecord::new(token.keyid().as_str(), token.environment(), token.secret())?
        }
        (None, Some(keyid), Some(environment)) => {
            let malformed = || Refusal::named(Code::KeyringMalformed, &keyid);
            let environment = Environment::parse(&environment).ok_or_else(malformed)?;
            match (secret, algorithm, public) {
                (Some(secret), None, None) => {
                    let secret = decode(&secret).ok_or_else(malformed)?;
                    KeyRecord::new(&keyid, environment, &SharedSecret::wiped(secret)?)?
                }
                (None, Some(algorithm), Some(public)) => {
                    let public = decode(&public).ok_or_else(malformed)?;
                    let algorithm = Algorithm::parse(&algorithm).map_err(|_| malformed())?;
                    let key = VerifyingKey::from_bytes(algorithm, &public)?;
                    KeyRecord::public(&keyid, environment, key)?
                }
                _ => return Err(incomplete()),
            }
        }
        _ => return Err(incomplete()),
    };
    record = record.groups(key.texts("groups")?.unwrap_or_default());
    if let Some(attributes) = key.record("attributes")? {
        record = record.attributes(attributes);
    }
    record.not_before = key
        .number("not_before")?
        .map_or(record.not_before, UnixSeconds::new);
    record.not_after = key
        .number("not_after")?
        .map_or(record.not_after, UnixSeconds::new);
    record.revoked = key.boolean("revoked")?.unwrap_or(false);
    key.end()?;
    Ok(record)
}

/// Decodes in place, so that no copy of a secret is left behind.
fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; text.len() / 4 * 3]);
    let length = base64::decode(text, &mut bytes)?;
    bytes.truncate(length);
    Some(bytes)
}
