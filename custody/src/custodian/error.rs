//! Why an act wasn't done.

use countersign_core::Refusal;

use crate::StoreError;
use crate::audit::AuditError;
use crate::authority::{AuthorityError, FactorError};
use crate::entropy::EntropyError;
use crate::generate::GenerateError;
use crate::life::LifeError;
use crate::vault::VaultError;

/// Why an act wasn't done. Nothing has changed, but for the record that says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CustodyError {
    /// The state of the key, or policy on its life, doesn't allow it.
    #[error(transparent)]
    Life(#[from] LifeError),
    /// The store didn't.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The audit log didn't: what gives a key or a secret isn't done without it.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The vault didn't.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// No key could be made.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The system gave no random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// Core refused what was given.
    #[error("{0}")]
    Refused(Refusal),
    /// The policies couldn't be asked.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The policies don't permit it.
    #[error("{actor} may not: {why}")]
    Forbidden {
        /// Who.
        actor: String,
        /// The sentences of the policies that forbid it.
        why: String,
    },
    /// A second factor is missing or wrong.
    #[error(transparent)]
    Factor(#[from] FactorError),
    /// No reason was given.
    #[error("every act needs a reason: 1 to 1,000 bytes of text")]
    ReasonMissing,
    /// A name of a person, an owner, a tag or a group isn't one.
    #[error(
        "`{0}` is no name: it takes 1 to 64 visible ASCII characters without quotes and slashes"
    )]
    NameMalformed(String),
    /// A webhook's URL isn't one.
    #[error(
        "the URL is none for a webhook: it takes `https`, a host and a path; `http` to this machine alone"
    )]
    UrlMalformed,
    /// There is no webhook of this name.
    #[error("there is no webhook `{0}` here")]
    WebhookUnknown(String),
    /// A scheme doesn't have the algorithm of a key.
    #[error("key `{0}` is a P-256 key, and Standard Webhooks know shared secrets and Ed25519 only")]
    SchemeUnfit(String),
    /// There is no such key here.
    #[error("there is no key `{keyid}` here{}", nearest_of(.nearest))]
    KeyUnknown {
        /// The id that was asked for.
        keyid: String,
        /// The nearest there are; none for who may not list keys.
        nearest: Vec<String>,
    },
    /// There is one already.
    #[error("there is a key `{0}` already: choose another id")]
    KeyExists(String),
    /// The key has no secret to give: its private half was never here, or it was destroyed.
    #[error("key `{0}` has no secret here")]
    NoSecret(String),
    /// A rotation of a client's own pair needs its next public key.
    #[error("key `{0}` is a client's own pair: it is rotated with the client's next public key")]
    PublicNeeded(String),
    /// What is derived of a key can't ask for its successor.
    #[error("key `{0}` is rotated by itself, not by one that is derived of it for an edge")]
    DerivedKey(String),
    /// There is a reader of this name.
    #[error("there is a reader `{0}` already: remove it first, and its key is no more")]
    ReaderExists(String),
    /// There is no reader of this name, or of this region.
    #[error(
        "there is no reader `{0}` here, and none of a region of this name: `snapshot readers add` makes one"
    )]
    ReaderUnknown(String),
    /// An entry can't be read.
    #[error("the entry of `{0}` is damaged: nothing is built on it")]
    Damaged(String),
    /// Nobody of this name has a role here.
    #[error("`{0}` has no role here: an owner gives one")]
    PersonUnknown(String),
    /// There is no such role.
    #[error("`{0}` is no role: there are auditor, operator, owner, scheduler and service")]
    RoleUnknown(String),
    /// Without an owner nobody could give a role again.
    #[error("`{0}` would leave no owner here: make another one first")]
    LastOwner(String),
    /// The store was founded before.
    #[error("the store has a vault already: found a new one elsewhere")]
    Founded,
    /// The store is empty, or not of a vault.
    #[error("the store has no vault yet: `vault init` makes one")]
    NotFounded,
    /// Others changed the same entries again and again.
    #[error("others changed the same key at the same time: try again")]
    Busy,
}

fn nearest_of(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        names => format!(": did you mean {}?", names.join(", ")),
    }
}

impl From<Refusal> for CustodyError {
    fn from(refusal: Refusal) -> Self {
        CustodyError::Refused(refusal)
    }
}

impl CustodyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            CustodyError::Life(error) => error.code(),
            CustodyError::Store(error) => error.code(),
            CustodyError::Audit(error) => error.code(),
            CustodyError::Vault(error) => error.code(),
            CustodyError::Generate(error) => error.code(),
            CustodyError::Entropy(error) => error.code(),
            CustodyError::Refused(refusal) => refusal.code().as_str(),
            CustodyError::Authority(error) => error.code(),
            CustodyError::Forbidden { .. } => "forbidden",
            CustodyError::Factor(error) => error.code(),
            CustodyError::ReasonMissing => "reason_missing",
            CustodyError::NameMalformed(_) => "name_malformed",
            CustodyError::UrlMalformed => "url_malformed",
            CustodyError::WebhookUnknown(_) => "webhook_unknown",
            CustodyError::SchemeUnfit(_) => "algorithm_unsupported",
            CustodyError::KeyUnknown { .. } => "key_unknown",
            CustodyError::KeyExists(_) => "key_exists",
            CustodyError::NoSecret(_) => "no_secret",
            CustodyError::PublicNeeded(_) => "public_key_needed",
            CustodyError::DerivedKey(_) => "key_derived",
            CustodyError::ReaderExists(_) => "reader_exists",
            CustodyError::ReaderUnknown(_) => "reader_unknown",
            CustodyError::Damaged(_) => "entry_damaged",
            CustodyError::PersonUnknown(_) => "person_unknown",
            CustodyError::RoleUnknown(_) => "role_unknown",
            CustodyError::LastOwner(_) => "owner_last",
            CustodyError::Founded => "store_founded",
            CustodyError::NotFounded => "store_not_founded",
            CustodyError::Busy => "busy",
        }
    }

    /// Whether nothing can be written now, whoever asks.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            CustodyError::Store(error) | CustodyError::Audit(AuditError::Store(error)) => {
                !matches!(error, StoreError::Conflict(_))
            }
            _ => false,
        }
    }

    pub(crate) fn is_conflict(&self) -> bool {
        matches!(
            self,
            CustodyError::Store(StoreError::Conflict(_))
                | CustodyError::Audit(AuditError::Store(StoreError::Conflict(_)))
        )
    }
}
