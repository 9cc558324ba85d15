//! Reads the whole log and finds what was changed.

use std::fmt;
use std::iter::Peekable;

use countersign_core::VerifyingKey;

use super::entries::Entries;
use super::entry::Defect;
use super::tree::Frontier;
use super::{AuditError, Checkpoint, Entry, Hash, Head};
use crate::{Space, Store, StoreError};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many records are good, from the first on.
    pub records: u64,
    /// The last good one.
    pub head: Option<Head>,
    /// The root of the tree over them.
    pub root: Hash,
    /// How many checkpoints, of the store and from outside, were compared with them.
    pub checkpoints: u64,
    /// The last record that a checkpoint vouches for. Those after it are good among themselves, which
    /// whoever can write the store can bring about.
    pub vouched: u64,
    /// The first that is bad.
    pub finding: Option<Finding>,
}

/// The first thing that is bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The record, or the checkpoint by the record that it ends at.
    pub sequence: u64,
    /// How it is bad.
    pub fault: Fault,
}

/// How a record or a checkpoint is bad.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A checkpoint of the store can't be read.
    CheckpointMalformed,
    /// A checkpoint isn't signed by the log's key.
    CheckpointUntrusted,
    /// The records are not those that a checkpoint signed: one of those from here on, to the one that
    /// the checkpoint ends at, was changed, and the chain was made anew.
    Contradicts {
        /// Where the checkpoint ends.
        checkpoint: u64,
    },
    /// Its hash isn't that of its contents.
    Edited,
    /// An entry that no append can have made: before record 1, or with a key that isn't a number.
    Inserted,
    /// It can't be read.
    Malformed(String),
    /// It is another record, moved here.
    Moved {
        /// The number that it was written with.
        from: u64,
    },
    /// It isn't there, and later ones are.
    Removed,
    /// It was written to follow another record than the one before it: one of the two was replaced.
    Replaced,
    /// It is before the record before it.
    TimeWentBack,
    /// The log ends before it, and a checkpoint speaks of it.
    Truncated {
        /// Where the checkpoint ends.
        checkpoint: u64,
    },
    /// The nodes of the tree that it carries are not those over the records.
    TreeEdited,
}

impl Report {
    /// Whether all is good.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.finding.is_none()
    }
}

impl Fault {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Fault::CheckpointMalformed => "checkpoint_malformed",
            Fault::CheckpointUntrusted => "checkpoint_untrusted",
            Fault::Contradicts { .. } => "contradicts_checkpoint",
            Fault::Edited => "edited",
            Fault::Inserted => "inserted",
            Fault::Malformed(_) => "malformed",
            Fault::Moved { .. } => "moved",
            Fault::Removed => "removed",
            Fault::Replaced => "replaced",
            Fault::TimeWentBack => "time_went_back",
            Fault::Truncated { .. } => "truncated",
            Fault::TreeEdited => "tree_edited",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.sequence;
        match &self.fault {
            Fault::CheckpointMalformed => write!(f, "the checkpoint at record {at} can't be read"),
            Fault::CheckpointUntrusted => {
                write!(
                    f,
                    "the checkpoint at record {at} isn't signed by the log's key"
                )
            }
            Fault::Contradicts { checkpoint } => write!(
                f,
                "one of the records {at} to {checkpoint} was changed and the chain made anew: \
                 they aren't those that the checkpoint at record {checkpoint} signed"
            ),
            Fault::Edited => write!(
                f,
                "record {at} was edited: its hash isn't that of its contents"
            ),
            Fault::Inserted => write!(
                f,
                "an entry before record {at} was inserted: it is no record"
            ),
            Fault::Malformed(why) => write!(f, "record {at} can't be read: {why}"),
            Fault::Moved { from } => write!(f, "record {at} is record {from}, moved"),
            Fault::Removed => write!(f, "record {at} was removed"),
            Fault::Replaced => write!(
                f,
                "record {at} doesn't follow the record before it: one of the two was replaced"
            ),
            Fault::TimeWentBack => write!(f, "record {at} is earlier than the record before it"),
            Fault::Truncated { checkpoint } => write!(
                f,
                "record {at} and those after it were removed: the checkpoint at record {checkpoint} \
                 speaks of them"
            ),
            Fault::TreeEdited => write!(f, "the nodes of the tree at record {at} were edited"),
        }
    }
}

/// Reads every record and every checkpoint of the store, and compares them with each other and with the
/// checkpoints that were kept outside. It stops at the first that is bad. It holds a page of records in
/// memory, however long the log is.
///
/// A checkpoint counts if one of `keys` signed it. Without keys those of the store are not looked at.
///
/// # Errors
/// Those of the store. What is bad is in the report.
pub fn verify(
    store: &dyn Store,
    keys: &[VerifyingKey],
    outside: &[Checkpoint],
) -> Result<Report, AuditError> {
    let mut walk = Walk::new(store, keys, outside);
    let finding = walk.run(store)?;
    Ok(Report {
        records: walk.frontier.size(),
        head: walk.head,
        root: walk.frontier.root(),
        checkpoints: walk.checkpoints,
        vouched: walk.vouched,
        finding,
    })
}

struct Walk<'a> {
    keys: &'a [VerifyingKey],
    stored: Peekable<Entries<'a>>,
    outside: Vec<&'a Checkpoint>,
    frontier: Frontier,
    log: Hash,
    head: Option<Head>,
    checkpoints: u64,
    vouched: u64,
}

impl<'a> Walk<'a> {
    fn new(store: &'a dyn Store, keys: &'a [VerifyingKey], outside: &'a [Checkpoint]) -> Self {
        let mut stored = Entries::new(store, Space::Checkpoints);
        if keys.is_empty() {
            stored = stored.skipped();
        }
        let mut outside: Vec<&Checkpoint> = outside.iter().collect();
        outside.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.sequence()));
        Walk {
            keys,
            stored: stored.peekable(),
            outside,
            frontier: Frontier::new(),
            log: Hash::NONE,
            head: None,
            checkpoints: 0,
            vouched: 0,
        }
    }

    fn run(&mut self, store: &dyn Store) -> Result<Option<Finding>, StoreError> {
        for entry in Entries::new(store, Space::Audit) {
            let (key, value) = entry?;
            let sequence = self.frontier.size() + 1;
            if let Err(fault) = self.take(sequence, &key, &value) {
                return Ok(Some(Finding { sequence, fault }));
            }
            if let Some(finding) = self.compare(sequence)? {
                return Ok(Some(finding));
            }
        }
        self.compare(u64::MAX)
    }

    /// Takes in the next record.
    fn take(&mut self, sequence: u64, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        let found = key.try_into().map(u64::from_be_bytes);
        match found {
            Ok(found) if found == sequence => {}
            Ok(found) if found > sequence => return Err(Fault::Removed),
            _ => return Err(Fault::Inserted),
        }
        let entry = Entry::from_bytes(sequence, value).map_err(|defect| match defect {
            Defect::Malformed(why) => Fault::Malformed(why),
            Defect::Edited => Fault::Edited,
            Defect::Moved(from) => Fault::Moved { from },
        })?;
        let (last, last_ms) = self
            .head
            .map_or((Hash::NONE, 0), |head| (head.hash, head.at_ms));
        if entry.previous() != last {
            return Err(Fault::Replaced);
        }
        if entry.record().at_ms < last_ms {
            return Err(Fault::TimeWentBack);
        }
        let mut frontier = self.frontier.clone();
        if frontier.push(entry.hash().as_bytes()) != entry.nodes() {
            return Err(Fault::TreeEdited);
        }
        self.frontier = frontier;
        if sequence == 1 {
            self.log = entry.hash();
        }
        self.head = Some(Head::from(&entry));
        Ok(())
    }

    /// Compares with the checkpoints that end at a record or before.
    fn compare(&mut self, sequence: u64) -> Result<Option<Finding>, StoreError> {
        while let Some(entry) = self.stored.next_if(|entry| is_due(entry, sequence)) {
            let (key, value) = entry?;
            let finding = match Checkpoint::from_entry(&key, &value) {
                Ok(checkpoint) => self.compare_one(&checkpoint),
                Err(_) => Some(Finding {
                    sequence: self.frontier.size(),
                    fault: Fault::CheckpointMalformed,
                }),
            };
            if finding.is_some() {
                return Ok(finding);
            }
        }
        while let Some(checkpoint) = self.outside.pop_if(|next| next.sequence() <= sequence) {
            let finding = self.compare_one(checkpoint);
            if finding.is_some() {
                return Ok(finding);
            }
        }
        Ok(None)
    }

    fn compare_one(&mut self, checkpoint: &Checkpoint) -> Option<Finding> {
        let (end, size) = (checkpoint.sequence(), self.frontier.size());
        let finding = |sequence, fault| Some(Finding { sequence, fault });
        if !checkpoint.is_signed_by(self.keys) {
            return finding(end, Fault::CheckpointUntrusted);
        }
        if end > size {
            return finding(size + 1, Fault::Truncated { checkpoint: end });
        }
        let is_same = end == size
            && checkpoint.log() == self.log
            && checkpoint.root() == self.frontier.root()
            && self.head.is_some_and(|head| checkpoint.head() == head.hash);
        if !is_same {
            return finding(self.vouched + 1, Fault::Contradicts { checkpoint: end });
        }
        self.checkpoints += 1;
        self.vouched = end;
        None
    }
}

/// Whether a checkpoint of the store ends at a record or before, or can't be read.
fn is_due(entry: &Result<crate::store::Entry, StoreError>, sequence: u64) -> bool {
    entry.as_ref().map_or(true, |(key, _)| {
        key.as_slice()
            .try_into()
            .map_or(true, |key| u64::from_be_bytes(key) <= sequence)
    })
}
