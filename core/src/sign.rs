//! Signing: the fields that a client adds to its request.

use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64, Encoding as _};

use crate::digest::{BodyDigest, DigestAlgorithm, content_digest};
use crate::headers::{Field, is_token};
use crate::instant::UnixSeconds;
use crate::key::SigningKey;
use crate::origin::Origin;
use crate::refusal::{Code, Refusal, push_decimal};
use crate::request::{Body, Message, Request};
use crate::signature_base;
use crate::signature_input::SignatureInput;
use crate::structured::Cursor;

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
}

impl SignOptions {
    /// Label `sig1`; covers `@method @authority @path @query`, and `content-digest` if there is a
    /// body; no `expires`, `nonce`, `tag` or `alg`.
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
        }
    }

    /// The label of the signature.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The covered components in order, each as a name (`@method`, `content-type`) or as a whole
    /// identifier (`"@query-param";name="Pet"`).
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

    /// The member of `Signature-Input` without its label.
    fn to_member(&self, request: &Request<'_>, key: &SigningKey) -> Result<String, Refusal> {
        let mut out = String::with_capacity(256);
        out.push('(');
        let default: &[&str] = if request.body.is_empty() {
            &["@method", "@authority", "@path", "@query"]
        } else {
            &["@method", "@authority", "@path", "@query", "content-digest"]
        };
        let mut separator = "";
        let mut push = |out: &mut String, component: &str| {
            out.push_str(separator);
            separator = " ";
            if component.starts_with('"') {
                out.push_str(component);
            } else {
                push_string(out, component)?;
            }
            Ok::<(), Refusal>(())
        };
        match &self.components {
            Some(components) => components
                .iter()
                .try_for_each(|component| push(&mut out, component))?,
            None => default
                .iter()
                .try_for_each(|component| push(&mut out, component))?,
        }
        out.push_str(");created=");
        push_decimal(
            &mut out,
            i64::try_from(self.created.get()).unwrap_or(i64::MAX),
        );
        if let Some(expires) = self.expires {
            out.push_str(";expires=");
            push_decimal(&mut out, i64::try_from(expires.get()).unwrap_or(i64::MAX));
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
            out.push(';');
            out.push_str(name);
            out.push('=');
            push_string(&mut out, value)?;
        }
        Ok(out)
    }
}

/// The values of the fields to add to the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// `Signature-Input`
    pub signature_input: String,
    /// `Signature`
    pub signature: String,
    /// `Content-Digest`, where the request had none and the signature covers it.
    pub content_digest: Option<String>,
}

/// Signs a request (RFC 9421 section 3.1).
///
/// # Errors
/// `options_malformed` for a label, nonce, tag or component that can't be written;
/// `component_missing` and the other refusals of a component.
pub fn sign(
    request: &Request<'_>,
    key: &SigningKey,
    options: &SignOptions,
) -> Result<Signed, Refusal> {
    if !is_token(request.method) {
        return Err(Code::MethodMalformed.into());
    }
    let label = options.label.as_str();
    let mut label_cursor = Cursor::new("label", Code::OptionsMalformed, label);
    label_cursor.key()?;
    if !label_cursor.is_at_end() {
        return Err(label_cursor.error());
    }
    let member = options.to_member(request, key)?;
    let mut cursor = Cursor::new("signature-input", Code::OptionsMalformed, &member);
    let input = SignatureInput::parse(label, &mut cursor)?;
    if !cursor.is_at_end() {
        return Err(cursor.error());
    }

    let has_digest = content_digest(&request.headers, "content-digest", &request.body)?;
    let wants_digest = input.covers("content-digest") && !has_digest;
    let content_digest = wants_digest.then(|| match request.body {
        Body::Bytes(bytes) => BodyDigest::of(DigestAlgorithm::Sha256, bytes).to_field(),
        Body::Digest(digest) => digest.to_field(),
    });
    let base = match &content_digest {
        Some(value) => {
            let headers = request.headers.with(Field {
                name: "content-digest",
                value,
            });
            base_of(
                &Request {
                    headers,
                    ..request.clone()
                },
                &input,
            )?
        }
        None => base_of(request, &input)?,
    };
    let mac = key.sign(&base);

    let mut signature_input = String::with_capacity(label.len() + member.len() + 1);
    signature_input.push_str(label);
    signature_input.push('=');
    signature_input.push_str(input.as_str());
    let mut signature = String::with_capacity(label.len() + 48);
    signature.push_str(label);
    signature.push_str("=:");
    signature.push_str(&Base64::encode_string(&mac));
    signature.push(':');
    Ok(Signed {
        signature_input,
        signature,
        content_digest,
    })
}

fn base_of(request: &Request<'_>, input: &SignatureInput<'_>) -> Result<String, Refusal> {
    signature_base::build(Message::Request(request), &Origin::of(request)?, input)
}

/// Appends a structured-field String (RFC 9651 section 4.1.6).
fn push_string(out: &mut String, text: &str) -> Result<(), Refusal> {
    out.push('"');
    for c in text.chars() {
        if !matches!(c, ' '..='~') {
            return Err(Refusal::named(Code::OptionsMalformed, text));
        }
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    Ok(())
}
