//! What was recorded.

use std::collections::BTreeMap;

use countersign_core::{Environment, KeyId};
use serde::{Deserialize, Serialize};

use super::{Decided, Draft, Head, Outcome, Public};

/// The format of records that is written.
const VERSION: u32 = 1;

/// A record. Its canonical bytes are one JSON object as RFC 8785 writes it, of integers and strings
/// only; a member that doesn't apply is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    // In the order of their names, which is the canonical one.
    /// What: such as `key.issued`.
    pub act: String,
    /// Who.
    pub actor: String,
    /// When, in milliseconds since 1970: never before the record before it.
    pub at_ms: u64,
    /// What the clock said, where that was before the record before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ms: Option<u64>,
    /// What decided, where policy did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decided>,
    /// What else is known, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, Public>,
    /// `dev`, `test` or `live`.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "environment")]
    pub environment: Option<Environment>,
    /// The id of the key.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "keyid")]
    pub keyid: Option<KeyId>,
    /// `done`, or the code of the refusal.
    pub outcome: Outcome,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The number of the record, from 1.
    pub sequence: u64,
    /// The version of the format: 1.
    pub version: u32,
}

impl Record {
    /// The record that comes after `head`.
    pub(super) fn after(head: Option<&Head>, draft: &Draft) -> Self {
        let (last, last_ms) = head.map_or((0, 0), |head| (head.sequence, head.at_ms));
        let is_behind = draft.at_ms < last_ms;
        Record {
            act: draft.act.clone(),
            actor: draft.actor.clone(),
            at_ms: draft.at_ms.max(last_ms),
            clock_ms: is_behind.then_some(draft.at_ms),
            decided: draft.decided.clone(),
            details: draft.details.clone(),
            environment: draft.environment,
            keyid: draft.keyid.clone(),
            outcome: draft.outcome.clone(),
            reason: draft.reason.clone(),
            sequence: last + 1,
            version: VERSION,
        }
    }

    /// Reads canonical bytes; says why where they aren't.
    pub(super) fn from_canonical(bytes: &[u8]) -> Result<Self, String> {
        let record: Record = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if record.version != VERSION {
            return Err(format!("it has version {}", record.version));
        }
        if record.to_canonical()? != bytes {
            return Err("its bytes aren't the canonical ones".into());
        }
        Ok(record)
    }

    /// Writes canonical bytes.
    pub(super) fn to_canonical(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(self).map_err(|error| error.to_string())
    }
}

impl From<Record> for Draft {
    /// What was to be recorded; its time is what the clock said.
    fn from(record: Record) -> Self {
        Draft {
            at_ms: record.clock_ms.unwrap_or(record.at_ms),
            actor: record.actor,
            act: record.act,
            keyid: record.keyid,
            environment: record.environment,
            reason: record.reason,
            outcome: record.outcome,
            decided: record.decided,
            details: record.details,
        }
    }
}

mod environment {
    use countersign_core::Environment;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde's `with` passes a reference"
    )]
    pub(super) fn serialize<S: Serializer>(
        environment: &Option<Environment>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.serialize_str(environment.map_or("", Environment::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<Environment>, D::Error> {
        let text = String::deserialize(input)?;
        let environment = Environment::parse(&text);
        environment
            .map(Some)
            .ok_or_else(|| D::Error::custom("not an environment"))
    }
}

mod keyid {
    use countersign_core::KeyId;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::ref_option, reason = "serde's `with` passes a reference")]
    pub(super) fn serialize<S: Serializer>(
        keyid: &Option<KeyId>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.serialize_str(keyid.as_ref().map_or("", KeyId::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<KeyId>, D::Error> {
        let text = String::deserialize(input)?;
        let keyid = KeyId::new(&text).map_err(|_| D::Error::custom("not a key id"))?;
        Ok(Some(keyid))
    }
}
