//! The patterns of `like`.

use super::machine::Fault;
use super::term::Budget;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A pattern: literal segments with a wildcard, any run of characters, between each two.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    segments: Vec<Box<str>>,
}

impl Pattern {
    /// One segment is a literal; `["", ""]` is `*`.
    pub(super) fn new(segments: Vec<Box<str>>) -> Self {
        Self { segments }
    }

    /// Whether the whole of `text` matches.
    ///
    /// Works by bytes: a segment is whole characters, so in UTF-8 it can match only at a
    /// character's boundary. The leftmost match of each middle segment is as good as any.
    pub(super) fn matches(&self, text: &str, budget: &mut Budget) -> Result<bool, Fault> {
        let Some((first, rest)) = self.segments.split_first() else {
            return Ok(false);
        };
        let Some((last, middle)) = rest.split_last() else {
            return Ok(text == &**first);
        };
        let Some(mut text) = text
            .as_bytes()
            .strip_prefix(first.as_bytes())
            .and_then(|text| text.strip_suffix(last.as_bytes()))
        else {
            return Ok(false);
        };
        for segment in middle {
            match after(text, segment.as_bytes(), budget)? {
                Some(tail) => text = tail,
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// What follows the leftmost `segment` in `text`.
fn after<'t>(
    text: &'t [u8],
    segment: &[u8],
    budget: &mut Budget,
) -> Result<Option<&'t [u8]>, Fault> {
    let mut tail = text;
    loop {
        budget.spend(1 + segment.len() / 16)?;
        if let Some(found) = tail.strip_prefix(segment) {
            return Ok(Some(found));
        }
        match tail.split_first() {
            Some((_, next)) => tail = next,
            None => return Ok(None),
        }
    }
}
