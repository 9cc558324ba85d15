//! The request as a scheme sees it: parts of the target, parameters, and a body that may be read.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::encoding::{push_escaped, unescape};
use super::row::{Place, Row};
use crate::digest::BodyDigest;
use crate::refusal::{Code, Refusal};
use crate::request::{Body, Request, Scheme};

const MAX_TARGET_BYTES: usize = 16 << 10;

/// A request whose query and body may be changed.
pub(super) struct Message<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) scheme: Scheme,
    /// Empty if the request doesn't say.
    pub(super) authority: &'a str,
    /// What stands before the path of an absolute target.
    prefix: &'a str,
    pub(super) path: &'a str,
    pub(super) query: Option<Cow<'a, str>>,
    pub(super) body: Content<'a>,
}

/// What there is of the body.
pub(super) enum Content<'a> {
    Bytes(Cow<'a, [u8]>),
    Digest(BodyDigest),
}

impl<'a> Message<'a> {
    /// Reads the target. It may hold characters that have to be escaped on the wire: libraries sign
    /// it so.
    pub(super) fn read(request: &'a Request<'a>) -> Result<Self, Refusal> {
        let target = request.target;
        if target.len() > MAX_TARGET_BYTES {
            return Err(Code::TargetTooLong.into());
        }
        if target
            .bytes()
            .any(|byte| byte < b' ' || byte == 0x7f || byte == b'#')
        {
            return Err(Code::TargetMalformed.into());
        }
        if !crate::headers::is_token(request.method) {
            return Err(Code::MethodMalformed.into());
        }
        let mut scheme = request.scheme;
        let mut authority = only_header(request, "host", Code::HostAmbiguous)?.unwrap_or("");
        let mut start = 0;
        if !target.starts_with('/') {
            let (name, rest) = target.split_once(':').ok_or(Code::TargetMalformed)?;
            let rest = rest.strip_prefix("//").ok_or(Code::TargetMalformed)?;
            scheme = Scheme::parse(name).ok_or(Code::TargetMalformed)?;
            let is_end = |byte: u8| byte == b'/' || byte == b'?';
            let end = rest.bytes().position(is_end).unwrap_or(rest.len());
            authority = rest.get(..end).unwrap_or("");
            start = name.len() + 3 + authority.len();
        }
        let (prefix, rest) = target.split_at_checked(start).unwrap_or(("", target));
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(Cow::Borrowed(query))),
            None => (rest, None),
        };
        if !authority.is_empty() && !crate::origin::is_authority(authority.as_bytes()) {
            return Err(Code::HostAmbiguous.into());
        }
        Ok(Message {
            request,
            scheme,
            authority,
            prefix,
            path: if path.is_empty() { "/" } else { path },
            query,
            body: match request.body {
                Body::Bytes(bytes) => Content::Bytes(Cow::Borrowed(bytes)),
                Body::Digest(digest) => Content::Digest(digest),
            },
        })
    }

    /// The host, in lower case.
    pub(super) fn host(&self) -> Result<String, Refusal> {
        match self.host_and_port() {
            ("", _) => Err(Refusal::named(Code::ComponentMissing, "host")),
            (host, _) => Ok(host.to_ascii_lowercase()),
        }
    }

    /// The port: the scheme's own if none is said.
    pub(super) fn port(&self) -> &'a str {
        match self.host_and_port() {
            (_, "") => self.scheme.default_port(),
            (_, port) => port,
        }
    }

    /// The host, and the port if it isn't the scheme's own: what a client sends as `Host`.
    pub(super) fn normal_authority(&self) -> Result<String, Refusal> {
        let host = self.host()?;
        let port = self.port();
        Ok(if port == self.scheme.default_port() {
            host
        } else {
            [&host, ":", port].concat()
        })
    }

    /// The host and the port, which is empty if it isn't said.
    fn host_and_port(&self) -> (&'a str, &'a str) {
        // Only a bracket can stand between the colons of an address and the one of the port.
        let colon = self
            .authority
            .bytes()
            .rposition(|byte| matches!(byte, b':' | b']'));
        let (host, port) = match colon.and_then(|at| self.authority.split_at_checked(at)) {
            Some(parts) => parts,
            None => (self.authority, ""),
        };
        match port.strip_prefix(':') {
            Some(port) => (host, port),
            None => (self.authority, ""),
        }
    }

    pub(super) fn has_empty_body(&self) -> bool {
        matches!(&self.body, Content::Bytes(bytes) if bytes.is_empty())
    }

    pub(super) fn body_bytes(&self) -> Result<&[u8], Refusal> {
        match &self.body {
            Content::Bytes(bytes) => Ok(bytes),
            Content::Digest(_) => Err(Code::BodyBytesNeeded.into()),
        }
    }

    /// The body as text.
    pub(super) fn body_text(&self) -> Result<&str, Refusal> {
        core::str::from_utf8(self.body_bytes()?).map_err(|_| Code::BodyMalformed.into())
    }

    pub(super) fn query_text(&self) -> &str {
        self.query.as_deref().unwrap_or("")
    }

    /// The target with the query as it is now.
    pub(super) fn target(&self) -> String {
        let mut out = String::from(self.prefix);
        self.push_target(&mut out);
        out
    }

    pub(super) fn push_target(&self, out: &mut String) {
        out.push_str(self.path);
        if let Some(query) = &self.query {
            out.push('?');
            out.push_str(query);
        }
    }

    pub(super) fn header(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        only_header(self.request, name, Code::SignatureAmbiguous)
    }

    pub(super) fn set_body(&mut self, body: String) {
        self.body = Content::Bytes(Cow::Owned(body.into_bytes()));
    }

    /// The body if it is another than the request's.
    pub(super) fn changed_body(&self) -> Result<Option<String>, Refusal> {
        match &self.body {
            Content::Bytes(Cow::Owned(_)) => self.body_text().map(|text| Some(text.into())),
            _ => Ok(None),
        }
    }

    /// Takes the parameter that carries the signature out of the query and the form.
    pub(super) fn strip_signature(&mut self, row: &Row) {
        for placement in row.placements.iter().filter(|it| it.has("signature")) {
            let (place, name) = (placement.place, placement.name());
            if matches!(place, Place::Query | Place::Param)
                && let Some(query) = without_parameter(self.query_text(), name)
            {
                self.query = (!query.is_empty()).then_some(Cow::Owned(query));
            }
            if matches!(place, Place::Form | Place::Param)
                && let Ok(text) = self.body_text()
                && let Some(body) = without_parameter(text, name)
            {
                self.set_body(body);
            }
        }
    }

    /// Appends a parameter to the query.
    pub(super) fn push_query(&mut self, name: &str, value: &str) {
        let mut query = self.query.take().unwrap_or_default().into_owned();
        push_parameter(&mut query, name, value);
        self.query = Some(Cow::Owned(query));
    }
}

fn only_header<'a>(
    request: &Request<'a>,
    name: &str,
    repeated: Code,
) -> Result<Option<&'a str>, Refusal> {
    let mut values = request.headers.all(name);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Refusal::named(repeated, name)),
        (value, None) => Ok(value),
    }
}

/// The names and values of a query or a form, as sent.
pub(super) fn parameters(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// The one value of a parameter, decoded.
pub(super) fn parameter(text: &str, name: &str) -> Result<Option<String>, Refusal> {
    let mut values = parameters(text).filter(|(known, _)| *known == name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (_, Some(_)) => Err(Refusal::named(Code::QueryParamAmbiguous, name)),
        (Some((_, value)), None) => {
            let bytes = unescape(value, false).and_then(|bytes| String::from_utf8(bytes).ok());
            Ok(Some(bytes.ok_or(Code::QueryMalformed)?))
        }
    }
}

/// The text without a parameter, if it was there.
pub(super) fn without_parameter(text: &str, name: &str) -> Option<String> {
    let is_it = |pair: &&str| pair.split('=').next() == Some(name);
    if !text.split('&').any(|pair| is_it(&pair)) {
        return None;
    }
    let rest: Vec<&str> = text.split('&').filter(|pair| !is_it(pair)).collect();
    Some(rest.join("&"))
}

pub(super) fn push_parameter(text: &mut String, name: &str, value: &str) {
    if !text.is_empty() && !text.ends_with('&') {
        text.push('&');
    }
    text.push_str(name);
    text.push('=');
    push_escaped(value.as_bytes(), b"", text);
}
