//! Handles: numbers that stand for what the module keeps between calls.

use alloc::boxed::Box;
#[cfg(feature = "provider")]
use alloc::sync::Arc;
use alloc::vec::Vec;
#[cfg(feature = "provider")]
use core::convert::identity;

#[cfg(feature = "provider")]
use countersign_core::policy::{Bundle, Evaluator, LinkedQuery};
#[cfg(feature = "schemes")]
use countersign_core::scheme::{Credentials, Scheme};
#[cfg(feature = "provider")]
use countersign_core::{Authentic, KeyRing, Profile, Publishers, ReplayCache, Verified};
use countersign_core::{Code, ContentDigest, Refusal, SigningKey};

const MAX_LIVE: usize = 1 << 16;

/// What a handle can stand for, behind a pointer: to move an object within one of many sizes would move what lay in
/// the bytes that it doesn't fill, such as a secret of the verb that made it.
#[derive(Debug)]
pub enum Object {
    /// A key that signs.
    Key(Box<SigningKey>),
    /// A verifier's keys.
    #[cfg(feature = "provider")]
    Ring(Box<KeyRing>),
    /// A verifier's profile.
    #[cfg(feature = "provider")]
    Profile(Box<Profile>),
    /// A policy bundle.
    #[cfg(feature = "provider")]
    Bundle(Arc<Bundle>),
    /// Entities linked to a bundle, and what answers queries about them.
    #[cfg(feature = "provider")]
    Entities(Box<Decider>),
    /// A replay cache.
    #[cfg(feature = "provider")]
    Replay(Box<ReplayCache>),
    /// A digest in the making.
    Digest(Box<ContentDigest>),
    /// A request whose token is to be spent.
    #[cfg(feature = "provider")]
    Authentic(Box<Authentic>),
    /// A request whose token was spent.
    #[cfg(feature = "provider")]
    Verified(Box<Verified>),
    /// A vendor's way of signing.
    #[cfg(feature = "schemes")]
    Scheme(Box<Scheme>),
    /// What a vendor gave to its customer.
    #[cfg(feature = "schemes")]
    Credentials(Box<Credentials>),
}

/// A query to a store of entities, and the evaluator that answers it; both keep their memory.
#[cfg(feature = "provider")]
#[derive(Debug)]
pub struct Decider {
    /// The query.
    pub query: LinkedQuery,
    /// The evaluator.
    pub evaluator: Evaluator,
}

/// Takes an object out as one kind.
pub trait Kind: Sized {
    /// The object, if it is of this kind.
    fn from_object(object: Object) -> Option<Self>;
    /// Borrowed, if it is of this kind.
    fn of(object: &mut Object) -> Option<&mut Self>;
    /// Shared, if it is of this kind.
    fn shared(object: &Object) -> Option<&Self>;
    /// As an object.
    fn into_object(self) -> Object;
}

macro_rules! kinds {
    ($unwrap:expr, $wrap:expr; $($(#[$when:meta])? $variant:ident($kind:ty),)*) => {$(
        $(#[$when])?
        impl Kind for $kind {
            fn from_object(object: Object) -> Option<Self> {
                match object { Object::$variant(inner) => Some($unwrap(inner)), _ => None }
            }
            fn of(object: &mut Object) -> Option<&mut Self> {
                match object { Object::$variant(inner) => Some(inner), _ => None }
            }
            fn shared(object: &Object) -> Option<&Self> {
                match object { Object::$variant(inner) => Some(inner), _ => None }
            }
            fn into_object(self) -> Object {
                Object::$variant($wrap(self))
            }
        }
    )*};
}

kinds! {
    |inner: Box<_>| *inner, Box::new;
    Key(SigningKey),
    #[cfg(feature = "provider")]
    Ring(KeyRing),
    #[cfg(feature = "provider")]
    Profile(Profile),
    #[cfg(feature = "provider")]
    Replay(ReplayCache),
    Digest(ContentDigest),
    #[cfg(feature = "provider")]
    Authentic(Authentic),
    #[cfg(feature = "provider")]
    Verified(Verified),
    #[cfg(feature = "schemes")]
    Scheme(Scheme),
    #[cfg(feature = "schemes")]
    Credentials(Credentials),
}

// These are pointers already.
#[cfg(feature = "provider")]
kinds! {
    identity, identity;
    Bundle(Arc<Bundle>),
    Entities(Box<Decider>),
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    object: Option<Object>,
}

/// Every live object, by handle.
///
/// A handle is `generation << 20 | index`, below 2^52 so that JavaScript holds it exactly. A slot's
/// generation grows with each object that it held, so that a used or foreign handle finds nothing.
#[derive(Debug, Default)]
pub struct Handles {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Who may publish bundles, once that is pinned.
    #[cfg(feature = "provider")]
    pub publishers: Option<Publishers>,
}

impl Handles {
    /// Keeps an object.
    ///
    /// # Errors
    /// `handles_exhausted` when 65,536 are live.
    pub fn insert(&mut self, object: impl Kind) -> Result<u64, Refusal> {
        let object = object.into_object();
        if let Some(index) = self.free.pop()
            && let Some(slot) = slot_at(&mut self.slots, index)
        {
            slot.object = Some(object);
            return Ok(handle(slot.generation, index));
        }
        let index = u32::try_from(self.slots.len()).map_err(|_| Code::HandlesExhausted)?;
        if self.slots.len() >= MAX_LIVE {
            return Err(Code::HandlesExhausted.into());
        }
        self.slots.push(Slot {
            generation: 1,
            object: Some(object),
        });
        Ok(handle(1, index))
    }

    /// Borrows the object behind a handle.
    ///
    /// # Errors
    /// `handle_unknown`.
    pub fn get<K: Kind>(&mut self, handle: u64) -> Result<&mut K, Refusal> {
        self.live(handle)
            .and_then(|slot| slot.object.as_mut())
            .and_then(K::of)
            .ok_or_else(unknown)
    }

    /// Shares the object behind a handle.
    ///
    /// # Errors
    /// `handle_unknown`.
    pub fn share<K: Kind>(&self, handle: u64) -> Result<&K, Refusal> {
        let slot = usize::try_from(index_of(handle)).ok();
        slot.and_then(|index| self.slots.get(index))
            .filter(|slot| u64::from(slot.generation) == handle >> INDEX_BITS)
            .and_then(|slot| slot.object.as_ref())
            .and_then(K::shared)
            .ok_or_else(unknown)
    }

    /// Borrows two objects of different kinds.
    ///
    /// # Errors
    /// `handle_unknown`.
    pub fn pair<A: Kind, B: Kind>(&mut self, a: u64, b: u64) -> Result<(&mut A, &mut B), Refusal> {
        let (at_a, at_b) = (self.position(a)?, self.position(b)?);
        let [a, b] = self
            .slots
            .get_disjoint_mut([at_a, at_b])
            .map_err(|_| unknown())?;
        let a = a.object.as_mut().and_then(A::of).ok_or_else(unknown)?;
        let b = b.object.as_mut().and_then(B::of).ok_or_else(unknown)?;
        Ok((a, b))
    }

    /// Takes the object out; the handle is used then. One of another kind stays where it is.
    ///
    /// # Errors
    /// `handle_unknown`.
    pub fn take<K: Kind>(&mut self, handle: u64) -> Result<K, Refusal> {
        self.get::<K>(handle)?;
        self.remove(handle)
            .and_then(K::from_object)
            .ok_or_else(unknown)
    }

    /// Drops the object behind a handle.
    ///
    /// # Errors
    /// `handle_unknown`.
    pub fn close(&mut self, handle: u64) -> Result<(), Refusal> {
        self.remove(handle).map(drop).ok_or_else(unknown)
    }

    fn remove(&mut self, handle: u64) -> Option<Object> {
        let slot = self.live(handle)?;
        let object = slot.object.take()?;
        // A slot whose generations are used up is never given out again.
        if let Some(next) = slot.generation.checked_add(1) {
            slot.generation = next;
            self.free.push(index_of(handle));
        }
        Some(object)
    }

    fn live(&mut self, handle: u64) -> Option<&mut Slot> {
        let slot = slot_at(&mut self.slots, index_of(handle))?;
        (u64::from(slot.generation) == handle >> INDEX_BITS).then_some(slot)
    }

    fn position(&mut self, handle: u64) -> Result<usize, Refusal> {
        self.live(handle).ok_or_else(unknown)?;
        usize::try_from(index_of(handle)).map_err(|_| unknown())
    }
}

const INDEX_BITS: u32 = 20;

fn handle(generation: u32, index: u32) -> u64 {
    u64::from(generation) << INDEX_BITS | u64::from(index)
}

fn index_of(handle: u64) -> u32 {
    u32::try_from(handle & ((1 << INDEX_BITS) - 1)).unwrap_or(u32::MAX)
}

fn slot_at(slots: &mut [Slot], index: u32) -> Option<&mut Slot> {
    slots.get_mut(usize::try_from(index).ok()?)
}

fn unknown() -> Refusal {
    Code::HandleUnknown.into()
}
