//! The instructions of a policy, and the check that they can be run blindly.

use super::format::MAX_STACK;
use super::machine::Expected;
use alloc::vec;

/// One instruction: a 32-bit word, the opcode in its low byte and the operand above.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instruction {
    pub(super) op: Op,
    pub(super) operand: u32,
}

macro_rules! opcodes {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal,)+) => {
        /// The opcodes. Numbers are stable; the gaps are for what Cedar may yet get.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Op {
            $($(#[doc = $doc])+ $name = $number,)+
        }

        impl Op {
            /// The opcode of this number, if there is one.
            #[must_use]
            pub const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

opcodes! {
    /// Pushes the constant of this index.
    Constant = 0x01,
    /// Pushes the principal.
    Principal = 0x02,
    /// Pushes the action.
    Action = 0x03,
    /// Pushes the resource.
    Resource = 0x04,
    /// Pushes the context.
    Context = 0x05,
    /// Pops a boolean; if false pushes it back and jumps.
    And = 0x10,
    /// Pops a boolean; if true pushes it back and jumps.
    Or = 0x11,
    /// Pops a boolean; if false jumps.
    Unless = 0x12,
    /// Jumps.
    Jump = 0x13,
    /// Errs unless the top is a boolean.
    Bool = 0x14,
    /// `!`
    Not = 0x20,
    /// `-`, of one operand.
    Negate = 0x21,
    /// `is` of the type that is the string of this index.
    Is = 0x22,
    /// `like` the pattern that is the constant of this index.
    Like = 0x23,
    /// `has` the attribute that is the string of this index.
    Has = 0x24,
    /// `has` the path of attributes that are the names of this constant.
    HasPath = 0x25,
    /// `.` the attribute that is the string of this index.
    Get = 0x26,
    /// `.isEmpty()`
    IsEmpty = 0x27,
    /// `==`
    Equal = 0x30,
    /// `<`
    Less = 0x31,
    /// `<=`
    LessEqual = 0x32,
    /// `in`
    In = 0x33,
    /// `+`
    Add = 0x34,
    /// `-`
    Subtract = 0x35,
    /// `*`
    Multiply = 0x36,
    /// `.contains()`
    Contains = 0x38,
    /// `.containsAll()`
    ContainsAll = 0x39,
    /// `.containsAny()`
    ContainsAny = 0x3a,
    /// `.hasTag()`
    HasTag = 0x40,
    /// `.getTag()`
    GetTag = 0x41,
    /// Calls the function of this number, see [`Function`].
    Call = 0x50,
    /// Pops this many values, pushes the set of them.
    MakeSet = 0x60,
    /// Pops a value for each of the names of this constant, pushes the record of them.
    MakeRecord = 0x61,
}

impl Op {
    /// Whether the operand is the place of an instruction in the policy's code.
    pub(super) const fn is_jump(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless | Self::Jump)
    }
}

macro_rules! functions {
    ($($name:ident = $number:literal, $text:literal, $arity:literal, $receiver:ident;)+) => {
        /// The functions of the extension types. Numbers are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Function {
            $(#[doc = concat!("`", $text, "`")] $name = $number,)+
        }

        impl Function {
            /// The function of this number, if there is one.
            #[must_use]
            pub const fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// The function that Cedar calls so.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// What Cedar calls it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// How many values it takes, that before the point counted.
            #[must_use]
            pub const fn arity(self) -> usize {
                match self {
                    $(Self::$name => $arity,)+
                }
            }

            pub(super) const fn receiver(self) -> Receiver {
                match self {
                    $(Self::$name => Receiver::$receiver,)+
                }
            }
        }
    };
}

functions! {
    Decimal = 0, "decimal", 1, Text;
    Ip = 1, "ip", 1, Text;
    Datetime = 2, "datetime", 1, Text;
    Duration = 3, "duration", 1, Text;
    LessThan = 4, "lessThan", 2, Decimal;
    LessThanOrEqual = 5, "lessThanOrEqual", 2, Decimal;
    GreaterThan = 6, "greaterThan", 2, Decimal;
    GreaterThanOrEqual = 7, "greaterThanOrEqual", 2, Decimal;
    IsIpv4 = 8, "isIpv4", 1, Ip;
    IsIpv6 = 9, "isIpv6", 1, Ip;
    IsLoopback = 10, "isLoopback", 1, Ip;
    IsMulticast = 11, "isMulticast", 1, Ip;
    IsInRange = 12, "isInRange", 2, Ip;
    Offset = 13, "offset", 2, Datetime;
    DurationSince = 14, "durationSince", 2, Datetime;
    ToDate = 15, "toDate", 1, Datetime;
    ToTime = 16, "toTime", 1, Datetime;
    ToMilliseconds = 17, "toMilliseconds", 1, Duration;
    ToSeconds = 18, "toSeconds", 1, Duration;
    ToMinutes = 19, "toMinutes", 1, Duration;
    ToHours = 20, "toHours", 1, Duration;
    ToDays = 21, "toDays", 1, Duration;
}

/// What a function is called on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Receiver {
    /// A string: the function makes a value of its type.
    Text,
    Decimal,
    Ip,
    Datetime,
    Duration,
}

impl Receiver {
    /// The kind of value.
    pub(super) const fn kind(self) -> Expected {
        match self {
            Self::Text => Expected::String,
            Self::Decimal => Expected::Decimal,
            Self::Ip => Expected::Ip,
            Self::Datetime => Expected::Datetime,
            Self::Duration => Expected::Duration,
        }
    }
}

/// Why code can't be run blindly, and the instruction at fault.
pub(super) struct CodeFault {
    pub(super) at: usize,
    pub(super) rule: &'static str,
}

/// Checks that jumps go forward, that every instruction can be reached, that the stack has one
/// depth at each, never less than it pops nor more than [`MAX_STACK`], and is 1 at the end.
///
/// `names` tells how many names the constant of an index has. Gives back the greatest depth.
pub(super) fn check(
    code: &[Instruction],
    names: &dyn Fn(u32) -> usize,
) -> Result<usize, CodeFault> {
    let mut expected: alloc::vec::Vec<Option<usize>> = vec![None; code.len() + 1];
    let mut reached = Some(0);
    let mut deepest = 1;
    for (at, instruction) in code.iter().enumerate() {
        let fault = |rule| CodeFault { at, rule };
        let depth = agree(reached, expected.get(at).copied().flatten())
            .map_err(fault)?
            .ok_or(fault("the instruction can't be reached"))?;
        let (pops, pushes) = effect(*instruction, names);
        let rest = depth
            .checked_sub(pops)
            .ok_or(fault("the stack has too few values"))?;
        let after = rest + pushes;
        if after > MAX_STACK {
            return Err(fault("the stack grows too deep"));
        }
        deepest = deepest.max(after);
        reached = (instruction.op != Op::Jump).then_some(after);
        if instruction.op.is_jump() {
            let target = usize::try_from(instruction.operand).unwrap_or(usize::MAX);
            let landing = match instruction.op {
                Op::And | Op::Or => after + 1,
                _ => after,
            };
            let slot = expected
                .get_mut(target)
                .filter(|_| target > at)
                .ok_or(fault("a jump must go forward, within its policy"))?;
            *slot = agree(Some(landing), *slot).map_err(fault)?;
        }
    }
    let fault = |rule| CodeFault {
        at: code.len(),
        rule,
    };
    match agree(reached, expected.last().copied().flatten()).map_err(fault)? {
        Some(1) => Ok(deepest),
        _ => Err(fault("the code must leave one value")),
    }
}

fn agree(a: Option<usize>, b: Option<usize>) -> Result<Option<usize>, &'static str> {
    match (a, b) {
        (Some(a), Some(b)) if a != b => Err("the stack has two depths at one place"),
        _ => Ok(a.or(b)),
    }
}

/// How many values an instruction pops and pushes when it doesn't jump.
fn effect(instruction: Instruction, names: &dyn Fn(u32) -> usize) -> (usize, usize) {
    match instruction.op {
        Op::Constant | Op::Principal | Op::Action | Op::Resource | Op::Context => (0, 1),
        Op::And | Op::Or | Op::Unless => (1, 0),
        Op::Jump => (0, 0),
        Op::Bool
        | Op::Not
        | Op::Negate
        | Op::Is
        | Op::Like
        | Op::Has
        | Op::HasPath
        | Op::Get
        | Op::IsEmpty => (1, 1),
        Op::Equal
        | Op::Less
        | Op::LessEqual
        | Op::In
        | Op::Add
        | Op::Subtract
        | Op::Multiply
        | Op::Contains
        | Op::ContainsAll
        | Op::ContainsAny
        | Op::HasTag
        | Op::GetTag => (2, 1),
        Op::Call => (
            Function::from_number(instruction.operand).map_or(usize::MAX, Function::arity),
            1,
        ),
        Op::MakeSet => (
            usize::try_from(instruction.operand).unwrap_or(usize::MAX),
            1,
        ),
        Op::MakeRecord => (names(instruction.operand), 1),
    }
}
