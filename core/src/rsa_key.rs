//! RSA, to verify only (RFC 9421 sections 3.3.1 and 3.3.2, RFC 8017).

use alloc::boxed::Box;

use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, PublicKey};
use sha2::{Digest as _, Sha256, Sha512};

use crate::der::{Der, INTEGER, SEQUENCE};
use crate::key::Algorithm;
use crate::refusal::{Code, Refusal};

const MODULUS_BITS: core::ops::RangeInclusive<usize> = 2048..=8192;

/// Of `rsa-pss-sha512`, as many bytes as the hash has.
const SALT_BYTES: usize = 64;

/// A public key of RSA and the one scheme that it verifies.
#[derive(Clone)]
pub(crate) struct RsaKey {
    key: PublicKey,
    algorithm: Algorithm,
    /// The key as an `RSAPublicKey`.
    der: Box<[u8]>,
}

impl RsaKey {
    /// Reads an `RSAPublicKey`: a sequence of the modulus and the exponent (RFC 8017, A.1.1).
    pub(crate) fn new(algorithm: Algorithm, der: &[u8]) -> Result<Self, Refusal> {
        let (modulus, exponent) = read_numbers(der).ok_or(Code::PublicKeyMalformed)?;
        if modulus.len() < MODULUS_BITS.start() / 8 {
            return Err(Code::KeyTooWeak.into());
        }
        let number = BoxedUint::from_be_slice_vartime;
        let key = PublicKey::new_with_size_limits(number(modulus), number(exponent), MODULUS_BITS);
        Ok(RsaKey {
            key: key.map_err(|error| match error {
                rsa::Error::ModulusTooSmall => Code::KeyTooWeak,
                _ => Code::PublicKeyMalformed,
            })?,
            algorithm,
            der: der.into(),
        })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn as_der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn signature_length(&self) -> usize {
        self.key.size()
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let answer = if self.algorithm == Algorithm::RsaPssSha512 {
            let scheme = Pss::<Sha512>::new_with_salt(SALT_BYTES);
            self.key.verify(scheme, &Sha512::digest(message), signature)
        } else {
            let scheme = Pkcs1v15Sign::new::<Sha256>();
            self.key.verify(scheme, &Sha256::digest(message), signature)
        };
        answer.is_ok()
    }
}

/// The two numbers, without the zero that keeps a number positive.
fn read_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut outer = Der::new(der);
    let mut fields = Der::new(outer.read(SEQUENCE)?);
    outer.end()?;
    let modulus = positive(fields.read(INTEGER)?)?;
    let exponent = positive(fields.read(INTEGER)?)?;
    fields.end()?;
    Some((modulus, exponent))
}

/// The magnitude of a positive INTEGER in its shortest form.
fn positive(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0, rest @ ..] if matches!(rest, [0x80..=0xff, ..]) => Some(rest),
        [1..=0x7f, ..] => Some(bytes),
        _ => None,
    }
}
