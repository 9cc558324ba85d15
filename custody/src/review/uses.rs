//! What was done, as far as the log tells it: what advice is made of.

use std::collections::BTreeSet;

use countersign_core::KeyId;
use serde_json::{Map, Value};

use super::Anchor;
use crate::audit::{self, AuditError, Decided, Hash, Kept, Outcome, Public, Question, Record};
use crate::authority::{Permission, Plan};
use crate::custodian::{Change, Deed, Filter, checked_name};
use crate::{Batch, Custodian, CustodyError, Order, Store};

/// Whose uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those of a key, and of all others of its lineage.
    Key(String),
    /// Those of all keys of an owner.
    Owner(String),
    /// The acts of a person or a service on keys.
    Actor(String),
}

/// Who holds rights: a key, or an actor.
#[derive(Clone, Debug, PartialEq)]
pub struct Holder {
    /// Its id, or its name.
    pub id: String,
    /// Its groups, or its roles.
    pub groups: Vec<String>,
    /// Its attributes, a record of Cedar values.
    pub attributes: Map<String, Value>,
}

/// What was allowed, and done.
#[derive(Clone, Debug)]
pub struct Uses {
    /// Recorded in full: what was asked, with the number of the record.
    pub asked: Vec<(u64, Question)>,
    /// Only counted: which key did which action.
    pub counted: BTreeSet<(String, String)>,
    /// How many records keep only a hash of what was asked, which isn't archived.
    pub unread: u64,
    /// By which bundles it was decided.
    pub bundles: BTreeSet<Hash>,
    /// Who holds the rights.
    pub holders: Vec<Holder>,
    /// The log that it was read from.
    pub log: Anchor,
}

impl Custodian {
    /// Reads what somebody did in the last `days`: `access.advised`, since advice is made of it.
    ///
    /// # Errors
    /// `forbidden` for who may not read the log, `reason_missing`, `key_unknown`, `person_unknown`,
    /// `name_malformed`; those of the store and of the audit log.
    pub fn uses(&self, order: &Order<'_>, whose: &Whose, days: u64) -> Result<Uses, CustodyError> {
        let plan = Plan::overall(Permission::ReadLog);
        let deed = Deed {
            plan: &plan,
            name: "access.advised",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            let log = self.anchor()?;
            let holders = self.holders(order, whose)?;
            let from = order.now.get().saturating_sub(days.saturating_mul(86_400));
            let mut uses = Uses {
                asked: Vec::new(),
                counted: BTreeSet::new(),
                unread: 0,
                bundles: BTreeSet::new(),
                holders,
                log,
            };
            self.read_uses(whose, from, &mut uses)?;
            let (kind, name) = match whose {
                Whose::Key(name) => ("key", name),
                Whose::Owner(name) => ("owner", name),
                Whose::Actor(name) => ("actor", name),
            };
            let count = u64::try_from(uses.asked.len()).unwrap_or(u64::MAX);
            let draft = self
                .draft(order, &deed)
                .detail(kind, Public::new(name)?)
                .detail("days", days)
                .detail("records", log.records)
                .detail("uses", count);
            Ok(Change {
                batch: Batch::new(),
                drafts: vec![draft],
                output: uses,
            })
        })
    }

    fn holders(&self, order: &Order<'_>, whose: &Whose) -> Result<Vec<Holder>, CustodyError> {
        let filter = match whose {
            Whose::Actor(name) => {
                let person = self.principal(name)?;
                return Ok(vec![Holder {
                    attributes: person.attributes(),
                    id: person.name,
                    groups: person.roles,
                }]);
            }
            Whose::Owner(owner) => {
                checked_name(owner)?;
                Filter {
                    owner: Some(owner.clone()),
                    ..Filter::default()
                }
            }
            Whose::Key(keyid) => Filter {
                lineage: Some(self.known(order, keyid)?.0.life().lineage().to_owned()),
                ..Filter::default()
            },
        };
        let keys = self.find(&filter, order.now, "", usize::MAX)?;
        let holders = keys.iter().map(|entry| Holder {
            id: entry.life().keyid().to_owned(),
            groups: entry.groups().to_vec(),
            attributes: entry.attributes_in(self.environment()),
        });
        Ok(holders.collect())
    }

    fn read_uses(&self, whose: &Whose, from: u64, uses: &mut Uses) -> Result<(), CustodyError> {
        let actor = match whose {
            Whose::Actor(name) => Some(name.clone()),
            _ => None,
        };
        let filter = audit::Filter {
            act: actor.is_none().then(|| "key.used".to_owned()),
            actor,
            environment: Some(self.environment()),
            outcome: Some(Outcome::Done),
            from_ms: Some(from.saturating_mul(1000)),
            ..audit::Filter::default()
        };
        let ids: BTreeSet<String> = uses.holders.iter().map(|one| one.id.clone()).collect();
        audit::each(&*self.store, &filter, 1, |entry| {
            let record = entry.record();
            let by_it = match (&filter.actor, &record.keyid) {
                // A key that is used is no act of a person.
                (Some(_), _) => record.act != "key.used",
                (None, Some(keyid)) => ids.contains(keyid.as_str()),
                (None, None) => false,
            };
            if by_it {
                self.take(record, uses)?;
            }
            Ok::<(), CustodyError>(())
        })?;
        if filter.actor.is_some() {
            return Ok(());
        }
        for id in &ids {
            for (_, day) in audit::usage(&*self.store, self.environment(), &KeyId::new(id)?, 0)? {
                if day.is_done_since(from) {
                    let actions = day.actions.into_iter();
                    uses.counted
                        .extend(actions.map(|action| (id.clone(), action)));
                }
            }
        }
        Ok(())
    }

    fn take(&self, record: &Record, uses: &mut Uses) -> Result<(), CustodyError> {
        let Some(decided) = &record.decided else {
            return Ok(());
        };
        match question_of(&*self.store, decided)? {
            Some(question) => {
                uses.bundles.insert(decided.bundle);
                uses.asked.push((record.sequence, question));
            }
            None => uses.unread += 1,
        }
        Ok(())
    }
}

/// What was asked: none if the record has its hash only and it isn't archived, or if it is no question.
pub(super) fn question_of(
    store: &dyn Store,
    decided: &Decided,
) -> Result<Option<Question>, CustodyError> {
    let bytes = match &decided.query {
        Kept::Whole(bytes) => bytes.clone(),
        Kept::Hash(hash) => match audit::archived(store, *hash) {
            Ok(bytes) => bytes,
            Err(AuditError::NotArchived(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        },
    };
    Ok(Question::from_bytes(&bytes).ok())
}
