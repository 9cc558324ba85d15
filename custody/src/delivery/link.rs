//! Links that burn on reading.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::UnixSeconds;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::DeliveryError;
use crate::custodian::Custodian;
use crate::entropy;
use crate::generate::{Shown, random_keyid};
use crate::vault::cipher;
use crate::{Batch, Secret, Space};

/// The longest that a link waits, in seconds.
const LONGEST: u64 = 7 * 24 * 60 * 60;

/// What is kept of a link.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiting {
    version: u32,
    expires_at: u64,
    /// In base64url.
    sealed: String,
}

/// The text of a link, `<id>.<key>`: to be put behind the `#` of a URL, which browsers don't send.
pub struct Link(Zeroizing<String>);

impl Link {
    /// The text. It is wiped when dropped.
    #[must_use]
    pub fn reveal(self) -> Zeroizing<String> {
        self.0
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link(..)")
    }
}

impl Custodian {
    /// Puts what would be shown behind a link, for `seconds`: `link.made`.
    ///
    /// # Errors
    /// `link_too_long`, `entropy_unavailable`, and those of the store and of the audit log.
    pub fn make_link(
        &self,
        shown: Shown,
        actor: &str,
        seconds: u64,
        now: UnixSeconds,
    ) -> Result<Link, DeliveryError> {
        if seconds == 0 || seconds > LONGEST {
            return Err(DeliveryError::TooLong);
        }
        let id = random_keyid()?;
        let key = entropy::random_secret(32)?;
        let place = self.place(&format!("link/{id}"));
        let text = shown.reveal();
        let sealed = cipher::encrypt(&key, &place, text.as_bytes())?;
        let waiting = Waiting {
            version: 1,
            expires_at: now.get().saturating_add(seconds),
            sealed: URL_SAFE_NO_PAD.encode(sealed),
        };
        let waiting = serde_json::to_vec(&waiting).map_err(|_| DeliveryError::Malformed)?;
        self.commit_delivery(&self.delivery("link.made", actor, now), |batch| {
            batch.expect(Space::Deliveries, &place, None);
            batch.put(Space::Deliveries, &place, waiting);
        })?;
        let key = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.reveal()));
        Ok(Link(Zeroizing::new(format!("{id}.{}", key.as_str()))))
    }

    /// Takes what is behind a link, and burns it: `link.read`. Of two that read at once one gets it.
    ///
    /// # Errors
    /// `link_malformed`; `link_gone`; those of the store and of the audit log: then it is still there.
    pub fn read_link(&self, link: &str, now: UnixSeconds) -> Result<Shown, DeliveryError> {
        let (id, key) = link.split_once('.').ok_or(DeliveryError::Malformed)?;
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if id.len() != 16 || !id.bytes().all(good) || key.len() != 43 {
            return Err(DeliveryError::Malformed);
        }
        let key = URL_SAFE_NO_PAD.decode(key).map(Secret::new);
        let key = key.map_err(|_| DeliveryError::Malformed)?;
        let place = self.place(&format!("link/{id}"));
        let bytes = self.store.get(Space::Deliveries, &place)?;
        let bytes = bytes.ok_or(DeliveryError::Gone)?;
        let waiting: Waiting = serde_json::from_slice(&bytes).map_err(|_| DeliveryError::Gone)?;
        let sealed = URL_SAFE_NO_PAD.decode(&waiting.sealed);
        let sealed = sealed.map_err(|_| DeliveryError::Gone)?;
        let burn = |batch: &mut Batch| {
            batch.expect(Space::Deliveries, &place, Some(&bytes));
            batch.delete(Space::Deliveries, &place);
        };
        if waiting.version != 1 || now.get() >= waiting.expires_at {
            self.commit_delivery(&self.delivery("link.expired", "anybody", now), burn)?;
            return Err(DeliveryError::Gone);
        }
        // A wrong key burns nothing: else whoever guesses ids could.
        let text = cipher::decrypt(&key, &place, &sealed)?.ok_or(DeliveryError::Gone)?;
        let text = std::str::from_utf8(text.reveal()).map_err(|_| DeliveryError::Gone)?;
        let text = Zeroizing::new(text.to_owned());
        self.commit_delivery(&self.delivery("link.read", "anybody", now), burn)?;
        Ok(Shown::new(text))
    }
}
