//! What may happen to a key, and what it becomes: one state machine, without I/O.
//!
//! ```text
//!             activate                       retires_at, not_after
//!  pending ───────────> active ──> retiring ───────────────────────> expired ──┐
//!     │                 │    ▲ rotate (a successor is active too)              │ destroy
//!     │         suspend ▼    │ resume                                          ▼
//!     │               suspended                                            destroyed
//!     │                 │                                                      ▲
//!     └─────────────────┴──────────────── revoke ──────────> revoked ──────────┘
//! ```
//!
//! A [`KeyLife`] is what is kept; its [`Standing`] at an instant follows from it. Time moves one way: a
//! life remembers the latest instant that it has seen, and an earlier one counts as that.
//!
//! ```
//! use countersign_core::UnixSeconds;
//! use countersign_custody::life::{Act, KeyLife, LifePolicy, Standing, Terms};
//! # fn main() -> Result<(), countersign_custody::life::LifeError> {
//! let (policy, now) = (LifePolicy::default(), UnixSeconds::new(1_800_000_000));
//! let first = KeyLife::issue("k7", &Terms::default(), now, &policy)?;
//! let rotation = first.rotate(None, Some(3600), now, &policy)?;
//! assert_eq!(rotation.successor.keyid(), "k7v2");
//! assert_eq!(rotation.retiring.standing(now), Standing::Retiring);
//! let over = UnixSeconds::new(now.get() + 3600);
//! assert_eq!(rotation.retiring.standing(over), Standing::Expired);
//! let revoked = rotation.successor.act(Act::Revoke, over)?;
//! assert_eq!(revoked.act(Act::Resume, over).unwrap_err().code(), "key_revoked");
//! # Ok(())
//! # }
//! ```

mod act;
mod error;
mod keyid;
mod policy;
mod record;
mod rotate;

pub use act::Act;
pub use error::LifeError;
pub use keyid::successor_id;
pub use policy::{LifePolicy, Terms};
pub use record::{KeyLife, Standing, Status};
pub use rotate::Rotation;
