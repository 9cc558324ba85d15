//! Sessions, kept for the next call.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use postgres::{Client, Error};

use super::address::Address;
use super::fault::refusal;
use crate::store::StoreError;
use crate::store::group::lock;

/// How many sessions are kept when nobody needs them.
const KEPT: usize = 4;

/// How long an unused session is trusted to be alive without asking.
const FRESH: Duration = Duration::from_millis(500);

/// How long a session may take to say that it is alive.
const PATIENCE: Duration = Duration::from_secs(5);

/// The sessions of one store.
pub(super) struct Pool {
    address: Address,
    idle: Mutex<Vec<(Client, Instant)>>,
}

impl Pool {
    pub(super) fn new(address: Address) -> Self {
        Pool {
            address,
            idle: Mutex::default(),
        }
    }

    /// Calls `act` with a live session; `meaning` says what its failure means.
    pub(super) fn with<T>(
        &self,
        meaning: impl Fn(&Error) -> StoreError,
        act: impl FnOnce(&mut Client) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let mut client = self.take().map_err(|error| refusal(&error))?;
        let result = act(&mut client);
        if !client.is_closed() {
            let mut idle = lock(&self.idle);
            if idle.len() < KEPT {
                idle.push((client, Instant::now()));
            }
        }
        result.map_err(|error| meaning(&error))
    }

    fn take(&self) -> Result<Client, Error> {
        loop {
            let idle = lock(&self.idle).pop();
            let Some((mut client, since)) = idle else {
                return self.address.connect();
            };
            if since.elapsed() < FRESH || client.is_valid(PATIENCE).is_ok() {
                return Ok(client);
            }
        }
    }
}
