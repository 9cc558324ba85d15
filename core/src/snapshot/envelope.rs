//! What is around a snapshot: for whom it is, by whom, and until when.
//!
//! ```text
//! 8 bytes   89 "CSK" 0d 0a 1a 0a
//! u8        format, 1
//! u8        0 whole, 1 delta
//! u8        environment: 0 dev, 1 test, 2 live
//! 3 texts   region, reader, publisher; each after a u8 with its length
//! 4 u64     version; the version it is a delta of, or 0; made at; not after (seconds since 1970)
//! 32 bytes  salt
//! u32       length of what is sealed
//! ..        sealed: ChaCha20-Poly1305 (RFC 8439) over the content, all before it as associated data
//! 64 bytes  Ed25519 over "countersign snapshot v1\0" and the SHA-256 of all before it
//! ```
//! The key that seals is one block of HKDF-Expand (RFC 5869) under the reader's key over `countersign
//! snapshot seal v1` and the salt, so that it seals once, and its nonce is zero.

use alloc::vec::Vec;

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit as _, Nonce, Tag};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::instant::UnixSeconds;
use crate::key::Environment;
use crate::secret::hmac_sha256;

const MAGIC: &[u8; 8] = b"\x89CSK\r\n\x1a\n";
const FORMAT: u8 = 1;
const TAG_BYTES: usize = 16;
pub(super) const SALT_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;
/// Each by its number.
const ENVIRONMENTS: [Environment; 3] = [Environment::Dev, Environment::Test, Environment::Live];
const SIGNED: &[u8; 24] = b"countersign snapshot v1\0";

/// What a snapshot says of itself in the clear.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub(super) is_delta: bool,
    pub(super) environment: Environment,
    pub(super) region: &'a str,
    pub(super) reader: &'a str,
    pub(super) publisher: &'a str,
    pub(super) version: u64,
    pub(super) base: u64,
    pub(super) made_at: UnixSeconds,
    pub(super) not_after: UnixSeconds,
    pub(super) salt: &'a [u8; SALT_BYTES],
}

/// A snapshot as it was received, in its parts.
pub(super) struct Envelope<'a> {
    pub(super) header: Header<'a>,
    /// All before what is sealed.
    associated: &'a [u8],
    sealed: &'a [u8],
    /// All before the signature.
    signed: &'a [u8],
    pub(super) signature: &'a [u8; SIGNATURE_BYTES],
}

impl<'a> Envelope<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (signed, signature) = bytes.split_last_chunk()?;
        let mut rest = signed.strip_prefix(MAGIC)?;
        let ([FORMAT, kind, environment], after) = rest.split_first_chunk()? else {
            return None;
        };
        rest = after;
        let environment = *ENVIRONMENTS.get(usize::from(*environment))?;
        let mut text = || {
            let (length, after) = rest.split_first()?;
            let (text, after) = after.split_at_checked(usize::from(*length))?;
            rest = after;
            core::str::from_utf8(text).ok()
        };
        let (region, reader, publisher) = (text()?, text()?, text()?);
        let mut number = || {
            let (number, after) = rest.split_first_chunk()?;
            rest = after;
            Some(u64::from_be_bytes(*number))
        };
        let (version, base) = (number()?, number()?);
        let (made_at, not_after) = (UnixSeconds::new(number()?), UnixSeconds::new(number()?));
        let (salt, rest) = rest.split_first_chunk()?;
        let (length, sealed) = rest.split_first_chunk()?;
        if usize::try_from(u32::from_be_bytes(*length)).ok()? != sealed.len() || *kind > 1 {
            return None;
        }
        Some(Envelope {
            header: Header {
                is_delta: *kind == 1,
                environment,
                region,
                reader,
                publisher,
                version,
                base,
                made_at,
                not_after,
                salt,
            },
            associated: signed.get(..signed.len() - sealed.len())?,
            sealed,
            signed,
            signature,
        })
    }

    pub(super) fn message(&self) -> [u8; 56] {
        message(self.signed)
    }

    /// Opens what is sealed; nothing if it is for another key, or was altered.
    pub(super) fn open(&self, reader_key: &[u8; 32]) -> Option<Zeroizing<Vec<u8>>> {
        let (sealed, tag) = self.sealed.split_last_chunk::<TAG_BYTES>()?;
        let mut content = Zeroizing::new(sealed.to_vec());
        cipher(reader_key, self.header.salt)
            .decrypt_inout_detached(
                &Nonce::default(),
                self.associated,
                content.as_mut_slice().into(),
                &Tag::from(*tag),
            )
            .ok()?;
        Some(content)
    }
}

/// Seals a content under its header: all but the signature, and what is to be signed.
pub(super) fn seal(
    header: &Header<'_>,
    content: &[u8],
    reader_key: &[u8; 32],
) -> Option<(Vec<u8>, [u8; 56])> {
    let mut out = Vec::with_capacity(content.len() + 512);
    out.extend_from_slice(MAGIC);
    let mut numbers = ENVIRONMENTS.iter().zip(0..);
    let (_, environment) = numbers.find(|(environment, _)| **environment == header.environment)?;
    out.extend_from_slice(&[FORMAT, u8::from(header.is_delta), environment]);
    for text in [header.region, header.reader, header.publisher] {
        out.push(u8::try_from(text.len()).ok()?);
        out.extend_from_slice(text.as_bytes());
    }
    let times = [header.made_at.get(), header.not_after.get()];
    for number in [header.version, header.base].into_iter().chain(times) {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(header.salt);
    let length = u32::try_from(content.len() + TAG_BYTES).ok()?;
    out.extend_from_slice(&length.to_be_bytes());
    let mut sealed = content.to_vec();
    let tag = cipher(reader_key, header.salt)
        .encrypt_inout_detached(&Nonce::default(), &out, sealed.as_mut_slice().into())
        .ok()?;
    out.extend_from_slice(&sealed);
    out.extend_from_slice(&tag);
    let message = message(&out);
    Some((out, message))
}

fn message(signed: &[u8]) -> [u8; 56] {
    let mut message = [0; 56];
    let (context, digest) = message.split_at_mut(SIGNED.len());
    context.copy_from_slice(SIGNED);
    digest.copy_from_slice(&Sha256::digest(signed));
    message
}

fn cipher(reader_key: &[u8; 32], salt: &[u8; SALT_BYTES]) -> ChaCha20Poly1305 {
    let mut info = Vec::with_capacity(64);
    info.extend_from_slice(b"countersign snapshot seal v1");
    info.extend_from_slice(salt);
    info.push(1);
    let key = Zeroizing::new(hmac_sha256(reader_key, &info));
    ChaCha20Poly1305::new(Key::cast_from_core(&key))
}
