//! Evaluation without repeating what stays the same: entities linked once, requests linked into
//! memory that is kept.

use super::bundle::Bundle;
use super::entity::Entities;
use super::error::ValueError;
use super::evaluate::{Ask, Evaluation, Tally};
use super::extension::{Datetime, Decimal, Duration, IpRange};
use super::layer::{Layer, Span, Symbol, World};
use super::link::Linker;
use super::machine::Scratch;
use super::term::Term;
use super::value::{Record, Value};
use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Entities, linked to a bundle.
#[derive(Clone, Debug)]
pub struct EntityStore {
    bundle: Arc<Bundle>,
    layer: Layer,
}

impl EntityStore {
    /// Links `entities`; the bundle's own come before them.
    ///
    /// # Errors
    /// [`EntityCycle`](super::ValueFault::EntityCycle) if an entity is its own ancestor, and
    /// [`TooLarge`](super::ValueFault::TooLarge).
    pub fn new(bundle: Arc<Bundle>, entities: &Entities) -> Result<Self, ValueError> {
        let mut layer = Layer::above(&bundle.layer)?;
        let mut parts = Vec::new();
        let mut linker = Linker::new([Some(&bundle.layer), None], &mut layer, &mut parts);
        linker.give_all(entities)?;
        linker.close()?;
        Ok(Self { bundle, layer })
    }

    /// The bundle that they are linked to.
    #[must_use]
    pub fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }
}

/// A value, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum Literal<'a> {
    /// A boolean.
    Bool(bool),
    /// A signed 64-bit integer.
    Long(i64),
    /// A string.
    String(&'a str),
    /// The entity of this type and id.
    Entity(&'a str, &'a str),
    /// A set, in any order.
    Set(&'a [Literal<'a>]),
    /// A record, in any order.
    Record(&'a [(&'a str, Literal<'a>)]),
    /// A decimal number.
    Decimal(Decimal),
    /// A point in time.
    Datetime(Datetime),
    /// A span of time.
    Duration(Duration),
    /// An IP address, or a range of them.
    Ip(IpRange),
    /// A value that is at hand.
    Value(&'a Value),
}

/// A request, linked to a store: what [`Evaluator::evaluate`] answers.
///
/// ```
/// # use countersign_core::policy::*;
/// # use std::sync::Arc;
/// # fn f(bundle: Bundle, entities: &Entities) -> Result<(), ValueError> {
/// let store = Arc::new(EntityStore::new(Arc::new(bundle), entities)?);
/// let mut query = LinkedQuery::new(store);
/// let mut evaluator = Evaluator::new();
/// for id in ["ann", "bob"] {
///     let context = [("hour", Literal::Long(9))];
///     query.link(("User", id), ("Action", "read"), ("Doc", "7"), &context)?;
///     println!("{id}: {}", evaluator.evaluate(&query).is_allowed());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct LinkedQuery {
    store: Arc<EntityStore>,
    layer: Layer,
    parts: Vec<(Symbol, Term)>,
    ask: Option<Ask>,
}

impl LinkedQuery {
    /// A query to `store` that asks nothing yet, and so is denied.
    #[must_use]
    pub fn new(store: Arc<EntityStore>) -> Self {
        Self {
            store,
            layer: Layer::default(),
            parts: Vec::new(),
            ask: None,
        }
    }

    /// Asks whether `principal` may do `action` on `resource`, each a type and an id.
    ///
    /// # Errors
    /// [`DuplicateName`](super::ValueFault::DuplicateName) if a record has a name twice, and
    /// [`TooLarge`](super::ValueFault::TooLarge). The query asks nothing then.
    pub fn link(
        &mut self,
        principal: (&str, &str),
        action: (&str, &str),
        resource: (&str, &str),
        context: &[(&str, Literal<'_>)],
    ) -> Result<(), ValueError> {
        self.link_with([principal, action, resource], |linker| {
            linker.literals(context)
        })
    }

    /// The same, with a record as the context.
    ///
    /// # Errors
    /// Those of [`LinkedQuery::link`].
    pub fn link_record(
        &mut self,
        principal: (&str, &str),
        action: (&str, &str),
        resource: (&str, &str),
        context: &Record,
    ) -> Result<(), ValueError> {
        self.link_with([principal, action, resource], |linker| {
            linker.fields(context)
        })
    }

    /// Links names of entities, and what `context` puts in.
    fn link_with(
        &mut self,
        names: [(&str, &str); 3],
        context: impl FnOnce(&mut Linker<'_>) -> Result<Span, ValueError>,
    ) -> Result<(), ValueError> {
        self.relink(|linker| {
            let [principal, action, resource] =
                names.map(|(entity_type, id)| linker.entity(entity_type, id));
            Ok(Ask {
                principal: principal?,
                action: action?,
                resource: resource?,
                context: context(linker)?,
            })
        })
    }

    pub(super) fn relink(
        &mut self,
        link: impl FnOnce(&mut Linker<'_>) -> Result<Ask, ValueError>,
    ) -> Result<(), ValueError> {
        self.ask = None;
        self.layer.restart(&self.store.layer)?;
        let below = [Some(&self.store.bundle.layer), Some(&self.store.layer)];
        let mut linker = Linker::new(below, &mut self.layer, &mut self.parts);
        self.ask = Some(link(&mut linker)?);
        Ok(())
    }
}

/// Answers queries, and keeps the memory that it needs: once it is warm it allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct Evaluator {
    scratch: Scratch,
    tally: Tally,
}

impl Evaluator {
    /// One without memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Evaluates as [`Bundle::evaluate`] does.
    pub fn evaluate<'e>(&'e mut self, query: &'e LinkedQuery) -> Evaluation<'e> {
        let LinkedQuery {
            store, layer, ask, ..
        } = query;
        let bundle = &*store.bundle;
        let Self { scratch, tally } = self;
        match ask {
            Some(ask) => {
                let world = World::new(&bundle.layer, &store.layer, layer);
                tally.take(bundle, world, *ask, scratch, None);
            }
            None => *tally = Tally::default(),
        }
        Evaluation::new(bundle, Cow::Borrowed(tally))
    }
}
