//! The `SignedData` of a time-stamp token: RFC 5652 section 5, as RFC 3161 section 2.4.2 narrows it.

use der::asn1::ObjectIdentifier;
use der::{Encode as _, Tag};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::TimeStampFault;
use super::asn1::{Part, Parts};
use super::authority::Certificate;

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
/// `id-aa-signingCertificate` (RFC 2634), which names a certificate by its SHA-1.
const SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
/// `id-aa-signingCertificateV2` (RFC 5035).
const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// A digest that is taken of what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    /// Reads an `AlgorithmIdentifier`.
    pub(super) fn read(part: Part<'_>) -> Option<Self> {
        match part.sequence()?.next()?.identifier()? {
            SHA256 => Some(Digest::Sha256),
            SHA384 => Some(Digest::Sha384),
            SHA512 => Some(Digest::Sha512),
            _ => None,
        }
    }

    fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Digest::Sha256 => Sha256::digest(bytes).to_vec(),
            Digest::Sha384 => Sha384::digest(bytes).to_vec(),
            Digest::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }
}

/// A token, not yet trusted.
#[derive(Debug)]
pub(super) struct SignedData<'a> {
    pub(super) content_type: ObjectIdentifier,
    pub(super) content: &'a [u8],
    pub(super) certificates: Vec<&'a [u8]>,
    signer: Part<'a>,
}

impl<'a> SignedData<'a> {
    /// Reads a `ContentInfo`. None if it isn't `SignedData` of one signer.
    pub(super) fn read(token: Part<'a>) -> Option<Self> {
        let mut token = token.sequence()?;
        if token.next()?.identifier()? != SIGNED_DATA {
            return None;
        }
        let mut fields = token.next()?.inside(0)?.sequence()?;
        let (_version, _digests) = (fields.next()?, fields.next()?);
        let mut content = fields.next()?.sequence()?;
        let content_type = content.next()?.identifier()?;
        let content = content.next()?.inside(0)?.contents(Tag::OctetString)?;
        let certificates = Parts::of(fields.optional(0).unwrap_or_default())?;
        let _revocations = fields.optional(1);
        let mut signers = fields.next()?.set()?;
        let signer = signers.next()?;
        signers.next().is_none().then(|| SignedData {
            content_type,
            content,
            certificates: certificates.map(|part| part.whole).collect(),
            signer,
        })
    }

    pub(super) fn signer(&self) -> Option<Signer<'a>> {
        let mut parts = self.signer.sequence()?;
        let _version = parts.next()?;
        let name = parts.next()?;
        let digest = parts.next()?;
        let attributes = parts.optional(0)?;
        let algorithm = parts.next()?;
        let signature = parts.next()?.contents(Tag::OctetString)?;
        Some(Signer {
            name,
            digest,
            attributes,
            algorithm,
            signature,
        })
    }
}

/// A `SignerInfo`.
pub(super) struct Signer<'a> {
    name: Part<'a>,
    digest: Part<'a>,
    attributes: &'a [u8],
    pub(super) algorithm: Part<'a>,
    pub(super) signature: &'a [u8],
}

impl<'a> Signer<'a> {
    pub(super) fn digest(&self) -> Result<Digest, TimeStampFault> {
        Digest::read(self.digest).ok_or(TimeStampFault::Algorithm)
    }

    /// What is signed: the attributes as the SET that they are in DER, not under the tag that they stand in.
    pub(super) fn message(&self) -> Option<Vec<u8>> {
        let length = der::Length::try_from(self.attributes.len()).ok()?;
        let mut message = der::Header::new(Tag::Set, length).to_der().ok()?;
        message.extend_from_slice(self.attributes);
        Some(message)
    }

    /// Checks that what is signed is the content of this token.
    pub(super) fn is_of(&self, token: &SignedData<'_>) -> Result<(), TimeStampFault> {
        let content_type = self.attribute(CONTENT_TYPE)?.and_then(Part::identifier);
        if content_type != Some(token.content_type) {
            return Err(TimeStampFault::Attributes("content type"));
        }
        let digest = self.attribute(MESSAGE_DIGEST)?;
        let digest = digest.and_then(|value| value.contents(Tag::OctetString));
        if digest != Some(&self.digest()?.of(token.content)) {
            return Err(TimeStampFault::Attributes("message digest"));
        }
        Ok(())
    }

    /// The certificate that the attributes and the name of the signer name.
    pub(super) fn certificate<'t>(
        &self,
        token: &'t SignedData<'a>,
    ) -> Result<Certificate<'t>, TimeStampFault> {
        let refused = TimeStampFault::Certificate;
        let by_sha1 = self.attribute(SIGNING_CERTIFICATE)?;
        let by_hash = self.attribute(SIGNING_CERTIFICATE_V2)?;
        if by_sha1.is_none() && by_hash.is_none() {
            return Err(refused("it names none"));
        }
        let mut all = token.certificates.iter().map(|bytes| Part::only(bytes));
        let certificate = all.find_map(|part| {
            Certificate::read(part?).filter(|found| found.is_of_signer(self.name))
        });
        let certificate = certificate.ok_or(refused("it isn't in the answer"))?;
        let is_named = |value: Option<Part<'_>>, names: fn(Part<'_>, &Certificate<'_>) -> _| {
            value.is_none_or(|value| {
                first(value)
                    .and_then(|id| names(id, &certificate))
                    .is_some()
            })
        };
        if !is_named(by_sha1, names_by_sha1) || !is_named(by_hash, names_by_hash) {
            return Err(refused("the hash, or the issuer and number, are another's"));
        }
        Ok(certificate)
    }

    /// The value of an attribute, which is there once and has one value.
    fn attribute(&self, name: ObjectIdentifier) -> Result<Option<Part<'a>>, TimeStampFault> {
        let mut found = None;
        for attribute in Parts::of(self.attributes).into_iter().flatten() {
            let mut parts = attribute.sequence().ok_or(TimeStampFault::Malformed)?;
            if parts.next().and_then(Part::identifier) != Some(name) {
                continue;
            }
            let mut values = parts.next().and_then(Part::set).into_iter().flatten();
            let value = values.next().ok_or(TimeStampFault::Malformed)?;
            if values.next().is_some() || found.replace(value).is_some() {
                return Err(TimeStampFault::Attributes("number of values"));
            }
        }
        Ok(found)
    }
}

/// The first certificate that a signing-certificate attribute names: the signer's.
fn first(value: Part<'_>) -> Option<Part<'_>> {
    value.sequence()?.next()?.sequence()?.next()
}

/// `ESSCertID`, of RFC 2634 section 5.4.1.
fn names_by_sha1(id: Part<'_>, certificate: &Certificate<'_>) -> Option<()> {
    let mut parts = id.sequence()?;
    let hash = parts.next()?.contents(Tag::OctetString)?;
    let is_hash = hash == sha1::Sha1::digest(certificate.bytes()).as_slice();
    (is_hash && names_issuer(parts, certificate)).then_some(())
}

/// `ESSCertIDv2`, of RFC 5035 section 4. The hash is SHA-256 unless another is named.
fn names_by_hash(id: Part<'_>, certificate: &Certificate<'_>) -> Option<()> {
    let mut parts = id.sequence()?;
    let mut part = parts.next()?;
    let mut digest = Digest::Sha256;
    if part.sequence().is_some() {
        digest = Digest::read(part)?;
        part = parts.next()?;
    }
    let is_hash = part.contents(Tag::OctetString)? == digest.of(certificate.bytes());
    (is_hash && names_issuer(parts, certificate)).then_some(())
}

/// Whether an `IssuerSerial`, if there is one, is this certificate's.
fn names_issuer(mut rest: Parts<'_>, certificate: &Certificate<'_>) -> bool {
    rest.next().is_none_or(|part| {
        let mut parts = part.sequence().into_iter().flatten();
        let name = parts.next().and_then(Part::sequence).and_then(|mut names| {
            let name = names.next()?.inside(4)?;
            name.contents(Tag::Sequence)
        });
        let serial = parts.next().and_then(|part| part.contents(Tag::Integer));
        name == Some(certificate.issuer()) && serial == Some(certificate.serial())
    })
}
