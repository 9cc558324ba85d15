//! The `age` recipients of owners, in a file: a line each, the owner's name and `age1..`; `#` begins a comment.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_custody::delivery::Recipient;

use super::Failure;
use crate::cli::message::read_text;

/// Who opens what is sealed for an owner.
#[derive(Debug, Default)]
pub(super) struct Recipients(BTreeMap<String, Recipient>);

impl Recipients {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let mut recipients = BTreeMap::new();
        for (number, line) in (1..).zip(read_text(path)?.lines()) {
            let malformed = |why: &str| {
                let place = format!("{}, line {number}: {why}", path.display());
                Failure::usage("recipients_malformed", place)
            };
            let words: Vec<&str> = line.split_whitespace().collect();
            let (owner, recipient) = match words.as_slice() {
                [] => continue,
                [first, ..] if first.starts_with('#') => continue,
                [owner, recipient] => (*owner, recipient.parse::<Recipient>()),
                _ => return Err(malformed("it isn't an owner's name and a recipient")),
            };
            let recipient = recipient.map_err(|error| malformed(&error.to_string()))?;
            if recipients.insert(owner.to_owned(), recipient).is_some() {
                return Err(malformed("the owner has a recipient already"));
            }
        }
        Ok(Recipients(recipients))
    }

    pub(super) fn of(&self, owner: &str) -> Option<&Recipient> {
        self.0.get(owner)
    }
}
