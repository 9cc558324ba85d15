//! What is sealed in a snapshot: a table of keys, ascending by id, that is searched as it lies.
//!
//! ```text
//! u16 shapes   then each: u16 length, JSON {"groups": [..], "attributes": {..}}
//! u8  days     then each: u32 day since 1970, ascending
//! u32 keys     then each: u8 length and id, u8 kind, u16 shape, u64 not before, u64 not after,
//!              u16 length and material
//! ```
//! Numbers are big-endian. The material of a secret is 32 bytes for each day, of a public key the key, of a
//! key that was revoked or is gone nothing.

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::character::is_same_throughout;
use crate::id_index::IdIndex;
use crate::instant::UnixSeconds;
use crate::key::{Algorithm, Environment};
use crate::key_shape::KeyShape;
use crate::members::Members;
use crate::refusal::{Code, Refusal};

pub(super) const DERIVED_BYTES: usize = 32;
const MAX_KEYS: usize = 1 << 24;
const MAX_DAYS: usize = 8;

/// What the bytes of a key's material are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Secrets,
    Public(Algorithm),
    /// A public key of an algorithm that this build doesn't have. It is refused when it signs: the others in
    /// the snapshot are good.
    Foreign(u8),
    Revoked,
    /// In a delta: not there any more.
    Gone,
}

/// The algorithms of public keys: the first has the number 1.
const PUBLIC: [&str; 4] = [
    "ed25519",
    "ecdsa-p256-sha256",
    "rsa-pss-sha512",
    "rsa-v1_5-sha256",
];

impl Kind {
    pub(super) fn number(self) -> u8 {
        match self {
            Kind::Secrets => 0,
            Kind::Public(algorithm) => PUBLIC
                .iter()
                .zip(1..)
                .find(|(name, _)| **name == algorithm.as_str())
                .map_or(0, |(_, number)| number),
            Kind::Foreign(number) => number,
            Kind::Revoked => 0xfe,
            Kind::Gone => 0xff,
        }
    }

    /// Whether such a key can have made a signature of this length.
    pub(super) fn makes(self, length: usize) -> bool {
        let algorithm = match self {
            Kind::Secrets => Algorithm::HmacSha256,
            Kind::Public(algorithm) => algorithm,
            Kind::Foreign(_) | Kind::Revoked | Kind::Gone => return false,
        };
        match algorithm.signature_bytes() {
            Some(bytes) => length == bytes,
            // RSA's are longer than any over a curve.
            None => Some(length) > Algorithm::Ed25519.signature_bytes(),
        }
    }

    fn of(number: u8) -> Option<Self> {
        match number {
            0 => Some(Kind::Secrets),
            0xfe => Some(Kind::Revoked),
            0xff => Some(Kind::Gone),
            number => {
                let name = PUBLIC.get(usize::from(number) - 1)?;
                Some(Algorithm::parse(name).map_or(Kind::Foreign(number), Kind::Public))
            }
        }
    }
}

/// A key as it lies in the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) kind: Kind,
    pub(super) shape: u16,
    pub(super) not_before: UnixSeconds,
    pub(super) not_after: UnixSeconds,
    pub(super) material: &'a [u8],
    /// All of the row.
    pub(super) bytes: &'a [u8],
}

/// A table of keys that was read once from end to end.
#[derive(Clone)]
pub(super) struct Content {
    bytes: Zeroizing<Vec<u8>>,
    environment: Environment,
    /// Where the rows begin.
    rows: usize,
    count: usize,
    days: Vec<u32>,
    shapes: Vec<KeyShape>,
    /// The offset of each row.
    index: IdIndex,
    /// The offsets of the first secret and of the first key over a curve.
    first: [Option<u32>; 2],
}

impl Content {
    /// Checks the whole table. A delta may say of keys that they are gone. `seed` is that of its index.
    pub(super) fn read(
        bytes: Zeroizing<Vec<u8>>,
        environment: Environment,
        is_delta: bool,
        seed: u64,
    ) -> Result<Self, Refusal> {
        let malformed = || Refusal::from(Code::SnapshotMalformed);
        let mut reader = Reader(&bytes);
        let mut shapes = Vec::new();
        for _ in 0..reader.number::<2>().ok_or_else(malformed)? {
            let length = reader.number::<2>().ok_or_else(malformed)?;
            let text = reader.text(length).ok_or_else(malformed)?;
            shapes.push(read_shape(text, environment)?);
        }
        let mut days = Vec::new();
        for _ in 0..reader.number::<1>().ok_or_else(malformed)? {
            let day = reader.number::<4>().and_then(|day| u32::try_from(day).ok());
            days.push(day.ok_or_else(malformed)?);
        }
        let count = reader.number::<4>().ok_or_else(malformed)?;
        if count > MAX_KEYS || days.len() > MAX_DAYS || !days.is_sorted_by(|a, b| a < b) {
            return Err(malformed());
        }
        let rows = bytes.len() - reader.0.len();
        // No more room than the table's length allows for.
        let mut index = IdIndex::with_room(count.min(bytes.len() / 20), seed);
        let (mut last, mut first) = ("", [None; 2]);
        for number in 0..count {
            let at = bytes.len() - reader.0.len();
            let row = reader.row().ok_or_else(malformed)?;
            let fits = match row.kind {
                Kind::Secrets => row.material.len() == days.len() * DERIVED_BYTES,
                Kind::Public(_) | Kind::Foreign(_) => true,
                Kind::Revoked => row.material.is_empty(),
                Kind::Gone => is_delta && row.material.is_empty(),
            };
            let known = usize::from(row.shape) < shapes.len();
            if !fits || !known || (number > 0 && row.id <= last) {
                return Err(malformed());
            }
            last = row.id;
            let at = u32::try_from(at).map_err(|_| malformed())?;
            let algorithms = [Algorithm::HmacSha256, Algorithm::Ed25519];
            for (first, algorithm) in first.iter_mut().zip(algorithms) {
                let length = algorithm.signature_bytes();
                let makes = length.is_some_and(|length| row.kind.makes(length));
                *first = first.or(makes.then_some(at));
            }
            index.put(row.id, at);
        }
        if !reader.0.is_empty() {
            return Err(malformed());
        }
        Ok(Content {
            bytes,
            environment,
            rows,
            count,
            days,
            shapes,
            index,
            first,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn days(&self) -> &[u32] {
        &self.days
    }

    pub(super) fn shape(&self, row: &Row<'_>) -> Option<&KeyShape> {
        self.shapes.get(usize::from(row.shape))
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let mut reader = Reader(self.bytes.get(self.rows..).unwrap_or_default());
        core::iter::from_fn(move || reader.row())
    }

    /// The key with this id, if there is one, and the id's hash.
    pub(super) fn find(&self, id: &str) -> (Option<Row<'_>>, u32) {
        let is_its = |row: &Row<'_>| is_same_throughout(row.id, id);
        let is_at = |at| self.row(at).is_some_and(|row| is_its(&row));
        let (at, hash) = self.index.look(id, is_at);
        let row = (at != 0).then(|| self.row(at)).flatten();
        (row.filter(is_its), hash)
    }

    /// A key that can have made a signature of this length, in the stead of one of this hash that isn't there or can't: one
    /// near its place, whose memory is as cold.
    pub(super) fn stand_in(&self, hash: u32, length: usize) -> Option<Row<'_>> {
        let good = |at| self.row(at).filter(|row| row.kind.makes(length));
        let near = self.index.near(hash, good);
        near.or_else(|| self.first.iter().flatten().find_map(|at| good(*at)))
    }

    fn row(&self, at: u32) -> Option<Row<'_>> {
        Reader(self.bytes.get(usize::try_from(at).ok()?..)?).row()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The shapes, by number, as they are written.
    pub(super) fn shape_texts(&self) -> impl Iterator<Item = &str> {
        let mut reader = Reader(&self.bytes);
        let count = reader.number::<2>().unwrap_or(0);
        (0..count).map_while(move |_| {
            let length = reader.number::<2>()?;
            reader.text(length)
        })
    }

    /// Shapes, days and count, as they are written.
    fn head(&self) -> &[u8] {
        self.bytes.get(..self.rows).unwrap_or_default()
    }

    /// This table with what changed: the delta's days are the same, and its shapes begin with these.
    pub(super) fn changed_by(&self, delta: &Content, seed: u64) -> Result<Content, Refusal> {
        if self.days != delta.days || delta.shapes.len() < self.shapes.len() {
            return Err(Code::SnapshotMalformed.into());
        }
        let head = delta.head();
        let head = head.get(..head.len().saturating_sub(4)).unwrap_or_default();
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.bytes.len() + delta.bytes.len()));
        bytes.extend_from_slice(head);
        bytes.extend_from_slice(&[0; 4]);
        let mut count = 0_u32;
        let (mut old, mut new) = (self.rows().peekable(), delta.rows().peekable());
        loop {
            let row = match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some(a), Some(b)) if a.id < b.id => old.next(),
                (Some(_), None) => old.next(),
                (a, Some(b)) => {
                    if a.is_some_and(|a| a.id == b.id) {
                        old.next();
                    }
                    new.next()
                }
            };
            if let Some(row) = row.filter(|row| row.kind != Kind::Gone) {
                bytes.extend_from_slice(row.bytes);
                count += 1;
            }
        }
        if let Some(place) = bytes.get_mut(head.len()..head.len() + 4) {
            place.copy_from_slice(&count.to_be_bytes());
        }
        Content::read(bytes, self.environment, false, seed)
    }
}

impl core::fmt::Debug for Content {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Content(..)")
    }
}

fn read_shape(text: &str, environment: Environment) -> Result<KeyShape, Refusal> {
    let mut members = Members::read(text, Code::SnapshotMalformed)?;
    let groups: Vec<String> = members.texts("groups")?.unwrap_or_default();
    let attributes = members.record("attributes")?.unwrap_or_default();
    members.end()?;
    let shape = KeyShape::from(environment).groups(groups);
    Ok(shape.attributes(attributes))
}

/// What is still to be read; nothing, where a read asks for more than there is.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn long(&mut self, length: usize) -> Option<u64> {
        let bytes = self.take(length)?;
        let number = bytes.iter();
        Some(number.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn number<const LENGTH: usize>(&mut self) -> Option<usize> {
        usize::try_from(self.long(LENGTH)?).ok()
    }

    fn text(&mut self, length: usize) -> Option<&'a str> {
        core::str::from_utf8(self.take(length)?).ok()
    }

    fn row(&mut self) -> Option<Row<'a>> {
        let start = self.0;
        let length = self.number::<1>()?;
        let id = self.text(length).filter(|id| !id.is_empty())?;
        let kind = Kind::of(u8::try_from(self.number::<1>()?).ok()?)?;
        let shape = u16::try_from(self.number::<2>()?).ok()?;
        let not_before = UnixSeconds::new(self.long(8)?);
        let not_after = UnixSeconds::new(self.long(8)?);
        let length = self.number::<2>()?;
        let material = self.take(length)?;
        Some(Row {
            id,
            kind,
            shape,
            not_before,
            not_after,
            material,
            bytes: start.get(..start.len() - self.0.len())?,
        })
    }
}
