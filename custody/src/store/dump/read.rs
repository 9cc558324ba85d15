//! Reading a dump.

use std::io::{ErrorKind, Read};

use sha2::{Digest as _, Sha256};

use super::{DumpError, END, ENTRY, HEADER, Sum};
use crate::store::{KEY_LIMIT, Space, VALUE_LIMIT};

/// What a dump's header begins with, in every version.
const MAGIC: &[u8] = b"countersign dump ";

/// Reads a whole dump, and gives its entries to `each`. They count only if this returns `Ok`.
pub(super) fn read(
    reader: impl Read,
    mut each: impl FnMut(Space, &[u8], Vec<u8>) -> Result<(), DumpError>,
) -> Result<Sum, DumpError> {
    let mut reader = Summing {
        reader,
        hash: Sha256::new(),
    };
    let mut header = [0; HEADER.len()];
    reader.fill(&mut header)?;
    if header != HEADER {
        if header.starts_with(MAGIC) {
            return Err(DumpError::Newer);
        }
        return Err(DumpError::Damaged("it doesn't begin as a dump does"));
    }
    let mut entries = 0_u64;
    let mut before: Option<(Space, Vec<u8>)> = None;
    loop {
        let [tag] = reader.bytes()?;
        if tag == END {
            break;
        }
        let [space] = reader.bytes()?;
        let space = Space::from_number(space).filter(|space| *space != Space::Format);
        let (ENTRY, Some(space)) = (tag, space) else {
            return Err(DumpError::Damaged("it has an entry of no known kind"));
        };
        let lengths = (reader.length(KEY_LIMIT)?, reader.length(VALUE_LIMIT)?);
        let (mut key, mut value) = (vec![0; lengths.0], vec![0; lengths.1]);
        reader.fill(&mut key)?;
        reader.fill(&mut value)?;
        each(space, &key, value)?;
        let entry = Some((space, key));
        if before >= entry {
            return Err(DumpError::Damaged("its entries are out of order"));
        }
        before = entry;
        entries += 1;
    }
    if u64::from_be_bytes(reader.bytes()?) != entries {
        return Err(DumpError::Damaged("entries are missing"));
    }
    let sha256: [u8; 32] = reader.hash.clone().finalize().into();
    if reader.bytes()? != sha256 {
        return Err(DumpError::Damaged("its SHA-256 isn't the one at its end"));
    }
    if reader.reader.read(&mut [0])? != 0 {
        return Err(DumpError::Damaged("something follows its end"));
    }
    Ok(Sum { entries, sha256 })
}

struct Summing<R> {
    reader: R,
    hash: Sha256,
}

impl<R: Read> Summing<R> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), DumpError> {
        self.reader
            .read_exact(bytes)
            .map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => DumpError::Damaged("it was cut off"),
                _ => DumpError::Io(error),
            })?;
        self.hash.update(bytes);
        Ok(())
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], DumpError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn length(&mut self, limit: usize) -> Result<usize, DumpError> {
        let length = u32::from_be_bytes(self.bytes()?);
        usize::try_from(length)
            .ok()
            .filter(|length| *length <= limit)
            .ok_or(DumpError::Damaged("it has an entry that is too large"))
    }
}
