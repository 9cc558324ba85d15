//! Values and names as Cedar writes them.

use super::cursor::{Cursor, ListingError};
use std::cell::Cell;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Values nest no deeper than this.
const DEPTH: usize = 64;

/// Bytes of text that a listing may have: a bundle names one long string in many places, a listing
/// writes it out in each.
const TEXT: usize = 64 << 20;

/// The strings of a bundle.
pub(super) struct Strings<'b> {
    strings: Vec<&'b str>,
    /// Bytes of text that may still be written.
    left: Cell<usize>,
}

impl<'b> Strings<'b> {
    /// Reads section 1.
    pub(super) fn read(mut cursor: Cursor<'b>) -> Result<Self, ListingError> {
        let count = cursor.count()?;
        let ends = (0..count)
            .map(|_| cursor.word())
            .collect::<Result<Vec<_>, _>>()?;
        let mut start = 0;
        let mut strings = Vec::with_capacity(count);
        for end in ends {
            let length = end
                .checked_sub(start)
                .ok_or_else(|| cursor.broken("a string ends before it begins"))?;
            let string = core::str::from_utf8(cursor.bytes(length)?)
                .map_err(|_| cursor.broken("a string isn't UTF-8"))?;
            strings.push(string);
            start = end;
        }
        cursor.end()?;
        Ok(Self {
            strings,
            left: Cell::new(TEXT),
        })
    }

    /// The string of this index, if there is one.
    pub(super) fn get(&self, index: usize) -> Option<Result<&'b str, ListingError>> {
        let string = self.strings.get(index).copied()?;
        Some(self.spend(string.len()).map(|()| string))
    }

    /// Takes text off what may be written.
    pub(super) fn spend(&self, bytes: usize) -> Result<(), ListingError> {
        let left = self.left.get().checked_sub(bytes).ok_or_else(|| {
            ListingError::new(
                "listing_too_large",
                "the listing has more than 64 MiB of text",
            )
        })?;
        self.left.set(left);
        Ok(())
    }

    pub(super) fn string(&self, cursor: &mut Cursor<'_>) -> Result<&'b str, ListingError> {
        let index = cursor.word()?;
        self.get(index)
            .ok_or_else(|| cursor.broken("there is no such string"))?
    }

    pub(super) fn uid(&self, cursor: &mut Cursor<'_>) -> Result<String, ListingError> {
        let entity_type = self.string(cursor)?;
        let id = self.string(cursor)?;
        Ok(format!("{entity_type}::{id:?}"))
    }

    pub(super) fn uids(&self, cursor: &mut Cursor<'_>) -> Result<Vec<String>, ListingError> {
        let count = cursor.count()?;
        (0..count).map(|_| self.uid(cursor)).collect()
    }

    /// A constant, a pattern or names.
    pub(super) fn constant(&self, cursor: &mut Cursor<'_>) -> Result<String, ListingError> {
        let kind = cursor.byte()?;
        if !matches!(kind, 0x20 | 0x21) {
            return self.value(kind, cursor, 0);
        }
        let count = cursor.count()?;
        let parts = (0..count)
            .map(|_| self.string(cursor))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(if kind == 0x20 {
            let escaped: Vec<String> = parts
                .iter()
                .map(|part| part.escape_debug().to_string().replace('*', "\\*"))
                .collect();
            format!("\"{}\"", escaped.join("*"))
        } else {
            parts.join(".")
        })
    }

    fn value(
        &self,
        kind: u8,
        cursor: &mut Cursor<'_>,
        depth: usize,
    ) -> Result<String, ListingError> {
        if depth > DEPTH {
            return Err(cursor.broken("a value nests too deep"));
        }
        Ok(match kind {
            0x01 => match cursor.byte()? {
                0 => "false".to_owned(),
                1 => "true".to_owned(),
                _ => return Err(cursor.broken("a boolean is 0 or 1")),
            },
            0x02 => cursor.long()?.to_string(),
            0x03 => format!("{:?}", self.string(cursor)?),
            0x04 => self.uid(cursor)?,
            0x05 => {
                let count = cursor.count()?;
                let mut elements = Vec::with_capacity(count);
                for _ in 0..count {
                    let kind = cursor.byte()?;
                    elements.push(self.value(kind, cursor, depth + 1)?);
                }
                format!("[{}]", elements.join(", "))
            }
            0x06 => self.record_at(cursor, depth)?,
            0x10 => decimal(cursor.long()?),
            0x11 => datetime(cursor.long()?),
            0x12 => format!("duration(\"{}ms\")", cursor.long()?),
            0x13 => {
                let version = cursor.byte()?;
                let prefix = cursor.byte()?;
                let address = match version {
                    4 => Ipv4Addr::from(cursor.array::<4>()?).to_string(),
                    6 => Ipv6Addr::from(cursor.array::<16>()?).to_string(),
                    _ => return Err(cursor.broken("an address is of version 4 or 6")),
                };
                format!("ip(\"{address}/{prefix}\")")
            }
            _ => {
                return Err(ListingError::new(
                    "bundle_format_unsupported",
                    format!("a constant of the unknown kind {kind:#04x}"),
                ));
            }
        })
    }

    /// A record, without its kind.
    pub(super) fn record(&self, cursor: &mut Cursor<'_>) -> Result<String, ListingError> {
        self.record_at(cursor, 0)
    }

    fn record_at(&self, cursor: &mut Cursor<'_>, depth: usize) -> Result<String, ListingError> {
        let count = cursor.count()?;
        let mut pairs = Vec::with_capacity(count);
        for _ in 0..count {
            let name = self.string(cursor)?;
            let kind = cursor.byte()?;
            pairs.push(format!(
                "{name:?}: {}",
                self.value(kind, cursor, depth + 1)?
            ));
        }
        Ok(format!("{{{}}}", pairs.join(", ")))
    }
}

/// Ten-thousandths.
fn decimal(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let magnitude = value.unsigned_abs();
    let fraction = format!("{:04}", magnitude % 10_000);
    let fraction = fraction.trim_end_matches('0');
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    format!("decimal(\"{sign}{}.{fraction}\")", magnitude / 10_000)
}

/// Milliseconds since 1970, which may be before any year that Cedar writes.
fn datetime(milliseconds: i64) -> String {
    format!("datetime(\"1970-01-01\").offset(duration(\"{milliseconds}ms\"))")
}
