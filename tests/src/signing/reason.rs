//! Why a published case is not for this module: the one table.

/// Why a case is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Such as `accept-signature`.
    AcceptSignature,
    /// Such as `ed25519`.
    Algorithm,
    /// Such as `"example-dict";sf`.
    ComponentParameter,
    /// A family of a later edition of the vectors.
    Family,
    /// Such as `unixcksum`.
    InsecureDigest,
    /// A field that is neither `Signature-Input` nor `Signature`, nor a digest.
    OtherField,
    /// The general suite of structured fields.
    StructuredFields,
    /// Such as `Want-Content-Digest`.
    WantDigest,
    /// Wrong by nothing but the signature itself.
    WrongSignature,
    /// Such as AWS Signature Version 4.
    VendorScheme,
}

impl Reason {
    /// One sentence for the report.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Reason::AcceptSignature => "Accept-Signature, which no verb of the module takes",
            Reason::Algorithm => {
                "an algorithm that the runner's questions to a module don't carry: they carry hmac-sha256"
            }
            Reason::ComponentParameter => {
                "a component parameter for which the questions to a module carry no field type, trailer or request"
            }
            Reason::Family => "a family that this runner doesn't know",
            Reason::InsecureDigest => {
                "only digest algorithms that RFC 9530 calls insecure: refused, as it should be"
            }
            Reason::OtherField => "a field that the module doesn't read",
            Reason::StructuredFields => {
                "structured fields of any kind, which no verb of the module takes"
            }
            Reason::WantDigest => "a Want- field, which no verb of the module takes",
            Reason::WrongSignature => {
                "a wrong signature by another algorithm than hmac-sha256: the base alone doesn't show it"
            }
            Reason::VendorScheme => {
                "a vendor's scheme, which the full module hasn't: core is asked, and the package's own tests ask its module"
            }
        }
    }
}
