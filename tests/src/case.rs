//! What a runtime is asked, as the vector files have it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// What a runtime answers, or is expected to: the members that `tests/vectors/README.md` lists.
pub type Answer = Map<String, Value>;

/// Bytes that JSON holds in base64 (RFC 4648 section 4, with padding).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// The base64 text.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base64())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Bytes).map_err(D::Error::custom)
    }
}

/// One question, and the answer that is expected.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Case {
    /// Names the case, once among all files.
    pub id: String,
    /// What is asked.
    #[serde(flatten)]
    pub kind: Kind,
    /// The members that the answer must have. It may have more only if every runtime has the same.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub expect: Answer,
}

impl Case {
    /// A case without an expectation.
    #[must_use]
    pub fn new(id: impl Into<String>, kind: Kind) -> Self {
        Case {
            id: id.into(),
            kind,
            expect: Answer::new(),
        }
    }
}

/// The kinds of question, one for each thing that a user does with the module.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// Which bytes does a signature cover?
    Base(Base),
    /// How is this request signed?
    Sign(Sign),
    /// Is this request let through?
    Check(Check),
    /// Does a digest field fit the body?
    DigestCheck(DigestCheck),
    /// Which `Content-Digest` has this body?
    Digest(Digest),
    /// What is the HMAC-SHA-256?
    Mac(Mac),
    /// Is this a token?
    TokenCheck(TokenCheck),
}

/// A request.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The request target as on the request line.
    pub target: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Names and values; a value may hold obsolete line foldings.
    pub headers: Vec<(String, String)>,
    /// The body; absent: empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Bytes>,
    /// A digest that the platform made in place of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_digest: Option<PlatformDigest>,
    /// What the host calls the peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
}

/// A digest made outside the module.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PlatformDigest {
    /// `sha-256` or `sha-512`.
    pub algorithm: String,
    /// The bytes of the digest.
    pub value: Bytes,
}

/// A response, for its signature base.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
}

/// Field lines as they go over the wire, each `name: value` and CRLF.
#[must_use]
pub fn header_block(headers: &[(String, String)]) -> String {
    headers
        .iter()
        .flat_map(|(name, value)| [name.as_str(), ": ", value.as_str(), "\r\n"])
        .collect()
}

/// Asks for the signature base of a request or of a response.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Base {
    /// The request, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// The response, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// Which signature; absent: the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Asks for the fields that sign a request.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Sign {
    /// What is signed.
    pub request: Request,
    /// By which key.
    pub key: Key,
    /// And how.
    pub options: Options,
}

/// A key that signs.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Key {
    /// Its id.
    pub keyid: String,
    /// Its secret.
    pub secret: Bytes,
}

/// How to sign; what is absent has the default of the module.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Options {
    /// The label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The covered components, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub components: Option<Vec<String>>,
    /// Seconds since 1970.
    pub created: u64,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
    /// The nonce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Whether the algorithm is stated.
    #[serde(default, skip_serializing_if = "is_false")]
    pub with_algorithm: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Asks whether a request is let through: verified, its token spent, and the policy asked if there
/// is a bundle.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Check {
    /// What was received.
    pub request: Request,
    /// The keyring, as the module reads it.
    pub keyring: Value,
    /// The profile, as the module reads it.
    pub profile: Value,
    /// The policy bundle in base64, or `pack:NAME` in a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
    /// The context of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Value>,
    /// Seconds since 1970.
    pub now: u64,
    /// How often the request comes in; the answer is that to the last time.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_once(times: &u32) -> bool {
    *times == 1
}

/// Asks whether a digest field fits the body.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DigestCheck {
    /// `content-digest` or `repr-digest`.
    pub field: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// Asks for a `Content-Digest`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Digest {
    /// `sha-256` or `sha-512`.
    pub algorithm: String,
    /// The body.
    pub body: Bytes,
    /// At how many bytes the body is cut into two pieces; absent: it comes in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<usize>,
}

impl Digest {
    /// The pieces of the body.
    #[must_use]
    pub fn pieces(&self) -> (&[u8], &[u8]) {
        let body = self.body.0.as_slice();
        self.split
            .and_then(|at| body.split_at_checked(at))
            .unwrap_or((body, &[]))
    }
}

/// Asks for an HMAC-SHA-256.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Mac {
    /// The raw key.
    pub key: Bytes,
    /// The message.
    pub message: Bytes,
}

/// Asks whether a text is a token.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct TokenCheck {
    /// The text.
    pub token: String,
}
