//! The acts themselves: each is allowed, done and recorded in one batch, or not at all.

mod acts;
mod candidate;
mod check;
mod enact;
mod entry;
mod error;
mod factors;
mod issue;
pub(crate) mod named;
mod outage;
mod own;
mod people;
mod publish;
mod read;
mod ring;
mod sweep;
mod used;

use std::sync::{Arc, Mutex};

use countersign_core::{Environment, UnixSeconds};

use crate::audit::Spool;
use crate::authority::{Authority, Factor, Plan, Principal};
use crate::life::LifePolicy;
use crate::vault::UnlockedVault;
use crate::{Space, Store};

pub use check::{Checked, check_keys};
pub use entry::KeyEntry;
pub use error::CustodyError;
pub use issue::{Issued, NewKey};
pub use outage::Stopped;
pub use read::Filter;
pub(crate) use read::checked_name;
pub use ring::Follower;
pub use sweep::{Rules, Sweep};
pub use used::{Keep, UseDecision};

pub(crate) use enact::Change;
pub(crate) use people::first_owner;

/// Who wants something, why, and when.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Who: authenticated by the caller.
    pub actor: &'a Principal,
    /// Why: 1 to 1,000 bytes, for the audit log.
    pub reason: &'a str,
    /// When, by the caller's clock.
    pub now: UnixSeconds,
    /// A second factor, where one is needed.
    pub factor: Option<Factor<'a>>,
}

impl<'a> Order<'a> {
    /// An order without a second factor.
    #[must_use]
    pub fn new(actor: &'a Principal, reason: &'a str, now: UnixSeconds) -> Self {
        Order {
            actor,
            reason,
            now,
            factor: None,
        }
    }

    /// The same, with a second factor.
    #[must_use]
    pub fn with(self, factor: Factor<'a>) -> Self {
        Order {
            factor: Some(factor),
            ..self
        }
    }

    /// Whether it says who and why.
    pub(crate) fn check(&self) -> Result<(), CustodyError> {
        if !self.actor.is_well_named() {
            return Err(CustodyError::NameMalformed(read::told(&self.actor.name)));
        }
        if self.reason.trim().is_empty() || self.reason.len() > 1000 {
            return Err(CustodyError::ReasonMissing);
        }
        Ok(())
    }

    pub(crate) fn at_ms(&self) -> u64 {
        self.now.get().saturating_mul(1000)
    }
}

/// Keeps the keys of one environment. What is of another it neither lists nor opens nor changes.
///
/// A cheap clone shares everything.
#[derive(Clone)]
pub struct Custodian {
    pub(crate) environment: Environment,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) vault: Arc<UnlockedVault>,
    pub(crate) authority: Arc<Authority>,
    pub(crate) policy: LifePolicy,
    spool: Option<Spool>,
    /// Keys that were stopped while nothing could be written.
    stopped: Arc<Mutex<outage::StoppedKeys>>,
}

impl Custodian {
    /// A custodian of one environment.
    #[must_use]
    pub fn new(
        environment: Environment,
        store: Arc<dyn Store>,
        vault: Arc<UnlockedVault>,
        authority: Arc<Authority>,
        policy: LifePolicy,
    ) -> Self {
        Custodian {
            environment,
            store,
            vault,
            authority,
            policy,
            spool: None,
            stopped: Arc::default(),
        }
    }

    /// The same, with a file for revocations and suspensions while the store takes no writes. Those that
    /// it holds already count from now on.
    ///
    /// # Errors
    /// `audit_spool_damaged`, `audit_spool_foreign`, `audit_file_failed`.
    pub fn with_spool(mut self, spool: Spool) -> Result<Self, CustodyError> {
        self.stopped = Arc::new(Mutex::new(self.spooled(&spool)?));
        self.spool = Some(spool);
        Ok(self)
    }

    /// The environment whose keys it keeps.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// The bounds of a key's life.
    #[must_use]
    pub fn policy(&self) -> &LifePolicy {
        &self.policy
    }

    /// The key of an entry of this environment: `<environment>/<name>`.
    pub(crate) fn place(&self, name: &str) -> Vec<u8> {
        place(self.environment, name)
    }

    /// Every entry of this environment in a space, in pages, by name.
    pub(crate) fn each(
        &self,
        space: Space,
        from: &str,
        take: impl FnMut(&str, &[u8]) -> Result<bool, CustodyError>,
    ) -> Result<(), CustodyError> {
        each(&*self.store, self.environment, space, from, take)
    }
}

fn place(environment: Environment, name: &str) -> Vec<u8> {
    format!("{}/{name}", environment.as_str()).into_bytes()
}

fn each(
    store: &dyn Store,
    environment: Environment,
    space: Space,
    from: &str,
    mut take: impl FnMut(&str, &[u8]) -> Result<bool, CustodyError>,
) -> Result<(), CustodyError> {
    const PAGE: usize = 512;
    let (prefix, mut next) = (place(environment, ""), place(environment, from));
    loop {
        let page = store.scan(space, &next, PAGE)?;
        for (key, value) in &page {
            let Some(name) = key.strip_prefix(prefix.as_slice()) else {
                return Ok(());
            };
            let name = std::str::from_utf8(name)
                .map_err(|_| CustodyError::Damaged(String::from_utf8_lossy(key).into()))?;
            if !take(name, value)? {
                return Ok(());
            }
        }
        match page.last() {
            Some((last, _)) if page.len() == PAGE => {
                next.clone_from(last);
                next.push(0);
            }
            _ => return Ok(()),
        }
    }
}

impl std::fmt::Debug for Custodian {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Custodian({})", self.environment.as_str())
    }
}

/// What an act is about, and what the audit log calls it.
pub(crate) struct Deed<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) name: &'static str,
    /// Whether a key to be issued may withdraw.
    pub(crate) withdraw: bool,
}
