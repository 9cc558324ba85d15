//! Frame, sections and rows.

use super::cursor::{Cursor, ListingError};
use super::opcodes::{Operand, function, opcode};
use super::value::Strings;
use super::{ListedEntity, ListedInstruction, ListedPolicy, ListedRoute, Listing};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const MAGIC: [u8; 8] = [0x89, 0x43, 0x53, 0x42, 0x0D, 0x0A, 0x1A, 0x0A];
const FORMAT: u16 = 1;
const DIGEST_LEN: usize = 32;
const SIGNATURE_LEN: usize = 64;
/// From here on a section may be skipped.
const ADVISORY: u16 = 0x8000;

/// Reads a bundle.
///
/// # Errors
/// What isn't a bundle, is damaged, or breaks a rule that a listing needs. Core refuses more.
pub fn read(bytes: &[u8]) -> Result<Listing, ListingError> {
    let frame = Frame::read(bytes)?;
    let strings = Strings::read(frame.section("strings", 1)?)?;
    let mut manifest = frame.section("manifest", 3)?;
    let name = strings.string(&mut manifest)?.to_owned();
    let version = strings.string(&mut manifest)?.to_owned();
    let principal_type = strings.string(&mut manifest)?.to_owned();
    let group_type = match manifest.byte()? {
        0 => None,
        1 => Some(strings.string(&mut manifest)?.to_owned()),
        _ => return Err(manifest.broken("there is one group type or none")),
    };
    manifest.end()?;
    let pool = Pool {
        constants: list(frame.section("constants", 2)?, |cursor| {
            strings.constant(cursor)
        })?,
        code: list(frame.section("code", 5)?, Cursor::word)?,
        strings: &strings,
    };
    Ok(Listing {
        name,
        version,
        sha256: frame.sha256.clone(),
        bytes: bytes.len(),
        principal_type,
        group_type,
        entities: list(frame.section("entities", 4)?, |cursor| {
            Ok(ListedEntity {
                uid: strings.uid(cursor)?,
                ancestors: strings.uids(cursor)?,
                attributes: strings.record(cursor)?,
                tags: strings.record(cursor)?,
            })
        })?,
        policies: list(frame.section("policies", 6)?, |cursor| pool.policy(cursor))?,
        routes: list(frame.section("routes", 7)?, |cursor| {
            route(&strings, cursor)
        })?,
        publishers: frame.publishers,
    })
}

/// A section that is a list.
fn list<'b, T>(
    mut cursor: Cursor<'b>,
    mut item: impl FnMut(&mut Cursor<'b>) -> Result<T, ListingError>,
) -> Result<Vec<T>, ListingError> {
    let count = cursor.count()?;
    let items = (0..count)
        .map(|_| item(&mut cursor))
        .collect::<Result<_, _>>()?;
    cursor.end()?;
    Ok(items)
}

struct Frame<'b> {
    sections: BTreeMap<u16, &'b [u8]>,
    sha256: String,
    publishers: Vec<String>,
}

impl<'b> Frame<'b> {
    fn read(bytes: &'b [u8]) -> Result<Self, ListingError> {
        let truncated = || ListingError::new("bundle_truncated", "the bytes end too early");
        let rest = bytes
            .strip_prefix(&MAGIC)
            .ok_or_else(|| ListingError::new("bundle_not_a_bundle", "this isn't a bundle"))?;
        let mut header = Cursor::new("header", rest);
        let format = header.half().map_err(|_| truncated())?;
        if format != FORMAT {
            let message = format!("a bundle of format {format}; this reads format {FORMAT}");
            return Err(ListingError::new("bundle_format_unsupported", message));
        }
        let count = header.half().map_err(|_| truncated())?;
        let length = header.word().map_err(|_| truncated())?;
        let (body, after) = bytes.split_at_checked(length).ok_or_else(truncated)?;
        let (digest, signatures) = after.split_at_checked(DIGEST_LEN).ok_or_else(truncated)?;
        let found: [u8; DIGEST_LEN] = Sha256::digest(body).into();
        if found != *digest {
            let message = "the SHA-256 isn't that of the body";
            return Err(ListingError::new("bundle_digest_mismatch", message));
        }
        let mut sections = BTreeMap::new();
        for _ in 0..count {
            let (kind, flags) = (header.half()?, header.half()?);
            let (offset, length) = (header.word()?, header.word()?);
            let end = offset.saturating_add(length);
            let section = body.get(offset..end);
            let section = section.ok_or_else(|| header.broken("a section is outside"))?;
            if flags != 0 || !(1..=7).contains(&kind) && kind < ADVISORY {
                let message = format!("a section of the unknown kind {kind}");
                return Err(ListingError::new("bundle_format_unsupported", message));
            }
            sections.insert(kind, section);
        }
        Ok(Self {
            sections,
            sha256: hex(&found),
            publishers: publishers(signatures)?,
        })
    }

    fn section(&self, name: &'static str, kind: u16) -> Result<Cursor<'b>, ListingError> {
        let section = self.sections.get(&kind);
        let section = section
            .ok_or_else(|| ListingError::malformed(format!("the section `{name}` is missing")))?;
        Ok(Cursor::new(name, section))
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// The names in the signature blocks.
fn publishers(blocks: &[u8]) -> Result<Vec<String>, ListingError> {
    let mut cursor = Cursor::new("signatures", blocks);
    let mut publishers = Vec::new();
    while !cursor.is_empty() {
        let length = usize::from(cursor.byte()?);
        let name = cursor.bytes(length)?;
        let name = core::str::from_utf8(name)
            .map_err(|_| cursor.broken("a publisher's name isn't UTF-8"))?;
        cursor.bytes(SIGNATURE_LEN)?;
        publishers.push(name.to_owned());
    }
    Ok(publishers)
}

/// What policies refer to.
struct Pool<'s, 'b> {
    strings: &'s Strings<'b>,
    constants: Vec<String>,
    code: Vec<usize>,
}

impl Pool<'_, '_> {
    fn policy(&self, cursor: &mut Cursor<'_>) -> Result<ListedPolicy, ListingError> {
        let id = self.strings.string(cursor)?.to_owned();
        let effect = match cursor.byte()? {
            0 => "permit",
            1 => "forbid",
            _ => return Err(cursor.broken("a policy permits or forbids")),
        };
        let principal = self.scope("principal", cursor)?;
        let action = self.scope("action", cursor)?;
        let resource = self.scope("resource", cursor)?;
        let (start, end) = (cursor.word()?, cursor.word()?);
        let code = self.code.get(start..end);
        let code = code.ok_or_else(|| cursor.broken("there is no such code"))?;
        let code = code
            .iter()
            .map(|word| self.instruction(*word, cursor))
            .collect::<Result<_, _>>()?;
        let count = cursor.count()?;
        let mut annotations = Vec::with_capacity(count);
        for _ in 0..count {
            let name = self.strings.string(cursor)?.to_owned();
            annotations.push((name, self.strings.string(cursor)?.to_owned()));
        }
        Ok(ListedPolicy {
            id,
            effect: effect.to_owned(),
            principal,
            action,
            resource,
            annotations,
            code,
        })
    }

    fn scope(&self, of: &str, cursor: &mut Cursor<'_>) -> Result<String, ListingError> {
        let strings = self.strings;
        Ok(match cursor.byte()? {
            0 => of.to_owned(),
            1 => format!("{of} == {}", strings.uid(cursor)?),
            2 => format!("{of} in {}", strings.uid(cursor)?),
            3 => format!("{of} is {}", strings.string(cursor)?),
            4 => {
                let entity_type = strings.string(cursor)?;
                format!("{of} is {entity_type} in {}", strings.uid(cursor)?)
            }
            5 => format!("{of} in [{}]", strings.uids(cursor)?.join(", ")),
            kind => {
                let message = format!("a scope of the unknown kind {kind}");
                return Err(ListingError::new("bundle_format_unsupported", message));
            }
        })
    }

    fn instruction(
        &self,
        word: usize,
        cursor: &Cursor<'_>,
    ) -> Result<ListedInstruction, ListingError> {
        let (number, operand) = (word & 0xFF, word >> 8);
        let known = u8::try_from(number).ok().and_then(opcode);
        let Some((name, kind)) = known else {
            let message = format!("the unknown opcode {number:#04x}");
            return Err(ListingError::new("bundle_format_unsupported", message));
        };
        let missing = || cursor.broken("there is no such operand");
        let operand = match kind {
            Operand::None => String::new(),
            Operand::To => format!("to {operand}"),
            Operand::Count => operand.to_string(),
            Operand::String => self.strings.get(operand).ok_or_else(missing)??.to_owned(),
            Operand::Constant => {
                let constant = self.constants.get(operand).ok_or_else(missing)?;
                self.strings.spend(constant.len())?;
                constant.clone()
            }
            Operand::Function => function(operand).ok_or_else(missing)?.to_owned(),
        };
        Ok(ListedInstruction {
            opcode: name.to_owned(),
            operand,
        })
    }
}

fn route(strings: &Strings<'_>, cursor: &mut Cursor<'_>) -> Result<ListedRoute, ListingError> {
    let method = strings.string(cursor)?.to_owned();
    let mut path = String::new();
    for place in 0..cursor.count()? {
        path.push('/');
        match cursor.byte()? {
            0 => path.push_str(strings.string(cursor)?),
            1 => path.push_str(&format!("{{{place}}}")),
            _ => return Err(cursor.broken("a segment is a literal or a placeholder")),
        }
    }
    if path.is_empty() {
        path.push('/');
    }
    let action = strings.uid(cursor)?;
    let resource_type = strings.string(cursor)?;
    let resource = match cursor.byte()? {
        0 => format!("{resource_type}::{:?}", strings.string(cursor)?),
        1 => format!("{resource_type}::{{{}}}", cursor.word()?),
        _ => return Err(cursor.broken("an id is fixed or a segment")),
    };
    Ok(ListedRoute {
        method,
        path,
        action,
        resource,
    })
}
