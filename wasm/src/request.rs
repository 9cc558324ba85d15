//! Messages on their way into the module.

#[cfg(feature = "provider")]
use countersign_core::Response;
use countersign_core::{
    Body, BodyDigest, Code, DigestAlgorithm, Headers, Refusal, Request, Scheme,
};

/// A request as it crosses the boundary.
#[derive(Clone, Copy, Debug)]
pub struct RequestParts<'a> {
    /// `http` or `https`, of the connection.
    pub scheme: &'a str,
    /// The method.
    pub method: &'a str,
    /// The request target as on the request line.
    pub target: &'a str,
    /// A block of `name: value` lines.
    pub headers: &'a [u8],
    /// Whether `body` is the body itself (0), or its SHA-256 (1) or SHA-512 (2) by the platform.
    pub body_kind: u64,
    /// The body, or its digest.
    pub body: &'a [u8],
    /// What the host calls the peer; empty if it doesn't say.
    pub peer: &'a str,
}

impl<'a> RequestParts<'a> {
    /// The request that they make; none where there is no scheme, for a response to a request that
    /// nobody knows.
    ///
    /// # Errors
    /// Those of [`RequestParts::read`].
    #[cfg(feature = "provider")]
    pub fn read_known(&self) -> Result<Option<Request<'a>>, Refusal> {
        if self.scheme.is_empty() {
            Ok(None)
        } else {
            self.read().map(Some)
        }
    }

    /// The request that they make.
    ///
    /// # Errors
    /// Those of its parts; `frame_malformed` for another kind of body.
    pub fn read(&self) -> Result<Request<'a>, Refusal> {
        Ok(Request {
            method: self.method,
            target: self.target,
            scheme: Scheme::parse(self.scheme).ok_or(Code::TargetMalformed)?,
            headers: Headers::parse(self.headers)?,
            body: body(self.body_kind, self.body)?,
            peer: Some(self.peer).filter(|peer| !peer.is_empty()),
        })
    }
}

fn body(kind: u64, bytes: &[u8]) -> Result<Body<'_>, Refusal> {
    let digest = |algorithm| BodyDigest::from_platform(algorithm, bytes).map(Body::Digest);
    match kind {
        0 => Ok(Body::Bytes(bytes)),
        1 => digest(DigestAlgorithm::Sha256),
        2 => digest(DigestAlgorithm::Sha512),
        _ => Err(Code::FrameMalformed.into()),
    }
}

/// A response as it crosses the boundary, after the request that it answers.
#[cfg(feature = "provider")]
#[derive(Clone, Copy, Debug)]
pub struct ResponseParts<'a> {
    /// The status code.
    pub status: u64,
    /// A block of `name: value` lines.
    pub headers: &'a [u8],
    /// As [`RequestParts::body_kind`].
    pub body_kind: u64,
    /// The body, or its digest.
    pub body: &'a [u8],
}

#[cfg(feature = "provider")]
impl<'a> ResponseParts<'a> {
    /// The response that they make.
    ///
    /// # Errors
    /// Those of its parts; `frame_malformed` for another kind of body, and for a status that is none.
    pub fn read(&self, request: Option<&'a Request<'a>>) -> Result<Response<'a>, Refusal> {
        Ok(Response {
            status: u16::try_from(self.status).map_err(|_| Code::FrameMalformed)?,
            headers: Headers::parse(self.headers)?,
            body: body(self.body_kind, self.body)?,
            request,
        })
    }
}
