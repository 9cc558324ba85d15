//! A key, as a review has it.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::UnixSeconds;
use serde::Serialize;

use super::{Finding, Held};
use crate::audit::Outcome;
use crate::custodian::KeyEntry;

/// How a key was used. Only times and the last use reach before the days that are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// What it did.
    pub actions: BTreeSet<String>,
    /// When it was last used, in seconds since 1970.
    pub last_at: Option<u64>,
    /// How often it was used.
    pub times: u64,
    /// How often it was refused, by code.
    pub refused: BTreeMap<String, u64>,
}

impl Usage {
    pub(super) fn count(&mut self, at: u64, from: u64, outcome: &Outcome, times: u64) {
        match outcome {
            Outcome::Done => {
                self.last_at = self.last_at.max(Some(at));
                if at >= from {
                    self.times = self.times.saturating_add(times);
                }
            }
            Outcome::Refused(code) if at >= from => {
                let count = self.refused.entry(code.clone()).or_default();
                *count = count.saturating_add(times);
            }
            Outcome::Refused(_) => {}
        }
    }
}

/// A key, as a review has it.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewedKey {
    /// Its id.
    pub keyid: String,
    /// The first key of its lineage, and its place in it.
    pub lineage: String,
    /// Its place in the lineage, from 1.
    pub version: u32,
    /// Whose it is.
    pub owner: String,
    /// What it is.
    pub standing: &'static str,
    /// The algorithm of its signatures.
    pub algorithm: String,
    /// When it was issued, in seconds since 1970.
    pub issued_at: u64,
    /// For how many whole days it has been there.
    pub age_days: u64,
    /// When it ends, in seconds since 1970.
    pub ends_at: u64,
    /// How often it is rotated by itself, in seconds.
    pub rotate_every: Option<u64>,
    /// What it is tagged with.
    pub tags: Vec<String>,
    /// The groups that it is in.
    pub groups: Vec<String>,
    /// How it was used.
    pub usage: Usage,
    /// What it may do.
    pub held: Vec<Held>,
    /// What of that it didn't use.
    pub unused: Vec<String>,
    /// What to look at, the gravest first.
    pub findings: Vec<Finding>,
}

impl ReviewedKey {
    pub(super) fn new(
        entry: &KeyEntry,
        now: UnixSeconds,
        usage: Usage,
        mut held: Vec<Held>,
    ) -> Self {
        let life = entry.life();
        held.sort();
        held.dedup_by(|a, b| a.action == b.action);
        let unused = held
            .iter()
            .filter(|held| !usage.actions.contains(&held.action))
            .map(|held| held.action.clone());
        ReviewedKey {
            keyid: life.keyid().to_owned(),
            lineage: life.lineage().to_owned(),
            version: life.version(),
            owner: entry.owner().to_owned(),
            standing: life.standing(now).as_str(),
            algorithm: entry.algorithm().to_owned(),
            issued_at: life.issued_at().get(),
            age_days: now.get().saturating_sub(life.issued_at().get()) / 86_400,
            ends_at: life.ends_at().get(),
            rotate_every: entry.rotate_every(),
            tags: entry.tags().to_vec(),
            groups: entry.groups().to_vec(),
            unused: unused.collect(),
            usage,
            held,
            findings: Vec::new(),
        }
    }
}
