//! The certificate of a time-stamping authority, and the roots that it must lead to.

use countersign_core::UnixSeconds;
use der::Tag;
use der::asn1::ObjectIdentifier;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm,
    TrustAnchor, UnixTime, alg_id,
};
use sha2::{Digest as _, Sha512};
use webpki::{EndEntityCert, KeyUsage};

use super::TimeStampFault;
use super::asn1::Part;
use super::signed_data::{Digest, Signer};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// `id-kp-timeStamping`.
static TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const SUBJECT_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");

/// The roots that an authority's certificate must lead to, as whoever checks a time stamp trusts them.
#[derive(Clone, Debug)]
pub struct TimeStampRoots(Vec<TrustAnchor<'static>>);

impl TimeStampRoots {
    /// Reads certificates in PEM (RFC 7468). Their own validity isn't asked: whoever gives them trusts them.
    ///
    /// # Errors
    /// [`TimeStampFault::Roots`] if there is none, or one can't be read.
    pub fn from_pem(pem: &[u8]) -> Result<Self, TimeStampFault> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let certificates = certificates.map_err(|_| TimeStampFault::Roots)?;
        let anchors = certificates.iter().map(|certificate| {
            let anchor = webpki::anchor_from_trusted_cert(certificate);
            anchor.map(|anchor| anchor.to_owned())
        });
        let anchors: Vec<_> = anchors
            .collect::<Result<_, _>>()
            .map_err(|_| TimeStampFault::Roots)?;
        if anchors.is_empty() {
            return Err(TimeStampFault::Roots);
        }
        Ok(TimeStampRoots(anchors))
    }
}

/// A certificate (RFC 5280) of a token.
pub(super) struct Certificate<'a> {
    whole: CertificateDer<'a>,
    extensions: Vec<Extension<'a>>,
    issuer: &'a [u8],
    serial: &'a [u8],
    subject: &'a [u8],
}

struct Extension<'a> {
    name: ObjectIdentifier,
    is_critical: bool,
    value: &'a [u8],
}

impl<'a> Certificate<'a> {
    pub(super) fn read(part: Part<'a>) -> Option<Self> {
        let mut fields = part.sequence()?.next()?.sequence()?;
        let _version = fields.optional(0)?;
        let serial = fields.next()?.contents(Tag::Integer)?;
        let _signature = fields.next()?;
        let issuer = fields.next()?.contents(Tag::Sequence)?;
        let _validity = fields.next()?;
        let subject = fields.next()?.contents(Tag::Sequence)?;
        let extensions = fields.find_map(|field| field.inside(3))?.sequence()?;
        let extensions: Option<_> = extensions.map(Extension::read).collect();
        Some(Certificate {
            whole: CertificateDer::from(part.whole),
            extensions: extensions?,
            issuer,
            serial,
            subject,
        })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.whole
    }

    /// Whose it is.
    pub(super) fn name(&self) -> &'a [u8] {
        self.subject
    }

    pub(super) fn issuer(&self) -> &'a [u8] {
        self.issuer
    }

    pub(super) fn serial(&self) -> &'a [u8] {
        self.serial
    }

    /// Whether a `SignerIdentifier` names it: by issuer and number, or by the id of its key.
    pub(super) fn is_of_signer(&self, signer: Part<'_>) -> bool {
        if let Some(mut parts) = signer.sequence() {
            let issuer = parts.next().and_then(|part| part.contents(Tag::Sequence));
            let serial = parts.next().and_then(|part| part.contents(Tag::Integer));
            return issuer == Some(self.issuer) && serial == Some(self.serial);
        }
        let id = self.extension(SUBJECT_KEY);
        let id = id.and_then(|id| Part::only(id.value)?.contents(Tag::OctetString));
        id.is_some() && signer.tagged(0) == id
    }

    /// RFC 3161 section 2.3: one extended usage, which is critical, and no other usage of the key than to sign.
    pub(super) fn is_for_time_stamps(&self) -> Result<(), TimeStampFault> {
        let refused = |why| Err(TimeStampFault::Purpose(why));
        let Some(extended) = self.extension(EXTENDED_KEY_USAGE) else {
            return refused("it has no extended key usage");
        };
        if !extended.is_critical {
            return refused("its extended key usage isn't critical");
        }
        let usages = Part::only(extended.value).and_then(Part::sequence);
        let usages: Vec<_> = usages.into_iter().flatten().collect();
        let usages: Vec<_> = usages.into_iter().map(Part::identifier).collect();
        if usages != [Some(TIME_STAMPING)] {
            return refused("its extended key usage isn't timeStamping alone");
        }
        let usage = self.extension(KEY_USAGE).map(|usage| {
            let bits = Part::only(usage.value).and_then(|part| part.contents(Tag::BitString));
            // Before the bits stands how many are unused. The first two are to sign, and to sign for good.
            matches!(bits, Some([_, 0x40 | 0x80 | 0xc0]))
        });
        if usage == Some(false) {
            return refused("its key is for more than to sign");
        }
        Ok(())
    }

    /// Checks that its key signed the attributes.
    pub(super) fn signed(&self, signer: &Signer<'_>) -> Result<(), TimeStampFault> {
        let algorithm = signer.algorithm;
        let identifier = algorithm.sequence().and_then(|mut parts| parts.next());
        let name = algorithm.contents(Tag::Sequence);
        let mut name = name.ok_or(TimeStampFault::Malformed)?;
        // RFC 3370 section 3.2: only the key's kind is named, and the digest is the one beside it.
        let with_digest;
        if identifier.and_then(Part::identifier) == Some(RSA) {
            with_digest = match signer.digest()? {
                Digest::Sha256 => alg_id::RSA_PKCS1_SHA256,
                Digest::Sha384 => alg_id::RSA_PKCS1_SHA384,
                Digest::Sha512 => alg_id::RSA_PKCS1_SHA512,
            };
            name = &with_digest;
        }
        let certificate = self.parsed()?;
        let message = signer.message().ok_or(TimeStampFault::Malformed)?;
        for algorithm in algorithms() {
            if &*algorithm.signature_alg_id() != name {
                continue;
            }
            match certificate.verify_signature(algorithm, &message, signer.signature) {
                Ok(()) => return Ok(()),
                Err(webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
                Err(_) => return Err(TimeStampFault::Signature),
            }
        }
        Err(TimeStampFault::Algorithm)
    }

    /// Checks that at this time a path of valid certificates led to a root (RFC 5280 section 6).
    pub(super) fn leads_to(
        &self,
        roots: &TimeStampRoots,
        others: &[&[u8]],
        at: UnixSeconds,
    ) -> Result<(), TimeStampFault> {
        let others: Vec<_> = others
            .iter()
            .map(|bytes| CertificateDer::from(*bytes))
            .collect();
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(at.get()));
        let usage = KeyUsage::required_if_present(TIME_STAMPING.as_bytes());
        let certificate = self.parsed()?;
        let known = algorithms();
        let path = certificate.verify_for_usage(&known, &roots.0, &others, at, usage, None, None);
        path.map(|_| ()).map_err(|error| match error {
            webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. } => {
                TimeStampFault::Expired
            }
            error => TimeStampFault::Untrusted(error.to_string()),
        })
    }

    fn parsed(&self) -> Result<EndEntityCert<'_>, TimeStampFault> {
        EndEntityCert::try_from(&self.whole)
            .map_err(|_| TimeStampFault::Certificate("it can't be read"))
    }

    fn extension(&self, name: ObjectIdentifier) -> Option<&Extension<'a>> {
        self.extensions
            .iter()
            .find(|extension| extension.name == name)
    }
}

impl<'a> Extension<'a> {
    fn read(part: Part<'a>) -> Option<Self> {
        let mut fields = part.sequence()?;
        let name = fields.next()?.identifier()?;
        let mut value = fields.next()?;
        let is_critical = value.contents(Tag::Boolean) == Some(&[0xff]);
        if is_critical {
            value = fields.next()?;
        }
        Some(Extension {
            name,
            is_critical,
            value: value.contents(Tag::OctetString)?,
        })
    }
}

/// What certificates and time stamps may be signed by: what `webpki` knows, and ECDSA with SHA-512.
fn algorithms() -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    let mut all = webpki::ALL_VERIFICATION_ALGS.to_vec();
    all.extend::<[&dyn SignatureVerificationAlgorithm; 2]>([&P256_SHA512, &P384_SHA512]);
    all
}

/// ECDSA with SHA-512, which `ring` doesn't have, and authorities use.
#[derive(Debug)]
struct EcdsaSha512 {
    key: AlgorithmIdentifier,
    verifies: Verifies,
}

/// Takes the key as a point (SEC 1), the digest, and the signature in DER.
type Verifies = fn(&[u8], &[u8], &[u8]) -> Option<()>;

static P256_SHA512: EcdsaSha512 = EcdsaSha512 {
    key: alg_id::ECDSA_P256,
    verifies: |key, digest, signature| {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
        let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
        key.verify_prehash(digest, &signature).ok()
    },
};

static P384_SHA512: EcdsaSha512 = EcdsaSha512 {
    key: alg_id::ECDSA_P384,
    verifies: |key, digest, signature| {
        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
        let signature = p384::ecdsa::Signature::from_der(signature).ok()?;
        key.verify_prehash(digest, &signature).ok()
    },
};

impl SignatureVerificationAlgorithm for EcdsaSha512 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let digest = Sha512::digest(message);
        (self.verifies)(public_key, &digest, signature).ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA512
    }
}
