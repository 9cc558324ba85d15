//! The keyring of an edge: snapshots fill it.

use countersign_core::snapshot::Trust;
use countersign_core::{KeyRing, Refusal, UnixSeconds};

use crate::frame::Reply;
use crate::handles::Handles;

/// Opens the keyring of an edge, which snapshots fill, from the JSON of whom it trusts. Found: handle.
///
/// # Errors
/// Those of [`Trust::from_json`].
pub fn edge_open(handles: &mut Handles, reply: &mut Reply, json: &str) -> Result<(), Refusal> {
    let ring = KeyRing::edge(Trust::from_json(json)?);
    reply.number(handles.insert(ring)?);
    Ok(())
}

/// Loads a snapshot, or a delta, into the keyring of an edge. Found: its version, number of keys.
///
/// # Errors
/// `handle_unknown`, and those of [`KeyRing::load`]; then the keyring is as it was.
pub fn snapshot_load(
    handles: &mut Handles,
    reply: &mut Reply,
    ring: u64,
    now: u64,
    snapshot: &[u8],
) -> Result<(), Refusal> {
    let ring = handles.get::<KeyRing>(ring)?;
    ring.load(snapshot, UnixSeconds::new(now))?;
    reply.number(ring.version());
    reply.number(u64::try_from(ring.len()).unwrap_or(u64::MAX));
    Ok(())
}
