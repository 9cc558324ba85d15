//! The bytes of a signature.

#[cfg(feature = "rsa")]
use alloc::vec::Vec;
use core::fmt;

use crate::base64;

/// Of a MAC, of which there is nothing longer but a signature by RSA.
const SHORT_BYTES: usize = 64;

/// RSA of 2048 to 8192 bits, in base64.
#[cfg(feature = "rsa")]
const LONG_CHARS: core::ops::RangeInclusive<usize> = 344..=1368;

/// The value of a signature: 32 bytes of HMAC-SHA-256, 64 of Ed25519 or of ECDSA over P-256 (`r` and
/// `s`, IEEE P1363), 256 to 1,024 of RSA. Absent from `Debug`, and without `==`: a MAC is compared in
/// constant time or not at all.
#[derive(Clone)]
pub struct SignatureValue(Bytes);

#[derive(Clone)]
enum Bytes {
    /// Without an allocation, which every request would pay for.
    Short([u8; SHORT_BYTES], usize),
    #[cfg(feature = "rsa")]
    Long(Vec<u8>),
}

impl SignatureValue {
    pub(crate) fn of_mac(mac: &[u8; 32]) -> Self {
        let mut bytes = [0; SHORT_BYTES];
        bytes.iter_mut().zip(mac).for_each(|(to, from)| *to = *from);
        SignatureValue(Bytes::Short(bytes, mac.len()))
    }

    pub(crate) fn of_curve(bytes: [u8; SHORT_BYTES]) -> Self {
        SignatureValue(Bytes::Short(bytes, SHORT_BYTES))
    }

    /// The bytes in base64; none if that is malformed, or of a length that no algorithm makes.
    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        #[cfg(feature = "rsa")]
        if LONG_CHARS.contains(&text.len()) {
            let bytes = base64::decode_vec(text)?;
            return (256..=1024)
                .contains(&bytes.len())
                .then_some(SignatureValue(Bytes::Long(bytes)));
        }
        let mut bytes = [0; SHORT_BYTES];
        let length = base64::decode(text, &mut bytes)?;
        matches!(length, 32 | SHORT_BYTES).then_some(SignatureValue(Bytes::Short(bytes, length)))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Short(bytes, length) => bytes.get(..*length).unwrap_or_default(),
            #[cfg(feature = "rsa")]
            Bytes::Long(bytes) => bytes,
        }
    }
}

impl fmt::Debug for SignatureValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignatureValue(..)")
    }
}
