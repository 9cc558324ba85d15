//! Values in DER (X.690), read one after another without copying.

use der::asn1::ObjectIdentifier;
use der::{Decode as _, Header, Reader as _, SliceReader, Tag, TagNumber};

/// A value: its tag, its contents, and all of its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    tag: Tag,
    contents: &'a [u8],
    pub(super) whole: &'a [u8],
}

impl<'a> Part<'a> {
    /// The one value that the bytes are, with nothing after it.
    pub(super) fn only(bytes: &'a [u8]) -> Option<Self> {
        let mut parts = Parts::of(bytes)?;
        let part = parts.next()?;
        parts.0.is_finished().then_some(part)
    }

    fn next_of(reader: &mut SliceReader<'a>) -> Option<Self> {
        let header = Header::peek(reader).ok()?;
        let whole = reader.tlv_bytes().ok()?;
        let start = whole
            .len()
            .checked_sub(usize::try_from(header.length()).ok()?)?;
        Some(Part {
            tag: header.tag(),
            contents: whole.get(start..)?,
            whole,
        })
    }

    /// Its contents, if it has this tag.
    pub(super) fn contents(self, tag: Tag) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.contents)
    }

    /// What is in it, if it is a SEQUENCE.
    pub(super) fn sequence(self) -> Option<Parts<'a>> {
        self.contents(Tag::Sequence).and_then(Parts::of)
    }

    /// What is in it, if it is a SET.
    pub(super) fn set(self) -> Option<Parts<'a>> {
        self.contents(Tag::Set).and_then(Parts::of)
    }

    /// Its contents, if it has this context-specific tag.
    pub(super) fn tagged(self, number: u32) -> Option<&'a [u8]> {
        let is = self.tag.is_context_specific() && self.tag.number() == TagNumber(number);
        is.then_some(self.contents)
    }

    /// What is in an explicit tag.
    pub(super) fn inside(self, number: u32) -> Option<Self> {
        Self::only(self.tagged(number)?)
    }

    /// The object identifier that it is.
    pub(super) fn identifier(self) -> Option<ObjectIdentifier> {
        ObjectIdentifier::from_der(self.whole).ok()
    }
}

/// The values in a row of bytes, until they end or one can't be read.
pub(super) struct Parts<'a>(SliceReader<'a>);

impl<'a> Parts<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        SliceReader::new(bytes).ok().map(Parts)
    }

    /// The next value, if it has this context-specific tag. Another is left for later.
    pub(super) fn optional(&mut self, number: u32) -> Option<&'a [u8]> {
        let contents = Part::next_of(&mut self.0.clone())?.tagged(number)?;
        self.next();
        Some(contents)
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        Part::next_of(&mut self.0)
    }
}
