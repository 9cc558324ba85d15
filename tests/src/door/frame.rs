//! Frames of arguments and of answers.

use core::fmt;

use countersign_core::Code;
use countersign_wasm::frame::{Fields, Reply};

/// The arguments of a verb in the making.
#[derive(Debug, Default)]
pub struct Frame(Reply);

impl Frame {
    /// Without a field yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// And bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.bytes(bytes);
        self
    }

    /// And a text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.0.text(text);
        self
    }

    /// And a number.
    #[must_use]
    pub fn number(mut self, number: u64) -> Self {
        self.0.number(number);
        self
    }

    /// And the fields of another one.
    #[must_use]
    pub fn append(self, other: &Frame) -> Self {
        self.fields(other.as_bytes())
    }

    /// And fields that a verb has written.
    #[must_use]
    pub fn fields(mut self, frame: &[u8]) -> Self {
        let mut fields = Fields::new(frame);
        while let Ok(field) = fields.bytes() {
            self.0.bytes(field);
        }
        self
    }

    /// The frame.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Fault {
    /// The module refused.
    Refused(Refused),
    /// The module gave no frame, or the case is not in the format of its family.
    Broken(anyhow::Error),
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its stable code.
    pub code: String,
    /// Its sentence.
    pub message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl From<anyhow::Error> for Fault {
    fn from(error: anyhow::Error) -> Self {
        Fault::Broken(error)
    }
}

/// The fields that a verb found, read in order.
#[derive(Debug)]
pub struct Answer {
    frame: Vec<u8>,
    at: usize,
}

impl Answer {
    /// Opens a reply.
    pub(super) fn open(frame: Vec<u8>) -> Result<Self, Fault> {
        let mut answer = Answer { frame, at: 0 };
        if answer.text()? == "ok" {
            return Ok(answer);
        }
        let number = usize::try_from(answer.number()?).unwrap_or(usize::MAX);
        // Of this version, as the module is.
        let code = Code::ALL.get(number);
        let code =
            code.ok_or_else(|| Fault::Broken(anyhow::anyhow!("code {number} is unknown")))?;
        answer.text()?;
        Err(Fault::Refused(Refused {
            code: code.as_str().to_owned(),
            message: format!("{}{}", code.sentence(), answer.text()?),
        }))
    }

    /// The next field.
    ///
    /// # Errors
    /// A reply that ends before it.
    pub fn bytes(&mut self) -> Result<Vec<u8>, Fault> {
        let rest = self.rest();
        let field = Fields::new(rest).bytes().map_err(broken)?.to_vec();
        self.at += 4 + field.len();
        Ok(field)
    }

    /// The next field, a text.
    ///
    /// # Errors
    /// As [`Answer::bytes`].
    pub fn text(&mut self) -> Result<String, Fault> {
        String::from_utf8(self.bytes()?).map_err(|error| Fault::Broken(error.into()))
    }

    /// The next field, a number.
    ///
    /// # Errors
    /// As [`Answer::bytes`].
    pub fn number(&mut self) -> Result<u64, Fault> {
        let field = self.bytes()?;
        let field = <[u8; 8]>::try_from(field);
        let field = field.map_err(|_| Fault::Broken(anyhow::anyhow!("a number has 8 bytes")))?;
        Ok(u64::from_le_bytes(field))
    }

    /// The fields that were not read.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        self.frame.get(self.at..).unwrap_or_default()
    }
}

fn broken(_: countersign_core::Refusal) -> Fault {
    Fault::Broken(anyhow::anyhow!("a reply ends too early"))
}

impl Refused {
    /// Whether it says nothing of the case: the module lacks something, or was asked wrongly.
    pub(super) fn is_of_asking(&self) -> bool {
        matches!(
            self.code.as_str(),
            "algorithm_unknown"
                | "frame_malformed"
                | "handle_unknown"
                | "handles_exhausted"
                | "verb_unknown"
        )
    }
}
