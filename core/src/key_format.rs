//! The formats that keys come in: `SubjectPublicKeyInfo`, PKCS#8, and PEM around them.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::base64;
#[cfg(feature = "ecdsa")]
use crate::der::OBJECT_IDENTIFIER;
use crate::der::{Der, INTEGER, OCTET_STRING, SEQUENCE};
use crate::key::Algorithm;
use crate::refusal::{Code, Refusal};

/// The largest key has 8192 bits.
const MAX_KEY_BYTES: usize = 2048;

/// The algorithm identifiers, as the contents of their sequence: id-Ed25519 (RFC 8410).
const ED25519: &[u8] = b"\x06\x03\x2b\x65\x70";
/// id-ecPublicKey with the curve secp256r1 (RFC 5480).
#[cfg(feature = "ecdsa")]
const EC_P256: &[u8] =
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
/// The curve alone.
#[cfg(feature = "ecdsa")]
const P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
/// rsaEncryption with its NULL (RFC 3279).
#[cfg(feature = "rsa")]
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// id-RSASSA-PSS without parameters: with any hash (RFC 4055).
#[cfg(feature = "rsa")]
const RSA_PSS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";

/// A private key of 32 bytes as it was read, and the public key that came with it.
pub(crate) struct PrivateKey {
    pub(crate) algorithm: Algorithm,
    pub(crate) private: Zeroizing<[u8; 32]>,
    pub(crate) public: Option<Vec<u8>>,
}

/// The raw form of a public key: of a `SubjectPublicKeyInfo` what is in it, and what is none as it is.
pub(crate) fn raw_public_key(algorithm: Algorithm, bytes: &[u8]) -> Result<&[u8], Refusal> {
    // Thirty-two bytes are a point, whatever they begin with.
    if bytes.len() == 32 {
        return Ok(bytes);
    }
    let mut outer = Der::new(bytes);
    match outer.read(SEQUENCE).map(Der::new) {
        // An RSAPublicKey is a sequence too, but of numbers.
        Some(fields) if fields.is_next(SEQUENCE) => outer
            .end()
            .and_then(|()| in_public_key_info(algorithm, fields))
            .ok_or_else(|| Code::PublicKeyMalformed.into()),
        _ => Ok(bytes),
    }
}

fn in_public_key_info(algorithm: Algorithm, mut fields: Der<'_>) -> Option<&[u8]> {
    let identifier = fields.read(SEQUENCE)?;
    let key = fields.read_bits()?;
    fields.end()?;
    is_of(algorithm, identifier).then_some(key)
}

fn is_of(algorithm: Algorithm, identifier: &[u8]) -> bool {
    match algorithm {
        Algorithm::HmacSha256 => false,
        Algorithm::Ed25519 => identifier == ED25519,
        #[cfg(feature = "ecdsa")]
        Algorithm::EcdsaP256Sha256 => identifier == EC_P256,
        #[cfg(feature = "rsa")]
        Algorithm::RsaV15Sha256 => identifier == RSA,
        #[cfg(feature = "rsa")]
        Algorithm::RsaPssSha512 => identifier == RSA || identifier == RSA_PSS,
    }
}

/// Reads an unencrypted private key (RFC 5958), without attributes.
pub(crate) fn read_pkcs8(der: &[u8]) -> Result<PrivateKey, Refusal> {
    pkcs8(der).ok_or_else(|| Code::PrivateKeyMalformed.into())
}

fn pkcs8(der: &[u8]) -> Option<PrivateKey> {
    let mut outer = Der::new(der);
    let mut fields = Der::new(outer.read(SEQUENCE)?);
    outer.end()?;
    let version = fields.read(INTEGER)?;
    let identifier = fields.read(SEQUENCE)?;
    let mut private = Der::new(fields.read(OCTET_STRING)?);
    // [1] IMPLICIT BIT STRING, from version 2 on.
    let public = match (version, fields.is_next(0x81)) {
        ([1], true) => match fields.read(0x81)? {
            [0, public @ ..] => Some(public.to_vec()),
            _ => return None,
        },
        ([0], false) => None,
        _ => return None,
    };
    fields.end()?;
    match identifier {
        ED25519 => {
            let key = private.read(OCTET_STRING)?;
            private.end()?;
            Some(PrivateKey {
                algorithm: Algorithm::Ed25519,
                private: Zeroizing::new(key.try_into().ok()?),
                public,
            })
        }
        #[cfg(feature = "ecdsa")]
        EC_P256 => {
            let key = ec_private_key(private, false)?;
            (public.is_none()).then_some(key)
        }
        _ => None,
    }
}

/// Reads an `ECPrivateKey` (RFC 5915) of P-256, which it names itself where nothing around it does.
#[cfg(feature = "ecdsa")]
fn ec_private_key(mut outer: Der<'_>, names_curve: bool) -> Option<PrivateKey> {
    let mut fields = Der::new(outer.read(SEQUENCE)?);
    outer.end()?;
    let version = fields.read(INTEGER)?;
    let private = fields.read(OCTET_STRING)?;
    if fields.is_next(0xa0) {
        let mut curve = Der::new(fields.read(0xa0)?);
        let is_p256 = curve.read(OBJECT_IDENTIFIER)? == P256;
        curve.end().filter(|()| is_p256)?;
    } else if names_curve {
        return None;
    }
    let mut public = None;
    if fields.is_next(0xa1) {
        let mut bits = Der::new(fields.read(0xa1)?);
        public = Some(bits.read_bits()?.to_vec());
        bits.end()?;
    }
    fields.end().filter(|()| version == [1])?;
    Some(PrivateKey {
        algorithm: Algorithm::EcdsaP256Sha256,
        private: Zeroizing::new(private.try_into().ok()?),
        public,
    })
}

/// Reads a private key in PEM.
pub(crate) fn read_private_pem(text: &str) -> Result<PrivateKey, Refusal> {
    let read = || {
        let (label, der) = pem(text)?;
        match label {
            "PRIVATE KEY" => pkcs8(&der),
            #[cfg(feature = "ecdsa")]
            "EC PRIVATE KEY" => ec_private_key(Der::new(&der), true),
            _ => None,
        }
    };
    read().ok_or_else(|| Code::PrivateKeyMalformed.into())
}

/// The DER of a public key in PEM.
pub(crate) fn read_public_pem(text: &str) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    match pem(text) {
        Some(("PUBLIC KEY" | "RSA PUBLIC KEY", der)) => Ok(der),
        _ => Err(Code::PublicKeyMalformed.into()),
    }
}

/// The label and the bytes of a text that is one PEM encoding and nothing else (RFC 7468 section 3).
fn pem(text: &str) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    let text = text.trim_end_matches(['\r', '\n']);
    let rest = text.strip_prefix("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let rest = rest.strip_suffix("-----")?.strip_suffix(label)?;
    let base64 = rest.strip_suffix("-----END ")?;
    if base64.len() > MAX_KEY_BYTES {
        return None;
    }
    let mut packed = Zeroizing::new(String::with_capacity(base64.len()));
    packed.extend(base64.chars().filter(|c| !matches!(c, '\r' | '\n')));
    let mut der = Zeroizing::new(vec![0; packed.len() / 4 * 3]);
    let length = base64::decode(&packed, &mut der)?;
    der.truncate(length);
    Some((label, der))
}
