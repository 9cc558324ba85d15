//! Frames: how arguments and replies cross to a host that is not JavaScript.
//!
//! A frame is a sequence of fields, each a `u32` length and that many bytes; numbers in fields are
//! 8 bytes. All are little-endian. `docs/abi.md` is the specification.

use alloc::vec::Vec;

use countersign_core::{Code, Refusal};
use zeroize::Zeroize as _;

/// Reads the fields of a frame in order.
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Starts at the first field.
    #[must_use]
    pub fn new(frame: &'a [u8]) -> Self {
        Fields(frame)
    }

    /// The next field.
    ///
    /// # Errors
    /// `frame_malformed` if the frame ends early.
    pub fn bytes(&mut self) -> Result<&'a [u8], Refusal> {
        let (length, rest) = self.0.split_first_chunk().ok_or(Code::FrameMalformed)?;
        let length =
            usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Code::FrameMalformed)?;
        let (field, rest) = rest.split_at_checked(length).ok_or(Code::FrameMalformed)?;
        self.0 = rest;
        Ok(field)
    }

    /// The next field, as UTF-8.
    ///
    /// # Errors
    /// `frame_malformed`.
    pub fn text(&mut self) -> Result<&'a str, Refusal> {
        core::str::from_utf8(self.bytes()?).map_err(|_| Code::FrameMalformed.into())
    }

    /// The next field, as an unsigned number.
    ///
    /// # Errors
    /// `frame_malformed`.
    pub fn number(&mut self) -> Result<u64, Refusal> {
        let bytes = self.bytes()?.try_into().map_err(|_| Code::FrameMalformed)?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// A reply in the making: a code, and what the verb found.
///
/// The first field is `ok`; or `no` where there is a refusal instead, and then follow the number of its
/// code, the problem details for a stranger, what its message says after the code's sentence, and the
/// field and byte offset that it points at, each empty where there is none.
#[derive(Debug, Default)]
pub struct Reply(Vec<u8>);

impl Reply {
    /// Starts anew; what was there, perhaps a token, is wiped.
    pub fn clear(&mut self) {
        self.0.zeroize();
        self.bytes(b"ok");
    }

    /// Appends a field.
    pub fn bytes(&mut self, field: &[u8]) {
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(field);
    }

    /// Appends a field of UTF-8.
    pub fn text(&mut self, field: &str) {
        self.bytes(field.as_bytes());
    }

    /// Appends a number.
    pub fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// Appends a list of texts, joined by newlines.
    pub fn lines<'a>(&mut self, lines: impl Iterator<Item = &'a str>) {
        let at = self.0.len();
        self.bytes(b"");
        for line in lines {
            self.line(line);
        }
        self.end_lines(at);
    }

    /// Appends a line to the field that is last.
    fn line(&mut self, line: &str) {
        self.0.extend_from_slice(line.as_bytes());
        self.0.push(b'\n');
    }

    /// Ends the field that begins at `at`: takes the last newline off, and sets the length.
    fn end_lines(&mut self, at: usize) {
        let mut length = self.0.len().saturating_sub(at + 4);
        if length > 0 {
            self.0.pop();
            length -= 1;
        }
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        if let Some(field) = self.0.get_mut(at..at + 4) {
            field.copy_from_slice(&length.to_le_bytes());
        }
    }

    /// Replaces all by a refusal. The code's texts are not in it: how long it takes to write and to copy them
    /// would tell a stranger the code, and so whether a key is known.
    pub fn refuse(&mut self, refusal: &Refusal) {
        self.0.zeroize();
        self.text("no");
        self.number(u64::from(refusal.code().number()));
        self.text(&refusal.problem());
        self.text(&refusal.detail());
        if let Some(countersign_core::Subject::Offset { field, at }) = refusal.subject() {
            self.text(field);
            self.number(u64::try_from(*at).unwrap_or(u64::MAX));
        } else {
            self.text("");
            self.text("");
        }
    }

    /// The frame.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
