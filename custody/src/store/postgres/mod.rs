//! A database, for many hosts.

mod address;
mod fault;
mod listen;
mod migrate;
mod pool;

use std::fmt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Once};
use std::thread;
use std::time::Duration;

use postgres::fallible_iterator::FallibleIterator as _;
use postgres::types::{FromSql, ToSql, Type};
use postgres::{Client, Error, GenericClient, IsolationLevel, Row};

use super::group::Group;
use super::{Batch, Build, Entry, Page, Space, Store, StoreError, Visit};
use address::Address;
use fault::{refusal, uncertain};
use listen::{Listening, listen};
use pool::Pool;

const COMMIT: &str = "SELECT countersign.commit($1, $2, $3, $4, $5, $6)";
const GET: &str = "SELECT value FROM countersign.entries WHERE space = $1 AND key = $2";
const SCAN: &str = "SELECT key, value FROM countersign.entries
    WHERE space = $1 AND key >= $2 ORDER BY key LIMIT $3";
const LAST: &str = "SELECT key, value FROM countersign.entries
    WHERE space = $1 ORDER BY key DESC LIMIT 1";
const WALK: &str = "SELECT space, key, value FROM countersign.entries ORDER BY space, key";

/// A store in a PostgreSQL database, in its schema `countersign`, of any number of processes.
///
/// Sessions are made as they are needed, and anew when they were lost. Calls block, and may not be made
/// from within an asynchronous task.
///
/// ```no_run
/// use countersign_custody::store::PostgresStore;
/// use countersign_custody::{Space, Store};
/// # fn main() -> Result<(), countersign_custody::StoreError> {
/// let store = PostgresStore::open("postgresql://countersign@db.example.com/countersign", None)?;
/// let newest = store.last(Space::Audit)?;
/// # Ok(())
/// # }
/// ```
pub struct PostgresStore {
    address: Address,
    pool: Pool,
    group: Group,
    listening: Arc<Listening>,
    started: Once,
}

impl PostgresStore {
    /// Connects, makes the tables if there are none, and brings older ones forward.
    ///
    /// The address is a URL (`postgresql://user@host/database`) or `host=.. user=..`. Any host but this
    /// machine is reached by TLS, its certificate verified by name against the system's authorities, or
    /// those of the PEM file `authorities` instead.
    ///
    /// # Errors
    /// `store_address`, `store_unreachable`, `store_newer_format`, `store_damaged`, `store_read_only`.
    pub fn open(address: &str, authorities: Option<&Path>) -> Result<Self, StoreError> {
        let address = Address::new(address, authorities)?;
        let mut client = address.connect().map_err(|error| refusal(&error))?;
        migrate::migrate(&mut client)?;
        Ok(PostgresStore {
            pool: Pool::new(address.clone()),
            address,
            group: Group::default(),
            listening: Arc::default(),
            started: Once::new(),
        })
    }

    fn query(&self, query: &str, values: &[Typed<'_>]) -> Result<Vec<Row>, StoreError> {
        self.pool
            .with(refusal, |client| client.query_typed(query, values))
    }

    /// One statement for one batch; for more of them a transaction, which is nothing until its end.
    fn write(&self, batches: &[&Batch]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        if let [batch] = batches {
            let made = self.pool.with(uncertain, |client| make(client, batch))?;
            return Ok(vec![made]);
        }
        self.pool.with(refusal, |client| {
            let mut transaction = client.transaction()?;
            let mut answers = Vec::with_capacity(batches.len());
            for batch in batches {
                answers.push(make(&mut transaction, batch)?);
            }
            let end = transaction.commit().map_err(|error| uncertain(&error));
            Ok(end.map(|()| answers))
        })?
    }

    fn start_listening(&self) {
        self.started.call_once(|| {
            let (address, listening) = (self.address.clone(), Arc::clone(&self.listening));
            thread::spawn(move || listen(&address, &listening));
        });
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.listening.ended.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl Store for PostgresStore {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let space = space as i16;
        let rows = self.query(GET, &[(&space, Type::INT2), (&key, Type::BYTEA)])?;
        let value = rows.first().map(|row| row.try_get(0)).transpose();
        value.map_err(|error| refusal(&error))
    }

    fn turn(
        &self,
        page: &mut Page,
        space: Space,
        from: &[u8],
        limit: usize,
    ) -> Result<(), StoreError> {
        let space = space as i16;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values: [Typed<'_>; 3] = [
            (&space, Type::INT2),
            (&from, Type::BYTEA),
            (&limit, Type::INT8),
        ];
        let rows = self.query(SCAN, &values)?;
        page.clear();
        for row in &rows {
            let (key, value) = entry(row)?;
            page.push(key, value);
        }
        Ok(())
    }

    fn last(&self, space: Space) -> Result<Option<Entry>, StoreError> {
        let space = space as i16;
        let rows = self.query(LAST, &[(&space, Type::INT2)])?;
        let last = rows.first().map(entry::<Vec<u8>>);
        last.transpose()
    }

    fn walk(&self, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.pool.with(refusal, |client| walk(client, visit))?
    }

    fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.commit_behind(&mut |_| Some(batch.clone()))
    }

    fn commit_behind(&self, build: &mut Build<'_>) -> Result<(), StoreError> {
        self.group.commit(build, |batches| self.write(batches))?;
        self.listening.signal.raise();
        Ok(())
    }

    fn wait(&self, seen: &[u8], timeout: Duration) -> Result<bool, StoreError> {
        self.start_listening();
        self.listening.signal.wait(self, seen, timeout)
    }
}

/// A value of a query, and its type.
type Typed<'a> = (&'a (dyn ToSql + Sync), Type);

fn entry<'a, Bytes: FromSql<'a>>(row: &'a Row) -> Result<(Bytes, Bytes), StoreError> {
    let entry = || Ok((row.try_get(0)?, row.try_get(1)?));
    entry().map_err(|error: Error| refusal(&error))
}

/// Makes one batch. The statement is a transaction of its own, unless there is one.
fn make(client: &mut impl GenericClient, batch: &Batch) -> Result<Result<(), StoreError>, Error> {
    let expected = columns(
        batch
            .expectations()
            .iter()
            .map(|e| (e.space, &e.key, &e.value)),
    );
    let changed = columns(batch.changes().iter().map(|c| (c.space, &c.key, &c.value)));
    let values: [Typed<'_>; 6] = [
        (&expected.spaces, Type::INT2_ARRAY),
        (&expected.keys, Type::BYTEA_ARRAY),
        (&expected.values, Type::BYTEA_ARRAY),
        (&changed.spaces, Type::INT2_ARRAY),
        (&changed.keys, Type::BYTEA_ARRAY),
        (&changed.values, Type::BYTEA_ARRAY),
    ];
    let row = client.query_typed_one(COMMIT, &values)?;
    let conflict: Option<i16> = row.try_get(0)?;
    let space = conflict.and_then(|number| Space::from_number(u8::try_from(number).ok()?));
    Ok(space.map_or(Ok(()), |space| Err(StoreError::Conflict(space))))
}

/// Entries as the function takes them: a column of each.
#[derive(Default)]
struct Columns<'a> {
    spaces: Vec<i16>,
    keys: Vec<&'a [u8]>,
    values: Vec<Option<&'a [u8]>>,
}

fn columns<'a>(
    entries: impl Iterator<Item = (Space, &'a Vec<u8>, &'a Option<Vec<u8>>)>,
) -> Columns<'a> {
    let mut columns = Columns::default();
    for (space, key, value) in entries {
        columns.spaces.push(space as i16);
        columns.keys.push(key);
        columns.values.push(value.as_deref());
    }
    columns
}

/// Reads everything in one transaction that sees one moment, row by row.
fn walk(client: &mut Client, visit: &mut Visit<'_>) -> Result<Result<(), StoreError>, Error> {
    let moment = client.build_transaction().read_only(true);
    let mut transaction = moment
        .isolation_level(IsolationLevel::RepeatableRead)
        .start()?;
    transaction.batch_execute("SET LOCAL statement_timeout = 0")?;
    let mut rows = transaction.query_raw(WALK, Vec::<i16>::new())?;
    while let Some(row) = rows.next()? {
        let number: i16 = row.try_get(0)?;
        let known = u8::try_from(number).ok().and_then(Space::from_number);
        let Some(space) = known else {
            let unknown = format!("it has a space {number}");
            return Ok(Err(StoreError::Damaged(unknown)));
        };
        if !visit(space, row.try_get(1)?, row.try_get(2)?) {
            break;
        }
    }
    Ok(Ok(()))
}
