//! What templates are filled in from.

use alloc::string::String;
use alloc::vec::Vec;

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use zeroize::Zeroizing;

use super::encoding::unescape;
use super::json_body;
use super::mac::Key;
use super::message::{Content, Message, parameter, parameters};
use super::row::Row;
use super::sorted::sorted;
use super::template::{FILTERS, Kind, Part};
use crate::digest::{BodyDigest, DigestAlgorithm};
use crate::refusal::{Code, Refusal};

/// A message, and the values that its signature has or will have.
pub(super) struct Context<'a> {
    pub(super) row: &'a Row,
    pub(super) message: Message<'a>,
    values: Vec<(&'a str, Zeroizing<String>)>,
    /// Whether values that depend on the body are made or have been presented.
    pub(super) signs: bool,
}

impl<'a> Context<'a> {
    pub(super) fn new(row: &'a Row, message: Message<'a>, signs: bool) -> Self {
        Context {
            row,
            message,
            values: Vec::new(),
            signs,
        }
    }

    pub(super) fn set(&mut self, name: &'a str, value: String) {
        self.unset(name);
        self.values.push((name, Zeroizing::new(value)));
    }

    pub(super) fn unset(&mut self, name: &str) {
        self.values.retain(|(known, _)| *known != name);
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Fills in a template. Only a template with a MAC inside needs the key.
    pub(super) fn render(&self, template: &[Part], key: Option<&Key>) -> Result<Vec<u8>, Refusal> {
        let room = match &self.message.body {
            Content::Bytes(bytes) if template.iter().any(|it| it.kind == Kind::Body) => bytes.len(),
            _ => 0,
        };
        let mut out = Vec::with_capacity(if template.len() > 1 { room + 128 } else { 0 });
        for part in template {
            self.push_part(part, key, &mut out)?;
        }
        Ok(out)
    }

    /// Fills in a template of text.
    pub(super) fn render_text(
        &self,
        template: &[Part],
        key: Option<&Key>,
    ) -> Result<String, Refusal> {
        String::from_utf8(self.render(template, key)?).map_err(|_| Code::BodyMalformed.into())
    }

    fn push_part(&self, part: &Part, key: Option<&Key>, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let message = &self.message;
        let mut text = String::new();
        match part.kind {
            Kind::Literal => out.extend_from_slice(part.text.as_bytes()),
            Kind::Value => return self.push_value(&part.text, key, out),
            Kind::Method => text.push_str(&message.request.method.to_ascii_uppercase()),
            Kind::Scheme => text.push_str(message.scheme.as_str()),
            Kind::Host => text.push_str(&message.host()?),
            Kind::Port => text.push_str(message.port()),
            Kind::Authority => text.push_str(&message.normal_authority()?),
            Kind::Path => text.push_str(message.path),
            Kind::Target => message.push_target(&mut text),
            Kind::Query => return push_query(message.query_text(), &part.text, out),
            Kind::Body => out.extend_from_slice(message.body_bytes()?),
            Kind::MediaType => {
                let value = message.header("content-type")?.unwrap_or("");
                let media_type = value.split(';').next().unwrap_or("").trim_ascii();
                text.push_str(&media_type.to_ascii_lowercase());
            }
            Kind::Header => text.push_str(message.header(&part.text)?.unwrap_or("")),
            Kind::Param => {
                let value = parameter(message.query_text(), &part.text)?;
                text.push_str(&value.unwrap_or_default());
            }
            Kind::Json | Kind::Flat => {
                let Some(member) = json_body::member(message.body_text()?, &part.text)? else {
                    return Ok(());
                };
                if part.kind == Kind::Flat {
                    json_body::push_flat(member.value, &mut text)?;
                } else {
                    text.push_str(&member.text());
                }
            }
            Kind::FormPairs => return self.push_form_pairs(out),
            Kind::Sha1(encoding) => {
                encoding.push(&Sha1::digest(self.render(&part.inner, key)?), out);
            }
            Kind::Sha256(encoding) => {
                let hash = self.hash(part, key, DigestAlgorithm::Sha256)?;
                encoding.push(hash.as_bytes(), out);
            }
            Kind::Sha512(encoding) => {
                let hash = self.hash(part, key, DigestAlgorithm::Sha512)?;
                encoding.push(hash.as_bytes(), out);
            }
            Kind::Mac(encoding) => {
                let key = key.ok_or(Code::CredentialsIncomplete)?;
                encoding.push(&key.sign(&self.render(&part.inner, Some(key))?)?, out);
            }
            Kind::If | Kind::Unless => {
                if self.is_empty(&part.text, key)? == (part.kind == Kind::Unless) {
                    out.extend_from_slice(&self.render(&part.inner, key)?);
                }
            }
        }
        out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn is_empty(&self, name: &str, key: Option<&Key>) -> Result<bool, Refusal> {
        Ok(match name {
            "query" => self.message.query_text().is_empty(),
            "body" => self.message.has_empty_body(),
            _ => {
                let mut value = Vec::new();
                self.push_value(name, key, &mut value)?;
                value.is_empty()
            }
        })
    }

    fn push_value(&self, name: &str, key: Option<&Key>, out: &mut Vec<u8>) -> Result<(), Refusal> {
        if let Some(value) = self.get(name) {
            out.extend_from_slice(value.as_bytes());
            return Ok(());
        }
        if let Some((_, template)) = self.row.optional.iter().find(|(known, _)| known == name) {
            let is_empty = self.message.has_empty_body();
            if self.signs {
                // A body that has a type is there, though nothing is in it.
                if !is_empty || self.message.header("content-type")?.is_some() {
                    out.extend_from_slice(&self.render(template, key)?);
                }
            } else if !is_empty && !self.row.signs_body() {
                return Err(Refusal::named(Code::BodyNotCovered, name));
            }
            return Ok(());
        }
        let is_unset_option =
            |(known, default): &(String, String)| known == name && default.is_empty();
        if self.row.options.iter().any(is_unset_option) {
            return Ok(());
        }
        let code = match name {
            "passphrase" => Code::CredentialsIncomplete,
            "keyid" => Code::KeyidMissing,
            _ => Code::ComponentMissing,
        };
        Err(Refusal::named(code, name))
    }

    fn hash(
        &self,
        part: &Part,
        key: Option<&Key>,
        algorithm: DigestAlgorithm,
    ) -> Result<BodyDigest, Refusal> {
        // A platform may have hashed the body already.
        if let (Content::Digest(digest), [only]) = (&self.message.body, &*part.inner)
            && only.kind == Kind::Body
            && digest.algorithm() == algorithm
        {
            return Ok(*digest);
        }
        let bytes = self.render(&part.inner, key)?;
        Ok(match algorithm {
            DigestAlgorithm::Sha256 => BodyDigest::Sha256(Sha256::digest(&bytes).into()),
            DigestAlgorithm::Sha512 => BodyDigest::Sha512(Sha512::digest(&bytes).into()),
        })
    }

    fn push_form_pairs(&self, out: &mut Vec<u8>) -> Result<(), Refusal> {
        let decode = |text: &str| unescape(text, true).ok_or(Code::BodyMalformed);
        let mut pairs = Vec::new();
        for (name, value) in parameters(self.message.body_text()?) {
            pairs.push((decode(name)?, decode(value)?));
        }
        let mut last = None;
        for pair in sorted(pairs, true) {
            if last.as_ref() != Some(&pair) {
                out.extend_from_slice(&pair.0);
                out.extend_from_slice(&pair.1);
            }
            last = Some(pair);
        }
        Ok(())
    }
}

/// Appends a query as the filters have it. Each needs time for a sort or two.
fn push_query(query: &str, filters: &str, out: &mut Vec<u8>) -> Result<(), Refusal> {
    let mut has = [false; 4];
    for filter in filters.split(',') {
        for (name, has) in FILTERS.iter().zip(&mut has) {
            *has |= *name == filter;
        }
    }
    let [is_sorted, is_decoded, is_form, is_joined] = has;
    let mut pairs = Vec::new();
    for pair in query.split('&') {
        // The sign stays with the value, so that a parameter without one is known.
        let end = pair
            .bytes()
            .position(|byte| byte == b'=')
            .unwrap_or(pair.len());
        let (name, value) = pair.split_at_checked(end).unwrap_or((pair, ""));
        let decode = |text: &str| {
            if is_decoded || is_form {
                unescape(text, is_form)
            } else {
                Some(text.into())
            }
        };
        let (name, value) = (decode(name), decode(value));
        pairs.push((
            name.ok_or(Code::QueryMalformed)?,
            value.ok_or(Code::QueryMalformed)?,
        ));
    }
    if is_sorted || is_joined {
        pairs = sorted(pairs, is_sorted);
    }
    if is_joined {
        let mut joined: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let mut last = Vec::new();
        for (name, value) in pairs {
            match joined.last_mut() {
                Some((whole, _)) if last == name => {
                    whole.push(b',');
                    whole.extend_from_slice(value.get(1..).unwrap_or(b""));
                }
                _ => {
                    last.clone_from(&name);
                    joined.push(([name, value].concat(), Vec::new()));
                }
            }
        }
        pairs = sorted(joined, true);
    }
    for (at, (name, value)) in pairs.iter().enumerate() {
        if at > 0 && !is_joined {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.extend_from_slice(value);
    }
    Ok(())
}
