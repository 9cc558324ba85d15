//! Access reviews: every key, what it holds and what it used, and what an auditor should look at.
//!
//! A review says who made it, when, and of which log: how many records it had, and the root of its tree. It is
//! itself an act, `access.reviewed`, whose record holds the SHA-256 of the report as it was written: nobody
//! can change the report later, nor the log that it was made from.

mod gather;
mod html;
mod key;
mod markdown;
mod person;
mod rules;
mod table;
mod uses;

use std::collections::BTreeMap;

use countersign_core::Environment;
use serde::Serialize;

use crate::audit::{Hash, Public, head, read, root_at};
use crate::authority::{AuthorityError, Permission, Plan};
use crate::custodian::{Change, Deed, Filter, KeyEntry, checked_name};
use crate::{Batch, Custodian, CustodyError, Order};

pub use key::{ReviewedKey, Usage};
pub use person::ReviewedPerson;
pub use rules::{Finding, Severity, Thresholds};
pub use uses::{Holder, Uses, Whose};

/// What a key may do, by the policies of the service that it is for.
pub trait Permissions {
    /// Which policies these are, for the report.
    fn source(&self) -> String;

    /// What the key holds.
    ///
    /// # Errors
    /// Why that can't be told.
    fn held(&self, entry: &KeyEntry) -> Result<Vec<Held>, String>;

    /// The attributes of a key that bind it to addresses.
    fn address_attributes(&self) -> &[String];
}

/// One thing that a key may do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Held {
    /// The id of the action, or the name of a group or of a permission where no policies are given.
    pub action: String,
    /// Whether it is one that must not lie idle: to withdraw, to administer, or one that asks for a second
    /// factor.
    pub critical: bool,
}

impl Held {
    /// One that is critical if its name says so.
    #[must_use]
    pub fn named(action: &str) -> Self {
        let mut words = action.split(['-', '_', '.', ':']);
        Held {
            critical: words.any(|word| {
                word.starts_with("withdraw") || word.starts_with("admin") || word == "root"
            }),
            action: action.to_owned(),
        }
    }
}

/// Without policies: a key's groups, and its attribute `permissions`.
#[derive(Clone, Copy, Debug)]
pub struct ByName;

impl Permissions for ByName {
    fn source(&self) -> String {
        "names of groups and permissions; no policies were given".to_owned()
    }

    fn held(&self, entry: &KeyEntry) -> Result<Vec<Held>, String> {
        let permissions = entry.attributes().get("permissions");
        let permissions = permissions.and_then(serde_json::Value::as_array);
        let permissions = permissions.into_iter().flatten();
        let permissions = permissions.filter_map(serde_json::Value::as_str);
        let groups = entry.groups().iter().map(String::as_str);
        Ok(groups.chain(permissions).map(Held::named).collect())
    }

    fn address_attributes(&self) -> &[String] {
        &[]
    }
}

/// Of what a review is made.
#[derive(Clone, Debug)]
pub struct ReviewRequest {
    /// Only the keys of this owner.
    pub owner: Option<String>,
    /// Over how many days uses count.
    pub days: u64,
    /// When a key is worth a finding.
    pub thresholds: Thresholds,
}

impl Default for ReviewRequest {
    /// All keys, over 90 days.
    fn default() -> Self {
        ReviewRequest {
            owner: None,
            days: 90,
            thresholds: Thresholds::default(),
        }
    }
}

/// A review, as its JSON has it.
#[derive(Clone, Debug, Serialize)]
pub struct Review {
    /// The version of the format: 1.
    pub version: u32,
    /// Who made it.
    pub made_by: String,
    /// When, in seconds since 1970.
    pub made_at: u64,
    /// Why.
    pub reason: String,
    /// The environment.
    pub environment: &'static str,
    /// The owner that it is limited to.
    pub owner: Option<String>,
    /// Over how many days uses count.
    pub days: u64,
    /// The policies by which permissions are told.
    pub permissions: String,
    /// The log that it was made from.
    pub log: Anchor,
    /// How many findings there are, by severity.
    pub findings: BTreeMap<Severity, usize>,
    /// The keys: those with the gravest findings first.
    pub keys: Vec<ReviewedKey>,
    /// People and services with a role; none in a review of one owner's keys.
    pub people: Vec<ReviewedPerson>,
}

/// A state of the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Anchor {
    /// The name of the log: the hash of its first record.
    pub name: Hash,
    /// How many records it had.
    pub records: u64,
    /// The hash of the last of them.
    pub head: Hash,
    /// The root of its tree (RFC 6962) over them.
    pub root: Hash,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportForm {
    /// For a person, as text.
    Markdown,
    /// For a person: one page that needs nothing else.
    Html,
    /// For a program.
    Json,
}

/// A review that was made and recorded.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// What was found.
    pub review: Review,
    /// The report.
    pub report: String,
    /// Its SHA-256, which the record has.
    pub sha256: Hash,
}

impl Review {
    /// The report.
    #[must_use]
    pub fn report(&self, form: ReportForm) -> String {
        match form {
            ReportForm::Markdown => markdown::page(self),
            ReportForm::Html => html::page(self),
            ReportForm::Json => {
                // Numbers, text and lists of them: nothing that JSON doesn't have.
                let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
                text.push('\n');
                text
            }
        }
    }
}

impl Custodian {
    /// Reviews the keys of this environment: `access.reviewed`.
    ///
    /// # Errors
    /// `forbidden` for who may not read the log, `reason_missing`, `name_malformed`, `policy_no_answer` if it
    /// can't be told what a key holds; `entry_damaged`, and those of the store and of the audit log.
    pub fn review(
        &self,
        order: &Order<'_>,
        request: &ReviewRequest,
        permissions: &dyn Permissions,
        form: ReportForm,
    ) -> Result<Reviewed, CustodyError> {
        let plan = Plan::overall(Permission::ReadLog);
        let deed = Deed {
            plan: &plan,
            name: "access.reviewed",
            withdraw: false,
        };
        if let Some(owner) = &request.owner {
            checked_name(owner)?;
        }
        self.enact(order, &deed, || {
            let review = self.gather(order, request, permissions)?;
            let report = review.report(form);
            let sha256 = Hash::of(report.as_bytes());
            let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            let findings = review.findings.values().sum();
            let mut draft = self
                .draft(order, &deed)
                .detail("findings", count(findings))
                .detail("keys", count(review.keys.len()))
                .detail("records", review.log.records)
                .detail("report", sha256)
                .detail("root", review.log.root);
            if let Some(owner) = &request.owner {
                draft = draft.detail("owner", Public::new(owner)?);
            }
            Ok(Change {
                batch: Batch::new(),
                drafts: vec![draft],
                output: Reviewed {
                    review,
                    report,
                    sha256,
                },
            })
        })
    }

    fn gather(
        &self,
        order: &Order<'_>,
        request: &ReviewRequest,
        permissions: &dyn Permissions,
    ) -> Result<Review, CustodyError> {
        // The log first: what is read after it is as new, or newer.
        let log = self.anchor()?;
        let from = order
            .now
            .get()
            .saturating_sub(request.days.saturating_mul(86_400));
        let gathered = gather::read(&*self.store, self.environment, from)?;
        let filter = Filter {
            owner: request.owner.clone(),
            ..Filter::default()
        };
        let mut keys = Vec::new();
        for entry in self.find(&filter, order.now, "", usize::MAX)? {
            let usage = gathered.usage_of(&*self.store, &entry, from)?;
            let held = permissions.held(&entry).map_err(AuthorityError)?;
            let mut key = ReviewedKey::new(&entry, order.now, usage, held);
            let seen = rules::Seen {
                entry: &entry,
                now: order.now,
                dismissed: gathered.is_dismissed(entry.owner()),
                address_attributes: permissions.address_attributes(),
                days: request.days,
            };
            key.findings = rules::findings(&key, &seen, &request.thresholds);
            keys.push(key);
        }
        keys.sort_by_key(|key| std::cmp::Reverse(key.findings.first().map(|one| one.severity)));
        let people = match &request.owner {
            Some(_) => Vec::new(),
            None => self.reviewed_people(order, &gathered, &request.thresholds)?,
        };
        let mut findings = BTreeMap::new();
        let of_keys = keys.iter().flat_map(|key| &key.findings);
        let of_people = people.iter().flat_map(|person| &person.findings);
        for finding in of_keys.chain(of_people) {
            *findings.entry(finding.severity).or_default() += 1;
        }
        Ok(Review {
            version: 1,
            made_by: order.actor.name.clone(),
            made_at: order.now.get(),
            reason: order.reason.to_owned(),
            environment: Environment::as_str(self.environment),
            owner: request.owner.clone(),
            days: request.days,
            permissions: permissions.source(),
            log,
            findings,
            keys,
            people,
        })
    }

    fn reviewed_people(
        &self,
        order: &Order<'_>,
        gathered: &gather::Gathered,
        thresholds: &Thresholds,
    ) -> Result<Vec<ReviewedPerson>, CustodyError> {
        let people = self.people()?;
        let is_owner =
            |(_, roles): &&(String, Vec<String>)| roles.iter().any(|role| role == "owner");
        let owners = people.iter().filter(is_owner).count();
        let began = read(&*self.store, 1)?.record().at_ms / 1000;
        let mut reviewed = Vec::new();
        for (name, roles) in people {
            let (acts, since) = gathered.acts_of(&name);
            let mut person = ReviewedPerson {
                has_second_factor: self.has_second_factor(&name)?,
                name,
                roles,
                since,
                acts,
                findings: Vec::new(),
            };
            person.judge(order.now.get(), began, owners, thresholds);
            reviewed.push(person);
        }
        Ok(reviewed)
    }

    fn anchor(&self) -> Result<Anchor, CustodyError> {
        let head = head(&*self.store)?.ok_or(CustodyError::NotFounded)?;
        Ok(Anchor {
            name: read(&*self.store, 1)?.hash(),
            records: head.sequence,
            head: head.hash,
            root: root_at(&*self.store, head.sequence)?,
        })
    }
}
