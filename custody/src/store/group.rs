//! Commits that come at once are made at once: one transaction, one wait for the disk.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::{Batch, StoreError};

/// The most batches in one transaction: those behind it wait for the next.
const MOST: usize = 256;

type Answer = Result<(), StoreError>;

/// The line of those who commit. Who comes to its head commits for all who wait behind it.
#[derive(Debug, Default)]
pub(super) struct Group {
    waiting: Mutex<Vec<(Batch, Arc<OnceLock<Answer>>)>>,
    head: Mutex<()>,
}

impl Group {
    /// Commits by `make`, alone or with others. It is given batches in the order they came, and says
    /// what became of each, or why nothing became of any.
    pub(super) fn commit(
        &self,
        batch: &Batch,
        make: impl Fn(&[&Batch]) -> Result<Vec<Answer>, StoreError>,
    ) -> Answer {
        let answer = Arc::new(OnceLock::new());
        lock(&self.waiting).push((batch.clone(), Arc::clone(&answer)));
        let _head = lock(&self.head);
        loop {
            if let Some(answer) = answer.get() {
                return answer.clone();
            }
            let group = self.next();
            if group.is_empty() {
                let lost = "the thread that was to make it ended".to_owned();
                return Err(StoreError::Unknown(lost));
            }
            let batches: Vec<&Batch> = group.iter().map(|(batch, _)| batch).collect();
            let answers = make(&batches);
            for (index, (_, place)) in group.iter().enumerate() {
                let answer = match &answers {
                    Ok(answers) => answers.get(index).cloned().unwrap_or(Ok(())),
                    Err(error) => Err(error.clone()),
                };
                // It is empty: only the head of the line answers, and each batch is in one group.
                let _ = place.set(answer);
            }
        }
    }

    fn next(&self) -> Vec<(Batch, Arc<OnceLock<Answer>>)> {
        let mut waiting = lock(&self.waiting);
        let most = MOST.min(waiting.len());
        let rest = waiting.split_off(most);
        mem::replace(&mut *waiting, rest)
    }
}

/// What a thread that panicked left is whole: nothing is changed under these locks but in one step.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
