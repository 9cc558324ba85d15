//! The request as it is signed: parts of the target, fields, and a query and a body that may be changed.

use super::Signer;
use super::tape::{Span, UNRESERVED};
use crate::refusal::Code;

const MAX_TARGET_BYTES: usize = 16 << 10;

impl Signer<'_> {
    /// Takes a field off the frame.
    #[inline(never)]
    pub(super) fn next(&mut self) -> Span {
        let mut frame = self.frame;
        let field = self.next_of(&mut frame);
        if field == Span::NONE {
            self.refuse(Code::FrameMalformed, Span::NONE);
        }
        self.frame = frame;
        field
    }

    /// The next field of a frame; absent at its end.
    #[inline(never)]
    fn next_of(&self, frame: &mut Span) -> Span {
        let field = frame.after(4);
        let length = self.get(*frame).first_chunk();
        let length = length.map_or(usize::MAX, |length| u32::from_le_bytes(*length) as usize);
        if length > field.len() || field.start() > field.end() {
            *frame = Span::NONE;
            return Span::NONE;
        }
        *frame = field.after(length);
        field.until(frame.start())
    }

    /// The name of the next header field, whose value follows; absent after the last one.
    #[inline(never)]
    pub(super) fn next_name(&self, rest: &mut Span) -> Span {
        self.next_of(rest)
    }

    /// And the value.
    #[inline(never)]
    pub(super) fn next_value(&self, rest: &mut Span) -> Span {
        let value = self.next_of(rest);
        self.trim(value)
    }

    /// Looks at the parts of the request. The target of a vendor's may hold characters that have to be escaped on
    /// the wire.
    #[inline(never)]
    pub(super) fn read(&mut self, is_vendors: bool) {
        let target = self.target;
        if target.len() > MAX_TARGET_BYTES {
            self.refuse(Code::TargetTooLong, Span::NONE);
        }
        if !self.is_token(self.method) {
            self.refuse(Code::MethodMalformed, Span::NONE);
        }
        let (first, last) = if is_vendors {
            (b' ', 0xff)
        } else {
            (b'!', 0x7f)
        };
        if !self.all(target, first, last, b"\x7f#") {
            self.refuse(Code::TargetMalformed, Span::NONE);
        }
        let mut rest = self.frame;
        loop {
            let name = self.next_name(&mut rest);
            if name == Span::NONE {
                break;
            }
            let value = self.next_value(&mut rest);
            if !self.is_token(name) || !self.all(value, b' ', b'~', b"\t") {
                self.refuse(Code::HeadersMalformed, name);
            }
        }
        self.authority = self.only(b"host", Code::HostAmbiguous);
        let mut path = target;
        if self.at(target.start()) != b'/' || target.is_empty() {
            let mut rest = target;
            let scheme = self.take(&mut rest, b':');
            self.is_https = self.is_word(scheme, b"https");
            let is_known = self.is_https || self.is_word(scheme, b"http");
            if !is_known || !self.get(rest).starts_with(b"//") {
                self.refuse(Code::TargetMalformed, Span::NONE);
            }
            let rest = rest.after(2);
            let end = self.find(rest, b'/').min(self.find(rest, b'?'));
            self.authority = rest.until(end);
            self.prefix = target.until(end);
            path = target.after(self.prefix.len());
        }
        let mut query = path;
        self.path = self.take(&mut query, b'?');
        self.query = query;
        if self.path.is_empty() {
            self.path = self.written(b"/");
        }
        let authority = self.authority;
        let is_said = authority.is_some() && !(is_vendors && authority.is_empty());
        if is_said && !self.is_authority(authority) {
            self.refuse(Code::HostAmbiguous, Span::NONE);
        }
    }

    /// Host and port of an authority.
    #[inline(never)]
    fn split_authority(&self, authority: Span) -> (Span, Span) {
        // Only a bracket can stand between the colons of an address and the one of the port.
        let mut end = authority.end();
        while end > authority.start() && self.at(end - 1) != b']' {
            end -= 1;
            if self.at(end) == b':' {
                return (authority.until(end), Span::new(end + 1, authority.end()));
            }
        }
        (authority, Span::NONE)
    }

    /// Whether it is `host`, `host:port` or `[v6]:port`, without user information.
    #[inline(never)]
    fn is_authority(&self, text: Span) -> bool {
        let (mut host, port) = self.split_authority(text);
        let mut others: &[u8] = b":\"#,/<>?@[\\]^`{|}";
        if self.at(host.start()) == b'[' && self.at(host.end() - 1) == b']' {
            host = host.after(1).until(host.end() - 1);
            others = others.get(1..).unwrap_or_default();
        }
        !host.is_empty() && self.all(host, b'!', b'~', others) && self.all(port, b'0', b'9', b"")
    }

    /// The one value of a field.
    #[inline(never)]
    pub(super) fn only(&mut self, name: &[u8], repeated: Code) -> Span {
        let mut found = Span::NONE;
        let mut rest = self.frame;
        loop {
            let known = self.next_name(&mut rest);
            if known == Span::NONE {
                return found;
            }
            let value = self.next_value(&mut rest);
            if self.is_word(known, name) {
                if found.is_some() {
                    self.refuse_named(repeated, name);
                }
                found = value;
            }
        }
    }

    #[inline(never)]
    pub(super) fn field(&mut self, name: &[u8]) -> Span {
        self.only(name, Code::SignatureAmbiguous)
    }

    pub(super) fn scheme(&mut self) {
        self.put(if self.is_https { b"https" } else { b"http" });
    }

    /// Writes the host in lower case, the port, or both without a port that is the scheme's.
    #[inline(never)]
    pub(super) fn push_authority(&mut self, has_host: bool, has_port: bool) {
        let (host, port) = self.split_authority(self.authority);
        let default: &[u8] = if self.is_https { b"443" } else { b"80" };
        let is_default = port.is_empty() || self.is(port, default);
        if has_host {
            if host.is_empty() {
                self.refuse_named(Code::ComponentMissing, b"host");
            }
            self.cased(host, false);
            if is_default {
                return;
            }
            if has_port {
                self.push(b':');
            }
        }
        if has_port {
            if is_default {
                self.put(default);
            } else {
                self.copy(port);
            }
        }
    }

    /// The body, unless there is only its digest.
    #[inline(never)]
    pub(super) fn body(&mut self) -> Span {
        if self.has_digest {
            self.refuse(Code::BodyBytesNeeded, Span::NONE);
        }
        self.body
    }

    /// The body as text.
    #[inline(never)]
    pub(super) fn text(&mut self) -> Span {
        let body = self.body();
        self.check_text(body, Code::BodyMalformed);
        body
    }

    #[inline(never)]
    pub(super) fn set_body(&mut self, body: Span) {
        self.body = body;
        self.is_changed = true;
    }

    #[inline(never)]
    pub(super) fn push_target(&mut self) {
        self.copy(self.path);
        if self.query.is_some() {
            self.push(b'?');
            self.copy(self.query);
        }
    }

    /// A query or a form without a parameter; absent if it isn't there.
    #[inline(never)]
    pub(super) fn without(&mut self, text: Span, name: &[u8]) -> Span {
        let start = self.here;
        let mut is_found = false;
        let mut is_first = true;
        let mut rest = text;
        while rest.is_some() {
            let pair = self.take(&mut rest, b'&');
            if self.is(self.take(&mut { pair }, b'='), name) {
                is_found = true;
                continue;
            }
            if !is_first {
                self.push(b'&');
            }
            is_first = false;
            self.copy(pair);
        }
        if is_found {
            self.since(start)
        } else {
            Span::NONE
        }
    }

    /// The one value of a parameter, decoded.
    #[inline(never)]
    pub(super) fn parameter(&mut self, text: Span, name: &[u8]) -> Span {
        let mut found = Span::NONE;
        let mut rest = text;
        while rest.is_some() {
            let mut value = self.take(&mut rest, b'&');
            if self.is(self.take(&mut value, b'='), name) {
                if found.is_some() {
                    self.refuse_named(Code::QueryParamAmbiguous, name);
                }
                found = self.unescape(value, false, Code::QueryMalformed);
                self.check_text(found, Code::QueryMalformed);
            }
        }
        found
    }

    /// A query or a form with a parameter more.
    #[inline(never)]
    pub(super) fn with(&mut self, text: Span, name: &[u8], value: Span) -> Span {
        let start = self.here;
        self.copy(text);
        if !text.is_empty() && self.at(text.end() - 1) != b'&' {
            self.push(b'&');
        }
        self.put(name);
        self.push(b'=');
        self.escape(value, UNRESERVED);
        self.since(start)
    }
}
