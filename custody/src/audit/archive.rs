//! Modules, bundles and queries that decided something, kept to decide again.

use std::error::Error;

use super::{AuditError, Draft, Hash, Kept, commit_as_is, read};
use crate::{Batch, Space, Store, StoreError};

/// Runs a decision: a query, put to a bundle, by a module.
pub trait Replayer {
    /// The answer, byte for byte.
    ///
    /// # Errors
    /// Why the module gave none.
    fn decide(
        &mut self,
        module: &[u8],
        bundle: &[u8],
        query: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;
}

/// A past decision, and what the same module and bundle say now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Whether it is the same answer.
    pub same: bool,
    /// The answer now.
    pub answer: Vec<u8>,
    /// The answer then.
    pub recorded: Kept,
}

/// Keeps bytes under their SHA-256, once.
///
/// # Errors
/// Those of the store.
pub fn archive(store: &dyn Store, batch: &mut Batch, bytes: &[u8]) -> Result<Hash, AuditError> {
    let hash = Hash::of(bytes);
    let key = hash.as_bytes();
    if store.get(Space::Archive, key)?.as_deref() != Some(bytes) {
        batch.put(Space::Archive, key, bytes.to_vec());
    }
    Ok(hash)
}

/// Keeps the module that decides from now on, and records that it does: `module.archived`. Nothing is done
/// if it is there already.
///
/// # Errors
/// Those of [`append`](super::append()) and of the store.
pub fn archive_module(
    store: &dyn Store,
    actor: &str,
    at_ms: u64,
    module: &[u8],
) -> Result<Hash, AuditError> {
    let hash = Hash::of(module);
    let key = hash.as_bytes();
    if store.get(Space::Archive, key)?.is_none() {
        let mut batch = Batch::new();
        batch.expect(Space::Archive, key, None);
        batch.put(Space::Archive, key, module.to_vec());
        let draft = Draft::new(at_ms, actor, "module.archived")
            .reason("it decides from now on")
            .detail("module", hash);
        match commit_as_is(store, &batch, &[draft]) {
            // Somebody else did.
            Err(AuditError::Store(StoreError::Conflict(Space::Archive))) => {}
            result => {
                result?;
            }
        }
    }
    Ok(hash)
}

/// The bytes with this SHA-256.
///
/// # Errors
/// `audit_not_archived`; `audit_archive_damaged` if the bytes don't have it, and those of the store.
pub fn archived(store: &dyn Store, hash: Hash) -> Result<Vec<u8>, AuditError> {
    let bytes = store.get(Space::Archive, hash.as_bytes())?;
    let bytes = bytes.ok_or(AuditError::NotArchived(hash))?;
    if Hash::of(&bytes) != hash {
        return Err(AuditError::ArchiveDamaged(hash));
    }
    Ok(bytes)
}

/// Makes a past decision again, by the very module and bundle that made it. The query is the record's, or
/// the archive's if the record has only its hash.
///
/// # Errors
/// `audit_not_decided` if no policy decided that record; `audit_not_archived`; `audit_replay_failed` if
/// the module gives no answer; those of [`read`] and [`archived`].
pub fn replay(
    store: &dyn Store,
    sequence: u64,
    replayer: &mut dyn Replayer,
) -> Result<Replayed, AuditError> {
    let entry = read(store, sequence)?;
    let decided = entry.record().decided.as_ref();
    let decided = decided.ok_or(AuditError::NotDecided(sequence))?;
    let module = archived(store, decided.module)?;
    let bundle = archived(store, decided.bundle)?;
    let query = match &decided.query {
        Kept::Whole(bytes) => bytes.clone(),
        Kept::Hash(hash) => archived(store, *hash)?,
    };
    let answer = replayer
        .decide(&module, &bundle, &query)
        .map_err(|error| AuditError::Replay(error.to_string()))?;
    Ok(Replayed {
        same: decided.answer.is(&answer),
        answer,
        recorded: decided.answer.clone(),
    })
}
