//! HTTP Message Signatures (RFC 9421) of a request, by `hmac-sha256`.

use super::Signer;
use super::mac::{Sha, hash};
use super::tape::Span;
use crate::refusal::Code;

const MAX_COMPONENTS: usize = 64;
const MAX_NONCE_BYTES: usize = 256;

/// What is covered unless the caller says; the last where there is a body.
const USUAL: &[u8] = b"@method\n@authority\n@path\n@query\ncontent-digest";
const WITHOUT_BODY: usize = USUAL.len() - b"\ncontent-digest".len();

impl Signer<'_> {
    #[inline(never)]
    pub(super) fn sign_fields(&mut self) {
        let mut label = self.label;
        if label.is_empty() {
            label = self.written(b"sig1");
        }
        let is_start = matches!(self.at(label.start()), b'a'..=b'z' | b'*');
        if !is_start || !self.all(label, b'a', b'z', b"0123456789*-._") {
            self.refuse(Code::OptionsMalformed, label);
        }
        let names = self.written(b"signature-input");
        if self.push_field(names, false) | self.push_field(names.until(names.start() + 9), false) {
            self.refuse(Code::LabelDuplicate, label);
        }
        let name = self.written(b"content-digest");
        let start = self.here;
        let mut has_digest = self.push_field(name, false);
        let sent = self.since(start);
        let digest = self.push_digest();
        if has_digest && !self.is_same(sent, digest) {
            self.refuse(Code::DigestMismatch, Span::NONE);
        }

        let mut components = self.components;
        if components.is_empty() {
            components = self.written(USUAL);
            if self.body.is_empty() {
                components = components.until(components.start() + WITHOUT_BODY);
            }
        } else if self.is(components, b"()") {
            components = Span::NONE;
        }
        // First the identifiers, which are written twice.
        let first = self.pairs;
        let mut rest = components;
        while rest.is_some() {
            let component = self.take(&mut rest, b'\n');
            let start = self.here;
            if self.at(component.start()) == b'"' {
                self.copy(component);
            } else {
                self.push_string(component);
            }
            let identifier = self.since(start);
            for at in first..self.pairs {
                if self.is_same(self.name(at), identifier) {
                    self.refuse(Code::ComponentDuplicate, identifier);
                }
            }
            self.push_pair(identifier, Span::NONE);
        }
        if self.pairs - first > MAX_COMPONENTS {
            self.refuse(Code::TooManyComponents, Span::NONE);
        }

        if self.nonce.is_empty() {
            self.nonce = self.encoded(self.entropy, 0, self.here);
        }
        let base = self.here;
        let mut added = Span::NONE;
        for at in first..self.pairs {
            let identifier = self.name(at);
            self.copy(identifier);
            self.put(b": ");
            if !has_digest && self.is(identifier, b"\"content-digest\"") {
                has_digest = true;
                added = digest;
                self.copy(digest);
            } else {
                self.push_component(identifier);
            }
            self.push(b'\n');
        }
        self.put(b"\"@signature-params\": ");
        let start = self.here;
        self.push(b'(');
        for at in first..self.pairs {
            if at > first {
                self.push(b' ');
            }
            self.copy(self.name(at));
        }
        self.push(b')');
        self.push_time(b";created=", self.created);
        self.push_time(b";expires=", self.expires);
        if self.nonce.len() > MAX_NONCE_BYTES {
            self.refuse(Code::NonceTooLong, Span::NONE);
        }
        self.push_text(b";nonce=", self.nonce);
        self.push_text(b";alg=", self.alg);
        self.push_text(b";keyid=", self.keyid);
        self.push_text(b";tag=", self.tag);
        let input = self.since(start);
        let made = self.key.mac(self.get(self.since(base)));
        let signature = self.digest(&made, 1);
        for (at, text) in (8..).zip(&[label, input, signature, added]) {
            self.set(at, *text);
        }
        let start = self.here;
        if added.is_some() {
            self.render(b"Content-Digest: \x8b\n");
        }
        self.render(b"Signature-Input: \x88=\x89\nSignature: \x88=:\x8a:\n");
        self.lines = self.since(start);
    }

    /// Writes a parameter that is a point in time, if it is there.
    #[inline(never)]
    fn push_time(&mut self, name: &[u8], digits: Span) {
        if !digits.is_empty() {
            if self.read_number(digits) == u64::MAX {
                self.refuse(Code::CreatedOutOfRange, Span::NONE);
            }
            self.put(name);
            self.copy(digits);
        }
    }

    /// Writes a parameter that is a string, if it is there.
    #[inline(never)]
    fn push_text(&mut self, name: &[u8], text: Span) {
        if !text.is_empty() {
            self.put(name);
            self.push_string(text);
        }
    }

    /// Writes the value of `Content-Digest`.
    #[inline(never)]
    fn push_digest(&mut self) -> Span {
        let start = self.here;
        self.put(if self.body.len() == 64 && self.has_digest {
            b"sha-512=:"
        } else {
            b"sha-256=:"
        });
        if self.has_digest {
            self.encoded(self.body, 1, self.here);
        } else {
            let made = hash(Sha::Sha256, self.get(self.body));
            self.digest(&made, 1);
        }
        self.push(b':');
        self.since(start)
    }

    /// Writes a string of a structured field (RFC 9651 section 4.1.6).
    #[inline(never)]
    fn push_string(&mut self, text: Span) {
        if !self.all(text, b' ', b'~', b"") {
            self.refuse(Code::OptionsMalformed, text);
        }
        // There is nothing in it that JSON would write in another way.
        self.json_quote(text);
    }

    /// Writes every value of a field, joined by a comma and a space. False if there is none.
    #[inline(never)]
    fn push_field(&mut self, name: Span, is_bytes: bool) -> bool {
        let mut is_found = false;
        let mut rest = self.frame;
        loop {
            let known = self.next_name(&mut rest);
            if known == Span::NONE {
                return is_found;
            }
            let value = self.next_value(&mut rest);
            if self.is_word(known, self.get(name)) {
                if is_found {
                    self.put(b", ");
                }
                is_found = true;
                if is_bytes {
                    self.push(b':');
                    self.encoded(value, 1, self.here);
                    self.push(b':');
                } else {
                    self.copy(value);
                }
            }
        }
    }

    /// Writes the value of a component.
    #[inline(never)]
    fn push_component(&mut self, identifier: Span) {
        let mut parameters = identifier.after(1);
        let name = self.take(&mut parameters, b'"');
        let is_bytes = self.is(parameters, b";bs");
        let is_derived = self.at(name.start()) == b'@';
        let mut is_known = true;
        if self.is(name, b"@query-param") {
            let before = self.take(&mut parameters, b'"');
            let argument = self.take(&mut parameters, b'"');
            if !self.is(before, b";name=") || !parameters.is_some() || !parameters.is_empty() {
                self.refuse(Code::ComponentParameterUnsupported, name);
            }
            is_known = self.push_query_param(argument);
        } else if !parameters.is_some() {
            self.refuse(Code::OptionsMalformed, identifier);
        } else if !parameters.is_empty() && (!is_bytes || is_derived) {
            self.refuse(Code::ComponentParameterUnsupported, parameters);
        } else if self.is(name, b"@method") {
            self.copy(self.method);
        } else if self.is(name, b"@scheme") {
            self.scheme();
        } else if self.is(name, b"@authority") {
            self.push_authority(true, true);
        } else if self.is(name, b"@path") {
            self.copy(self.path);
        } else if self.is(name, b"@query") {
            self.push(b'?');
            self.copy(self.query);
        } else if self.is(name, b"@request-target") {
            self.copy(self.target);
        } else if self.is(name, b"@target-uri") {
            if !self.prefix.is_some() {
                self.scheme();
                self.put(b"://");
                self.push_authority(true, true);
            }
            self.copy(self.target);
        } else if !self.is_token(name)
            || !self.all(name, b'!', b'~', b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            || is_derived
        {
            self.refuse(Code::ComponentUnknown, name);
        } else {
            is_known = self.push_field(name, is_bytes);
        }
        if !is_known {
            self.refuse(Code::ComponentMissing, name);
        }
    }

    /// Writes the value of the one query parameter whose encoded name is `name`, decoded and encoded again (RFC 9421
    /// section 2.2.8). False if there is none.
    #[inline(never)]
    fn push_query_param(&mut self, name: Span) -> bool {
        let start = self.here;
        let mut found = Span::NONE;
        let mut rest = self.query;
        while rest.is_some() {
            let pair = self.take(&mut rest, b'&');
            let mut value = pair;
            let known = self.take(&mut value, b'=');
            let known = self.reescape(known, true, b"*-._");
            if !pair.is_empty() && self.is_same(known, name) {
                if found.is_some() {
                    self.refuse(Code::QueryParamAmbiguous, name);
                }
                found = self.reescape(value, true, b"*-._");
            }
        }
        self.settle_at(start, found);
        found.is_some()
    }
}
