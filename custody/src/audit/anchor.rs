//! Checkpoints kept outside of the store, in a file that whoever holds the store can't change.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{AuditError, Checkpoint, durable};

/// Some hundred thousand checkpoints.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// How many lines the text of a checkpoint has.
const LINES: usize = 7;

/// A file of checkpoints, one text after the other, oldest first: on another machine, on paper, in a
/// mailbox. [`verify`](super::verify) takes what it holds.
#[derive(Clone, Debug)]
pub struct AnchorFile {
    path: PathBuf,
}

impl AnchorFile {
    /// The file at this path, which is made by the first [`append`](AnchorFile::append).
    #[must_use]
    pub fn at(path: &Path) -> Self {
        AnchorFile { path: path.into() }
    }

    /// Adds a checkpoint, and returns when the disk has it.
    ///
    /// # Errors
    /// `audit_file_failed`.
    pub fn append(&self, checkpoint: &Checkpoint) -> Result<(), AuditError> {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path)?;
        file.write_all(checkpoint.to_string().as_bytes())?;
        Ok(durable::sync(&file, &self.path)?)
    }

    /// Every checkpoint in it; none if there is no file.
    ///
    /// # Errors
    /// `audit_checkpoint_malformed`, `audit_file_failed`.
    pub fn read(&self) -> Result<Vec<Checkpoint>, AuditError> {
        let file = match OpenOptions::new().read(true).open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            file => file?,
        };
        let mut text = String::new();
        file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
        if u64::try_from(text.len()).is_ok_and(|bytes| bytes > MAX_BYTES) {
            return Err(AuditError::CheckpointMalformed);
        }
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        lines
            .chunks(LINES)
            .map(|lines| Checkpoint::parse(&lines.concat()))
            .collect()
    }
}
