//! Approval by a second person.

use std::collections::BTreeMap;

use countersign_core::Environment;
use serde::{Deserialize, Serialize};

use super::{FactorError, Permission};
use crate::audit::Hash;

/// What is to be done, in every detail: an approval is for one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What must be permitted.
    pub permission: Permission,
    /// The key, if it is about one.
    pub keyid: Option<String>,
    /// What else matters, by name.
    pub details: BTreeMap<String, String>,
}

impl Plan {
    /// An act on one key.
    #[must_use]
    pub fn on(permission: Permission, keyid: &str) -> Self {
        Plan {
            permission,
            keyid: Some(keyid.to_owned()),
            details: BTreeMap::new(),
        }
    }

    /// An act on the environment as a whole.
    #[must_use]
    pub fn overall(permission: Permission) -> Self {
        Plan {
            permission,
            keyid: None,
            details: BTreeMap::new(),
        }
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.details.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The SHA-256 of it, for one environment and one person who does it.
    pub(crate) fn digest(&self, environment: Environment, actor: &str) -> Hash {
        let plan = serde_json::json!({
            "actor": actor,
            "details": self.details,
            "environment": environment.as_str(),
            "keyid": self.keyid,
            "permission": self.permission.as_str(),
        });
        Hash::of(plan.to_string().as_bytes())
    }
}

/// An approval, asked for and perhaps given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    pub(crate) version: u32,
    pub(crate) digest: String,
    pub(crate) permission: String,
    pub(crate) withdraw: bool,
    pub(crate) asked_by: String,
    pub(crate) expires_at: u64,
    pub(crate) approved_by: Option<String>,
}

impl Approval {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let read: Self = serde_json::from_slice(bytes).ok()?;
        (read.version == 1).then_some(read)
    }

    /// Who approved it, if it is good for this plan now.
    pub(crate) fn approves(
        &self,
        id: &str,
        digest: Hash,
        now: countersign_core::UnixSeconds,
    ) -> Result<&str, FactorError> {
        if self.digest != digest.to_string() {
            return Err(FactorError::ApprovalOther(id.to_owned()));
        }
        if now.get() >= self.expires_at {
            return Err(FactorError::ApprovalExpired(id.to_owned()));
        }
        let by = self.approved_by.as_deref();
        by.ok_or_else(|| FactorError::ApprovalWaits(id.to_owned()))
    }
}
