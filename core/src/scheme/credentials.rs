//! What a vendor hands to its customer.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use crate::refusal::{Code, Refusal};

/// The id, the secret and what else a scheme signs with. Wiped when dropped and absent from `Debug`.
///
/// The secret is given as the vendor shows it; the scheme's row says how it is decoded. Vendors
/// choose secrets of any length, so any that is not empty is accepted here.
#[derive(Clone)]
pub struct Credentials {
    pub(super) keyid: String,
    pub(super) secret: Zeroizing<Vec<u8>>,
    pub(super) passphrase: Zeroizing<String>,
    pub(super) options: Vec<(String, Zeroizing<String>)>,
}

impl Credentials {
    /// An id (empty where the scheme has none) and a secret.
    #[must_use]
    pub fn new(keyid: &str, secret: impl Into<Vec<u8>>) -> Self {
        Credentials {
            keyid: keyid.into(),
            secret: Zeroizing::new(secret.into()),
            passphrase: Zeroizing::default(),
            options: Vec::new(),
        }
    }

    /// The passphrase that goes with the key.
    #[must_use]
    pub fn passphrase(mut self, passphrase: &str) -> Self {
        self.passphrase = Zeroizing::new(passphrase.into());
        self
    }

    /// Sets an option that the scheme's row names, such as `region`, `service` or `recvWindow`.
    #[must_use]
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.options.retain(|(known, _)| known != name);
        self.options
            .push((name.into(), Zeroizing::new(value.into())));
        self
    }

    pub(super) fn get(&self, option: &str) -> Option<&str> {
        let found = self.options.iter().find(|(name, _)| name == option);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Refuses what would end a header line and begin another, or a quoted text within one.
    pub(super) fn check(&self, is_quoted: bool) -> Result<(), Refusal> {
        let texts = [
            ("keyid", self.keyid.as_str()),
            ("passphrase", &self.passphrase),
        ];
        let options = self.options.iter();
        let options = options.map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in texts.into_iter().chain(options) {
            let is_wrong =
                |byte: u8| byte.is_ascii_control() || is_quoted && matches!(byte, b'"' | b'\\');
            if value.bytes().any(is_wrong) {
                return Err(Refusal::named(Code::OptionsMalformed, name));
            }
        }
        Ok(())
    }

    /// The id.
    #[must_use]
    pub fn keyid(&self) -> &str {
        &self.keyid
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}
