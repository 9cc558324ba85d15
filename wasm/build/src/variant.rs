/// One of the modules that are built from `countersign-wasm`.
///
/// A worker that verifies by RFC 9421 needs no vendors' schemes and no RSA, and pays for each kilobyte. A
/// verb has the same number and the same fields in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Signing and verifying by RFC 9421, and deciding by policy.
    Full,
    /// Signing and verifying as vendors want it, with the built-in rows.
    Schemes,
    /// Both, and what few need: ECDSA, RSA, `Accept-Signature`, structured fields of any kind.
    Complete,
}

impl Variant {
    /// All of them.
    pub const ALL: [Variant; 3] = [Variant::Full, Variant::Schemes, Variant::Complete];

    /// The name of the module's file, without its end.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Variant::Full => "countersign",
            Variant::Schemes => "countersign-schemes",
            Variant::Complete => "countersign-complete",
        }
    }

    /// The features of `countersign-wasm` that it is built of.
    pub(crate) const fn features(self) -> &'static str {
        match self {
            Variant::Full => "provider",
            Variant::Schemes => "schemes",
            Variant::Complete => "complete",
        }
    }
}
