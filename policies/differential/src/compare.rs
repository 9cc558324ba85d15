//! Asks both sides the same, and compares.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::Result;

use crate::answer::Reply;
use crate::cedar::Cedar;
use crate::countersign::Countersign;
use crate::tally::Tally;
use crate::world::{Request, Store, World};

/// Where the two part: a world with one request, and what each side says to it.
#[derive(Debug)]
pub struct Divergence {
    pub(crate) world: World,
    cedar: String,
    core: String,
}

/// Asks everything that the world asks; the first divergence ends it.
pub(crate) fn compare(world: &World, tally: &mut Tally) -> Result<Option<Divergence>> {
    let cedar = Cedar::new(world)?;
    let core = match guarded(|| Countersign::new(world)) {
        Ok(core) => core?,
        Err(panic) => return Ok(Some(diverging(world, None, "a bundle", &panic))),
    };
    tally.worlds += 1;
    for store in &world.stores {
        let expected = cedar.store(world, store)?;
        let found = guarded(|| core.store(store));
        let (entities, mut own) = match (expected, found) {
            (Ok(entities), Ok(Ok(own))) => (entities, own),
            (Err(_), Ok(Err(_))) => {
                tally.refused += 1;
                continue;
            }
            (expected, found) => {
                let expected = expected
                    .map_or_else(|refused| refused.0, |_| "it takes the entities".to_owned());
                let found = said(found.map(|found| found.map(|_| "it takes the entities")));
                return Ok(Some(diverging(
                    world,
                    Some((store, None)),
                    &expected,
                    &found,
                )));
            }
        };
        for (number, request) in store.requests.iter().enumerate() {
            let expected = cedar.ask(&entities, request)?;
            let found = guarded(|| core.ask(&mut own, request, number % 4 == 0));
            match (&expected, &found) {
                (Ok(expected), Ok(Ok(found))) if expected == found => tally.add(expected),
                (Err(_), Ok(Err(_))) => tally.refused += 1,
                _ => {
                    let (expected, found) = (said(Ok(expected)), said(found));
                    return Ok(Some(diverging(
                        world,
                        Some((store, Some(request))),
                        &expected,
                        &found,
                    )));
                }
            }
        }
    }
    Ok(None)
}

/// What comes of it, or the message of its panic.
fn guarded<T>(act: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        format!("it panics: {}", message.unwrap_or("without a message"))
    })
}

fn said<T: fmt::Display>(reply: Result<Reply<T>, String>) -> String {
    match reply {
        Ok(Ok(answer)) => answer.to_string(),
        Ok(Err(refused)) => format!("it refuses: {}", refused.0),
        Err(panic) => panic,
    }
}

fn diverging(
    world: &World,
    at: Option<(&Store, Option<&Request>)>,
    cedar: &str,
    core: &str,
) -> Divergence {
    let stores = at.map(|(store, request)| Store {
        entities: store.entities.clone(),
        requests: request.cloned().into_iter().collect(),
    });
    Divergence {
        world: World {
            stores: stores.into_iter().collect(),
            ..world.clone()
        },
        cedar: cedar.to_owned(),
        core: core.to_owned(),
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.world)?;
        writeln!(f, "--- Cedar says: {}", self.cedar)?;
        writeln!(f, "--- core says:  {}", self.core)
    }
}
