//! What either side says to a request.

use core::error::Error;
use core::fmt;
use std::collections::BTreeSet;

/// The decision, the determining policies, and the policies that erred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) allowed: bool,
    pub(crate) reasons: BTreeSet<String>,
    pub(crate) errors: BTreeSet<String>,
}

/// What a side makes of a store or of a request.
pub(crate) type Reply<T> = Result<T, Refused>;

/// It wasn't taken; why.
#[derive(Clone, Debug)]
pub(crate) struct Refused(pub(crate) String);

impl Refused {
    pub(crate) fn because(error: &dyn Error) -> Self {
        let mut said = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            said += &format!(": {error}");
            source = error.source();
        }
        Self(said)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |ids: &BTreeSet<String>| ids.iter().cloned().collect::<Vec<_>>().join(", ");
        write!(
            f,
            "{}, reasons [{}], errors [{}]",
            if self.allowed { "allow" } else { "deny" },
            list(&self.reasons),
            list(&self.errors),
        )
    }
}
