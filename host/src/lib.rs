//! Countersign on wasmtime: the same module that runs in browsers and at the edge, for a Rust host.
//!
//! ```text
//! Module      compiled once a process, from ahead-of-time code after the first start
//!   Instance  one thread's worth of module: its memory, its handles; made in microseconds
//!     handles keys, keyrings, profiles, bundles, replay caches, requests on their way
//! ```
//!
//! ```
//! use countersign::{Body, Module, Request, Scheme, Signing};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let module = Module::embedded()?;
//! let mut instance = module.instantiate()?;
//! let now = 1_800_000_000;
//!
//! let token = countersign::generate_token(&mut instance, "live", "k7")?;
//! let key = instance.key_from_token(&token)?;
//! let request = Request::new("GET", "/v1/markets/BTC-USD", b"Host: api.example.com\r\n");
//! let signed = instance.sign(&key, &request, &Signing { nonce: "n-1", ..Signing::at(now) })?;
//!
//! let headers = format!("Host: api.example.com\r\n{}", signed.header_lines());
//! let received = Request { headers: headers.as_bytes(), ..request };
//! let ring = instance.keyring(&format!(r#"{{"keys": [{{"token": "{}"}}]}}"#, *token))?;
//! let profile = instance.profile(r#"{"environment": "live"}"#)?;
//! let replay = instance.replay(1024)?;
//! let authentic = instance.verify(&ring, &profile, now, &received)?;
//! let verified = instance.spend(authentic, &replay, now)?;
//! assert_eq!(verified.keyid(), "k7");
//! # Ok(())
//! # }
//! ```

#[cfg(unix)]
mod cache;
pub mod diagnose;
mod error;
mod frame;
mod instance;
mod module;
mod pairs;
mod query;
mod request;
mod states;
mod verbs;
mod watched;

pub use countersign_core::{Body, BodyDigest, DigestAlgorithm, Scheme, Spend};
pub use error::{Error, Refused};
pub use instance::Instance;
pub use module::{Limits, Module};
pub use query::Query;
pub use request::{Inspection, Request, Response, Signed, Signing};
pub use states::{
    Authentic, AuthenticResponse, BundleHandle, Decision, Digest, EntitiesHandle, Key,
    PolicyAnswer, Profile, ReplayCache, Ring, Verified,
};
pub use verbs::generate_token;
pub use watched::{LoadedBundle, Reload, WatchError, WatchedBundle, Watching};
