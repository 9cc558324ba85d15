//! A request on its way into the module.

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
    /// The request that they make.
    ///
    /// # Errors
    /// Those of its parts; `frame_malformed` for another kind of body.
    pub fn read(&self) -> Result<Request<'a>, Refusal> {
        let digest = |algorithm| BodyDigest::from_platform(algorithm, self.body).map(Body::Digest);
        Ok(Request {
            method: self.method,
            target: self.target,
            scheme: Scheme::parse(self.scheme).ok_or(Code::TargetMalformed)?,
            headers: Headers::parse(self.headers)?,
            body: match self.body_kind {
                0 => Body::Bytes(self.body),
                1 => digest(DigestAlgorithm::Sha256)?,
                2 => digest(DigestAlgorithm::Sha512)?,
                _ => return Err(Code::FrameMalformed.into()),
            },
            peer: Some(self.peer).filter(|peer| !peer.is_empty()),
        })
    }
}
