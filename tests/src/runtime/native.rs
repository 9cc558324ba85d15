//! The core as native code.

use anyhow::{Result, anyhow};
use countersign_core::policy::{Bundle, EntityUid, Record};
use countersign_core::{
    Body, BodyDigest, Code, ContentDigest, DigestAlgorithm, Headers, KeyRing, Message, Presented,
    Profile, Refusal, ReplayCache, Request, Response, Scheme, SharedSecret, SignOptions,
    SigningKey, Token, UnixSeconds, content_digest, hmac_sha256, sign, signature_base,
    signature_inputs,
};
use serde_json::json;

use super::Outcome;
use super::verbs::{Fault, Verbs, answer_all, members};
use crate::case::{self, Answer, Bytes, Case, header_block};
use crate::vectors::decode_bundle;

pub(super) fn run(cases: &[Case]) -> Result<Outcome> {
    Ok(Outcome {
        version: format!("countersign-core {}", env!("CARGO_PKG_VERSION")),
        sha256: None,
        results: answer_all(&mut Native, cases)?,
    })
}

struct Native;

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Fault::Refused {
            code: refusal.code().as_str().to_owned(),
            problem: refusal.problem(),
        }
    }
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Refusal::from(code).into()
    }
}

impl Verbs for Native {
    fn base(&mut self, case: &case::Base) -> Result<Answer, Fault> {
        let (block, request, status);
        match (&case.request, &case.response) {
            (Some(written), None) => {
                block = header_block(&written.headers);
                request = read(written, &block)?;
                status = None;
            }
            (None, Some(written)) => {
                block = header_block(&written.headers);
                request = Request {
                    method: "GET",
                    target: "/",
                    scheme: Scheme::Https,
                    headers: Headers::parse(block.as_bytes())?,
                    body: Body::Bytes(b""),
                    peer: None,
                };
                status = Some(written.status);
            }
            _ => {
                let error = anyhow!("a case of `base` has a request or a response");
                return Err(Fault::Broken(error));
            }
        }
        let inputs = signature_inputs(&request.headers)?;
        let mut named = inputs.iter().filter(|input| {
            case.label
                .as_deref()
                .is_none_or(|label| label == input.label())
        });
        let input = named.next().ok_or(Code::SignatureMissing)?;
        if named.next().is_some() {
            return Err(Code::SignatureAmbiguous.into());
        }
        let base = match status {
            None => signature_base(Message::Request(&request), input)?,
            Some(status) => {
                let headers = request.headers.clone();
                let response = Response {
                    status,
                    headers,
                    body: request.body,
                    request: None,
                };
                signature_base(Message::Response(&response), input)?
            }
        };
        Ok(members([
            ("base", json!(base)),
            ("params", json!(input.as_str())),
            ("label", json!(input.label())),
        ]))
    }

    fn sign(&mut self, case: &case::Sign) -> Result<Answer, Fault> {
        let key = SigningKey::new(
            &case.key.keyid,
            &SharedSecret::new(case.key.secret.0.clone())?,
        )?;
        let block = header_block(&case.request.headers);
        let signed = sign(
            &read(&case.request, &block)?,
            &key,
            &sign_options(&case.options),
        )?;
        Ok(members([
            ("signature_input", json!(signed.signature_input)),
            ("signature", json!(signed.signature)),
            ("content_digest", json!(signed.content_digest)),
        ]))
    }

    fn check(&mut self, case: &case::Check) -> Result<Answer, Fault> {
        let verifier = Verifier::open(case)?;
        let mut replay = ReplayCache::new(super::REPLAY_CAPACITY, super::REPLAY_SEED);
        for _ in 1..case.times {
            // Only the last time counts; what the earlier ones leave behind is in the cache.
            drop(verifier.check(case, &mut replay));
        }
        verifier.check(case, &mut replay)
    }

    fn digest_check(&mut self, case: &case::DigestCheck) -> Result<Answer, Fault> {
        let field = match case.field.as_str() {
            "content-digest" => "content-digest",
            "repr-digest" => "repr-digest",
            _ => return Err(Code::OptionsMalformed.into()),
        };
        let block = header_block(&case.headers);
        let headers = Headers::parse(block.as_bytes())?;
        let present = content_digest(&headers, field, &Body::Bytes(&case.body.0))?;
        let verdict = if present { "ok" } else { "absent" };
        Ok(members([("verdict", json!(verdict))]))
    }

    fn digest(&mut self, case: &case::Digest) -> Result<Answer, Fault> {
        let mut digest = ContentDigest::new(algorithm(&case.algorithm)?);
        let (first, second) = case.pieces();
        digest.update(first);
        digest.update(second);
        Ok(members([("field", json!(digest.finish().to_field()))]))
    }

    fn mac(&mut self, case: &case::Mac) -> Result<Answer, Fault> {
        let mac = Bytes(hmac_sha256(&case.key.0, &case.message.0).to_vec());
        Ok(members([("mac", json!(mac))]))
    }

    fn token_check(&mut self, case: &case::TokenCheck) -> Result<Answer, Fault> {
        let token = Token::parse(&case.token)?;
        Ok(members([
            ("verdict", json!("ok")),
            ("environment", json!(token.environment().as_str())),
            ("keyid", json!(token.keyid().as_str())),
        ]))
    }
}

struct Verifier {
    ring: KeyRing,
    profile: Profile,
    bundle: Option<Bundle>,
}

impl Verifier {
    fn open(case: &case::Check) -> Result<Self, Fault> {
        let bundle = match &case.bundle {
            Some(text) => {
                let bytes = decode_bundle(text).map_err(Fault::Broken)?;
                Some(Bundle::load_unsigned(&bytes).map_err(Refusal::from)?)
            }
            None => None,
        };
        Ok(Verifier {
            ring: KeyRing::from_json(&case.keyring.to_string())?,
            profile: Profile::from_json(&case.profile.to_string())?,
            bundle,
        })
    }

    fn check(&self, case: &case::Check, replay: &mut ReplayCache) -> Result<Answer, Fault> {
        let now = UnixSeconds::new(case.now);
        let block = header_block(&case.request.headers);
        let request = read(&case.request, &block)?;
        let verified = Presented::parse(&request, &self.profile)?
            .find_key(&self.ring, now)?
            .authenticate(now)?
            .spend(replay, now)?;
        let Some(bundle) = &self.bundle else {
            return Ok(members([("verdict", json!("verified"))]));
        };
        let context = match &case.context {
            Some(context) => Record::from_json(&context.to_string()).map_err(Refusal::from)?,
            None => Record::default(),
        };
        let decision = verified.authorize(bundle, &context)?;
        let resource = decision.resource();
        Ok(members([
            ("verdict", json!(decision.code())),
            ("effect", json!(decision.effect().as_str())),
            ("action", json!(decision.action())),
            (
                "resource_type",
                json!(resource.map_or("", EntityUid::entity_type)),
            ),
            ("resource_id", json!(resource.map_or("", EntityUid::id))),
            ("reasons", decision.reasons().collect()),
            ("errors", decision.errors().collect()),
            ("record", json!(decision.record())),
        ]))
    }
}

fn read<'a>(written: &'a case::Request, block: &'a str) -> Result<Request<'a>, Fault> {
    let scheme = Scheme::parse(&written.scheme).ok_or(Code::TargetMalformed)?;
    let headers = Headers::parse(block.as_bytes())?;
    let body = match (&written.body_digest, &written.body) {
        (Some(digest), _) => Body::Digest(BodyDigest::from_platform(
            algorithm(&digest.algorithm)?,
            &digest.value.0,
        )?),
        (None, Some(body)) => Body::Bytes(&body.0),
        (None, None) => Body::Bytes(b""),
    };
    Ok(Request {
        method: &written.method,
        target: &written.target,
        scheme,
        headers,
        body,
        peer: written.peer.as_deref(),
    })
}

fn algorithm(name: &str) -> Result<DigestAlgorithm, Fault> {
    DigestAlgorithm::parse(name).ok_or_else(|| Code::DigestAlgorithmUnsupported.into())
}

fn sign_options(written: &case::Options) -> SignOptions {
    let mut options =
        SignOptions::new(UnixSeconds::new(written.created)).with_algorithm(written.with_algorithm);
    if let Some(label) = &written.label {
        options = options.label(label);
    }
    // None at all are the usual ones, as in the module.
    if let Some(components) = written.components.as_ref().filter(|one| !one.is_empty()) {
        options = options.components(components);
    }
    if let Some(expires) = written.expires {
        options = options.expires(UnixSeconds::new(expires));
    }
    if let Some(nonce) = &written.nonce {
        options = options.nonce(nonce);
    }
    if let Some(tag) = &written.tag {
        options = options.tag(tag);
    }
    options
}
