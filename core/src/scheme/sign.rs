//! Signing by a row.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::context::Context;
use super::credentials::Credentials;
use super::encoding::Encoding;
use super::mac::{Key, SchemeAlgorithm};
use super::message::{Message, parameter, push_parameter};
use super::row::{Function, NonceKind, Place, Placement, Row};
use super::template::{Kind, Template};
use super::{Moment, SignedParts, gemini, json_body};
use crate::refusal::{Code, Refusal};

const MAX_NONCE_BYTES: usize = 256;

/// A message with every value but its signature.
pub(super) struct Prepared<'a> {
    context: Context<'a>,
    key: Cow<'a, Key>,
    signed: &'a Template,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(
        row: &'a Row,
        message: Message<'a>,
        credentials: &'a Credentials,
        moment: &Moment<'_>,
    ) -> Result<Self, Refusal> {
        if row.algorithm == SchemeAlgorithm::HmacSha1 {
            return Err(Code::SchemeVerifyOnly.into());
        }
        let key = credentials.key(row)?;
        let mut context = Context::new(row, message, true);
        set_credentials(&mut context, credentials);
        let lifetime = row.expires_in.map_or(0, |span| span.ms);
        if let Some(form) = row.timestamp {
            context.set(
                "timestamp",
                form.write(moment.now_ms.saturating_add(lifetime)),
            );
        }
        if let Some(kind) = row.nonce {
            context.set("nonce", nonce(kind, moment)?);
        }
        if row.function == Function::Gemini {
            gemini::move_body(&mut context)?;
        }
        for placement in row.placements.iter().filter(|it| it.place != Place::Header) {
            context.place(placement, &key)?;
        }
        let signed = row.signed.first().ok_or(Code::SchemeMalformed)?;
        Ok(Prepared {
            context,
            key,
            signed,
        })
    }

    pub(super) fn base(&self) -> Result<Vec<u8>, Refusal> {
        self.context.render(self.signed, Some(&self.key))
    }

    pub(super) fn sign(mut self) -> Result<SignedParts, Refusal> {
        let signature = self.key.sign(&self.base()?)?;
        let row = self.context.row;
        self.context
            .set("signature", row.encoding.to_text(&signature));
        let mut headers = Vec::new();
        for placement in &row.placements {
            if placement.place == Place::Header {
                let value = self.context.field(placement, &self.key)?;
                if !value.is_empty() {
                    headers.push((placement.name().into(), value));
                }
            } else if placement.has("signature") {
                self.context.place(placement, &self.key)?;
            }
        }
        let message = &self.context.message;
        let target = message.target();
        let is_changed = message.request.target != target;
        Ok(SignedParts {
            headers,
            target: is_changed.then_some(target),
            body: message.changed_body()?,
        })
    }
}

/// Sets what the credentials have, and the defaults of the row's options.
fn set_credentials(context: &mut Context<'_>, credentials: &Credentials) {
    let row = context.row;
    context.set("keyid", credentials.keyid.clone());
    if !credentials.passphrase.is_empty() {
        context.set("passphrase", String::clone(&credentials.passphrase));
    }
    for (name, default) in &row.options {
        context.set(name, credentials.get(name).unwrap_or(default).into());
    }
}

impl<'a> Context<'a> {
    /// Puts a value that is no header in its place. What the caller has put there already stays,
    /// and is what is signed.
    fn place(&mut self, placement: &'a Placement, key: &Key) -> Result<(), Refusal> {
        let name = placement.name();
        let Some(template) = placement.items.first() else {
            return Ok(());
        };
        let place = match placement.place {
            Place::Param if self.message.has_empty_body() => Place::Query,
            Place::Param => Place::Form,
            other => other,
        };
        let present = match place {
            Place::Query => parameter(self.message.query_text(), name)?,
            Place::Json => json_body::member(self.message.body_text()?, name)?.map(|it| it.text()),
            _ => parameter(self.message.body_text()?, name)?,
        };
        if let Some(present) = present {
            if let [only] = template.as_slice()
                && only.kind == Kind::Value
            {
                self.set(&only.text, present);
            }
            return Ok(());
        }
        if placement.has("signature") && self.get("signature").is_none() {
            return Ok(());
        }
        let value = self.render_text(template, Some(key))?;
        if value.is_empty() {
            return Ok(());
        }
        let is_number = placement.has("timestamp") || placement.has("nonce");
        match place {
            Place::Query => self.message.push_query(name, &value),
            Place::Json => {
                let body =
                    json_body::with_member(self.message.body_text()?, name, &value, is_number)?;
                self.message.set_body(body);
            }
            _ => {
                let mut body = String::from(self.message.body_text()?);
                push_parameter(&mut body, name, &value);
                self.message.set_body(body);
            }
        }
        Ok(())
    }

    /// The value of a header field; the items of a list that have nothing in them are left out.
    fn field(&self, placement: &Placement, key: &Key) -> Result<String, Refusal> {
        let mut items = Vec::new();
        for item in &placement.items {
            if placement.separator.is_empty() || !self.is_unset(item, key)? {
                items.push(self.render_text(item, Some(key))?);
            }
        }
        let value = items.join(&placement.separator);
        Ok(match &placement.word {
            Some(word) => [word, " ", &value].concat(),
            None => value,
        })
    }

    fn is_unset(&self, item: &Template, key: &Key) -> Result<bool, Refusal> {
        for part in item.iter().filter(|part| part.kind == Kind::Value) {
            if self
                .render(core::slice::from_ref(part), Some(key))?
                .is_empty()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn nonce(kind: NonceKind, moment: &Moment<'_>) -> Result<String, Refusal> {
    if let Some(nonce) = moment.nonce {
        if nonce.is_empty()
            || nonce.len() > MAX_NONCE_BYTES
            || !nonce.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(Code::OptionsMalformed.into());
        }
        return Ok(nonce.into());
    }
    if kind == NonceKind::Increasing {
        return Ok(super::time::TimeForm::Milliseconds.write(moment.now_ms));
    }
    let mut bytes = moment.entropy;
    if kind == NonceKind::Uuid {
        for (byte, (keep, set)) in bytes
            .iter_mut()
            .skip(6)
            .step_by(2)
            .zip([(0x0f, 0x40), (0x3f, 0x80)])
        {
            *byte = *byte & keep | set;
        }
    }
    let mut out = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if kind == NonceKind::Uuid && matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.push_str(&Encoding::Hex.to_text(&[*byte]));
    }
    Ok(out)
}
