//! The keys that a verifier knows, found by their id.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::base64;
use crate::credential::Credential;
use crate::instant::UnixSeconds;
use crate::key::{Algorithm, Environment, KeyId};
use crate::members::Members;
use crate::policy::Record;
use crate::refusal::{Code, Refusal};
use crate::secret::{KeyedMac, SharedSecret};
use crate::token::Token;
use crate::verifying_key::VerifyingKey;

/// A key as it is put into a keyring.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    pub(crate) id: KeyId,
    pub(crate) environment: Environment,
    pub(crate) credential: Credential,
    pub(crate) groups: Vec<String>,
    pub(crate) attributes: Record,
    not_before: UnixSeconds,
    not_after: UnixSeconds,
    revoked: bool,
}

impl KeyRecord {
    /// An active key without groups, an end, or attributes other than its `environment`.
    ///
    /// # Errors
    /// `keyid_malformed`.
    pub fn new(id: &str, environment: Environment, secret: &SharedSecret) -> Result<Self, Refusal> {
        let credential = Credential::Secret(KeyedMac::new(secret)?);
        Self::with(id, environment, credential)
    }

    /// Such a key of which only the public half is known.
    ///
    /// # Errors
    /// `keyid_malformed`.
    pub fn public(id: &str, environment: Environment, key: VerifyingKey) -> Result<Self, Refusal> {
        Self::with(id, environment, Credential::Public(key))
    }

    fn with(id: &str, environment: Environment, credential: Credential) -> Result<Self, Refusal> {
        Ok(Self::of(KeyId::new(id)?, environment, credential))
    }

    fn of(id: KeyId, environment: Environment, credential: Credential) -> Self {
        KeyRecord {
            id,
            environment,
            credential,
            groups: Vec::new(),
            attributes: environment_alone(environment),
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

    /// The groups that it is in: ids of the bundle's group type, such as `trader`.
    #[must_use]
    pub fn groups<S: Into<String>>(mut self, groups: impl IntoIterator<Item = S>) -> Self {
        self.groups = groups.into_iter().map(Into::into).collect();
        self
    }

    /// The attributes that policies see on the principal. `environment` is always the key's own.
    #[must_use]
    pub fn attributes(mut self, mut attributes: Record) -> Self {
        attributes.insert("environment", self.environment.as_str());
        self.attributes = attributes;
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

    fn fault(&self, environment: Environment, now: UnixSeconds) -> Option<Code> {
        if self.environment != environment {
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

fn environment_alone(environment: Environment) -> Record {
    let mut attributes = Record::new();
    attributes.insert("environment", environment.as_str());
    attributes
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
                Environment::Live,
                credential,
            ))
        };
        // The base point of the curve.
        let mut point = [0x66; 32];
        point[0] = 0x58;
        let secret = of(Credential::Secret(KeyedMac::of_nobody()));
        Decoys {
            public: VerifyingKey::ed25519(&point)
                .map_or_else(|_| Arc::clone(&secret), |key| of(Credential::Public(key))),
            secret,
        }
    }

    /// The one that makes signatures of this length.
    fn of(&self, length: usize) -> &Arc<KeyRecord> {
        if length == 64 {
            &self.public
        } else {
            &self.secret
        }
    }
}

/// What a verifier holds: keys by id.
#[derive(Clone, Debug)]
pub struct KeyRing {
    // INVARIANT: strictly ascending by id.
    keys: Vec<Arc<KeyRecord>>,
    decoys: Decoys,
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
        KeyRing {
            keys: Vec::new(),
            decoys: Decoys::new(),
        }
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
            ring.keys.push(Arc::new(record));
        }
        ring.keys.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        let mut pairs = ring.keys.iter().zip(ring.keys.iter().skip(1));
        match pairs.find(|(a, b)| a.id == b.id) {
            Some((twice, _)) => Err(Refusal::named(Code::KeyringMalformed, twice.id.as_str())),
            None => Ok(ring),
        }
    }

    /// Puts a key in, in place of one with the same id.
    pub fn insert(&mut self, record: KeyRecord) {
        let record = Arc::new(record);
        match self.position(record.id.as_str()) {
            Ok(at) => {
                if let Some(slot) = self.keys.get_mut(at) {
                    *slot = record;
                }
            }
            Err(at) => self.keys.insert(at, record),
        }
    }

    fn position(&self, keyid: &str) -> Result<usize, usize> {
        self.keys.binary_search_by(|key| key.id.as_str().cmp(keyid))
    }

    /// How many keys it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key with this id that can have made a signature of this length, and what is wrong with it. Where
    /// there is none it is another, so that the time doesn't tell: the key next to its place, whose memory is
    /// as cold as its own would be, or a decoy. What that one verifies is refused all the same.
    pub(crate) fn find(
        &self,
        keyid: &str,
        length: usize,
        environment: Environment,
        now: UnixSeconds,
    ) -> (Arc<KeyRecord>, Option<Code>) {
        let decoy = self.decoys.of(length);
        let place = self.position(keyid);
        let (Ok(at) | Err(at)) = place;
        let record = self.keys.get(at).unwrap_or(decoy);
        let makes = record.credential.makes(length);
        let fault = record.fault(environment, now);
        let fault = fault.or((!makes).then_some(Code::SignatureMismatch));
        let fault = if place.is_ok() {
            fault
        } else {
            Some(Code::KeyUnknown)
        };
        (Arc::clone(if makes { record } else { decoy }), fault)
    }
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
    record.groups = key.texts("groups")?.unwrap_or_default();
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
