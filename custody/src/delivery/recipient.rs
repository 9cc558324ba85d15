//! Secrets sealed for their recipient: an `age` file (age-encryption.org/v1).

use std::fmt;
use std::str::FromStr;

use age::x25519;
use countersign_core::{KeyId, UnixSeconds};

use super::DeliveryError;
use crate::audit::Public;
use crate::custodian::Custodian;
use crate::generate::Shown;

/// Who alone can open what is sealed for them: an X25519 public key of `age`, `age1...` in Bech32.
///
/// ```
/// use countersign_custody::delivery::Recipient;
///
/// let text = "age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z";
/// assert_eq!(text.parse::<Recipient>()?.to_string(), text);
/// // A letter of it mistyped, which its checksum finds.
/// assert!(text.replace("lvy", "1vy").parse::<Recipient>().is_err());
/// # Ok::<(), countersign_custody::delivery::DeliveryError>(())
/// ```
#[derive(Clone)]
pub struct Recipient(x25519::Recipient);

impl FromStr for Recipient {
    type Err = DeliveryError;

    /// `recipient_malformed`.
    fn from_str(text: &str) -> Result<Self, DeliveryError> {
        let recipient = x25519::Recipient::from_str(text);
        recipient
            .map(Recipient)
            .map_err(|_| DeliveryError::Recipient)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({self})")
    }
}

impl Custodian {
    /// Seals what would be shown of a key for its recipient: an armoured `age` file, which `age --decrypt`
    /// opens with the recipient's identity, and nobody here. Recorded as `secret.sealed`, with the recipient.
    ///
    /// # Errors
    /// `recipient_unsealed`, and those of the store and of the audit log.
    pub fn seal_for(
        &self,
        recipient: &Recipient,
        keyid: &KeyId,
        shown: Shown,
        actor: &str,
        now: UnixSeconds,
    ) -> Result<String, DeliveryError> {
        let sealed = age::encrypt_and_armor(&recipient.0, shown.reveal().as_bytes());
        let sealed = sealed.map_err(|error| DeliveryError::Unsealed(error.to_string()))?;
        let draft = self
            .delivery("secret.sealed", actor, now)
            .key(keyid.clone(), self.environment())
            .detail("recipient", Public::new(&recipient.to_string())?);
        self.commit_delivery(&draft, |_| {})?;
        Ok(sealed)
    }
}
