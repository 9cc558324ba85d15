//! What a snapshot says of itself in the clear.

use alloc::string::String;

use super::envelope::Envelope;
use crate::instant::UnixSeconds;
use crate::key::Environment;
use crate::refusal::{Code, Refusal};

/// What a snapshot says of itself in the clear. Nothing of it is believed before its signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The environment of its keys.
    pub environment: Environment,
    /// The region that its keys are derived for.
    pub region: String,
    /// Whom it is sealed for.
    pub reader: String,
    /// Who signed it.
    pub publisher: String,
    /// Its version.
    pub version: u64,
    /// The version that it is a delta of; none if it is whole.
    pub base: Option<u64>,
    /// When it was made.
    pub made_at: UnixSeconds,
    /// Until when it is good.
    pub not_after: UnixSeconds,
}

impl Description {
    /// Reads it; opens nothing and checks no signature.
    ///
    /// # Errors
    /// `snapshot_malformed`.
    pub fn read(snapshot: &[u8]) -> Result<Self, Refusal> {
        let envelope = Envelope::read(snapshot).ok_or(Code::SnapshotMalformed)?;
        let header = envelope.header;
        Ok(Description {
            environment: header.environment,
            region: header.region.into(),
            reader: header.reader.into(),
            publisher: header.publisher.into(),
            version: header.version,
            base: header.is_delta.then_some(header.base),
            made_at: header.made_at,
            not_after: header.not_after,
        })
    }
}
