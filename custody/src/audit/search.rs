//! Finding records, and following them as they come.

use std::time::Duration;

use countersign_core::{Environment, KeyId};

use super::append::parse;
use super::{AuditError, Entry, Outcome, Record, entry, head, read};
use crate::{Space, Store};

/// How many records one page looks at, at most.
const MAX_LOOKED_AT: u64 = 65_536;
const PAGE: usize = 512;

/// What is looked for: all that is given must hold. By default everything.
///
/// ```
/// use countersign_custody::audit::{Draft, Filter, record, search};
/// # let store = countersign_custody::store::RedbStore::in_memory()?;
/// let drafts = ["key.issued", "key.used"].map(|act| Draft::new(1_800_000_000_000, "alice", act));
/// record(&store, &drafts)?;
/// let filter = Filter { act: Some("key.issued".into()), ..Filter::default() };
/// let page = search(&store, &filter, 1, 100)?;
/// assert_eq!(page.entries.len(), 1);
/// # Ok::<(), countersign_custody::audit::AuditError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The actor.
    pub actor: Option<String>,
    /// The act, or with `.*` at its end all acts that begin so: `key.*`.
    pub act: Option<String>,
    /// The id of the key.
    pub keyid: Option<KeyId>,
    /// The environment.
    pub environment: Option<Environment>,
    /// The earliest time, in milliseconds since 1970.
    pub from_ms: Option<u64>,
    /// The time before which it was, in milliseconds since 1970.
    pub before_ms: Option<u64>,
    /// Whether it was done, or the code of the refusal.
    pub outcome: Option<Outcome>,
    /// Text that stands in the actor, the act, the key id, the reason, a policy's id or a detail; capital
    /// letters count as small ones.
    pub text: Option<String>,
}

/// Some of what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The records, ascending.
    pub entries: Vec<Entry>,
    /// The first record that wasn't looked at, whether or not there is one yet: where to go on.
    pub next: u64,
    /// Whether the log, or the time that is looked for, was read to its end.
    pub is_last: bool,
}

impl Filter {
    /// Whether a record is looked for.
    #[must_use]
    pub fn takes(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        is(&self.actor, &record.actor)
            && self.act.as_ref().is_none_or(|act| is_act(act, &record.act))
            && (self.keyid.is_none() || self.keyid == record.keyid)
            && (self.environment.is_none() || self.environment == record.environment)
            && self.from_ms.is_none_or(|from| from <= record.at_ms)
            && self.before_ms.is_none_or(|before| record.at_ms < before)
            && self
                .outcome
                .as_ref()
                .is_none_or(|outcome| *outcome == record.outcome)
            && self.text.as_ref().is_none_or(|text| holds(record, text))
    }
}

fn is_act(wanted: &str, act: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(start) => act.starts_with(start),
        None => act == wanted,
    }
}

fn holds(record: &Record, text: &str) -> bool {
    let text = text.to_lowercase();
    let policies = record.decided.iter().flat_map(|decided| &decided.policies);
    let details = record.details.values().map(super::Public::as_str);
    [&record.actor, &record.act, &record.reason]
        .into_iter()
        .chain(policies)
        .map(String::as_str)
        .chain(details)
        .chain(record.keyid.as_ref().map(KeyId::as_str))
        .any(|found| found.to_lowercase().contains(&text))
}

/// Visits all records that the filter takes, in order, from the sequence number `from` on.
///
/// # Errors
/// Those of [`search`] and of `visit`, which end it.
pub fn each<E: From<AuditError>>(
    store: &dyn Store,
    filter: &Filter,
    mut from: u64,
    mut visit: impl FnMut(&Entry) -> Result<(), E>,
) -> Result<(), E> {
    loop {
        let page = search(store, filter, from, PAGE)?;
        page.entries.iter().try_for_each(&mut visit)?;
        if page.is_last {
            return Ok(());
        }
        from = page.next;
    }
}

/// Up to `limit` records that the filter takes, from the sequence number `from` on. It looks at 65,536
/// records and 511 more at most: a page may be short, or empty, and not be the last.
///
/// # Errors
/// `audit_damaged`, and those of the store.
pub fn search(
    store: &dyn Store,
    filter: &Filter,
    from: u64,
    limit: usize,
) -> Result<Page, AuditError> {
    let start = match filter.from_ms {
        Some(at_ms) => first_at(store, at_ms)?.max(from),
        None => from.max(1),
    };
    let mut page = Page {
        entries: Vec::new(),
        next: start,
        is_last: false,
    };
    let end = start.saturating_add(MAX_LOOKED_AT);
    while page.next < end && !page.is_last {
        let found = store.scan(Space::Audit, &entry::key(page.next), PAGE)?;
        page.is_last = found.len() < PAGE;
        for (key, value) in found {
            let sequence = key.try_into().map_err(|_| AuditError::Stray)?;
            let entry = parse(u64::from_be_bytes(sequence), &value)?;
            let is_past = |end| end <= entry.record().at_ms;
            if filter.before_ms.is_some_and(is_past) {
                page.is_last = true;
                break;
            }
            if page.entries.len() == limit {
                page.is_last = false;
                return Ok(page);
            }
            page.next = entry.record().sequence + 1;
            if filter.takes(entry.record()) {
                page.entries.push(entry);
            }
        }
    }
    Ok(page)
}

/// The first record at that time or after it; the one after the last, if there is none. Times never go
/// back, so it reads log2(n) records.
fn first_at(store: &dyn Store, at_ms: u64) -> Result<u64, AuditError> {
    let (mut low, mut high) = (1, head(store)?.map_or(1, |head| head.sequence + 1));
    while low < high {
        let middle = low + (high - low) / 2;
        if read(store, middle)?.record().at_ms < at_ms {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Follows the log.
pub struct Tail<'s> {
    store: &'s dyn Store,
    filter: Filter,
    next: u64,
}

impl<'s> Tail<'s> {
    /// From the sequence number `from` on.
    #[must_use]
    pub fn new(store: &'s dyn Store, filter: Filter, from: u64) -> Self {
        Tail {
            store,
            filter,
            next: from.max(1),
        }
    }

    /// The records that came, at most 512; none, if none came before the timeout. Some that the filter
    /// doesn't take may have come: then it returns early with none.
    ///
    /// # Errors
    /// `audit_damaged`, and those of the store.
    pub fn next(&mut self, timeout: Duration) -> Result<Vec<Entry>, AuditError> {
        if !self.store.wait(&entry::key(self.next - 1), timeout)? {
            return Ok(Vec::new());
        }
        let page = search(self.store, &self.filter, self.next, PAGE)?;
        self.next = page.next;
        Ok(page.entries)
    }
}
