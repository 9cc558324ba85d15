//! What a signature says nothing about, told before anyone relies on it.

use alloc::string::String;
use alloc::vec::Vec;

/// How far the signature covers one part of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Covered {
    /// Not at all: it can be changed, and the signature stays good.
    #[default]
    No,
    /// In some requests, or in a form that different values share.
    Partly,
    /// Every byte of it.
    Yes,
}

/// What the signatures of a scheme cover, read off its row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The method.
    pub method: Covered,
    /// The host that the request is for.
    pub host: Covered,
    /// The path.
    pub path: Covered,
    /// The query.
    pub query: Covered,
    /// The body.
    pub body: Covered,
    /// How old a signature may be, in milliseconds; none if it has no timestamp.
    pub window_ms: Option<u64>,
    /// Whether a nonce or message id is signed.
    pub nonce: bool,
    /// What else is worth knowing, from the row.
    pub notes: Vec<String>,
}
