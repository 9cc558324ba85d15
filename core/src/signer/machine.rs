//! The machine that runs the program of a scheme: it places values, and signs.

use super::Signer;
use super::code::{about, flag, op, place, take_block, take_byte, take_name, value};
use super::mac::{Sha, hash};
use super::tape::Span;
use crate::refusal::Code;

const MAX_NONCE_BYTES: usize = 256;

impl<'s> Signer<'s> {
    #[inline(never)]
    pub(super) fn set(&mut self, at: u8, text: Span) {
        if let Some(value) = self.values.get_mut(usize::from(at)) {
            *value = text;
        }
    }

    #[inline(never)]
    fn value_of(&self, at: u8) -> Span {
        self.values
            .get(usize::from(at))
            .copied()
            .unwrap_or_default()
    }

    #[inline(never)]
    pub(super) fn sign_scheme(&mut self, code: &'s [u8], flags: u8) {
        self.encoding = u8::from(flags & flag::BASE64 != 0);
        self.set(value::KEYID, self.keyid);
        self.set(value::PASSPHRASE, self.passphrase);
        self.run(code);
        self.send_target();
    }

    /// Writes the target, to be sent if it is another.
    #[inline(never)]
    pub(super) fn send_target(&mut self) {
        let start = self.here;
        self.copy(self.prefix);
        self.push_target();
        let target = self.since(start);
        if !self.is_same(target, self.target) {
            self.sent = target;
        }
    }

    /// What a program writes.
    #[inline(never)]
    pub(super) fn render(&mut self, code: &'s [u8]) -> Span {
        let start = self.here;
        self.run(code);
        self.since(start)
    }

    #[inline(never)]
    fn run(&mut self, mut code: &'s [u8]) {
        while !code.is_empty() {
            self.step(&mut code);
        }
    }

    #[expect(clippy::too_many_lines, reason = "an arm an instruction")]
    #[inline(never)]
    fn step(&mut self, code: &mut &'s [u8]) {
        let op = take_byte(code);
        let start = self.here;
        match op {
            0..0x80 => self.push(op),
            op::VALUE..op::FIELDS => {
                let value = self.value_of(op - op::VALUE);
                if op == op::VALUE + value::PASSPHRASE && value.is_empty() {
                    self.refuse_named(Code::CredentialsIncomplete, b"passphrase");
                }
                self.copy(value);
            }
            op::METHOD => {
                self.cased(self.method, true);
            }
            op::SCHEME => self.scheme(),
            op::HOST..=op::AUTHORITY => self.push_authority(op != op::PORT, op != op::HOST),
            op::PATH => self.copy(self.path),
            op::TARGET => self.push_target(),
            op::BODY => {
                let body = self.body();
                self.copy(body);
            }
            op::MEDIA_TYPE => {
                let mut value = self.field(b"content-type");
                let value = self.take(&mut value, b';');
                self.cased(self.trim(value), false);
            }
            op::HEADER => {
                let value = self.field(take_name(code));
                self.copy(value);
            }
            op::JSON => {
                let value = self.json_member(take_name(code));
                self.json_text(value);
            }
            op::FLAT => {
                let value = self.json_member(take_name(code));
                self.json_flat(value);
            }
            op::HASH..op::QUERY => {
                let inner = take_block(code);
                let (kind, encoding) = ((op - op::HASH) / 3, (op - op::HASH) % 3);
                // A platform may have hashed the body already.
                if self.has_digest && matches!(inner, [op::BODY]) && self.body.len() == 32 << kind {
                    self.encoded(self.body, encoding, start);
                    return;
                }
                let text = self.render(inner);
                let text = self.get(text);
                let made = match kind {
                    0 => hash(Sha::Sha256, text),
                    1 => hash(Sha::Sha512, text),
                    _ => self.key.mac(text),
                };
                self.here = start;
                self.digest(&made, encoding);
            }
            op::QUERY..op::IF => self.push_query(op),
            op::IF | op::UNLESS => {
                let of = take_byte(code);
                let inner = take_block(code);
                let of = match of {
                    about::QUERY => self.query,
                    about::BODY => self.body,
                    at => self.value_of(at),
                };
                if of.is_empty() == (op == op::UNLESS) {
                    self.run(inner);
                }
            }
            op::ITEM => {
                let separator = usize::from(take_byte(code));
                let mut inner = take_block(code);
                for op in inner {
                    let is_value = (op::VALUE..op::FIELDS).contains(op);
                    if is_value && self.value_of(op - op::VALUE).is_empty() {
                        return;
                    }
                }
                if self.is_first {
                    inner = inner.get(separator..).unwrap_or_default();
                }
                self.is_first = false;
                self.run(inner);
            }
            op::OPTION => {
                let at = take_byte(code);
                let (name, default) = (take_name(code), take_name(code));
                let value = self.option(name, default);
                self.set(at, value);
            }
            op::OPTIONAL => {
                let at = take_byte(code);
                let inner = take_block(code);
                if !self.body.is_empty() || self.field(b"content-type").is_some() {
                    let made = self.render(inner);
                    self.set(at, made);
                }
            }
            op::TIME => {
                let ms = self.now_ms.wrapping_add(u64::from(take_byte(code)) * 1000);
                let text = self.time(take_name(code), ms);
                self.set(value::TIMESTAMP, text);
            }
            op::NONCE => {
                let text = self.make_nonce(take_byte(code));
                self.set(value::NONCE, text);
            }
            op::GEMINI => self.gemini(),
            op::STRIP_QUERY => {
                let query = self.without(self.query, take_name(code));
                if query.is_some() {
                    self.query = if query.is_empty() { Span::NONE } else { query };
                }
            }
            op::STRIP_FORM => {
                let name = take_name(code);
                if !self.has_digest && self.is_text(self.body) {
                    let body = self.without(self.body, name);
                    if body.is_some() {
                        self.set_body(body);
                    }
                }
            }
            op::SIGN => {
                let base = self.render(take_block(code));
                let made = self.key.mac(self.get(base));
                self.here = start;
                let text = self.digest(&made, self.encoding);
                self.set(value::SIGNATURE, text);
            }
            op::PLACE_HEADER => {
                if self.lines == Span::NONE {
                    self.lines = self.since(start);
                }
                self.put(take_name(code));
                self.put(b": ");
                self.is_first = true;
                let value = self.render(take_block(code));
                if value.is_empty() {
                    self.here = start;
                } else {
                    self.push(b'\n');
                }
                self.lines = self.since(self.lines.start());
            }
            _ => self.place_value(op, code),
        }
    }

    /// Copies a text over all that was written since a place.
    #[inline(never)]
    pub(super) fn settle_at(&mut self, start: usize, text: Span) {
        let from = self.here;
        self.copy(text);
        self.settle(start, from);
    }

    /// Puts a value that is no header in its place. What the caller has put there already stays, and is what is
    /// signed.
    #[inline(never)]
    fn place_value(&mut self, op: u8, code: &mut &'s [u8]) {
        let name = take_name(code);
        let template = take_block(code);
        let mut place = op & place::KIND;
        if place == place::PARAM && self.body.is_empty() {
            place = place::QUERY;
        }
        let text = if place == place::QUERY {
            self.query
        } else {
            self.text()
        };
        let present = if place == place::JSON {
            let value = self.json_member(name);
            if value.is_some() {
                self.json_text(value)
            } else {
                value
            }
        } else {
            self.parameter(text, name)
        };
        if present.is_some() {
            if let [op @ op::VALUE..op::FIELDS] = template {
                self.set(op - op::VALUE, present);
            }
            return;
        }
        let value = self.render(template);
        if value.is_empty() {
            return;
        }
        if place == place::JSON {
            let first = self.pairs;
            self.json_members(text, b'{');
            let end = self.trim(text).end().wrapping_sub(1);
            let body = text.until(self.trim(text.until(end)).end());
            let start = self.here;
            self.copy(body);
            if self.pairs > first {
                self.push(b',');
            }
            self.pairs = first;
            self.push(b'"');
            self.put(name);
            self.put(b"\":");
            if op & place::NUMBER != 0 {
                self.copy(value);
            } else {
                self.json_quote(value);
            }
            self.push(b'}');
            self.set_body(self.since(start));
            return;
        }
        let with = self.with(text, name, value);
        if place == place::QUERY {
            self.query = with;
        } else {
            self.set_body(with);
        }
    }

    #[inline(never)]
    fn make_nonce(&mut self, kind: u8) -> Span {
        let given = self.nonce;
        if !given.is_empty() {
            if given.len() > MAX_NONCE_BYTES || !self.all(given, b'!', b'~', b"") {
                self.refuse(Code::OptionsMalformed, Span::NONE);
            }
            return given;
        }
        let start = self.here;
        if kind == 0 {
            self.number(self.now_ms, 1);
            return self.since(start);
        }
        if self.entropy.len() != 16 {
            self.refuse(Code::OptionsMalformed, Span::NONE);
        }
        for at in 0..16 {
            let mut byte = self.at(self.entropy.start() + at);
            if kind == 2 {
                if matches!(at, 4 | 6 | 8 | 10) {
                    self.push(b'-');
                }
                if at == 6 {
                    byte = byte & 0x0f | 0x40;
                }
                if at == 8 {
                    byte = byte & 0x3f | 0x80;
                }
            }
            self.hex(byte);
        }
        self.since(start)
    }

    /// Writes the payload of Gemini, which takes the place of the body: path, nonce, and the body's members.
    #[inline(never)]
    fn gemini(&mut self) {
        let first = self.pairs;
        if !self.body.is_empty() {
            let text = self.text();
            self.json_members(text, b'{');
        }
        let start = self.here;
        self.put(b"{\"request\":");
        self.json_quote(self.path);
        self.put(b",\"nonce\":");
        self.json_quote(self.value_of(value::NONCE));
        for at in first..self.pairs {
            let name = self.name(at);
            if self.is(name, b"request") || self.is(name, b"nonce") {
                self.refuse(Code::BodyMalformed, name);
            }
            self.push(b',');
            self.json_quote(name);
            self.push(b':');
            self.copy(self.value(at));
        }
        self.push(b'}');
        let payload = self.since(start);
        let text = self.encoded(payload, 1, start);
        self.set(value::PAYLOAD, text);
        self.set_body(Span::NONE);
    }

    /// Adds the parts of a query or a form to the pairs, its signs with the values, and what is empty only if asked.
    #[inline(never)]
    fn split_query(&mut self, text: Span, is_decoded: bool, is_form: bool, code: Code) {
        let mut rest = text;
        loop {
            let pair = self.take(&mut rest, b'&');
            let mut name = self.take(&mut { pair }, b'=');
            let mut value = pair.after(name.len());
            if is_decoded {
                name = self.unescape(name, is_form, code);
                value = self.unescape(value, is_form, code);
            }
            self.push_pair(name, value);
            if !rest.is_some() {
                return;
            }
        }
    }

    /// Writes the query as the filters have it.
    #[inline(never)]
    fn push_query(&mut self, filters: u8) {
        let is_sorted = filters & 1 != 0;
        let is_joined = filters & 8 != 0;
        let (start, first) = (self.here, self.pairs);
        let is_decoded = filters & 6 != 0;
        self.split_query(
            self.query,
            is_decoded,
            filters & 4 != 0,
            Code::QueryMalformed,
        );
        if is_sorted || is_joined {
            self.sort(first, is_sorted);
        }
        if is_joined {
            let mut last = Span::NONE;
            let mut to = first;
            let mut whole = self.here;
            for at in first..self.pairs {
                let (name, value) = (self.name(at), self.value(at));
                if at > first && self.is_same(name, last) {
                    self.push(b',');
                    self.copy(value.after(1));
                } else {
                    whole = self.here;
                    self.copy(name);
                    self.copy(value);
                    last = name;
                    to += 1;
                }
                self.set_pair(to - 1, self.since(whole), Span::NONE);
            }
            self.pairs = to;
            self.sort(first, true);
        }
        let from = self.here;
        for at in first..self.pairs {
            if at > first && !is_joined {
                self.push(b'&');
            }
            self.copy(self.name(at));
            self.copy(self.value(at));
        }
        self.pairs = first;
        self.settle(start, from);
    }
}
