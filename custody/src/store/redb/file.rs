//! Making and opening the file.

use std::fs::{File, OpenOptions};
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Builder, Database, Error, ReadOnlyDatabase};
use tempfile::NamedTempFile;

use super::ENTRIES;
use super::fault::{guarded, refusal};
use crate::store::{Space, StoreError, format};

/// Bytes of pages that the process keeps: no more than a processor's own cache holds. The system keeps the file's pages
/// too: to read all of them from there takes less than to fill memory that nobody used yet.
const CACHE: usize = 1 << 20;

/// Makes the file, whole or not at all: a crash leaves none that can't be opened. One that another
/// process made in the meantime is left as it is.
pub(super) fn create(path: &Path) -> Result<(), StoreError> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new("."));
    guarded(|| {
        let staged = NamedTempFile::new_in(folder)?;
        let database = builder().create_with_backend(FileBackend::new(staged.reopen()?)?)?;
        lay_out(&database)?;
        database.close()?;
        staged.as_file().sync_all()?;
        if let Err(error) = staged.persist_noclobber(path)
            && error.error.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(error.error.into());
        }
        sync_folder(folder)
    })
    .map_err(refusal)
}

/// Writes into a new database what makes it a store.
pub(super) fn lay_out(database: &Database) -> Result<(), Error> {
    let transaction = database.begin_write()?;
    let format = format::FORMAT.to_string();
    transaction
        .open_table(ENTRIES)?
        .insert((Space::Format as u8, format::FORMAT_KEY), format.as_bytes())?;
    transaction.commit()?;
    Ok(())
}

/// Opens the file and checks all of it.
pub(super) fn open(path: &Path) -> Result<Database, StoreError> {
    open_by(builder().set_check_integrity_on_open(true), path)
}

/// Opens a file that this process already had checked.
pub(super) fn open_unchecked(path: &Path) -> Result<Database, StoreError> {
    open_by(&builder(), path)
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE);
    builder
}

fn open_by(builder: &Builder, path: &Path) -> Result<Database, StoreError> {
    guarded(|| {
        OpenOptions::new().read(true).write(true).open(path)?;
        Ok(builder.open(path)?)
    })
    .map_err(refusal)
}

/// Opens the file without ever writing to it.
pub(super) fn open_to_read(path: &Path) -> Result<ReadOnlyDatabase, StoreError> {
    guarded(|| Ok(builder().open_read_only(path)?)).map_err(refusal)
}

/// Makes the file's name as durable as its content.
fn sync_folder(folder: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
