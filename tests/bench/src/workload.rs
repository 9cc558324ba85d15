//! The requests that every contender gets.

use anyhow::{Context as _, Result};
use countersign_core::{
    Body, BodyDigest, DigestAlgorithm, Headers, Message, Request, Scheme, SharedSecret,
    SignOptions, SigningKey, UnixSeconds, sign, signature_base, signature_inputs,
};

use crate::task::Task;

/// When the requests are verified, in seconds since 1970; they were signed then.
pub const NOW: u64 = 1_800_000_000;
/// The keyring of the verifier.
pub const KEYRING: &str = r#"{"keys": [{"keyid": "k7", "environment": "live", "groups": ["trader"],
    "attributes": {"environment": "live", "ip_allow_list": ["203.0.113.7"]},
    "secret": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="}]}"#;
/// Its profile.
pub const PROFILE: &str = r#"{"environment": "live"}"#;
pub(crate) const SECRET: [u8; 32] = [7; 32];

/// One signed request.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The method.
    pub method: &'static str,
    /// The target.
    pub target: &'static str,
    /// The header lines.
    pub headers: String,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the platform hashes it, and not the verifier.
    pub hashed_outside: bool,
    /// The signature base, for whoever does nothing but the MAC.
    pub(crate) base: String,
}

impl Signed {
    /// The body as it crosses to the verifier; this is where the platform hashes it.
    #[must_use]
    pub fn body(&self) -> Body<'_> {
        if self.hashed_outside {
            Body::Digest(BodyDigest::of(DigestAlgorithm::Sha256, &self.body))
        } else {
            Body::Bytes(&self.body)
        }
    }

    fn new(method: &'static str, target: &'static str, body: Vec<u8>, nonce: &str) -> Result<Self> {
        let mut lines = String::from(
            "Host: api.example.com\r\nAccept: application/json\r\nUser-Agent: bench/1\r\n",
        );
        if !body.is_empty() {
            lines.push_str("Content-Type: application/json\r\n");
        }
        let key = SigningKey::new("k7", &SharedSecret::new(SECRET.to_vec())?)?;
        let options = SignOptions::new(UnixSeconds::new(NOW)).nonce(nonce);
        let signed = sign(&request(method, target, &lines, &body)?, &key, &options)?;
        let mut headers = lines.clone();
        for (name, value) in [
            ("Content-Digest", signed.content_digest.as_deref()),
            ("Signature-Input", Some(&*signed.signature_input)),
            ("Signature", Some(&*signed.signature)),
        ] {
            if let Some(value) = value {
                headers.extend([name, ": ", value, "\r\n"]);
            }
        }
        let received = request(method, target, &headers, &body)?;
        let inputs = signature_inputs(&received.headers)?;
        let base = signature_base(
            Message::Request(&received),
            inputs.first().context("no signature")?,
        )?;
        Ok(Signed {
            method,
            target,
            headers,
            body,
            hashed_outside: false,
            base,
        })
    }
}

fn request<'a>(
    method: &'a str,
    target: &'a str,
    headers: &'a str,
    body: &'a [u8],
) -> Result<Request<'a>> {
    Ok(Request {
        method,
        target,
        scheme: Scheme::Https,
        headers: Headers::parse(headers.as_bytes())?,
        body: Body::Bytes(body),
        peer: None,
    })
}

/// Every request, signed.
#[derive(Clone, Debug)]
pub struct Workload {
    get: Signed,
    small: Signed,
    large: Signed,
    hashed: Signed,
    /// As many as a batch spends or decides about, each with its nonce.
    orders: Vec<Signed>,
}

impl Workload {
    /// Signs the requests.
    ///
    /// # Errors
    /// None but by a fault of the signer.
    pub fn new() -> Result<Self> {
        let body = |length: usize| {
            b"0123456789abcdef"
                .iter()
                .copied()
                .cycle()
                .take(length)
                .collect::<Vec<u8>>()
        };
        let post = |length, nonce: &str| Signed::new("POST", "/v1/orders", body(length), nonce);
        let large = post(64 << 10, "4f1c9a7be20d4c3385a6")?;
        Ok(Workload {
            get: Signed::new(
                "GET",
                "/v1/markets/BTC-USD?depth=5",
                Vec::new(),
                "4f1c9a7be20d4c3385a6",
            )?,
            small: post(256, "4f1c9a7be20d4c3385a6")?,
            hashed: Signed {
                hashed_outside: true,
                ..large.clone()
            },
            large,
            orders: (0..Task::Spend.batch())
                .map(|number| post(256, &format!("4f1c9a7be20d4c33{number:04x}")))
                .collect::<Result<_>>()?,
        })
    }

    /// The request that a task verifies again and again.
    ///
    /// # Errors
    /// For a task that doesn't.
    pub fn request(&self, task: Task) -> Result<&Signed> {
        match task {
            Task::VerifyGet => Ok(&self.get),
            Task::VerifySmall => Ok(&self.small),
            Task::VerifyLarge => Ok(&self.large),
            Task::VerifyHashed => Ok(&self.hashed),
            _ => anyhow::bail!("{task:?} verifies nothing"),
        }
    }

    /// Requests to spend and to decide about, each used once in a batch.
    #[must_use]
    pub fn orders(&self) -> &[Signed] {
        &self.orders
    }
}
