//! What the database's failures mean for who asked.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::Error;

use crate::store::StoreError;

/// Runs `act`. The database may panic where a page isn't as it wrote it: that is damage too.
pub(super) fn guarded<T>(act: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // What is behind the database's own locks stays behind them: it refuses to go on by itself.
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_| {
        let what = "a part of it isn't as it was written".to_owned();
        Err(Error::Corrupted(what))
    })
}

/// The error of the database, as the caller must take it.
pub(super) fn refusal(error: Error) -> StoreError {
    match error {
        Error::DatabaseAlreadyOpen => StoreError::InUse,
        Error::Io(error) => match error.kind() {
            ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::FileTooLarge
            | ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly(error.to_string()),
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                StoreError::Damaged(error.to_string())
            }
            _ => StoreError::Unreachable(error.to_string()),
        },
        Error::Corrupted(what) => StoreError::Damaged(what),
        Error::TableDoesNotExist(_)
        | Error::TableTypeMismatch { .. }
        | Error::TableIsMultimap(_)
        | Error::TypeDefinitionChanged { .. }
        | Error::UpgradeRequired(_)
        | Error::RepairAborted => StoreError::Damaged(error.to_string()),
        other => StoreError::Unreachable(other.to_string()),
    }
}
