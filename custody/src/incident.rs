//! Bulk acts after a leak: first what would be done, then that and nothing else.

use countersign_core::{KeyId, UnixSeconds};

use crate::audit::{self, Hash, Public};
use crate::authority::{Permission, Plan};
use crate::custodian::{Change, Deed, Filter};
use crate::life::{Act, Standing};
use crate::{Batch, Custodian, CustodyError, Order};

/// Keys that are revoked in one batch.
const BATCH: usize = 64;
const ATTEMPTS: u32 = 64;

/// What a bulk revocation would do: the dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The keys, ascending, each with how it stands now.
    pub keys: Vec<(String, Standing)>,
    filter: Filter,
}

impl Incident {
    /// What is approved, if a second person approves it: these keys and no others.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let keyids: Vec<&str> = self.keys.iter().map(|(keyid, _)| keyid.as_str()).collect();
        let digest = Hash::of(keyids.join("\n").as_bytes());
        Plan::overall(Permission::RevokeKey)
            .with("keys", &digest.to_string())
            .with("count", &keyids.len().to_string())
    }

    /// Which keys were asked for.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }
}

/// What a bulk revocation did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentReport {
    /// The keys that it revoked.
    pub revoked: Vec<String>,
    /// Those that others had revoked or destroyed in between.
    pub skipped: Vec<String>,
}

impl Custodian {
    /// Lists exactly what [`Custodian::incident_revoke`] would revoke, and changes nothing:
    /// `incident.planned`.
    ///
    /// # Errors
    /// `forbidden` for who may not list keys, `reason_missing`, and those of the store.
    pub fn incident_plan(
        &self,
        order: &Order<'_>,
        filter: &Filter,
    ) -> Result<Incident, CustodyError> {
        let plan = Plan::overall(Permission::ListKeys);
        let deed = Deed {
            plan: &plan,
            name: "incident.planned",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            let found = self.find(filter, order.now, "", usize::MAX)?;
            let keys = found.iter().map(|entry| {
                let life = entry.life();
                (life.keyid().to_owned(), life.standing(order.now))
            });
            let incident = Incident {
                keys: keys
                    .filter(|(_, standing)| may_verify_yet(*standing))
                    .collect(),
                filter: filter.clone(),
            };
            Ok(Change {
                batch: Batch::new(),
                drafts: vec![self.draft(order, &deed).detail("count", count(&incident))],
                output: incident,
            })
        })
    }

    /// Revokes the keys of a plan, and no others: `incident.begun`, then `key.revoked` of each, in batches
    /// of 64. If it is cut short, a new plan has what is left.
    ///
    /// # Errors
    /// `forbidden`, `second_factor_required` and its like, `reason_missing`; those of the store and the
    /// audit log, where the batches before are done.
    pub fn incident_revoke(
        &self,
        order: &Order<'_>,
        incident: &Incident,
    ) -> Result<IncidentReport, CustodyError> {
        let plan = incident.plan();
        let deed = Deed {
            plan: &plan,
            name: "incident.begun",
            withdraw: false,
        };
        // Allowed once for all of it: a code can't be given again for each batch.
        self.enact(order, &deed, || {
            let mut draft = self.draft(order, &deed).detail("count", count(incident));
            if let Some(keys) = plan.details.get("keys") {
                draft = draft.detail("keys", Public::new(keys)?);
            }
            Ok(Change {
                batch: Batch::new(),
                drafts: vec![draft],
                output: (),
            })
        })?;
        let mut report = IncidentReport::default();
        for keys in incident.keys.chunks(BATCH) {
            self.revoke_all(order, keys, &mut report)?;
        }
        Ok(report)
    }

    fn revoke_all(
        &self,
        order: &Order<'_>,
        keys: &[(String, Standing)],
        report: &mut IncidentReport,
    ) -> Result<(), CustodyError> {
        for attempt in 1..=ATTEMPTS {
            let (mut batch, mut drafts) = (Batch::new(), Vec::new());
            let mut done = IncidentReport::default();
            for (keyid, _) in keys {
                let changed = match self.read(keyid)? {
                    Some((mut entry, before)) => {
                        let life = entry.life.act(Act::Revoke, order.now);
                        life.ok().map(|life| {
                            entry.life = life;
                            (entry, before)
                        })
                    }
                    None => None,
                };
                let Some((entry, before)) = changed else {
                    done.skipped.push(keyid.clone());
                    continue;
                };
                self.replace(&mut batch, Some(&before), &entry)?;
                let draft = self.draft_of(order, "key.revoked", &entry)?;
                drafts.push(draft.detail("incident", "yes"));
                done.revoked.push(KeyId::new(keyid)?.as_str().to_owned());
            }
            if !drafts.is_empty() {
                match self.commit(&batch, &drafts) {
                    Err(error) if error.is_conflict() => {
                        audit::give_way(attempt);
                        continue;
                    }
                    result => result?,
                }
            }
            report.revoked.append(&mut done.revoked);
            report.skipped.append(&mut done.skipped);
            return Ok(());
        }
        Err(CustodyError::Busy)
    }
}

/// Whether a revocation takes anything from a key that stands so.
const fn may_verify_yet(standing: Standing) -> bool {
    !matches!(
        standing,
        Standing::Expired | Standing::Revoked | Standing::Destroyed
    )
}

fn count(incident: &Incident) -> u64 {
    u64::try_from(incident.keys.len()).unwrap_or(u64::MAX)
}

/// Keys that were issued before an instant, whoever has them.
#[must_use]
pub fn all_issued_before(instant: UnixSeconds) -> Filter {
    Filter {
        issued_before: Some(instant),
        ..Filter::default()
    }
}
