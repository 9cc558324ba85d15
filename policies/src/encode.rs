//! Lays a program out as the bytes of a bundle: `docs/bundle-format.md`.

use crate::pool::{Constants, Strings};
use crate::program::{
    ActionScope, CompiledPolicy, Constant, IdSource, Instruction, Operand, Program, RouteRow,
    Scope, Segment,
};
use countersign_core::policy::format::{
    FORMAT, HEADER_LEN, MAGIC, SECTION_ROW_LEN, constant, id_source, scope, section, segment,
};
use countersign_core::policy::{Effect, EntityUid, Record, Value};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

/// A part has more things than the format can number.
pub(crate) struct TooLarge;

/// The body of the bundle, which the digest follows.
pub(crate) fn encode(program: &Program) -> Result<Vec<u8>, TooLarge> {
    let mut encoder = Encoder {
        strings: Strings::new(),
        constants: Constants::new(),
    };
    // The first pass gathers strings and constants, the second knows their numbers.
    encoder.sections(program)?;
    encoder.strings.number();
    encoder.constants.number();
    let sections = encoder.sections(program)?;
    frame(&sections)
}

fn frame(sections: &[(u16, Vec<u8>)]) -> Result<Vec<u8>, TooLarge> {
    let table = HEADER_LEN + SECTION_ROW_LEN * sections.len();
    let len = table + sections.iter().map(|row| row.1.len()).sum::<usize>();
    let mut out = Bytes(Vec::with_capacity(len));
    out.0.extend(MAGIC);
    out.0.extend(FORMAT.to_le_bytes());
    let count = u16::try_from(sections.len()).map_err(|_| TooLarge)?;
    out.0.extend(count.to_le_bytes());
    out.word(len)?;
    let mut offset = table;
    for (kind, bytes) in sections {
        out.0.extend(kind.to_le_bytes());
        out.0.extend(0_u16.to_le_bytes());
        out.word(offset)?;
        out.word(bytes.len())?;
        offset += bytes.len();
    }
    for (_, bytes) in sections {
        out.0.extend(bytes);
    }
    Ok(out.0)
}

/// The blocks of code, each once, and where that of each policy begins and ends.
fn shared_code(policies: &[CompiledPolicy]) -> (Vec<&[Instruction]>, Vec<Range<usize>>) {
    let mut known: BTreeMap<&[Instruction], Range<usize>> = BTreeMap::new();
    let (mut blocks, mut places, mut end) = (Vec::new(), Vec::new(), 0);
    for policy in policies {
        let code = policy.code.as_slice();
        let place = known.entry(code).or_insert_with(|| {
            let start = end;
            end += code.len();
            blocks.push(code);
            start..end
        });
        // An empty block is wherever the code has come to.
        places.push(if code.is_empty() {
            end..end
        } else {
            place.clone()
        });
    }
    (blocks, places)
}

struct Bytes(Vec<u8>);

impl Bytes {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn long(&mut self, kind: u8, value: i64) {
        self.byte(kind);
        self.0.extend(value.to_le_bytes());
    }

    fn word(&mut self, number: usize) -> Result<(), TooLarge> {
        let number = u32::try_from(number).map_err(|_| TooLarge)?;
        self.0.extend(number.to_le_bytes());
        Ok(())
    }
}

struct Encoder {
    strings: Strings,
    constants: Constants,
}

impl Encoder {
    fn sections(&mut self, program: &Program) -> Result<Vec<(u16, Vec<u8>)>, TooLarge> {
        let manifest = self.manifest(program)?;
        let entities = self.entities(program)?;
        let (blocks, places) = shared_code(&program.policies);
        let code = self.code(&blocks)?;
        let policies = self.policies(&program.policies, &places)?;
        let routes = self.routes(&program.routes)?;
        // Constants name strings, and everything names constants and strings.
        let constants = self.constants()?;
        let strings = self.strings()?;
        Ok(vec![
            (section::STRINGS, strings),
            (section::CONSTANTS, constants),
            (section::MANIFEST, manifest),
            (section::ENTITIES, entities),
            (section::CODE, code),
            (section::POLICIES, policies),
            (section::ROUTES, routes),
        ])
    }

    fn strings(&self) -> Result<Vec<u8>, TooLarge> {
        let strings = self.strings.items();
        let mut out = Bytes::new();
        out.word(strings.len())?;
        let mut end = 0;
        for string in &strings {
            end += string.len();
            out.word(end)?;
        }
        for string in &strings {
            out.0.extend(string.as_bytes());
        }
        Ok(out.0)
    }

    fn constants(&mut self) -> Result<Vec<u8>, TooLarge> {
        let constants = self.constants.items();
        let mut out = Bytes::new();
        out.word(constants.len())?;
        for constant in &constants {
            match constant {
                Constant::Value(value) => self.value(&mut out, value)?,
                Constant::Pattern(segments) => {
                    out.byte(constant::PATTERN);
                    self.names(&mut out, segments)?;
                }
                Constant::Names(names) => {
                    out.byte(constant::NAMES);
                    self.names(&mut out, names)?;
                }
            }
        }
        Ok(out.0)
    }

    fn manifest(&mut self, program: &Program) -> Result<Vec<u8>, TooLarge> {
        let mut out = Bytes::new();
        self.string(&mut out, &program.name)?;
        self.string(&mut out, &program.version)?;
        self.string(&mut out, &program.principal_type)?;
        match &program.group_type {
            None => out.byte(0),
            Some(group_type) => {
                out.byte(1);
                self.string(&mut out, group_type)?;
            }
        }
        Ok(out.0)
    }

    fn entities(&mut self, program: &Program) -> Result<Vec<u8>, TooLarge> {
        let entities = program.entities.as_slice();
        let mut out = Bytes::new();
        out.word(entities.len())?;
        for entity in entities {
            self.uid(&mut out, entity.uid())?;
            self.uids(&mut out, entity.parents())?;
            self.record(&mut out, entity.attributes())?;
            self.record(&mut out, entity.tags())?;
        }
        Ok(out.0)
    }

    fn code(&mut self, blocks: &[&[Instruction]]) -> Result<Vec<u8>, TooLarge> {
        let mut out = Bytes::new();
        out.word(blocks.iter().map(|block| block.len()).sum())?;
        for instruction in blocks.iter().copied().flatten() {
            self.instruction(&mut out, instruction)?;
        }
        Ok(out.0)
    }

    /// The opcode in the low byte, the operand in the three above.
    fn instruction(&mut self, out: &mut Bytes, instruction: &Instruction) -> Result<(), TooLarge> {
        let operand = match &instruction.operand {
            Operand::None => 0,
            Operand::Number(number) => *number,
            Operand::String(string) => self.strings.index(string.as_str()),
            Operand::Constant(constant) => self.constants.index(constant),
        };
        let operand = u32::try_from(operand).map_err(|_| TooLarge)?;
        match operand.to_le_bytes() {
            [low, middle, high, 0] => {
                out.0.extend([instruction.op as u8, low, middle, high]);
                Ok(())
            }
            _ => Err(TooLarge),
        }
    }

    fn policies(
        &mut self,
        policies: &[CompiledPolicy],
        places: &[Range<usize>],
    ) -> Result<Vec<u8>, TooLarge> {
        let mut out = Bytes::new();
        out.word(policies.len())?;
        for (policy, code) in policies.iter().zip(places) {
            self.string(&mut out, &policy.id)?;
            out.byte(match policy.effect {
                Effect::Permit => 0,
                Effect::Forbid => 1,
            });
            self.scope(&mut out, &policy.principal)?;
            match &policy.action {
                ActionScope::Any => out.byte(scope::ANY),
                ActionScope::Equal(uid) => {
                    out.byte(scope::EQUAL);
                    self.uid(&mut out, uid)?;
                }
                ActionScope::InAny(uids) => {
                    out.byte(scope::IN_ANY);
                    self.uids(&mut out, uids)?;
                }
            }
            self.scope(&mut out, &policy.resource)?;
            out.word(code.start)?;
            out.word(code.end)?;
            out.word(policy.annotations.len())?;
            for (name, value) in &policy.annotations {
                self.string(&mut out, name)?;
                self.string(&mut out, value)?;
            }
        }
        Ok(out.0)
    }

    fn scope(&mut self, out: &mut Bytes, scope: &Scope) -> Result<(), TooLarge> {
        match scope {
            Scope::Any => out.byte(scope::ANY),
            Scope::Equal(uid) => {
                out.byte(scope::EQUAL);
                self.uid(out, uid)?;
            }
            Scope::In(uid) => {
                out.byte(scope::IN);
                self.uid(out, uid)?;
            }
            Scope::Is(entity_type) => {
                out.byte(scope::IS);
                self.string(out, entity_type)?;
            }
            Scope::IsIn(entity_type, uid) => {
                out.byte(scope::IS_IN);
                self.string(out, entity_type)?;
                self.uid(out, uid)?;
            }
        }
        Ok(())
    }

    fn routes(&mut self, routes: &[RouteRow]) -> Result<Vec<u8>, TooLarge> {
        let mut out = Bytes::new();
        out.word(routes.len())?;
        for route in routes {
            self.string(&mut out, &route.method)?;
            out.word(route.segments.len())?;
            for segment in &route.segments {
                match segment {
                    Segment::Literal(literal) => {
                        out.byte(segment::LITERAL);
                        self.string(&mut out, literal)?;
                    }
                    Segment::Placeholder => out.byte(segment::PLACEHOLDER),
                }
            }
            self.uid(&mut out, &route.action)?;
            self.string(&mut out, &route.resource_type)?;
            match &route.id {
                IdSource::Fixed(id) => {
                    out.byte(id_source::FIXED);
                    self.string(&mut out, id)?;
                }
                IdSource::Segment(at) => {
                    out.byte(id_source::SEGMENT);
                    out.word(*at)?;
                }
            }
        }
        Ok(out.0)
    }

    fn string(&mut self, out: &mut Bytes, string: &str) -> Result<(), TooLarge> {
        let index = self.strings.index(string);
        out.word(index)
    }

    fn names(&mut self, out: &mut Bytes, names: &[String]) -> Result<(), TooLarge> {
        out.word(names.len())?;
        names.iter().try_for_each(|name| self.string(out, name))
    }

    fn uid(&mut self, out: &mut Bytes, uid: &EntityUid) -> Result<(), TooLarge> {
        self.string(out, uid.entity_type())?;
        self.string(out, uid.id())
    }

    fn uids(&mut self, out: &mut Bytes, uids: &[EntityUid]) -> Result<(), TooLarge> {
        out.word(uids.len())?;
        uids.iter().try_for_each(|uid| self.uid(out, uid))
    }

    fn record(&mut self, out: &mut Bytes, record: &Record) -> Result<(), TooLarge> {
        out.word(record.len())?;
        for (name, value) in record.iter() {
            self.string(out, name)?;
            self.value(out, value)?;
        }
        Ok(())
    }

    fn value(&mut self, out: &mut Bytes, value: &Value) -> Result<(), TooLarge> {
        match value {
            Value::Bool(value) => out.0.extend([constant::BOOL, u8::from(*value)]),
            Value::Long(value) => out.long(constant::LONG, *value),
            Value::String(value) => {
                out.byte(constant::STRING);
                self.string(out, value)?;
            }
            Value::Entity(uid) => {
                out.byte(constant::ENTITY);
                self.uid(out, uid)?;
            }
            Value::Set(set) => {
                out.byte(constant::SET);
                out.word(set.as_slice().len())?;
                for element in set.as_slice() {
                    self.value(out, element)?;
                }
            }
            Value::Record(record) => {
                out.byte(constant::RECORD);
                self.record(out, record)?;
            }
            Value::Decimal(value) => out.long(constant::DECIMAL, value.0),
            Value::Datetime(value) => out.long(constant::DATETIME, value.0),
            Value::Duration(value) => out.long(constant::DURATION, value.0),
            Value::Ip(ip) => {
                out.byte(constant::IP);
                match ip.address() {
                    IpAddr::V4(address) => {
                        out.0.extend([4, ip.prefix()]);
                        out.0.extend(address.octets());
                    }
                    IpAddr::V6(address) => {
                        out.0.extend([6, ip.prefix()]);
                        out.0.extend(address.octets());
                    }
                }
            }
        }
        Ok(())
    }
}
