//! Handles of an instance, one type a kind; the states of a request can't be copied.

use core::num::NonZeroU64;

/// A handle of one instance. Another instance refuses it.
#[derive(Debug)]
pub struct Handle {
    pub(crate) instance: NonZeroU64,
    pub(crate) number: u64,
}

/// What can be closed: every kind of handle.
pub trait Closable {
    /// The handle within.
    fn into_handle(self) -> Handle;
}

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(pub(crate) Handle);

        impl Closable for $name {
            fn into_handle(self) -> Handle {
                self.0
            }
        }
    )*};
}

handles! {
    /// A key that signs.
    Key
    /// A verifier's keys.
    Ring
    /// What a verifier demands.
    Profile
    /// A policy bundle.
    BundleHandle
    /// Entities, linked to a bundle.
    EntitiesHandle
    /// A replay cache in the module's memory.
    ReplayCache
    /// A digest in the making.
    Digest
}

/// What policy alone said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyAnswer {
    /// A policy permits it and none forbids it.
    pub is_allowed: bool,
    /// The ids of the determining policies.
    pub reasons: Vec<String>,
    /// The ids of the policies that erred, which were skipped.
    pub errors: Vec<String>,
}

/// An authentic request, whose replay token must be spent before policy sees it.
#[derive(Debug)]
pub struct Authentic {
    pub(crate) handle: Handle,
    pub(crate) keyid: String,
    pub(crate) token: [u8; 16],
    pub(crate) keep_until: u64,
}

impl Authentic {
    /// The key that signed.
    #[must_use]
    pub fn keyid(&self) -> &str {
        &self.keyid
    }

    /// What names this use of the signature in a replay store.
    #[must_use]
    pub fn token(&self) -> &[u8; 16] {
        &self.token
    }

    /// The last second, since 1970, until which a replay store must keep the token.
    #[must_use]
    pub fn keep_until(&self) -> u64 {
        self.keep_until
    }
}

/// A request that is authentic and new: only this can be asked about.
#[derive(Debug)]
pub struct Verified {
    pub(crate) handle: Handle,
    pub(crate) keyid: String,
}

impl Verified {
    /// The key that signed.
    #[must_use]
    pub fn keyid(&self) -> &str {
        &self.keyid
    }
}

/// A response that its signature vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticResponse {
    /// The key that signed.
    pub keyid: String,
    /// What proves to anybody who answered so, as JSON; none where the key is a shared secret.
    pub evidence: Option<String>,
}

impl Closable for Authentic {
    fn into_handle(self) -> Handle {
        self.handle
    }
}

impl Closable for Verified {
    fn into_handle(self) -> Handle {
        self.handle
    }
}

/// What policy said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// `allow`, `deny` or `step-up`.
    pub effect: String,
    /// `allowed`, or the code of the refusal.
    pub code: String,
    /// The id of the action; empty without a route.
    pub action: String,
    /// The entity type of the resource.
    pub resource_type: String,
    /// The id of the resource.
    pub resource_id: String,
    /// The ids of the determining policies.
    pub reasons: Vec<String>,
    /// The ids of the policies that erred and were skipped.
    pub errors: Vec<String>,
    /// What the determining policies say of themselves.
    pub explanations: Vec<String>,
    /// The record for the audit log, one line of JSON.
    pub record: String,
    /// The problem details for a stranger, unless it is allowed.
    pub problem: Option<String>,
}

impl Decision {
    /// Whether the request may go through as it is.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.effect == "allow"
    }
}
