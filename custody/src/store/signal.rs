//! Waking those who wait for a commit.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::group::lock;
use super::{Space, Store, StoreError};

/// Counts commits, so that none is missed between looking and waiting.
#[derive(Debug, Default)]
pub(super) struct Signal {
    commits: Mutex<u64>,
    committed: Condvar,
}

impl Signal {
    /// Something may have been committed.
    pub(super) fn raise(&self) {
        *lock(&self.commits) += 1;
        self.committed.notify_all();
    }

    /// Waits until the audit log of `store`, which raises this signal, is past `seen`.
    pub(super) fn wait(
        &self,
        store: &dyn Store,
        seen: &[u8],
        timeout: Duration,
    ) -> Result<bool, StoreError> {
        let start = Instant::now();
        loop {
            let before = *lock(&self.commits);
            let last = store.last(Space::Audit)?;
            if last.is_some_and(|(key, _)| key.as_slice() > seen) {
                return Ok(true);
            }
            let Some(left) = timeout.checked_sub(start.elapsed()) else {
                return Ok(false);
            };
            let commits = lock(&self.commits);
            let waited = self
                .committed
                .wait_timeout_while(commits, left, |now| *now == before);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }
}
