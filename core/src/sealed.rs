//! Secrets that stay sealed until their keys are first used.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use once_cell::race::OnceBox;

use crate::key::KeyId;
use crate::secret::{KeyedMac, SharedSecret};

/// A shared secret that is unsealed when its key is first used: see [`KeyRecord::sealed`](crate::KeyRecord::sealed).
pub trait SealedSecret: fmt::Debug + Send + Sync {
    /// The secret of the key; none if it can't be unsealed, for then the key is refused as `key_damaged`. Threads that use a key for
    /// the first time at once may each ask.
    fn unseal(&self, keyid: &KeyId) -> Option<SharedSecret>;
}

/// A secret that is sealed, or was.
pub(crate) struct Sealed {
    /// What is derived of the secret, once it was used.
    mac: OnceBox<KeyedMac>,
    secret: Arc<dyn SealedSecret>,
}

impl Sealed {
    pub(crate) fn new(secret: Arc<dyn SealedSecret>) -> Self {
        Sealed {
            mac: OnceBox::new(),
            secret,
        }
    }

    /// The secret's MAC; none if it doesn't open.
    pub(crate) fn unseal(&self, keyid: &KeyId) -> Option<&KeyedMac> {
        let unseal = || {
            let secret = self.secret.unseal(keyid).ok_or(())?;
            KeyedMac::new(&secret).map(Box::new).map_err(drop)
        };
        self.mac.get_or_try_init(unseal).ok()
    }

    /// The same, if it was unsealed before.
    pub(crate) fn unsealed(&self) -> Option<&KeyedMac> {
        self.mac.get()
    }
}

impl Clone for Sealed {
    fn clone(&self) -> Self {
        Sealed::new(Arc::clone(&self.secret))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(..)")
    }
}
