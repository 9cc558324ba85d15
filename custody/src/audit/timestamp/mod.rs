//! The time of a checkpoint by the word of somebody else: RFC 3161.
//!
//! ```text
//! request ──authority──> TimeStampResp ──read──> ClaimedTime ──verify──> TimeStamp
//!                                        about this checkpoint    signed, under a root that is trusted
//! ```

mod asn1;
mod authority;
mod fault;
mod signed_data;

use std::time::Duration;

use countersign_core::UnixSeconds;
use der::asn1::ObjectIdentifier;
use der::{DateTime, Tag};

pub use self::authority::TimeStampRoots;
pub use self::fault::TimeStampFault;

use self::asn1::Part;
use self::signed_data::{Digest, SignedData};
use super::{Checkpoint, Hash};

/// `id-sha256`, an object identifier in DER, and its absent parameters.
const SHA256: [u8; 13] = [
    0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
];
/// `id-ct-TSTInfo`.
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");

/// A `TimeStampReq` in DER for the text of a checkpoint, to be posted as `application/timestamp-query`.
/// The nonce is random, and the answer must repeat it.
#[must_use]
pub fn timestamp_request(checkpoint: &Checkpoint, nonce: u64) -> Vec<u8> {
    let mut imprint = of_tag(0x30, &SHA256);
    imprint.extend(of_tag(0x04, imprint_of(checkpoint).as_bytes()));
    let mut request = of_tag(0x02, &[1]);
    request.extend(of_tag(0x30, &imprint));
    request.extend(of_tag(0x02, &integer(nonce)));
    // The certificate is to come with the answer.
    request.extend(of_tag(0x01, &[0xff]));
    of_tag(0x30, &request)
}

/// What an answer says of a checkpoint. Whose word that is, isn't checked yet: [`ClaimedTime::verify`] does.
#[derive(Debug)]
pub struct ClaimedTime<'a> {
    at: UnixSeconds,
    /// The name in the `TSTInfo`, if it is that of a directory.
    authority: Option<&'a [u8]>,
    token: SignedData<'a>,
}

/// When a time-stamping authority that is trusted saw a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeStamp {
    at: UnixSeconds,
    certificate: Hash,
}

impl<'a> ClaimedTime<'a> {
    /// Reads a `TimeStampResp` in DER, and checks that it is about this checkpoint. Given a request, its
    /// nonce must be there too: that is for whoever asked just now, and needn't be kept.
    ///
    /// # Errors
    /// [`TimeStampFault`]: `Malformed`, `Version`, `NotGranted`, `Imprint`, `Nonce`.
    pub fn read(
        response: &'a [u8],
        checkpoint: &Checkpoint,
        request: Option<&[u8]>,
    ) -> Result<Self, TimeStampFault> {
        let malformed = || TimeStampFault::Malformed;
        let mut parts = Part::only(response).and_then(Part::sequence);
        let mut part = || parts.as_mut().and_then(Iterator::next);
        let status = part().and_then(Part::sequence);
        let status = status.and_then(|mut status| status.next()?.contents(Tag::Integer));
        // `granted`, or `grantedWithMods`.
        if !matches!(status.ok_or_else(malformed)?, [0 | 1]) {
            return Err(TimeStampFault::NotGranted);
        }
        let token = part().and_then(SignedData::read).ok_or_else(malformed)?;
        let info = TstInfo::read(token.content).ok_or_else(malformed)?;
        if token.content_type != TST_INFO || info.version != [1] {
            return Err(TimeStampFault::Version);
        }
        let hash = imprint_of(checkpoint);
        if info.imprint != Some((Digest::Sha256, hash.as_bytes().as_slice())) {
            return Err(TimeStampFault::Imprint);
        }
        if let Some(request) = request
            && info.nonce != Some(nonce_of(request).ok_or(TimeStampFault::Nonce)?)
        {
            return Err(TimeStampFault::Nonce);
        }
        let (at, authority) = (info.time, info.authority);
        Ok(ClaimedTime {
            at,
            authority,
            token,
        })
    }

    /// When the authority saw the checkpoint, if that is the authority's word.
    #[must_use]
    pub fn at(&self) -> UnixSeconds {
        self.at
    }

    /// Checks whose word it is: the signature over the signed attributes (RFC 5652 section 5.4), that these
    /// are of this `TSTInfo` and name the certificate (RFC 3161 section 2.4.2, RFC 5816), that the certificate is
    /// for time stamps alone, and that it led to one of the roots at the time that is stated.
    ///
    /// Whether the certificate was revoked isn't asked.
    ///
    /// # Errors
    /// [`TimeStampFault`]: `Malformed`, `Algorithm`, `Attributes`, `Certificate`, `Purpose`, `Signature`, `Expired`,
    /// `Untrusted`.
    pub fn verify(&self, roots: &TimeStampRoots) -> Result<TimeStamp, TimeStampFault> {
        let signer = self.token.signer().ok_or(TimeStampFault::Malformed)?;
        signer.is_of(&self.token)?;
        let certificate = signer.certificate(&self.token)?;
        if self
            .authority
            .is_some_and(|name| name != certificate.name())
        {
            return Err(TimeStampFault::Certificate("the name is another"));
        }
        certificate.is_for_time_stamps()?;
        certificate.signed(&signer)?;
        certificate.leads_to(roots, &self.token.certificates, self.at)?;
        Ok(TimeStamp {
            at: self.at,
            certificate: Hash::of(certificate.bytes()),
        })
    }
}

impl TimeStamp {
    /// When the authority saw the checkpoint.
    #[must_use]
    pub fn at(&self) -> UnixSeconds {
        self.at
    }

    /// The SHA-256 of the authority's certificate: its fingerprint.
    #[must_use]
    pub fn certificate(&self) -> Hash {
        self.certificate
    }
}

/// What an authority signs: RFC 3161 section 2.4.2.
struct TstInfo<'a> {
    version: &'a [u8],
    /// None where the digest isn't known here: it isn't the one that was asked for.
    imprint: Option<(Digest, &'a [u8])>,
    time: UnixSeconds,
    nonce: Option<&'a [u8]>,
    authority: Option<&'a [u8]>,
}

impl<'a> TstInfo<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Part::only(bytes)?.sequence()?;
        let version = fields.next()?.contents(Tag::Integer)?;
        let _policy = fields.next()?;
        let imprint = imprint(fields.next()?);
        let _serial = fields.next()?;
        let time = time_of(fields.next()?)?;
        let (mut nonce, mut authority) = (None, None);
        // Accuracy and ordering may stand before the nonce, and extensions after the name.
        for field in fields {
            nonce = nonce.or(field.contents(Tag::Integer));
            let name = field.inside(0).and_then(|name| name.inside(4));
            authority = authority.or(name.and_then(|name| name.contents(Tag::Sequence)));
        }
        Some(TstInfo {
            version,
            imprint,
            time,
            nonce,
            authority,
        })
    }
}

fn imprint(part: Part<'_>) -> Option<(Digest, &[u8])> {
    let mut parts = part.sequence()?;
    let digest = Digest::read(parts.next()?)?;
    Some((digest, parts.next()?.contents(Tag::OctetString)?))
}

/// The nonce of a request, in the contents of an INTEGER.
fn nonce_of(request: &[u8]) -> Option<&[u8]> {
    let mut fields = Part::only(request)?.sequence()?;
    let _version = fields.next()?;
    fields.find_map(|field| field.contents(Tag::Integer))
}

/// The SHA-256 of a checkpoint's text.
fn imprint_of(checkpoint: &Checkpoint) -> Hash {
    Hash::of(checkpoint.to_string().as_bytes())
}

/// A value in DER. All that a request has is shorter than 128 bytes.
fn of_tag(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag, u8::try_from(value.len()).unwrap_or(u8::MAX)];
    out.extend_from_slice(value);
    out
}

/// The contents of an INTEGER: as few bytes as can be, with the first bit clear.
fn integer(number: u64) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend_from_slice(&number.to_be_bytes());
    while let [0, second, ..] = bytes.as_slice()
        && *second < 0x80
    {
        bytes.remove(0);
    }
    bytes
}

/// A `GeneralizedTime`, whose fraction of a second is left out.
fn time_of(part: Part<'_>) -> Option<UnixSeconds> {
    let text = part.contents(Tag::GeneralizedTime)?;
    let text = str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() != 14 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let number = |from: usize, to: usize| whole.get(from..to)?.parse::<u16>().ok();
    let byte = |from: usize| u8::try_from(number(from, from + 2)?).ok();
    let date = DateTime::new(
        number(0, 4)?,
        byte(4)?,
        byte(6)?,
        byte(8)?,
        byte(10)?,
        byte(12)?,
    );
    let since: Duration = date.ok()?.unix_duration();
    Some(UnixSeconds::new(since.as_secs()))
}
