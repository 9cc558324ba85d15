//! One-time passwords by time (RFC 6238): each code once, and few attempts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::UnixSeconds;
use serde::{Deserialize, Serialize};
use totp_rs::Builder;

use crate::Secret;

/// Wrong codes before the lock.
const ATTEMPTS: u32 = 5;
/// How long the lock lasts, in seconds. After it each wrong code locks again, until a right one.
const LOCK: u64 = 15 * 60;

/// Why a second factor wasn't accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FactorError {
    /// None was given.
    #[error("a second factor is needed: a code, or a second person's approval")]
    Missing,
    /// The person has no authenticator.
    #[error("no authenticator is enrolled: enrol one, or ask a second person")]
    NotEnrolled,
    /// The code is wrong.
    #[error("the code is wrong, or its time is over")]
    Wrong,
    /// The code was given before.
    #[error("the code was used before: wait for the next one")]
    Used,
    /// Too many were wrong.
    #[error("too many wrong codes: no more until {0}")]
    Locked(u64),
    /// There is no such approval for this.
    #[error("there is no approval `{0}` for this act: ask for one")]
    ApprovalUnknown(String),
    /// Nobody approved yet.
    #[error("approval `{0}` wasn't given yet")]
    ApprovalWaits(String),
    /// Its time is over.
    #[error("approval `{0}` is over: ask again")]
    ApprovalExpired(String),
    /// It is for something else.
    #[error("approval `{0}` is for another act: it is bound to every detail")]
    ApprovalOther(String),
    /// Who asks can't approve.
    #[error("a second person must approve: not the one who asks")]
    SamePerson,
}

impl FactorError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            FactorError::Missing => "second_factor_required",
            FactorError::NotEnrolled => "second_factor_not_enrolled",
            FactorError::Wrong => "second_factor_wrong",
            FactorError::Used => "second_factor_used",
            FactorError::Locked(_) => "second_factor_locked",
            FactorError::ApprovalUnknown(_) => "approval_unknown",
            FactorError::ApprovalWaits(_) => "approval_waits",
            FactorError::ApprovalExpired(_) => "approval_expired",
            FactorError::ApprovalOther(_) => "approval_other",
            FactorError::SamePerson => "approval_same_person",
        }
    }
}

/// A person's authenticator, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enrolment {
    version: u32,
    /// How often the person enrolled: the version of the sealed secret.
    pub(crate) enrolled: u32,
    /// In base64.
    sealed: String,
    /// Whether a first code proved that the person has it.
    pub(crate) confirmed: bool,
    /// The step of the last code that was accepted: none up to it is accepted again.
    last_step: u64,
    failures: u32,
    locked_until: u64,
}

impl Enrolment {
    pub(crate) fn new(enrolled: u32, sealed: &[u8]) -> Self {
        Enrolment {
            version: 1,
            enrolled,
            sealed: STANDARD.encode(sealed),
            confirmed: false,
            last_step: 0,
            failures: 0,
            locked_until: 0,
        }
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let read: Self = serde_json::from_slice(bytes).ok()?;
        (read.version == 1).then_some(read)
    }

    pub(crate) fn sealed(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.sealed).ok()
    }

    /// The enrolment after a code, whether it was accepted or not.
    pub(crate) fn after(
        &self,
        secret: &Secret,
        code: &str,
        now: UnixSeconds,
    ) -> (Self, Result<(), FactorError>) {
        let mut next = self.clone();
        if now.get() < self.locked_until {
            return (next, Err(FactorError::Locked(self.locked_until)));
        }
        let totp = Builder::new()
            .with_secret(secret.reveal().to_vec())
            .build_noncompliant();
        let step = if code.len() == 6 {
            totp.check(code, now.get())
        } else {
            None
        };
        let result = match step {
            Some(step) if step > self.last_step => {
                next.last_step = step;
                next.failures = 0;
                return (next, Ok(()));
            }
            Some(_) => Err(FactorError::Used),
            None => Err(FactorError::Wrong),
        };
        next.failures = next.failures.saturating_add(1);
        if next.failures >= ATTEMPTS {
            next.locked_until = now.get().saturating_add(LOCK);
        }
        (next, result)
    }
}
