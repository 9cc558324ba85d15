//! Hearing of the commits of other processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use postgres::fallible_iterator::FallibleIterator as _;
use postgres::{Client, Error};

use super::address::Address;
use crate::store::signal::Signal;

/// How often the listener sees whether it is still needed, and its session alive.
const BEAT: Duration = Duration::from_secs(1);

/// How long it waits before it connects again, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// What the listener shares with its store.
#[derive(Debug, Default)]
pub(super) struct Listening {
    pub(super) signal: Signal,
    pub(super) ended: AtomicBool,
}

/// Raises the signal at every commit, until it is told to end.
///
/// A session that was lost is made anew. What was committed meanwhile wasn't heard of: so the signal is
/// raised as soon as it listens again, and who waits looks.
pub(super) fn listen(address: &Address, listening: &Arc<Listening>) {
    let mut pause = RETRY.0;
    while !listening.ended.load(Ordering::Relaxed) {
        if let Ok(client) = subscribe(address) {
            pause = RETRY.0;
            listening.signal.raise();
            // Whatever ended the session, the answer is another one.
            let _ = hear(client, listening);
        }
        thread::sleep(pause);
        pause = RETRY.1.min(pause * 2);
    }
}

fn subscribe(address: &Address) -> Result<Client, Error> {
    let mut client = address.connect()?;
    client.batch_execute("LISTEN countersign")?;
    Ok(client)
}

fn hear(mut client: Client, listening: &Listening) -> Result<(), Error> {
    while !listening.ended.load(Ordering::Relaxed) {
        let heard = client.notifications().timeout_iter(BEAT).next()?;
        if heard.is_some() {
            listening.signal.raise();
        } else {
            client.is_valid(BEAT * 5)?;
        }
    }
    Ok(())
}
