//! A scheme's row: what its file says, checked.

use alloc::string::String;
use alloc::vec::Vec;

use super::encoding::Encoding;
use super::mac::{SchemeAlgorithm, SecretForm};
use super::template::{self, Kind, Part, Template, VALUES};
use super::time::TimeForm;
use super::toml::{self, Entry, Shape, malformed};
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
    /// Values that are empty if there is no body: nothing, and no type of it.
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

impl Row {
    /// Whether a header holds a value between quotes.
    pub(super) fn has_quoted_texts(&self) -> bool {
        let mut parts = self.placements.iter().flat_map(Placement::parts);
        parts.any(|part| part.kind == Kind::Literal && part.text.contains('"'))
    }
}

impl Placement {
    pub(super) fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.items.iter().flatten()
    }

    pub(super) fn has(&self, value: &str) -> bool {
        self.parts()
            .any(|part| part.kind == Kind::Value && part.text == value)
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

/// What a row can't do without.
const MEMBERS: &[&str] = &[
    "name",
    "title",
    "documentation",
    "algorithm",
    "secret",
    "encoding",
];

const MAX_BYTES: usize = 64 << 10;

impl Row {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        if text.len() > MAX_BYTES {
            return Err(malformed(1, "the row is longer than 64 KiB", ""));
        }
        let entries = toml::read(text)?;
        let mut row = Row {
            name: String::new(),
            title: String::new(),
            documentation: String::new(),
            notes: Vec::new(),
            function: Function::None,
            algorithm: SchemeAlgorithm::HmacSha256,
            secret: SecretForm::Utf8,
            encoding: Encoding::Hex,
            signed: Vec::new(),
            timestamp: None,
            nonce: None,
            past: None,
            future: None,
            expires_in: None,
            window: None,
            window_max: None,
            may_be_empty: true,
            placements: Vec::new(),
            options: Vec::new(),
            optional: Vec::new(),
        };
        // Optional values may be made of options only, or they could be made of each other.
        let mut known = Vec::new();
        for table in ["options", "optional"] {
            for entry in entries.iter().filter(|it| it.table == table) {
                if VALUES.contains(&entry.key.as_str()) {
                    return Err(entry.wrong("every scheme has a value", &entry.key));
                }
                if table == "options" {
                    row.options.push((entry.key.clone(), entry.text()?.into()));
                } else {
                    let template = entry.template(entry.text()?, &known)?;
                    row.optional.push((entry.key.clone(), template));
                }
            }
            let names = entries.iter().filter(|it| it.table == table);
            known.extend(names.map(|it| it.key.as_str()));
        }
        for entry in &entries {
            match entry.table.as_str() {
                "" => row.set(entry, &known)?,
                "options" | "optional" => {}
                "lists" => {
                    let is_its_field = |it: &Entry| it.table == "headers" && it.key == entry.key;
                    if !entries.iter().any(is_its_field) {
                        return Err(entry.wrong("a list of no header", &entry.key));
                    }
                }
                _ => row.place(entry, &entries, &known)?,
            }
        }
        let line = entries.last().map_or(1, |last| last.line);
        row.check(&entries, line)
    }

    /// Takes a member that is in no table.
    fn set(&mut self, entry: &Entry, known: &[&str]) -> Result<(), Refusal> {
        match entry.key.as_str() {
            "name" => self.name = entry.text()?.into(),
            "title" => self.title = entry.text()?.into(),
            "documentation" => self.documentation = entry.text()?.into(),
            "notes" => self.notes.clone_from(&entry.values),
            "signed" => {
                for text in &entry.values {
                    self.signed.push(entry.template(text, known)?);
                }
            }
            "function" => self.function = entry.choose(FUNCTIONS)?,
            "algorithm" => self.algorithm = entry.choose(ALGORITHMS)?,
            "secret" => self.secret = entry.choose(SECRETS)?,
            "encoding" => self.encoding = entry.choose(ENCODINGS)?,
            "timestamp" => self.timestamp = Some(entry.choose(TIMES)?),
            "nonce" => self.nonce = Some(entry.choose(NONCES)?),
            "past" => self.past = Some(entry.span()?),
            "future" => self.future = Some(entry.span()?),
            "expires-in" => self.expires_in = Some(entry.span()?),
            "window" => self.window = Some(entry.text()?.into()),
            "window-max" => self.window_max = Some(entry.span()?),
            "empty-body" => match (entry.shape, entry.values.as_slice()) {
                (Shape::Word, [word]) if word == "true" || word == "false" => {
                    self.may_be_empty = word == "true";
                }
                _ => return Err(entry.wrong("not `true` or `false`:", &entry.key)),
            },
            _ => return Err(entry.wrong("unknown member", &entry.key)),
        }
        Ok(())
    }

    /// Takes a member that says where a value goes.
    fn place(&mut self, entry: &Entry, all: &[Entry], known: &[&str]) -> Result<(), Refusal> {
        let place = PLACES.iter().find(|(table, _)| *table == entry.table);
        let (_, place) = place.ok_or_else(|| entry.wrong("unknown table", &entry.table))?;
        let mut text = entry.text()?;
        let mut word = None;
        if entry.key.eq_ignore_ascii_case("authorization")
            && let Some((first, rest)) = text.split_once(' ')
        {
            word = Some(first.into());
            text = rest;
        }
        let list = all
            .iter()
            .find(|it| it.table == "lists" && it.key == entry.key);
        let separator = list.map_or(Ok(""), Entry::text)?;
        let mut placement = Placement {
            place: *place,
            names: Vec::new(),
            word,
            separator: separator.into(),
            items: Vec::new(),
        };
        for name in entry.key.split('|') {
            placement.names.push(name.into());
        }
        let sign = separator.chars().next();
        for item in text.split(|c| Some(c) == sign) {
            let item = if separator.len() > 1 {
                item.trim_ascii()
            } else {
                item
            };
            let item = entry.template(item, known)?;
            let is_joint = |pair: &[Part]| pair.iter().all(|part| part.kind != Kind::Literal);
            if item.windows(2).any(is_joint) {
                return Err(entry.wrong("nothing parts two placeholders of", &entry.key));
            }
            placement.items.push(item);
        }
        self.placements.push(placement);
        Ok(())
    }

    /// Whether it is AWS's, which has no template.
    pub(super) fn is_aws(&self) -> bool {
        matches!(self.function, Function::AwsHeader | Function::AwsQuery)
    }

    /// What the members say of each other.
    fn check(self, entries: &[Entry], line: usize) -> Result<Self, Refusal> {
        let has = |key: &&str| {
            entries
                .iter()
                .any(|it| it.table.is_empty() && it.key == *key)
        };
        let needed = MEMBERS.iter().chain((!self.is_aws()).then_some(&"signed"));
        for key in needed {
            if !has(key) {
                return Err(malformed(line, "missing member", key));
            }
        }
        let carriers = self.placements.iter().filter(|it| it.has("signature"));
        let is_placed = |value: &str| self.placements.iter().any(|it| it.has(value));
        let is_signed = |value: &str| self.signed.iter().any(|it| mentions(it, value));
        let is_loose = |value: &&str| is_signed(value) && !is_placed(value);
        let is_ed25519 = self.algorithm == SchemeAlgorithm::Ed25519;
        let has_key_pair = matches!(self.secret, SecretForm::Pkcs8 | SecretForm::Whsk);
        let is_option = |name: &String| self.options.iter().any(|(known, _)| known == name);
        let has_span = self.past.is_some() || self.expires_in.is_some();
        let wrong = if carriers.count() != usize::from(!self.is_aws()) {
            "the signature must have one place"
        } else if is_placed("timestamp") != self.timestamp.is_some() {
            "`timestamp` and its place go together"
        } else if is_placed("nonce") != self.nonce.is_some() && self.function != Function::Gemini {
            "`nonce` and its place go together"
        } else if ["keyid", "nonce", "payload", "timestamp"]
            .iter()
            .any(is_loose)
        {
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

impl Entry {
    fn wrong(&self, what: &str, name: &str) -> Refusal {
        malformed(self.line, what, name)
    }

    /// The only text of a member.
    fn text(&self) -> Result<&str, Refusal> {
        match self.values.as_slice() {
            [text] if self.shape == Shape::Text => Ok(text),
            _ => Err(self.wrong("not a text:", &self.key)),
        }
    }

    fn template(&self, text: &str, known: &[&str]) -> Result<Template, Refusal> {
        template::parse(text, known).map_err(|it| self.wrong("unknown placeholder", &it))
    }

    fn choose<T: Copy>(&self, table: &[(&str, T)]) -> Result<T, Refusal> {
        let text = self.text()?;
        match table.iter().find(|(name, _)| *name == text) {
            Some((_, value)) => Ok(*value),
            None => Err(self.wrong("unknown", text)),
        }
    }

    /// `300 s` or `5000 ms`.
    fn span(&self) -> Result<Span, Refusal> {
        let wrong = || self.wrong("not a number of `s` or `ms`:", &self.key);
        let (number, unit) = self.text()?.split_once(' ').ok_or_else(wrong)?;
        let factor = match unit {
            "s" => 1000,
            "ms" => 1,
            _ => return Err(wrong()),
        };
        let number = number.parse::<u64>().ok();
        Ok(Span {
            ms: number
                .and_then(|it| it.checked_mul(factor))
                .ok_or_else(wrong)?,
            in_seconds: factor != 1,
        })
    }
}
