/// One of the modules that are built from `countersign-wasm`.
///
/// There are two because a worker that verifies by RFC 9421 needs no vendors' schemes, and pays for each
/// kilobyte. A verb has the same number and the same fields in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Signing and verifying by RFC 9421, and deciding by policy.
    Full,
    /// Signing and verifying as vendors want it, with the built-in rows.
    Schemes,
}

impl Variant {
    /// All of them.
    pub const ALL: [Variant; 2] = [Variant::Full, Variant::Schemes];

    /// The name of the module's file, without its end.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Variant::Full => "countersign",
            Variant::Schemes => "countersign-schemes",
        }
    }

    /// The features of `countersign-wasm` that it is built of.
    pub(crate) const fn features(self) -> &'static str {
        match self {
            Variant::Full => "provider",
            Variant::Schemes => "schemes",
        }
    }
}
