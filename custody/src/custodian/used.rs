//! Uses of keys: what a service decided about a request, kept.

use countersign_core::Verified;
use countersign_core::policy::EntityUid;
use serde_json::{Map, Value};

use super::{Custodian, CustodyError};
use crate::audit::{self, Answer, AuditError, Decider, Draft, Kept, Outcome, Question, UsageTally};
use crate::authority::{AuthorityError, decided};
use crate::{Batch, StoreError};

/// How a use is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Counted, by day: action and outcome.
    Count,
    /// In full, in the audit log: `key.used`, with the decision, its module and its bundle, so that it can be
    /// made again.
    Record,
}

/// What the policies of a service said of a use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseDecision {
    /// The id of the action; empty where the bundle has no route.
    pub action: String,
    /// Whether it goes through: `done`, or the code of the refusal, as core has it.
    pub outcome: Outcome,
    /// The determining policies.
    pub reasons: Vec<String>,
}

impl Custodian {
    /// Decides what a key of this environment may do, by the policies of the service that it asked, and keeps that
    /// it did. The request was verified: there is no other way to have a [`Verified`]. `module` and `bundle` are
    /// the bytes of what decides, for the archive.
    ///
    /// # Errors
    /// `key_unknown`, `policy_no_answer`, `audit_record_unfit`; those of the store and of the audit log.
    pub fn decide_use(
        &self,
        verified: &Verified,
        decider: &dyn Decider,
        context: Map<String, Value>,
        keep: Keep,
        [module, bundle]: [&[u8]; 2],
    ) -> Result<UseDecision, CustodyError> {
        let keyid = verified.keyid();
        let entry = self.of_signer(keyid)?;
        let at_ms = verified.at().get().saturating_mul(1000);
        let policies = decider.bundle();
        let route = policies.route(verified.method(), verified.path());
        let asked = route.map(|route| (route.action().clone(), route.resource()));
        let kind = policies.principal_type();
        let group = policies.group_type();
        let draft = Draft::new(at_ms, keyid, "key.used")
            .key(countersign_core::KeyId::new(keyid)?, self.environment);
        let Some((action, resource)) = asked else {
            let outcome = Outcome::Refused("no_route".into());
            self.keep(keep, &draft.refused("no_route"), "", &[])?;
            return Ok(UseDecision {
                action: String::new(),
                outcome,
                reasons: Vec::new(),
            });
        };
        let groups = group.map_or_else(Vec::new, |group| {
            let groups = entry.groups().iter();
            groups
                .map(|name| EntityUid::new(group, name.as_str()))
                .collect()
        });
        let attributes = entry.attributes_in(self.environment);
        let principal = EntityUid::new(kind, keyid);
        let question = Question::new(&principal, &groups, attributes, &action, &resource, context);
        let answer = decider
            .decide(&question)
            .map_err(|error| AuthorityError(error.to_string()))?;
        let outcome = outcome(&answer, answer.effect(policies));
        let record = decided(decider, &question, &answer);
        let asked = question.to_bytes();
        let mut files = vec![module, bundle];
        if matches!(record.query, Kept::Hash(_)) {
            files.push(&asked);
        }
        let mut draft = draft.decided(record);
        draft.outcome = outcome.clone();
        self.keep(keep, &draft, action.id(), &files)?;
        Ok(UseDecision {
            action: action.id().to_owned(),
            outcome,
            reasons: answer.reasons,
        })
    }

    fn keep(
        &self,
        keep: Keep,
        draft: &Draft,
        action: &str,
        files: &[&[u8]],
    ) -> Result<(), CustodyError> {
        if keep == Keep::Count {
            let mut tally = UsageTally::new();
            if let Some(keyid) = &draft.keyid {
                tally.add(self.environment, keyid, draft.at_ms, action, &draft.outcome);
            }
            return Ok(tally.flush(&*self.store)?);
        }
        let mut batch = Batch::new();
        for file in files {
            audit::archive(&*self.store, &mut batch, file)?;
        }
        match audit::commit_as_is(&*self.store, &batch, std::slice::from_ref(draft)) {
            Err(AuditError::Store(StoreError::Conflict(_))) => Err(CustodyError::Busy),
            Err(AuditError::Store(error)) => Err(error.into()),
            result => Ok(result.map(drop)?),
        }
    }
}

/// As [`Decision::code`](countersign_core::Decision::code) has it.
fn outcome(answer: &Answer, effect: countersign_core::Effect) -> Outcome {
    use countersign_core::Effect;
    match effect {
        Effect::Allow => Outcome::Done,
        Effect::StepUp => Outcome::Refused("step_up_required".into()),
        Effect::Deny if answer.reasons.is_empty() => Outcome::Refused("not_permitted".into()),
        Effect::Deny => Outcome::Refused("forbidden".into()),
    }
}
