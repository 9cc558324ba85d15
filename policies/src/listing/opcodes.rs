//! The opcodes, as the page has them.

/// What an operand is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Operand {
    None,
    /// A place in the policy's code.
    To,
    Count,
    String,
    Constant,
    Function,
}

/// Name and operand of an opcode.
pub(super) fn opcode(number: u8) -> Option<(&'static str, Operand)> {
    use Operand::{Constant, Count, Function, None, String, To};
    Some(match number {
        0x01 => ("Constant", Constant),
        0x02 => ("Principal", None),
        0x03 => ("Action", None),
        0x04 => ("Resource", None),
        0x05 => ("Context", None),
        0x10 => ("And", To),
        0x11 => ("Or", To),
        0x12 => ("Unless", To),
        0x13 => ("Jump", To),
        0x14 => ("Bool", None),
        0x20 => ("Not", None),
        0x21 => ("Negate", None),
        0x22 => ("Is", String),
        0x23 => ("Like", Constant),
        0x24 => ("Has", String),
        0x25 => ("HasPath", Constant),
        0x26 => ("Get", String),
        0x27 => ("IsEmpty", None),
        0x30 => ("Equal", None),
        0x31 => ("Less", None),
        0x32 => ("LessEqual", None),
        0x33 => ("In", None),
        0x34 => ("Add", None),
        0x35 => ("Subtract", None),
        0x36 => ("Multiply", None),
        0x38 => ("Contains", None),
        0x39 => ("ContainsAll", None),
        0x3A => ("ContainsAny", None),
        0x40 => ("HasTag", None),
        0x41 => ("GetTag", None),
        0x50 => ("Call", Function),
        0x60 => ("MakeSet", Count),
        0x61 => ("MakeRecord", Constant),
        _ => return Option::None,
    })
}

/// The functions of the extension types, by their numbers.
const FUNCTIONS: [&str; 22] = [
    "decimal",
    "ip",
    "datetime",
    "duration",
    "lessThan",
    "lessThanOrEqual",
    "greaterThan",
    "greaterThanOrEqual",
    "isIpv4",
    "isIpv6",
    "isLoopback",
    "isMulticast",
    "isInRange",
    "offset",
    "durationSince",
    "toDate",
    "toTime",
    "toMilliseconds",
    "toSeconds",
    "toMinutes",
    "toHours",
    "toDays",
];

pub(super) fn function(number: usize) -> Option<&'static str> {
    FUNCTIONS.get(number).copied()
}
