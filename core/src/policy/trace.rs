//! What happened while policies ran.

/// A condition that was evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceStep {
    /// The policy, by its place in the bundle.
    pub policy: u32,
    /// The instruction that took the condition's value, by its place in the policy's code; the length
    /// of the code if it is the value of the whole policy.
    pub at: u32,
    /// The condition's value.
    pub truth: bool,
}
