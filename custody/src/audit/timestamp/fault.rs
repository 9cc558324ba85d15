//! Why a time stamp is refused.

/// Why a time stamp is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeStampFault {
    /// An algorithm isn't known here.
    #[error("it is signed by an algorithm that isn't known here")]
    Algorithm,
    /// What was signed beside the `TSTInfo` isn't about it.
    #[error("what is signed isn't the time and the checkpoint: its {0} doesn't fit")]
    Attributes(&'static str),
    /// The certificate that it names isn't there, or another.
    #[error("the certificate that it is signed by isn't the one that it names: {0}")]
    Certificate(&'static str),
    /// The certificate, or one above it, was not valid then.
    #[error("a certificate wasn't valid at the time that is stated")]
    Expired,
    /// It is about something else.
    #[error("it is about something else than this checkpoint")]
    Imprint,
    /// The bytes can't be read.
    #[error("the answer isn't a TimeStampResp in DER, with a token of one signer")]
    Malformed,
    /// It answers another request.
    #[error("it answers another request")]
    Nonce,
    /// There is no time stamp in the answer.
    #[error("the authority didn't grant it")]
    NotGranted,
    /// The certificate isn't for time stamps.
    #[error("the certificate isn't one for time stamps and nothing else: {0}")]
    Purpose(&'static str),
    /// The roots can't be read.
    #[error("the roots can't be read: they are certificates in PEM, and there must be one")]
    Roots,
    /// The signature is by another key, or of other bytes.
    #[error("the signature isn't that of its certificate")]
    Signature,
    /// The certificate leads to none of the roots.
    #[error("no way leads from its certificate to a root that is trusted: {0}")]
    Untrusted(String),
    /// A version of the format that isn't known here.
    #[error("it has another version")]
    Version,
}

impl TimeStampFault {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            TimeStampFault::Algorithm => "audit_timestamp_algorithm",
            TimeStampFault::Attributes(_) => "audit_timestamp_attributes",
            TimeStampFault::Certificate(_) => "audit_timestamp_certificate",
            TimeStampFault::Expired => "audit_timestamp_expired",
            TimeStampFault::Imprint => "audit_timestamp_imprint",
            TimeStampFault::Malformed => "audit_timestamp_malformed",
            TimeStampFault::Nonce => "audit_timestamp_nonce",
            TimeStampFault::NotGranted => "audit_timestamp_not_granted",
            TimeStampFault::Purpose(_) => "audit_timestamp_purpose",
            TimeStampFault::Roots => "audit_timestamp_roots",
            TimeStampFault::Signature => "audit_timestamp_signature",
            TimeStampFault::Untrusted(_) => "audit_timestamp_untrusted",
            TimeStampFault::Version => "audit_timestamp_version",
        }
    }
}
