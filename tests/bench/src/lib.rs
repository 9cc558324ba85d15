//! What the benchmarks measure, in native code.
//!
//! It is a package of its own so that it can be built a second time, without the processor's SHA
//! instructions, in seconds: its binary `answer` then measures as the benchmark's child.

mod floor;
mod native;
mod task;
mod workload;

pub use floor::Floor;
pub use native::Native;
pub use task::{Contender, Task};
pub use workload::{KEYRING, NOW, PROFILE, Workload};
