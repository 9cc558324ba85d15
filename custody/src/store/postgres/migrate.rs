//! Making the tables, and bringing older ones forward.

use postgres::{Client, Error};

use super::fault::{refusal, sentence};
use crate::store::{StoreError, format};

/// What makes each version of the tables out of the one before.
const MIGRATIONS: [&str; 2] = [include_str!("1-entries.sql"), include_str!("2-commit.sql")];

/// Held while the tables are changed: two processes that start at once don't meet.
const LOCK: &str = "SELECT pg_catalog.pg_advisory_lock(7165074649429406323)";
const UNLOCK: &str = "SELECT pg_catalog.pg_advisory_unlock(7165074649429406323)";

/// The key of the version of the tables, a decimal number.
const SCHEMA_KEY: &[u8] = b"schema";

/// Brings the database to what this program needs, and sees whether it may be used.
pub(super) fn migrate(client: &mut Client) -> Result<(), StoreError> {
    if version(client)? != MIGRATIONS.len() {
        bring_forward(client)?;
    }
    let mut own = |key: &[u8]| {
        let query = "SELECT value FROM countersign.entries WHERE space = 0 AND key = $1";
        let row = client
            .query_opt(query, &[&key])
            .map_err(|error| refusal(&error))?;
        row.map(|row| {
            row.try_get::<_, Vec<u8>>(0)
                .map_err(|error| refusal(&error))
        })
        .transpose()
    };
    let (format, import) = (own(format::FORMAT_KEY)?, own(format::IMPORT_KEY)?);
    format::check(format.as_deref(), import.as_deref())
}

fn bring_forward(client: &mut Client) -> Result<(), StoreError> {
    client
        .batch_execute(LOCK)
        .map_err(|error| refusal(&error))?;
    let made = make_missing(client);
    let unlocked = client.batch_execute(UNLOCK);
    made.and(unlocked.map_err(|error| refusal(&error)))
}

/// A transaction that begins after the lock was had, so that it sees what was made before.
fn make_missing(client: &mut Client) -> Result<(), StoreError> {
    let found = version(client)?;
    let mut make = || {
        let mut transaction = client.transaction()?;
        for migration in MIGRATIONS.iter().skip(found) {
            transaction.batch_execute(migration)?;
        }
        let version = MIGRATIONS.len().to_string();
        let query = "INSERT INTO countersign.entries VALUES (0, $1, $2)
            ON CONFLICT (space, key) DO UPDATE SET value = excluded.value";
        transaction.execute(query, &[&SCHEMA_KEY, &version.as_bytes()])?;
        transaction.commit()
    };
    make().map_err(|error: Error| failed(&error))
}

/// The version of the tables: 0 if there are none.
fn version(client: &mut Client) -> Result<usize, StoreError> {
    let there: bool = client
        .query_one("SELECT to_regclass('countersign.entries') IS NOT NULL", &[])
        .and_then(|row| row.try_get(0))
        .map_err(|error| refusal(&error))?;
    if !there {
        return Ok(0);
    }
    let query = "SELECT value FROM countersign.entries WHERE space = 0 AND key = $1";
    let row = client
        .query_opt(query, &[&SCHEMA_KEY])
        .map_err(|error| refusal(&error))?;
    let text: Option<Vec<u8>> = row
        .map(|row| row.try_get(0))
        .transpose()
        .map_err(|error| refusal(&error))?;
    let number = format::number(text.as_deref())?;
    let known = MIGRATIONS.len();
    let found = usize::try_from(number).unwrap_or(usize::MAX);
    if found > known {
        let known = u32::try_from(known).unwrap_or(u32::MAX);
        return Err(StoreError::NewerFormat {
            found: number,
            known,
        });
    }
    Ok(found)
}

fn failed(error: &Error) -> StoreError {
    match refusal(error) {
        StoreError::Unreachable(_) => {
            StoreError::Unreachable(format!("its tables can't be made: {}", sentence(error)))
        }
        other => other,
    }
}
