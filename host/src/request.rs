//! What crosses to the module and back.

use countersign_core::{Body, Scheme};

/// A request as it was received, or as it will be sent.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The scheme of the connection.
    pub scheme: Scheme,
    /// The method.
    pub method: &'a str,
    /// The request target as on the request line.
    pub target: &'a str,
    /// The header lines, each ended by CRLF or LF.
    pub headers: &'a [u8],
    /// The body, or its digest by the platform.
    pub body: Body<'a>,
    /// What the host calls the peer, such as its IP address.
    pub peer: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// A request over TLS, without a body, from a peer without a name.
    #[must_use]
    pub fn new(method: &'a str, target: &'a str, headers: &'a [u8]) -> Self {
        Request {
            scheme: Scheme::Https,
            method,
            target,
            headers,
            body: Body::Bytes(b""),
            peer: None,
        }
    }
}

/// A response as it was received, or as it will be sent.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// The status code.
    pub status: u16,
    /// The header lines, each ended by CRLF or LF.
    pub headers: &'a [u8],
    /// The body, or its digest by the platform.
    pub body: Body<'a>,
}

impl<'a> Response<'a> {
    /// A response with this body.
    #[must_use]
    pub fn new(status: u16, headers: &'a [u8], body: &'a [u8]) -> Self {
        Response {
            status,
            headers,
            body: Body::Bytes(body),
        }
    }
}

/// How to sign. Empty texts are left out.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// The label; empty: `sig1`.
    pub label: &'a str,
    /// The covered components: names, or whole identifiers. Empty: `@method @authority @path @query`,
    /// and `content-digest` where there is a body.
    pub components: &'a [&'a str],
    /// When it is signed, in seconds since 1970.
    pub created: u64,
    /// After when it no longer counts.
    pub expires: Option<u64>,
    /// A value that the key uses once.
    pub nonce: &'a str,
    /// What application it is for.
    pub tag: &'a str,
    /// Whether to state the algorithm.
    pub with_algorithm: bool,
}

impl Signing<'_> {
    /// The usual way, at `created`.
    #[must_use]
    pub fn at(created: u64) -> Self {
        Signing {
            label: "",
            components: &[],
            created,
            expires: None,
            nonce: "",
            tag: "",
            with_algorithm: false,
        }
    }
}

/// The values of the fields to add to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// `Signature-Input`
    pub signature_input: String,
    /// `Signature`
    pub signature: String,
    /// `Content-Digest`, if it is to be added.
    pub content_digest: Option<String>,
}

impl Signed {
    /// The fields by name.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let digest = self
            .content_digest
            .as_deref()
            .map(|value| ("Content-Digest", value));
        let signature = [
            ("Signature-Input", &*self.signature_input),
            ("Signature", &*self.signature),
        ];
        digest.into_iter().chain(signature)
    }

    /// The fields as header lines, each ended by CRLF.
    #[must_use]
    pub fn header_lines(&self) -> String {
        let mut lines = String::new();
        for (name, value) in self.fields() {
            for part in [name, ": ", value, "\r\n"] {
                lines.push_str(part);
            }
        }
        lines
    }
}

/// What a message's signature covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The label of the signature.
    pub label: String,
    /// The value of `@signature-params`.
    pub parameters: String,
    /// The names of the covered components, in order.
    pub covered: Vec<String>,
    /// The signature base.
    pub base: String,
}
