//! The least policies that would have allowed what was done.
//!
//! Each permit that allowed a recorded request is copied, narrowed to who asked, the action and the resource,
//! and if it is wished to what was alike in the contexts; its conditions and its obligations stay, and so do forbids. So what is advised allows what was allowed,
//! asks for the same second factors, and allows nothing that the policies of today don't.
//!
//! ```
//! use countersign_policies::advise::{Request, advise};
//! use countersign_policies::cases::{Question, Who};
//! use countersign_core::policy::EntityUid;
//! use countersign_policies::packs;
//! use serde_json::json;
//!
//! let read = Question {
//!     principal: EntityUid::new("ApiKey", "k7"),
//!     action: EntityUid::new("Action", "read-order"),
//!     resource: EntityUid::new("Order", "o1"),
//!     context: json!({}),
//!     entities: vec![json!({
//!         "uid": {"type": "ApiKey", "id": "k7"},
//!         "attrs": {},
//!         "parents": [{"type": "Group", "id": "trader"}],
//!     })],
//! };
//! let holder = Who::Key { id: "k7".into(), groups: vec!["trader".into()], attributes: json!({}) };
//! let advice = advise(&packs::trading_api(), &Request::new(&[read], &[holder]))?;
//! assert!(advice.policies.contains(r#"resource == Order::"o1""#));
//! # Ok::<(), countersign_policies::Diagnostics>(())
//! ```

mod context;
mod narrow;
mod taken;
mod text;

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use countersign_core::policy::EntityUid;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cases::{CaseError, Outcome, Question, Target, Who};
use crate::compile::{Compiled, compile};
use crate::diagnostics::{Diagnostics, Problem};
use crate::reference::Reference;
use crate::sources::Sources;

pub use taken::Taken;

/// What was done, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Requests that were allowed, as they were asked.
    pub uses: &'a [Question],
    /// Actions that were counted only: by which principal, and the id of the action.
    pub counted: &'a [(EntityUid, String)],
    /// Who holds rights now: also who used none.
    pub holders: &'a [Who],
    /// The group that the holders are moved to, in place of those that they are in; none to name them.
    pub group: Option<&'a str>,
    /// Of how many resources each is named; where there are more, any of their type.
    pub most_resources: usize,
    /// How many values of an attribute of the context are named, where every request had it: texts, truth values and
    /// addresses, or else the range that the addresses are in. 0 leaves the context alone.
    pub most_values: usize,
}

impl<'a> Request<'a> {
    /// Names who asked, and up to eight resources; leaves the context alone.
    #[must_use]
    pub fn new(uses: &'a [Question], holders: &'a [Who]) -> Self {
        Request {
            uses,
            counted: &[],
            holders,
            group: None,
            most_resources: 8,
            most_values: 0,
        }
    }
}

/// What is advised.
#[derive(Clone, Debug)]
pub struct Advice {
    /// The permits, in Cedar.
    pub policies: String,
    /// The pack with them in place of its permits.
    pub sources: Sources,
    /// That pack, compiled: it is valid by the schema.
    pub compiled: Compiled,
    /// What is permitted.
    pub permits: Vec<Permit>,
    /// What the holders could do, and then can't.
    pub taken: Vec<Taken>,
    /// The requests that the policies of today don't allow any more, by their place.
    pub refused: Vec<usize>,
}

/// One permit that is advised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Permit {
    /// Its id.
    pub id: String,
    /// The policy that it narrows.
    pub from: String,
    /// Who may.
    pub principals: Vec<String>,
    /// What.
    pub actions: Vec<String>,
    /// The type of the resources.
    pub resource_type: String,
    /// Which ones; `None` for any.
    pub resources: Option<Vec<String>>,
    /// Under which conditions on the context, beside those that it had.
    pub conditions: Vec<String>,
    /// How many of the requests it allowed.
    pub uses: usize,
}

/// The least policies for these requests, in the place of the permits of a pack.
///
/// # Errors
/// Those of [`compile`]; `question_malformed` for a request that Cedar doesn't take; `group_type_missing`;
/// `advice_differs` if the narrowed policies would answer one of the requests otherwise, as where a condition asks for
/// a group that the holders leave.
pub fn advise(sources: &Sources, request: &Request<'_>) -> Result<Advice, Diagnostics> {
    let problem = |error: CaseError| {
        Diagnostics::from(Problem::new(
            error.code(),
            &sources.policies,
            error.to_string(),
        ))
    };
    let target = Target::new(sources)?;
    let reference = Reference::new(sources)?;
    let group = match (request.group, target.bundle().group_type()) {
        (None, _) => None,
        (Some(name), Some(kind)) => Some(EntityUid::new(kind, name)),
        (Some(_), None) => {
            let message = "the pack has no `group_type`: its keys are in no groups";
            return Err(Problem::new("group_type_missing", &sources.manifest, message).into());
        }
    };
    let mut narrowed = narrow::Narrowed::default();
    let (mut answers, mut refused) = (BTreeMap::new(), Vec::new());
    for (place, question) in request.uses.iter().enumerate() {
        let answer = target.ask(question).map_err(problem)?;
        if matches!(answer.outcome, Outcome::Allow | Outcome::StepUp) {
            narrowed.add(&answer.reasons, question);
            answers.insert(place, answer.outcome);
        } else {
            refused.push(place);
        }
    }
    let held = taken::held(&reference, request.holders).map_err(problem)?;
    for (principal, action) in request.counted {
        narrowed.add_counted(&held, principal, action);
    }
    let permits = narrowed.permits(&reference, request.most_resources, request.most_values);
    let written = text::write(&reference, &permits, group.as_ref());
    let policies = crate::lint::format(&text::source(&written.permits))?;
    let whole = text::pack(sources, &reference, &policies)?;
    let compiled = compile(&whole)?;
    let advised = Target::new(&whole)?;
    for (place, outcome) in answers {
        let Some(question) = request.uses.get(place) else {
            continue;
        };
        let question = moved(question, group.as_ref());
        let answer = advised.ask(&question).map_err(problem)?;
        if answer.outcome != outcome {
            let message = format!(
                "request {place}, of {} for {} on {}, is {outcome}, and by what is advised {}",
                question.principal, question.action, question.resource, answer.outcome
            );
            return Err(Problem::new("advice_differs", &whole.policies, message).into());
        }
    }
    Ok(Advice {
        taken: taken::taken(&held, &permits),
        permits: written.list,
        policies,
        sources: whole,
        compiled,
        refused,
    })
}

/// The same question by a member of this group alone.
#[must_use]
pub fn moved(question: &Question, group: Option<&EntityUid>) -> Question {
    let mut question = question.clone();
    let Some(group) = group else {
        return question;
    };
    let parents = json!([{"type": group.entity_type(), "id": group.id()}]);
    let uid = json!({"type": question.principal.entity_type(), "id": question.principal.id()});
    let mut entities = question.entities.iter_mut();
    let principal = entities.find(|entity| {
        let own = entity.get("uid");
        own.map(|own| own.get("__entity").unwrap_or(own)) == Some(&uid)
    });
    match principal.and_then(Value::as_object_mut) {
        Some(principal) => {
            principal.insert("parents".into(), parents);
        }
        None => question
            .entities
            .push(json!({"uid": uid, "attrs": {}, "parents": parents})),
    }
    question
}

impl fmt::Display for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resources = match &self.resources {
            Some(resources) => resources.join(", "),
            None => format!("any {}", self.resource_type),
        };
        write!(
            f,
            "{} may {} on {resources}",
            self.principals.join(", "),
            self.actions.join(", ")
        )?;
        let mut conditions = self.conditions.iter();
        conditions.try_for_each(|condition| write!(f, ", where {condition}"))
    }
}

/// Which resources of a type: these, or any.
type Resources = Option<BTreeSet<EntityUid>>;
