//! `Content-Digest` and its kin: the body, bound to the signature (RFC 9530).

use alloc::string::String;

use sha2::{Digest as _, Sha256, Sha512};

use crate::base64;
use crate::headers::Headers;
use crate::refusal::{Code, Refusal};
use crate::request::Body;
use crate::structured::{BareItem, Cursor, Dictionary, Member, Raw};

/// The digest algorithms that bind a body (RFC 9530 section 5); the insecure ones are not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// `sha-256`
    Sha256,
    /// `sha-512`
    Sha512,
}

impl DigestAlgorithm {
    /// The key in the `Content-Digest` dictionary.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            DigestAlgorithm::Sha256 => "sha-256",
            DigestAlgorithm::Sha512 => "sha-512",
        }
    }

    /// How many bytes a digest has.
    const fn length(self) -> usize {
        match self {
            DigestAlgorithm::Sha256 => 32,
            DigestAlgorithm::Sha512 => 64,
        }
    }

    /// The algorithm that a dictionary key names.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "sha-256" => Some(DigestAlgorithm::Sha256),
            "sha-512" => Some(DigestAlgorithm::Sha512),
            _ => None,
        }
    }
}

/// A finished digest of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyDigest {
    /// 32 bytes of SHA-256.
    Sha256([u8; 32]),
    /// 64 bytes of SHA-512.
    Sha512([u8; 64]),
}

impl BodyDigest {
    /// The digest of a whole body.
    #[must_use]
    pub fn of(algorithm: DigestAlgorithm, body: &[u8]) -> Self {
        match algorithm {
            DigestAlgorithm::Sha256 => BodyDigest::Sha256(Sha256::digest(body).into()),
            DigestAlgorithm::Sha512 => BodyDigest::Sha512(Sha512::digest(body).into()),
        }
    }

    /// A digest that the platform computed.
    ///
    /// # Errors
    /// `digest_malformed` if `bytes` has not the algorithm's length.
    pub fn from_platform(algorithm: DigestAlgorithm, bytes: &[u8]) -> Result<Self, Refusal> {
        let wrong = |_| Refusal::from(Code::DigestMalformed);
        match algorithm {
            DigestAlgorithm::Sha256 => bytes.try_into().map(BodyDigest::Sha256).map_err(wrong),
            DigestAlgorithm::Sha512 => bytes.try_into().map(BodyDigest::Sha512).map_err(wrong),
        }
    }

    /// Which algorithm made it.
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        match self {
            BodyDigest::Sha256(_) => DigestAlgorithm::Sha256,
            BodyDigest::Sha512(_) => DigestAlgorithm::Sha512,
        }
    }

    /// The bytes of the digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            BodyDigest::Sha256(bytes) => bytes,
            BodyDigest::Sha512(bytes) => bytes,
        }
    }

    /// The value of a `Content-Digest` field with this one member.
    ///
    /// ```
    /// use countersign_core::{BodyDigest, DigestAlgorithm};
    /// let digest = BodyDigest::of(DigestAlgorithm::Sha256, b"{\"hello\": \"world\"}\n");
    /// assert_eq!(digest.to_field(), "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
    /// ```
    #[must_use]
    pub fn to_field(&self) -> String {
        let mut out = String::with_capacity(104);
        out.push_str(self.algorithm().as_str());
        out.push_str("=:");
        base64::push(&mut out, self.as_bytes());
        out.push(':');
        out
    }
}

/// A digest in the making, for a body that arrives in pieces.
#[derive(Clone, Debug)]
pub struct ContentDigest(State);

#[derive(Clone, Debug)]
enum State {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl ContentDigest {
    /// Starts a digest.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        ContentDigest(match algorithm {
            DigestAlgorithm::Sha256 => State::Sha256(Sha256::new()),
            DigestAlgorithm::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// Adds the next piece of the body.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(piece),
            State::Sha512(state) => state.update(piece),
        }
    }

    /// The digest of all pieces.
    #[must_use]
    pub fn finish(self) -> BodyDigest {
        match self.0 {
            State::Sha256(state) => BodyDigest::Sha256(state.finalize().into()),
            State::Sha512(state) => BodyDigest::Sha512(state.finalize().into()),
        }
    }
}

/// Checks `Content-Digest` against the body, or `Repr-Digest` against the bytes of the representation,
/// which are the body unless only a part or an encoding of it was sent (RFC 9530). Every digest in
/// it that can be checked must match, and one at least must be checkable; an algorithm occurs once.
/// False if there is no such field.
///
/// # Errors
/// `digest_malformed`, `digest_algorithm_unsupported`, `digest_mismatch`.
pub fn content_digest(
    headers: &Headers<'_>,
    field: &'static str,
    body: &Body<'_>,
) -> Result<bool, Refusal> {
    let mut present = false;
    let mut checked = false;
    let (mut sha256, mut sha512) = (false, false);
    for value in headers.all(field) {
        present = true;
        let mut cursor = Cursor::new(field, Code::DigestMalformed, value);
        loop {
            let name = cursor.key()?;
            cursor.expect(b'=')?;
            let base64 = cursor.bytes()?;
            cursor.skip_parameters()?;
            if let Some(algorithm) = DigestAlgorithm::parse(name) {
                // Each occurrence would hash the body again.
                let seen = match algorithm {
                    DigestAlgorithm::Sha256 => &mut sha256,
                    DigestAlgorithm::Sha512 => &mut sha512,
                };
                if core::mem::replace(seen, true) {
                    return Err(cursor.error());
                }
                checked |= compare(algorithm, base64, body)?;
            } else {
                cursor.check(Raw::Bytes(base64))?;
            }
            if !cursor.next_member()? {
                break;
            }
        }
    }
    if present && !checked {
        return Err(Code::DigestAlgorithmUnsupported.into());
    }
    Ok(present)
}

/// The best algorithm of those that `Want-Content-Digest` or `Want-Repr-Digest` asks for and that are
/// done here; none if there is no such field, or none of those in it. Of two with the same weight the
/// first counts, and 0 is not wanted at all (RFC 9530 section 4).
///
/// # Errors
/// `want_digest_malformed` for a weight that is no integer from 0 to 10.
///
/// ```
/// use countersign_core::{DigestAlgorithm, Headers, wanted_digest};
/// let headers = Headers::parse(b"Want-Content-Digest: sha-256=3, sha-512=10, md5=0\r\n")?;
/// assert_eq!(wanted_digest(&headers, "want-content-digest")?, Some(DigestAlgorithm::Sha512));
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
pub fn wanted_digest(
    headers: &Headers<'_>,
    field: &str,
) -> Result<Option<DigestAlgorithm>, Refusal> {
    let malformed = || Refusal::named(Code::WantDigestMalformed, field);
    let text = headers.combined(field).unwrap_or_default();
    let wants = Dictionary::parse(&text).map_err(|_| malformed())?;
    let (mut best, mut most) = (None, 0);
    for (name, member) in wants.iter() {
        let weight = match member {
            Member::Item(item) => match item.value {
                BareItem::Integer(weight @ 0..=10) => weight,
                _ => return Err(malformed()),
            },
            Member::InnerList(_) => return Err(malformed()),
        };
        if weight > most
            && let Some(algorithm) = DigestAlgorithm::parse(name)
        {
            (best, most) = (Some(algorithm), weight);
        }
    }
    Ok(best)
}

fn compare(algorithm: DigestAlgorithm, base64: &str, body: &Body<'_>) -> Result<bool, Refusal> {
    let mut claimed = [0; 64];
    let length = base64::decode(base64, &mut claimed).ok_or(Code::DigestMalformed)?;
    let claimed = claimed.get(..length).unwrap_or_default();
    if length != algorithm.length() {
        return Err(Code::DigestMalformed.into());
    }
    let actual = match body {
        Body::Bytes(bytes) => BodyDigest::of(algorithm, bytes),
        Body::Digest(digest) if digest.algorithm() == algorithm => *digest,
        Body::Digest(_) => return Ok(false),
    };
    // A digest of what the sender sent is no secret: it needs no constant time.
    if claimed == actual.as_bytes() {
        Ok(true)
    } else {
        Err(Code::DigestMismatch.into())
    }
}
