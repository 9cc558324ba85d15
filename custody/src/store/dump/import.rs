//! Reading a dump into a store.

use std::io::{self, Read, Seek};
use std::mem;

use super::read::read;
use super::{DumpError, Sum, export};
use crate::store::format::IMPORT_KEY;
use crate::store::{Batch, Space, Store};

/// How much goes into one batch: entries, and bytes.
const BATCH: (usize, usize) = (2000, 4 << 20);

/// Puts every entry of a dump into an empty store, and compares what it holds then with the dump.
///
/// The dump is read twice: nothing is written before all of it was found whole. A store whose import was
/// broken off is refused when it is opened.
///
/// # Errors
/// A [`DumpError`]; its description says where nothing was written. After another one the store is only
/// good to be thrown away.
pub fn import(mut reader: impl Read + Seek, store: &dyn Store) -> Result<Sum, DumpError> {
    let start = reader.stream_position()?;
    let expected = read(&mut reader, |_, _, _| Ok(()))?;
    reader.seek(io::SeekFrom::Start(start))?;
    for space in Space::ALL.iter().filter(|space| **space != Space::Format) {
        if store.last(*space)?.is_some() {
            return Err(DumpError::NotEmpty);
        }
    }
    let mut batch = Batch::new();
    batch.expect(Space::Format, IMPORT_KEY, None);
    batch.put(Space::Format, IMPORT_KEY, b"unfinished".to_vec());
    store.commit(&batch)?;
    write(reader, store)?;
    let found = export(store, io::sink())?;
    if found != expected {
        return Err(DumpError::Lost { expected, found });
    }
    let mut batch = Batch::new();
    batch.delete(Space::Format, IMPORT_KEY);
    store.commit(&batch)?;
    Ok(found)
}

fn write(reader: impl Read, store: &dyn Store) -> Result<(), DumpError> {
    let mut batch = Batch::new();
    let mut bytes = 0;
    read(reader, |space, key, value| {
        bytes += key.len() + value.len();
        batch.put(space, key, value);
        if batch.changes().len() >= BATCH.0 || bytes >= BATCH.1 {
            bytes = 0;
            store.commit(&mem::take(&mut batch))?;
        }
        Ok(())
    })?;
    store.commit(&batch)?;
    Ok(())
}
