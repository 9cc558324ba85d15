//! Commits that come at once are made at once: one transaction, one wait for the disk.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::{Batch, Build, StoreError};

/// The most batches in one transaction: those behind it wait for the next.
const MOST: usize = 256;

type Answer = Result<(), StoreError>;

/// The line of those who commit. Who comes to its head commits for all who wait behind it.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// In order; those that are being made stay until they are answered.
    line: Mutex<Vec<Waiting>>,
    head: Mutex<()>,
}

#[derive(Clone, Debug)]
struct Waiting {
    batch: Arc<Batch>,
    answer: Arc<OnceLock<Answer>>,
}

impl Group {
    /// Commits what `build` makes, by `make`, alone or with others. `make` is given batches in the order
    /// they came, and says what became of each, or why nothing became of any.
    pub(super) fn commit(
        &self,
        build: &mut Build<'_>,
        make: impl Fn(&[&Batch]) -> Result<Vec<Answer>, StoreError>,
    ) -> Answer {
        let Some(answer) = self.line_up(build)? else {
            return Ok(());
        };
        let _head = lock(&self.head);
        loop {
            if let Some(answer) = answer.get() {
                return answer.clone();
            }
            let group = self.next();
            if group.waiting.is_empty() {
                let lost = "the thread that was to make it ended".to_owned();
                return Err(StoreError::Unknown(lost));
            }
            let batches: Vec<&Batch> = group.waiting.iter().map(|one| &*one.batch).collect();
            let answers = make(&batches);
            for (index, one) in group.waiting.iter().enumerate() {
                let answer = match &answers {
                    Ok(answers) => answers.get(index).cloned().unwrap_or(Ok(())),
                    Err(error) => Err(error.clone()),
                };
                // It is empty: only the head of the line answers, and each batch is in one group.
                let _ = one.answer.set(answer);
            }
        }
    }

    /// Builds a batch upon those in the line, and puts it behind them: nobody comes in between.
    fn line_up(&self, build: &mut Build<'_>) -> Result<Option<Arc<OnceLock<Answer>>>, StoreError> {
        let mut line = lock(&self.line);
        let before: Vec<_> = line.iter().map(|one| Arc::clone(&one.batch)).collect();
        let Some(batch) = build(&before) else {
            return Ok(None);
        };
        batch.within_limits()?;
        let answer = Arc::new(OnceLock::new());
        line.push(Waiting {
            batch: Arc::new(batch),
            answer: Arc::clone(&answer),
        });
        Ok(Some(answer))
    }

    fn next(&self) -> Taken<'_> {
        let line = lock(&self.line);
        Taken {
            group: self,
            waiting: line.iter().take(MOST).cloned().collect(),
        }
    }
}

/// The batches that are being made. They leave the line when this goes, whatever became of them.
struct Taken<'a> {
    group: &'a Group,
    waiting: Vec<Waiting>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        lock(&self.group.line).drain(..self.waiting.len());
    }
}

/// What a thread that panicked left is whole: nothing is changed under these locks but in one step.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
