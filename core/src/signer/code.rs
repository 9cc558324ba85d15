//! The program of a scheme: what its row says, as bytes for the machine.
//!
//! A byte below 128 is a character of the text in the making. What follows an instruction is a byte, a name that a
//! zero ends, or a block: its length in a byte, and so many bytes.

/// The first byte of a program.
pub(crate) mod flag {
    /// The hash: 0 SHA-256, 1 SHA-384, 2 SHA-512.
    pub(crate) const HASH: u8 = 3;
    /// How the secret is written: 0 as text, 1 in base64, 3 in base64 after `whsec_`.
    pub(crate) const SECRET: u8 = 12;
    /// The signature is written in base64, else in hexadecimal.
    pub(crate) const BASE64: u8 = 16;
    /// A header has quoted texts.
    pub(crate) const QUOTED: u8 = 32;
    /// AWS Signature Version 4: there is no program.
    pub(crate) const AWS: u8 = 64;
    /// In the query.
    pub(crate) const AWS_QUERY: u8 = 128;
}

/// The values that every program has, by number.
pub(crate) mod value {
    pub(crate) const KEYID: u8 = 0;
    pub(crate) const PASSPHRASE: u8 = 1;
    pub(crate) const TIMESTAMP: u8 = 2;
    pub(crate) const NONCE: u8 = 3;
    pub(crate) const SIGNATURE: u8 = 4;
    pub(crate) const PAYLOAD: u8 = 5;
    pub(crate) const COUNT: u8 = 6;
}

/// What `if` and `unless` ask for beside values.
pub(crate) mod about {
    pub(crate) const QUERY: u8 = 254;
    pub(crate) const BODY: u8 = 255;
}

/// Where a value goes, in the low bits of the instruction.
pub(crate) mod place {
    pub(crate) const KIND: u8 = 3;
    pub(crate) const QUERY: u8 = 0;
    pub(crate) const FORM: u8 = 1;
    pub(crate) const PARAM: u8 = 2;
    pub(crate) const JSON: u8 = 3;
    /// In JSON it is a number.
    pub(crate) const NUMBER: u8 = 4;
}

/// The instructions.
pub(crate) mod op {
    /// And the number of the value.
    pub(crate) const VALUE: u8 = 0x80;
    pub(crate) const FIELDS: u8 = 0xa0;
    pub(crate) const METHOD: u8 = 0xa0;
    pub(crate) const SCHEME: u8 = 0xa1;
    pub(crate) const HOST: u8 = 0xa2;
    pub(crate) const PORT: u8 = 0xa3;
    pub(crate) const AUTHORITY: u8 = 0xa4;
    pub(crate) const PATH: u8 = 0xa5;
    pub(crate) const TARGET: u8 = 0xa6;
    pub(crate) const BODY: u8 = 0xa7;
    pub(crate) const MEDIA_TYPE: u8 = 0xa8;
    pub(crate) const HEADER: u8 = 0xaa;
    pub(crate) const JSON: u8 = 0xac;
    pub(crate) const FLAT: u8 = 0xad;
    /// And three times what makes it (SHA-256, SHA-512, the MAC), and its encoding (hex, base64, none).
    pub(crate) const HASH: u8 = 0xb0;
    /// And the filters' bits.
    pub(crate) const QUERY: u8 = 0xc0;
    pub(crate) const IF: u8 = 0xd0;
    pub(crate) const UNLESS: u8 = 0xd1;
    /// An item of a list: the length of the separator that it begins with, and a block.
    pub(crate) const ITEM: u8 = 0xd2;
    pub(crate) const OPTION: u8 = 0xd3;
    pub(crate) const OPTIONAL: u8 = 0xd4;
    /// The seconds to add, and a pattern.
    pub(crate) const TIME: u8 = 0xd5;
    pub(crate) const NONCE: u8 = 0xd6;
    pub(crate) const GEMINI: u8 = 0xd7;
    pub(crate) const STRIP_QUERY: u8 = 0xd8;
    pub(crate) const STRIP_FORM: u8 = 0xd9;
    pub(crate) const SIGN: u8 = 0xda;
    pub(crate) const PLACE_HEADER: u8 = 0xdb;
    /// And a [`place`](super::place).
    pub(crate) const PLACE: u8 = 0xe0;
}

pub(super) fn take_byte(code: &mut &[u8]) -> u8 {
    let (byte, rest) = code.split_first().unwrap_or((&0, &[]));
    *code = rest;
    *byte
}

pub(super) fn take_name<'c>(code: &mut &'c [u8]) -> &'c [u8] {
    let end = code.iter().position(|byte| *byte == 0);
    let end = end.unwrap_or(code.len());
    let name = code.get(..end).unwrap_or_default();
    *code = code.get(end + 1..).unwrap_or_default();
    name
}

pub(super) fn take_block<'c>(code: &mut &'c [u8]) -> &'c [u8] {
    let length = take_byte(code);
    let (block, rest) = code
        .split_at_checked(usize::from(length))
        .unwrap_or_default();
    *code = rest;
    block
}
