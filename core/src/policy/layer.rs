//! Where the values of a bundle, of a store of entities and of a request live while policies run.
//!
//! Strings and names of entities are interned, so that they are compared and looked up as numbers.
//! A bundle is the lowest layer; entities and requests are linked in layers above it, and know what
//! those below them have. Numbers go on from layer to layer, so that one says where it is from.

use super::error::{ValueError, ValueFault};
use super::table::{Crowded, Table};
use super::term::Term;
use alloc::string::String;
use alloc::vec::Vec;

/// The number of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Symbol(pub(super) u32);

/// The number of an entity's name, whether or not anything is known of the entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntityId(pub(super) u32);

/// A run of things in one of the arenas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// What is known of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// A run of fields.
    pub(super) attributes: Span,
    /// A run of fields.
    pub(super) tags: Span,
    /// A run of ids, ascending: the parents, and once the layer is closed all ancestors.
    pub(super) ancestors: Span,
}

/// Sets and records, flat.
#[derive(Clone, Debug, Default)]
pub(super) struct Arena {
    /// Those of a set ascend by [`View::compare`](super::term::View::compare).
    pub(super) elements: Vec<Term>,
    /// Those of a record ascend by name.
    pub(super) fields: Vec<(Symbol, Term)>,
}

/// Where the numbers of a layer begin.
#[derive(Clone, Copy, Debug, Default)]
struct Base {
    symbols: u32,
    entities: u32,
    elements: u32,
    fields: u32,
    ids: u32,
}

/// Strings, entities and values that were interned together.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    base: Base,
    text: String,
    /// Where each string ends in `text`.
    ends: Vec<u32>,
    strings: Table,
    /// Type and id of each entity.
    uids: Vec<(Symbol, Symbol)>,
    names: Table,
    pub(super) arena: Arena,
    ids: Vec<EntityId>,
    nodes: Vec<Node>,
    /// The node of each entity of this layer; `NONE` if nothing is known of it.
    own: Vec<u32>,
    /// The nodes of entities of the layers below, which come before theirs. Ascending.
    foreign: Vec<(EntityId, u32)>,
}

const NONE: u32 = u32::MAX;

/// How many ancestors the entities of a layer may have in all.
const MAX_ANCESTORS: usize = 1 << 22;

/// The layers that a request is evaluated in: bundle, store and request.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    bundle: &'a Layer,
    store: &'a Layer,
    request: &'a Layer,
}

fn number(len: usize) -> Result<u32, ValueError> {
    u32::try_from(len)
        .ok()
        .filter(|number| *number < NONE)
        .ok_or(too_large())
}

const fn too_large() -> ValueError {
    ValueError::new(ValueFault::TooLarge, 0, 0)
}

impl From<Crowded> for ValueError {
    fn from(_: Crowded) -> Self {
        too_large()
    }
}

pub(super) fn slice<T>(arena: &[T], span: Span, base: u32) -> &[T] {
    let run = || {
        let start = usize::try_from(span.start.checked_sub(base)?).ok()?;
        let end = start.checked_add(usize::try_from(span.len).ok()?)?;
        arena.get(start..end)
    };
    run().unwrap_or_default()
}

impl Layer {
    /// An empty layer above `below`.
    pub(super) fn above(below: &Layer) -> Result<Self, ValueError> {
        Ok(Self {
            base: below.end()?,
            ..Self::default()
        })
    }

    /// Empties it, and puts it above `below`; keeps its memory.
    pub(super) fn restart(&mut self, below: &Layer) -> Result<(), ValueError> {
        self.base = below.end()?;
        self.text.clear();
        self.ends.clear();
        self.strings.clear();
        self.uids.clear();
        self.names.clear();
        self.arena.elements.clear();
        self.arena.fields.clear();
        self.ids.clear();
        self.nodes.clear();
        self.own.clear();
        self.foreign.clear();
        Ok(())
    }

    fn end(&self) -> Result<Base, ValueError> {
        let add = |base: u32, len: usize| number(len)?.checked_add(base).ok_or(too_large());
        Ok(Base {
            symbols: add(self.base.symbols, self.ends.len())?,
            entities: add(self.base.entities, self.uids.len())?,
            elements: add(self.base.elements, self.arena.elements.len())?,
            fields: add(self.base.fields, self.arena.fields.len())?,
            ids: add(self.base.ids, self.ids.len())?,
        })
    }

    /// Where what evaluation makes begins: elements and fields.
    fn made_from(&self) -> (u32, u32) {
        self.end()
            .map_or((NONE, NONE), |end| (end.elements, end.fields))
    }

    /// How many strings it has itself.
    pub(super) fn strings_len(&self) -> usize {
        self.ends.len()
    }

    /// How many ids it has itself.
    pub(super) fn ids_len(&self) -> usize {
        self.ids.len()
    }

    /// The string of a bundle, which is the lowest layer.
    pub(super) fn string(&self, symbol: Symbol) -> &str {
        self.text(symbol.0)
    }

    /// How many entities it has itself.
    pub(super) fn entities_len(&self) -> usize {
        self.uids.len()
    }

    /// The entities of this layer of which something is known.
    pub(super) fn known(&self) -> impl Iterator<Item = (EntityId, &Node)> {
        let own = self.own.iter().zip(self.base.entities..);
        own.filter_map(|(node, id)| {
            let node = self.nodes.get(usize::try_from(*node).ok()?)?;
            Some((EntityId(id), node))
        })
    }

    fn text(&self, local: u32) -> &str {
        let text = || {
            let at = usize::try_from(local).ok()?;
            let end = usize::try_from(*self.ends.get(at)?).ok()?;
            let start = match at.checked_sub(1) {
                Some(before) => usize::try_from(*self.ends.get(before)?).ok()?,
                None => 0,
            };
            self.text.get(start..end)
        };
        text().unwrap_or_default()
    }

    /// Puts in a string that isn't there, with its hash.
    pub(super) fn add_string(&mut self, hash: u32, text: &str) -> Result<Symbol, ValueError> {
        let local = number(self.ends.len())?;
        let end = number(self.text.len() + text.len())?;
        self.strings.insert(hash, local)?;
        self.text.push_str(text);
        self.ends.push(end);
        Ok(Symbol(self.base.symbols + local))
    }

    /// Puts in an entity's name that isn't there, with its hash.
    pub(super) fn add_entity(
        &mut self,
        hash: u32,
        uid: (Symbol, Symbol),
    ) -> Result<EntityId, ValueError> {
        let local = number(self.uids.len())?;
        self.names.insert(hash, local)?;
        self.uids.push(uid);
        Ok(EntityId(self.base.entities + local))
    }

    /// Puts in a run of elements.
    pub(super) fn add_elements(
        &mut self,
        elements: impl Iterator<Item = Term>,
    ) -> Result<Span, ValueError> {
        let start = number(self.arena.elements.len())?;
        for element in elements {
            self.arena.elements.push(element);
        }
        let len = number(self.arena.elements.len())? - start;
        let start = self.base.elements + start;
        Ok(Span { start, len })
    }

    /// Puts in a run of fields.
    pub(super) fn add_fields(&mut self, fields: &[(Symbol, Term)]) -> Result<Span, ValueError> {
        let start = number(self.arena.fields.len())?;
        self.arena.fields.extend_from_slice(fields);
        let len = number(self.arena.fields.len())? - start;
        let start = self.base.fields + start;
        Ok(Span { start, len })
    }

    /// Puts in a run of ids.
    pub(super) fn add_ids(&mut self, ids: &[EntityId]) -> Result<Span, ValueError> {
        let start = number(self.ids.len())?;
        self.ids.extend_from_slice(ids);
        if self.ids.len() > MAX_ANCESTORS {
            return Err(too_large());
        }
        let len = number(self.ids.len())? - start;
        let start = self.base.ids + start;
        Ok(Span { start, len })
    }

    /// Makes `node` what is known of the entity, unless this layer knows something already.
    pub(super) fn add_node(&mut self, id: EntityId, node: Node) -> Result<(), ValueError> {
        let number = number(self.nodes.len())?;
        if let Some(local) = id.0.checked_sub(self.base.entities) {
            let local = usize::try_from(local).map_err(|_| too_large())?;
            if self.own.len() <= local {
                self.own.resize(self.uids.len(), NONE);
            }
            match self.own.get_mut(local) {
                Some(slot) if *slot == NONE => *slot = number,
                _ => return Ok(()),
            }
        } else {
            match self.foreign.binary_search_by_key(&id, |row| row.0) {
                Ok(_) => return Ok(()),
                Err(at) => self.foreign.insert(at, (id, number)),
            }
        }
        self.nodes.push(node);
        Ok(())
    }

    /// Whether this layer knows something of the entity.
    pub(super) fn knows(&self, id: EntityId) -> bool {
        self.node_number(id).is_some()
    }

    pub(super) fn has_foreign(&self) -> bool {
        !self.foreign.is_empty()
    }

    pub(super) fn nodes_len(&self) -> usize {
        self.nodes.len()
    }

    /// The number of what this layer knows of the entity.
    pub(super) fn node_number(&self, id: EntityId) -> Option<usize> {
        let node = if let Some(local) = id.0.checked_sub(self.base.entities) {
            *self.own.get(usize::try_from(local).ok()?)?
        } else {
            let at = self.foreign.binary_search_by_key(&id, |row| row.0).ok()?;
            self.foreign.get(at)?.1
        };
        usize::try_from(node).ok().filter(|_| node != NONE)
    }

    /// The ancestors of a node of this layer, or as yet its parents.
    pub(super) fn ancestors(&self, number: usize) -> &[EntityId] {
        let node = self.nodes.get(number);
        node.map_or(&[], |node| slice(&self.ids, node.ancestors, self.base.ids))
    }

    pub(super) fn set_ancestors(&mut self, number: usize, ancestors: Span) {
        if let Some(node) = self.nodes.get_mut(number) {
            node.ancestors = ancestors;
        }
    }

    pub(super) fn find_string(&self, hash: u32, text: &str) -> Option<Symbol> {
        let local = self.strings.find(hash, |local| self.text(local) == text)?;
        Some(Symbol(self.base.symbols + local))
    }

    pub(super) fn find_entity(&self, hash: u32, uid: (Symbol, Symbol)) -> Option<EntityId> {
        let is = |local: u32| {
            usize::try_from(local).is_ok_and(|local| self.uids.get(local) == Some(&uid))
        };
        let local = self.names.find(hash, is)?;
        Some(EntityId(self.base.entities + local))
    }
}

impl<'a> World<'a> {
    /// A request above a store above a bundle.
    pub(super) fn new(bundle: &'a Layer, store: &'a Layer, request: &'a Layer) -> Self {
        Self {
            bundle,
            store,
            request,
        }
    }

    /// The layer that has the number; `base` picks the kind of number.
    fn layer(&self, number: u32, base: impl Fn(&Base) -> u32) -> &'a Layer {
        if number >= base(&self.request.base) {
            self.request
        } else if number >= base(&self.store.base) {
            self.store
        } else {
            self.bundle
        }
    }

    /// Where what evaluation makes begins: elements and fields.
    pub(super) fn made_from(&self) -> (u32, u32) {
        self.request.made_from()
    }

    /// Whether something else is known of the entity than the bundle knows.
    pub(super) fn redefines(&self, id: EntityId) -> bool {
        let ours = self
            .bundle
            .node_number(id)
            .and_then(|at| self.bundle.nodes.get(at));
        match (self.node(id), ours) {
            (Some(node), Some(ours)) => !core::ptr::eq(node, ours),
            (node, ours) => node.is_some() != ours.is_some(),
        }
    }

    pub(super) fn text(&self, symbol: Symbol) -> &'a str {
        let layer = self.layer(symbol.0, |base| base.symbols);
        layer.text(symbol.0 - layer.base.symbols)
    }

    /// Type and id of the entity.
    pub(super) fn uid(&self, id: EntityId) -> (Symbol, Symbol) {
        let layer = self.layer(id.0, |base| base.entities);
        usize::try_from(id.0 - layer.base.entities)
            .ok()
            .and_then(|at| layer.uids.get(at))
            .copied()
            .unwrap_or((Symbol(NONE), Symbol(NONE)))
    }

    /// The elements of a set of a layer.
    pub(super) fn elements(&self, span: Span) -> &'a [Term] {
        let layer = self.layer(span.start, |base| base.elements);
        slice(&layer.arena.elements, span, layer.base.elements)
    }

    /// The fields of a record of a layer.
    pub(super) fn fields(&self, span: Span) -> &'a [(Symbol, Term)] {
        let layer = self.layer(span.start, |base| base.fields);
        slice(&layer.arena.fields, span, layer.base.fields)
    }

    pub(super) fn ids(&self, span: Span) -> &'a [EntityId] {
        let layer = self.layer(span.start, |base| base.ids);
        slice(&layer.ids, span, layer.base.ids)
    }

    /// What is known of the entity. A layer comes before those below it.
    pub(super) fn node(&self, id: EntityId) -> Option<&'a Node> {
        let own = id.0 >= self.request.base.entities;
        if own || self.request.has_foreign() {
            let found = self.request.node_number(id);
            if own || found.is_some() {
                return self.request.nodes.get(found?);
            }
        }
        let own = id.0 >= self.store.base.entities;
        match self.store.node_number(id) {
            Some(number) => self.store.nodes.get(number),
            None if own => None,
            None => self.bundle.nodes.get(self.bundle.node_number(id)?),
        }
    }
}
