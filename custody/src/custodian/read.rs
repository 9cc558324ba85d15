//! What there is.

use countersign_core::{Effect, UnixSeconds};

use super::{Custodian, CustodyError, Deed, KeyEntry, Order};
use crate::authority::{Permission, Plan};
use crate::life::Standing;
use crate::{Space, audit};

/// How many ids are suggested.
const NEAREST: usize = 3;
/// How far from what was typed.
const FAR: usize = 2;

/// Which keys. What is left out, any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Whose.
    pub owner: Option<String>,
    /// With this tag.
    pub tag: Option<String>,
    /// Of this lineage.
    pub lineage: Option<String>,
    /// Issued before this instant.
    pub issued_before: Option<UnixSeconds>,
    /// That stand so.
    pub standing: Option<Standing>,
}

impl Filter {
    /// Whether it takes the key, as it stands now.
    #[must_use]
    pub fn takes(&self, entry: &KeyEntry, now: UnixSeconds) -> bool {
        let life = entry.life();
        self.owner
            .as_ref()
            .is_none_or(|owner| owner == entry.owner())
            && self
                .tag
                .as_ref()
                .is_none_or(|tag| entry.tags().contains(tag))
            && self
                .lineage
                .as_ref()
                .is_none_or(|name| name == life.lineage())
            && self
                .issued_before
                .is_none_or(|before| life.issued_at() < before)
            && self
                .standing
                .is_none_or(|wanted| life.standing(now) == wanted)
    }
}

impl Custodian {
    /// One key, without its secret: `key.shown`.
    ///
    /// # Errors
    /// `key_unknown`, `forbidden`, `reason_missing`, and those of the store and of the audit log.
    pub fn show(&self, order: &Order<'_>, keyid: &str) -> Result<KeyEntry, CustodyError> {
        let plan = Plan::on(Permission::ShowKey, keyid);
        let deed = Deed {
            plan: &plan,
            name: "key.shown",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            let (entry, _) = self.known(order, keyid)?;
            Ok(super::Change {
                batch: crate::Batch::new(),
                drafts: vec![self.draft(order, &deed)],
                output: entry,
            })
        })
    }

    /// The keys that the filter takes, by id, from `from` on, at most `limit`: `keys.listed`.
    ///
    /// # Errors
    /// `forbidden`, `reason_missing`, and those of the store and of the audit log.
    pub fn list(
        &self,
        order: &Order<'_>,
        filter: &Filter,
        from: &str,
        limit: usize,
    ) -> Result<Vec<KeyEntry>, CustodyError> {
        let plan = Plan::overall(Permission::ListKeys);
        let deed = Deed {
            plan: &plan,
            name: "keys.listed",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            let found = self.find(filter, order.now, from, limit)?;
            let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
            Ok(super::Change {
                batch: crate::Batch::new(),
                drafts: vec![self.draft(order, &deed).detail("count", count)],
                output: found,
            })
        })
    }

    pub(crate) fn find(
        &self,
        filter: &Filter,
        now: UnixSeconds,
        from: &str,
        limit: usize,
    ) -> Result<Vec<KeyEntry>, CustodyError> {
        let mut found = Vec::new();
        if limit == 0 {
            return Ok(found);
        }
        self.each(Space::Keys, from, |keyid, bytes| {
            let entry = KeyEntry::read(self.environment, keyid, bytes)?;
            if filter.takes(&entry, now) {
                found.push(entry);
            }
            Ok(found.len() < limit)
        })?;
        Ok(found)
    }

    /// The key, or that it is unknown: with the nearest ids, for who may list them.
    pub(crate) fn known(
        &self,
        order: &Order<'_>,
        keyid: &str,
    ) -> Result<(KeyEntry, Vec<u8>), CustodyError> {
        // A name that is none might reach into another environment.
        if checked_name(keyid).is_ok()
            && let Some(found) = self.read(keyid)?
        {
            return Ok(found);
        }
        let plan = Plan::overall(Permission::ListKeys);
        let deed = Deed {
            plan: &plan,
            name: "keys.listed",
            withdraw: false,
        };
        let mut nearest = Vec::new();
        if self.permit(order, &deed)?.effect == Effect::Allow {
            self.each(Space::Keys, "", |known, _| {
                if let Some(distance) = distance(keyid, known) {
                    nearest.push((distance, known.to_owned()));
                    nearest.sort();
                    nearest.truncate(NEAREST);
                }
                Ok(true)
            })?;
        }
        Err(CustodyError::KeyUnknown {
            keyid: told(keyid),
            nearest: nearest.into_iter().map(|(_, keyid)| keyid).collect(),
        })
    }
}

/// The start of what was given for a name, as an error repeats it; nothing of what looks like a secret.
pub(crate) fn told(name: &str) -> String {
    if audit::looks_secret(name.as_bytes()) {
        return "..".to_owned();
    }
    name.chars().take(64).collect()
}

/// Takes a name of an owner, a tag, a group, a key.
pub(crate) fn checked_name(name: &str) -> Result<(), CustodyError> {
    let good = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'/');
    if (1..=64).contains(&name.len()) && name.bytes().all(good) {
        audit::Public::new(name)?;
        return Ok(());
    }
    Err(CustodyError::NameMalformed(told(name)))
}

/// How many letters must be put in, taken out, changed or swapped with the next, if at most [`FAR`].
fn distance(typed: &str, known: &str) -> Option<usize> {
    let (a, b) = (typed.as_bytes(), known.as_bytes());
    if a.len().abs_diff(b.len()) > FAR || a.len() > 64 {
        return None;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, letter) in a.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, other) in b.iter().enumerate() {
            let at = |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX);
            let mut cost = at(&last, column) + usize::from(letter != other);
            cost = cost
                .min(at(&last, column + 1) + 1)
                .min(at(&next, column) + 1);
            let swapped = row > 0
                && column > 0
                && a.get(row - 1) == Some(other)
                && b.get(column - 1) == Some(letter);
            if swapped {
                cost = cost.min(at(&before_last, column - 1) + 1);
            }
            next.push(cost);
        }
        before_last = std::mem::replace(&mut last, next);
    }
    last.last().copied().filter(|distance| *distance <= FAR)
}
