//! The part of TOML that rows are written in: comments, tables, and members that are strings,
//! whole numbers, booleans or lists of strings. All else is refused with its line.

use alloc::string::String;
use alloc::vec::Vec;

use crate::refusal::{Code, Refusal, push_decimal};

/// What kind of value a member has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    /// A number's digits, `true` or `false`.
    Word,
    List,
}

/// One member, where it stands.
#[derive(Debug)]
pub(super) struct Entry {
    /// The name in the last header, empty before the first.
    pub(super) table: String,
    pub(super) key: String,
    pub(super) shape: Shape,
    /// The texts of a list, or the one.
    pub(super) values: Vec<String>,
    pub(super) line: usize,
}

/// `scheme_malformed` with a line and what is wrong there.
#[cold]
pub(super) fn malformed(line: usize, what: &str, name: &str) -> Refusal {
    let mut text = String::from("line ");
    push_decimal(&mut text, i64::try_from(line).unwrap_or(i64::MAX));
    text.push_str(": ");
    text.push_str(what);
    if !name.is_empty() {
        text.push(' ');
        text.push_str(name);
    }
    Refusal::named(Code::SchemeMalformed, &text)
}

/// Every member of a text, in order.
pub(super) fn read(text: &str) -> Result<Vec<Entry>, Refusal> {
    let mut reader = Reader {
        rest: text,
        line: 1,
    };
    let mut entries: Vec<Entry> = Vec::new();
    let mut table = String::new();
    loop {
        reader.skip_blank();
        if reader.rest.is_empty() {
            return Ok(entries);
        }
        if reader.eat('[') {
            table = reader.key()?;
            reader.expect(']')?;
        } else {
            let line = reader.line;
            let key = reader.key()?;
            if entries.iter().any(|it| it.table == table && it.key == key) {
                return Err(malformed(line, "a second", &key));
            }
            reader.expect('=')?;
            let mut entry = Entry {
                table: table.clone(),
                key,
                shape: Shape::Text,
                values: Vec::new(),
                line,
            };
            reader.values(&mut entry)?;
            entries.push(entry);
        }
        reader.end_of_line()?;
    }
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
}

impl Reader<'_> {
    fn eat(&mut self, expected: char) -> bool {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Spaces, the sign, and spaces.
    fn expect(&mut self, expected: char) -> Result<(), Refusal> {
        self.skip_spaces();
        if !self.eat(expected) {
            return Err(self.wrong());
        }
        self.skip_spaces();
        Ok(())
    }

    fn skip_spaces(&mut self) {
        while self.eat(' ') || self.eat('\t') {}
    }

    fn skip_comment(&mut self) {
        if self.rest.starts_with('#') {
            self.rest = self.rest.trim_start_matches(|c| c != '\n');
        }
    }

    /// Everything up to the next thing that counts.
    fn skip_blank(&mut self) {
        loop {
            self.skip_spaces();
            self.skip_comment();
            self.eat('\r');
            if !self.eat('\n') {
                return;
            }
            self.line += 1;
        }
    }

    fn end_of_line(&mut self) -> Result<(), Refusal> {
        self.skip_spaces();
        self.skip_comment();
        self.eat('\r');
        if !self.rest.is_empty() && !self.rest.starts_with('\n') {
            return Err(self.wrong());
        }
        Ok(())
    }

    fn key(&mut self) -> Result<String, Refusal> {
        self.skip_spaces();
        if self.rest.starts_with(['"', '\'']) {
            return self.string();
        }
        let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let rest = self.rest.trim_start_matches(is_bare);
        let length = self.rest.len() - rest.len();
        let key = self.rest.get(..length).unwrap_or("");
        if key.is_empty() {
            return Err(self.wrong());
        }
        self.rest = rest;
        Ok(key.into())
    }

    fn values(&mut self, entry: &mut Entry) -> Result<(), Refusal> {
        if self.rest.starts_with(['"', '\'']) {
            entry.values.push(self.string()?);
            return Ok(());
        }
        if !self.eat('[') {
            entry.shape = Shape::Word;
            let word = self.key()?;
            let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
            if !is_number && word != "true" && word != "false" {
                return Err(self.wrong());
            }
            entry.values.push(word);
            return Ok(());
        }
        entry.shape = Shape::List;
        loop {
            self.skip_blank();
            if self.eat(']') {
                return Ok(());
            }
            entry.values.push(self.string()?);
            self.skip_blank();
            if !self.eat(',') && !self.rest.starts_with(']') {
                return Err(self.wrong());
            }
        }
    }

    fn string(&mut self) -> Result<String, Refusal> {
        let mut string = String::new();
        let mut chars = self.rest.chars();
        let quote = chars.next().filter(|quote| matches!(quote, '"' | '\''));
        let quote = quote.ok_or_else(|| self.wrong())?;
        loop {
            let read = match chars.next() {
                Some(end) if end == quote => {
                    self.rest = chars.as_str();
                    return Ok(string);
                }
                // Between single quotes a backslash is one.
                Some('\\') if quote == '"' => match chars.next() {
                    Some('n') => '\n',
                    Some(escaped @ ('"' | '\\')) => escaped,
                    _ => return Err(self.wrong()),
                },
                Some(plain) if plain >= ' ' => plain,
                _ => return Err(self.wrong()),
            };
            string.push(read);
        }
    }

    fn wrong(&self) -> Refusal {
        malformed(self.line, "this is not TOML that a row may hold", "")
    }
}
