//! Reads a bundle and checks it, once and for all.

use super::bundle::{
    ActionScope, AnnotationRow, Bundle, Constant, Effect, Manifest, PolicyRow, Scope,
};
use super::code::{self, Instruction, Op};
use super::entity::{Entities, Entity};
use super::error::BundleError;
use super::format::{
    DIGEST_LEN, FORMAT, HEADER_LEN, MAGIC, SECTION_ROW_LEN, constant, scope, section,
};
use super::index::Index;
use super::pattern::Pattern;
use super::reader::Reader;
use super::route::RouteTable;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;
use sha2::{Digest, Sha256};

impl Bundle {
    /// Reads a bundle: checks its magic, its format and its SHA-256, and then every offset, index,
    /// opcode, jump and stack depth, so that evaluation needn't.
    ///
    /// The digest shows damage, not who made the bundle: load only what comes from a source you trust.
    ///
    /// # Errors
    /// A [`BundleError`], the first that is found.
    pub fn load(bytes: impl Into<Vec<u8>>) -> Result<Self, BundleError> {
        load(&bytes.into())
    }
}

fn load(bytes: &[u8]) -> Result<Bundle, BundleError> {
    let (body, sha256) = body(bytes)?;
    let sections = Sections::read(body)?;
    let strings = strings(sections.required("strings", section::STRINGS)?)?;
    let open = |name, kind| {
        sections
            .required(name, kind)
            .map(|bytes| Reader::new(name, bytes, &strings))
    };
    let manifest = manifest(open("manifest", section::MANIFEST)?)?;
    let constants = constants(open("constants", section::CONSTANTS)?)?;
    let entities = entities(open("entities", section::ENTITIES)?)?;
    let code = instructions(open("code", section::CODE)?, &constants, &strings)?;
    let policies = policies(open("policies", section::POLICIES)?, code.len())?;
    let max_stack = check_code(&policies, &code, &constants)?;
    let index = Index::read(open("index", section::INDEX)?, &policies, &entities)?;
    let routes = RouteTable::read(open("routes", section::ROUTES)?)?;
    Ok(Bundle {
        sha256,
        manifest,
        strings,
        constants,
        entities,
        code,
        max_stack,
        policies,
        index,
        routes,
    })
}

const fn broken(section: &'static str, offset: u32, rule: &'static str) -> BundleError {
    BundleError::Malformed {
        section,
        offset,
        rule,
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    <[u8; 4]>::try_from(bytes).ok().map(u32::from_le_bytes)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    <[u8; 2]>::try_from(bytes).ok().map(u16::from_le_bytes)
}

/// Checks the frame: magic, format, length, digest.
fn body(bytes: &[u8]) -> Result<(&[u8], [u8; 32]), BundleError> {
    let magic = bytes.get(..MAGIC.len()).unwrap_or(bytes);
    if !MAGIC.starts_with(magic) {
        return Err(BundleError::NotABundle);
    }
    let format = half(bytes, MAGIC.len()).ok_or(BundleError::Truncated)?;
    if format != FORMAT {
        return Err(BundleError::FormatUnsupported);
    }
    let len = word(bytes, 12).ok_or(BundleError::Truncated)?;
    let len = usize::try_from(len).map_err(|_| BundleError::Truncated)?;
    let body = bytes.get(..len).ok_or(BundleError::Truncated)?;
    let digest = bytes.get(len..).unwrap_or_default();
    let digest = match digest.len() {
        ..DIGEST_LEN => return Err(BundleError::Truncated),
        DIGEST_LEN => digest,
        _ => return Err(broken("header", 12, "bytes follow the digest")),
    };
    let sha256: [u8; 32] = Sha256::digest(body).into();
    if sha256 == *digest {
        Ok((body, sha256))
    } else {
        Err(BundleError::DigestMismatch)
    }
}

/// The section table, and the bytes that it speaks of.
struct Sections<'a> {
    body: &'a [u8],
    rows: Vec<(u16, Range<usize>)>,
}

impl<'a> Sections<'a> {
    /// Sections ascend by kind and fill the body without gaps.
    fn read(body: &'a [u8]) -> Result<Self, BundleError> {
        let fault = |rule| broken("header", 10, rule);
        let count = half(body, 10).ok_or(fault("the header is too short"))?;
        let mut rows: Vec<(u16, Range<usize>)> = Vec::new();
        let mut end = HEADER_LEN + SECTION_ROW_LEN * usize::from(count);
        for number in 0..usize::from(count) {
            let at = HEADER_LEN + SECTION_ROW_LEN * number;
            let row = (
                half(body, at),
                half(body, at + 2),
                word(body, at + 4).and_then(|word| usize::try_from(word).ok()),
                word(body, at + 8).and_then(|word| usize::try_from(word).ok()),
            );
            let (Some(kind), Some(flags), Some(offset), Some(len)) = row else {
                return Err(fault("the section table is longer than the body"));
            };
            if rows.last().is_some_and(|(last, _)| *last >= kind) {
                return Err(fault("the sections aren't strictly ascending"));
            }
            if flags != 0 || (kind == 0 || kind > section::ROUTES) && kind < section::ADVISORY {
                return Err(BundleError::FormatUnsupported);
            }
            if offset != end {
                return Err(fault("a section doesn't begin where the last one ends"));
            }
            end = end
                .checked_add(len)
                .filter(|end| *end <= body.len())
                .ok_or(fault("a section is longer than the body"))?;
            rows.push((kind, offset..end));
        }
        if end == body.len() {
            Ok(Self { body, rows })
        } else {
            Err(fault("the body is longer than its sections"))
        }
    }

    fn required(&self, name: &'static str, kind: u16) -> Result<&'a [u8], BundleError> {
        self.rows
            .iter()
            .find(|row| row.0 == kind)
            .and_then(|row| self.body.get(row.1.clone()))
            .ok_or(broken(name, 0, "the section is missing"))
    }
}

/// A count, the end of each string, the bytes of all.
fn strings(bytes: &[u8]) -> Result<Vec<Box<str>>, BundleError> {
    let mut reader = Reader::new("strings", bytes, &[]);
    let count = reader.count(4)?;
    let mut ends = Vec::with_capacity(count);
    for _ in 0..count {
        ends.push(reader.size()?);
    }
    let mut strings: Vec<Box<str>> = Vec::with_capacity(count);
    let mut start = 0;
    for end in ends {
        let len = end
            .checked_sub(start)
            .ok_or_else(|| reader.broken("a string ends before it begins"))?;
        let string = core::str::from_utf8(reader.bytes(len)?)
            .map_err(|_| reader.broken("a string isn't UTF-8"))?;
        if strings.last().is_some_and(|last| **last >= *string) {
            return Err(reader.broken("the strings aren't strictly ascending"));
        }
        strings.push(string.into());
        start = end;
    }
    reader.end()?;
    Ok(strings)
}

fn manifest(mut reader: Reader<'_>) -> Result<Manifest, BundleError> {
    let name = reader.string()?.into();
    let version = reader.string()?.into();
    let principal_type = reader.string()?.into();
    let group_type = match reader.byte()? {
        0 => None,
        1 => Some(reader.string()?.into()),
        _ => return Err(reader.broken("there is one group type or none")),
    };
    reader.end()?;
    Ok(Manifest {
        name,
        version,
        principal_type,
        group_type,
    })
}

fn constants(mut reader: Reader<'_>) -> Result<Vec<Constant>, BundleError> {
    let count = reader.count(2)?;
    let mut constants = Vec::with_capacity(count);
    for _ in 0..count {
        constants.push(match reader.byte()? {
            constant::PATTERN => {
                let segments = reader.names()?;
                if segments.is_empty() {
                    return Err(reader.broken("a pattern has a segment at least"));
                }
                Constant::Pattern(Pattern::new(segments))
            }
            constant::NAMES => Constant::Names(reader.names()?),
            kind => Constant::Value(reader.value(kind, 0)?),
        });
    }
    reader.end()?;
    Ok(constants)
}

fn entities(mut reader: Reader<'_>) -> Result<Entities, BundleError> {
    let count = reader.count(16)?;
    let mut entities: Vec<Entity> = Vec::with_capacity(count);
    for _ in 0..count {
        let uid = reader.uid()?;
        if entities.last().is_some_and(|last| *last.uid() >= uid) {
            return Err(reader.broken("the entities aren't strictly ascending"));
        }
        let ancestors = reader.uids()?;
        let attributes = reader.record(0)?;
        entities.push(Entity::new(uid, ancestors, attributes));
    }
    reader.end()?;
    let entities = Entities::from_closed(entities);
    if entities.is_closed() {
        Ok(entities)
    } else {
        Err(reader.broken("the hierarchy isn't closed, or has a cycle"))
    }
}

fn instructions(
    mut reader: Reader<'_>,
    constants: &[Constant],
    strings: &[Box<str>],
) -> Result<Vec<Instruction>, BundleError> {
    let count = reader.count(4)?;
    let mut code = Vec::with_capacity(count);
    for _ in 0..count {
        let [number, low, middle, high] = reader.word()?.to_le_bytes();
        let op = Op::from_number(number).ok_or(BundleError::FormatUnsupported)?;
        let operand = u32::from_le_bytes([low, middle, high, 0]);
        let at = usize::try_from(operand).unwrap_or(usize::MAX);
        let fits = match op {
            Op::Constant => matches!(constants.get(at), Some(Constant::Value(_))),
            Op::Like => matches!(constants.get(at), Some(Constant::Pattern(_))),
            Op::HasPath => matches!(constants.get(at), Some(Constant::Names(_))),
            Op::MakeRecord => match constants.get(at) {
                Some(Constant::Names(names)) => names.is_sorted_by(|a, b| a < b),
                _ => false,
            },
            Op::Is | Op::Has | Op::Get => at < strings.len(),
            Op::MakeSet => true,
            _ => op.is_jump() || operand == 0,
        };
        if !fits {
            return Err(reader.broken("the operand isn't one that the opcode takes"));
        }
        code.push(Instruction { op, operand });
    }
    reader.end()?;
    Ok(code)
}

fn policies(mut reader: Reader<'_>, code_len: usize) -> Result<Vec<PolicyRow>, BundleError> {
    let count = reader.count(16)?;
    let mut policies = Vec::with_capacity(count);
    let mut end = 0_usize;
    for _ in 0..count {
        let id = reader.string()?.into();
        let effect = match reader.byte()? {
            0 => Effect::Permit,
            1 => Effect::Forbid,
            _ => return Err(reader.broken("a policy permits or forbids")),
        };
        let principal = read_scope(&mut reader)?;
        let action = match reader.byte()? {
            scope::ANY => ActionScope::Any,
            scope::EQUAL => ActionScope::Equal(reader.uid()?),
            scope::IN_ANY => ActionScope::InAny(reader.uids()?),
            _ => return Err(BundleError::FormatUnsupported),
        };
        let resource = read_scope(&mut reader)?;
        let start = end;
        end = start
            .checked_add(reader.size()?)
            .filter(|end| *end <= code_len)
            .ok_or_else(|| reader.broken("the policy has more code than there is"))?;
        let annotations = read_annotations(&mut reader)?;
        policies.push(PolicyRow {
            id,
            effect,
            principal,
            action,
            resource,
            code: start..end,
            annotations,
        });
    }
    reader.end()?;
    if end != code_len {
        return Err(reader.broken("there is code of no policy"));
    }
    let mut ids: Vec<&str> = policies.iter().map(|policy| &*policy.id).collect();
    ids.sort_unstable();
    if !ids.is_sorted_by(|a, b| a < b) {
        return Err(reader.broken("two policies have the same id"));
    }
    Ok(policies)
}

fn read_scope(reader: &mut Reader<'_>) -> Result<Scope, BundleError> {
    Ok(match reader.byte()? {
        scope::ANY => Scope::Any,
        scope::EQUAL => Scope::Equal(reader.uid()?),
        scope::IN => Scope::In(reader.uid()?),
        scope::IS => Scope::Is(reader.string()?.into()),
        scope::IS_IN => Scope::IsIn(reader.string()?.into(), reader.uid()?),
        _ => return Err(BundleError::FormatUnsupported),
    })
}

fn read_annotations(reader: &mut Reader<'_>) -> Result<Vec<AnnotationRow>, BundleError> {
    let count = reader.count(8)?;
    let mut annotations: Vec<AnnotationRow> = Vec::with_capacity(count);
    for _ in 0..count {
        let (name, value) = (reader.string()?, reader.string()?);
        if annotations.last().is_some_and(|last| *last.name >= *name) {
            return Err(reader.broken("the annotations aren't strictly ascending"));
        }
        annotations.push(AnnotationRow {
            name: name.into(),
            value: value.into(),
        });
    }
    Ok(annotations)
}

/// Checks the code of every policy; gives back the deepest stack of all.
fn check_code(
    policies: &[PolicyRow],
    code: &[Instruction],
    constants: &[Constant],
) -> Result<usize, BundleError> {
    let names = |index: u32| match constants.get(usize::try_from(index).unwrap_or(usize::MAX)) {
        Some(Constant::Names(names)) => names.len(),
        _ => 0,
    };
    let mut deepest = 0;
    for policy in policies {
        let own = code.get(policy.code.clone()).unwrap_or_default();
        if own.is_empty() {
            continue;
        }
        let depth = code::check(own, &names).map_err(|fault| {
            let at = policy.code.start + fault.at;
            broken("code", u32::try_from(at).unwrap_or(u32::MAX), fault.rule)
        })?;
        deepest = deepest.max(depth);
    }
    Ok(deepest)
}
