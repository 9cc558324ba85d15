//! What the log tells of keys and people.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::{Environment, KeyId};

use super::Usage;
use super::uses::question_of;
use crate::audit::{self, Outcome, Record};
use crate::custodian::KeyEntry;
use crate::{CustodyError, Store};

/// What the records of an environment tell.
pub(super) struct Gathered {
    environment: Environment,
    /// By key: uses that were recorded in full.
    uses: BTreeMap<String, Usage>,
    /// People who have no role any more.
    dismissed: BTreeSet<String>,
    /// By person: since when it has its roles.
    appointed: BTreeMap<String, u64>,
    /// By actor: acts, but for those of keys.
    acts: BTreeMap<String, Usage>,
}

/// Reads the whole log; uses count from an instant on, in seconds since 1970.
pub(super) fn read(
    store: &dyn Store,
    environment: Environment,
    from: u64,
) -> Result<Gathered, CustodyError> {
    let filter = audit::Filter {
        environment: Some(environment),
        ..audit::Filter::default()
    };
    let mut gathered = Gathered::of(environment);
    audit::each(store, &filter, 1, |entry| {
        gathered.take(store, entry.record(), from)
    })?;
    Ok(gathered)
}

impl Gathered {
    fn of(environment: Environment) -> Self {
        Gathered {
            environment,
            uses: BTreeMap::new(),
            dismissed: BTreeSet::new(),
            appointed: BTreeMap::new(),
            acts: BTreeMap::new(),
        }
    }

    fn take(&mut self, store: &dyn Store, record: &Record, from: u64) -> Result<(), CustodyError> {
        if record.act != "key.used" {
            let acts = self.acts.entry(record.actor.clone()).or_default();
            acts.count(record.at_ms / 1000, from, &record.outcome, 1);
            if record.at_ms / 1000 >= from && record.outcome == Outcome::Done {
                acts.actions.insert(record.act.clone());
            }
        }
        match record.act.as_str() {
            "key.used" => {
                let Some(keyid) = &record.keyid else {
                    return Ok(());
                };
                let usage = self.uses.entry(keyid.as_str().to_owned()).or_default();
                usage.count(record.at_ms / 1000, from, &record.outcome, 1);
                if record.at_ms / 1000 >= from && record.outcome == Outcome::Done {
                    let question = match &record.decided {
                        Some(decided) => question_of(store, decided)?,
                        None => None,
                    };
                    let action = question.map(|question| question.action().id().to_owned());
                    usage.actions.extend(action);
                }
            }
            "person.appointed" if record.outcome == Outcome::Done => {
                let detail = |name| record.details.get(name).map(crate::audit::Public::as_str);
                if let Some((person, roles)) = detail("person").zip(detail("roles")) {
                    if roles.is_empty() {
                        self.dismissed.insert(person.to_owned());
                    } else {
                        self.dismissed.remove(person);
                        let at = record.at_ms / 1000;
                        self.appointed.insert(person.to_owned(), at);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether somebody of this name had a role and has none any more.
    pub(super) fn is_dismissed(&self, name: &str) -> bool {
        self.dismissed.contains(name)
    }

    /// What somebody did, and since when it has its roles.
    pub(super) fn acts_of(&self, name: &str) -> (Usage, Option<u64>) {
        let acts = self.acts.get(name).cloned().unwrap_or_default();
        (acts, self.appointed.get(name).copied())
    }

    /// How a key was used: what was counted, and what was recorded in full.
    pub(super) fn usage_of(
        &self,
        store: &dyn Store,
        entry: &KeyEntry,
        from: u64,
    ) -> Result<Usage, CustodyError> {
        let keyid = entry.life().keyid();
        let mut usage = self.uses.get(keyid).cloned().unwrap_or_default();
        for (_, day) in audit::usage(store, self.environment, &KeyId::new(keyid)?, 0)? {
            let last = day.last_ms / 1000;
            for (outcome, count) in &day.outcomes {
                usage.count(last, from, &Outcome::from(outcome.clone()), *count);
            }
            if day.is_done_since(from) {
                usage.actions.extend(day.actions);
            }
        }
        Ok(usage)
    }
}
