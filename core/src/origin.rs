//! Where a request was really sent: scheme, authority and target, after what proxies did to them.

use alloc::string::String;

use crate::character::Class;
use crate::profile::Forwarded;
use crate::refusal::{Code, Refusal};
use crate::request::{Request, Scheme};

/// A signature may name 64 query parameters, and each is looked for before the key has spoken.
const MAX_TARGET_BYTES: usize = 16 << 10;

/// The parts of the target URI (RFC 9112 section 3.3), borrowed from the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    scheme: Scheme,
    authority: Option<&'a str>,
    target: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    is_absolute: bool,
}

impl<'a> Origin<'a> {
    /// The origin that the request itself states, forwarded fields ignored.
    pub(crate) fn of(request: &Request<'a>) -> Result<Self, Refusal> {
        let host = single(request, "host", Code::HostAmbiguous)?;
        Self::new(request.method, request.scheme, host, request.target)
    }

    /// The origin after the fields that a named peer may set (see [`Forwarded`]).
    pub(crate) fn behind(request: &Request<'a>, forwarded: &Forwarded) -> Result<Self, Refusal> {
        let trusted = request.peer.is_some_and(|peer| forwarded.trusts(peer));
        if !trusted {
            return Self::of(request);
        }
        let field = |name: Option<&str>| match name {
            Some(name) => single(request, name, Code::ForwardedAmbiguous),
            None => Ok(None),
        };
        let scheme = match field(forwarded.scheme_field())? {
            Some(name) => Scheme::parse(name).ok_or(Code::ForwardedAmbiguous)?,
            None => request.scheme,
        };
        let authority = match field(forwarded.authority_field())? {
            Some(authority) if authority.contains(',') => {
                return Err(Code::ForwardedAmbiguous.into());
            }
            Some(authority) => Some(authority),
            None => single(request, "host", Code::HostAmbiguous)?,
        };
        let target = field(forwarded.target_field())?.unwrap_or(request.target);
        Self::new(request.method, scheme, authority, target)
    }

    fn new(
        method: &str,
        scheme: Scheme,
        host: Option<&'a str>,
        target: &'a str,
    ) -> Result<Self, Refusal> {
        if target.len() > MAX_TARGET_BYTES {
            return Err(Code::TargetTooLong.into());
        }
        if target.is_empty() || !Class::TARGET.has_all(target) {
            return Err(Code::TargetMalformed.into());
        }
        let mut origin = Origin {
            scheme,
            authority: host,
            target,
            path: "/",
            query: None,
            is_absolute: false,
        };
        if target.starts_with('/') {
            origin.set_path_and_query(target);
        } else if method == "CONNECT" {
            origin.authority = Some(target);
        } else if target != "*" {
            let (scheme, rest) = target.split_once(':').ok_or(Code::TargetMalformed)?;
            let rest = rest.strip_prefix("//").ok_or(Code::TargetMalformed)?;
            origin.scheme = Scheme::parse(scheme).ok_or(Code::TargetMalformed)?;
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, path_and_query) =
                rest.split_at_checked(end).ok_or(Code::TargetMalformed)?;
            origin.authority = Some(authority);
            origin.is_absolute = true;
            origin.set_path_and_query(path_and_query);
        }
        if origin
            .authority
            .is_some_and(|authority| !is_authority(authority.as_bytes()))
        {
            return Err(Code::HostAmbiguous.into());
        }
        Ok(origin)
    }

    fn set_path_and_query(&mut self, text: &'a str) {
        let length = text.bytes().position(|byte| byte == b'?');
        let (path, query) = text.split_at(length.unwrap_or(text.len()));
        // An empty path is the root (RFC 9421 section 2.2.6).
        self.path = if path.is_empty() { "/" } else { path };
        self.query = query.strip_prefix('?');
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(crate) fn target(&self) -> &'a str {
        self.target
    }

    pub(crate) fn path(&self) -> &'a str {
        self.path
    }

    pub(crate) fn query(&self) -> Option<&'a str> {
        self.query
    }

    /// Whether the authority, in lower case and without a default port, is one of `allowed`.
    pub(crate) fn is_for(&self, allowed: &[String]) -> bool {
        let authority = self.authority_without_default_port().unwrap_or("");
        allowed
            .iter()
            .any(|one| one.eq_ignore_ascii_case(authority))
    }

    /// Appends the authority in lower case, without the scheme's default port (RFC 9421 section
    /// 2.2.3). False if the request has none.
    pub(crate) fn push_authority(&self, out: &mut String) -> bool {
        let Some(authority) = self.authority_without_default_port() else {
            return false;
        };
        let start = out.len();
        out.push_str(authority);
        if let Some(pushed) = out.get_mut(start..) {
            pushed.make_ascii_lowercase();
        }
        true
    }

    /// Appends the target URI (RFC 9421 section 2.2.2). False if its authority is not known.
    pub(crate) fn push_target_uri(&self, out: &mut String) -> bool {
        if self.is_absolute {
            out.push_str(self.target);
            return true;
        }
        out.push_str(self.scheme.as_str());
        out.push_str("://");
        let known = self.push_authority(out);
        if self.target.starts_with('/') {
            out.push_str(self.target);
        }
        known
    }

    fn authority_without_default_port(&self) -> Option<&'a str> {
        let authority = self.authority?;
        let Some(colon) = authority.bytes().rposition(|byte| byte == b':') else {
            return Some(authority);
        };
        let (host, port) = authority.split_at_checked(colon)?;
        let is_default = port == ":" || port.strip_prefix(':') == Some(self.scheme.default_port());
        Some(if is_default { host } else { authority })
    }
}

/// The one value of a field: none if it is absent, refused if it is repeated.
fn single<'a>(
    request: &Request<'a>,
    name: &str,
    ambiguous: Code,
) -> Result<Option<&'a str>, Refusal> {
    let mut values = request.headers.all(name);
    let first = values.next();
    if values.next().is_some() {
        Err(Refusal::named(ambiguous, name))
    } else {
        Ok(first)
    }
}

/// `host`, `host:port` or `[v6]:port`, without user information.
pub(crate) fn is_authority(text: &[u8]) -> bool {
    let is_v6 = text.first() == Some(&b'[');
    let host_byte = |byte: &u8| Class::HOST.has(*byte) || (is_v6 && *byte == b':');
    let (end, start) = if is_v6 { (b']', 1) } else { (b':', 0) };
    let place = text.iter().position(|byte| *byte == end);
    let (host, port) = match place.and_then(|place| text.split_at_checked(place)) {
        Some((host, port)) if is_v6 => (host, port.get(1..).unwrap_or_default()),
        Some(parts) => parts,
        None if is_v6 => return false,
        None => (text, &b""[..]),
    };
    let host = host.get(start..).unwrap_or_default();
    let port_is_good = match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    !host.is_empty() && host.iter().all(host_byte) && port_is_good
}
