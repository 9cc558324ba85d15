//! How much each key was used, day by day.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::{Environment, KeyId};
use serde::{Deserialize, Serialize};

use super::{AuditError, Outcome, Public};
use crate::{Batch, Space, Store, StoreError};

const VERSION: u32 = 1;
const DAY_MS: u64 = 86_400_000;
const MAX_NAMES: usize = 256;
const ATTEMPTS: u32 = 100;

/// What one key did on one day (of UTC).
///
/// In [`Space::Usage`], under the environment, a slash, the key id, a zero byte and the day since 1970 as 4 bytes,
/// big-endian, as canonical JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    // In the order of their names, which is the canonical one.
    /// What it asked for: the ids of actions, at most 256.
    pub actions: BTreeSet<String>,
    /// The first use, in milliseconds since 1970.
    pub first_ms: u64,
    /// The last use.
    pub last_ms: u64,
    /// Uses whose action, or whose outcome, found no place among 256 others.
    pub others: u64,
    /// How often, by outcome: `done` or the code of the refusal, at most 256.
    pub outcomes: BTreeMap<String, u64>,
    /// The version of the format: 1.
    pub version: u32,
}

/// Uses of keys, counted in memory and written together now and then. What isn't written when the
/// process ends is lost: it is how often a key was used, and decides nothing.
///
/// ```
/// use countersign_core::{Environment, KeyId};
/// use countersign_custody::audit::{Outcome, UsageTally, usage};
/// # let store = countersign_custody::store::RedbStore::in_memory()?;
/// let keyid = KeyId::new("k7")?;
/// let mut tally = UsageTally::new();
/// tally.add(Environment::Live, &keyid, 1_800_000_000_000, "place-order", &Outcome::Done);
/// tally.flush(&store)?;
/// assert_eq!(usage(&store, Environment::Live, &keyid, 0)?[0].1.outcomes["done"], 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct UsageTally {
    days: BTreeMap<Vec<u8>, Usage>,
}

impl UsageTally {
    /// Counts nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one use of a key that there is: what strangers make up would fill the memory. An action that could not stand in a record is counted without its name.
    pub fn add(
        &mut self,
        environment: Environment,
        keyid: &KeyId,
        at_ms: u64,
        action: &str,
        outcome: &Outcome,
    ) {
        let day = u32::try_from(at_ms / DAY_MS).unwrap_or(u32::MAX);
        let usage = self
            .days
            .entry(key(environment, keyid, day))
            .or_insert_with(Usage::none);
        let is_fit = action.len() <= 256 && Public::new(action).is_ok();
        let action = (!action.is_empty()).then_some(if is_fit { action } else { "?" });
        usage.merge(&Usage {
            actions: action.map(String::from).into_iter().collect(),
            first_ms: at_ms,
            last_ms: at_ms,
            outcomes: BTreeMap::from([(outcome.as_str().into(), 1)]),
            ..Usage::none()
        });
    }

    /// Adds what was counted to the store in one batch, and begins anew. After an error it goes on
    /// counting, and the next flush has all of it.
    ///
    /// # Errors
    /// `audit_usage_damaged`, and those of the store.
    pub fn flush(&mut self, store: &dyn Store) -> Result<(), AuditError> {
        let mut attempt = 0;
        while !self.days.is_empty() {
            let mut batch = Batch::new();
            self.merge_into(store, &mut batch)?;
            match store.commit(&batch) {
                Ok(()) => self.days.clear(),
                Err(StoreError::Conflict(_)) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn merge_into(&self, store: &dyn Store, batch: &mut Batch) -> Result<(), AuditError> {
        for (key, counted) in &self.days {
            let before = store.get(Space::Usage, key)?;
            let mut usage = match &before {
                Some(value) => Usage::read(value)?,
                None => Usage::none(),
            };
            usage.merge(counted);
            let value = serde_json::to_vec(&usage).map_err(|_| AuditError::UsageDamaged)?;
            batch.expect(Space::Usage, key, before.as_deref());
            batch.put(Space::Usage, key, value);
        }
        Ok(())
    }
}

/// The days on which a key was used, from a day since 1970 on, ascending.
///
/// # Errors
/// `audit_usage_damaged`, and those of the store.
pub fn usage(
    store: &dyn Store,
    environment: Environment,
    keyid: &KeyId,
    from_day: u32,
) -> Result<Vec<(u32, Usage)>, AuditError> {
    let (mut days, mut from) = (Vec::new(), key(environment, keyid, from_day));
    let of_key = from.len() - 4;
    loop {
        let page = store.scan(Space::Usage, &from, 256)?;
        for (found, value) in &page {
            match found.split_at_checked(of_key) {
                Some((prefix, day)) if from.starts_with(prefix) => {
                    let day = day.try_into().map_err(|_| AuditError::UsageDamaged)?;
                    days.push((u32::from_be_bytes(day), Usage::read(value)?));
                }
                _ => return Ok(days),
            }
        }
        match page.last() {
            Some((last, _)) if page.len() == 256 => {
                from.clone_from(last);
                from.push(0);
            }
            _ => return Ok(days),
        }
    }
}

impl Usage {
    /// Whether it was used that day, not only refused, and last at this time or later, in seconds since 1970.
    pub(crate) fn is_done_since(&self, from: u64) -> bool {
        self.last_ms / 1000 >= from && self.outcomes.contains_key(Outcome::Done.as_str())
    }

    fn none() -> Self {
        Usage {
            actions: BTreeSet::new(),
            first_ms: u64::MAX,
            last_ms: 0,
            others: 0,
            outcomes: BTreeMap::new(),
            version: VERSION,
        }
    }

    /// Reads a value of [`Space::Usage`].
    ///
    /// # Errors
    /// `audit_usage_damaged`.
    pub fn read(value: &[u8]) -> Result<Self, AuditError> {
        serde_json::from_slice(value)
            .ok()
            .filter(|usage: &Usage| usage.version == VERSION)
            .ok_or(AuditError::UsageDamaged)
    }

    fn merge(&mut self, other: &Usage) {
        self.first_ms = self.first_ms.min(other.first_ms);
        self.last_ms = self.last_ms.max(other.last_ms);
        self.others = self.others.saturating_add(other.others);
        for action in &other.actions {
            if self.actions.len() < MAX_NAMES || self.actions.contains(action) {
                self.actions.insert(action.clone());
            } else {
                self.others = self.others.saturating_add(1);
            }
        }
        for (outcome, count) in &other.outcomes {
            let has_place = self.outcomes.len() < MAX_NAMES || self.outcomes.contains_key(outcome);
            let place = if has_place {
                self.outcomes.entry(outcome.clone()).or_default()
            } else {
                &mut self.others
            };
            *place = place.saturating_add(*count);
        }
    }
}

/// Environments are apart: a key of the same id in another one is another key.
fn key(environment: Environment, keyid: &KeyId, day: u32) -> Vec<u8> {
    let mut key = format!("{}/{}\0", environment.as_str(), keyid.as_str()).into_bytes();
    key.extend_from_slice(&day.to_be_bytes());
    key
}
