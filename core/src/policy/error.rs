//! What can go wrong: a bundle that isn't one, an input that isn't a Cedar value, a policy that errs.

use alloc::boxed::Box;
use core::fmt;

/// Why a bundle was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleError {
    /// The bytes end before the bundle does.
    Truncated,
    /// The bytes don't begin as a bundle does.
    NotABundle,
    /// The bundle is of a format, or has a section, opcode or kind of part, that this reader doesn't
    /// know.
    FormatUnsupported,
    /// The SHA-256 of the bytes isn't the one at their end.
    DigestMismatch,
    /// The bundle has no signature.
    Unsigned,
    /// None of its signatures is by a publisher that is trusted.
    PublisherUnknown,
    /// A signature names a trusted publisher, but isn't by any of its keys.
    SignatureMismatch,
    /// A newer bundle of the pack was taken before.
    Older,
    /// Another bundle of the pack with this version was taken before.
    VersionReused,
    /// The digest is right, but the contents break a rule of the format.
    Malformed {
        /// The section at fault.
        section: &'static str,
        /// Where in that section, in bytes; in `code`, the word of the instruction.
        offset: u32,
        /// The rule that is broken.
        rule: &'static str,
    },
}

impl BundleError {
    /// The stable code of the refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Truncated => "bundle_truncated",
            Self::NotABundle => "bundle_not_a_bundle",
            Self::FormatUnsupported => "bundle_format_unsupported",
            Self::DigestMismatch => "bundle_digest_mismatch",
            Self::Unsigned => "bundle_unsigned",
            Self::PublisherUnknown => "bundle_publisher_unknown",
            Self::SignatureMismatch => "bundle_signature_mismatch",
            Self::Older => "bundle_older",
            Self::VersionReused => "bundle_version_reused",
            Self::Malformed { .. } => "bundle_malformed",
        }
    }
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the policy bundle is cut short"),
            Self::NotABundle => f.write_str("the bytes are not a policy bundle"),
            Self::FormatUnsupported => {
                f.write_str("the policy bundle needs a newer reader than this one")
            }
            Self::DigestMismatch => {
                f.write_str("the policy bundle is damaged: its SHA-256 does not match its contents")
            }
            Self::Unsigned => f.write_str("the policy bundle is not signed"),
            Self::PublisherUnknown => {
                f.write_str("the policy bundle is signed by no publisher that is trusted")
            }
            Self::SignatureMismatch => {
                f.write_str("the policy bundle's signature is not by its publisher's key")
            }
            Self::Older => f.write_str("a newer version of the policy bundle was loaded before"),
            Self::VersionReused => {
                f.write_str("another policy bundle of the same version was loaded before")
            }
            Self::Malformed {
                section,
                offset,
                rule,
            } => write!(
                f,
                "the policy bundle is malformed in section `{section}` at {offset}: {rule}"
            ),
        }
    }
}

impl core::error::Error for BundleError {}

/// A [`BundleError`] within the reader: one word, for nearly every call may end in one.
pub(crate) struct BundleFault(Box<BundleError>);

impl From<BundleError> for BundleFault {
    #[cold]
    #[inline(never)]
    fn from(error: BundleError) -> Self {
        Self(Box::new(error))
    }
}

impl From<BundleFault> for BundleError {
    fn from(fault: BundleFault) -> Self {
        *fault.0
    }
}

/// Why a policy erred. It is skipped then, and reported, as Cedar has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationError<'b> {
    /// An operator was given a value of a kind that it doesn't take.
    TypeMismatch {
        /// What the operator takes.
        expected: &'static str,
        /// What it was given.
        found: &'static str,
    },
    /// The record or entity has no such attribute.
    AttributeNotFound {
        /// The attribute's name.
        attribute: &'b str,
    },
    /// An attribute was asked of an entity that nobody gave.
    EntityNotFound {
        /// The attribute's name.
        attribute: &'b str,
    },
    /// A tag was asked for that the entity doesn't have.
    TagNotFound,
    /// A function of an extension type can't take what it was given, or its result doesn't fit.
    ExtensionFailed {
        /// The function's name.
        function: &'static str,
    },
    /// The result of `+`, `-`, `*` or negation doesn't fit a signed 64-bit integer.
    IntegerOverflow,
    /// The policy needed more than [`MAX_STEPS`](super::format::MAX_STEPS) steps, or made a value
    /// nested deeper than [`MAX_DEPTH`](super::format::MAX_DEPTH). Cedar has no such bound.
    LimitExceeded,
    /// The code of the policy is broken, which [`Bundle::load_unsigned`](super::Bundle::load_unsigned) rules out.
    Unreachable,
}

impl EvaluationError<'_> {
    /// The stable code of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TypeMismatch { .. } => "type_mismatch",
            Self::AttributeNotFound { .. } => "attribute_not_found",
            Self::EntityNotFound { .. } => "entity_not_found",
            Self::TagNotFound => "tag_not_found",
            Self::ExtensionFailed { .. } => "extension_failed",
            Self::IntegerOverflow => "integer_overflow",
            Self::LimitExceeded => "evaluation_limit_exceeded",
            Self::Unreachable => "evaluation_unreachable",
        }
    }
}

impl fmt::Display for EvaluationError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TypeMismatch { expected, found } => {
                write!(f, "expected {expected}, found {found}")
            }
            Self::AttributeNotFound { attribute } => {
                write!(f, "there is no attribute `{attribute}`")
            }
            Self::EntityNotFound { attribute } => write!(
                f,
                "the entity asked for its attribute `{attribute}` is not known"
            ),
            Self::TagNotFound => f.write_str("the entity has no such tag"),
            Self::ExtensionFailed { function } => {
                write!(f, "`{function}` can't take what it was given")
            }
            Self::IntegerOverflow => f.write_str("the result does not fit a signed 64-bit integer"),
            Self::LimitExceeded => f.write_str("the policy needs too many steps"),
            Self::Unreachable => f.write_str("the code of the policy is broken"),
        }
    }
}

impl core::error::Error for EvaluationError<'_> {}

/// Why an input isn't a Cedar value, record or set of entities, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueError {
    fault: ValueFault,
    line: usize,
    column: usize,
}

impl ValueError {
    pub(crate) const fn new(fault: ValueFault, line: usize, column: usize) -> Self {
        Self {
            fault,
            line,
            column,
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn fault(&self) -> ValueFault {
        self.fault
    }

    /// The stable code of the fault.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.fault.code()
    }

    /// The line of the JSON text, from 1; 0 if the fault has no place in it.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column in bytes, from 1; 0 if the fault has no place in the text.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fault.sentence())?;
        if self.line > 0 {
            write!(f, " (line {}, column {})", self.line, self.column)?;
        }
        Ok(())
    }
}

impl core::error::Error for ValueError {}

/// The kinds of fault in an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueFault {
    /// An entity is its own ancestor.
    EntityCycle,
    /// An entity is given twice, differently.
    EntityDuplicate,
    /// An entity lacks its `uid`, or has a member that isn't `uid`, `attrs`, `parents` or `tags`.
    EntityMalformed,
    /// `__entity` or `__extn` isn't alone in its object, or `__entity` isn't an object of `type` and
    /// `id`.
    EscapeMalformed,
    /// An object has the same name twice.
    DuplicateName,
    /// A value of an extension type (`__extn`) that isn't one, or an expression (`__expr`).
    Extension,
    /// The text isn't JSON.
    Malformed,
    /// A null, which Cedar has not.
    Null,
    /// A number with a fraction or an exponent, or outside signed 64 bits.
    Number,
    /// Another kind of value stands where a record, a string or a list must.
    Shape,
    /// Nested deeper than [`MAX_DEPTH`](super::format::MAX_DEPTH).
    TooDeep,
    /// There are more strings, values or ancestors than can be numbered, or strings that were chosen
    /// to collide.
    TooLarge,
}

impl ValueFault {
    /// The stable code of the fault.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::EntityCycle => "entity_cycle",
            Self::EntityDuplicate => "entity_duplicate",
            Self::EntityMalformed => "entity_malformed",
            Self::EscapeMalformed => "value_escape_malformed",
            Self::DuplicateName => "value_name_duplicate",
            Self::Extension => "value_extension_malformed",
            Self::Malformed => "value_malformed",
            Self::Null => "value_null",
            Self::Number => "value_number_unsupported",
            Self::Shape => "value_shape_mismatch",
            Self::TooDeep => "value_too_deep",
            Self::TooLarge => "value_too_large",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::EntityCycle => "an entity is its own ancestor",
            Self::EntityDuplicate => "an entity is given twice, differently",
            Self::EntityMalformed => {
                "an entity must have a `uid`, and may have `attrs`, `parents` and `tags`"
            }
            Self::EscapeMalformed => {
                "`__entity` and `__extn` must be alone in their object; `__entity` is an object of `type` and `id`"
            }
            Self::DuplicateName => "an object has the same name twice",
            Self::Extension => {
                "`__extn` must be an object of `fn` and `arg` that make a value of an extension type"
            }
            Self::Malformed => "the text is not JSON",
            Self::Null => "Cedar has no null",
            Self::Number => "a number must be an integer of 64 bits",
            Self::Shape => "another kind of value is expected here",
            Self::TooDeep => "the value is nested too deeply",
            Self::TooLarge => "there is more of it than can be evaluated",
        }
    }
}
