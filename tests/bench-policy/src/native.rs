//! The one file that knows the evaluator's API.

use core::hint::black_box;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use countersign_core::policy::{
    Bundle, Entities, EntityStore, Evaluation, Evaluator, IpRange, LinkedQuery, Literal,
};

use crate::prepared::Requested;

/// A bundle and entities, linked.
#[derive(Debug)]
pub struct Native {
    store: Arc<EntityStore>,
    evaluator: Evaluator,
    /// For requests that are linked within the clock.
    query: LinkedQuery,
}

impl Native {
    /// Loads the bundle, and links entities in Cedar's JSON format to it.
    ///
    /// # Errors
    /// Those of the two texts.
    pub fn new(bundle: &[u8], entities: &str) -> Result<Self> {
        let bundle = Bundle::load_unsigned(bundle)?;
        let entities = Entities::from_json(entities)?;
        let store = Arc::new(EntityStore::new(Arc::new(bundle), &entities)?);
        Ok(Native {
            query: LinkedQuery::new(Arc::clone(&store)),
            evaluator: Evaluator::new(),
            store,
        })
    }

    /// Links a request.
    ///
    /// # Errors
    /// For an address that is none.
    pub fn prebuild(&self, requested: &Requested) -> Result<LinkedQuery> {
        let mut query = LinkedQuery::new(Arc::clone(&self.store));
        link(&mut query, requested)?;
        Ok(query)
    }

    /// The answer to a linked request.
    pub fn answer<'q>(&'q mut self, query: &'q LinkedQuery) -> Evaluation<'q> {
        self.evaluator.evaluate(query)
    }

    /// The answer to a request by its strings.
    ///
    /// # Errors
    /// For an address that is none.
    pub fn answer_strings(&mut self, requested: &Requested) -> Result<Evaluation<'_>> {
        link(&mut self.query, requested)?;
        Ok(self.evaluator.evaluate(&self.query))
    }

    /// Inside the clock: `Evaluator::evaluate`, `times` times.
    pub fn time(&mut self, query: &LinkedQuery, times: u32) -> Duration {
        let start = Instant::now();
        for _ in 0..times {
            black_box(self.evaluator.evaluate(black_box(query)).is_allowed());
        }
        start.elapsed()
    }

    /// Inside the clock: the request is linked from its strings, of which one is parsed as an address,
    /// and `Evaluator::evaluate`, `times` times.
    ///
    /// # Errors
    /// For an address that is none.
    pub fn time_strings(&mut self, requested: &Requested, times: u32) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..times {
            link(&mut self.query, black_box(requested))?;
            black_box(self.evaluator.evaluate(&self.query).is_allowed());
        }
        Ok(start.elapsed())
    }
}

fn link(query: &mut LinkedQuery, requested: &Requested) -> Result<()> {
    fn pair((entity_type, id): &(String, String)) -> (&str, &str) {
        (entity_type, id)
    }
    let (principal, action, resource) = (
        pair(&requested.principal),
        pair(&requested.action),
        pair(&requested.resource),
    );
    match &requested.ip {
        Some(ip) => {
            let ip = IpRange::parse(ip).context("the address is none")?;
            query.link(principal, action, resource, &[("ip", Literal::Ip(ip))])?;
        }
        None => query.link(principal, action, resource, &[])?,
    }
    Ok(())
}
