/// One of the modules that are built from `countersign-wasm`.
///
/// There are several because most clients and many workers need only a part, and pay for each
/// kilobyte. A verb has the same number and the same fields in all that have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Signing and verifying by RFC 9421, and deciding by policy.
    Full,
    /// Signing and verifying as vendors want it, with the built-in rows.
    Schemes,
    /// Signing alone: RFC 9421 with HMAC, and the vendors' schemes with HMAC.
    Sign,
}

impl Variant {
    /// All of them.
    pub const ALL: [Variant; 3] = [Variant::Full, Variant::Schemes, Variant::Sign];

    /// The name of the module's file, without its end.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Variant::Full => "countersign",
            Variant::Schemes => "countersign-schemes",
            Variant::Sign => "countersign-sign",
        }
    }

    /// The features of `countersign-wasm` that it is built of.
    pub(crate) const fn features(self) -> &'static str {
        match self {
            Variant::Full => "provider",
            Variant::Schemes => "verify-schemes",
            Variant::Sign => "schemes",
        }
    }
}
