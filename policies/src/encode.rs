//! Lays a program out as the bytes of a bundle: `docs/bundle-format.md`.

use crate::index::{self, Key, Rows};
use crate::pool::{Constants, Strings};
use crate::program::{
    ActionScope, CompiledPolicy, Constant, IdSource, Instruction, Operand, Program, RouteRow,
    Scope, Segment,
};
use countersign_core::policy::format::{
    FORMAT, HEADER_LEN, MAGIC, SECTION_ROW_LEN, constant, id_source, scope, section, segment,
};
use countersign_core::policy::{Effect, EntityUid, Record, Value};

/// A part has more things than the format can number.
pub(crate) struct TooLarge;

/// The body of the bundle, which the digest follows.
pub(crate) fn encode(program: &Program) -> Result<Vec<u8>, TooLarge> {
    let rows = index::rows(program);
    let mut encoder = Encoder {
        strings: Strings::new(),
        constants: Constants::new(),
    };
    // The first pass gathers strings and constants, the second knows their numbers.
    encoder.sections(program, &rows)?;
    encoder.strings.number();
    encoder.constants.number();
    let sections = encoder.sections(program, &rows)?;
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

struct Bytes(Vec<u8>);

impl Bytes {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
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
    fn sections(
        &mut self,
        program: &Program,
        rows: &Rows,
    ) -> Result<Vec<(u16, Vec<u8>)>, TooLarge> {
        let manifest = self.manifest(program)?;
        let entities = self.entities(program)?;
        let code = self.code(&program.policies)?;
        let policies = self.policies(&program.policies)?;
        let index = self.index(rows)?;
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
            (section::INDEX, index),
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
        }
        Ok(out.0)
    }

    fn code(&mut self, policies: &[CompiledPolicy]) -> Result<Vec<u8>, TooLarge> {
        let mut out = Bytes::new();
        out.word(policies.iter().map(|policy| policy.code.len()).sum())?;
        for instruction in policies.iter().flat_map(|policy| &policy.code) {
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

    fn policies(&mut self, policies: &[CompiledPolicy]) -> Result<Vec<u8>, TooLarge> {
        let mut out = Bytes::new();
        out.word(policies.len())?;
        for policy in policies {
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
            out.word(policy.code.len())?;
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

    fn index(&mut self, rows: &Rows) -> Result<Vec<u8>, TooLarge> {
        let mut out = Bytes::new();
        out.word(rows.len())?;
        for (action, buckets) in rows {
            match action {
                None => out.byte(0),
                Some(uid) => {
                    out.byte(1);
                    self.uid(&mut out, uid)?;
                }
            }
            out.word(buckets.len())?;
            for ((principal, resource), policies) in buckets {
                self.key(&mut out, principal)?;
                self.key(&mut out, resource)?;
                out.word(policies.len())?;
                for number in policies {
                    out.word(*number)?;
                }
            }
        }
        Ok(out.0)
    }

    fn key(&mut self, out: &mut Bytes, key: &Key) -> Result<(), TooLarge> {
        match key {
            Key::Any => out.byte(scope::ANY),
            Key::Equal(uid) => {
                out.byte(scope::EQUAL);
                self.uid(out, uid)?;
            }
            Key::In(uid) => {
                out.byte(scope::IN);
                self.uid(out, uid)?;
            }
            Key::Is(entity_type) => {
                out.byte(scope::IS);
                self.string(out, entity_type)?;
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
            Value::Long(value) => {
                out.byte(constant::LONG);
                out.0.extend(value.to_le_bytes());
            }
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
        }
        Ok(())
    }
}
