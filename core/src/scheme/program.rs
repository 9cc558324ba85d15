//! A row as a program for [`signer`](crate::signer).

use alloc::string::String;
use alloc::vec::Vec;

use super::Scheme;
use super::encoding::Encoding;
use super::mac::{SchemeAlgorithm, SecretForm};
use super::row::{Function, NonceKind, Place, Placement, Row};
use super::template::{FILTERS, Kind, Part, VALUES};
use super::time::TimeForm;
use crate::signer::code::{about, flag, op, place, value};

impl Scheme {
    /// The program by which [`signer`](crate::signer) signs as this scheme does. None for what it doesn't sign with
    /// (SHA-1, Ed25519), for what no built-in row that is signed needs (secrets in hexadecimal, `form-pairs`, `param`),
    /// and for a row that is longer than a program may be.
    #[must_use]
    pub fn program(&self) -> Option<Vec<u8>> {
        let row = &self.row;
        let hash = match row.algorithm {
            SchemeAlgorithm::HmacSha256 => 0,
            SchemeAlgorithm::HmacSha384 => 1,
            SchemeAlgorithm::HmacSha512 => 2,
            SchemeAlgorithm::HmacSha1 | SchemeAlgorithm::Ed25519 => return None,
        };
        let secret = match row.secret {
            SecretForm::Utf8 => 0,
            SecretForm::Base64 => 1,
            SecretForm::Whsec => 3,
            SecretForm::Hex | SecretForm::Pkcs8 | SecretForm::Whsk => return None,
        };
        let mut flags = hash | secret << 2;
        if row.encoding == Encoding::Base64 {
            flags |= flag::BASE64;
        }
        if row.has_quoted_texts() {
            flags |= flag::QUOTED;
        }
        if row.is_aws() {
            flags |= flag::AWS;
            if row.function == Function::AwsQuery {
                flags |= flag::AWS_QUERY;
            }
            return Some(Vec::from([flags]));
        }
        let mut writer = Writer {
            row,
            out: Vec::from([flags]),
        };
        writer.program()?;
        Some(writer.out)
    }
}

struct Writer<'r> {
    row: &'r Row,
    out: Vec<u8>,
}

impl Writer<'_> {
    fn program(&mut self) -> Option<()> {
        let row = self.row;
        for placement in row.placements.iter().filter(|it| it.has("signature")) {
            let name = placement.name();
            if matches!(placement.place, Place::Query | Place::Param) {
                self.out.push(op::STRIP_QUERY);
                self.name(name)?;
            }
            if matches!(placement.place, Place::Form | Place::Param) {
                self.out.push(op::STRIP_FORM);
                self.name(name)?;
            }
        }
        for (name, default) in &row.options {
            self.out.extend([op::OPTION, self.value(name)?]);
            self.name(name)?;
            self.name(default)?;
        }
        if let Some(form) = row.timestamp {
            let seconds = row.expires_in.map_or(0, |span| span.ms / 1000);
            self.out.extend([op::TIME, u8::try_from(seconds).ok()?]);
            self.name(match form {
                TimeForm::Seconds | TimeForm::DecimalSeconds => "s",
                TimeForm::Milliseconds => "m",
                TimeForm::IsoMilliseconds => "Y-M-DTh:i:e.fZ",
                TimeForm::Iso => "Y-M-DTh:i:e",
                TimeForm::Basic => "YMDThieZ",
            })?;
        }
        if let Some(kind) = row.nonce {
            let kind = match kind {
                NonceKind::Increasing => 0,
                NonceKind::Random => 1,
                NonceKind::Uuid => 2,
            };
            self.out.extend([op::NONCE, kind]);
        }
        if row.function == Function::Gemini {
            self.out.push(op::GEMINI);
        }
        let is_last = |it: &&Placement| it.place == Place::Header || it.has("signature");
        for placement in row.placements.iter().filter(|it| !is_last(it)) {
            self.placement(placement)?;
        }
        for (name, template) in &row.optional {
            self.out.extend([op::OPTIONAL, self.value(name)?]);
            self.block(|it| it.template(template))?;
        }
        self.out.push(op::SIGN);
        let signed = row.signed.first()?;
        self.block(|it| it.template(signed))?;
        for placement in row.placements.iter().filter(is_last) {
            self.placement(placement)?;
        }
        Some(())
    }

    fn placement(&mut self, placement: &Placement) -> Option<()> {
        let is_number = placement.has("timestamp") || placement.has("nonce");
        let number = if is_number { place::NUMBER } else { 0 };
        self.out.push(match placement.place {
            Place::Header => op::PLACE_HEADER,
            Place::Query => op::PLACE | place::QUERY,
            Place::Param => op::PLACE | place::PARAM,
            Place::Form => op::PLACE | place::FORM,
            Place::Json => op::PLACE | place::JSON | number,
        });
        self.name(placement.name())?;
        self.block(|it| {
            if let Some(word) = &placement.word {
                it.text(word)?;
                it.text(" ")?;
            }
            for item in &placement.items {
                if placement.separator.is_empty() {
                    it.template(item)?;
                    continue;
                }
                let length = u8::try_from(placement.separator.len()).ok()?;
                it.out.extend([op::ITEM, length]);
                it.block(|it| {
                    it.text(&placement.separator)?;
                    it.template(item)
                })?;
            }
            Some(())
        })
    }

    fn template(&mut self, template: &[Part]) -> Option<()> {
        for part in template {
            self.part(part)?;
        }
        Some(())
    }

    fn part(&mut self, part: &Part) -> Option<()> {
        let encoded = |first: u8, encoding: Encoding| {
            op::HASH
                + first
                + match encoding {
                    Encoding::Hex | Encoding::AnyHex => 0,
                    Encoding::Base64 => 1,
                    Encoding::Bytes => 2,
                }
        };
        let plain = match part.kind {
            Kind::Literal => return self.text(&part.text),
            Kind::Value => op::VALUE + self.value(&part.text)?,
            Kind::Method => op::METHOD,
            Kind::Scheme => op::SCHEME,
            Kind::Host => op::HOST,
            Kind::Port => op::PORT,
            Kind::Authority => op::AUTHORITY,
            Kind::Path => op::PATH,
            Kind::Target => op::TARGET,
            Kind::Body => op::BODY,
            Kind::MediaType => op::MEDIA_TYPE,
            Kind::Query => {
                let has = |filter: &str| part.text.split(',').any(|it| it == filter);
                let bits = FILTERS.iter().rev();
                op::QUERY | bits.fold(0, |bits, filter| bits << 1 | u8::from(has(filter)))
            }
            Kind::FormPairs | Kind::Param | Kind::Sha1(_) => return None,
            Kind::Header | Kind::Json | Kind::Flat => {
                self.out.push(match part.kind {
                    Kind::Header => op::HEADER,
                    Kind::Json => op::JSON,
                    _ => op::FLAT,
                });
                return self.name(&part.text);
            }
            Kind::Sha256(encoding) => return self.nested(encoded(0, encoding), &part.inner),
            Kind::Sha512(encoding) => return self.nested(encoded(3, encoding), &part.inner),
            Kind::Mac(encoding) => return self.nested(encoded(6, encoding), &part.inner),
            Kind::If | Kind::Unless => {
                self.out.push(if part.kind == Kind::If {
                    op::IF
                } else {
                    op::UNLESS
                });
                let about = match &*part.text {
                    "query" => about::QUERY,
                    "body" => about::BODY,
                    name => self.value(name)?,
                };
                return self.nested(about, &part.inner);
            }
        };
        self.out.push(plain);
        Some(())
    }

    fn nested(&mut self, before: u8, inner: &[Part]) -> Option<()> {
        self.out.push(before);
        self.block(|it| it.template(inner))
    }

    /// The number of a value.
    fn value(&self, name: &str) -> Option<u8> {
        debug_assert_eq!(VALUES.len(), usize::from(value::COUNT));
        let options = self.row.options.iter().map(|(name, _)| name.as_str());
        let optional = self
            .row
            .optional
            .iter()
            .map(|(name, _): &(String, _)| name.as_str());
        let mut all = VALUES.iter().copied().chain(options).chain(optional);
        let at = u8::try_from(all.position(|it| it == name)?).ok()?;
        (at < op::FIELDS - op::VALUE).then_some(at)
    }

    fn text(&mut self, text: &str) -> Option<()> {
        self.out.extend_from_slice(text.as_bytes());
        text.is_ascii().then_some(())
    }

    /// A text that a zero ends.
    fn name(&mut self, name: &str) -> Option<()> {
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(0);
        (!name.contains('\0')).then_some(())
    }

    /// What is written, with its length before it.
    fn block(&mut self, write: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        let start = self.out.len();
        write(self)?;
        let length = u8::try_from(self.out.len() - start).ok()?;
        self.out.insert(start, length);
        Some(())
    }
}
