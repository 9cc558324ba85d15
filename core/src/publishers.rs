//! Who may publish bundles: their keys, and the newest version of each pack that was taken.

use alloc::string::String;
use alloc::vec::Vec;

use ed25519_dalek::{Signature, VerifyingKey};

use crate::base64;
use crate::members::Members;
use crate::policy::format::signed_message;
use crate::policy::{Bundle, BundleError, Frame, Value, Version};
use crate::refusal::{Code, Refusal};

/// The publishers that are trusted. Through it no unsigned, altered or older bundle loads.
///
/// A publisher may have several keys, so that a new one is trusted before the old one no longer is.
///
/// ```
/// use countersign_core::{Publishers, policy::BundleError};
///
/// let mut publishers = Publishers::new();
/// let key = [0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
///            0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a];
/// assert!(publishers.trust("acme", &key));
/// assert_eq!(publishers.load(b"\x89CSB").unwrap_err(), BundleError::Truncated);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Publishers {
    keys: Vec<(String, VerifyingKey)>,
    newest: Vec<Newest>,
}

/// The newest bundle of a pack that was taken, or the oldest that may be.
#[derive(Clone, Debug)]
struct Newest {
    pack: String,
    version: Version,
    sha256: Option<[u8; 32]>,
}

impl Publishers {
    /// No publisher: every bundle is refused.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads publishers from JSON: `{"publishers": [{"name": "acme", "public_key": ".."}], "at_least":
    /// {"trading-api": "1.4.0"}}`, the key in base64. There is one publisher at least; `at_least` may
    /// be left out.
    ///
    /// # Errors
    /// `publishers_malformed`, with the place, the member or the publisher's name.
    pub fn from_json(text: &str) -> Result<Self, Refusal> {
        let code = Code::PublishersMalformed;
        let mut members = Members::read(text, code)?;
        let mut publishers = Self::new();
        for record in members.records("publishers")?.unwrap_or_default() {
            let mut publisher = Members::of(record, code);
            let name = publisher.text("name")?.unwrap_or_default();
            let key = publisher.text("public_key")?.unwrap_or_default();
            publisher.end()?;
            let mut bytes = [0; 32];
            let decoded = base64::decode(&key, &mut bytes);
            if name.is_empty() || decoded != Some(32) || !publishers.trust(&name, &bytes) {
                return Err(Refusal::named(code, &name));
            }
        }
        for (pack, version) in members.record("at_least")?.unwrap_or_default().iter() {
            let version = match version {
                Value::String(text) => Version::parse(text),
                _ => None,
            };
            let version = version.ok_or_else(|| Refusal::named(code, pack))?;
            publishers.at_least(pack, version);
        }
        members.end()?;
        if publishers.is_empty() {
            return Err(Refusal::named(code, "publishers"));
        }
        Ok(publishers)
    }

    /// Trusts bundles that `publisher` signed with the Ed25519 key whose public half `key` is. False,
    /// and nothing is changed, if `key` is no such key (RFC 8032 section 5.1.3) or a weak one.
    pub fn trust(&mut self, publisher: &str, key: &[u8; 32]) -> bool {
        match VerifyingKey::from_bytes(key) {
            Ok(key) if !key.is_weak() => {
                self.keys.push((publisher.into(), key));
                true
            }
            _ => false,
        }
    }

    /// Refuses bundles of `pack` that are older than `version`: what a host remembers over a restart.
    pub fn at_least(&mut self, pack: &str, version: Version) {
        let known = self.newest.iter_mut().find(|newest| newest.pack == pack);
        match known {
            Some(newest) if newest.version >= version => {}
            Some(newest) => {
                newest.version = version;
                newest.sha256 = None;
            }
            None => self.newest.push(Newest {
                pack: pack.into(),
                version,
                sha256: None,
            }),
        }
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Trusts whom `others` trust, and no longer whom it trusted; keeps the newest versions of both.
    pub fn replace(&mut self, others: Self) {
        self.keys = others.keys;
        for newest in others.newest {
            self.at_least(&newest.pack, newest.version);
        }
    }

    /// Loads a bundle if one of its signatures is by a publisher that is trusted and if it isn't
    /// older than the newest of its pack, which it is from now on.
    ///
    /// # Errors
    /// `Unsigned`, `PublisherUnknown`, `SignatureMismatch`, `Older`, `VersionReused`, and those of
    /// [`Bundle::load_unsigned`].
    pub fn load(&mut self, bytes: &[u8]) -> Result<Bundle, BundleError> {
        let frame = Frame::read(bytes)?;
        self.check_signature(&frame)?;
        let bundle = Bundle::from_frame(&frame)?;
        self.at_least(bundle.name(), bundle.version());
        let mut newest = self.newest.iter_mut();
        if let Some(newest) = newest.find(|newest| newest.pack == bundle.name()) {
            if bundle.version() < newest.version {
                return Err(BundleError::Older);
            }
            let sha256 = newest.sha256.get_or_insert(*bundle.sha256());
            if sha256 != bundle.sha256() {
                return Err(BundleError::VersionReused);
            }
        }
        Ok(bundle)
    }

    fn check_signature(&self, frame: &Frame<'_>) -> Result<(), BundleError> {
        let message = signed_message(&frame.sha256);
        let mut error = BundleError::Unsigned;
        for block in frame.blocks() {
            let (publisher, signature) = block?;
            let signature = Signature::from_bytes(signature);
            let mut keys = self.keys.iter().filter(|(name, _)| name == publisher);
            if keys.clone().next().is_some() {
                error = BundleError::SignatureMismatch;
            } else if error == BundleError::Unsigned {
                error = BundleError::PublisherUnknown;
            }
            if keys.any(|(_, key)| key.verify_strict(&message, &signature).is_ok()) {
                return Ok(());
            }
        }
        Err(error)
    }
}
