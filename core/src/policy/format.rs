//! The numbers of the bundle format, shared by the compiler and the loader.
//!
//! `docs/bundle-format.md` says what they mean.

pub use super::code::{Function, Op};

/// The first bytes of a bundle. Byte 0 isn't text, and the line ends show a transfer that
/// "corrected" them.
pub const MAGIC: [u8; 8] = *b"\x89CSB\r\n\x1a\n";

/// The number of the format that this reader knows.
pub const FORMAT: u16 = 1;

/// Bytes before the section table: magic, format, count of sections, length of the body.
pub const HEADER_LEN: usize = 16;

/// Bytes of one row of the section table: kind, flags, offset, length.
pub const SECTION_ROW_LEN: usize = 12;

/// Bytes of the SHA-256 after the body.
pub const DIGEST_LEN: usize = 32;

/// How deep a value may nest: a scalar is 0 deep, a record of scalars 1.
pub const MAX_DEPTH: usize = 64;

/// How many values the code of one policy may have on its stack.
pub const MAX_STACK: usize = 1024;

/// How many steps the code of one policy may take for one request. An instruction is a step, and
/// so is each comparison of two values within one.
pub const MAX_STEPS: usize = 1 << 20;

/// What a publisher signs: this, and the SHA-256 of the body. So a signature is never one of
/// something else.
pub const SIGNATURE_CONTEXT: [u8; 24] = *b"countersign bundle v1\0\0\0";

/// What a publisher signs of a bundle with this SHA-256.
#[must_use]
pub fn signed_message(sha256: &[u8; DIGEST_LEN]) -> [u8; 56] {
    let mut message = [0; 56];
    let (context, digest) = message.split_at_mut(SIGNATURE_CONTEXT.len());
    context.copy_from_slice(&SIGNATURE_CONTEXT);
    digest.copy_from_slice(sha256);
    message
}

/// Kinds of section. A reader refuses a kind that it doesn't know, unless it is `ADVISORY` or above.
pub mod section {
    /// Interned strings.
    pub const STRINGS: u16 = 1;
    /// The constant pool.
    pub const CONSTANTS: u16 = 2;
    /// Name, version, principal and group type.
    pub const MANIFEST: u16 = 3;
    /// The static entity hierarchy.
    pub const ENTITIES: u16 = 4;
    /// The instructions of all policies.
    pub const CODE: u16 = 5;
    /// The policies: effect, scope, code, annotations.
    pub const POLICIES: u16 = 6;
    /// The route table.
    pub const ROUTES: u16 = 7;
    /// From here on a reader skips what it doesn't know.
    pub const ADVISORY: u16 = 0x8000;
}

/// Kinds of constant. Those of a Cedar value nest; the others don't.
pub mod constant {
    /// One byte, 0 or 1.
    pub const BOOL: u8 = 0x01;
    /// A signed 64-bit integer.
    pub const LONG: u8 = 0x02;
    /// A string.
    pub const STRING: u8 = 0x03;
    /// A type and an id.
    pub const ENTITY: u8 = 0x04;
    /// A count and that many values, strictly ascending.
    pub const SET: u8 = 0x05;
    /// A count and that many pairs of string and value, strictly ascending by string.
    pub const RECORD: u8 = 0x06;
    /// A signed 64-bit integer: ten-thousandths.
    pub const DECIMAL: u8 = 0x10;
    /// A signed 64-bit integer: milliseconds since 1970.
    pub const DATETIME: u8 = 0x11;
    /// A signed 64-bit integer: milliseconds.
    pub const DURATION: u8 = 0x12;
    /// 4 or 6, the length of the prefix, and the 4 or 16 bytes of the address.
    pub const IP: u8 = 0x13;
    /// A count and that many strings: the segments of a `like` pattern.
    pub const PATTERN: u8 = 0x20;
    /// A count and that many strings: attribute names.
    pub const NAMES: u8 = 0x21;
}

/// Kinds of value in a request in the compact form, as it crosses into the module. They are not those
/// of constants: `docs/abi.md` says what they mean.
pub mod compact {
    /// `false`.
    pub const FALSE: u8 = 0;
    /// `true`.
    pub const TRUE: u8 = 1;
    /// A signed 64-bit integer.
    pub const LONG: u8 = 2;
    /// A string.
    pub const STRING: u8 = 3;
    /// Two strings: type and id.
    pub const ENTITY: u8 = 4;
    /// A count and that many values.
    pub const SET: u8 = 5;
    /// A count and that many pairs of string and value.
    pub const RECORD: u8 = 6;
    /// A signed 64-bit integer: ten-thousandths.
    pub const DECIMAL: u8 = 7;
    /// A signed 64-bit integer: milliseconds since 1970.
    pub const DATETIME: u8 = 8;
    /// A signed 64-bit integer: milliseconds.
    pub const DURATION: u8 = 9;
    /// A string: an address or a range.
    pub const IP: u8 = 10;
    /// Two strings: a constructor (`decimal`, `ip`, `datetime`, `duration`) and the text that it reads.
    pub const CALL: u8 = 11;
}

/// Kinds of constraint in a policy's scope.
pub mod scope {
    /// No constraint.
    pub const ANY: u8 = 0;
    /// `==` an entity.
    pub const EQUAL: u8 = 1;
    /// `in` an entity.
    pub const IN: u8 = 2;
    /// `is` of a type.
    pub const IS: u8 = 3;
    /// `is` of a type and `in` an entity.
    pub const IS_IN: u8 = 4;
    /// `in` a list of entities; of an action only.
    pub const IN_ANY: u8 = 5;
}

/// Kinds of a segment in a route's path.
pub mod segment {
    /// Must be equal, once percent-decoded.
    pub const LITERAL: u8 = 0;
    /// Anything.
    pub const PLACEHOLDER: u8 = 1;
}

/// Where a route takes the resource's id from.
pub mod id_source {
    /// A string of the route's own.
    pub const FIXED: u8 = 0;
    /// The segment of this place, from 0.
    pub const SEGMENT: u8 = 1;
}
