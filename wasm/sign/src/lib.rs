//! The module that only signs: core's `signer`, the programs of the built-in rows, and a door (`docs/abi.md`).
#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(target_arch = "wasm32")]
mod instance;

/// Names of the built-in schemes and their programs: each name, a zero, the length in two bytes, the program.
static PROGRAMS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/programs"));

/// The program of a built-in scheme that has an HMAC.
#[must_use]
pub fn program(name: &[u8]) -> Option<&'static [u8]> {
    let mut rest = PROGRAMS;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (known, after) = rest.split_at_checked(end)?;
        let (length, after) = after.get(1..)?.split_first_chunk()?;
        let (program, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        if known == name {
            return Some(program);
        }
        rest = after;
    }
    None
}
