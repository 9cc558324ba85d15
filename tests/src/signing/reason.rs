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
            Reason::AcceptSignature => {
                "Accept-Signature: what a verifier wants is agreed outside of the message, by its profile"
            }
            Reason::Algorithm => "an algorithm that the module doesn't have: it has hmac-sha256",
            Reason::ComponentParameter => {
                "a component parameter that the module refuses (sf, key, bs, req, tr): it reads no field by its type"
            }
            Reason::Family => "a family that this runner doesn't know",
            Reason::InsecureDigest => {
                "only digest algorithms that RFC 9530 calls insecure: refused, as it should be"
            }
            Reason::OtherField => "a field that the module doesn't read",
            Reason::StructuredFields => {
                "structured fields of any kind: the module has a reader for its own three fields, not a general one"
            }
            Reason::WantDigest => "a Want- field: a digest is checked here, not negotiated",
            Reason::WrongSignature => {
                "a wrong signature by an algorithm that the module doesn't have: the base alone doesn't show it"
            }
            Reason::VendorScheme => "a vendor's scheme: the module signs by RFC 9421 only",
        }
    }
}
