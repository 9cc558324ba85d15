//! What the module does for who verifies and decides: one function a verb.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;

use countersign_core::policy::{
    Bundle, Entities, EntityStore, EntityUid, Evaluator, LinkedQuery, Record,
};
use countersign_core::{
    Authentic, Body, Code, Environment, Headers, KeyRing, Message, Presented, Profile, Publishers,
    Refusal, ReplayCache, ReplayStore as _, Response, Scope, SigningKey, Spend, UnixSeconds,
    Verified, content_digest, signature_base, signature_inputs,
};

use crate::frame::Reply;
use crate::handles::{Decider, Handles};
use crate::request::RequestParts;
use crate::verbs::put_key;

/// Opens a keyring from JSON. Found: handle, number of keys.
///
/// # Errors
/// Those of [`KeyRing::from_json`].
pub fn keyring_open(handles: &mut Handles, reply: &mut Reply, json: &str) -> Result<(), Refusal> {
    let ring = KeyRing::from_json(json)?;
    let keys = u64::try_from(ring.len()).unwrap_or(u64::MAX);
    reply.number(handles.insert(ring)?);
    reply.number(keys);
    Ok(())
}

/// Opens what is derived of a key for one region and the day of a time. Found: handle, keyid.
///
/// # Errors
/// `handle_unknown`, `scope_malformed`, and those of [`SigningKey::derive`].
pub fn key_derive(
    handles: &mut Handles,
    reply: &mut Reply,
    key: u64,
    environment: &str,
    region: &str,
    at: u64,
) -> Result<(), Refusal> {
    let malformed = || Refusal::about(Code::ScopeMalformed, environment);
    let environment = Environment::parse(environment).ok_or_else(malformed)?;
    let scope = Scope::new(region, UnixSeconds::new(at))?;
    let key = handles.get::<SigningKey>(key)?;
    let derived = key.derive(environment, &scope)?;
    put_key(handles, reply, derived)
}

/// Opens a profile from JSON. Found: handle.
///
/// # Errors
/// Those of [`Profile::from_json`].
pub fn profile_open(handles: &mut Handles, reply: &mut Reply, json: &str) -> Result<(), Refusal> {
    reply.number(handles.insert(Profile::from_json(json)?)?);
    Ok(())
}

/// Pins the publishers whose bundles this instance takes from now on, in place of those pinned
/// before; the newest versions that it has taken stay known. It can't be undone.
///
/// # Errors
/// Those of [`Publishers::from_json`]; those pinned before stay then.
pub fn publishers_pin(handles: &mut Handles, json: &str) -> Result<(), Refusal> {
    let publishers = Publishers::from_json(json)?;
    match &mut handles.publishers {
        Some(pinned) => pinned.replace(publishers),
        pinned => *pinned = Some(publishers),
    }
    Ok(())
}

/// Opens a policy bundle; signed, if the publishers are pinned. Found: handle, name, version,
/// SHA-256.
///
/// # Errors
/// Those of [`Bundle::load_unsigned`], or of [`Publishers::load`].
pub fn bundle_open(handles: &mut Handles, reply: &mut Reply, bytes: &[u8]) -> Result<(), Refusal> {
    let bundle = match &mut handles.publishers {
        Some(publishers) => publishers.load(bytes)?,
        None => Bundle::load_unsigned(bytes)?,
    };
    let bundle = Arc::new(bundle);
    reply.number(handles.insert(Arc::clone(&bundle))?);
    reply.text(bundle.name());
    reply.text(bundle.version_text());
    reply.bytes(bundle.sha256());
    Ok(())
}

/// Links entities, a JSON list in Cedar's format or nothing, to a bundle. Found: handle.
///
/// # Errors
/// `handle_unknown`, `entities_malformed`.
pub fn entities_open(
    handles: &mut Handles,
    reply: &mut Reply,
    bundle: u64,
    json: &str,
) -> Result<(), Refusal> {
    let bundle = Arc::clone(handles.get::<Arc<Bundle>>(bundle)?);
    let fault = |error| Refusal::in_json(Code::EntitiesMalformed, error);
    let entities = match json {
        "" => Entities::default(),
        json => Entities::from_json(json).map_err(fault)?,
    };
    let store = EntityStore::new(bundle, &entities).map_err(fault)?;
    let decider = Box::new(Decider {
        query: LinkedQuery::new(Arc::new(store)),
        evaluator: Evaluator::new(),
    });
    reply.number(handles.insert(decider)?);
    Ok(())
}

/// Asks policy alone, of a request in the compact form: for who has authenticated it already. Found:
/// effect (`allow`, `deny`), determining policies, policies that erred.
///
/// # Errors
/// `handle_unknown`, `context_malformed`. A denial is not an error.
pub fn decide(
    handles: &mut Handles,
    reply: &mut Reply,
    entities: u64,
    query: &[u8],
) -> Result<(), Refusal> {
    let decider = handles.get::<Box<Decider>>(entities)?;
    decider.query.link_compact(query)?;
    let answer = decider.evaluator.evaluate(&decider.query);
    reply.text(if answer.is_allowed() { "allow" } else { "deny" });
    reply.lines(answer.reason_ids());
    reply.lines(answer.error_ids());
    Ok(())
}

/// Opens a replay cache in the module's memory. Found: handle, bytes that it takes.
///
/// # Errors
/// `options_malformed` for a capacity over [`ReplayCache::MAX_CAPACITY`].
pub fn replay_open(
    handles: &mut Handles,
    reply: &mut Reply,
    capacity: u64,
    seed: u64,
) -> Result<(), Refusal> {
    let capacity = usize::try_from(capacity)
        .ok()
        .filter(|capacity| (1..=ReplayCache::MAX_CAPACITY).contains(capacity))
        .ok_or(Code::OptionsMalformed)?;
    let cache = ReplayCache::new(capacity, seed);
    let memory = u64::try_from(cache.memory()).unwrap_or(u64::MAX);
    reply.number(handles.insert(cache)?);
    reply.number(memory);
    Ok(())
}

/// Verifies a request up to its replay token. Found: handle of the authentic request, keyid, the
/// token's 16 bytes, the last second that it must be kept.
///
/// # Errors
/// Every refusal of [`Presented::parse`], `find_key` and `authenticate`.
pub fn verify(
    handles: &mut Handles,
    reply: &mut Reply,
    ring: u64,
    profile: u64,
    now: u64,
    request: &RequestParts<'_>,
) -> Result<(), Refusal> {
    let now = UnixSeconds::new(now);
    let request = request.read()?;
    let (ring, profile) = handles.pair::<KeyRing, Profile>(ring, profile)?;
    let authentic = Presented::parse(&request, profile)?
        .find_key(ring, now)?
        .authenticate(now)?;
    put_authentic(handles, reply, authentic)
}

/// Spends the token in a replay cache of the module. Found: handle of the verified request.
///
/// # Errors
/// `replayed`, `replay_cache_full`; the authentic request is used up all the same.
pub fn spend(
    handles: &mut Handles,
    reply: &mut Reply,
    authentic: u64,
    cache: u64,
    now: u64,
) -> Result<(), Refusal> {
    // A wrong cache must not use up the request.
    handles.get::<ReplayCache>(cache)?;
    let authentic = handles.take::<Authentic>(authentic)?;
    let answer = handles
        .get::<ReplayCache>(cache)?
        .spend(authentic.replay_token(), UnixSeconds::new(now));
    reply.number(handles.insert(authentic.spent(answer)?)?);
    Ok(())
}

/// Goes on with the answer of a replay store outside: 0 fresh, 1 replayed, 2 full, 3 unavailable.
/// Found: handle of the verified request.
///
/// # Errors
/// `replayed`, `replay_cache_full`, `replay_store_unavailable`; any other number is unavailable.
pub fn spent(
    handles: &mut Handles,
    reply: &mut Reply,
    authentic: u64,
    answer: u64,
) -> Result<(), Refusal> {
    let answer = match answer {
        0 => Spend::Fresh,
        1 => Spend::Replayed,
        2 => Spend::Full,
        _ => Spend::Unavailable,
    };
    let verified = handles.take::<Authentic>(authentic)?.spent(answer)?;
    reply.number(handles.insert(verified)?);
    Ok(())
}

/// Asks the policy, which uses up the verified request. Found: effect (`allow`, `deny`), code
/// (`allowed`, or that of the refusal), action, resource type, resource id, determining policies, policies that erred,
/// their reasons (each a line), the record for the audit log as JSON, the problem details for a
/// stranger, empty if it is allowed, and the obligations as a JSON list of `[name, value]`.
///
/// # Errors
/// `handle_unknown`, `context_malformed`. A denial is not an error.
pub fn authorize(
    handles: &mut Handles,
    reply: &mut Reply,
    verified: u64,
    bundle: u64,
    context: &str,
) -> Result<(), Refusal> {
    let context = if context.is_empty() {
        Record::default()
    } else {
        Record::from_json(context)?
    };
    let bundle = Arc::clone(handles.get::<Arc<Bundle>>(bundle)?);
    let verified = handles.take::<Verified>(verified)?;
    let decision = verified.authorize(&bundle, &context)?;
    reply.text(decision.effect().as_str());
    reply.text(decision.code());
    reply.text(decision.action());
    reply.text(decision.resource().map_or("", EntityUid::entity_type));
    reply.text(decision.resource().map_or("", EntityUid::id));
    reply.lines(decision.reasons());
    reply.lines(decision.errors());
    reply.lines(decision.explanations());
    reply.text(&decision.record());
    reply.text(
        &decision
            .refusal()
            .map_or_else(String::new, |refusal| refusal.problem()),
    );
    reply.text(&decision.obligations_json());
    Ok(())
}

/// Shows what a message's signature covers. `status` 0: a request. Found: label, the value of
/// `@signature-params`, the covered components (one a line), the signature base.
///
/// # Errors
/// Those of [`signature_inputs`] and [`signature_base`]; `signature_missing` if there is no such
/// label, `signature_ambiguous` if `label` is empty and there are several.
pub fn inspect(
    reply: &mut Reply,
    request: &RequestParts<'_>,
    status: u64,
    label: &str,
) -> Result<(), Refusal> {
    let request = request.read()?;
    let inputs = signature_inputs(&request.headers)?;
    let mut named = inputs
        .iter()
        .filter(|input| label.is_empty() || input.label() == label);
    let input = named.next().ok_or(Code::SignatureMissing)?;
    if named.next().is_some() {
        return Err(Code::SignatureAmbiguous.into());
    }
    let base = if status == 0 {
        signature_base(Message::Request(&request), input)?
    } else {
        let status = u16::try_from(status).map_err(|_| Code::FrameMalformed)?;
        let response = Response {
            status,
            headers: request.headers.clone(),
            body: request.body,
            request: None,
        };
        signature_base(Message::Response(&response), input)?
    };
    reply.text(input.label());
    reply.text(input.as_str());
    reply.lines(input.covered());
    reply.text(&base);
    Ok(())
}

/// Checks a digest field against a body. Found: 1 if there is such a field, else 0.
///
/// # Errors
/// Those of [`content_digest`]; `options_malformed` for a field of another name.
pub fn digest_check(
    reply: &mut Reply,
    field: &str,
    headers: &[u8],
    body: &[u8],
) -> Result<(), Refusal> {
    let field = match field {
        "content-digest" => "content-digest",
        "repr-digest" => "repr-digest",
        _ => return Err(Code::OptionsMalformed.into()),
    };
    let present = content_digest(&Headers::parse(headers)?, field, &Body::Bytes(body))?;
    reply.number(u64::from(present));
    Ok(())
}

fn put_authentic(
    handles: &mut Handles,
    reply: &mut Reply,
    authentic: Authentic,
) -> Result<(), Refusal> {
    // The handle comes first, but is known last.
    let keyid = String::from(authentic.keyid());
    let token = *authentic.replay_token().id();
    let keep_until = authentic.replay_token().keep_until().get();
    reply.number(handles.insert(authentic)?);
    reply.text(&keyid);
    reply.bytes(&token);
    reply.number(keep_until);
    Ok(())
}
