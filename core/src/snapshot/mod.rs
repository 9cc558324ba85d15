//! Keyring snapshots: what an edge needs of a keyring for a day, from a publisher to one reader.
//!
//! A snapshot holds no secret of a client, only those derived from it for one environment, region and day
//! (see [`Scope`](crate::Scope)), and public halves. It is sealed for its reader and signed by its
//! publisher, has a version that only grows, and an end. A delta holds what changed since a version.
//!
//! ```
//! use countersign_core::snapshot::{Material, Publication, SnapshotKey, Trust, write};
//! use countersign_core::{Environment, KeyRing, SharedSecret, SigningKey, UnixSeconds};
//! # fn main() -> Result<(), countersign_core::Refusal> {
//! let now = UnixSeconds::new(1_795_600_000);
//! let publisher = SigningKey::ed25519("acme", &[3; 32])?;
//! let secret = SharedSecret::new(vec![7; 32])?;
//! let keys = [SnapshotKey::new("k7", Material::Secret(&secret))?];
//! let publication = Publication::new(Environment::Live, "eu-west", 1, now, now.after(std::time::Duration::from_secs(600)))?;
//! let bytes = write(&publication, &keys, None)?.seal("edge-1", &[9; 32], &[5; 32], &publisher)?;
//!
//! let trust = Trust::new(Environment::Live, "eu-west", "edge-1", &[9; 32])?
//!     .publisher("acme", &publisher.verifying_key().unwrap().to_bytes().try_into().unwrap())?;
//! let mut ring = KeyRing::edge(trust);
//! ring.load(&bytes, now)?;
//! assert_eq!(ring.len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! `docs/snapshots.md` has the format, and what it keeps from whom.

mod content;
mod description;
mod edge;
mod envelope;
mod publish;

pub use description::Description;
pub(crate) use edge::Edge;
pub use edge::Trust;
pub use publish::{Material, Publication, Snapshot, SnapshotKey, Writer, write};
