//! The algorithms of schemes, and the keys that their secrets become.

use alloc::boxed::Box;
use alloc::vec::Vec;

#[cfg(feature = "scheme-ed25519")]
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::encoding::Encoding;
use crate::refusal::{Code, Refusal};

/// What a scheme signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemeAlgorithm {
    /// HMAC with SHA-1, which is only verified.
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
    /// HMAC with SHA-384.
    HmacSha384,
    /// HMAC with SHA-512.
    HmacSha512,
    /// Ed25519 (RFC 8032).
    Ed25519,
}

impl SchemeAlgorithm {
    /// The name in a row, such as `hmac-sha256`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            SchemeAlgorithm::HmacSha1 => "hmac-sha1",
            SchemeAlgorithm::HmacSha256 => "hmac-sha256",
            SchemeAlgorithm::HmacSha384 => "hmac-sha384",
            SchemeAlgorithm::HmacSha512 => "hmac-sha512",
            SchemeAlgorithm::Ed25519 => "ed25519",
        }
    }
}

/// How a vendor writes its secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretForm {
    /// The text itself.
    Utf8,
    Base64,
    Hex,
    /// Base64, after `whsec_` or alone.
    Whsec,
    /// An Ed25519 key as PKCS #8 (private) or SPKI (public), in PEM or the base64 of it.
    Pkcs8,
    /// An Ed25519 key as base64 after `whsk_` (private) or `whpk_` (public).
    Whsk,
}

/// A key, ready for use.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) algorithm: SchemeAlgorithm,
    made: Made,
}

/// What a secret becomes.
#[derive(Clone)]
enum Made {
    Mac(Box<Mac>),
    Ed25519 {
        #[cfg_attr(
            not(feature = "scheme-ed25519"),
            expect(dead_code, reason = "only this algorithm needs the key again")
        )]
        bytes: Zeroizing<Vec<u8>>,
        is_public: bool,
    },
}

/// `PrivateKeyInfo` of Ed25519 up to the seed (RFC 8410 section 7).
const PKCS8: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
/// `SubjectPublicKeyInfo` of Ed25519 up to the key (RFC 8410 section 4).
const SPKI: [u8; 12] = *b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

impl Key {
    /// The key of these very bytes.
    pub(super) fn raw(algorithm: SchemeAlgorithm, bytes: Vec<u8>) -> Self {
        Self::make(algorithm, Zeroizing::new(bytes), false)
    }

    fn make(algorithm: SchemeAlgorithm, bytes: Zeroizing<Vec<u8>>, is_public: bool) -> Self {
        let hasher = match algorithm {
            SchemeAlgorithm::HmacSha1 => Some(Hasher::Sha1(Sha1::new())),
            SchemeAlgorithm::HmacSha256 => Some(Hasher::Sha256(Sha256::new())),
            SchemeAlgorithm::HmacSha384 => Some(Hasher::Sha384(Sha384::new())),
            SchemeAlgorithm::HmacSha512 => Some(Hasher::Sha512(Sha512::new())),
            SchemeAlgorithm::Ed25519 => None,
        };
        let made = match hasher {
            Some(hasher) => Made::Mac(Box::new(Mac::new(&hasher, &bytes))),
            None => Made::Ed25519 { bytes, is_public },
        };
        Key { algorithm, made }
    }

    /// Decodes a secret.
    pub(super) fn new(
        algorithm: SchemeAlgorithm,
        form: SecretForm,
        secret: &[u8],
    ) -> Result<Self, Refusal> {
        Self::decode(algorithm, form, secret).ok_or_else(|| Code::SecretMalformed.into())
    }

    fn decode(algorithm: SchemeAlgorithm, form: SecretForm, secret: &[u8]) -> Option<Self> {
        let mut is_public = false;
        let bytes = if form == SecretForm::Utf8 {
            // What was pasted with its line end would only ever give wrong signatures.
            if secret.trim_ascii() != secret {
                return None;
            }
            secret.to_vec()
        } else {
            let text = core::str::from_utf8(secret).ok()?;
            let base64 = |text: &str| Encoding::Base64.read(text).map(Zeroizing::new);
            match form {
                SecretForm::Hex => Encoding::AnyHex.read(text)?,
                SecretForm::Whsec => {
                    Encoding::Base64.read(text.strip_prefix("whsec_").unwrap_or(text))?
                }
                SecretForm::Whsk => {
                    is_public = text.starts_with("whpk_");
                    let rest = text.strip_prefix("whsk_").or(text.strip_prefix("whpk_"))?;
                    let bytes = base64(rest)?;
                    // A private key may be followed by its public half.
                    let is_key = bytes.len() == 32 || (bytes.len() == 64 && !is_public);
                    is_key.then(|| bytes.iter().copied().take(32).collect())?
                }
                SecretForm::Pkcs8 => {
                    let lines = text.split('\n').filter(|line| !line.starts_with("-----"));
                    let joined: Zeroizing<alloc::string::String> =
                        Zeroizing::new(lines.map(str::trim_ascii).collect());
                    let der = base64(&joined)?;
                    is_public = der.starts_with(&SPKI);
                    let key = der.strip_prefix(&PKCS8).or(der.strip_prefix(&SPKI))?;
                    (key.len() == 32).then(|| key.to_vec())?
                }
                _ => Encoding::Base64.read(text)?,
            }
        };
        let bytes = Zeroizing::new(bytes);
        (!bytes.is_empty()).then(|| Self::make(algorithm, bytes, is_public))
    }

    /// The signature of a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Refusal> {
        match &self.made {
            Made::Mac(_) if self.algorithm == SchemeAlgorithm::HmacSha1 => {
                Err(Code::SchemeVerifyOnly.into())
            }
            Made::Mac(mac) => Ok(mac.of(message)),
            Made::Ed25519 {
                is_public: true, ..
            } => Err(Code::SecretMalformed.into()),
            #[cfg(feature = "scheme-ed25519")]
            Made::Ed25519 { bytes, .. } => {
                let seed = <&[u8; 32]>::try_from(bytes.as_slice());
                let key = SigningKey::from_bytes(seed.map_err(|_| Code::SecretMalformed)?);
                Ok(key.sign(message).to_bytes().to_vec())
            }
            #[cfg(not(feature = "scheme-ed25519"))]
            Made::Ed25519 { .. } => Err(Refusal::named(Code::AlgorithmUnknown, "ed25519")),
        }
    }
}

/// A message under one key, for signatures to be compared with.
#[cfg_attr(
    not(feature = "scheme-ed25519"),
    expect(dead_code, reason = "a MAC needs no key again")
)]
pub(super) struct Expected<'a> {
    key: &'a Key,
    message: &'a [u8],
    mac: Option<Vec<u8>>,
}

impl<'a> Expected<'a> {
    #[cfg_attr(
        feature = "scheme-ed25519",
        expect(clippy::unnecessary_wraps, reason = "without it no Ed25519 key works")
    )]
    pub(super) fn new(key: &'a Key, message: &'a [u8]) -> Result<Self, Refusal> {
        let mac = match &key.made {
            Made::Mac(mac) => Some(mac.of(message)),
            #[cfg(feature = "scheme-ed25519")]
            Made::Ed25519 { .. } => None,
            #[cfg(not(feature = "scheme-ed25519"))]
            Made::Ed25519 { .. } => Some(key.sign(message)?),
        };
        Ok(Expected { key, message, mac })
    }

    /// Compares in constant time.
    pub(super) fn is(&self, signature: &[u8]) -> bool {
        match &self.mac {
            Some(mac) => is_same(mac, signature),
            #[cfg(feature = "scheme-ed25519")]
            None => self.is_ed25519(signature),
            #[cfg(not(feature = "scheme-ed25519"))]
            None => false,
        }
    }

    #[cfg(feature = "scheme-ed25519")]
    fn is_ed25519(&self, signature: &[u8]) -> bool {
        let check = || {
            let Made::Ed25519 { bytes, is_public } = &self.key.made else {
                return None;
            };
            let key = <&[u8; 32]>::try_from(bytes.as_slice()).ok()?;
            let key = if *is_public {
                VerifyingKey::from_bytes(key).ok()?
            } else {
                SigningKey::from_bytes(key).verifying_key()
            };
            let signature = Signature::from_slice(signature).ok()?;
            key.verify_strict(self.message, &signature).ok()
        };
        check().is_some()
    }
}

/// Whether two secrets are the same, in a time that depends on their lengths only.
pub(super) fn is_same(one: &[u8], other: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    one.ct_eq(other).into()
}

/// A hash in the making.
#[derive(Clone)]
enum Hasher {
    Sha1(Sha1),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    /// The bytes that it takes at a time.
    fn block(&self) -> usize {
        match self {
            Hasher::Sha1(_) | Hasher::Sha256(_) => 64,
            Hasher::Sha384(_) | Hasher::Sha512(_) => 128,
        }
    }

    /// The same with more bytes.
    fn with(&self, bytes: &[u8]) -> Self {
        let mut more = self.clone();
        match &mut more {
            Hasher::Sha1(hasher) => hasher.update(bytes),
            Hasher::Sha256(hasher) => hasher.update(bytes),
            Hasher::Sha384(hasher) => hasher.update(bytes),
            Hasher::Sha512(hasher) => hasher.update(bytes),
        }
        more
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Hasher::Sha1(hasher) => hasher.finalize().to_vec(),
            Hasher::Sha256(hasher) => hasher.finalize().to_vec(),
            Hasher::Sha384(hasher) => hasher.finalize().to_vec(),
            Hasher::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

/// HMAC (RFC 2104) that has taken its key in, so that only a message is left to hash. By hand, for the
/// crate's would be there once for each hash.
#[derive(Clone)]
struct Mac {
    inner: Hasher,
    outer: Hasher,
}

impl Mac {
    fn new(hasher: &Hasher, key: &[u8]) -> Self {
        let block = hasher.block();
        let mut pad = Zeroizing::new(Vec::with_capacity(block));
        if key.len() > block {
            pad.extend_from_slice(&hasher.with(key).finish());
        } else {
            pad.extend_from_slice(key);
        }
        pad.resize(block, 0);
        pad.iter_mut().for_each(|byte| *byte ^= 0x36);
        let inner = hasher.with(&pad);
        pad.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
        let outer = hasher.with(&pad);
        Mac { inner, outer }
    }

    fn of(&self, message: &[u8]) -> Vec<u8> {
        self.outer.with(&self.inner.with(message).finish()).finish()
    }
}
