//! Writing a dump.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::{DumpError, END, ENTRY, HEADER, Sum};
use crate::store::{Space, Store};

/// Writes every entry of the store, as of one moment, whatever is committed meanwhile.
///
/// ```
/// use countersign_custody::store::{RedbStore, export, import};
/// # fn main() -> Result<(), countersign_custody::store::DumpError> {
/// let (store, other) = (RedbStore::in_memory()?, RedbStore::in_memory()?);
/// let mut dump = Vec::new();
/// let sum = export(&store, &mut dump)?;
/// assert_eq!(import(std::io::Cursor::new(dump), &other)?, sum);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// A [`DumpError`]: what was written until then is no dump.
pub fn export(store: &dyn Store, writer: impl Write) -> Result<Sum, DumpError> {
    let mut writer = Summing {
        writer,
        hash: Sha256::new(),
    };
    writer.write(HEADER)?;
    let mut entries = 0;
    let mut result = Ok(());
    store.walk(&mut |space, key, value| {
        if space == Space::Format {
            return true;
        }
        entries += 1;
        result = writer.entry(space, key, value);
        result.is_ok()
    })?;
    result?;
    writer.write(&[END])?;
    writer.write(&u64::to_be_bytes(entries))?;
    let sha256: [u8; 32] = writer.hash.finalize().into();
    writer.writer.write_all(&sha256)?;
    writer.writer.flush()?;
    Ok(Sum { entries, sha256 })
}

struct Summing<W> {
    writer: W,
    hash: Sha256,
}

impl<W: Write> Summing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.writer.write_all(bytes)
    }

    fn entry(&mut self, space: Space, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.write(&[ENTRY, space as u8])?;
        self.write(&length(key)?)?;
        self.write(&length(value)?)?;
        self.write(key)?;
        self.write(value)
    }
}

fn length(bytes: &[u8]) -> io::Result<[u8; 4]> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    Ok(length.to_be_bytes())
}
