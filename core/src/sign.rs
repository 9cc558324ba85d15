//! Signing: the fields that are added to a request or a response.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base64;
use crate::components::View;
use crate::digest::{BodyDigest, DigestAlgorithm, content_digest};
use crate::headers::{Field, is_token};
use crate::instant::UnixSeconds;
use crate::profile::RESPONSE_COMPONENTS;
use crate::refusal::{Code, Refusal, push_decimal};
use crate::request::{Body, Message, Request, Response};
use crate::signature_base::{self, origin_of};
use crate::signature_input::{SignatureInput, presented_inputs};
use crate::signing_key::SigningKey;
use crate::structured::{Cursor, FieldType, FieldTypes, push_key, push_string};

const REQUEST_COMPONENTS: [&str; 4] = ["@method", "@authority", "@path", "@query"];

/// What to sign, and with which parameters.
///
/// ```
/// use countersign_core::{SignOptions, UnixSeconds};
/// let options = SignOptions::new(UnixSeconds::new(1_800_000_000)).nonce("c2f1").tag("orders");
/// ```
#[derive(Clone, Debug)]
pub struct SignOptions {
    label: String,
    components: Option<Vec<String>>,
    created: UnixSeconds,
    expires: Option<UnixSeconds>,
    nonce: Option<String>,
    tag: Option<String>,
    with_algorithm: bool,
    digest: DigestAlgorithm,
    types: FieldTypes,
}

impl SignOptions {
    /// Label `sig1`; covers `@method @authority @path @query` of a request, or `@status` of a response
    /// and those four of the request that it answers; and `content-digest` if there is a body. No
    /// `expires`, `nonce`, `tag` or `alg`; SHA-256 for the digest.
    #[must_use]
    pub fn new(created: UnixSeconds) -> Self {
        SignOptions {
            label: "sig1".into(),
            components: None,
            created,
            expires: None,
            nonce: None,
            tag: None,
            with_algorithm: false,
            digest: DigestAlgorithm::Sha256,
            types: FieldTypes::new(),
        }
    }

    /// The label of the signature: another one than those of the signatures that the message has.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The covered components in order, each as a name (`@method`, `content-type`) or as a whole
    /// identifier (`"@query-param";name="Pet"`, `"signature";req;key="sig1"`).
    #[must_use]
    pub fn components<S: Into<String>>(mut self, components: impl IntoIterator<Item = S>) -> Self {
        self.components = Some(components.into_iter().map(Into::into).collect());
        self
    }

    /// After when the signature no longer counts.
    #[must_use]
    pub fn expires(mut self, expires: UnixSeconds) -> Self {
        self.expires = Some(expires);
        self
    }

    /// A value that the key uses once: at least 128 bits of randomness, as text.
    #[must_use]
    pub fn nonce(mut self, nonce: impl Into<String>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// What application the signature is for.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// Whether to state the algorithm. A verifier takes it from the key, so it need not.
    #[must_use]
    pub fn with_algorithm(mut self, with_algorithm: bool) -> Self {
        self.with_algorithm = with_algorithm;
        self
    }

    /// Which digest is made of a body that has none yet (see
    /// [`wanted_digest`](crate::wanted_digest)); one that the platform made is taken as it is.
    #[must_use]
    pub fn digest(mut self, algorithm: DigestAlgorithm) -> Self {
        self.digest = algorithm;
        self
    }

    /// The type of a field that is structured and not registered so, by its name in lower case: a
    /// component with `sf` or `key` needs it.
    #[must_use]
    pub fn structured_field(mut self, name: impl Into<String>, field_type: FieldType) -> Self {
        self.types = self.types.with(name, field_type);
        self
    }

    /// The member of `Signature-Input` without its label.
    fn to_member(&self, message: Message<'_, '_>, key: &SigningKey) -> Result<String, Refusal> {
        let mut out = String::with_capacity(256);
        out.push('(');
        if let Some(components) = &self.components {
            for component in components {
                push_component(&mut out, component)?;
            }
        } else {
            let components: &[&str] = match message {
                Message::Request(_) => &REQUEST_COMPONENTS,
                Message::Response(response) if response.request.is_none() => &["@status"],
                Message::Response(_) => &RESPONSE_COMPONENTS,
            };
            let digest = (!message.body().is_empty()).then_some("content-digest");
            for component in components.iter().copied().chain(digest) {
                push_component(&mut out, component)?;
            }
        }
        out.push_str(");created=");
        push_seconds(&mut out, self.created);
        if let Some(expires) = self.expires {
            out.push_str(";expires=");
            push_seconds(&mut out, expires);
        }
        let alg = self.with_algorithm.then(|| key.algorithm().as_str());
        let texts = [
            ("nonce", self.nonce.as_deref()),
            ("alg", alg),
            ("keyid", Some(key.id().as_str())),
            ("tag", self.tag.as_deref()),
        ];
        for (name, value) in texts
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
        {
            push_text_parameter(&mut out, name, value)?;
        }
        Ok(out)
    }
}

/// Appends a component, parted from the one before it.
pub(crate) fn push_component(out: &mut String, component: &str) -> Result<(), Refusal> {
    if !out.as_bytes().ends_with(b"(") {
        out.push(' ');
    }
    if component.starts_with('"') {
        out.push_str(component);
        Ok(())
    } else {
        push_string(out, component).map_err(|_| wrong_option(component))
    }
}

/// Appends a parameter whose value is a String.
pub(crate) fn push_text_parameter(
    out: &mut String,
    name: &str,
    value: &str,
) -> Result<(), Refusal> {
    out.push(';');
    out.push_str(name);
    out.push('=');
    push_string(out, value).map_err(|_| wrong_option(value))
}

pub(crate) fn wrong_option(text: &str) -> Refusal {
    Refusal::named(Code::OptionsMalformed, text)
}

fn push_seconds(out: &mut String, instant: UnixSeconds) {
    push_decimal(out, i64::try_from(instant.get()).unwrap_or(i64::MAX));
}

/// The values of the fields to add to the message. A message that is signed already gets them as
/// lines of their own, beside those that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// `Signature-Input`
    pub signature_input: String,
    /// `Signature`
    pub signature: String,
    /// `Content-Digest`, where the message had none and the signature covers it.
    pub content_digest: Option<String>,
}

impl Signed {
    /// The fields as header lines, each ended by CRLF, to append to the block of the message.
    #[must_use]
    pub fn header_lines(&self) -> String {
        let mut out = String::with_capacity(512);
        let fields = [
            ("Content-Digest: ", self.content_digest.as_deref()),
            ("Signature-Input: ", Some(self.signature_input.as_str())),
            ("Signature: ", Some(self.signature.as_str())),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                out.push_str(name);
                out.push_str(value);
                out.push_str("\r\n");
            }
        }
        out
    }
}

/// Signs a request (RFC 9421 section 3.1).
///
/// # Errors
/// `options_malformed` for a label, nonce, tag or component that can't be written; `label_duplicate`
/// where the message has a signature of this label; `component_missing` and the other refusals of a
/// component.
pub fn sign(
    request: &Request<'_>,
    key: &SigningKey,
    options: &SignOptions,
) -> Result<Signed, Refusal> {
    if !is_token(request.method) {
        return Err(Code::MethodMalformed.into());
    }
    sign_message(Message::Request(request), key, options)
}

/// Signs a response, bound to the request that it answers (RFC 9421 section 2.4).
///
/// # Errors
/// Those of [`sign`].
///
/// ```
/// use countersign_core::{
///     Body, Headers, Request, Response, Scheme, SignOptions, SigningKey, UnixSeconds, sign_response,
/// };
/// let request = Request {
///     method: "GET",
///     target: "/v1/markets",
///     scheme: Scheme::Https,
///     headers: Headers::parse(b"Host: api.example.com\r\n")?,
///     body: Body::Bytes(b""),
///     peer: None,
/// };
/// let response = Response {
///     status: 200,
///     headers: Headers::parse(b"Content-Type: application/json\r\n")?,
///     body: Body::Bytes(b"[]"),
///     request: Some(&request),
/// };
/// let key = SigningKey::ed25519("server-1", &[7; 32])?;
/// let signed = sign_response(&response, &key, &SignOptions::new(UnixSeconds::new(1_800_000_000)))?;
/// assert!(signed.signature_input.starts_with("sig1=(\"@status\" \"@method\";req "));
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
pub fn sign_response(
    response: &Response<'_>,
    key: &SigningKey,
    options: &SignOptions,
) -> Result<Signed, Refusal> {
    sign_message(Message::Response(response), key, options)
}

fn sign_message(
    message: Message<'_, '_>,
    key: &SigningKey,
    options: &SignOptions,
) -> Result<Signed, Refusal> {
    let label = options.label.as_str();
    let mut signature_input = String::with_capacity(256);
    push_key(&mut signature_input, label).map_err(|_| wrong_option(label))?;
    let headers = message.headers();
    let taken = presented_inputs(headers)?;
    if taken.iter().any(|input| input.label() == label) {
        return Err(Refusal::named(Code::LabelDuplicate, label));
    }
    let member = options.to_member(message, key)?;
    let mut cursor = Cursor::new("signature-input", Code::OptionsMalformed, &member);
    let input = SignatureInput::parse(label, &mut cursor)?;
    if !cursor.is_at_end() {
        return Err(cursor.error());
    }

    let has_digest = content_digest(headers, "content-digest", message.body())?;
    let mut in_head = input.components().iter().filter(|one| one.is_of_head());
    let wants_digest = !has_digest && in_head.any(|one| one.name() == "content-digest");
    let content_digest = wants_digest.then(|| match message.body() {
        Body::Bytes(bytes) => BodyDigest::of(options.digest, bytes).to_field(),
        Body::Digest(digest) => digest.to_field(),
    });
    let with_digest = content_digest.as_deref().map(|value| {
        headers.with(Field {
            name: "content-digest",
            value,
        })
    });
    let view = View {
        message,
        headers: with_digest.as_ref().unwrap_or(headers),
        origin: &origin_of(message)?,
        types: &options.types,
    };
    let base = signature_base::build(view, &input)?;
    let value = key.sign(base.as_bytes());

    signature_input.push('=');
    signature_input.push_str(input.as_str());
    let mut signature = String::with_capacity(label.len() + 96);
    signature.push_str(label);
    signature.push_str("=:");
    base64::push(&mut signature, value.as_bytes());
    signature.push(':');
    Ok(Signed {
        signature_input,
        signature,
        content_digest,
    })
}
