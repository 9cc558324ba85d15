//! The time of a checkpoint by the word of somebody else: RFC 3161.

use std::time::Duration;

use countersign_core::UnixSeconds;
use der::{DateTime, Header, Reader as _, SliceReader, Tag};

use super::{AuditError, Checkpoint, Hash};

/// `id-sha256`, an object identifier in DER, and its absent parameters.
const SHA256: [u8; 13] = [
    0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
];
/// The contents of `id-signedData` and `id-ct-TSTInfo`.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const TST_INFO: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04,
];

/// What a time-stamping authority says of a checkpoint.
///
/// That the authority said so is not checked here: its signature is by a certificate, whose trust is
/// somebody else's to know. `openssl ts -verify` does that, with the authority's root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeStamp {
    /// When the authority saw the checkpoint.
    pub at: UnixSeconds,
}

impl TimeStamp {
    /// A `TimeStampReq` in DER for the text of a checkpoint, to be posted as `application/timestamp-query`.
    /// The nonce is random, and the answer must repeat it.
    #[must_use]
    pub fn request(checkpoint: &Checkpoint, nonce: u64) -> Vec<u8> {
        let mut imprint = of_tag(0x30, &SHA256);
        imprint.extend(of_tag(0x04, imprint_of(checkpoint).as_bytes()));
        let mut request = of_tag(0x02, &[1]);
        request.extend(of_tag(0x30, &imprint));
        request.extend(of_tag(0x02, &integer(nonce)));
        // The certificate is to come with the answer.
        request.extend(of_tag(0x01, &[0xff]));
        of_tag(0x30, &request)
    }

    /// Reads a `TimeStampResp` in DER, and checks that it is about this checkpoint and answers the request
    /// with this nonce.
    ///
    /// # Errors
    /// `audit_timestamp_refused`.
    pub fn check(response: &[u8], checkpoint: &Checkpoint, nonce: u64) -> Result<Self, AuditError> {
        let refused = AuditError::TimeStamp;
        let malformed = || refused("the answer isn't a TimeStampResp in DER");
        let mut parts = sequence(only(response).ok_or_else(malformed)?).ok_or_else(malformed)?;
        let status = parts.next().and_then(sequence);
        let status = status
            .and_then(|mut status| status.next())
            .ok_or_else(malformed)?;
        // `granted`, or `grantedWithMods`.
        if !matches!(status, (Tag::Integer, [0 | 1])) {
            return Err(refused("the authority didn't grant it"));
        }
        let stamp = parts.next().and_then(tst_info).ok_or_else(malformed)?;
        let mut fields = sequence(stamp).ok_or_else(malformed)?;
        let mut field = || fields.next().ok_or_else(malformed);
        let (version, _policy, imprint) = (field()?, field()?, field()?);
        let (_serial, time) = (field()?, field()?);
        if version != (Tag::Integer, &[1]) {
            return Err(refused("it has another version"));
        }
        let mut imprint = sequence(imprint).ok_or_else(malformed)?;
        let algorithm = imprint
            .next()
            .and_then(sequence)
            .and_then(|mut parts| parts.next());
        let sha256 = SHA256.get(2..11).unwrap_or_default();
        let hash = imprint_of(checkpoint);
        if algorithm != Some((Tag::ObjectIdentifier, sha256))
            || imprint.next() != Some((Tag::OctetString, hash.as_bytes()))
        {
            return Err(refused("it is about something else than this checkpoint"));
        }
        // Accuracy, ordering and name may stand around the nonce, and none of them is an integer.
        let answered = fields.find(|(tag, _)| *tag == Tag::Integer);
        if answered.map(|(_, value)| value) != Some(&integer(nonce)) {
            return Err(refused("it answers another request"));
        }
        let at = time_of(time).ok_or_else(malformed)?;
        Ok(TimeStamp { at })
    }
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

/// A value: its tag and its contents.
type Part<'a> = (Tag, &'a [u8]);

/// The values in a row of bytes, until they end or one can't be read.
fn parts(bytes: &[u8]) -> Option<impl Iterator<Item = Part<'_>>> {
    let mut reader = SliceReader::new(bytes).ok()?;
    Some(std::iter::from_fn(move || next_of(&mut reader)))
}

/// The one value that the bytes are, with nothing after it.
fn only(bytes: &[u8]) -> Option<Part<'_>> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let part = next_of(&mut reader)?;
    reader.is_finished().then_some(part)
}

fn next_of<'a>(reader: &mut SliceReader<'a>) -> Option<Part<'a>> {
    let header = Header::peek(reader).ok()?;
    let value = reader.tlv_bytes().ok()?;
    let start = value
        .len()
        .checked_sub(usize::try_from(header.length()).ok()?)?;
    Some((header.tag(), value.get(start..)?))
}

fn sequence((tag, value): Part<'_>) -> Option<impl Iterator<Item = Part<'_>>> {
    (tag == Tag::Sequence).then(|| parts(value)).flatten()
}

/// What is in an explicit `[0]`.
fn inside((tag, value): Part<'_>) -> Option<Part<'_>> {
    let is_zero = tag.is_context_specific() && tag.number() == der::TagNumber(0);
    is_zero.then(|| only(value)).flatten()
}

/// The `TSTInfo` of a time-stamp token, which is CMS `SignedData` (RFC 5652).
fn tst_info(token: Part<'_>) -> Option<Part<'_>> {
    let mut token = sequence(token)?;
    if token.next()? != (Tag::ObjectIdentifier, SIGNED_DATA) {
        return None;
    }
    let mut signed = sequence(inside(token.next()?)?)?;
    let (_version, _digests, content) = (signed.next()?, signed.next()?, signed.next()?);
    let mut content = sequence(content)?;
    if content.next()? != (Tag::ObjectIdentifier, TST_INFO) {
        return None;
    }
    match inside(content.next()?)? {
        (Tag::OctetString, bytes) => only(bytes),
        _ => None,
    }
}

/// A `GeneralizedTime`, whose fraction of a second is left out.
fn time_of((tag, text): Part<'_>) -> Option<UnixSeconds> {
    let text = str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if tag != Tag::GeneralizedTime || whole.len() != 14 || !is_digits(whole) || !is_digits(fraction)
    {
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
