//! Reads a bundle and checks it, once and for all.

use super::bundle::{ActionScope, Bundle, Constant, Effect, Manifest, PolicyRow, Scope};
use super::code::{self, Function, Instruction, Op};
use super::error::{BundleError, BundleFault};
use super::format::{
    DIGEST_LEN, FORMAT, HEADER_LEN, MAGIC, SECTION_ROW_LEN, constant, scope, section,
};
use super::index::Index;
use super::layer::{EntityId, Layer, Symbol};
use super::link::Linker;
use super::pattern::Pattern;
use super::reader::{Reader, broken};
use super::route::RouteTable;
use super::table::hash_bytes;
use super::version::Version;
use alloc::vec::Vec;
use core::ops::Range;
use sha2::{Digest, Sha256};

impl Bundle {
    /// Reads a bundle: checks its magic, its format and its SHA-256, and then every offset, index,
    /// opcode, jump and stack depth, so that evaluation needn't.
    ///
    /// The digest shows damage, not who made the bundle, and signatures aren't looked at: load only
    /// what comes from a source that you trust, or load it through [`Publishers`](crate::Publishers).
    ///
    /// # Errors
    /// A [`BundleError`], the first that is found.
    pub fn load_unsigned(bytes: &[u8]) -> Result<Self, BundleError> {
        Ok(Self::from_frame(&Frame::read(bytes)?)?)
    }

    /// Reads what is within the frame.
    pub(crate) fn from_frame(frame: &Frame<'_>) -> Result<Self, BundleFault> {
        let sections = Sections::read(frame.body)?;
        let mut layer = strings(sections.required("strings", section::STRINGS)?)?;
        let count = layer.strings_len();
        let open = |name, kind| {
            sections
                .required(name, kind)
                .map(|bytes| Reader::new(name, bytes, count))
        };
        let manifest = manifest(open("manifest", section::MANIFEST)?, &layer)?;
        let mut parts = Vec::new();
        let mut linker = Linker::new([None, None], &mut layer, &mut parts);
        let constants = constants(open("constants", section::CONSTANTS)?, &mut linker)?;
        entities(open("entities", section::ENTITIES)?, &mut linker)?;
        let code = instructions(open("code", section::CODE)?, &constants, count)?;
        let policies = open("policies", section::POLICIES)?;
        let (policies, annotations) = read_policies(policies, code.len(), &mut linker)?;
        check_code(&policies, &code, &constants)?;
        let index = Index::build(&layer, &policies)
            .map_err(|_| broken("policies", 0, "there are more than a reader can number"))?;
        let routes = RouteTable::read(open("routes", section::ROUTES)?, &layer)?;
        Ok(Self {
            sha256: frame.sha256,
            manifest,
            layer,
            constants,
            code,
            policies,
            annotations,
            index,
            routes,
        })
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

/// The outside of a bundle.
pub(crate) struct Frame<'b> {
    body: &'b [u8],
    /// The SHA-256 of the body.
    pub(crate) sha256: [u8; 32],
    /// The signature blocks.
    signatures: &'b [u8],
}

impl<'b> Frame<'b> {
    /// Checks magic, format, length, digest, and that what follows are signature blocks.
    pub(crate) fn read(bytes: &'b [u8]) -> Result<Self, BundleFault> {
        let magic = bytes.get(..MAGIC.len()).unwrap_or(bytes);
        if !MAGIC.starts_with(magic) {
            return Err(BundleError::NotABundle.into());
        }
        let format = half(bytes, MAGIC.len()).ok_or(BundleError::Truncated)?;
        if format != FORMAT {
            return Err(BundleError::FormatUnsupported.into());
        }
        let len = word(bytes, 12).ok_or(BundleError::Truncated)?;
        let len = usize::try_from(len).map_err(|_| BundleError::Truncated)?;
        let (body, rest) = bytes.split_at_checked(len).ok_or(BundleError::Truncated)?;
        let (digest, signatures) = rest
            .split_at_checked(DIGEST_LEN)
            .ok_or(BundleError::Truncated)?;
        let sha256: [u8; 32] = Sha256::digest(body).into();
        if sha256 != *digest {
            return Err(BundleError::DigestMismatch.into());
        }
        let frame = Self {
            body,
            sha256,
            signatures,
        };
        for block in frame.blocks() {
            block?;
        }
        Ok(frame)
    }

    /// The signature blocks: the publisher's name, and the signature.
    pub(crate) fn blocks(
        &self,
    ) -> impl Iterator<Item = Result<(&'b str, &'b [u8; 64]), BundleFault>> {
        let mut rest = self.signatures;
        core::iter::from_fn(move || {
            let (len, after) = rest.split_first()?;
            let block = after
                .split_at_checked(usize::from(*len))
                .and_then(|(name, after)| Some((name, after.split_first_chunk()?)));
            let Some((name, (signature, after))) = block else {
                rest = &[];
                return Some(Err(BundleError::Truncated.into()));
            };
            rest = after;
            let name = core::str::from_utf8(name)
                .ok()
                .filter(|name| !name.is_empty());
            let fault = || broken("signatures", 0, "a publisher has a name, in UTF-8");
            Some(name.map(|name| (name, signature)).ok_or_else(fault))
        })
    }
}

/// The section table, and the bytes that it speaks of.
struct Sections<'a> {
    body: &'a [u8],
    rows: Vec<(u16, Range<usize>)>,
}

impl<'a> Sections<'a> {
    /// Sections ascend by kind and fill the body without gaps.
    fn read(body: &'a [u8]) -> Result<Self, BundleFault> {
        let fault = |rule| broken("header", 10, rule);
        let count = half(body, 10).ok_or_else(|| fault("the header is too short"))?;
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
                return Err(BundleError::FormatUnsupported.into());
            }
            if offset != end {
                return Err(fault("a section doesn't begin where the last one ends"));
            }
            end = end
                .checked_add(len)
                .filter(|end| *end <= body.len())
                .ok_or_else(|| fault("a section is longer than the body"))?;
            rows.push((kind, offset..end));
        }
        if end == body.len() {
            Ok(Self { body, rows })
        } else {
            Err(fault("the body is longer than its sections"))
        }
    }

    fn required(&self, name: &'static str, kind: u16) -> Result<&'a [u8], BundleFault> {
        self.rows
            .iter()
            .find(|row| row.0 == kind)
            .and_then(|row| self.body.get(row.1.clone()))
            .ok_or_else(|| broken(name, 0, "the section is missing"))
    }
}

/// A count, the end of each string, the bytes of all.
fn strings(bytes: &[u8]) -> Result<Layer, BundleFault> {
    let mut reader = Reader::new("strings", bytes, 0);
    let count = reader.count(4)?;
    let mut ends = Vec::with_capacity(count);
    for _ in 0..count {
        ends.push(reader.size()?);
    }
    let mut layer = Layer::default();
    let (mut start, mut last) = (0, None);
    for end in ends {
        let len = end
            .checked_sub(start)
            .ok_or_else(|| reader.broken("a string ends before it begins"))?;
        let string = core::str::from_utf8(reader.bytes(len)?)
            .map_err(|_| reader.broken("a string isn't UTF-8"))?;
        if last.is_some_and(|last| last >= string) {
            return Err(reader.broken("the strings aren't strictly ascending"));
        }
        let hash = hash_bytes(string.as_bytes());
        reader.linked(layer.add_string(hash, string))?;
        last = Some(string);
        start = end;
    }
    reader.end()?;
    Ok(layer)
}

fn manifest(mut reader: Reader<'_>, layer: &Layer) -> Result<Manifest, BundleFault> {
    let name = reader.symbol()?;
    let version_text = reader.symbol()?;
    let version = Version::parse(layer.string(version_text))
        .ok_or_else(|| reader.broken("the version isn't three numbers"))?;
    let manifest = Manifest {
        name,
        version,
        version_text,
        principal_type: reader.symbol()?,
        group_type: match reader.byte()? {
            0 => None,
            1 => Some(reader.symbol()?),
            _ => return Err(reader.broken("there is one group type or none")),
        },
    };
    reader.end()?;
    Ok(manifest)
}

fn constants(
    mut reader: Reader<'_>,
    linker: &mut Linker<'_>,
) -> Result<Vec<Constant>, BundleFault> {
    let count = reader.count(2)?;
    let mut constants = Vec::with_capacity(count);
    for _ in 0..count {
        constants.push(match reader.byte()? {
            constant::PATTERN => {
                let segments = reader.symbols()?;
                if segments.is_empty() {
                    return Err(reader.broken("a pattern has a segment at least"));
                }
                let mut texts = Vec::with_capacity(segments.len());
                for segment in segments {
                    texts.push(linker.layer().string(segment).into());
                }
                Constant::Pattern(Pattern::new(texts))
            }
            constant::NAMES => Constant::Names(reader.symbols()?),
            kind => Constant::Value(reader.value(kind, 0, linker)?),
        });
    }
    reader.end()?;
    Ok(constants)
}

fn entities(mut reader: Reader<'_>, linker: &mut Linker<'_>) -> Result<(), BundleFault> {
    let count = reader.count(20)?;
    let mut last = None;
    for _ in 0..count {
        let uid = reader.uid()?;
        if last.is_some_and(|last| last >= uid) {
            return Err(reader.broken("the entities aren't strictly ascending"));
        }
        last = Some(uid);
        let mut ancestors = Vec::new();
        for uid in reader.uids()? {
            ancestors.push(reader.linked(linker.named(uid))?);
        }
        ancestors.sort_unstable();
        let attributes = reader.record(0, linker)?;
        let tags = reader.record(0, linker)?;
        let id = reader.linked(linker.named(uid))?;
        let known = linker.known(id, &ancestors, attributes, tags);
        reader.linked(known)?;
    }
    reader.end()?;
    let given = linker.layer().ids_len();
    match linker.close() {
        Ok(()) if linker.layer().ids_len() == given => Ok(()),
        _ => Err(reader.broken("the hierarchy isn't closed, or has a cycle")),
    }
}

fn instructions(
    mut reader: Reader<'_>,
    constants: &[Constant],
    strings: usize,
) -> Result<Vec<Instruction>, BundleFault> {
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
            Op::Is | Op::Has | Op::Get => at < strings,
            Op::Call if Function::from_number(operand).is_none() => {
                return Err(BundleError::FormatUnsupported.into());
            }
            Op::MakeSet | Op::Call => true,
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

/// The policies, and the annotations of all.
type Policies = (Vec<PolicyRow>, Vec<(Symbol, Symbol)>);

fn read_policies(
    mut reader: Reader<'_>,
    code_len: usize,
    linker: &mut Linker<'_>,
) -> Result<Policies, BundleFault> {
    let count = reader.count(20)?;
    let mut policies = Vec::with_capacity(count);
    let mut annotations = Vec::new();
    let (mut end, mut ends) = (0_usize, Vec::new());
    for _ in 0..count {
        let id = reader.symbol()?;
        let effect = match reader.byte()? {
            0 => Effect::Permit,
            1 => Effect::Forbid,
            _ => return Err(reader.broken("a policy permits or forbids")),
        };
        let principal = read_scope(&mut reader, linker)?;
        let action = match reader.byte()? {
            scope::ANY => ActionScope::Any,
            scope::EQUAL => ActionScope::Equal(read_entity(&mut reader, linker)?),
            scope::IN_ANY => {
                let mut ids = Vec::new();
                for uid in reader.uids()? {
                    ids.push(reader.linked(linker.named(uid))?);
                }
                ActionScope::InAny(reader.linked(linker.ids(&ids))?)
            }
            _ => return Err(BundleError::FormatUnsupported.into()),
        };
        let resource = read_scope(&mut reader, linker)?;
        // The links of a template share its code; other code follows that before it.
        let code = reader.size()?..reader.size()?;
        if code.start == end && code.start <= code.end && code.end <= code_len {
            end = code.end;
            ends.push((code.start, code.end));
        } else if ends.binary_search(&(code.start, code.end)).is_err() {
            return Err(reader.broken("the code neither follows nor is that of a policy before"));
        }
        let first = annotations.len();
        for _ in 0..reader.count(8)? {
            let annotation = (reader.symbol()?, reader.symbol()?);
            let last = annotations.get(first..).and_then(<[_]>::last);
            if last.is_some_and(|(name, _)| *name >= annotation.0) {
                return Err(reader.broken("the annotations aren't strictly ascending"));
            }
            annotations.push(annotation);
        }
        policies.push(PolicyRow {
            id,
            effect,
            principal,
            action,
            resource,
            code,
            annotations: first..annotations.len(),
        });
    }
    reader.end()?;
    if end != code_len {
        return Err(reader.broken("there is code of no policy"));
    }
    let mut ids = Vec::with_capacity(count);
    for policy in &policies {
        ids.push(policy.id.0);
    }
    ids.sort_unstable();
    if !ids.is_sorted_by(|a, b| a < b) {
        return Err(reader.broken("two policies have the same id"));
    }
    Ok((policies, annotations))
}

fn read_entity(reader: &mut Reader<'_>, linker: &mut Linker<'_>) -> Result<EntityId, BundleFault> {
    let uid = reader.uid()?;
    reader.linked(linker.named(uid))
}

fn read_scope(reader: &mut Reader<'_>, linker: &mut Linker<'_>) -> Result<Scope, BundleFault> {
    Ok(match reader.byte()? {
        scope::ANY => Scope::Any,
        scope::EQUAL => Scope::Equal(read_entity(reader, linker)?),
        scope::IN => Scope::In(read_entity(reader, linker)?),
        scope::IS => Scope::Is(reader.symbol()?),
        scope::IS_IN => Scope::IsIn(reader.symbol()?, read_entity(reader, linker)?),
        _ => return Err(BundleError::FormatUnsupported.into()),
    })
}

/// Checks the code of every policy.
fn check_code(
    policies: &[PolicyRow],
    code: &[Instruction],
    constants: &[Constant],
) -> Result<(), BundleFault> {
    let names = |index: u32| match constants.get(usize::try_from(index).unwrap_or(usize::MAX)) {
        Some(Constant::Names(names)) => names.len(),
        _ => 0,
    };
    let mut checked = 0;
    for policy in policies {
        let own = code.get(policy.code.clone()).unwrap_or_default();
        if own.is_empty() || policy.code.end <= checked {
            continue;
        }
        checked = policy.code.end;
        code::check(own, &names).map_err(|fault| {
            let at = policy.code.start + fault.at;
            broken("code", at, fault.rule)
        })?;
    }
    Ok(())
}
