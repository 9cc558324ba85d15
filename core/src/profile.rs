//! What a verifier demands of a signature, and what it believes about the connection.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::components::Component;
use crate::key::Environment;
use crate::members::Members;
use crate::policy::Value;
use crate::refusal::{Code, Refusal};
use crate::signature_input::SignatureInput;
use crate::structured::{Cursor, FieldType, FieldTypes};

/// What a signature of a response covers at least, or by default.
pub(crate) const RESPONSE_COMPONENTS: [&str; 5] = [
    "@status",
    "\"@method\";req",
    "\"@authority\";req",
    "\"@path\";req",
    "\"@query\";req",
];

/// What a verifier demands. Every default is the strict one; each method loosens or narrows one
/// rule.
///
/// ```
/// use core::time::Duration;
/// use countersign_core::{Environment, Profile};
/// let profile = Profile::new(Environment::Live)
///     .max_age(Duration::from_secs(60))
///     .authorities(["api.example.com"]);
/// ```
#[derive(Clone, Debug)]
pub struct Profile {
    environment: Environment,
    required: Vec<String>,
    label: Option<String>,
    tag: Option<String>,
    max_age: Duration,
    clock_skew: Duration,
    keyring_grace: Duration,
    nonce_required: bool,
    reveal_base: bool,
    expires_required: bool,
    max_body: usize,
    authorities: Vec<String>,
    forwarded: Forwarded,
    types: FieldTypes,
}

impl Profile {
    /// Covers at least `@method @authority @path @query`, and `content-digest` where there is a
    /// body; at most 300 s old; 30 s of clock skew; a nonce; bodies up to 1 MiB; forwarded fields
    /// ignored.
    #[must_use]
    pub fn new(environment: Environment) -> Self {
        Profile {
            environment,
            required: ["@method", "@authority", "@path", "@query"]
                .map(String::from)
                .into(),
            label: None,
            tag: None,
            max_age: Duration::from_mins(5),
            clock_skew: Duration::from_secs(30),
            keyring_grace: Duration::ZERO,
            nonce_required: true,
            reveal_base: false,
            expires_required: false,
            max_body: 1 << 20,
            authorities: Vec::new(),
            forwarded: Forwarded::ignore(),
            types: FieldTypes::new(),
        }
    }

    /// For responses: covers at least `@status` and `@method @authority @path @query` of the request
    /// that is answered, and `content-digest` where there is a body; at most 300 s old; 30 s of clock
    /// skew; no nonce.
    ///
    /// A response that is bound to a signed request by `"signature";req;key="sig1"` can be no answer to
    /// another one: demand that where the server can do it.
    #[must_use]
    pub fn for_responses(environment: Environment) -> Self {
        Self::new(environment)
            .require(RESPONSE_COMPONENTS)
            .nonce_required(false)
    }

    /// Reads a profile from JSON; what is left out keeps its default, what is unknown is refused.
    ///
    /// Members: `environment` (required), `required` (components), `label`, `tag`, `max_age`,
    /// `clock_skew`, `keyring_grace` (all in seconds), `nonce_required`, `expires_required`, `reveal_base` (refused
    /// for `live`), `max_body` (bytes),
    /// `authorities`, `structured_fields` (`item`, `list` or `dictionary` by the field's name), and
    /// `forwarded` with `peers`, `scheme_field`, `authority_field` and `target_field`.
    ///
    /// # Errors
    /// `profile_malformed`.
    ///
    /// ```
    /// use countersign_core::Profile;
    /// let profile = Profile::from_json(r#"{"environment": "live", "max_age": 60}"#)?;
    /// # Ok::<(), countersign_core::Refusal>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, Refusal> {
        let mut members = Members::read(text, Code::ProfileMalformed)?;
        let environment = members.text("environment")?;
        let environment = environment
            .as_deref()
            .and_then(Environment::parse)
            .ok_or_else(|| Refusal::named(Code::ProfileMalformed, "environment"))?;
        let mut profile = Profile::new(environment);
        let seconds = |seconds: Option<u64>, default| seconds.map_or(default, Duration::from_secs);
        profile.required = members.texts("required")?.unwrap_or(profile.required);
        profile.label = members.text("label")?.map(String::from);
        profile.tag = members.text("tag")?.map(String::from);
        profile.max_age = seconds(members.number("max_age")?, profile.max_age);
        profile.clock_skew = seconds(members.number("clock_skew")?, profile.clock_skew);
        profile.keyring_grace = seconds(members.number("keyring_grace")?, profile.keyring_grace);
        if members.boolean("reveal_base")?.unwrap_or(false) {
            if environment == Environment::Live {
                return Err(Refusal::named(Code::ProfileMalformed, "reveal_base"));
            }
            profile.reveal_base = true;
        }
        profile.nonce_required = members
            .boolean("nonce_required")?
            .unwrap_or(profile.nonce_required);
        profile.expires_required = members
            .boolean("expires_required")?
            .unwrap_or(profile.expires_required);
        if let Some(bytes) = members.number("max_body")? {
            profile.max_body = usize::try_from(bytes).unwrap_or(usize::MAX);
        }
        profile.authorities = members.texts("authorities")?.unwrap_or_default();
        for (name, value) in members
            .record("structured_fields")?
            .unwrap_or_default()
            .iter()
        {
            let field_type = match value {
                Value::String(text) => FieldType::parse(text),
                _ => None,
            };
            let field_type =
                field_type.ok_or_else(|| Refusal::named(Code::ProfileMalformed, name))?;
            profile = profile.structured_field(name, field_type);
        }
        if let Some(record) = members.record("forwarded")? {
            let mut members = Members::of(record, Code::ProfileMalformed);
            let peers = members.texts("peers")?;
            profile.forwarded = Forwarded {
                peers: peers.ok_or_else(|| Refusal::named(Code::ProfileMalformed, "peers"))?,
                scheme_field: members.text("scheme_field")?.map(String::from),
                authority_field: members.text("authority_field")?.map(String::from),
                target_field: members.text("target_field")?.map(String::from),
            };
            members.end()?;
        }
        members.end()?;
        Ok(profile)
    }

    /// The components that must be covered, each as a name (`@method`, `content-type`) or as a whole
    /// identifier (`"@method";req`, `"signature";req;key="sig1"`). `@target-uri` stands in for `@scheme`, `@authority`,
    /// `@path` and `@query`; `@request-target` for the last two.
    #[must_use]
    pub fn require<S: Into<String>>(mut self, components: impl IntoIterator<Item = S>) -> Self {
        self.required = components.into_iter().map(Into::into).collect();
        self
    }

    /// Only the signature with this label counts.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Only a signature with this `tag` counts.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// How long after `created` a signature is accepted, in whole seconds.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// How far the sender's clock may be from ours, in whole seconds: it counts before `created`
    /// and after the end.
    #[must_use]
    pub fn clock_skew(mut self, clock_skew: Duration) -> Self {
        self.clock_skew = clock_skew;
        self
    }

    /// How long a ring of an edge serves after the end of its [snapshot](crate::snapshot), while its source
    /// can't be reached: not at all by default. A key that is revoked in the meantime is still accepted.
    #[must_use]
    pub fn keyring_grace(mut self, grace: Duration) -> Self {
        self.keyring_grace = grace;
        self
    }

    /// Whether a nonce is required. Without one the signature itself can be used once.
    #[must_use]
    pub fn nonce_required(mut self, required: bool) -> Self {
        self.nonce_required = required;
        self
    }

    /// Whether a stranger whose signature is wrong is shown the base that was expected, so that it can be
    /// compared with the one that was signed. Never the MAC; and never in [`Environment::Live`], where this
    /// does nothing: a base tells what proxies have made of a request.
    #[must_use]
    pub fn reveal_base(mut self, reveal: bool) -> Self {
        self.reveal_base = reveal;
        self
    }

    /// Whether `expires` is required.
    #[must_use]
    pub fn expires_required(mut self, required: bool) -> Self {
        self.expires_required = required;
        self
    }

    /// The largest body, in bytes.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// The authorities served, in lower case and without a default port. Empty: any, which is safe
    /// only where something before the verifier has checked it.
    #[must_use]
    pub fn authorities<S: Into<String>>(
        mut self,
        authorities: impl IntoIterator<Item = S>,
    ) -> Self {
        self.authorities = authorities.into_iter().map(Into::into).collect();
        self
    }

    /// Which peers may say, by which fields, where a request was really sent.
    #[must_use]
    pub fn forwarded(mut self, forwarded: Forwarded) -> Self {
        self.forwarded = forwarded;
        self
    }

    /// The type of a field that is structured and not registered so, by its name in lower case: a
    /// component with `sf` or `key` needs it.
    #[must_use]
    pub fn structured_field(mut self, name: impl Into<String>, field_type: FieldType) -> Self {
        self.types = self.types.with(name, field_type);
        self
    }

    pub(crate) fn field_types(&self) -> &FieldTypes {
        &self.types
    }

    pub(crate) fn environment(&self) -> Environment {
        self.environment
    }

    pub(crate) fn allowed_authorities(&self) -> &[String] {
        &self.authorities
    }

    pub(crate) fn trusted_forwarding(&self) -> &Forwarded {
        &self.forwarded
    }

    pub(crate) fn body_limit(&self) -> usize {
        self.max_body
    }

    pub(crate) fn reveals_base(&self) -> bool {
        self.reveal_base && self.environment != Environment::Live
    }

    pub(crate) fn age_limit(&self) -> Duration {
        self.max_age
    }

    pub(crate) fn grace(&self) -> Duration {
        self.keyring_grace
    }

    pub(crate) fn skew(&self) -> Duration {
        self.clock_skew
    }

    /// The one signature that label and tag select.
    pub(crate) fn select<'a>(
        &self,
        mut inputs: Vec<SignatureInput<'a>>,
    ) -> Result<SignatureInput<'a>, Refusal> {
        let matches = |input: &SignatureInput<'a>| {
            self.label
                .as_deref()
                .is_none_or(|label| input.label() == label)
                && self
                    .tag
                    .as_deref()
                    .is_none_or(|tag| input.parameters().tag.as_deref() == Some(tag))
        };
        inputs.retain(matches);
        let selected = inputs.pop().ok_or(Code::SignatureMissing)?;
        if inputs.is_empty() {
            Ok(selected)
        } else {
            Err(Code::SignatureAmbiguous.into())
        }
    }

    /// Refuses a signature that covers too little or lacks a parameter.
    pub(crate) fn demand(&self, input: &SignatureInput<'_>, has_body: bool) -> Result<(), Refusal> {
        for name in &self.required {
            if !covers(input, name) {
                return Err(Refusal::named(Code::ComponentNotCovered, name));
            }
        }
        if has_body && !input.covers("content-digest") {
            return Err(Code::BodyNotCovered.into());
        }
        let parameters = input.parameters();
        if parameters.created.is_none() {
            return Err(Code::CreatedMissing.into());
        }
        if self.expires_required && parameters.expires.is_none() {
            return Err(Code::ExpiresMissing.into());
        }
        if self.nonce_required && parameters.nonce.is_none() {
            return Err(Code::NonceMissing.into());
        }
        Ok(())
    }
}

/// Whether what is required is covered. `required` is a name or a whole identifier.
fn covers(input: &SignatureInput<'_>, required: &str) -> bool {
    if !required.starts_with('"') {
        return input.covers(required) || wider(required).iter().any(|wider| input.covers(wider));
    }
    let mut cursor = Cursor::new("required", Code::ProfileMalformed, required);
    let Ok(required) = Component::parse(&mut cursor) else {
        return false;
    };
    let covered = input.components();
    cursor.is_at_end()
        && covered.iter().any(|one| {
            let is_wider = wider(required.name()).contains(&one.name());
            required.is_same_as(one) || is_wider && required.is_of_same_message_as(one)
        })
}

/// The components that the named one is part of.
fn wider(name: &str) -> &'static [&'static str] {
    match name {
        "@path" | "@query" => &["@target-uri", "@request-target"],
        "@authority" | "@scheme" => &["@target-uri"],
        _ => &[],
    }
}

/// Which peers may say where a request was really sent, and by which fields.
///
/// A proxy rewrites scheme, authority and path; the signature is over what the client sent. Fields
/// that say so are believed only from a peer named here, since anybody can send them.
///
/// ```
/// use countersign_core::Forwarded;
/// let forwarded = Forwarded::from_peers(["10.0.0.7"]).target_from(Some("x-original-uri".into()));
/// ```
#[derive(Clone, Debug)]
pub struct Forwarded {
    peers: Vec<String>,
    scheme_field: Option<String>,
    authority_field: Option<String>,
    target_field: Option<String>,
}

impl Forwarded {
    /// Nobody is believed.
    #[must_use]
    pub fn ignore() -> Self {
        Forwarded {
            peers: Vec::new(),
            scheme_field: None,
            authority_field: None,
            target_field: None,
        }
    }

    /// These peers set `X-Forwarded-Proto` and `X-Forwarded-Host`.
    #[must_use]
    pub fn from_peers<S: Into<String>>(peers: impl IntoIterator<Item = S>) -> Self {
        Forwarded {
            peers: peers.into_iter().map(Into::into).collect(),
            scheme_field: Some("x-forwarded-proto".into()),
            authority_field: Some("x-forwarded-host".into()),
            target_field: None,
        }
    }

    /// The field with the scheme, `None` if the peers keep it.
    #[must_use]
    pub fn scheme_from(mut self, field: Option<String>) -> Self {
        self.scheme_field = field;
        self
    }

    /// The field with the authority, `None` if the peers keep it.
    #[must_use]
    pub fn authority_from(mut self, field: Option<String>) -> Self {
        self.authority_field = field;
        self
    }

    /// The field with the target as the client sent it, such as `x-original-uri`.
    #[must_use]
    pub fn target_from(mut self, field: Option<String>) -> Self {
        self.target_field = field;
        self
    }

    pub(crate) fn trusts(&self, peer: &str) -> bool {
        self.peers.iter().any(|one| one == peer)
    }

    pub(crate) fn scheme_field(&self) -> Option<&str> {
        self.scheme_field.as_deref()
    }

    pub(crate) fn authority_field(&self) -> Option<&str> {
        self.authority_field.as_deref()
    }

    pub(crate) fn target_field(&self) -> Option<&str> {
        self.target_field.as_deref()
    }
}
