//! What goes on when the log can't be written.
//!
//! To verify and to take a key out of use must never wait for a disk. All else stops: what can't be
//! recorded isn't done.
//!
//! The rule for whoever acts, when a commit fails with another error than a conflict:
//!
//! 1. Unless [`goes_on`] says so of the act, nothing was done: hand the error on.
//! 2. Otherwise [`Spool::push`] the draft: a file of lines, on another disk than the store if there is one,
//!    synced before the act counts as done. If that fails too, the act fails.
//! 3. Until the store takes writes again, and at each start, refuse the keys that [`Spool::pending`]
//!    names, whatever the store says of them. Only processes that see the file do so.
//! 4. When the store takes writes again: put the changes that the pending drafts name into a batch,
//!    [`Pending::settle`] into the same batch, commit, [`Spool::clear`]. It may be done twice: what was
//!    settled is not pending any more.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::{AuditError, Draft, Hash, Head, Public, Record, append, durable};
use crate::{Batch, Space, Store};

/// The acts that go on: those that take a key out of use. Verifying isn't an act: it is counted (see
/// [`UsageTally`](super::UsageTally)) and the counts wait in memory.
const GO_ON: [&str; 2] = ["key.revoked", "key.suspended"];
/// In [`Space::Settings`], before the hash of the first line of a spool: the hash of the last that was settled. Two hosts
/// have two spools.
const SETTLED: &str = "audit.spool/";
const LABEL: &[u8] = b"countersign audit spool v1\n";
/// As long as a file of a hundred thousand revocations.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Whether an act is done though the log can't be written: `key.revoked` and `key.suspended` are, no other.
#[must_use]
pub fn goes_on(act: &str) -> bool {
    GO_ON.contains(&act)
}

/// A file of acts that were done and couldn't be recorded. Each line is a hash, a space and a record's
/// canonical bytes; the hash is of a label, the hash of the line before, and those bytes.
#[derive(Clone, Debug)]
pub struct Spool {
    path: PathBuf,
}

/// What a spool holds and the log doesn't.
#[derive(Clone, Debug)]
pub struct Pending {
    drafts: Vec<Draft>,
    first: Hash,
    last: Hash,
}

impl Spool {
    /// The spool in this file, which is made by the first [`push`](Spool::push).
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Spool { path: path.into() }
    }

    /// Adds an act that was done, and returns when the disk has it.
    ///
    /// # Errors
    /// Those of [`Spool::push_all`].
    pub fn push(&self, draft: &Draft) -> Result<(), AuditError> {
        self.push_all(std::slice::from_ref(draft))
    }

    /// Adds acts that were done, and returns when the disk has them all. A crash before that may keep the
    /// first ones: keys are then out of use that nobody was told are.
    ///
    /// # Errors
    /// Those of a draft; `audit_not_now` if the log isn't to do without an act; `audit_spool_damaged`,
    /// `audit_file_failed`.
    pub fn push_all(&self, drafts: &[Draft]) -> Result<(), AuditError> {
        let mut lines = Vec::new();
        for draft in drafts {
            if !goes_on(&draft.act) {
                return Err(AuditError::NotNow(draft.act.clone()));
            }
            draft.check()?;
            let json = Record::after(None, draft).to_canonical();
            lines.push(json.map_err(|why| AuditError::Damaged { sequence: 0, why })?);
        }
        let mut file = self.open()?;
        let read = read_lines(&mut file)?;
        let (mut previous, mut text) = (read.last, Vec::new());
        for json in lines {
            previous = Hash::of_parts(&[LABEL, previous.as_bytes(), &json]);
            text.extend_from_slice(format!("{previous} ").as_bytes());
            text.extend_from_slice(&json);
            text.push(b'\n');
        }
        // What a crash left of a line was never told to be done.
        file.set_len(read.length)?;
        file.seek(SeekFrom::End(0))?;
        file.write_all(&text)?;
        Ok(durable::sync(&file, &self.path)?)
    }

    /// How long the file is, in bytes: it grows with each act. 0 where there is none.
    ///
    /// # Errors
    /// `audit_file_failed`.
    pub fn length(&self) -> Result<u64, AuditError> {
        match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            metadata => Ok(metadata?.len()),
        }
    }

    /// What is in the file and not yet in the log.
    ///
    /// # Errors
    /// `audit_spool_damaged` with the line, `audit_file_failed`, and those of the store.
    pub fn pending(&self, store: &dyn Store) -> Result<Pending, AuditError> {
        let mut read = match File::open(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Lines::default(),
            file => {
                let mut file = file?;
                file.lock_shared()?;
                read_lines(&mut file)?
            }
        };
        let first = read.drafts.first().map_or(Hash::NONE, |(hash, _)| *hash);
        let settled = store.get(Space::Settings, &settled_at(first))?;
        let is_settled =
            |(hash, _): &(Hash, Draft)| settled.as_deref() == Some(hash.as_bytes().as_slice());
        let done = read.drafts.iter().rposition(is_settled);
        let drafts = read.drafts.drain(done.map_or(0, |at| at + 1)..);
        Ok(Pending {
            drafts: drafts.map(|(_, draft)| draft).collect(),
            first,
            last: read.last,
        })
    }

    /// Empties the file, if nothing came to it since.
    ///
    /// # Errors
    /// `audit_file_failed`.
    pub fn clear(&self, settled: &Pending) -> Result<(), AuditError> {
        let mut file = self.open()?;
        if read_lines(&mut file)?.last == settled.last {
            file.set_len(0)?;
            file.sync_all()?;
        }
        Ok(())
    }

    fn open(&self) -> Result<File, AuditError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&self.path)?;
        file.lock()?;
        Ok(file)
    }
}

impl Pending {
    /// The acts, in order.
    #[must_use]
    pub fn drafts(&self) -> &[Draft] {
        &self.drafts
    }

    /// Adds their records to the batch that makes the changes they name, and marks them as settled. Their
    /// detail `spooled` is `yes`, and `clock_ms` says when they were done.
    ///
    /// # Errors
    /// Those of [`append`]; `audit_record_unfit` if nothing is pending.
    pub fn settle(&self, store: &dyn Store, batch: &mut Batch) -> Result<Head, AuditError> {
        let spooled = |draft: &Draft| draft.clone().detail("spooled", Public::from("yes"));
        let drafts: Vec<Draft> = self.drafts.iter().map(spooled).collect();
        let head = append(store, batch, &drafts)?;
        batch.put(
            Space::Settings,
            &settled_at(self.first),
            self.last.as_bytes().to_vec(),
        );
        Ok(head)
    }
}

fn settled_at(first: Hash) -> Vec<u8> {
    format!("{SETTLED}{first}").into_bytes()
}

/// The whole lines of a file.
struct Lines {
    drafts: Vec<(Hash, Draft)>,
    last: Hash,
    /// In bytes.
    length: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Lines {
            drafts: Vec::new(),
            last: Hash::NONE,
            length: 0,
        }
    }
}

fn read_lines(file: &mut File) -> Result<Lines, AuditError> {
    let (mut text, mut lines) = (Vec::new(), Lines::default());
    file.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    let whole = text.split_inclusive(|byte| *byte == b'\n');
    for (line, number) in whole.filter(|line| line.ends_with(b"\n")).zip(1..) {
        let read = read_line(line, lines.last).filter(|_| lines.length <= MAX_BYTES);
        let (hash, draft) = read.ok_or(AuditError::SpoolDamaged(number))?;
        lines.last = hash;
        lines.drafts.push((hash, draft));
        lines.length += u64::try_from(line.len()).unwrap_or(u64::MAX);
    }
    Ok(lines)
}

fn read_line(line: &[u8], previous: Hash) -> Option<(Hash, Draft)> {
    let (hash, rest) = line.split_at_checked(64)?;
    let json = rest.strip_prefix(b" ")?.strip_suffix(b"\n")?;
    let hash: Hash = str::from_utf8(hash).ok()?.parse().ok()?;
    let record = Record::from_canonical(json).ok()?;
    (hash == Hash::of_parts(&[LABEL, previous.as_bytes(), json])).then(|| (hash, record.into()))
}
