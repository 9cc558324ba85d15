//! What a vendor hands to its customer.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::Scheme;
use super::mac::{Key, SchemeAlgorithm, SecretForm};
use super::row::Row;
use super::sigv4::{Scope, scope_of};
use super::time::TimeForm;
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
    kept: Option<Kept>,
}

/// A key, and what it is for.
#[derive(Clone)]
struct Kept {
    algorithm: SchemeAlgorithm,
    form: SecretForm,
    /// Days since 1970, and what the key of the day is for; without a day the text is empty.
    day: Option<u64>,
    scope: String,
    key: Key,
}

const DAY_MS: u64 = 86_400_000;

impl Credentials {
    /// An id (empty where the scheme has none) and a secret.
    #[must_use]
    pub fn new(keyid: &str, secret: impl Into<Vec<u8>>) -> Self {
        Credentials {
            keyid: keyid.into(),
            secret: Zeroizing::new(secret.into()),
            passphrase: Zeroizing::default(),
            options: Vec::new(),
            kept: None,
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
        self.kept = None;
        self.options.retain(|(known, _)| known != name);
        self.options
            .push((name.into(), Zeroizing::new(value.into())));
        self
    }

    /// Makes the key that the scheme signs with, and keeps it until another scheme needs another: for AWS
    /// Signature Version 4 that of the day. Signing and verifying then do without; what they give is the same.
    ///
    /// ```
    /// use countersign_core::scheme::{Credentials, Scheme};
    /// let mut credentials = Credentials::new("", "whsec_secret");
    /// credentials.prepare(&Scheme::named("stripe")?, 1_700_000_000_000);
    /// # Ok::<(), countersign_core::Refusal>(())
    /// ```
    pub fn prepare(&mut self, scheme: &Scheme, now_ms: u64) {
        let row = &scheme.row;
        let day = row.is_aws().then_some(now_ms / DAY_MS);
        let is_it = |kept: &Kept| kept.is_of(row) && kept.day == day;
        if !self.kept.as_ref().is_some_and(is_it) {
            // What is wrong with the secret is for signing to say.
            self.kept = self.make(row, day).ok();
        }
    }

    fn make(&self, row: &Row, day: Option<u64>) -> Result<Kept, Refusal> {
        let (scope, key) = match day {
            Some(day) => {
                let date = TimeForm::Basic.write(day.saturating_mul(DAY_MS));
                let scope = scope_of(self, &date)?;
                (scope.text(), scope.key(self)?.into_owned())
            }
            None => (
                String::new(),
                Key::new(row.algorithm, row.secret, &self.secret)?,
            ),
        };
        Ok(Kept {
            algorithm: row.algorithm,
            form: row.secret,
            day,
            scope,
            key,
        })
    }

    /// The key of a scheme that isn't AWS's.
    pub(super) fn key(&self, row: &Row) -> Result<Cow<'_, Key>, Refusal> {
        match &self.kept {
            Some(kept) if kept.is_of(row) && kept.day.is_none() => Ok(Cow::Borrowed(&kept.key)),
            _ => Key::new(row.algorithm, row.secret, &self.secret).map(Cow::Owned),
        }
    }

    /// The key of AWS's scheme that is for this scope, if it is kept.
    pub(super) fn key_of_day(&self, scope: &Scope<'_>) -> Option<&Key> {
        let kept = self.kept.as_ref()?;
        (kept.day.is_some() && kept.scope == scope.text()).then_some(&kept.key)
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

impl Kept {
    fn is_of(&self, row: &Row) -> bool {
        self.algorithm == row.algorithm && self.form == row.secret
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}
