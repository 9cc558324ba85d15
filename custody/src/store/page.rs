//! Entries that were read together.

/// Entries one after another, in one piece of memory, which is used again: who reads a million leaves no holes between
/// what is kept of them.
#[derive(Clone, Debug, Default)]
pub struct Page {
    bytes: Vec<u8>,
    /// Where each begins, where its value does, and where it ends.
    places: Vec<[usize; 3]>,
}

impl Page {
    /// Makes room for others in the same memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.places.clear();
    }

    /// Puts an entry behind the others.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        let start = self.bytes.len();
        let middle = start + key.len();
        self.places.push([start, middle, middle + value.len()]);
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Each one's key and value, ascending by key.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> {
        let part = |from, to| self.bytes.get(from..to).unwrap_or_default();
        let places = self.places.iter();
        places.map(move |[start, middle, end]| (part(*start, *middle), part(*middle, *end)))
    }
}
