//! The request that both sign.

/// `POST https://api.example.com/v1/orders?dry=1` with a body of JSON, or none.
pub(crate) struct Order {
    pub(crate) body: Vec<u8>,
}

pub(crate) const AUTHORITY: &str = "api.example.com";
pub(crate) const PATH: &str = "/v1/orders";
pub(crate) const QUERY: &str = "?dry=1";
pub(crate) const TARGET: &str = "/v1/orders?dry=1";
pub(crate) const LINES: &str = "Host: api.example.com\r\nContent-Type: application/json\r\n";
pub(crate) const ID: &str = "k7";
pub(crate) const NONCE: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const NOW: u64 = 1_800_000_000;

/// The fields that a signer adds.
pub(crate) struct Fields {
    pub(crate) signature_input: String,
    pub(crate) signature: String,
    pub(crate) content_digest: Option<String>,
    /// All header lines with them.
    pub(crate) lines: String,
}

impl Fields {
    pub(crate) fn new(
        signature_input: String,
        signature: String,
        content_digest: Option<String>,
    ) -> Self {
        Fields {
            signature_input,
            signature,
            content_digest,
            lines: String::new(),
        }
    }

    /// The same with their header lines, as a verifier gets them.
    pub(crate) fn received(mut self) -> Self {
        LINES.clone_into(&mut self.lines);
        for (name, value) in [
            ("Content-Digest", self.content_digest.as_deref()),
            ("Signature-Input", Some(&*self.signature_input)),
            ("Signature", Some(&*self.signature)),
        ] {
            if let Some(value) = value {
                self.lines.extend([name, ": ", value, "\r\n"]);
            }
        }
        self
    }
}

impl Order {
    pub(crate) fn new(length: usize) -> Self {
        let frame = b"{\"note\":\"\"}".len();
        let note = "x".repeat(length.saturating_sub(frame));
        Order {
            body: if length == 0 {
                Vec::new()
            } else {
                format!("{{\"note\":\"{note}\"}}").into_bytes()
            },
        }
    }
}
