//! Frames, from the host's side (`docs/abi.md`).

use std::sync::Arc;

use crate::error::{CodeText, Error, Refused};

/// A field of a frame to send.
#[derive(Clone, Copy)]
pub(crate) enum Field<'a> {
    Bytes(&'a [u8]),
    Number(u64),
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Field::Bytes(text.as_bytes())
    }
}

impl Field<'_> {
    fn len(&self) -> usize {
        match self {
            Field::Bytes(bytes) => bytes.len(),
            Field::Number(_) => 8,
        }
    }
}

/// The bytes that a frame of these fields takes.
pub(crate) fn frame_len(fields: &[Field<'_>]) -> usize {
    fields.iter().map(|field| 4 + field.len()).sum()
}

/// Writes the fields to `memory`, which has [`frame_len`] bytes. False if it hasn't, or if a field is
/// too long for a frame.
pub(crate) fn write_frame(mut memory: &mut [u8], fields: &[Field<'_>]) -> bool {
    for field in fields {
        let Ok(length) = u32::try_from(field.len()) else {
            return false;
        };
        let number;
        let bytes = match field {
            Field::Bytes(bytes) => bytes,
            Field::Number(value) => {
                number = value.to_le_bytes();
                &number[..]
            }
        };
        for part in [&length.to_le_bytes()[..], bytes] {
            let Some((room, rest)) = memory.split_at_mut_checked(part.len()) else {
                return false;
            };
            room.copy_from_slice(part);
            memory = rest;
        }
    }
    true
}

/// The reply of a verb, field by field.
pub(crate) struct Reply<'a>(&'a [u8]);

impl<'a> Reply<'a> {
    /// Reads the first field: the rest is the reply, or a refusal.
    pub(crate) fn read(frame: &'a [u8]) -> Result<Result<Self, Told>, Error> {
        let mut reply = Reply(frame);
        if reply.text()? == "ok" {
            return Ok(Ok(reply));
        }
        let number = reply.number()?;
        let (problem, detail) = (reply.text()?.to_owned(), reply.text()?.to_owned());
        let field = reply.text()?;
        let place = match reply.number() {
            Ok(at) if !field.is_empty() => {
                usize::try_from(at).ok().map(|at| (field.to_owned(), at))
            }
            _ => None,
        };
        Ok(Err(Told {
            number: usize::try_from(number).map_err(|_| broken())?,
            problem,
            detail,
            place,
        }))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let (length, rest) = self.0.split_first_chunk().ok_or_else(broken)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| broken())?;
        let (field, rest) = rest.split_at_checked(length).ok_or_else(broken)?;
        self.0 = rest;
        Ok(field)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Error> {
        core::str::from_utf8(self.bytes()?).map_err(|_| broken())
    }

    pub(crate) fn number(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(
            self.bytes()?.try_into().map_err(|_| broken())?,
        ))
    }

    /// A field of lines; an empty field has none.
    pub(crate) fn lines(&mut self) -> Result<Vec<String>, Error> {
        let text = self.text()?;
        Ok(if text.is_empty() {
            Vec::new()
        } else {
            text.split('\n').map(str::to_owned).collect()
        })
    }
}

/// A refusal, without the texts of its code.
pub(crate) struct Told {
    number: usize,
    problem: String,
    detail: String,
    place: Option<(String, usize)>,
}

impl Told {
    /// With the texts of all codes.
    pub(crate) fn by(self, codes: &Arc<[CodeText]>) -> Error {
        if self.number >= codes.len() {
            return broken();
        }
        Refused {
            codes: Arc::clone(codes),
            number: self.number,
            problem: self.problem,
            detail: self.detail,
            place: self.place,
        }
        .into()
    }
}

/// The texts of all codes, by their numbers.
pub(crate) fn read_codes(reply: &mut Reply<'_>) -> Result<Arc<[CodeText]>, Error> {
    let (names, sentences) = (reply.lines()?, reply.lines()?);
    let text = |(name, sentence)| CodeText { name, sentence };
    Ok(names.into_iter().zip(sentences).map(text).collect())
}

fn broken() -> Error {
    Error::Trapped("its reply is not a frame".into())
}
