//! The text form of a key, as a customer gets it.

use alloc::string::String;
use core::fmt;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::base32;
use crate::key::{Environment, KeyId};
use crate::refusal::{Code, Refusal};
use crate::secret::SharedSecret;
use crate::signing_key::SigningKey;

const PREFIX: &str = "csk";
const SECRET_BYTES: usize = 32;
pub(crate) const SECRET_CHARS: usize = 52;
pub(crate) const CHECKSUM_BYTES: usize = 4;
pub(crate) const MAX_KEYID_CHARS: usize = 32;

/// A key as text: `csk_<env>_<keyid>_<secret>_<checksum>`.
///
/// `env` is `dev`, `test` or `live`; `keyid` is 1 to 32 lower-case letters and digits; `secret` is
/// 32 bytes in lower-case base32 (RFC 4648 section 6, no padding); `checksum` is the first 4 bytes
/// of the SHA-256 of all before its underscore, in base32. A scanner finds it by its prefix, and a
/// mistyped one is told before anything is looked up.
///
/// ```
/// use countersign_core::{Environment, Token};
/// let token = Token::generate(Environment::Test, "k7", &[9; 32])?;
/// let text = token.reveal();
/// assert!(text.starts_with("csk_test_k7_"));
/// assert_eq!(Token::parse(&text)?.keyid().as_str(), "k7");
/// assert_eq!(format!("{token:?}"), "Token(csk_test_k7_..)");
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
pub struct Token {
    environment: Environment,
    keyid: KeyId,
    secret: SharedSecret,
}

impl Token {
    /// Makes a token of 32 bytes from the system's CSPRNG.
    ///
    /// # Errors
    /// `token_malformed` if the keyid is not 1 to 32 lower-case letters and digits.
    pub fn generate(
        environment: Environment,
        keyid: &str,
        entropy: &[u8; 32],
    ) -> Result<Self, Refusal> {
        if !is_token_keyid(keyid) {
            return Err(Code::TokenMalformed.into());
        }
        Ok(Token {
            environment,
            keyid: KeyId::new(keyid)?,
            secret: SharedSecret::new(entropy.to_vec())?,
        })
    }

    /// Reads a token.
    ///
    /// # Errors
    /// `token_malformed`, `token_checksum_mismatch`. Neither repeats any of the text.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let malformed = || Refusal::from(Code::TokenMalformed);
        let (body, checksum) = text.rsplit_once('_').ok_or_else(malformed)?;
        let mut parts = body.split('_');
        let mut part = || parts.next().ok_or_else(malformed);
        let (prefix, environment, keyid, secret) = (part()?, part()?, part()?, part()?);
        let environment = Environment::parse(environment).ok_or_else(malformed)?;
        if prefix != PREFIX
            || parts.next().is_some()
            || !is_token_keyid(keyid)
            || secret.len() != SECRET_CHARS
        {
            return Err(malformed());
        }
        if checksum != checksum_of(body) {
            return Err(Code::TokenChecksumMismatch.into());
        }
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        base32::decode(secret, bytes.as_mut()).ok_or_else(malformed)?;
        Ok(Token {
            environment,
            keyid: KeyId::new(keyid)?,
            secret: SharedSecret::new(bytes.to_vec())?,
        })
    }

    /// The environment of the key.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// The id of the key.
    #[must_use]
    pub fn keyid(&self) -> &KeyId {
        &self.keyid
    }

    /// The text, with the secret in it: for the one time it is handed to its owner. It is wiped
    /// when dropped.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(128));
        text.push_str(PREFIX);
        for part in [self.environment.as_str(), self.keyid.as_str()] {
            text.push('_');
            text.push_str(part);
        }
        text.push('_');
        base32::push(&mut text, self.secret.as_bytes());
        let checksum = checksum_of(&text);
        text.push('_');
        text.push_str(&checksum);
        text
    }

    /// The secret, for a keyring.
    #[must_use]
    pub fn secret(&self) -> &SharedSecret {
        &self.secret
    }

    /// The key that signs.
    ///
    /// # Errors
    /// None that a parsed token can cause.
    pub fn signing_key(&self) -> Result<SigningKey, Refusal> {
        SigningKey::new(self.keyid.as_str(), &self.secret)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [
            "Token(csk_",
            self.environment.as_str(),
            "_",
            self.keyid.as_str(),
            "_..)",
        ] {
            f.write_str(part)?;
        }
        Ok(())
    }
}

fn is_token_keyid(keyid: &str) -> bool {
    (1..=MAX_KEYID_CHARS).contains(&keyid.len())
        && keyid
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn checksum_of(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    let mut text = String::new();
    base32::push(&mut text, digest.get(..CHECKSUM_BYTES).unwrap_or_default());
    text
}
