//! Keys are made here, from the operating system's CSPRNG only.

use base32ct::{Base32Unpadded, Encoding as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{Algorithm, Environment, Refusal, SigningKey, Token, VerifyingKey};
use zeroize::{Zeroize as _, Zeroizing};

use crate::Secret;
use crate::entropy::{self, EntropyError};

/// The least and the greatest length of a shared secret, in bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 32..=128;
/// A private key of P-256 is drawn anew if it isn't below the order: once in 2^32 times.
const DRAWS: usize = 8;
/// `PrivateKeyInfo` before 32 bytes of Ed25519 (RFC 8410 section 7).
const PKCS8_ED25519: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
/// `PrivateKeyInfo` before 32 bytes of P-256 (RFC 5958, RFC 5915).
const PKCS8_P256: &[u8] = b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\
    \x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20";

/// What kind of key is wanted.
#[derive(Clone, Debug)]
pub enum KeyKind {
    /// A shared secret of so many bytes, 32 to 128.
    Hmac(usize),
    /// An Ed25519 pair.
    Ed25519,
    /// A pair on P-256.
    EcdsaP256,
    /// The public half of a pair that the client made, and whose private half it keeps.
    Client(VerifyingKey),
}

impl Default for KeyKind {
    /// What a token carries.
    fn default() -> Self {
        KeyKind::Hmac(32)
    }
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The system gave no random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// A shared secret of another length.
    #[error("a shared secret has 32 to 128 bytes, not {0}")]
    Length(usize),
    /// Core refused what was made.
    #[error("{0}")]
    Refused(Refusal),
}

impl GenerateError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            GenerateError::Entropy(error) => error.code(),
            GenerateError::Length(_) => "secret_length",
            GenerateError::Refused(refusal) => refusal.code().as_str(),
        }
    }
}

impl From<Refusal> for GenerateError {
    fn from(refusal: Refusal) -> Self {
        GenerateError::Refused(refusal)
    }
}

/// What a key is made of.
#[derive(Debug)]
pub struct Material {
    algorithm: Algorithm,
    secret: Option<Secret>,
    public: Option<VerifyingKey>,
}

impl Material {
    /// Makes a key.
    ///
    /// # Errors
    /// `entropy_unavailable`, `secret_length`.
    pub fn generate(kind: &KeyKind) -> Result<Self, GenerateError> {
        let pair = |secret: Secret, key: &SigningKey| Material {
            algorithm: key.algorithm(),
            public: key.verifying_key(),
            secret: Some(secret),
        };
        match kind {
            KeyKind::Hmac(length) if !SECRET_BYTES.contains(length) => {
                Err(GenerateError::Length(*length))
            }
            KeyKind::Hmac(length) => Ok(Material {
                algorithm: Algorithm::HmacSha256,
                secret: Some(entropy::random_secret(*length)?),
                public: None,
            }),
            KeyKind::Ed25519 => {
                let secret = entropy::random_secret(32)?;
                let key = SigningKey::ed25519("new", &*array(&secret)?)?;
                Ok(pair(secret, &key))
            }
            KeyKind::EcdsaP256 => {
                let mut last = None;
                for _ in 0..DRAWS {
                    let secret = entropy::random_secret(32)?;
                    match SigningKey::ecdsa_p256("new", &*array(&secret)?) {
                        Ok(key) => return Ok(pair(secret, &key)),
                        Err(refusal) => last = Some(refusal),
                    }
                }
                Err(last.map_or(GenerateError::Length(0), GenerateError::Refused))
            }
            KeyKind::Client(public) => Ok(Material {
                algorithm: public.algorithm(),
                secret: None,
                public: Some(public.clone()),
            }),
        }
    }

    /// Takes what was sealed.
    pub(crate) fn of(algorithm: Algorithm, secret: Secret) -> Self {
        Material {
            algorithm,
            secret: Some(secret),
            public: None,
        }
    }

    /// The algorithm of its signatures.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The shared secret or the private key; none of a client's own pair.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// The public half, if it has one.
    #[must_use]
    pub fn public(&self) -> Option<&VerifyingKey> {
        self.public.as_ref()
    }

    /// The text that its owner gets, once: a token for a shared secret of 32 bytes, base64 for a longer
    /// one, PKCS#8 in PEM for a private key, nothing for a client's own pair.
    ///
    /// # Errors
    /// `token_malformed` if the id can't stand in a token.
    pub fn show(
        &self,
        environment: Environment,
        keyid: &str,
    ) -> Result<Option<Shown>, GenerateError> {
        let Some(secret) = &self.secret else {
            return Ok(None);
        };
        let text = match self.algorithm {
            Algorithm::Ed25519 => pem(PKCS8_ED25519, secret),
            Algorithm::EcdsaP256Sha256 => pem(PKCS8_P256, secret),
            _ if secret.reveal().len() == 32 => {
                Token::generate(environment, keyid, &*array(secret)?)?.reveal()
            }
            _ => Zeroizing::new(STANDARD.encode(secret.reveal())),
        };
        Ok(Some(Shown(text)))
    }
}

fn array(secret: &Secret) -> Result<Zeroizing<[u8; 32]>, GenerateError> {
    let bytes = secret.reveal();
    let array = bytes.try_into().map(Zeroizing::new);
    array.map_err(|_| GenerateError::Length(bytes.len()))
}

fn pem(prefix: &[u8], secret: &Secret) -> Zeroizing<String> {
    let der = Zeroizing::new([prefix, secret.reveal()].concat());
    let base64 = Zeroizing::new(STANDARD.encode(&*der));
    let mut text = Zeroizing::new(String::with_capacity(base64.len() + 64));
    text.push_str("-----BEGIN PRIVATE KEY-----\n");
    for (place, letter) in base64.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str("\n-----END PRIVATE KEY-----\n");
    text
}

/// A secret as text that is shown once: to see it is to consume it.
///
/// ```
/// use countersign_core::Environment;
/// use countersign_custody::generate::{KeyKind, Material};
/// # fn main() -> Result<(), countersign_custody::generate::GenerateError> {
/// let key = Material::generate(&KeyKind::default())?;
/// let shown = key.show(Environment::Test, "k7")?.expect("a token");
/// assert_eq!(format!("{shown:?}"), "Shown(..)");
/// assert!(shown.reveal().starts_with("csk_test_k7_"));
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail
/// # fn f(shown: countersign_custody::generate::Shown) {
/// shown.reveal();
/// shown.reveal();
/// # }
/// ```
pub struct Shown(Zeroizing<String>);

impl Shown {
    pub(crate) fn new(text: Zeroizing<String>) -> Self {
        Shown(text)
    }

    /// The text. It is wiped when dropped.
    #[must_use]
    pub fn reveal(self) -> Zeroizing<String> {
        self.0
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown(..)")
    }
}

/// A new key id: 16 letters and digits, 80 random bits.
///
/// # Errors
/// `entropy_unavailable`.
pub fn random_keyid() -> Result<String, EntropyError> {
    let mut bytes = entropy::random::<10>()?;
    let keyid = Base32Unpadded::encode_string(&bytes);
    bytes.zeroize();
    Ok(keyid)
}
