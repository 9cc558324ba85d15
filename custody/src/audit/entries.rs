//! Reading a space from its beginning to its end.

use crate::store::Entry;
use crate::{Space, Store, StoreError};

/// How many entries are read at once, and held in memory.
const PAGE: usize = 512;

/// The entries of a space, read page by page.
pub(super) struct Entries<'a> {
    store: &'a dyn Store,
    space: Space,
    page: std::vec::IntoIter<Entry>,
    from: Vec<u8>,
    is_done: bool,
}

impl<'a> Entries<'a> {
    pub(super) fn new(store: &'a dyn Store, space: Space) -> Self {
        Entries {
            store,
            space,
            page: Vec::new().into_iter(),
            from: Vec::new(),
            is_done: false,
        }
    }

    /// None of them.
    pub(super) fn skipped(mut self) -> Self {
        self.is_done = true;
        self
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.as_slice().is_empty() && !self.is_done {
            match self.store.scan(self.space, &self.from, PAGE) {
                Ok(page) => {
                    self.is_done = page.len() < PAGE;
                    if let Some((key, _)) = page.last() {
                        // The next key in order.
                        self.from.clone_from(key);
                        self.from.push(0);
                    }
                    self.page = page.into_iter();
                }
                Err(error) => {
                    self.is_done = true;
                    return Some(Err(error));
                }
            }
        }
        self.page.next().map(Ok)
    }
}
