//! A request in a compact form: how it crosses into the module without JSON.
//!
//! `docs/abi.md` specifies it.

use super::error::{ValueError, ValueFault};
use super::evaluate::Ask;
use super::evaluator::LinkedQuery;
use super::extension::IpRange;
use super::format::{MAX_DEPTH, compact as kind};
use super::layer::{EntityId, Span, Symbol};
use super::link::Linker;
use super::term::Term;
use super::value::Value;

impl LinkedQuery {
    /// Asks what `bytes` ask: principal, action and resource, each a type and an id; and the fields
    /// of the context.
    ///
    /// # Errors
    /// [`Malformed`](ValueFault::Malformed) for what isn't such a request, and those of
    /// [`LinkedQuery::link`]. The query asks nothing then.
    pub fn link_compact(&mut self, bytes: &[u8]) -> Result<(), ValueError> {
        self.relink(|linker| {
            let mut bytes = Bytes(bytes);
            let ask = Ask {
                principal: bytes.entity(linker)?,
                action: bytes.entity(linker)?,
                resource: bytes.entity(linker)?,
                context: bytes.fields(linker, 0)?,
            };
            if bytes.0.is_empty() {
                Ok(ask)
            } else {
                Err(malformed())
            }
        })
    }
}

#[cold]
fn malformed() -> ValueError {
    ValueError::new(ValueFault::Malformed, 0, 0)
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], ValueError> {
        let (array, rest) = self.0.split_first_chunk().ok_or_else(malformed)?;
        self.0 = rest;
        Ok(*array)
    }

    fn count(&mut self) -> Result<usize, ValueError> {
        usize::try_from(u32::from_le_bytes(self.array()?)).map_err(|_| malformed())
    }

    fn text(&mut self) -> Result<&'a str, ValueError> {
        let len = self.count()?;
        let (text, rest) = self.0.split_at_checked(len).ok_or_else(malformed)?;
        self.0 = rest;
        core::str::from_utf8(text).map_err(|_| malformed())
    }

    fn long(&mut self) -> Result<i64, ValueError> {
        self.array().map(i64::from_le_bytes)
    }

    fn entity(&mut self, linker: &mut Linker<'_>) -> Result<EntityId, ValueError> {
        let entity_type = self.text()?;
        linker.entity(entity_type, self.text()?)
    }

    fn fields(&mut self, linker: &mut Linker<'_>, depth: usize) -> Result<Span, ValueError> {
        let mark = linker.begin();
        for _ in 0..self.count()? {
            let name = linker.symbol(self.text()?)?;
            let value = self.value(linker, depth + 1)?;
            linker.part(name, value);
        }
        linker.record(&mark)
    }

    fn value(&mut self, linker: &mut Linker<'_>, depth: usize) -> Result<Term, ValueError> {
        if depth > MAX_DEPTH {
            return Err(ValueError::new(ValueFault::TooDeep, 0, 0));
        }
        let [kind] = self.array()?;
        Ok(match kind {
            kind::FALSE => Term::bool(false),
            kind::TRUE => Term::bool(true),
            kind::LONG => Term::Long(self.long()?),
            kind::STRING => Term::string(linker.symbol(self.text()?)?),
            kind::ENTITY => Term::entity(self.entity(linker)?),
            kind::SET => {
                let mark = linker.begin();
                for _ in 0..self.count()? {
                    let element = self.value(linker, depth + 1)?;
                    linker.part(Symbol(0), element);
                }
                linker.set(&mark)?
            }
            kind::RECORD => Term::record(self.fields(linker, depth)?),
            kind::DECIMAL => Term::Decimal(self.long()?),
            kind::DATETIME => Term::Datetime(self.long()?),
            kind::DURATION => Term::Duration(self.long()?),
            kind::CALL => {
                let function = self.text()?;
                let value = Value::constructed(function, self.text()?);
                linker.value(&value.ok_or_else(malformed)?)?
            }
            kind::IP => linker.ip(IpRange::parse(self.text()?).ok_or_else(malformed)?)?,
            _ => return Err(malformed()),
        })
    }
}
