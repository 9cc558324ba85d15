//! Puts strings, entities and values into a layer.

use super::entity::{Entities, Entity};
use super::error::{ValueError, ValueFault};
use super::evaluator::Literal;
use super::layer::{Arena, EntityId, Layer, Node, Span, Symbol, World};
use super::table::{hash_bytes, hash_pair};
use super::term::{Budget, Term, View, ip_parts};
use super::value::{EntityUid, Record, Value};
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Writes a layer, and knows those below it.
pub(super) struct Linker<'l> {
    /// The bundle and the store, as far as they are below.
    below: [Option<&'l Layer>; 2],
    layer: &'l mut Layer,
    /// Parts of the sets and records that aren't complete yet.
    parts: &'l mut Vec<(Symbol, Term)>,
}

/// Where the parts of a set or record begin that isn't complete yet.
pub(super) struct Mark(usize);

impl<'l> Linker<'l> {
    /// Writes `layer`, which is above those of `below`. `parts` is its scratch.
    pub(super) fn new(
        below: [Option<&'l Layer>; 2],
        layer: &'l mut Layer,
        parts: &'l mut Vec<(Symbol, Term)>,
    ) -> Self {
        parts.clear();
        Self {
            below,
            layer,
            parts,
        }
    }

    pub(super) fn layer(&self) -> &Layer {
        self.layer
    }

    pub(super) fn world(&self) -> World<'_> {
        let bundle = self.below[0].unwrap_or(self.layer);
        World::new(bundle, self.below[1].unwrap_or(bundle), self.layer)
    }

    pub(super) fn symbol(&mut self, text: &str) -> Result<Symbol, ValueError> {
        let hash = hash_bytes(text.as_bytes());
        let mut below = self.below.into_iter().flatten();
        let find = |layer: &Layer| layer.find_string(hash, text);
        match below.find_map(find).or_else(|| find(self.layer)) {
            Some(symbol) => Ok(symbol),
            None => self.layer.add_string(hash, text),
        }
    }

    pub(super) fn entity(&mut self, entity_type: &str, id: &str) -> Result<EntityId, ValueError> {
        let uid = (self.symbol(entity_type)?, self.symbol(id)?);
        self.named(uid)
    }

    /// The entity whose type and id are these strings.
    pub(super) fn named(&mut self, uid: (Symbol, Symbol)) -> Result<EntityId, ValueError> {
        let hash = hash_pair(uid.0.0, uid.1.0);
        let mut below = self.below.into_iter().flatten();
        let find = |layer: &Layer| layer.find_entity(hash, uid);
        match below.find_map(find).or_else(|| find(self.layer)) {
            Some(id) => Ok(id),
            None => self.layer.add_entity(hash, uid),
        }
    }

    pub(super) fn uid(&mut self, uid: &EntityUid) -> Result<EntityId, ValueError> {
        self.entity(uid.entity_type(), uid.id())
    }

    /// Begins a set or a record, whose parts [`part`](Self::part) adds.
    pub(super) fn begin(&self) -> Mark {
        Mark(self.parts.len())
    }

    /// Adds an element, whose name doesn't matter, or a field.
    pub(super) fn part(&mut self, name: Symbol, value: Term) {
        self.parts.push((name, value));
    }

    /// Completes the set begun at `mark`. Elements may be given in any order, and twice.
    pub(super) fn set(&mut self, mark: &Mark) -> Result<Term, ValueError> {
        let mut parts = core::mem::take(self.parts);
        let made = Arena::default();
        let view = View {
            world: self.world(),
            made: &made,
            made_from: (u32::MAX, u32::MAX),
        };
        let order = |a: &(Symbol, Term), b: &(Symbol, Term)| {
            let mut budget = Budget::unlimited();
            view.compare(a.1, b.1, &mut budget)
                .unwrap_or(Ordering::Equal)
        };
        let elements = parts.get_mut(mark.0..).unwrap_or_default();
        if !elements.is_sorted_by(|a, b| order(a, b).is_lt()) {
            elements.sort_unstable_by(order);
            let mut kept = mark.0;
            for at in mark.0..parts.len() {
                let (Some(last), Some(element)) = (parts.get(kept), parts.get(at).copied()) else {
                    break;
                };
                if at > mark.0 && order(last, &element).is_ne() {
                    kept += 1;
                }
                if let Some(slot) = parts.get_mut(kept) {
                    *slot = element;
                }
            }
            parts.truncate(kept + 1);
        }
        let elements = parts.iter().skip(mark.0).map(|part| part.1);
        let span = self.layer.add_elements(elements);
        parts.truncate(mark.0);
        *self.parts = parts;
        span.map(Term::set)
    }

    /// Completes the record begun at `mark`. Fields may be given in any order.
    pub(super) fn record(&mut self, mark: &Mark) -> Result<Span, ValueError> {
        let fields = self.parts.get_mut(mark.0..).unwrap_or_default();
        fields.sort_unstable_by_key(|field| field.0);
        if !fields.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(ValueError::new(ValueFault::DuplicateName, 0, 0));
        }
        let span = self.layer.add_fields(fields)?;
        self.parts.truncate(mark.0);
        Ok(span)
    }

    pub(super) fn ip(&mut self, ip: super::extension::IpRange) -> Result<Term, ValueError> {
        let parts = ip_parts(ip).into_iter();
        self.layer.add_elements(parts).map(Term::ip)
    }

    pub(super) fn value(&mut self, value: &Value) -> Result<Term, ValueError> {
        Ok(match value {
            Value::Bool(value) => Term::bool(*value),
            Value::Long(value) => Term::Long(*value),
            Value::String(text) => Term::string(self.symbol(text)?),
            Value::Entity(uid) => Term::entity(self.uid(uid)?),
            Value::Decimal(value) => Term::Decimal(value.0),
            Value::Datetime(value) => Term::Datetime(value.0),
            Value::Duration(value) => Term::Duration(value.0),
            Value::Ip(ip) => self.ip(*ip)?,
            Value::Set(set) => {
                let mark = self.begin();
                for element in set.as_slice() {
                    let element = self.value(element)?;
                    self.part(Symbol(0), element);
                }
                self.set(&mark)?
            }
            Value::Record(record) => Term::record(self.fields(record)?),
        })
    }

    pub(super) fn fields(&mut self, record: &Record) -> Result<Span, ValueError> {
        let mark = self.begin();
        for (name, value) in record.iter() {
            let name = self.symbol(name)?;
            let value = self.value(value)?;
            self.part(name, value);
        }
        self.record(&mark)
    }

    /// The fields of a record in any order.
    pub(super) fn literals(&mut self, fields: &[(&str, Literal<'_>)]) -> Result<Span, ValueError> {
        let mark = self.begin();
        for (name, value) in fields {
            let name = self.symbol(name)?;
            let value = self.literal(*value)?;
            self.part(name, value);
        }
        self.record(&mark)
    }

    fn literal(&mut self, literal: Literal<'_>) -> Result<Term, ValueError> {
        Ok(match literal {
            Literal::Bool(value) => Term::bool(value),
            Literal::Long(value) => Term::Long(value),
            Literal::String(text) => Term::string(self.symbol(text)?),
            Literal::Entity(entity_type, id) => Term::entity(self.entity(entity_type, id)?),
            Literal::Set(elements) => {
                let mark = self.begin();
                for element in elements {
                    let element = self.literal(*element)?;
                    self.part(Symbol(0), element);
                }
                self.set(&mark)?
            }
            Literal::Record(fields) => Term::record(self.literals(fields)?),
            Literal::Decimal(value) => Term::Decimal(value.0),
            Literal::Datetime(value) => Term::Datetime(value.0),
            Literal::Duration(value) => Term::Duration(value.0),
            Literal::Ip(ip) => self.ip(ip)?,
            Literal::Value(value) => self.value(value)?,
        })
    }

    /// Links an entity.
    pub(super) fn give(&mut self, entity: &Entity) -> Result<EntityId, ValueError> {
        let id = self.uid(entity.uid())?;
        self.node(id, entity.parents(), entity.attributes(), entity.tags())?;
        Ok(id)
    }

    /// Links entities, but for those that the bundle has.
    pub(super) fn give_all(&mut self, entities: &Entities) -> Result<(), ValueError> {
        for entity in entities.as_slice() {
            let id = self.uid(entity.uid())?;
            let bundle = self.below[0];
            if !bundle.is_some_and(|bundle| bundle.knows(id)) {
                self.node(id, entity.parents(), entity.attributes(), entity.tags())?;
            }
        }
        Ok(())
    }

    /// Makes it known that `id` has these parents, attributes and tags; what this layer knows
    /// already stays.
    fn node(
        &mut self,
        id: EntityId,
        parents: &[EntityUid],
        attributes: &Record,
        tags: &Record,
    ) -> Result<(), ValueError> {
        if self.layer.knows(id) {
            return Ok(());
        }
        let attributes = self.fields(attributes)?;
        let tags = self.fields(tags)?;
        let mut ids = Vec::with_capacity(parents.len());
        for parent in parents {
            ids.push(self.uid(parent)?);
        }
        self.known(id, &ids, attributes, tags)
    }

    /// The same, of what is in the layer already.
    pub(super) fn known(
        &mut self,
        id: EntityId,
        parents: &[EntityId],
        attributes: Span,
        tags: Span,
    ) -> Result<(), ValueError> {
        let ancestors = self.layer.add_ids(parents)?;
        let node = Node {
            attributes,
            tags,
            ancestors,
        };
        self.layer.add_node(id, node)
    }

    /// A run of ids.
    pub(super) fn ids(&mut self, ids: &[EntityId]) -> Result<Span, ValueError> {
        self.layer.add_ids(ids)
    }

    /// Puts in place of the parents all ancestors, by way of the layers below too.
    ///
    /// Depth first, parents before children, each entity once; an own stack instead of recursion.
    pub(super) fn close(&mut self) -> Result<(), ValueError> {
        self.take_in_descendants()?;
        let mut states = vec![State::Unseen; self.layer.nodes_len()];
        let mut path = Vec::new();
        for root in 0..states.len() {
            path.push(root);
            while let Some(&at) = path.last() {
                match states.get(at) {
                    Some(State::Unseen) => {
                        mark_as(&mut states, at, State::Open);
                        for parent in self.layer.ancestors(at) {
                            let Some(parent) = self.layer.node_number(*parent) else {
                                continue;
                            };
                            match states.get(parent) {
                                Some(State::Open) => {
                                    return Err(ValueError::new(ValueFault::EntityCycle, 0, 0));
                                }
                                Some(State::Unseen) => path.push(parent),
                                Some(State::Closed) | None => {}
                            }
                        }
                    }
                    Some(State::Open) => {
                        self.inherit(at)?;
                        mark_as(&mut states, at, State::Closed);
                        path.pop();
                    }
                    Some(State::Closed) | None => {
                        path.pop();
                    }
                }
            }
        }
        Ok(())
    }

    /// Where this layer says something of an entity of a layer below, its descendants there have
    /// other ancestors than they had.
    fn take_in_descendants(&mut self) -> Result<(), ValueError> {
        if !self.layer.has_foreign() {
            return Ok(());
        }
        let mut descendants = Vec::new();
        for below in self.below.into_iter().flatten() {
            for (id, node) in below.known() {
                let ancestors = self.world().ids(node.ancestors);
                if ancestors.iter().any(|id| self.layer.knows(*id)) {
                    descendants.push((id, *node));
                }
            }
        }
        for (id, node) in descendants {
            if !self.layer.knows(id) {
                let parents = self.world().ids(node.ancestors).to_vec();
                let ancestors = self.layer.add_ids(&parents)?;
                self.layer.add_node(id, Node { ancestors, ..node })?;
            }
        }
        Ok(())
    }

    /// Adds to the parents of a node those of its parents, which are closed.
    fn inherit(&mut self, at: usize) -> Result<(), ValueError> {
        let world = self.world();
        let parents = self.layer.ancestors(at);
        let mut all = parents.to_vec();
        for parent in parents {
            if let Some(parent) = world.node(*parent) {
                all.extend_from_slice(world.ids(parent.ancestors));
            }
        }
        all.sort_unstable();
        all.dedup();
        if all != parents {
            let span = self.layer.add_ids(&all)?;
            self.layer.set_ancestors(at, span);
        }
        Ok(())
    }
}

fn mark_as(states: &mut [State], at: usize, state: State) {
    if let Some(slot) = states.get_mut(at) {
        *slot = state;
    }
}

#[derive(Clone, Copy)]
enum State {
    Unseen,
    Open,
    Closed,
}
