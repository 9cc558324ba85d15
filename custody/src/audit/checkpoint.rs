//! The signed word of the log on what it is at a moment.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{Algorithm, SigningKey, VerifyingKey};

use super::entries::Entries;
use super::{AuditError, Hash, head, read, tree};
use crate::{Batch, Space, Store};

const ORIGIN: &str = "countersign-audit/";
/// Ed25519, as the type of a signature of a note.
const ED25519: u8 = 1;

/// A signed statement: at this time the log had this many records, with this root.
///
/// As text it is a checkpoint of a transparency log (C2SP `tlog-checkpoint`, a `signed-note`), with two
/// lines more: the hash of the last record and the time in milliseconds.
///
/// ```text
/// countersign-audit/<hash of record 1>
/// <number of records>
/// <root in base64>
/// head <hash of the last record>
/// at_ms <time>
///
/// — countersign-audit/<hash of record 1> <id of the key, and signature, in base64>
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    log: Hash,
    sequence: u64,
    root: Hash,
    head: Hash,
    at_ms: u64,
    signature: Vec<u8>,
}

impl Checkpoint {
    /// Signs the log as it is now. The key is of `ed25519`, and signs nothing else. If the store has
    /// checkpoints, the last must agree with the log: no two that are signed contradict each other.
    ///
    /// The time is the last record's, if `at_ms` is before it.
    ///
    /// # Errors
    /// `audit_no_record` for an empty log; `audit_key_unfit`; `audit_contradicts_checkpoint`;
    /// `audit_damaged`, and those of the store.
    pub fn sign(store: &dyn Store, key: &SigningKey, at_ms: u64) -> Result<Self, AuditError> {
        let public = key.verifying_key().ok_or(AuditError::KeyUnfit)?;
        if public.algorithm() != Algorithm::Ed25519 {
            return Err(AuditError::KeyUnfit);
        }
        let end = head(store)?.ok_or(AuditError::NoRecord(1))?;
        let mut checkpoint = Checkpoint {
            log: read(store, 1)?.hash(),
            sequence: end.sequence,
            root: root_at(store, end.sequence)?,
            head: end.hash,
            at_ms: at_ms.max(end.at_ms),
            signature: Vec::new(),
        };
        if let Some(last) = Self::last(store)? {
            let is_same = last.sequence <= end.sequence
                && last.log == checkpoint.log
                && last.root == root_at(store, last.sequence)?;
            if !is_same {
                return Err(AuditError::Contradicts(last.sequence));
            }
        }
        let mut signature = key_id(&checkpoint.origin(), &public).to_vec();
        let message = checkpoint.body();
        signature.extend_from_slice(key.sign(message.as_bytes()).as_bytes());
        checkpoint.signature = signature;
        Ok(checkpoint)
    }

    /// Reads the text; says nothing of whose it is.
    ///
    /// # Errors
    /// `audit_checkpoint_malformed` for all that isn't byte for byte the one text of a checkpoint.
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        Self::read_text(text).ok_or(AuditError::CheckpointMalformed)
    }

    fn read_text(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let mut line = |start| lines.next()?.strip_prefix(start);
        let log = line(ORIGIN)?.parse().ok()?;
        let sequence = line("")?.parse().ok()?;
        let root = STANDARD.decode(line("")?).ok()?.try_into().ok()?;
        let head = line("head ")?.parse().ok()?;
        let at_ms = line("at_ms ")?.parse().ok()?;
        line("")?;
        let (_, signature) = line("— ")?.split_once(' ')?;
        let checkpoint = Checkpoint {
            log,
            sequence,
            root: Hash::from_bytes(root),
            head,
            at_ms,
            signature: STANDARD.decode(signature).ok()?,
        };
        (checkpoint.to_string() == text).then_some(checkpoint)
    }

    /// Whether one of the keys signed it.
    #[must_use]
    pub fn is_signed_by(&self, keys: &[VerifyingKey]) -> bool {
        let Some((id, signature)) = self.signature.split_first_chunk::<4>() else {
            return false;
        };
        let (origin, body) = (self.origin(), self.body());
        keys.iter().any(|key| {
            key.algorithm() == Algorithm::Ed25519
                && *id == key_id(&origin, key)
                && key.verifies(body.as_bytes(), signature)
        })
    }

    /// Keeps it in the store of the log.
    pub fn put(&self, batch: &mut Batch) {
        let key = self.sequence.to_be_bytes();
        batch.put(Space::Checkpoints, &key, self.to_string().into_bytes());
    }

    /// The last one that the store keeps.
    ///
    /// # Errors
    /// `audit_checkpoint_malformed`, and those of the store.
    pub fn last(store: &dyn Store) -> Result<Option<Self>, AuditError> {
        let last = store.last(Space::Checkpoints)?;
        last.map(|(key, value)| Self::from_entry(&key, &value))
            .transpose()
    }

    /// Every one that a store keeps, oldest first: also one that is kept elsewhere, as an anchor.
    ///
    /// # Errors
    /// `audit_checkpoint_malformed`, and those of the store.
    pub fn all(store: &dyn Store) -> Result<Vec<Self>, AuditError> {
        Entries::new(store, Space::Checkpoints)
            .map(|entry| {
                let (key, value) = entry?;
                Self::from_entry(&key, &value)
            })
            .collect()
    }

    /// Reads an entry of [`Space::Checkpoints`].
    pub(super) fn from_entry(key: &[u8], value: &[u8]) -> Result<Self, AuditError> {
        str::from_utf8(value)
            .ok()
            .and_then(Self::read_text)
            .filter(|checkpoint| checkpoint.sequence.to_be_bytes() == key)
            .ok_or(AuditError::CheckpointMalformed)
    }

    fn origin(&self) -> String {
        format!("{ORIGIN}{}", self.log)
    }

    /// What is signed.
    fn body(&self) -> String {
        format!(
            "{}\n{}\n{}\nhead {}\nat_ms {}\n",
            self.origin(),
            self.sequence,
            STANDARD.encode(self.root.as_bytes()),
            self.head,
            self.at_ms,
        )
    }

    /// The log: the hash of its first record.
    #[must_use]
    pub fn log(&self) -> Hash {
        self.log
    }

    /// How many records it speaks of.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The root of the tree over them.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The hash of the last of them.
    #[must_use]
    pub fn head(&self) -> Hash {
        self.head
    }

    /// When it was signed, in milliseconds since 1970.
    #[must_use]
    pub fn at_ms(&self) -> u64 {
        self.at_ms
    }
}

impl std::fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let signature = STANDARD.encode(&self.signature);
        writeln!(f, "{}\n— {} {signature}", self.body(), self.origin())
    }
}

/// The root of the tree over the first `sequence` records of the store.
///
/// # Errors
/// `audit_no_record`, `audit_damaged`, and those of the store.
pub fn root_at(store: &dyn Store, sequence: u64) -> Result<Hash, AuditError> {
    tree::root(sequence, &mut |level, index| {
        stored_node(store, level, index)
    })
}

/// A node of the tree, which the last record under it carries.
pub(super) fn stored_node(store: &dyn Store, level: u32, index: u64) -> Result<Hash, AuditError> {
    let sequence = (index + 1) << level;
    read(store, sequence)?
        .node(level)
        .ok_or(AuditError::NoRecord(sequence))
}

/// The id of a key, by which a note says who signed it.
fn key_id(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let hash = Hash::of_parts(&[name.as_bytes(), b"\n", &[ED25519], &key.to_bytes()]);
    let [a, b, c, d, ..] = *hash.as_bytes();
    [a, b, c, d]
}
