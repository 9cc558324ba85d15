//! The verdict of a verifier: what a profile demands beyond a good signature, and evidence.

use anyhow::Context as _;
use countersign_wasm::dispatch::number;
use serde_json::json;

use super::key::{Key, open_ring};
use super::signature::Case;
use super::written::Written;
use crate::door::{Answer, Door, Fault, Frame, Tried};
use crate::signing::{Checked, Verdict};

/// A verifier that knows the keys of the file and takes what a signature covers, at the second of signing.
pub(super) struct Verifier<'d> {
    door: &'d Door,
    ring: u64,
    profile: u64,
}

impl<'d> Verifier<'d> {
    pub(super) async fn open(door: &'d Door, keys: &[Key], case: &Case) -> Result<Self, Fault> {
        let profile = json!({
            "environment": "test", "required": [], "nonce_required": false, "label": case.label,
        });
        let frame = Frame::new().text(&profile.to_string());
        Ok(Verifier {
            door,
            ring: open_ring(door, keys).await?,
            profile: door.ask(number::profile_open, frame).await?.number()?,
        })
    }

    pub(super) async fn verify(&self, case: &Case, message: &Written) -> Result<Tried, Fault> {
        let frame = Frame::new().number(self.ring).number(self.profile);
        let frame = frame.number(case.created().unwrap_or(0));
        let (verb, frame) = if message.is_request() {
            (number::verify, message.put_request(frame))
        } else {
            let answered = case.request.as_ref();
            (number::verify_response, message.put(answered, frame))
        };
        self.door.try_ask(verb, frame).await
    }

    /// Judges the verdict on a good signature: some are of what no profile takes.
    pub(super) async fn judge(&self, case: &Case, key: &Key, verdict: Tried) -> Checked {
        let expected = self.stricter(case).await?;
        match (verdict, expected) {
            (Ok(answer), None) => self.evidence(case, key, answer).await,
            (Err(refused), Some((code, why))) if refused.code == code => {
                // So much of the message is taken as the signature is good for.
                if code == "body_not_covered" {
                    let mut bodiless = case.signed_message().without("Content-Digest");
                    bodiless.body = None;
                    let verdict = self.verify(case, &bodiless).await?;
                    if let Err(refused) = verdict {
                        return Ok(Verdict::Failed(format!("without its body: {refused}")));
                    }
                }
                Ok(Verdict::Stricter(why))
            }
            (verdict, expected) => Ok(Verdict::Failed(format!(
                "the verdict is {verdict:?}, to be {expected:?}"
            ))),
        }
    }

    /// Why no profile takes a message, however good the signature: the code, and a sentence.
    async fn stricter(&self, case: &Case) -> Result<Option<(&'static str, &'static str)>, Fault> {
        if case.message.has_body() && !case.covers_digest() {
            return Ok(Some((
                "body_not_covered",
                "the signature is good, but covers no digest of the body",
            )));
        }
        if case.created().is_none() {
            let why = "the signature is good, but doesn't say of when";
            return Ok(Some(("created_missing", why)));
        }
        let headers = crate::case::header_block(&case.message.headers);
        let body = case.message.body.as_deref().unwrap_or("");
        let frame = Frame::new().text("content-digest");
        let frame = frame.bytes(headers.as_bytes()).text(body);
        let digest = self.door.try_ask(number::digest_check, frame).await?;
        Ok(match digest {
            Ok(_) => None,
            Err(_) => Some((
                "digest_mismatch",
                "the signature is good, but the digest is not that of the body as it is printed",
            )),
        })
    }

    /// By a public key, a signature is proof; and that can be checked by its JSON alone.
    async fn evidence(&self, case: &Case, key: &Key, mut answer: Answer) -> Checked {
        let (first, second) = (answer.bytes()?, answer.text()?);
        let evidence = if case.message.is_request() {
            let handle = <[u8; 8]>::try_from(first).ok().context("a handle")?;
            let frame = Frame::new().number(u64::from_le_bytes(handle));
            self.door.ask(number::evidence, frame).await?.text()?
        } else {
            second
        };
        let is_public = key.public_pem.is_some();
        if evidence.is_empty() {
            return Ok(Verdict::passed_if(!is_public, || {
                "there is no evidence".to_owned()
            }));
        }
        let frame = Frame::new().text(&evidence);
        let keyid = self
            .door
            .ask(number::evidence_verify, frame)
            .await?
            .text()?;
        Ok(Verdict::passed_if(is_public && keyid == case.keyid, || {
            format!("the evidence is {evidence}")
        }))
    }
}
