//! Text that anybody may read.

use std::fmt;

use countersign_core::{Environment, KeyId, UnixSeconds};
use serde::{Deserialize, Serialize};

use super::encoded::decoded;
use super::{AuditError, Hash};

/// The greatest length of a value, in bytes.
const MAX_BYTES: usize = 4096;

/// What a record may say in its details: words of the program, numbers, names, times, hashes; other text
/// only after it was checked. Nothing secret converts into it.
///
/// ```
/// use countersign_custody::audit::Public;
/// assert_eq!(Public::from("overlap").as_str(), "overlap");
/// assert_eq!(Public::from(7_u64).as_str(), "7");
/// let token = "csk_live_k7_aebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4qa_2lzvcpi";
/// assert_eq!(Public::new(token).unwrap_err().code(), "audit_secret_refused");
/// let in_base64 = "Y3NrX2xpdmVfazdfYWViYWdiYWZheWRxcWNpa2JtZ2EyZHFwY2FpcmVleXU";
/// assert_eq!(Public::new(in_base64).unwrap_err().code(), "audit_secret_refused");
/// ```
///
/// ```compile_fail
/// use countersign_custody::{Secret, audit::Public};
/// let public: Public = Secret::new(vec![7; 32]).into();
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Public(String);

impl Public {
    /// Takes text that comes from outside.
    ///
    /// # Errors
    /// `audit_secret_refused`; `audit_record_unfit` for control characters other than tab and line
    /// feed, for marks that turn the direction of the text, and for more than 4,096 bytes.
    pub fn new(text: &str) -> Result<Self, AuditError> {
        check("details", text, MAX_BYTES)?;
        Ok(Public(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checked again as it is written: it may be a program's word, or have been read from a file.
    pub(super) fn check(&self) -> Result<(), AuditError> {
        check("details", &self.0, MAX_BYTES)
    }
}

impl fmt::Display for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&'static str> for Public {
    fn from(word: &'static str) -> Self {
        Public(word.into())
    }
}

impl From<u64> for Public {
    fn from(number: u64) -> Self {
        Public(number.to_string())
    }
}

impl From<u32> for Public {
    fn from(number: u32) -> Self {
        Public(number.to_string())
    }
}

impl From<UnixSeconds> for Public {
    fn from(time: UnixSeconds) -> Self {
        Public(time.get().to_string())
    }
}

impl From<Environment> for Public {
    fn from(environment: Environment) -> Self {
        Public(environment.as_str().into())
    }
}

impl From<&KeyId> for Public {
    fn from(keyid: &KeyId) -> Self {
        Public(keyid.as_str().into())
    }
}

impl From<Hash> for Public {
    fn from(hash: Hash) -> Self {
        Public(hash.to_string())
    }
}

/// Refuses what doesn't belong in a record.
pub(super) fn check(member: &'static str, text: &str, max_bytes: usize) -> Result<(), AuditError> {
    let unfit = |why| Err(AuditError::Unfit { member, why });
    if text.len() > max_bytes {
        return unfit("is too long");
    }
    if looks_secret(text.as_bytes()) {
        return Err(AuditError::Secret { member });
    }
    if text.chars().any(is_deceptive) {
        return unfit("has a control character, or a mark that turns the direction of the text");
    }
    Ok(())
}

/// What a terminal would obey, or show in another order than it is written.
fn is_deceptive(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && c != '\n' && c != '\t')
}

/// Whether bytes hold a token (also cut short, after eight characters of its secret), or a private key
/// in PEM or of `age`; as they are, or in base64, base32 or hexadecimal digits.
pub(crate) fn looks_secret(bytes: &[u8]) -> bool {
    holds_secret(bytes) || decoded(bytes).any(|bytes| holds_secret(&bytes))
}

fn holds_secret(bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        match rest {
            [
                b'c' | b'C',
                b's' | b'S',
                b'k' | b'K' | b'p' | b'P',
                b'_',
                tail @ ..,
            ] if is_token_tail(tail) => {
                return true;
            }
            [b'P', ..] if rest.starts_with(b"PRIVATE KEY-----") => return true,
            [b'A' | b'a', ..] if starts_with_any_case(rest, b"age-secret-key-1") => return true,
            _ => at += 1,
        }
    }
    false
}

/// `<env>_<keyid>_` and the start of a secret. Each part is short, so this is bounded.
fn is_token_tail(tail: &[u8]) -> bool {
    let mut parts = tail.splitn(3, |byte| *byte == b'_');
    let (environment, keyid, secret) = (parts.next(), parts.next(), parts.next());
    let is_word = |part: Option<&[u8]>, most: usize| {
        part.is_some_and(|part| {
            (1..=most).contains(&part.len()) && part.iter().all(u8::is_ascii_alphanumeric)
        })
    };
    is_word(environment, 8)
        && is_word(keyid, 32)
        && secret
            .and_then(|secret| secret.get(..8))
            .is_some_and(|start| start.iter().all(u8::is_ascii_alphanumeric))
}

fn starts_with_any_case(bytes: &[u8], word: &[u8]) -> bool {
    bytes
        .get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}
