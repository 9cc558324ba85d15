//! A cursor over one section of a bundle.

use super::error::{BundleError, BundleFault, ValueError};
use super::extension::IpRange;
use super::format::{MAX_DEPTH, constant};
use super::layer::{Span, Symbol};
use super::link::Linker;
use super::term::Term;
use alloc::vec::Vec;

/// The error that a rule is broken at a place of a section.
#[cold]
#[inline(never)]
pub(super) fn broken(section: &'static str, at: usize, rule: &'static str) -> BundleFault {
    let offset = u32::try_from(at).unwrap_or(u32::MAX);
    BundleFault::from(BundleError::Malformed {
        section,
        offset,
        rule,
    })
}

/// Reads a section from its start; each read checks that the bytes are there.
pub(super) struct Reader<'a> {
    section: &'static str,
    len: usize,
    /// What is still to be read.
    rest: &'a [u8],
    /// How many strings the bundle has.
    strings: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(section: &'static str, bytes: &'a [u8], strings: usize) -> Self {
        Self {
            section,
            len: bytes.len(),
            rest: bytes,
            strings,
        }
    }

    /// The error that a rule is broken at the current place.
    #[cold]
    #[inline(never)]
    pub(super) fn broken(&self, rule: &'static str) -> BundleFault {
        broken(self.section, self.len - self.rest.len(), rule)
    }

    /// Fails unless the section has been read to its end.
    pub(super) fn end(&self) -> Result<(), BundleFault> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.broken("the section is longer than its contents"))
        }
    }

    pub(super) fn bytes(&mut self, len: usize) -> Result<&'a [u8], BundleFault> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or_else(|| self.too_short())?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BundleFault> {
        let (array, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| self.too_short())?;
        self.rest = rest;
        Ok(*array)
    }

    fn too_short(&self) -> BundleFault {
        self.broken("the section is shorter than its contents")
    }

    pub(super) fn byte(&mut self) -> Result<u8, BundleFault> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn word(&mut self) -> Result<u32, BundleFault> {
        self.array().map(u32::from_le_bytes)
    }

    /// A word that is a length or an index.
    pub(super) fn size(&mut self) -> Result<usize, BundleFault> {
        let word = self.word()?;
        usize::try_from(word).map_err(|_| self.broken("the number is too large"))
    }

    /// A count of things of at least `least` bytes each: no more than can follow, so that a
    /// wrong count can't make the loader reserve memory for nothing.
    pub(super) fn count(&mut self, least: usize) -> Result<usize, BundleFault> {
        let count = self.size()?;
        let left = self.rest.len();
        if count.checked_mul(least).is_some_and(|need| need <= left) {
            Ok(count)
        } else {
            Err(self.broken("the count is larger than the section"))
        }
    }

    /// A string, by its index.
    pub(super) fn symbol(&mut self) -> Result<Symbol, BundleFault> {
        let index = self.word()?;
        if usize::try_from(index).is_ok_and(|index| index < self.strings) {
            Ok(Symbol(index))
        } else {
            Err(self.broken("there is no such string"))
        }
    }

    /// A count and that many strings.
    pub(super) fn symbols(&mut self) -> Result<Vec<Symbol>, BundleFault> {
        let count = self.count(4)?;
        let mut symbols = Vec::with_capacity(count);
        for _ in 0..count {
            symbols.push(self.symbol()?);
        }
        Ok(symbols)
    }

    /// An entity's name: the strings of its type and its id.
    pub(super) fn uid(&mut self) -> Result<(Symbol, Symbol), BundleFault> {
        Ok((self.symbol()?, self.symbol()?))
    }

    /// A count and that many names of entities, strictly ascending.
    pub(super) fn uids(&mut self) -> Result<Vec<(Symbol, Symbol)>, BundleFault> {
        let count = self.count(8)?;
        let mut uids = Vec::with_capacity(count);
        for _ in 0..count {
            let uid = self.uid()?;
            if uids.last().is_some_and(|last| *last >= uid) {
                return Err(self.broken("the entities aren't strictly ascending"));
            }
            uids.push(uid);
        }
        Ok(uids)
    }

    /// What the linker gave, whose only reason to fail is that there is too much.
    pub(super) fn linked<T>(&self, linked: Result<T, ValueError>) -> Result<T, BundleFault> {
        linked.map_err(|_| self.broken("there is more than a reader can number"))
    }

    fn long(&mut self) -> Result<i64, BundleFault> {
        self.array().map(i64::from_le_bytes)
    }

    /// A value of this kind, with what nests in it.
    pub(super) fn value(
        &mut self,
        kind: u8,
        depth: usize,
        linker: &mut Linker<'_>,
    ) -> Result<Term, BundleFault> {
        if depth > MAX_DEPTH {
            return Err(self.broken("the value is nested too deeply"));
        }
        Ok(match kind {
            constant::BOOL => match self.byte()? {
                0 => Term::bool(false),
                1 => Term::bool(true),
                _ => return Err(self.broken("a boolean is 0 or 1")),
            },
            constant::LONG => Term::Long(self.long()?),
            constant::STRING => Term::string(self.symbol()?),
            constant::ENTITY => {
                let uid = self.uid()?;
                Term::entity(self.linked(linker.named(uid))?)
            }
            constant::SET => {
                let count = self.count(2)?;
                let mark = linker.begin();
                for _ in 0..count {
                    let kind = self.byte()?;
                    let element = self.value(kind, depth + 1, linker)?;
                    linker.part(Symbol(0), element);
                }
                let set = self.linked(linker.set(&mark))?;
                if !matches!(set, Term::Set(span) if usize::try_from(span.get().len) == Ok(count)) {
                    return Err(self.broken("an element is there twice"));
                }
                set
            }
            constant::RECORD => Term::record(self.record(depth, linker)?),
            constant::DECIMAL => Term::Decimal(self.long()?),
            constant::DATETIME => Term::Datetime(self.long()?),
            constant::DURATION => Term::Duration(self.long()?),
            constant::IP => {
                let (version, prefix) = (self.byte()?, self.byte()?);
                let address = match version {
                    4 => self.array().map(u32::from_be_bytes)?.into(),
                    6 => self.array().map(u128::from_be_bytes)?,
                    _ => return Err(self.broken("an address is of version 4 or 6")),
                };
                let ip = IpRange::from_parts(version == 6, address, prefix)
                    .ok_or_else(|| self.broken("the prefix is longer than the address"))?;
                self.linked(linker.ip(ip))?
            }
            _ => return Err(BundleError::FormatUnsupported.into()),
        })
    }

    /// A record, without its kind.
    pub(super) fn record(
        &mut self,
        depth: usize,
        linker: &mut Linker<'_>,
    ) -> Result<Span, BundleFault> {
        let count = self.count(6)?;
        let mark = linker.begin();
        let mut last = None;
        for _ in 0..count {
            let name = self.symbol()?;
            if last.is_some_and(|last| last >= name) {
                return Err(self.broken("the attributes aren't strictly ascending"));
            }
            last = Some(name);
            let kind = self.byte()?;
            let value = self.value(kind, depth + 1, linker)?;
            linker.part(name, value);
        }
        self.linked(linker.record(&mark))
    }
}
