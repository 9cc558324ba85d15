//! AWS Signature Version 4, in the header or in the query, and of a body that is sent in chunks.

use super::Signer;
use super::code::value;
use super::mac::{Key, Sha, hash};
use super::tape::{DATE, Span, UNRESERVED};
use crate::refusal::Code;

const ALGORITHM: &[u8] = b"AWS4-HMAC-SHA256";
const TOKEN: &[u8] = b"X-Amz-Security-Token";

/// What proxies and clients change on the way.
const NEVER_SIGNED: [&[u8]; 7] = [
    b"authorization",
    b"connection",
    b"expect",
    b"transfer-encoding",
    b"upgrade",
    b"user-agent",
    b"x-amzn-trace-id",
];

/// The parameters that signing adds to a query.
const PARAMETERS: [&[u8]; 7] = [
    b"X-Amz-Algorithm",
    b"X-Amz-Credential",
    b"X-Amz-Date",
    b"X-Amz-SignedHeaders",
    b"X-Amz-Expires",
    TOKEN,
    b"X-Amz-Signature",
];

impl Signer<'_> {
    #[inline(never)]
    fn push_hash(&mut self, span: Span) -> Span {
        let made = hash(Sha::Sha256, self.get(span));
        self.digest(&made, 0)
    }

    /// Writes day, region and service.
    #[inline(never)]
    fn push_scope(&mut self, date: Span) -> Span {
        let start = self.here;
        self.copy(date.until(date.end().min(date.start() + 8)));
        for name in &[&b"region"[..], b"service"] {
            let value = self.option(name, b"");
            if value.is_empty() {
                self.refuse_named(Code::CredentialsIncomplete, name);
            }
            self.push(b'/');
            self.copy(value);
        }
        self.put(b"/aws4_request");
        self.since(start)
    }

    #[inline(never)]
    fn push_line(&mut self, line: Span) {
        self.push(b'\n');
        self.copy(line);
    }

    /// Writes the signature of all since a place, under the key of the scope.
    #[inline(never)]
    fn push_signature(&mut self, start: usize, scope: Span) -> Span {
        let base = self.since(start);
        let mut key = self.key.clone();
        let mut rest = scope;
        while rest.is_some() {
            let part = self.take(&mut rest, b'/');
            key = Key::new(Sha::Sha256, key.mac(self.get(part)).digest());
        }
        let made = key.mac(self.get(base));
        self.digest(&made, 0)
    }

    /// The signature of a chunk, or of trailers: each is over the one before it.
    #[inline(never)]
    pub(super) fn sign_chunk(&mut self) {
        // The fields of a request are those of a chunk: date, the signature before, and the bytes.
        let (date, previous) = (self.method, self.target);
        let scope = self.push_scope(date);
        let hash = self.push_hash(self.body);
        let empty = self.push_hash(Span::NONE);
        let start = self.here;
        self.put(ALGORITHM);
        self.put(if self.is_https {
            b"-TRAILER"
        } else {
            b"-PAYLOAD"
        });
        self.push_line(date);
        self.push_line(scope);
        self.push_line(previous);
        if !self.is_https {
            self.push_line(empty);
        }
        self.push_line(hash);
        self.lines = self.push_signature(start, scope);
    }

    fn is_set(&mut self, name: &[u8]) -> bool {
        let value = self.option(name, b"");
        self.is(value, b"true")
    }

    /// Signs a request.
    #[expect(
        clippy::too_many_lines,
        reason = "one step after another, in the order of the standard"
    )]
    #[inline(never)]
    pub(super) fn sign_aws(&mut self, is_query: bool) {
        let mut date = self.field(b"x-amz-date");
        if date == Span::NONE {
            date = self.time(DATE, self.now_ms);
        } else if !self.is_date(date) {
            self.refuse(Code::TimestampMalformed, Span::NONE);
        }
        let scope = self.push_scope(date);
        self.set(value::KEYID, self.keyid);
        self.set(8, scope);
        let service = self.option(b"service", b"");
        let is_s3 = self.is(service, b"s3");
        let token = self.option(b"session-token", b"");
        let mut early = token;
        let mut late = Span::NONE;
        if self.is_set(b"omit-session-token") {
            (early, late) = (late, early);
        }
        let mut payload = self.field(b"x-amz-content-sha256");
        if payload == Span::NONE {
            payload = self.option(b"payload-hash", b"");
            if payload.is_empty() {
                payload = if is_s3 && is_query {
                    self.written(b"UNSIGNED-PAYLOAD")
                } else if self.has_digest && self.body.len() == 32 {
                    self.encoded(self.body, 0, self.here)
                } else {
                    let body = self.body();
                    self.push_hash(body)
                };
            }
        }

        // The fields to sign, by their names in lower case; those that signing adds come after the request's.
        let first = self.pairs;
        let mut has_host = false;
        let mut rest = self.frame;
        loop {
            let name = self.next_name(&mut rest);
            if name == Span::NONE {
                break;
            }
            let value = self.next_value(&mut rest);
            let name = self.cased(name, false);
            if !NEVER_SIGNED.iter().any(|word| self.is(name, word)) {
                has_host |= self.is(name, b"host");
                self.push_pair(name, value);
            }
        }
        let added = self.pairs;
        let is_content = self.is_set(b"content-sha256") || is_s3 && !is_query;
        let mut add = |name: &[u8], value: Span, is_wanted: bool| {
            if is_wanted && self.field(name) == Span::NONE {
                let name = self.written(name);
                self.push_pair(name, value);
            }
        };
        add(b"X-Amz-Content-Sha256", payload, is_content);
        add(b"X-Amz-Date", date, !is_query);
        add(TOKEN, early, !is_query && !early.is_empty());
        let start = self.here;
        for at in added..self.pairs {
            let (name, value) = (self.name(at), self.value(at));
            self.copy(name);
            self.put(b": ");
            self.copy(value);
            self.push(b'\n');
        }
        let mut lines = self.since(start);
        for at in added..self.pairs {
            let name = self.cased(self.name(at), false);
            self.set_pair(at, name, self.value(at));
        }
        if !has_host {
            let name = self.written(b"host");
            let start = self.here;
            self.push_authority(true, true);
            self.push_pair(name, self.since(start));
        }
        self.sort(first, false);
        let headers = self.push_headers(first);
        let names = self.push_names(first);
        self.pairs = first;

        let mut query = self.query;
        if is_query {
            for name in &PARAMETERS {
                let without = self.without(query, name);
                if without.is_some() {
                    query = without;
                }
            }
            let credential = self.render(b"\x80/\x88");
            let expires = self.option(b"expires", b"3600");
            let algorithm = self.written(ALGORITHM);
            let values = [algorithm, credential, date, names, expires];
            for (name, value) in PARAMETERS.iter().zip(&values) {
                query = self.with(query, name, *value);
            }
            if !early.is_empty() {
                query = self.with(query, TOKEN, early);
            }
        }
        let normalize = self.option(b"normalize", if is_s3 { b"" } else { b"true" });
        let is_normal = self.is(normalize, b"true");
        let path = self.push_path(is_normal, is_s3);
        let sorted = self.push_sorted(query);
        let start = self.here;
        self.cased(self.method, true);
        self.push_line(path);
        self.push_line(sorted);
        self.push_line(headers);
        self.push_line(names);
        self.push_line(payload);
        let hash = self.push_hash(self.since(start));
        let start = self.here;
        self.put(ALGORITHM);
        self.push_line(date);
        self.push_line(scope);
        self.push_line(hash);
        let signature = self.push_signature(start, scope);

        if is_query {
            if !late.is_empty() {
                query = self.with(query, TOKEN, late);
            }
            self.query = self.with(query, b"X-Amz-Signature", signature);
            self.send_target();
        } else {
            self.set(9, lines);
            self.set(10, names);
            self.set(11, signature);
            lines = self.render(
                b"\x89Authorization: AWS4-HMAC-SHA256 Credential=\x80/\x88, SignedHeaders=\x8a, Signature=\x8b\n",
            );
            if !late.is_empty() {
                self.set(9, late);
                let start = lines.start();
                self.render(b"X-Amz-Security-Token: \x89\n");
                lines = self.since(start);
            }
        }
        self.lines = lines;
    }

    /// Escaped once more than on the wire, but for S3, which has it escaped exactly once.
    #[inline(never)]
    fn push_path(&mut self, is_normal: bool, is_s3: bool) -> Span {
        let mut path = self.path;
        if is_normal {
            let start = self.here;
            let mut is_folder = true;
            let mut rest = path;
            while rest.is_some() {
                let segment = self.take(&mut rest, b'/');
                is_folder = true;
                if self.is(segment, b"..") {
                    while self.here > start {
                        self.here -= 1;
                        if self.at(self.here) == b'/' {
                            break;
                        }
                    }
                } else if !segment.is_empty() && !self.is(segment, b".") {
                    self.push(b'/');
                    self.copy(segment);
                    is_folder = false;
                }
            }
            if is_folder {
                self.push(b'/');
            }
            path = self.since(start);
        }
        if is_s3 {
            path = self.unescape(path, false, Code::TargetMalformed);
        }
        self.escape(path, b"-._~/")
    }

    /// Writes the parameters, escaped and sorted.
    #[inline(never)]
    fn push_sorted(&mut self, query: Span) -> Span {
        let first = self.pairs;
        let mut rest = query;
        while rest.is_some() {
            let mut value = self.take(&mut rest, b'&');
            if !value.is_empty() {
                let name = self.take(&mut value, b'=');
                let name = self.reescape(name, false, UNRESERVED);
                let value = self.reescape(value, false, UNRESERVED);
                self.push_pair(name, value);
            }
        }
        self.sort(first, true);
        let start = self.here;
        for at in first..self.pairs {
            if at > first {
                self.push(b'&');
            }
            self.copy(self.name(at));
            self.push(b'=');
            self.copy(self.value(at));
        }
        self.since(start)
    }

    /// Writes one line a name, its values joined, and the runs of space in them made one.
    #[inline(never)]
    fn push_headers(&mut self, first: usize) -> Span {
        let start = self.here;
        for at in first..self.pairs {
            let (name, value) = (self.name(at), self.value(at));
            if at > first && self.is_same(name, self.name(at - 1)) {
                self.here -= 1;
                self.push(b',');
            } else {
                self.copy(name);
                self.push(b':');
            }
            let mut before = 0;
            for place in value.start()..value.end() {
                let mut byte = self.at(place);
                if byte == b'\t' {
                    byte = b' ';
                }
                if byte != b' ' || before != b' ' {
                    self.push(byte);
                }
                before = byte;
            }
            self.push(b'\n');
        }
        self.since(start)
    }

    #[inline(never)]
    fn push_names(&mut self, first: usize) -> Span {
        let start = self.here;
        for at in first..self.pairs {
            let name = self.name(at);
            if at == first || !self.is_same(name, self.name(at - 1)) {
                if at > first {
                    self.push(b';');
                }
                self.copy(name);
            }
        }
        self.since(start)
    }
}
