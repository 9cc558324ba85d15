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

use countersign_core::policy::{
    Bundle, Datetime, Entity, EntityUid, IpRange, Query, Record, Value,
};
use countersign_core::{Effect, Environment, UnixSeconds};
use serde_json::json;

use crate::audit::{Decided, Hash, Kept};

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
#[derive(Clone, Debug)]
pub struct Authority {
    bundle: Bundle,
    module: Hash,
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

/// The policies can't be asked this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policies can't be asked this: {0}")]
pub struct AuthorityError(String);

impl AuthorityError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "context_malformed"
    }
}

impl Authority {
    /// Decides by this bundle, which the caller has checked
    /// ([`Publishers::load`](countersign_core::Publishers::load)). `module` is the SHA-256 of the program
    /// that evaluates, for the audit log.
    #[must_use]
    pub fn new(bundle: Bundle, module: Hash) -> Self {
        Authority { bundle, module }
    }

    /// Asks whether the principal may do this in the environment. `withdraw` tells of a key to be issued
    /// whether it may withdraw.
    ///
    /// # Errors
    /// `context_malformed`.
    pub fn rule(
        &self,
        principal: &Principal,
        permission: Permission,
        environment: Environment,
        withdraw: bool,
        now: UnixSeconds,
    ) -> Result<Ruling, AuthorityError> {
        let place = |environment: Environment| EntityUid::new("Environment", environment.as_str());
        let group_type = self.bundle.group_type().unwrap_or("Role");
        let mut attributes = Record::new();
        attributes.insert("environment", place(principal.environment));
        let roles = principal.roles.iter();
        let roles = roles.map(|role| EntityUid::new(group_type, role.as_str()));
        let uid = EntityUid::new(self.bundle.principal_type(), principal.name.as_str());
        let mut context = Record::new();
        context.insert("now", Value::Datetime(milliseconds(now)));
        if let Some(at) = principal.second_factor_at {
            context.insert("second_factor_at", Value::Datetime(milliseconds(at)));
        }
        if let Some(address) = principal.client_ip {
            let range = IpRange::parse(&address.to_string());
            let range = range.ok_or_else(|| AuthorityError(address.to_string()))?;
            context.insert("client_ip", Value::Ip(range));
        }
        if permission == Permission::IssueKey {
            context.insert("withdraw", withdraw);
        }
        let evaluation = self
            .bundle
            .evaluate(&Query {
                principal: &Entity::new(uid, roles.collect(), attributes),
                action: &EntityUid::new("Action", permission.as_str()),
                resource: &Entity::bare(place(environment)),
                context: &context,
                entities: None,
            })
            .map_err(|error| AuthorityError(error.to_string()))?;
        let steps_up = |mut policies: Vec<_>| {
            policies.retain(|policy: &countersign_core::policy::Policy<'_>| {
                policy.annotation("stepup").is_some()
            });
            !policies.is_empty()
        };
        let effect = match evaluation.is_allowed() {
            false => Effect::Deny,
            true if steps_up(evaluation.reasons().collect()) => Effect::StepUp,
            true => Effect::Allow,
        };
        let policies: Vec<String> = evaluation.reason_ids().map(str::to_owned).collect();
        let answer = json!({
            "effect": effect.as_str(),
            "errors": evaluation.error_ids().collect::<Vec<_>>(),
            "reasons": &policies,
        });
        let reasons = evaluation.reasons();
        Ok(Ruling {
            effect,
            reasons: reasons
                .filter_map(|policy| policy.reason().map(str::to_owned))
                .collect(),
            decided: Decided {
                answer: Kept::Whole(answer.to_string().into_bytes()),
                bundle: Hash::from_bytes(*self.bundle.sha256()),
                effect,
                module: self.module,
                policies,
                query: Kept::Whole(
                    principal
                        .query(&self.bundle, permission, environment, withdraw, now)
                        .into_bytes(),
                ),
            },
        })
    }
}

fn milliseconds(at: UnixSeconds) -> Datetime {
    Datetime(i64::try_from(at.get().saturating_mul(1000)).unwrap_or(i64::MAX))
}
