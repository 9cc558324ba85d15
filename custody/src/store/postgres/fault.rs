//! What the database's failures mean for who asked.

use std::error::Error as _;

use postgres::Error;
use postgres::error::{DbError, Severity, SqlState};

use crate::store::StoreError;

/// The error as a sentence, with its causes.
pub(super) fn sentence(error: &Error) -> String {
    if let Some(answer) = error.as_db_error() {
        return answer.message().to_owned();
    }
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !sentence.contains(&text) {
            sentence = format!("{sentence}: {text}");
        }
        cause = error.source();
    }
    sentence
}

/// The error of anything but a commit: nothing was changed.
pub(super) fn refusal(error: &Error) -> StoreError {
    let sentence = sentence(error);
    let Some(state) = error.code() else {
        return StoreError::Unreachable(sentence);
    };
    match state {
        &SqlState::READ_ONLY_SQL_TRANSACTION
        | &SqlState::DISK_FULL
        | &SqlState::INSUFFICIENT_PRIVILEGE => StoreError::ReadOnly(sentence),
        &SqlState::DATA_CORRUPTED
        | &SqlState::INDEX_CORRUPTED
        | &SqlState::UNDEFINED_TABLE
        | &SqlState::UNDEFINED_FUNCTION
        | &SqlState::UNDEFINED_COLUMN => StoreError::Damaged(sentence),
        _ => StoreError::Unreachable(sentence),
    }
}

/// The error of a statement that commits. Only a server that goes on afterwards says for sure that it
/// didn't.
pub(super) fn uncertain(error: &Error) -> StoreError {
    let answer = error.as_db_error().and_then(DbError::parsed_severity);
    match answer {
        Some(Severity::Error) => refusal(error),
        _ => StoreError::Unknown(sentence(error)),
    }
}
