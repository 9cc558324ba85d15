//! The last two states before policy: an authentic request, and one whose replay token was spent.

use alloc::string::String;
use alloc::sync::Arc;

use crate::credential::Credential;
use crate::evidence::Evidence;
use crate::instant::UnixSeconds;
use crate::keyring::KeyRecord;
use crate::refusal::{Code, Refusal};
use crate::replay::{ReplayStore, ReplayToken, Spend};
use crate::signature_value::SignatureValue;
use crate::verifying_key::VerifyingKey;

/// A request whose signature, times and body were right. It may still be a replay: its token must
/// be spent before policy sees it.
#[derive(Debug)]
pub struct Authentic {
    facts: Facts,
    token: ReplayToken,
}

/// What is known of the request once it is authentic.
#[derive(Debug)]
struct Facts {
    key: Arc<KeyRecord>,
    /// The signature base, then the method, then the path: one allocation.
    texts: String,
    base_length: usize,
    method_length: usize,
    at: UnixSeconds,
    value: SignatureValue,
}

impl Facts {
    fn text(&self, from: usize, to: usize) -> &str {
        self.texts.get(from..to).unwrap_or("")
    }

    fn evidence(&self) -> Option<Evidence> {
        let Credential::Public(key) = &self.key.credential else {
            return None;
        };
        Some(Evidence::new(
            &self.key.id,
            VerifyingKey::clone(key),
            self.text(0, self.base_length),
            self.value.as_bytes(),
        ))
    }
}

impl Authentic {
    pub(crate) fn new(
        key: Arc<KeyRecord>,
        method: &str,
        path: &str,
        at: UnixSeconds,
        token: ReplayToken,
        base: String,
        value: SignatureValue,
    ) -> Self {
        let mut texts = base;
        let base_length = texts.len();
        texts.push_str(method);
        texts.push_str(path);
        Authentic {
            facts: Facts {
                key,
                texts,
                base_length,
                method_length: method.len(),
                at,
                value,
            },
            token,
        }
    }

    /// The key that signed.
    #[must_use]
    pub fn keyid(&self) -> &str {
        self.facts.key.id.as_str()
    }

    /// What proves to anybody that the owner of the key signed; none where the key is a shared
    /// secret, by which the verifier could have signed itself.
    #[must_use]
    pub fn evidence(&self) -> Option<Evidence> {
        self.facts.evidence()
    }

    /// What must be spent.
    #[must_use]
    pub fn replay_token(&self) -> &ReplayToken {
        &self.token
    }

    /// Spends the token in a store.
    ///
    /// # Errors
    /// `replayed`, `replay_cache_full`, `replay_store_unavailable`.
    pub fn spend(
        self,
        store: &mut impl ReplayStore,
        now: UnixSeconds,
    ) -> Result<Verified, Refusal> {
        let answer = store.spend(&self.token, now);
        self.spent(answer)
    }

    /// Goes on with the answer of a store that was asked elsewhere, such as one across a network.
    ///
    /// # Errors
    /// `replayed`, `replay_cache_full`, `replay_store_unavailable`.
    pub fn spent(self, answer: Spend) -> Result<Verified, Refusal> {
        match answer {
            Spend::Fresh => Ok(Verified { facts: self.facts }),
            Spend::Replayed => Err(Code::Replayed.into()),
            Spend::Full => Err(Code::ReplayCacheFull.into()),
            Spend::Unavailable => Err(Code::ReplayStoreUnavailable.into()),
        }
    }
}

/// A request that is authentic and new. Only this can be asked about.
///
/// It can't be made but by spending an [`Authentic`] request's token:
///
/// ```compile_fail
/// # fn f(authentic: countersign_core::Authentic, bundle: &countersign_core::policy::Bundle) {
/// authentic.authorize(bundle, &Default::default());
/// # }
/// ```
#[derive(Debug)]
pub struct Verified {
    facts: Facts,
}

impl Verified {
    /// The key that signed.
    #[must_use]
    pub fn keyid(&self) -> &str {
        self.facts.key.id.as_str()
    }

    /// The method of the request.
    #[must_use]
    pub fn method(&self) -> &str {
        let start = self.facts.base_length;
        self.facts.text(start, start + self.facts.method_length)
    }

    /// The path that was signed, still percent-encoded.
    #[must_use]
    pub fn path(&self) -> &str {
        let start = self.facts.base_length + self.facts.method_length;
        self.facts.text(start, self.facts.texts.len())
    }

    /// When it was authenticated.
    #[must_use]
    pub fn at(&self) -> UnixSeconds {
        self.facts.at
    }

    /// What proves to anybody that the owner of the key signed; none where the key is a shared
    /// secret, by which the verifier could have signed itself.
    #[must_use]
    pub fn evidence(&self) -> Option<Evidence> {
        self.facts.evidence()
    }

    pub(crate) fn key(&self) -> &KeyRecord {
        &self.facts.key
    }
}
