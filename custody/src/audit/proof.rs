//! What a third party needs to check one record, or two checkpoints, and nothing else.

use countersign_core::VerifyingKey;
use serde::{Deserialize, Serialize};

use super::checkpoint::stored_node;
use super::{AuditError, Checkpoint, Hash, Record, read, tree};
use crate::Store;

/// Proof that a record is in the log that a checkpoint speaks of.
///
/// As JSON it is one object: `checkpoint` (its text), `path` (hashes, from the leaf up), `previous` (the
/// hash of the record before) and `record`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    #[serde(with = "as_text")]
    checkpoint: Checkpoint,
    path: Vec<Hash>,
    previous: Hash,
    record: Record,
}

/// Proof that a log only grew between two checkpoints.
///
/// As JSON it is one object: `newer` and `older` (texts of checkpoints), and `path` (hashes).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    #[serde(with = "as_text")]
    newer: Checkpoint,
    #[serde(with = "as_text")]
    older: Checkpoint,
    path: Vec<Hash>,
}

impl Proof {
    /// Proves a record by a checkpoint that was made after it: it reads some log2(n)^2 / 2 records at most.
    ///
    /// # Errors
    /// `audit_proof_refused` if the checkpoint is older than the record; `audit_no_record`,
    /// `audit_damaged`, and those of the store.
    pub fn make(
        store: &dyn Store,
        sequence: u64,
        checkpoint: &Checkpoint,
    ) -> Result<Self, AuditError> {
        let size = checkpoint.sequence();
        if sequence > size {
            return Err(AuditError::Proof("the checkpoint is older than the record"));
        }
        let entry = read(store, sequence)?;
        let mut nodes = |level, index| stored_node(store, level, index);
        Ok(Proof {
            checkpoint: checkpoint.clone(),
            path: tree::inclusion(sequence.saturating_sub(1), size, &mut nodes)?,
            previous: entry.previous(),
            record: entry.record().clone(),
        })
    }

    /// Checks it, by the public key of the log alone, and gives the record.
    ///
    /// # Errors
    /// `audit_checkpoint_untrusted` if none of the keys signed the checkpoint; `audit_proof_refused`.
    pub fn verify(&self, keys: &[VerifyingKey]) -> Result<&Record, AuditError> {
        if !self.checkpoint.is_signed_by(keys) {
            return Err(AuditError::Untrusted(self.checkpoint.sequence()));
        }
        let refused = AuditError::Proof("the record isn't in the log that the checkpoint signs");
        let Ok(canonical) = self.record.to_canonical() else {
            return Err(refused);
        };
        let leaf = tree::leaf(Hash::of_record(self.previous, &canonical).as_bytes());
        let root = self.record.sequence.checked_sub(1).and_then(|index| {
            tree::root_of_inclusion(leaf, index, self.checkpoint.sequence(), &self.path)
        });
        if root != Some(self.checkpoint.root()) {
            return Err(refused);
        }
        Ok(&self.record)
    }

    /// The checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// As JSON text.
    ///
    /// # Errors
    /// None that is known.
    pub fn to_json(&self) -> Result<String, AuditError> {
        write(self)
    }

    /// Reads what [`Proof::to_json`] writes.
    ///
    /// # Errors
    /// `audit_proof_refused`.
    pub fn from_json(text: &str) -> Result<Self, AuditError> {
        serde_json::from_str(text).map_err(|_| AuditError::Proof("the text isn't one of a proof"))
    }
}

impl Growth {
    /// Proves it, by the log as it is now.
    ///
    /// # Errors
    /// `audit_no_record` if the log ends before the newer one; `audit_damaged`, and those of the store.
    pub fn make(
        store: &dyn Store,
        older: &Checkpoint,
        newer: &Checkpoint,
    ) -> Result<Self, AuditError> {
        let mut nodes = |level, index| stored_node(store, level, index);
        Ok(Growth {
            path: tree::consistency(older.sequence(), newer.sequence(), &mut nodes)?,
            newer: newer.clone(),
            older: older.clone(),
        })
    }

    /// Checks it, by the public key of the log alone.
    ///
    /// # Errors
    /// `audit_checkpoint_untrusted` if none of the keys signed a checkpoint; `audit_proof_refused`.
    pub fn verify(&self, keys: &[VerifyingKey]) -> Result<(), AuditError> {
        for checkpoint in [&self.older, &self.newer] {
            if !checkpoint.is_signed_by(keys) {
                return Err(AuditError::Untrusted(checkpoint.sequence()));
            }
        }
        let tree_of = |checkpoint: &Checkpoint| (checkpoint.sequence(), checkpoint.root());
        if self.older.log() == self.newer.log()
            && tree::is_consistent(tree_of(&self.older), tree_of(&self.newer), &self.path)
        {
            return Ok(());
        }
        Err(AuditError::Proof(
            "the newer log isn't the older one with more records",
        ))
    }

    /// As JSON text.
    ///
    /// # Errors
    /// None that is known.
    pub fn to_json(&self) -> Result<String, AuditError> {
        write(self)
    }

    /// Reads what [`Growth::to_json`] writes.
    ///
    /// # Errors
    /// `audit_proof_refused`.
    pub fn from_json(text: &str) -> Result<Self, AuditError> {
        serde_json::from_str(text).map_err(|_| AuditError::Proof("the text isn't one of a proof"))
    }
}

fn write(proof: &impl Serialize) -> Result<String, AuditError> {
    serde_json::to_string(proof).map_err(|_| AuditError::Proof("it can't be written"))
}

mod as_text {
    use super::Checkpoint;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(
        checkpoint: &Checkpoint,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_str(checkpoint)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Checkpoint, D::Error> {
        Checkpoint::parse(&String::deserialize(input)?).map_err(D::Error::custom)
    }
}
