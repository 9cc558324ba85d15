//! The module on wasmtime, by the library `countersign`.

use anyhow::{Result, anyhow};
use countersign::{
    Body, BodyDigest, BundleHandle, DigestAlgorithm, Error, Instance, Module, Profile, ReplayCache,
    Request, Ring, Scheme, Signing,
};
use countersign_core::{Code, Refusal};
use serde_json::json;

use super::verbs::{Fault, Verbs, answer_all, members};
use super::{Outcome, REPLAY_CAPACITY};
use crate::case::{self, Answer, Bytes, Case, header_block};
use crate::vectors::decode_bundle;

pub(super) fn run(cases: &[Case]) -> Result<Outcome> {
    let module = Module::embedded()?;
    let mut host = Host(module.instantiate()?);
    Ok(Outcome {
        version: format!("countersign {}", env!("CARGO_PKG_VERSION")),
        sha256: Some(module.sha256_hex().to_owned()),
        results: answer_all(&mut host, cases)?,
    })
}

struct Host(Instance);

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refused) => Fault::Refused {
                code: refused.code().to_owned(),
                problem: refused.problem().to_owned(),
            },
            other => Fault::Broken(other.into()),
        }
    }
}

impl Verbs for Host {
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
                request = Request::new("GET", "/", block.as_bytes());
                status = Some(written.status);
            }
            _ => {
                let error = anyhow!("a case of `base` has a request or a response");
                return Err(Fault::Broken(error));
            }
        }
        let label = case.label.as_deref().unwrap_or("");
        let inspection = self.0.inspect(&request, status, label)?;
        Ok(members([
            ("base", json!(inspection.base)),
            ("params", json!(inspection.parameters)),
            ("label", json!(inspection.label)),
        ]))
    }

    fn sign(&mut self, case: &case::Sign) -> Result<Answer, Fault> {
        let key = self.0.key_open(&case.key.keyid, &case.key.secret.0)?;
        let block = header_block(&case.request.headers);
        let options = &case.options;
        let components: Vec<&str> = options
            .components
            .iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let signing = Signing {
            label: options.label.as_deref().unwrap_or(""),
            components: &components,
            created: options.created,
            expires: options.expires,
            nonce: options.nonce.as_deref().unwrap_or(""),
            tag: options.tag.as_deref().unwrap_or(""),
            with_algorithm: options.with_algorithm,
        };
        let signed = self.0.sign(&key, &read(&case.request, &block)?, &signing)?;
        self.0.close(key)?;
        Ok(members([
            ("signature_input", json!(signed.signature_input)),
            ("signature", json!(signed.signature)),
            ("content_digest", json!(signed.content_digest)),
        ]))
    }

    fn check(&mut self, case: &case::Check) -> Result<Answer, Fault> {
        let verifier = Verifier::open(&mut self.0, case)?;
        for _ in 1..case.times {
            match verifier.check(&mut self.0, case) {
                Ok(_) | Err(Fault::Refused { .. }) => {}
                Err(broken) => return Err(broken),
            }
        }
        let answer = verifier.check(&mut self.0, case);
        if !matches!(answer, Err(Fault::Broken(_))) {
            verifier.close(&mut self.0)?;
        }
        answer
    }

    fn digest_check(&mut self, case: &case::DigestCheck) -> Result<Answer, Fault> {
        let block = header_block(&case.headers);
        let present = self
            .0
            .digest_check(&case.field, block.as_bytes(), &case.body.0)?;
        let verdict = if present { "ok" } else { "absent" };
        Ok(members([("verdict", json!(verdict))]))
    }

    fn digest(&mut self, case: &case::Digest) -> Result<Answer, Fault> {
        let digest = self.0.digest_open(algorithm(&case.algorithm)?)?;
        let (first, second) = case.pieces();
        self.0.digest_update(&digest, first)?;
        self.0.digest_update(&digest, second)?;
        let (_, field) = self.0.digest_finish(digest)?;
        Ok(members([("field", json!(field))]))
    }

    fn mac(&mut self, case: &case::Mac) -> Result<Answer, Fault> {
        let mac = Bytes(self.0.mac(&case.key.0, &case.message.0)?);
        Ok(members([("mac", json!(mac))]))
    }

    fn token_check(&mut self, case: &case::TokenCheck) -> Result<Answer, Fault> {
        let (environment, keyid) = self.0.token_check(&case.token)?;
        Ok(members([
            ("verdict", json!("ok")),
            ("environment", json!(environment)),
            ("keyid", json!(keyid)),
        ]))
    }
}

struct Verifier {
    ring: Ring,
    profile: Profile,
    bundle: Option<BundleHandle>,
    replay: ReplayCache,
}

impl Verifier {
    fn open(instance: &mut Instance, case: &case::Check) -> Result<Self, Fault> {
        let bundle = match &case.bundle {
            Some(text) => {
                let bytes = decode_bundle(text).map_err(Fault::Broken)?;
                Some(instance.bundle(&bytes)?)
            }
            None => None,
        };
        Ok(Verifier {
            ring: instance.keyring(&case.keyring.to_string())?,
            profile: instance.profile(&case.profile.to_string())?,
            bundle,
            replay: instance.replay(REPLAY_CAPACITY)?,
        })
    }

    fn check(&self, instance: &mut Instance, case: &case::Check) -> Result<Answer, Fault> {
        let block = header_block(&case.request.headers);
        let request = read(&case.request, &block)?;
        let authentic = instance.verify(&self.ring, &self.profile, case.now, &request)?;
        let verified = instance.spend(authentic, &self.replay, case.now)?;
        let Some(bundle) = &self.bundle else {
            instance.close(verified)?;
            return Ok(members([("verdict", json!("verified"))]));
        };
        let context = case.context.as_ref().map(ToString::to_string);
        let decision = instance.authorize(verified, bundle, context.as_deref().unwrap_or(""))?;
        Ok(members([
            ("verdict", json!(decision.code)),
            ("effect", json!(decision.effect)),
            ("action", json!(decision.action)),
            ("resource_type", json!(decision.resource_type)),
            ("resource_id", json!(decision.resource_id)),
            ("reasons", json!(decision.reasons)),
            ("errors", json!(decision.errors)),
            ("record", json!(decision.record)),
        ]))
    }

    fn close(self, instance: &mut Instance) -> Result<(), Error> {
        instance.close(self.ring)?;
        instance.close(self.profile)?;
        if let Some(bundle) = self.bundle {
            instance.close(bundle)?;
        }
        instance.close(self.replay)
    }
}

fn read<'a>(written: &'a case::Request, block: &'a str) -> Result<Request<'a>, Fault> {
    let body = match (&written.body_digest, &written.body) {
        (Some(digest), _) => Body::Digest(BodyDigest::from_platform(
            algorithm(&digest.algorithm)?,
            &digest.value.0,
        )?),
        (None, Some(body)) => Body::Bytes(&body.0),
        (None, None) => Body::Bytes(b""),
    };
    Ok(Request {
        scheme: Scheme::parse(&written.scheme).ok_or(Refusal::from(Code::TargetMalformed))?,
        method: &written.method,
        target: &written.target,
        headers: block.as_bytes(),
        body,
        peer: written.peer.as_deref(),
    })
}

fn algorithm(name: &str) -> Result<DigestAlgorithm, Fault> {
    DigestAlgorithm::parse(name)
        .ok_or_else(|| Refusal::from(Code::DigestAlgorithmUnsupported).into())
}
