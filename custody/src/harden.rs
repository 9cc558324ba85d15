//! What a process that holds secrets asks of the system.

use std::io;

/// What the system didn't grant to [`harden_process`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Shortfall {
    /// A crash may leave a core dump. Secrets are left out of it on Linux, where each can be.
    #[error("core dumps could not be turned off: {0}")]
    CoreDumps(io::Error),
    /// A process of the same user can read this one's memory.
    #[error("the memory stays open to debuggers of the same user: {0}")]
    Debuggers(io::Error),
    /// Only so much memory can be locked: secrets beyond it may be written to swap.
    #[error(
        "no more than {bytes} bytes of memory can be locked (`ulimit -l`): secrets beyond may go to swap"
    )]
    LockedMemory {
        /// The soft limit.
        bytes: u64,
    },
    /// This system is not one that the function knows.
    #[error("this system offers no way to turn core dumps off, and none to lock memory")]
    Unsupported,
}

impl Shortfall {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Shortfall::CoreDumps(_) => "core_dumps_on",
            Shortfall::Debuggers(_) => "debuggers_allowed",
            Shortfall::LockedMemory { .. } => "locked_memory_limited",
            Shortfall::Unsupported => "hardening_unsupported",
        }
    }
}

/// Turns core dumps off, closes the memory to debuggers of the same user, and asks for as much locked
/// memory as the process may have. Returns what it could not do; a program shows that to its operator.
///
/// A binary calls it first of all, before there is a secret or a second thread. It holds for this process;
/// a program that it starts begins anew, except for the limits.
#[must_use = "what could not be done is for the operator to know"]
pub fn harden_process() -> Vec<Shortfall> {
    #[cfg(unix)]
    return unix::harden();
    #[cfg(not(unix))]
    return vec![Shortfall::Unsupported];
}

#[cfg(unix)]
mod unix {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    use super::Shortfall;

    /// Room for as many secrets as a process holds at once: a page each.
    const ENOUGH_LOCKED_BYTES: u64 = 64 << 20;

    pub(super) fn harden() -> Vec<Shortfall> {
        let mut shortfalls = Vec::new();
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        if let Err(error) = setrlimit(Resource::Core, none) {
            shortfalls.push(Shortfall::CoreDumps(error.into()));
        }
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{DumpableBehavior, set_dumpable_behavior};
            // The limit doesn't bind a core dump that is piped to a program; this does.
            if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
                shortfalls.push(Shortfall::Debuggers(error.into()));
            }
        }
        shortfalls.extend(lock_more());
        shortfalls
    }

    /// Lifts the soft limit to the hard one, which needs no privilege.
    fn lock_more() -> Option<Shortfall> {
        let hard = getrlimit(Resource::Memlock).maximum;
        let lifted = Rlimit {
            current: hard,
            maximum: hard,
        };
        // If it can't be lifted, what is there now is what is reported.
        let _ = setrlimit(Resource::Memlock, lifted);
        if is_unbound() {
            return None;
        }
        let bytes = getrlimit(Resource::Memlock).current?;
        (bytes < ENOUGH_LOCKED_BYTES).then_some(Shortfall::LockedMemory { bytes })
    }

    /// Whether the limit doesn't bind this process.
    fn is_unbound() -> bool {
        #[cfg(target_os = "linux")]
        {
            use rustix::thread::{CapabilitySet, capabilities};
            capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::IPC_LOCK))
        }
        #[cfg(not(target_os = "linux"))]
        false
    }
}
