//! The text form of a public key.

use base32ct::{Base32Unpadded, Encoding as _};
use countersign_core::{Algorithm, Environment, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// The longest text: a keyid of 32, a point of 33 bytes.
const MAX_CHARS: usize = 160;

/// A public key as text: `csp_<env>_<keyid>_<algorithm>_<key>_<checksum>`.
///
/// `algorithm` is `ed25519` or `p256`; `key` is 32 bytes (RFC 8032), or 33 of a compressed point (SEC 1), in
/// lower-case base32 (RFC 4648 section 6, no padding); the others are as in a
/// [`Token`](countersign_core::Token).
///
/// ```
/// use countersign_core::{Algorithm, Environment};
/// use countersign_custody::PublicText;
/// use countersign_custody::generate::{KeyKind, Material};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = Material::generate(&KeyKind::Ed25519)?;
/// let public = PublicText::new(Environment::Live, "k7", key.public().expect("a pair").clone());
/// let text = public.to_string();
/// assert!(text.starts_with("csp_live_k7_ed25519_"));
/// assert_eq!(PublicText::parse(&text)?.keyid(), "k7");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PublicText {
    environment: Environment,
    keyid: String,
    key: VerifyingKey,
}

/// The text is no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicTextError {
    /// It has another shape.
    #[error("the text is no public key: it is `csp_<env>_<keyid>_<algorithm>_<key>_<checksum>`")]
    Malformed,
    /// A letter was mistyped.
    #[error("the checksum doesn't match: a letter of the public key was mistyped")]
    Checksum,
}

impl PublicTextError {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            PublicTextError::Malformed => "public_text_malformed",
            PublicTextError::Checksum => "public_text_checksum_mismatch",
        }
    }
}

impl PublicText {
    /// Names a key.
    #[must_use]
    pub fn new(environment: Environment, keyid: &str, key: VerifyingKey) -> Self {
        PublicText {
            environment,
            keyid: keyid.to_owned(),
            key,
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// `public_text_malformed`, `public_text_checksum_mismatch`.
    pub fn parse(text: &str) -> Result<Self, PublicTextError> {
        let malformed = PublicTextError::Malformed;
        if text.len() > MAX_CHARS {
            return Err(malformed);
        }
        let (body, checksum) = text.rsplit_once('_').ok_or(malformed)?;
        let parts: Vec<&str> = body.split('_').collect();
        let ["csp", environment, keyid, algorithm, key] = parts.as_slice() else {
            return Err(malformed);
        };
        if checksum_of(body) != checksum {
            return Err(PublicTextError::Checksum);
        }
        let algorithm = match *algorithm {
            "ed25519" => Algorithm::Ed25519,
            "p256" => Algorithm::EcdsaP256Sha256,
            _ => return Err(malformed),
        };
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !(1..=32).contains(&keyid.len()) || !keyid.bytes().all(good) {
            return Err(malformed);
        }
        let key = Base32Unpadded::decode_vec(key).map_err(|_| malformed)?;
        Ok(PublicText {
            environment: Environment::parse(environment).ok_or(malformed)?,
            keyid: (*keyid).to_owned(),
            key: VerifyingKey::from_bytes(algorithm, &key).map_err(|_| malformed)?,
        })
    }

    /// The environment of the key.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// Its id.
    #[must_use]
    pub fn keyid(&self) -> &str {
        &self.keyid
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }
}

impl std::fmt::Display for PublicText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = self.key.to_bytes();
        let (algorithm, key) = match (self.key.algorithm(), bytes.as_slice()) {
            (Algorithm::EcdsaP256Sha256, [4, point @ ..]) => {
                let (x, y) = point.split_at(point.len() / 2);
                let sign = 2 + y.last().map_or(0, |byte| byte & 1);
                ("p256", [&[sign], x].concat())
            }
            (algorithm, bytes) => (algorithm.as_str(), bytes.to_vec()),
        };
        let body = format!(
            "csp_{}_{}_{algorithm}_{}",
            self.environment.as_str(),
            self.keyid,
            Base32Unpadded::encode_string(&key),
        );
        write!(f, "{body}_{}", checksum_of(&body))
    }
}

fn checksum_of(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    Base32Unpadded::encode_string(digest.get(..4).unwrap_or_default())
}
