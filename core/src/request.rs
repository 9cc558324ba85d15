//! The message to be signed or verified, borrowed from whoever received it.

use crate::digest::BodyDigest;
use crate::headers::Headers;

/// The scheme of the connection that the request came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP, default port 80.
    Http,
    /// HTTP over TLS, default port 443.
    Https,
}

impl Scheme {
    /// The scheme in lower case, as `@scheme` has it (RFC 9421 section 2.2.4).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// The scheme of a name in any case, if it is one of the two.
    #[must_use]
    pub const fn parse(text: &str) -> Option<Scheme> {
        if text.eq_ignore_ascii_case("https") {
            Some(Scheme::Https)
        } else if text.eq_ignore_ascii_case("http") {
            Some(Scheme::Http)
        } else {
            None
        }
    }

    pub(crate) const fn default_port(self) -> &'static str {
        match self {
            Scheme::Http => "80",
            Scheme::Https => "443",
        }
    }
}

/// The body of a message, never copied.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// The whole body. It is hashed here.
    Bytes(&'a [u8]),
    /// The digest of a non-empty body that the platform hashed. The platform is inside the trust
    /// boundary: it gave us the request.
    Digest(BodyDigest),
}

impl Body<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Body::Bytes(bytes) if bytes.is_empty())
    }
}

/// A request as it was received, or as it will be sent.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The method, case-sensitive (RFC 9110 section 9.1).
    pub method: &'a str,
    /// The request target as on the request line: `/path?query`, an absolute URI, `host:port`
    /// or `*` (RFC 9112 section 3.2).
    pub target: &'a str,
    /// The scheme of the connection.
    pub scheme: Scheme,
    /// The header fields.
    pub headers: Headers<'a>,
    /// The body, or its digest.
    pub body: Body<'a>,
    /// What the host calls the peer at the other end of the connection: an IP address, or the
    /// name in its client certificate. Forwarded fields count only from a peer that the
    /// [`Profile`](crate::Profile) names.
    pub peer: Option<&'a str>,
}

/// A response as it was received, or as it will be sent.
#[derive(Clone, Debug)]
pub struct Response<'a> {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: Headers<'a>,
    /// The body, or its digest.
    pub body: Body<'a>,
    /// The request that it answers, as it was sent: what a component with the parameter `req` is of
    /// (RFC 9421 section 2.4).
    pub request: Option<&'a Request<'a>>,
}

/// What a signature can be over (RFC 9421 section 2).
#[derive(Clone, Copy, Debug)]
pub enum Message<'a, 'b> {
    /// A request.
    Request(&'b Request<'a>),
    /// A response.
    Response(&'b Response<'a>),
}

impl<'a, 'b> Message<'a, 'b> {
    pub(crate) fn headers(self) -> &'b Headers<'a> {
        match self {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        }
    }

    pub(crate) fn body(self) -> &'b Body<'a> {
        match self {
            Message::Request(request) => &request.body,
            Message::Response(response) => &response.body,
        }
    }
}
