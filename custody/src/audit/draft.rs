//! What is to be recorded.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{Effect, Environment, KeyId};
use serde::{Deserialize, Serialize};

use super::public::{check, looks_secret};
use super::{AuditError, Hash, Public};

/// The greatest instant: what every reader of JSON can hold (2^53 - 1 milliseconds).
pub(super) const MAX_MS: u64 = (1 << 53) - 1;
const MAX_DETAILS: usize = 64;
const MAX_POLICIES: usize = 256;
const MAX_KEPT_BYTES: usize = 64 * 1024;

/// A record to be: it gets its sequence number, and the hash of the record before it, by
/// [`append`](super::append).
///
/// ```
/// use countersign_core::{Environment, KeyId};
/// use countersign_custody::audit::Draft;
/// let draft = Draft::new(1_800_000_000_000, "alice", "key.revoked")
///     .key(KeyId::new("k7")?, Environment::Live)
///     .reason("leaked in a log")
///     .detail("version", 3_u32);
/// # let _ = draft;
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// When, in milliseconds since 1970, at most 2^53 - 1.
    pub at_ms: u64,
    /// Who: 1 to 256 bytes.
    pub actor: String,
    /// What: words of lower-case letters, digits and `_` with dots between, such as `key.issued`; 1 to
    /// 64 bytes.
    pub act: String,
    /// The key that it is done to, or with.
    pub keyid: Option<KeyId>,
    /// The environment that it is done in.
    pub environment: Option<Environment>,
    /// Why: at most 4,096 bytes; empty where none is asked for.
    pub reason: String,
    /// Whether it was done.
    pub outcome: Outcome,
    /// What decided that it may be done, where policy did.
    pub decided: Option<Decided>,
    /// What else is to be known, by names like those of acts: at most 64.
    pub details: BTreeMap<String, Public>,
}

/// Whether an act was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Outcome {
    /// It was: `done` in the record.
    Done,
    /// It was refused, with this code: lower-case letters, digits and `_`, 1 to 64 bytes, not `done`.
    Refused(String),
}

/// What decided, so that it can be decided again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    // In the order of their names, which is the canonical one (RFC 8785).
    /// What the module answered.
    pub answer: Kept,
    /// The SHA-256 of the bundle: of its whole file, under which it is archived.
    pub bundle: Hash,
    /// What was said.
    #[serde(with = "effect")]
    pub effect: Effect,
    /// The SHA-256 of the module.
    pub module: Hash,
    /// The ids of the determining policies: at most 256, each of at most 256 bytes.
    pub policies: Vec<String>,
    /// What the module was asked.
    pub query: Kept,
}

/// Bytes of a decision: the record holds them, or only their hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Kept {
    /// The bytes, at most 65,536: `base64:` and the bytes in base64 (RFC 4648 section 4).
    Whole(Vec<u8>),
    /// Their SHA-256: `sha256:` and 64 hexadecimal digits.
    Hash(Hash),
}

impl Draft {
    /// An act that was done, with no reason yet.
    #[must_use]
    pub fn new(at_ms: u64, actor: &str, act: &str) -> Self {
        Draft {
            at_ms,
            actor: actor.into(),
            act: act.into(),
            keyid: None,
            environment: None,
            reason: String::new(),
            outcome: Outcome::Done,
            decided: None,
            details: BTreeMap::new(),
        }
    }

    /// Names the key, and its environment.
    #[must_use]
    pub fn key(mut self, keyid: KeyId, environment: Environment) -> Self {
        self.keyid = Some(keyid);
        self.environment = Some(environment);
        self
    }

    /// Says why.
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = reason.into();
        self
    }

    /// Says that it was refused.
    #[must_use]
    pub fn refused(mut self, code: &str) -> Self {
        self.outcome = Outcome::Refused(code.into());
        self
    }

    /// Says what decided.
    #[must_use]
    pub fn decided(mut self, decided: Decided) -> Self {
        self.decided = Some(decided);
        self
    }

    /// Adds a detail, in place of one with the same name.
    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<Public>) -> Self {
        self.details.insert(name.into(), value.into());
        self
    }

    /// Refuses what a record can't hold, and what looks like a secret, wherever it stands.
    pub(super) fn check(&self) -> Result<(), AuditError> {
        let unfit = |member, why| Err(AuditError::Unfit { member, why });
        if self.at_ms > MAX_MS {
            return unfit("at_ms", "is too late a time");
        }
        if self.actor.is_empty() {
            return unfit("actor", "is empty");
        }
        check("actor", &self.actor, 256)?;
        check_name("act", &self.act)?;
        if let Some(keyid) = &self.keyid {
            check("keyid", keyid.as_str(), 128)?;
        }
        check("reason", &self.reason, 4096)?;
        if let Outcome::Refused(code) = &self.outcome {
            check_name("outcome", code)?;
            if code == "done" {
                return unfit("outcome", "is refused, with `done` as its code");
            }
        }
        if self.details.len() > MAX_DETAILS {
            return unfit("details", "are more than 64");
        }
        for (name, value) in &self.details {
            check_name("details", name)?;
            value.check()?;
        }
        self.decided.as_ref().map_or(Ok(()), Decided::check)
    }
}

impl Outcome {
    /// `done`, or the code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused(code) => code,
        }
    }
}

impl From<Outcome> for String {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => "done".into(),
            Outcome::Refused(code) => code,
        }
    }
}

impl From<String> for Outcome {
    fn from(text: String) -> Self {
        if text == "done" {
            Outcome::Done
        } else {
            Outcome::Refused(text)
        }
    }
}

impl Decided {
    fn check(&self) -> Result<(), AuditError> {
        if self.policies.len() > MAX_POLICIES {
            return Err(AuditError::Unfit {
                member: "policies",
                why: "are more than 256",
            });
        }
        for policy in &self.policies {
            check("policies", policy, 256)?;
        }
        self.query.check("query")?;
        self.answer.check("answer")
    }
}

impl Kept {
    /// The bytes, if a record can hold as many; else their hash, under which they are to be archived.
    #[must_use]
    pub fn fit(bytes: Vec<u8>) -> Self {
        if bytes.len() > MAX_KEPT_BYTES {
            return Kept::hash_of(&bytes);
        }
        Kept::Whole(bytes)
    }

    /// Only the hash of the bytes.
    #[must_use]
    pub fn hash_of(bytes: &[u8]) -> Self {
        Kept::Hash(Hash::of(bytes))
    }

    /// Whether these are the bytes.
    #[must_use]
    pub fn is(&self, bytes: &[u8]) -> bool {
        match self {
            Kept::Whole(whole) => whole == bytes,
            Kept::Hash(hash) => *hash == Hash::of(bytes),
        }
    }

    fn check(&self, member: &'static str) -> Result<(), AuditError> {
        match self {
            Kept::Whole(bytes) if bytes.len() > MAX_KEPT_BYTES => Err(AuditError::Unfit {
                member,
                why: "is too long: keep its hash",
            }),
            Kept::Whole(bytes) if looks_secret(bytes) => Err(AuditError::Secret { member }),
            _ => Ok(()),
        }
    }
}

impl From<Kept> for String {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Whole(bytes) => format!("base64:{}", STANDARD.encode(bytes)),
            Kept::Hash(hash) => format!("sha256:{hash}"),
        }
    }
}

impl TryFrom<String> for Kept {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let kept = match text.split_once(':') {
            Some(("base64", text)) => STANDARD.decode(text).ok().map(Kept::Whole),
            Some(("sha256", text)) => text.parse().ok().map(Kept::Hash),
            _ => None,
        };
        kept.ok_or("neither `base64:` with bytes nor `sha256:` with a hash")
    }
}

fn check_name(member: &'static str, name: &str) -> Result<(), AuditError> {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    if name.len() <= 64 && name.split('.').all(is_word) {
        return check(member, name, 64);
    }
    Err(AuditError::Unfit {
        member,
        why: "has a name that isn't words of lower-case letters, digits and `_` with dots between",
    })
}

mod effect {
    use countersign_core::Effect;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde's `with` passes a reference"
    )]
    pub(super) fn serialize<S: Serializer>(effect: &Effect, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(effect.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Effect, D::Error> {
        let text = String::deserialize(input)?;
        [Effect::Allow, Effect::Deny, Effect::StepUp]
            .into_iter()
            .find(|effect| effect.as_str() == text)
            .ok_or_else(|| D::Error::custom("not an effect"))
    }
}
