//! A scheme's row: what its file says, checked.

use alloc::string::String;
use alloc::vec::Vec;

use super::encoding::Encoding;
use super::mac::{SchemeAlgorithm, SecretForm};
use super::template::{self, Kind, Part, Template};
use super::time::TimeForm;
use super::toml::{self, Entry, Value, malformed};
use crate::refusal::Refusal;

/// A row. Times are in milliseconds.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) documentation: String,
    pub(super) notes: Vec<String>,
    pub(super) function: Function,
    pub(super) algorithm: SchemeAlgorithm,
    pub(super) secret: SecretForm,
    pub(super) encoding: Encoding,
    /// What may be signed; a signer takes the first.
    pub(super) signed: Vec<Template>,
    pub(super) timestamp: Option<TimeForm>,
    pub(super) nonce: Option<NonceKind>,
    pub(super) past: Option<Span>,
    pub(super) future: Option<Span>,
    /// The timestamp is when the signature ends, so long after it is made.
    pub(super) expires_in: Option<Span>,
    /// The option with which a sender sets `past`, and how far it may.
    pub(super) window: Option<String>,
    pub(super) window_max: Option<Span>,
    pub(super) may_be_empty: bool,
    pub(super) placements: Vec<Placement>,
    /// Values that the caller may set, and what they are if it doesn't.
    pub(super) options: Vec<(String, String)>,
    /// Values that are empty if the body is.
    pub(super) optional: Vec<(String, Template)>,
}

/// What a template can't say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    None,
    /// The body moves to a header.
    Gemini,
    AwsHeader,
    AwsQuery,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NonceKind {
    /// Digits, each greater than the one before: the time in milliseconds.
    Increasing,
    /// 32 random hexadecimal digits.
    Random,
    /// A random UUID (RFC 9562 section 5.4).
    Uuid,
}

/// A span of time, compared in the unit that it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) ms: u64,
    pub(super) in_seconds: bool,
}

/// Where a value goes.
#[derive(Debug)]
pub(super) struct Placement {
    pub(super) place: Place,
    /// The name to write, and others to read.
    pub(super) names: Vec<String>,
    /// The authentication scheme of an `Authorization` field.
    pub(super) word: Option<String>,
    /// What stands between the items of a list; empty if it is no list.
    pub(super) separator: String,
    pub(super) items: Vec<Template>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Header,
    Query,
    /// The form if there is a body, else the query.
    Param,
    Form,
    Json,
}

impl Placement {
    pub(super) fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.items.iter().flatten()
    }

    pub(super) fn has(&self, value: &str) -> bool {
        self.parts().any(|part| part.kind == Kind::Value && part.text == value)
    }
}

const ALGORITHMS: &[(&str, SchemeAlgorithm)] = &[
    ("hmac-sha256", SchemeAlgorithm::HmacSha256),
    ("hmac-sha384", SchemeAlgorithm::HmacSha384),
    ("hmac-sha512", SchemeAlgorithm::HmacSha512),
    ("hmac-sha1", SchemeAlgorithm::HmacSha1),
    ("ed25519", SchemeAlgorithm::Ed25519),
];

const SECRETS: &[(&str, SecretForm)] = &[
    ("utf8", SecretForm::Utf8),
    ("base64", SecretForm::Base64),
    ("hex", SecretForm::Hex),
    ("whsec", SecretForm::Whsec),
    ("pkcs8", SecretForm::Pkcs8),
    ("whsk", SecretForm::Whsk),
];

const ENCODINGS: &[(&str, Encoding)] = &[
    ("hex", Encoding::Hex),
    ("any-hex", Encoding::AnyHex),
    ("base64", Encoding::Base64),
];

const TIMES: &[(&str, TimeForm)] = &[
    ("s", TimeForm::Seconds),
    ("decimal-s", TimeForm::DecimalSeconds),
    ("ms", TimeForm::Milliseconds),
    ("iso-ms", TimeForm::IsoMilliseconds),
    ("iso", TimeForm::Iso),
    ("basic", TimeForm::Basic),
];

const NONCES: &[(&str, NonceKind)] = &[
    ("increasing", NonceKind::Increasing),
    ("random", NonceKind::Random),
    ("uuid", NonceKind::Uuid),
];

const FUNCTIONS: &[(&str, Function)] = &[
    ("gemini", Function::Gemini),
    ("aws-sigv4", Function::AwsHeader),
    ("aws-sigv4-query", Function::AwsQuery),
];

const PLACES: &[(&str, Place)] = &[
    ("headers", Place::Header),
    ("query", Place::Query),
    ("params", Place::Param),
    ("form", Place::Form),
    ("json", Place::Json),
];

impl Row {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let mut file = File {
            entries: toml::read(text)?,
            last_line: text.lines().count(),
        };
        let options = file.table("options")?;
        let optional = file.table("optional")?;
        let lists = file.table("lists")?;
        let known: Vec<&str> = options.iter().chain(&optional).map(|it| &*it.name).collect();
        let template = |text: &str, line: usize| parse(text, &known, line);
        let mut placements = Vec::new();
        for (table, place) in PLACES {
            for it in file.table(table)? {
                let names: Vec<String> = it.name.split('|').map(String::from).collect();
                let is_authorization = it.name.eq_ignore_ascii_case("authorization");
                let (word, text) = match it.text.split_once(' ') {
                    Some((word, rest)) if is_authorization => (Some(word.into()), rest),
                    _ => (None, &*it.text),
                };
                let list = lists.iter().find(|list| *place == Place::Header && list.name == it.name);
                let separator = list.map_or("", |list| &*list.text);
                let items = if separator.is_empty() {
                    template(text, it.line).map(|item| Vec::from([item]))
                } else {
                    text.split(separator).map(|item| template(item, it.line)).collect()
                };
                let items: Vec<Template> = items?;
                let is_joint = |pair: &[Part]| pair.iter().all(|part| part.kind != Kind::Literal);
                if items.iter().any(|item| item.windows(2).any(is_joint)) {
                    return Err(malformed(it.line, "nothing parts two placeholders of", &it.name));
                }
                placements.push(Placement {
                    place: *place,
                    names,
                    word,
                    separator: separator.into(),
                    items,
                });
            }
        }
        let function = file.choice_or("function", FUNCTIONS, Function::None)?;
        let is_aws = matches!(function, Function::AwsHeader | Function::AwsQuery);
        let mut signed = Vec::new();
        if !is_aws {
            let (texts, line) = file.list("signed")?.ok_or_else(|| file.missing("signed"))?;
            for text in texts {
                signed.push(template(&text, line)?);
            }
            let carriers = placements.iter().filter(|it| it.has("signature")).count();
            if carriers != 1 || signed.is_empty() {
                return Err(malformed(line, "the signature must have one place, and something to sign", ""));
            }
        }
        // Only of options, or they could be made of each other without end.
        let known: Vec<&str> = options.iter().map(|it| &*it.name).collect();
        let optional = optional
            .iter()
            .map(|it| Ok((it.name.clone(), parse(&it.text, &known, it.line)?)))
            .collect::<Result<_, Refusal>>()?;
        let row = Row {
            name: file.text("name")?,
            title: file.text("title")?,
            documentation: file.text("documentation")?,
            notes: file.list("notes")?.map_or_else(Vec::new, |(notes, _)| notes),
            function,
            algorithm: file.choice("algorithm", ALGORITHMS)?,
            secret: file.choice("secret", SECRETS)?,
            encoding: file.choice("encoding", ENCODINGS)?,
            signed,
            timestamp: file.optional_choice("timestamp", TIMES)?,
            nonce: file.optional_choice("nonce", NONCES)?,
            past: file.span("past")?,
            future: file.span("future")?,
            expires_in: file.span("expires-in")?,
            window: file.optional_text("window")?.map(|(text, _)| text),
            window_max: file.span("window-max")?,
            may_be_empty: file.flag("empty-body")?,
            placements,
            options: options.into_iter().map(|it| (it.name, it.text)).collect(),
            optional,
        };
        match file.entries.first() {
            Some(entry) => Err(malformed(entry.line, "unknown member", &entry.key)),
            None => row.check(file.last_line),
        }
    }

    /// What the members say of each other.
    fn check(self, line: usize) -> Result<Self, Refusal> {
        let is_placed = |value: &str| self.placements.iter().any(|it| it.has(value));
        let is_signed = |value: &str| self.signed.iter().any(|it| mentions(it, value));
        let is_loose = |value: &&str| is_signed(value) && !is_placed(value);
        let is_ed25519 = self.algorithm == SchemeAlgorithm::Ed25519;
        let has_key_pair = matches!(self.secret, SecretForm::Pkcs8 | SecretForm::Whsk);
        let is_option = |name: &String| self.options.iter().any(|(known, _)| known == name);
        let has_span = self.past.is_some() || self.expires_in.is_some();
        let wrong = if is_placed("timestamp") != self.timestamp.is_some() {
            "`timestamp` and its place go together"
        } else if is_placed("nonce") != self.nonce.is_some() && self.function != Function::Gemini {
            "`nonce` and its place go together"
        } else if ["keyid", "nonce", "payload", "timestamp"].iter().any(is_loose) {
            "a value that is signed has no place"
        } else if is_signed("signature") {
            "a signature can't sign itself"
        } else if is_ed25519 != has_key_pair {
            "the secret is not one for this algorithm"
        } else if self.timestamp.is_some() && !has_span {
            "a timestamp needs `past` or `expires-in`"
        } else if !self.window.iter().all(is_option) {
            "`window` names no option"
        } else {
            return Ok(self);
        };
        Err(malformed(line, wrong, ""))
    }
}

/// Whether a value is anywhere in a template.
pub(super) fn mentions(template: &[Part], value: &str) -> bool {
    template.iter().any(|part| {
        (part.kind == Kind::Value && part.text == value) || mentions(&part.inner, value)
    })
}

fn parse(text: &str, known: &[&str], line: usize) -> Result<Template, Refusal> {
    template::parse(text, known)
        .map_err(|placeholder| malformed(line, "unknown placeholder", &placeholder))
}

/// A member of a table of texts.
struct Named {
    name: String,
    text: String,
    line: usize,
}

/// The members that nobody has taken yet.
struct File {
    entries: Vec<Entry>,
    last_line: usize,
}

impl File {
    fn take(&mut self, key: &str) -> Option<Entry> {
        let at = self
            .entries
            .iter()
            .position(|it| it.table.is_empty() && it.key == key)?;
        Some(self.entries.remove(at))
    }

    fn missing(&self, key: &str) -> Refusal {
        malformed(self.last_line, "missing member", key)
    }

    /// The texts of a table.
    fn table(&mut self, table: &str) -> Result<Vec<Named>, Refusal> {
        let mut found = Vec::new();
        let mut rest = Vec::new();
        for entry in self.entries.drain(..) {
            if entry.table != table {
                rest.push(entry);
                continue;
            }
            match entry.value {
                Value::Text(text) => found.push(Named {
                    name: entry.key,
                    text,
                    line: entry.line,
                }),
                _ => return Err(malformed(entry.line, "not a text:", &entry.key)),
            }
        }
        self.entries = rest;
        Ok(found)
    }

    fn optional_text(&mut self, key: &str) -> Result<Option<(String, usize)>, Refusal> {
        match self.take(key) {
            None => Ok(None),
            Some(Entry {
                value: Value::Text(text),
                line,
                ..
            }) => Ok(Some((text, line))),
            Some(entry) => Err(malformed(entry.line, "not a text:", key)),
        }
    }

    fn text(&mut self, key: &str) -> Result<String, Refusal> {
        match self.optional_text(key)? {
            Some((text, _)) => Ok(text),
            None => Err(self.missing(key)),
        }
    }

    /// A text, or a list of them.
    fn list(&mut self, key: &str) -> Result<Option<(Vec<String>, usize)>, Refusal> {
        match self.take(key) {
            None => Ok(None),
            Some(entry) => match entry.value {
                Value::Text(text) => Ok(Some((Vec::from([text]), entry.line))),
                Value::List(list) => Ok(Some((list, entry.line))),
                Value::Flag(_) => Err(malformed(entry.line, "not a text:", key)),
            },
        }
    }

    /// A flag that is true unless the row says otherwise.
    fn flag(&mut self, key: &str) -> Result<bool, Refusal> {
        match self.take(key) {
            None => Ok(true),
            Some(Entry {
                value: Value::Flag(flag),
                ..
            }) => Ok(flag),
            Some(entry) => Err(malformed(entry.line, "not `true` or `false`:", key)),
        }
    }

    fn optional_choice<T: Copy>(&mut self, key: &str, table: &[(&str, T)]) -> Result<Option<T>, Refusal> {
        let Some((text, line)) = self.optional_text(key)? else {
            return Ok(None);
        };
        match table.iter().find(|(name, _)| *name == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => Err(malformed(line, "unknown", &text)),
        }
    }

    fn choice_or<T: Copy>(&mut self, key: &str, table: &[(&str, T)], default: T) -> Result<T, Refusal> {
        Ok(self.optional_choice(key, table)?.unwrap_or(default))
    }

    fn choice<T: Copy>(&mut self, key: &str, table: &[(&str, T)]) -> Result<T, Refusal> {
        match self.optional_choice(key, table)? {
            Some(value) => Ok(value),
            None => Err(self.missing(key)),
        }
    }

    /// `300 s` or `5000 ms`.
    fn span(&mut self, key: &str) -> Result<Option<Span>, Refusal> {
        let Some((text, line)) = self.optional_text(key)? else {
            return Ok(None);
        };
        let read = || {
            let (number, unit) = text.split_once(' ')?;
            let factor = match unit {
                "s" => 1000,
                "ms" => 1,
                _ => return None,
            };
            Some(Span {
                ms: number.parse::<u64>().ok()?.checked_mul(factor)?,
                in_seconds: factor != 1,
            })
        };
        match read() {
            Some(span) => Ok(Some(span)),
            None => Err(malformed(line, "not a number of `s` or `ms`:", key)),
        }
    }
}
