//! What policy said of a verified request.

use alloc::string::String;
use alloc::vec::Vec;

use crate::authentic::Verified;
use crate::json::push_json_string;
use crate::policy::{
    Bundle, BundleError, Caller, Effect as Speech, EntityUid, Evaluation, Record, TraceStep,
    ValueError,
};
use crate::refusal::{Code, Refusal, push_decimal};

/// The outcome of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Let it through.
    Allow,
    /// Refuse it.
    Deny,
    /// Let it through once a second factor has been given: a determining policy has `@stepup`.
    StepUp,
}

impl Effect {
    /// `allow`, `deny` or `step-up`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
            Effect::StepUp => "step-up",
        }
    }
}

/// A decision, with what it rests on.
#[derive(Debug)]
pub struct Decision<'b> {
    verified: Verified,
    bundle: &'b Bundle,
    /// Action and resource, where a route matched.
    asked: Option<(EntityUid, EntityUid)>,
    evaluation: Evaluation<'b>,
    trace: Vec<TraceStep>,
}

impl Verified {
    /// Asks `bundle` whether the key may do what the request asks for.
    ///
    /// The principal is the key, an entity of the bundle's principal type with the groups and the
    /// attributes of its [`KeyRecord`](crate::KeyRecord); action and resource come from the route
    /// table. What has no route is denied.
    ///
    /// # Errors
    /// `context_malformed` if there is more of the context than can be evaluated.
    pub fn authorize<'b>(
        self,
        bundle: &'b Bundle,
        context: &Record,
    ) -> Result<Decision<'b>, Refusal> {
        self.decide(bundle, context, None)
    }

    /// Asks as [`Verified::authorize`] does, and keeps which conditions held.
    ///
    /// # Errors
    /// Those of [`Verified::authorize`].
    pub fn authorize_traced<'b>(
        self,
        bundle: &'b Bundle,
        context: &Record,
    ) -> Result<Decision<'b>, Refusal> {
        let mut trace = Vec::new();
        let mut decision = self.decide(bundle, context, Some(&mut trace))?;
        decision.trace = trace;
        Ok(decision)
    }

    fn decide<'b>(
        self,
        bundle: &'b Bundle,
        context: &Record,
        trace: Option<&mut Vec<TraceStep>>,
    ) -> Result<Decision<'b>, Refusal> {
        let route = bundle.route(self.method(), self.path());
        let asked = route.map(|route| (route.action().clone(), route.resource()));
        let evaluation = match &asked {
            None => Evaluation::of_nothing(bundle),
            Some((action, resource)) => {
                let key = self.key();
                let caller = Caller {
                    id: key.id.as_str(),
                    groups: &key.shape.seen.groups,
                    attributes: &key.shape.seen.attributes,
                };
                bundle.decide(caller, action, resource, context, trace)?
            }
        };
        Ok(Decision {
            verified: self,
            bundle,
            asked,
            evaluation,
            trace: Vec::new(),
        })
    }
}

impl<'b> Decision<'b> {
    /// The outcome.
    #[must_use]
    pub fn effect(&self) -> Effect {
        if !self.evaluation.is_allowed() {
            Effect::Deny
        } else if self
            .determining()
            .any(|policy| policy.annotation("stepup").is_some())
        {
            Effect::StepUp
        } else {
            Effect::Allow
        }
    }

    /// `allowed`, or the code of the refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.refusal()
            .map_or("allowed", |refusal| refusal.code().as_str())
    }

    /// Why it may not go through as it is: `no_route`, `forbidden`, `not_permitted`, or
    /// `step_up_required`.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        let code = match (self.effect(), self.evaluation.effect()) {
            (Effect::Allow, _) => return None,
            (Effect::StepUp, _) => Code::StepUpRequired,
            (Effect::Deny, _) if self.asked.is_none() => Code::NoRoute,
            (Effect::Deny, Some(Speech::Forbid)) => Code::Forbidden,
            (Effect::Deny, _) => Code::NotPermitted,
        };
        Some(code.into())
    }

    /// The request that was decided.
    #[must_use]
    pub fn verified(&self) -> &Verified {
        &self.verified
    }

    /// The id of the action, such as `place-order`; empty without a route.
    #[must_use]
    pub fn action(&self) -> &str {
        self.asked.as_ref().map_or("", |(action, _)| action.id())
    }

    /// The resource.
    #[must_use]
    pub fn resource(&self) -> Option<&EntityUid> {
        self.asked.as_ref().map(|(_, resource)| resource)
    }

    /// The ids of the determining policies.
    pub fn reasons(&self) -> impl Iterator<Item = &'b str> {
        self.evaluation.reason_ids()
    }

    /// What the determining policies say of themselves, by `@reason`.
    pub fn explanations(&self) -> impl Iterator<Item = &'b str> {
        self.determining().filter_map(|policy| policy.reason())
    }

    /// The ids of the policies that erred, which were skipped.
    pub fn errors(&self) -> impl Iterator<Item = &'b str> {
        self.evaluation.error_ids()
    }

    /// What the host must see to: the annotations of the determining policies, other than `@id` and
    /// `@reason`, as names and values.
    pub fn obligations(&self) -> impl Iterator<Item = (&'b str, &'b str)> {
        self.determining()
            .flat_map(|policy| policy.annotations())
            .map(|annotation| (annotation.name(), annotation.value()))
            .filter(|(name, _)| is_obligation(name))
    }

    /// The conditions that were evaluated, in their order; none unless it was asked for.
    #[must_use]
    pub fn trace(&self) -> &[TraceStep] {
        &self.trace
    }

    /// The obligations as a JSON list of `[name, value]`.
    #[must_use]
    pub fn obligations_json(&self) -> String {
        let mut out = String::from("[");
        for policy in self.determining() {
            for annotation in policy.annotations() {
                if !is_obligation(annotation.name()) {
                    continue;
                }
                if out.len() > 1 {
                    out.push(',');
                }
                out.push('[');
                push_json_string(&mut out, annotation.name());
                out.push(',');
                push_json_string(&mut out, annotation.value());
                out.push(']');
            }
        }
        out.push(']');
        out
    }

    fn determining(&self) -> impl Iterator<Item = crate::policy::Policy<'b>> {
        self.evaluation.reasons()
    }

    /// The record for the audit log: one JSON object without line breaks, and without any secret.
    ///
    /// Members: `at` (seconds since 1970), `keyid`, `environment`, `method`, `path`, `action`,
    /// `resource` (`{"type", "id"}` or null), `effect`, `code`, `reasons`, `errors`, `bundle` (name,
    /// version and SHA-256).
    #[must_use]
    pub fn record(&self) -> String {
        let mut out = String::with_capacity(512);
        out.push_str("{\"at\":");
        push_decimal(
            &mut out,
            i64::try_from(self.verified.at().get()).unwrap_or(i64::MAX),
        );
        push_member(&mut out, "keyid", self.verified.keyid());
        push_member(
            &mut out,
            "environment",
            self.verified.key().shape.environment.as_str(),
        );
        push_member(&mut out, "method", self.verified.method());
        push_member(&mut out, "path", self.verified.path());
        push_member(&mut out, "action", self.action());
        out.push_str(",\"resource\":");
        if let Some(resource) = self.resource() {
            out.push_str("{\"type\":");
            push_json_string(&mut out, resource.entity_type());
            push_member(&mut out, "id", resource.id());
            out.push('}');
        } else {
            out.push_str("null");
        }
        push_member(&mut out, "effect", self.effect().as_str());
        push_member(&mut out, "code", self.code());
        push_list(&mut out, "reasons", self.reasons());
        push_list(&mut out, "errors", self.errors());
        out.push_str(",\"bundle\":{\"name\":");
        push_json_string(&mut out, self.bundle.name());
        push_member(&mut out, "version", self.bundle.version_text());
        push_member(&mut out, "sha256", &self.bundle.sha256_hex());
        out.push_str("}}");
        out
    }
}

fn is_obligation(annotation: &str) -> bool {
    !matches!(annotation, "id" | "reason")
}

fn push_member(out: &mut String, name: &str, value: &str) {
    out.push_str(",\"");
    out.push_str(name);
    out.push_str("\":");
    push_json_string(out, value);
}

fn push_list<'a>(out: &mut String, name: &str, values: impl Iterator<Item = &'a str>) {
    out.push_str(",\"");
    out.push_str(name);
    out.push_str("\":[");
    for (index, value) in values.enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_json_string(out, value);
    }
    out.push(']');
}

impl From<BundleError> for Refusal {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::Truncated => Code::BundleTruncated.into(),
            BundleError::NotABundle => Code::BundleNotABundle.into(),
            BundleError::FormatUnsupported => Code::BundleFormatUnsupported.into(),
            BundleError::DigestMismatch => Code::BundleDigestMismatch.into(),
            BundleError::Unsigned => Code::BundleUnsigned.into(),
            BundleError::PublisherUnknown => Code::BundlePublisherUnknown.into(),
            BundleError::SignatureMismatch => Code::BundleSignatureMismatch.into(),
            BundleError::Older => Code::BundleOlder.into(),
            BundleError::VersionReused => Code::BundleVersionReused.into(),
            BundleError::Malformed { section, .. } => {
                Refusal::about(Code::BundleMalformed, section)
            }
        }
    }
}

impl From<ValueError> for Refusal {
    fn from(error: ValueError) -> Self {
        Refusal::in_json(Code::ContextMalformed, error)
    }
}
