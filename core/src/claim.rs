//! What a signature of a request and one of a response have alike: it is read, its key is found, and
//! it is checked.

use alloc::string::String;
use alloc::sync::Arc;

use crate::components::View;
use crate::instant::UnixSeconds;
use crate::key::Algorithm;
use crate::keyring::{Found, KeyRecord, KeyRing, first_fault};
use crate::profile::Profile;
use crate::refusal::{Code, Refusal};
use crate::signature_base;
use crate::signature_input::{SignatureInput, presented_inputs, signature_value};
use crate::signature_value::SignatureValue;

/// A signature that the profile asks for, with the base that it must be of.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) input: SignatureInput<'a>,
    pub(crate) base: String,
    pub(crate) value: SignatureValue,
}

impl<'a> Claim<'a> {
    pub(crate) fn read(view: View<'a, '_>, profile: &Profile) -> Result<Self, Refusal> {
        let headers = view.headers;
        let input = profile.select(presented_inputs(headers)?)?.known()?;
        if let Some(name) = input.parameters().alg.as_deref() {
            Algorithm::parse(name)?;
        }
        profile.demand(&input, !view.message.body().is_empty())?;
        let value = signature_value(headers, input.label())?;
        // Before the key is looked for: what a component lacks must not tell whether a key is known.
        let base = signature_base::build(view, &input)?;
        Ok(Claim { input, base, value })
    }

    pub(crate) fn find_key(
        &self,
        ring: &KeyRing,
        profile: &Profile,
        now: UnixSeconds,
    ) -> Result<Found, Refusal> {
        let parameters = self.input.parameters();
        let keyid = parameters.keyid.as_deref().ok_or(Code::KeyidMissing)?;
        if !ring.is_fresh(now, profile.grace()) {
            return Err(Code::KeyringStale.into());
        }
        let length = self.value.as_bytes().len();
        let Found { record, fault } = ring.find(keyid, length, profile.environment(), now);
        let alg = parameters.alg.as_deref();
        let differs = alg.is_some_and(|alg| alg != record.credential.algorithm().as_str());
        Ok(Found {
            record,
            fault: first_fault(fault, differs.then_some(Code::AlgorithmMismatch)),
        })
    }

    /// The key, and the last second at which its signature is accepted, if it is fresh.
    pub(crate) fn check(
        &self,
        key: Found,
        profile: &Profile,
        now: UnixSeconds,
    ) -> Result<(Arc<KeyRecord>, UnixSeconds), Refusal> {
        let Found { record, fault } = key;
        // Whatever is wrong with the key, so that the time doesn't tell it.
        let holds = record
            .credential
            .verifies(self.base.as_bytes(), self.value.as_bytes());
        let fault = first_fault(fault, (!holds).then_some(Code::SignatureMismatch));
        if let Some(code) = fault {
            let keyid = self.input.parameters().keyid.as_deref();
            let refusal = Refusal::named(code, keyid.unwrap_or(""));
            return Err(if profile.reveals_base() {
                refusal.revealing(&self.base)
            } else {
                refusal
            });
        }
        let keep_until = fresh_until(&self.input, profile, now)?;
        Ok((record, keep_until))
    }
}

/// The last second at which the signature is accepted, if that is not past and `created` is not in
/// the future. The skew of the clocks counts at both ends.
fn fresh_until(
    input: &SignatureInput<'_>,
    profile: &Profile,
    now: UnixSeconds,
) -> Result<UnixSeconds, Refusal> {
    let parameters = input.parameters();
    let created = parameters.created.ok_or(Code::CreatedMissing)?;
    let skew = profile.skew();
    if created > now.after(skew) {
        return Err(Code::CreatedInFuture.into());
    }
    let too_old_after = created.after(profile.age_limit()).after(skew);
    if let Some(expires) = parameters.expires {
        let expired_after = expires.after(skew);
        if now > expired_after {
            return Err(Code::Expired.into());
        }
        if now > too_old_after {
            return Err(Code::TooOld.into());
        }
        return Ok(expired_after.min(too_old_after));
    }
    if now > too_old_after {
        Err(Code::TooOld.into())
    } else {
        Ok(too_old_after)
    }
}
