//! Why a question is answered as it is: the policies, the conditions that decided, the values.
//!
//! The values come from [`Reference`], Cedar's own evaluator. For a denial the permits that came
//! closest are named, with what each would have needed.

mod conditions;
mod missing;

pub use conditions::{Finding, Truth};
pub use missing::{Missing, NearMiss};

use crate::cases::{CaseError, Question};
use crate::pack::STACK;
use crate::reference::Reference;
use cedar_policy_core::ast;
use cedar_policy_core::extensions::Extensions;
use conditions::Evaluation;
use countersign_core::policy::Effect;

/// How many of the permits that came closest are named.
const NEAREST: usize = 3;

/// Why a question is answered as it is.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The policies whose scope takes the question, in the order of the source.
    pub policies: Vec<Spoken>,
    /// If no permit is satisfied: those that came closest, the closest first.
    pub closest: Vec<NearMiss>,
}

/// What a policy came to, and by what.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// The policy's id.
    pub id: String,
    /// What it does when it is satisfied.
    pub effect: Effect,
    /// The sentence of its `@reason`.
    pub reason: Option<String>,
    /// Whether it is satisfied.
    pub truth: Truth,
    /// The conditions that decided; none if the scope is all that it has.
    pub findings: Vec<Finding>,
}

/// Explains the answer to `question`.
///
/// # Errors
/// `question_malformed` if Cedar doesn't take the question.
pub fn explain(reference: &Reference, question: &Question) -> Result<Explanation, CaseError> {
    stacker::grow(STACK, || explain_here(reference, question))
}

fn explain_here(reference: &Reference, question: &Question) -> Result<Explanation, CaseError> {
    let posed = reference.pose(question)?;
    let request: &ast::Request = posed.request.as_ref();
    let evaluation = Evaluation::new(
        request,
        posed.entities.as_ref(),
        Extensions::all_available(),
    );
    let mut policies = Vec::new();
    let mut near = Vec::new();
    for (id, policy) in reference.policies() {
        let effect = match policy.effect() {
            ast::Effect::Permit => Effect::Permit,
            ast::Effect::Forbid => Effect::Forbid,
        };
        let reason = reason(policy);
        let out_of_scope = missing::scope(policy, &evaluation, question);
        if effect == Effect::Permit {
            let mut missing = out_of_scope.clone();
            if let Some(condition) = policy.non_scope_constraints() {
                missing.extend(missing::conditions(condition, &evaluation));
            }
            near.push(NearMiss {
                id: id.clone(),
                reason: reason.clone(),
                missing,
            });
        }
        if out_of_scope.is_empty() {
            let (truth, findings) = match policy.non_scope_constraints() {
                None => (Truth::True, Vec::new()),
                Some(condition) => evaluation.decide(condition),
            };
            policies.push(Spoken {
                id,
                effect,
                reason,
                truth,
                findings,
            });
        }
    }
    let permitted = policies
        .iter()
        .any(|policy| policy.effect == Effect::Permit && policy.truth == Truth::True);
    if permitted {
        near.clear();
    }
    // Of permits that lack as much, one for such an action comes first, then one for such a principal.
    near.sort_by_key(|near| {
        let lacks = |wanted: &str| {
            let is = |missing: &Missing| matches!(missing, Missing::Scope { part, .. } if *part == wanted);
            near.missing.iter().any(is)
        };
        (near.missing.len(), lacks("action"), lacks("principal"))
    });
    let fewest = near.first().map_or(0, |near| near.missing.len());
    near.retain(|near| near.missing.len() == fewest);
    near.truncate(NEAREST);
    Ok(Explanation {
        policies,
        closest: near,
    })
}

fn reason(policy: &ast::Policy) -> Option<String> {
    policy
        .annotations()
        .find(|(name, _)| AsRef::<str>::as_ref(name) == "reason")
        .map(|(_, annotation)| annotation.val.to_string())
}
