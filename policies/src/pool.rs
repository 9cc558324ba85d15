//! The interned strings and constants of a bundle.

use crate::program::Constant;
use std::collections::BTreeMap;

/// Numbers things by their order, so that the same sources give the same bytes.
///
/// A bundle is laid out twice: once to gather what there is, and once, when it is numbered, to write.
pub(crate) struct Pool<T> {
    numbers: BTreeMap<T, usize>,
}

pub(crate) type Strings = Pool<String>;
pub(crate) type Constants = Pool<Constant>;

impl<T: Ord + Clone> Pool<T> {
    pub(crate) fn new() -> Self {
        Self {
            numbers: BTreeMap::new(),
        }
    }

    /// Numbers all that has been gathered.
    pub(crate) fn number(&mut self) {
        for (number, slot) in self.numbers.values_mut().enumerate() {
            *slot = number;
        }
    }

    /// The number of `item`; gathers it if it is new.
    pub(crate) fn index<Q>(&mut self, item: &Q) -> usize
    where
        T: core::borrow::Borrow<Q>,
        Q: Ord + ToOwned<Owned = T> + ?Sized,
    {
        if let Some(number) = self.numbers.get(item) {
            return *number;
        }
        self.numbers.insert(item.to_owned(), 0);
        0
    }

    /// All, by number.
    pub(crate) fn items(&self) -> Vec<T> {
        self.numbers.keys().cloned().collect()
    }
}
