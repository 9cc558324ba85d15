//! Who may do what to keys: Cedar policy decides, and critical acts ask for a second factor.
//!
//! ```text
//! Principal, Permission ──> Authority (zero-trust-admin) ──> allow | deny | step-up
//!                                                                           │
//!                                       Factor: a TOTP code, or a second person's approval
//! ```

mod approval;
mod principal;
mod totp;

use std::error::Error;
use std::sync::Arc;

use countersign_core::policy::{Bundle, BundleError};
use countersign_core::{Effect, Environment, UnixSeconds};

use crate::audit::{Answer, Decided, Decider, Hash, Kept, Question};

pub(crate) use approval::Approval;
pub use approval::Plan;
pub use principal::{Permission, Principal};
pub(crate) use totp::Enrolment;
pub use totp::FactorError;

/// A second factor, as it is given with an order.
#[derive(Clone, Copy, Debug)]
pub enum Factor<'a> {
    /// The code that an authenticator shows (RFC 6238).
    Totp(&'a str),
    /// The id of an approval by a second person.
    Approval(&'a str),
}

/// Decides by the policies of a bundle, such as the pack `zero-trust-admin`.
#[derive(Clone)]
pub struct Authority {
    decider: Arc<dyn Decider>,
}

/// What the policies said.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// Whether it may be done.
    pub effect: Effect,
    /// The sentences of the determining policies.
    pub reasons: Vec<String>,
    /// For the audit log.
    pub decided: Decided,
}

/// The policies gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policies gave no answer: {0}")]
pub struct AuthorityError(pub(crate) String);

impl AuthorityError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "policy_no_answer"
    }
}

/// Core, in this process.
struct Native {
    bundle: Arc<Bundle>,
    bundle_hash: Hash,
    module: Hash,
}

impl Decider for Native {
    fn module(&self) -> Hash {
        self.module
    }

    fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    fn bundle_hash(&self) -> Hash {
        self.bundle_hash
    }

    fn decide(&self, question: &Question) -> Result<Answer, Box<dyn Error + Send + Sync>> {
        Ok(question.ask(&self.bundle)?)
    }
}

impl Authority {
    /// Decides by the bundle in these bytes, whose publisher the caller has checked
    /// ([`Publishers::load`](countersign_core::Publishers::load)), with core in this process. `module` is the
    /// SHA-256 of that program, for the audit log.
    ///
    /// # Errors
    /// Those of [`Bundle::load_unsigned`].
    pub fn new(bundle: &[u8], module: Hash) -> Result<Self, BundleError> {
        Ok(Authority::by(Arc::new(Native {
            bundle: Arc::new(Bundle::load_unsigned(bundle)?),
            bundle_hash: Hash::of(bundle),
            module,
        })))
    }

    /// Decides by this decider.
    #[must_use]
    pub fn by(decider: Arc<dyn Decider>) -> Self {
        Authority { decider }
    }

    /// Asks whether the principal may do this in the environment. `withdraw` tells of a key to be issued
    /// whether it may withdraw.
    ///
    /// # Errors
    /// `policy_no_answer`.
    pub fn rule(
        &self,
        principal: &Principal,
        permission: Permission,
        environment: Environment,
        withdraw: bool,
        now: UnixSeconds,
    ) -> Result<Ruling, AuthorityError> {
        let bundle = self.decider.bundle();
        let question = principal.question(bundle, permission, environment, withdraw, now);
        let answer = self.decider.decide(&question);
        let answer = answer.map_err(|error| AuthorityError(error.to_string()))?;
        let policies = answer.reasons.iter().filter_map(|id| bundle.policy(id));
        Ok(Ruling {
            effect: answer.effect(bundle),
            reasons: policies
                .filter_map(|policy| policy.reason().map(str::to_owned))
                .collect(),
            decided: decided(&*self.decider, &question, &answer),
        })
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority({})", self.decider.bundle().name())
    }
}

/// A decision, for the audit log.
pub(crate) fn decided(decider: &dyn Decider, question: &Question, answer: &Answer) -> Decided {
    let bundle = decider.bundle();
    Decided {
        answer: Kept::fit(answer.to_bytes(bundle)),
        bundle: decider.bundle_hash(),
        effect: answer.effect(bundle),
        module: decider.module(),
        policies: answer.reasons.clone(),
        query: Kept::fit(question.to_bytes()),
    }
}
