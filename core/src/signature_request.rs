//! `Accept-Signature`: the signatures that one side asks the other for (RFC 9421 section 5).

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::headers::Headers;
use crate::instant::UnixSeconds;
use crate::key::Algorithm;
use crate::refusal::{Code, Refusal};
use crate::sign::{SignOptions, push_component, push_text_parameter, wrong_option};
use crate::signature_input::{MAX_COMPONENTS, MAX_SIGNATURES};
use crate::signing_key::SigningKey;
use crate::structured::{BareItem, Cursor, InnerList, push_key};

/// A signature that is asked for: one member of `Accept-Signature`.
///
/// In a response it is asked of the client's next request, in a request of its response.
///
/// ```
/// use core::time::Duration;
/// use countersign_core::{Headers, SignatureRequest, SigningKey, UnixSeconds, signature_requests};
/// // One side asks.
/// let asked = SignatureRequest::new("sig1").components(["@method", "@path"]).created().tag("app-123");
/// let line = format!("Accept-Signature: {}\r\n", asked.to_member()?);
///
/// // The other honours it.
/// let asked = signature_requests(&Headers::parse(line.as_bytes())?)?;
/// let key = SigningKey::ed25519("k7", &[7; 32])?;
/// let options = asked[0].options(&key, UnixSeconds::new(1_800_000_000), Duration::from_mins(1))?;
/// # let _ = options;
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureRequest {
    label: String,
    components: Vec<String>,
    created: bool,
    expires: bool,
    nonce: Option<String>,
    alg: Option<String>,
    keyid: Option<String>,
    tag: Option<String>,
    /// A parameter that RFC 9421 doesn't define.
    unknown: Option<String>,
}

impl SignatureRequest {
    /// A signature with this label, over nothing yet.
    #[must_use]
    pub fn new(label: impl Into<String>) -> Self {
        SignatureRequest {
            label: label.into(),
            ..Self::default()
        }
    }

    /// The components to cover, as in [`SignOptions::components`].
    #[must_use]
    pub fn components<S: Into<String>>(mut self, components: impl IntoIterator<Item = S>) -> Self {
        self.components = components.into_iter().map(Into::into).collect();
        self
    }

    /// Asks for the time of creation.
    #[must_use]
    pub fn created(mut self) -> Self {
        self.created = true;
        self
    }

    /// Asks for an end.
    #[must_use]
    pub fn expires(mut self) -> Self {
        self.expires = true;
        self
    }

    /// The nonce that the signature is to carry.
    #[must_use]
    pub fn nonce(mut self, nonce: impl Into<String>) -> Self {
        self.nonce = Some(nonce.into());
        self
    }

    /// The algorithm to sign by.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.alg = Some(algorithm.as_str().into());
        self
    }

    /// The key to sign with.
    #[must_use]
    pub fn keyid(mut self, keyid: impl Into<String>) -> Self {
        self.keyid = Some(keyid.into());
        self
    }

    /// The tag that the signature is to carry.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// The label that the signature is to have.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The nonce that is asked for.
    #[must_use]
    pub fn asked_nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// The member of `Accept-Signature`; several are joined by a comma and a space.
    ///
    /// # Errors
    /// `options_malformed` for what can't be written.
    pub fn to_member(&self) -> Result<String, Refusal> {
        let mut out = String::with_capacity(128);
        push_key(&mut out, &self.label).map_err(|_| wrong_option(&self.label))?;
        out.push_str("=(");
        for component in &self.components {
            push_component(&mut out, component)?;
        }
        out.push(')');
        for (name, is_asked) in [("created", self.created), ("expires", self.expires)] {
            if is_asked {
                out.push(';');
                out.push_str(name);
            }
        }
        let texts = [
            ("nonce", &self.nonce),
            ("alg", &self.alg),
            ("keyid", &self.keyid),
            ("tag", &self.tag),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                push_text_parameter(&mut out, name, value)?;
            }
        }
        Ok(out)
    }

    /// How to sign as is asked, with this key, now; a signature that is to have an end has it after
    /// `lifetime`. `created` and `keyid` are there whether asked for or not. The nonce is the one that
    /// is asked for; add one where none is.
    ///
    /// # Errors
    /// `signature_request_impossible` if another key or algorithm is asked for, or a parameter that
    /// RFC 9421 doesn't define. What can't be covered is refused by [`sign`](crate::sign).
    pub fn options(
        &self,
        key: &SigningKey,
        now: UnixSeconds,
        lifetime: Duration,
    ) -> Result<SignOptions, Refusal> {
        let differs = |asked: &Option<String>, own| asked.as_deref().is_some_and(|one| one != own);
        let impossible = if let Some(unknown) = &self.unknown {
            Some(unknown.as_str())
        } else if differs(&self.keyid, key.id().as_str()) {
            Some("keyid")
        } else if differs(&self.alg, key.algorithm().as_str()) {
            Some("alg")
        } else {
            None
        };
        if let Some(name) = impossible {
            return Err(Refusal::named(Code::SignatureRequestImpossible, name));
        }
        let mut options = SignOptions::new(now)
            .label(self.label.as_str())
            .components(self.components.iter().map(String::as_str))
            .with_algorithm(self.alg.is_some());
        if self.expires {
            options = options.expires(now.after(lifetime));
        }
        if let Some(nonce) = &self.nonce {
            options = options.nonce(nonce.as_str());
        }
        if let Some(tag) = &self.tag {
            options = options.tag(tag.as_str());
        }
        Ok(options)
    }

    fn read(label: &str, list: &InnerList<'_>) -> Result<Self, Refusal> {
        let wrong = |name| Refusal::named(Code::AcceptSignatureMalformed, name);
        let mut request = Self::new(label);
        if list.items.len() > MAX_COMPONENTS {
            return Err(Code::TooManyComponents.into());
        }
        for item in &list.items {
            if !matches!(item.value, BareItem::String(_)) {
                return Err(wrong(label));
            }
            request.components.push(item.serialise()?);
        }
        for (name, value) in list.parameters.iter() {
            let text = match name {
                "created" | "expires" => {
                    if *value != BareItem::Boolean(true) {
                        return Err(wrong(name));
                    }
                    request.created |= name == "created";
                    request.expires |= name == "expires";
                    continue;
                }
                "nonce" => &mut request.nonce,
                "alg" => &mut request.alg,
                "keyid" => &mut request.keyid,
                "tag" => &mut request.tag,
                _ => {
                    request.unknown = Some(name.into());
                    continue;
                }
            };
            match value {
                BareItem::String(value) => *text = Some(value.as_ref().into()),
                _ => return Err(wrong(name)),
            }
        }
        Ok(request)
    }
}

/// Every member of every `Accept-Signature` line, in order.
///
/// # Errors
/// `accept_signature_malformed`, `label_duplicate`, `too_many_signatures`, `too_many_components`.
pub fn signature_requests(headers: &Headers<'_>) -> Result<Vec<SignatureRequest>, Refusal> {
    let mut requests: Vec<SignatureRequest> = Vec::new();
    for value in headers.all("accept-signature") {
        let mut cursor = Cursor::new("accept-signature", Code::AcceptSignatureMalformed, value);
        loop {
            let label = cursor.key()?;
            cursor.expect(b'=')?;
            cursor.expect(b'(')?;
            if requests.iter().any(|request| request.label == label) {
                return Err(Refusal::named(Code::LabelDuplicate, label));
            }
            if requests.len() == MAX_SIGNATURES {
                return Err(Code::TooManySignatures.into());
            }
            let list = InnerList::read_rest(&mut cursor)?;
            requests.push(SignatureRequest::read(label, &list)?);
            if !cursor.next_member()? {
                break;
            }
        }
    }
    Ok(requests)
}
