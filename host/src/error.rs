//! What a host is told when a call didn't give what it asked for.

use std::{io, path::PathBuf, sync::Arc};

/// A refusal by the module.
///
/// It has the number of its code, and the texts that the module gave for all codes: to make one takes as
/// long for an unknown key as for a wrong signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", self.text().sentence, self.detail)]
pub struct Refused {
    pub(crate) codes: Arc<[CodeText]>,
    pub(crate) number: usize,
    pub(crate) detail: String,
    pub(crate) problem: String,
    pub(crate) place: Option<(String, usize)>,
}

/// The texts of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodeText {
    pub(crate) name: String,
    pub(crate) sentence: String,
}

impl Refused {
    /// The stable code, such as `signature_mismatch`. The error's own text says what was wrong and where, for
    /// the operator.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.text().name
    }

    /// The problem details for a stranger, as `application/problem+json` (RFC 9457).
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// The header field and the byte offset into its value that the message points at.
    #[must_use]
    pub fn place(&self) -> Option<(&str, usize)> {
        let (field, at) = self.place.as_ref()?;
        Some((field, *at))
    }

    fn text(&self) -> &CodeText {
        static UNKNOWN: CodeText = CodeText {
            name: String::new(),
            sentence: String::new(),
        };
        // Whoever makes one has looked for the number.
        self.codes.get(self.number).unwrap_or(&UNKNOWN)
    }
}

impl From<countersign_core::Refusal> for Refused {
    fn from(refusal: countersign_core::Refusal) -> Self {
        Refused {
            codes: [CodeText {
                name: refusal.code().as_str().into(),
                sentence: refusal.code().sentence().into(),
            }]
            .into(),
            number: 0,
            detail: refusal.detail(),
            problem: refusal.problem(),
            place: None,
        }
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The module refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The file is not a WebAssembly module, or not one that this host can run.
    #[error("the file is not a WebAssembly module of Countersign: {0}")]
    NotAModule(String),
    /// The file is another module than the one that was asked for.
    #[error("the module's SHA-256 is {found}, not {expected}")]
    OtherModule {
        /// The SHA-256 that was asked for, in hexadecimal.
        expected: String,
        /// The SHA-256 of the file.
        found: String,
    },
    /// The module trapped: it ran out of memory or time. The instance can't be used again.
    #[error("the module stopped: {0}")]
    Trapped(String),
    /// The instance trapped in an earlier call.
    #[error("the instance stopped in an earlier call; make a new one")]
    Stopped,
    /// The pool has no free slot, or wasmtime can't make an instance.
    #[error("no instance can be made: {0}")]
    NoInstance(String),
    /// A file could not be read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gave no randomness.
    #[error("the system gave no randomness: {0}")]
    NoEntropy(String),
}

impl Error {
    /// The stable code: that of the refusal, or of what stopped the module.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Error::Refused(refused) => refused.code(),
            Error::NotAModule(_) => "module_not_wasm",
            Error::OtherModule { .. } => "module_hash_mismatch",
            Error::Trapped(_) => "module_trapped",
            Error::Stopped => "module_stopped",
            Error::NoInstance(_) => "no_instance",
            Error::File { .. } => "file_unreadable",
            Error::NoEntropy(_) => "no_entropy",
        }
    }
}
