//! What is measured, and by whom it is done.

use core::time::Duration;

use anyhow::Result;

/// One thing that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Verifies a request without a body, up to its replay token.
    VerifyGet,
    /// Verifies a request with a body of 256 bytes, hashed here.
    VerifySmall,
    /// Verifies a request with a body of 64 KiB, hashed here.
    VerifyLarge,
    /// Verifies a request with a body of 64 KiB by a digest that the platform makes first, which is
    /// in the time.
    VerifyHashed,
    /// Spends the replay token of a verified request.
    Spend,
    /// Decides about an order by the pack `trading-api`, and writes the audit record.
    Decide,
    /// Makes an instance of the module and gives it back.
    Instantiate,
    /// Loads the module's code, compiled before.
    Load,
}

impl Task {
    /// Every task.
    pub const ALL: [Task; 8] = [
        Task::VerifyGet,
        Task::VerifySmall,
        Task::VerifyLarge,
        Task::VerifyHashed,
        Task::Spend,
        Task::Decide,
        Task::Instantiate,
        Task::Load,
    ];

    /// The name in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Task::VerifyGet => "verify-get",
            Task::VerifySmall => "verify-post-256",
            Task::VerifyLarge => "verify-post-64k",
            Task::VerifyHashed => "verify-post-64k-hashed",
            Task::Spend => "spend",
            Task::Decide => "decide",
            Task::Instantiate => "instantiate",
            Task::Load => "load",
        }
    }

    /// The task of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Task> {
        Task::ALL.into_iter().find(|task| task.as_str() == name)
    }

    /// How often it is done between two looks at the clock: enough that the look doesn't count.
    #[must_use]
    pub const fn batch(self) -> u32 {
        match self {
            Task::VerifyGet | Task::VerifySmall | Task::VerifyHashed => 200,
            Task::VerifyLarge => 10,
            Task::Spend | Task::Decide => 256,
            Task::Instantiate => 50,
            Task::Load => 1,
        }
    }
}

/// Whoever does the tasks.
pub trait Contender {
    /// Does the task `times` times. What it takes to prepare is not in the time.
    ///
    /// # Errors
    /// When the outcome is not the right one, or the task is not for this contender.
    fn time(&mut self, task: Task, times: u32) -> Result<Duration>;
}
