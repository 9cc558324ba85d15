//! Why something was refused: one enum of stable codes, grouped by whose fault it was.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::json::push_json_string;
use crate::policy::ValueError;

/// Whose fault a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The program that calls this library; never caused by what a stranger sent.
    Caller,
    /// The sender of the message: malformed, incomplete, stale or repeated.
    Client,
    /// The credential. A stranger learns nothing more than that.
    Key,
    /// The policy said no.
    Policy,
    /// The verifier is out of a resource and fails closed.
    Verifier,
}

/// Texts one after another, for a table of references weighs eight bytes a text.
struct Texts<const COUNT: usize> {
    joined: &'static str,
    lengths: [u8; COUNT],
}

impl<const COUNT: usize> Texts<COUNT> {
    #[expect(clippy::indexing_slicing, reason = "there is a text for each code")]
    const fn get(&self, index: usize) -> &'static str {
        let (mut start, mut at) = (0, 0);
        while at < index {
            start += self.lengths[at] as usize;
            at += 1;
        }
        let (_, rest) = self.joined.split_at(start);
        rest.split_at(self.lengths[index] as usize).0
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "it is checked, when compiled"
)]
const fn length(text: &str) -> u8 {
    assert!(text.len() < 256, "a text is too long");
    text.len() as u8
}

macro_rules! codes {
    ($($fault:ident { $($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal, $sentence:literal;)* })*) => {
        /// The stable code of a refusal. New codes may be added; a code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($(#[doc = $sentence] $variant,)*)*
        }

        impl Code {
            /// Every code, in the order of the way of a request.
            pub const ALL: &'static [Code] = &[$($(Code::$variant,)*)*];

            /// Its place in [`Code::ALL`], which may be another one in another version.
            #[must_use]
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The code as programs read it, such as `signature_mismatch`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                const NAMES: Texts<{ Code::ALL.len() }> = Texts {
                    joined: concat!($($($code,)*)*),
                    lengths: [$($(length($code),)*)*],
                };
                NAMES.get(self as usize)
            }

            /// What happened, as one sentence for a person.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                const SENTENCES: Texts<{ Code::ALL.len() }> = Texts {
                    joined: concat!($($($sentence,)*)*),
                    lengths: [$($(length($sentence),)*)*],
                };
                SENTENCES.get(self as usize)
            }

            /// The HTTP status that answers it (RFC 9110).
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $($(Code::$variant => $status,)*)* }
            }

            /// Whose fault it is.
            #[must_use]
            pub const fn fault(self) -> Fault {
                match self { $($(Code::$variant => Fault::$fault,)*)* }
            }
        }
    };
}

codes! {
    Client {
        MethodMalformed = "method_malformed", 400, "The method is not a token of RFC 9110.";
        TargetMalformed = "target_malformed", 400, "The request target holds a character that a URI can't have, or has none of the forms of RFC 9112.";
        TargetTooLong = "target_too_long", 414, "The request target is longer than 16 KiB.";
        HeadersMalformed = "headers_malformed", 400, "A header line is not `name: value`.";
        HeaderNotAscii = "header_not_ascii", 400, "A header line holds a byte that is not ASCII.";
        TooManyHeaders = "too_many_headers", 431, "The message has more than 128 header lines.";
        HostAmbiguous = "host_ambiguous", 400, "The message has more than one Host field, or a Host that is not `host[:port]`.";
        ForwardedAmbiguous = "forwarded_ambiguous", 400, "A forwarded field of the trusted peer is repeated, is a list, or can't be read.";
        AuthorityNotAllowed = "authority_not_allowed", 421, "The request is for an authority that this verifier doesn't serve.";
        BodyTooLarge = "body_too_large", 413, "The body is larger than the verifier's limit.";
        SignatureMissing = "signature_missing", 401, "The message carries no signature that this verifier's profile asks for.";
        SignatureAmbiguous = "signature_ambiguous", 400, "Several signatures match the profile; name a label or a tag.";
        SignatureInputMalformed = "signature_input_malformed", 400, "The Signature-Input field is not a dictionary of inner lists.";
        SignatureMalformed = "signature_malformed", 400, "The Signature field is not a dictionary of byte sequences, or the value has the wrong length.";
        TooManySignatures = "too_many_signatures", 400, "The message carries more than 16 signatures.";
        LabelDuplicate = "label_duplicate", 400, "A signature label occurs twice.";
        LabelUnpaired = "label_unpaired", 400, "A label is in only one of Signature-Input and Signature.";
        ComponentUnknown = "component_unknown", 400, "A covered component is a derived component that RFC 9421 doesn't define, or its name is not a field name in lower case.";
        ComponentParameterUnsupported = "component_parameter_unsupported", 400, "A covered component has a parameter that this verifier doesn't support.";
        ComponentParametersIncompatible = "component_parameters_incompatible", 400, "A covered component has a parameter that doesn't go with another one, or with that component or message.";
        ComponentNotStructured = "component_not_structured", 400, "A component with `sf` or `key` is not a structured field of a known type, or is longer than 16 KiB.";
        ComponentDuplicate = "component_duplicate", 400, "A component is covered twice.";
        ComponentMissing = "component_missing", 400, "A covered component is not in the message.";
        TooManyComponents = "too_many_components", 400, "The signature covers more than 64 components.";
        QueryParamAmbiguous = "query_param_ambiguous", 400, "A covered query parameter occurs more than once.";
        QueryMalformed = "query_malformed", 400, "The query is not UTF-8 after decoding, or an escape in it is broken.";
        ParameterDuplicate = "parameter_duplicate", 400, "A signature parameter occurs twice.";
        TooManyParameters = "too_many_parameters", 400, "A signature has more than 32 parameters.";
        ParameterMalformed = "parameter_malformed", 400, "A signature parameter has a value of the wrong type.";
        CreatedNegative = "created_negative", 400, "`created` or `expires` is before 1970.";
        CreatedNotInteger = "created_not_integer", 400, "`created` or `expires` is not a whole number of seconds.";
        CreatedOutOfRange = "created_out_of_range", 400, "`created` or `expires` is larger than any time this verifier handles.";
        CreatedMissing = "created_missing", 400, "The signature has no `created`, which the profile requires.";
        ExpiresMissing = "expires_missing", 400, "The signature has no `expires`, which the profile requires.";
        NonceMissing = "nonce_missing", 400, "The signature has no `nonce`, which the profile requires.";
        NonceTooLong = "nonce_too_long", 400, "The nonce is empty or longer than 256 bytes.";
        KeyidMissing = "keyid_missing", 400, "The signature has no `keyid`.";
        AlgorithmUnknown = "algorithm_unknown", 400, "The algorithm is not one that this verifier implements.";
        ComponentNotCovered = "component_not_covered", 400, "The signature doesn't cover a component that the profile requires.";
        BodyNotCovered = "body_not_covered", 400, "The message has a body, but the signature doesn't cover `content-digest`.";
        DigestMalformed = "digest_malformed", 400, "The Content-Digest field is not a dictionary of byte sequences, a digest has the wrong length, or an algorithm occurs twice.";
        DigestAlgorithmUnsupported = "digest_algorithm_unsupported", 400, "Content-Digest has no algorithm that can be checked here; use sha-256 or sha-512.";
        DigestMismatch = "digest_mismatch", 400, "The body is not the one that was signed.";
        WantDigestMalformed = "want_digest_malformed", 400, "The field that asks for digests is not a dictionary of integers from 0 to 10.";
        AcceptSignatureMalformed = "accept_signature_malformed", 400, "The Accept-Signature field is not a dictionary of inner lists, or a parameter in it has the wrong type.";
        SignatureRequestImpossible = "signature_request_impossible", 400, "A signature is asked for that this key can't make: by another key or algorithm, or with a parameter that RFC 9421 doesn't define.";
        StructuredFieldMalformed = "structured_field_malformed", 400, "A structured field is not of its type, or has more than 1,024 members in one place.";
        CreatedInFuture = "created_in_future", 401, "The signature was created in the future; check the sender's clock.";
        TooOld = "too_old", 401, "The signature is older than the verifier accepts.";
        Expired = "expired", 401, "The signature has expired.";
        TimestampMalformed = "timestamp_malformed", 400, "The timestamp is not written as the scheme writes it, or is out of range.";
        NonceMalformed = "nonce_malformed", 400, "The nonce is not of the scheme's kind.";
        BodyMalformed = "body_malformed", 400, "The scheme signs what is in the body, and the body can't be read so.";
        Replayed = "replayed", 401, "This signature or nonce was used before.";
    }
    Key {
        KeyUnknown = "key_unknown", 401, "No key has this keyid.";
        KeyWrongEnvironment = "key_wrong_environment", 401, "The key belongs to another environment.";
        KeyNotActive = "key_not_active", 401, "The key is not active yet.";
        KeyExpired = "key_expired", 401, "The key has expired.";
        KeyRevoked = "key_revoked", 401, "The key was revoked.";
        KeyDamaged = "key_damaged", 401, "The key's secret is damaged.";
        KeyScopeMissing = "key_scope_missing", 401, "At this edge the key signs by what is derived of it for the region and the day only.";
        KeyWrongRegion = "key_wrong_region", 401, "The key was derived for another region.";
        AlgorithmMismatch = "algorithm_mismatch", 401, "The signature names another algorithm than its key has.";
        SignatureMismatch = "signature_mismatch", 401, "The signature is not the one that this key makes for this message.";
    }
    Policy {
        NoRoute = "no_route", 403, "No route of the policy bundle matches this method and path.";
        NotPermitted = "not_permitted", 403, "No policy permits this action for this key.";
        StepUpRequired = "step_up_required", 401, "A policy permits this action once a second factor has been given.";
        Forbidden = "forbidden", 403, "A policy forbids this action.";
    }
    Verifier {
        KeyringStale = "keyring_stale", 503, "The keyring's snapshot is past its end; nothing is accepted until there is a newer one.";
        HandlesExhausted = "handles_exhausted", 503, "The module keeps 65,536 objects already; close or spend some.";
        ReplayCacheFull = "replay_cache_full", 503, "The replay cache is full of live nonces; nothing is accepted until some expire.";
        ReplayStoreUnavailable = "replay_store_unavailable", 503, "The replay store didn't answer; nothing is accepted until it does.";
    }
    Caller {
        HandleUnknown = "handle_unknown", 500, "The handle was never given out, is of another kind, or was used or closed before.";
        VerbUnknown = "verb_unknown", 500, "The module has no verb of this number.";
        FrameMalformed = "frame_malformed", 500, "The call's frame ends early, or holds a field of the wrong size.";
        KeyidMalformed = "keyid_malformed", 500, "A keyid is 1 to 128 visible ASCII characters other than `\"` and `\\`.";
        SecretTooShort = "secret_too_short", 500, "A shared secret has at least 16 bytes.";
        PublicKeyMalformed = "public_key_malformed", 500, "The public key can't be read, or is not one of its algorithm.";
        PrivateKeyMalformed = "private_key_malformed", 500, "The private key can't be read, or is of an algorithm that doesn't sign here.";
        KeyTooWeak = "key_too_weak", 500, "The public key is weak: of a small order, or of less than 2048 bits.";
        EvidenceMalformed = "evidence_malformed", 500, "The evidence can't be read, or its parts contradict each other.";
        TokenMalformed = "token_malformed", 500, "The text is not a token: `csk_<env>_<keyid>_<secret>_<checksum>`.";
        TokenChecksumMismatch = "token_checksum_mismatch", 500, "The token's checksum is wrong: a character was lost or mistyped.";
        KeyringMalformed = "keyring_malformed", 500, "The keyring can't be read.";
        ScopeMalformed = "scope_malformed", 500, "A region is 1 to 32 lower-case letters, digits and hyphens, and a day is before the year 10000.";
        TrustMalformed = "trust_malformed", 500, "What an edge trusts can't be read, names no publisher, or is missing.";
        SnapshotMalformed = "snapshot_malformed", 500, "The keyring snapshot can't be read.";
        SnapshotUntrusted = "snapshot_untrusted", 500, "The keyring snapshot is not signed by a publisher that is trusted, or was altered.";
        SnapshotOfAnother = "snapshot_of_another", 500, "The keyring snapshot is for another environment, region or reader.";
        SnapshotOlder = "snapshot_older", 500, "A newer version of the keyring snapshot was taken before.";
        SnapshotStale = "snapshot_stale", 500, "The keyring snapshot is past its end, or made in the future.";
        SnapshotBaseMissing = "snapshot_base_missing", 500, "The delta is of another version of the keyring snapshot than was taken.";
        SnapshotUnreadable = "snapshot_unreadable", 500, "The keyring snapshot is sealed for another key.";
        ProfileMalformed = "profile_malformed", 500, "The verification profile can't be read.";
        ContextMalformed = "context_malformed", 500, "The context is not a record of Cedar values.";
        OptionsMalformed = "options_malformed", 500, "A signing option is wrong.";
        StructuredValueMalformed = "structured_value_malformed", 500, "A value can't be written as a structured field.";
        BundleTruncated = "bundle_truncated", 500, "The policy bundle ends early.";
        BundleNotABundle = "bundle_not_a_bundle", 500, "The file is not a policy bundle.";
        BundleFormatUnsupported = "bundle_format_unsupported", 500, "The policy bundle has a format that this reader doesn't know.";
        BundleDigestMismatch = "bundle_digest_mismatch", 500, "The policy bundle was altered: its SHA-256 doesn't match.";
        BundleUnsigned = "bundle_unsigned", 500, "The policy bundle is not signed, and the publishers are pinned.";
        BundlePublisherUnknown = "bundle_publisher_unknown", 500, "The policy bundle is signed by no publisher that is trusted.";
        BundleSignatureMismatch = "bundle_signature_mismatch", 500, "The policy bundle's signature is not by its publisher's key.";
        BundleOlder = "bundle_older", 500, "A newer version of the policy bundle was loaded before.";
        BundleVersionReused = "bundle_version_reused", 500, "Another policy bundle of the same version was loaded before.";
        EntitiesMalformed = "entities_malformed", 500, "The entities are not what they should be: not such a list, one twice, or a cycle.";
        SchemeUnknown = "scheme_unknown", 500, "No signing scheme has this name.";
        SchemeMalformed = "scheme_malformed", 500, "The row of a signing scheme is wrong.";
        SchemeVerifyOnly = "scheme_verify_only", 500, "The scheme's algorithm is too weak to sign with; it is kept to verify.";
        SecretMalformed = "secret_malformed", 500, "The secret is empty, or is not written as the scheme writes secrets.";
        CredentialsIncomplete = "credentials_incomplete", 500, "The scheme needs a part of the credentials that is missing.";
        BodyBytesNeeded = "body_bytes_needed", 500, "The scheme signs the body itself, so its digest is not enough.";
        PublishersMalformed = "publishers_malformed", 500, "The list of publishers is not what it should be, or names none.";
        BundleMalformed = "bundle_malformed", 500, "The policy bundle is inconsistent.";
    }
}

/// What a refusal is about, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A byte offset into the value of a header field, for a pointer at the place.
    Offset {
        /// The field, in lower case.
        field: &'static str,
        /// Bytes from the start of that field line's value.
        at: usize,
    },
    /// The name of a component, parameter, label or field; never a secret, a MAC or a digest.
    Name(Box<str>),
}

/// A refusal: a stable [`Code`] and what it is about.
///
/// [`Display`](fmt::Display) gives the sentence for the audit log and the operator.
/// A stranger is answered with [`Refusal::problem`], which says less.
///
/// ```
/// use countersign_core::{Code, Refusal};
/// let refusal = Refusal::from(Code::KeyUnknown);
/// assert_eq!(refusal.code().as_str(), "key_unknown");
/// // A stranger can't tell an unknown key from a wrong signature.
/// assert_eq!(refusal.problem(), Refusal::from(Code::SignatureMismatch).problem());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(Box<Parts>);

/// Behind one word, for nearly every call may end in a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Parts {
    code: Code,
    subject: Option<Subject>,
    /// For a stranger, where the profile allows it.
    base: Option<Box<str>>,
}

impl Refusal {
    #[cold]
    #[inline(never)]
    fn new(code: Code, subject: Option<Subject>) -> Self {
        Refusal(Box::new(Parts {
            code,
            subject,
            base: None,
        }))
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn named(code: Code, name: &str) -> Self {
        Refusal::new(code, Some(Subject::Name(name.into())))
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn at(code: Code, field: &'static str, at: usize) -> Self {
        Refusal::new(code, Some(Subject::Offset { field, at }))
    }

    /// What is wrong with a JSON text and where, but nothing of the text, which may hold secrets.
    #[cold]
    #[must_use]
    pub fn in_json(code: Code, error: ValueError) -> Self {
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let mut what = String::from(error.code());
        what.push_str(", line ");
        push_decimal(&mut what, number(error.line()));
        what.push_str(", column ");
        push_decimal(&mut what, number(error.column()));
        Refusal::named(code, &what)
    }

    /// A refusal about something that has a name, for hosts that refuse by the same codes.
    #[must_use]
    pub fn about(code: Code, name: &str) -> Self {
        Self::named(code, name)
    }

    /// The same, and the base that the verifier has built, which [`Refusal::problem`] shows.
    #[cold]
    #[inline(never)]
    pub(crate) fn revealing(mut self, base: &str) -> Self {
        self.0.base = Some(base.into());
        self
    }

    /// The stable code, for the audit log and for programs inside the trust boundary.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What it is about, where that is known.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.0.subject.as_ref()
    }

    /// The code that a stranger may see: every fault of the credential is `signature_refused`.
    #[must_use]
    pub fn public_code(&self) -> &'static str {
        match self.code().fault() {
            Fault::Key => "signature_refused",
            Fault::Caller => "internal_error",
            Fault::Client | Fault::Policy | Fault::Verifier => self.code().as_str(),
        }
    }

    /// The problem details for a stranger, as `application/problem+json` (RFC 9457). `expected_base` is among
    /// them where the profile reveals it (see [`Profile::reveal_base`](crate::Profile::reveal_base)).
    #[must_use]
    pub fn problem(&self) -> String {
        let title = match self.code().fault() {
            Fault::Key => "The signature was not accepted.",
            Fault::Caller => "The request could not be checked.",
            Fault::Client | Fault::Policy | Fault::Verifier => self.code().sentence(),
        };
        let mut out = String::with_capacity(192);
        out.push_str("{\"type\":\"urn:countersign:");
        out.push_str(self.public_code());
        out.push_str("\",\"title\":");
        push_json_string(&mut out, title);
        out.push_str(",\"status\":");
        push_decimal(&mut out, i64::from(self.code().status()));
        out.push_str(",\"code\":\"");
        out.push_str(self.public_code());
        out.push('"');
        if let Some(base) = &self.0.base {
            out.push_str(",\"expected_base\":");
            push_json_string(&mut out, base);
        }
        out.push('}');
        out
    }

    /// The sentence, and what and where, for the operator.
    #[must_use]
    pub fn message(&self) -> String {
        let mut out = String::from(self.code().sentence());
        self.push_detail(&mut out);
        out
    }

    /// What and where, as [`message`](Refusal::message) has it after the sentence; empty if neither is known.
    #[must_use]
    pub fn detail(&self) -> String {
        let mut out = String::new();
        self.push_detail(&mut out);
        out
    }

    fn push_detail(&self, out: &mut String) {
        match self.subject() {
            None => {}
            Some(Subject::Name(name)) => {
                out.push_str(" (`");
                out.push_str(name);
                out.push_str("`)");
            }
            Some(Subject::Offset { field, at }) => {
                out.push_str(" (byte ");
                push_decimal(out, i64::try_from(*at).unwrap_or(i64::MAX));
                out.push_str(" of `");
                out.push_str(field);
                out.push_str("`)");
            }
        }
    }
}

impl From<Code> for Refusal {
    #[cold]
    #[inline(never)]
    fn from(code: Code) -> Self {
        Refusal::new(code, None)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl core::error::Error for Refusal {}

/// Appends a decimal number without the formatting machinery, which would weigh on the module.
pub(crate) fn push_decimal(out: &mut String, number: i64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at = at.saturating_sub(1);
        if let Some(digit) = digits.get_mut(at) {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push('-');
    }
    for digit in digits.iter().skip(at) {
        out.push(char::from(*digit));
    }
}
