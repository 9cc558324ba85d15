//! Refusals on their way out of this module: one word, for nearly every call may end in one.

use alloc::boxed::Box;

use crate::refusal::{Code, Refusal};

pub(super) type Refused = Box<Refusal>;

/// A refusal that is about something.
#[expect(
    clippy::unnecessary_box_returns,
    reason = "that is the point of the type"
)]
#[cold]
#[inline(never)]
pub(super) fn refused(code: Code, name: &str) -> Refused {
    Box::new(Refusal::named(code, name))
}

impl From<Code> for Refused {
    #[cold]
    #[inline(never)]
    fn from(code: Code) -> Self {
        Box::new(Refusal::from(code))
    }
}

impl From<Refused> for Refusal {
    #[cold]
    fn from(refused: Refused) -> Self {
        *refused
    }
}
