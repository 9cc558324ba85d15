//! What must hold of every parser, whatever it is given. The fuzz targets and the tests on stable
//! both run these; none may panic.

#[path = "bundle.rs"]
mod bundle;
#[path = "schemes.rs"]
mod schemes;

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::policy::format::DIGEST_LEN;
use countersign_core::policy::{Bundle, EntityStore, Evaluator, LinkedQuery, Record};
use countersign_core::snapshot::Trust;
use countersign_core::structured::{Dictionary, FieldType, Item, List};
use countersign_core::{
    Algorithm, Body, BodyDigest, DigestAlgorithm, Environment, Evidence, Headers, KeyRecord,
    KeyRing, Message, Presented, Profile, Request, Scheme, SharedSecret, SignatureInput,
    SigningKey, Token, UnixSeconds, VerifyingKey, content_digest, hmac_sha256, signature_base,
    signature_inputs, signature_requests,
};

pub(crate) use schemes::{row as scheme_row, signer};

/// The one secret that signs in here, of the key `k7`.
const SECRET: &[u8; 32] = b"a secret of thirty-two bytes, 32";
const NOW: UnixSeconds = UnixSeconds::new(1_800_000_000);

/// An oracle, and the name of its fuzz target.
pub(crate) type Oracle = (&'static str, fn(&[u8]));

/// Every oracle.
pub(crate) const ALL: &[Oracle] = &[
    ("accept_signature", accept_signature),
    ("bundle", bundle),
    ("content_digest", digest),
    ("evidence", evidence),
    ("headers", headers),
    ("key_format", key_format),
    ("keyring", keyring),
    ("presented", presented),
    ("profile", profile),
    ("query", query),
    ("record", record),
    ("scheme_request", scheme_request),
    ("scheme_row", scheme_row),
    ("signature_input", signature_input),
    ("signer", signer),
    ("snapshot", snapshot),
    ("structured_field", structured_field),
    ("token", token),
];

/// What was read is read again when it is written.
pub(crate) fn headers(data: &[u8]) {
    let Ok(headers) = Headers::parse(data) else {
        return;
    };
    let mut block = Vec::new();
    for field in headers.fields() {
        assert_eq!(field.value.trim_matches([' ', '\t']), field.value);
        block.extend_from_slice(format!("{}: {}\r\n", field.name, field.value).as_bytes());
    }
    let again = Headers::parse(&block).expect("what was written is read");
    assert_eq!(again.fields(), headers.fields());
}

/// What was read is read again, to the same meaning, when it is written; and what is written is
/// canonical.
pub(crate) fn signature_input(data: &[u8]) {
    let block = [b"Signature-Input: ", data].concat();
    let Ok(headers) = Headers::parse(&block) else {
        return;
    };
    let Ok(inputs) = signature_inputs(&headers) else {
        return;
    };
    for input in &inputs {
        let written = format!("Signature-Input: {}={}", input.label(), input.as_str());
        let headers =
            Headers::parse(written.as_bytes()).expect("a canonical member is a field value");
        let again = signature_inputs(&headers).expect("a canonical member is read");
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].as_str(), input.as_str());
        assert_eq!(again[0].label(), input.label());
        assert_eq!(again[0].parameters(), input.parameters());
        assert!(again[0].covered().eq(input.covered()));
    }
}

/// What was asked for is asked for again when it is written, but for what nobody defined.
pub(crate) fn accept_signature(data: &[u8]) {
    let block = [b"Accept-Signature: ", data].concat();
    let Ok(headers) = Headers::parse(&block) else {
        return;
    };
    let Ok(requests) = signature_requests(&headers) else {
        return;
    };
    for request in requests {
        let member = request.to_member().expect("what was read is written");
        let line = format!("Accept-Signature: {member}");
        let headers = Headers::parse(line.as_bytes()).expect("a member is a field value");
        let again = signature_requests(&headers).expect("what was written is read");
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].to_member().as_deref(), Ok(member.as_str()));
        assert_eq!(again[0].label(), request.label());
    }
}

/// A field of each type that can be read means the same when it is written, and is written in one way.
pub(crate) fn structured_field(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    for field_type in [FieldType::Item, FieldType::List, FieldType::Dictionary] {
        let Ok(canonical) = field_type.canonical(text) else {
            continue;
        };
        assert!(canonical.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        assert_eq!(
            field_type.canonical(&canonical).as_deref(),
            Ok(canonical.as_str())
        );
        // The values know no other text for themselves.
        let written = match field_type {
            FieldType::Item => Item::parse(text).and_then(|item| item.serialise()),
            FieldType::List => List::parse(text).and_then(|list| list.serialise()),
            FieldType::Dictionary => Dictionary::parse(text).and_then(|all| all.serialise()),
        };
        assert_eq!(written.as_deref(), Ok(canonical.as_str()));
    }
}

/// A public key that can be read is read again from its raw form; a private key is read or refused.
pub(crate) fn key_format(data: &[u8]) {
    for algorithm in Algorithm::ALL {
        let pem = str::from_utf8(data).map(|text| VerifyingKey::from_pem(*algorithm, text));
        let keys = [
            VerifyingKey::from_bytes(*algorithm, data).ok(),
            pem.ok().and_then(Result::ok),
        ];
        for key in keys.into_iter().flatten() {
            let raw = key.to_bytes();
            let again = VerifyingKey::from_bytes(*algorithm, &raw).expect("a raw key is read");
            assert_eq!(again.to_bytes(), raw);
            let _ = again.verifies(b"", data);
        }
    }
    drop(SigningKey::from_pkcs8("k7", data));
    if let Ok(text) = str::from_utf8(data) {
        drop(SigningKey::from_pem("k7", text));
    }
}

/// Evidence that can be read is read again as it is written, and holds or doesn't.
pub(crate) fn evidence(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Ok(evidence) = Evidence::from_json(text) else {
        return;
    };
    let written = evidence.to_json();
    let again = Evidence::from_json(&written).expect("what was written is read");
    assert_eq!(again.to_json(), written);
    assert_eq!(again.verify(), evidence.verify());
}

/// The method, the target, header lines and the body, each ended by an empty line: no value starts a
/// line of the base that is not its own, and what is authentic has the MAC that the key makes.
pub(crate) fn presented(data: &[u8]) {
    let Some(request) = request(data) else {
        return;
    };
    if let Ok(inputs) = signature_inputs(&request.headers) {
        for input in &inputs {
            a_line_for_each_component(&request, input);
        }
    }

    let profile = Profile::new(Environment::Live)
        .require::<&str>([])
        .nonce_required(false);
    let Ok(presented) = Presented::parse(&request, &profile) else {
        return;
    };
    let base = signature_base(Message::Request(&request), presented.input());
    let Ok(candidate) = presented.find_key(&ring(), NOW) else {
        return;
    };
    if candidate.authenticate(NOW).is_ok() {
        let mac = STANDARD.encode(hmac_sha256(
            SECRET,
            base.expect("it was built before").as_bytes(),
        ));
        assert!(
            request
                .headers
                .all("signature")
                .any(|value| value.contains(&mac))
        );
    }
}

/// The name of a vendor's scheme, and a request as above.
pub(crate) fn scheme_request(data: &[u8]) {
    let Some((name, data)) = split(data, b" ") else {
        return;
    };
    if let (Ok(name), Some(request)) = (str::from_utf8(name), request(data)) {
        schemes::request(name, &request);
    }
}

/// What was read is written as it was.
pub(crate) fn token(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    if let Ok(token) = Token::parse(text) {
        assert_eq!(token.reveal().as_str(), text);
    }
}

/// A ring is read or refused.
pub(crate) fn keyring(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    drop(KeyRing::from_json(text));
}

/// A record of Cedar values is read or refused.
pub(crate) fn record(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    drop(Record::from_json(text));
}

/// A question in the compact form is answered or refused.
pub(crate) fn query(data: &[u8]) {
    static ASKED: LazyLock<(Arc<Bundle>, LinkedQuery)> = LazyLock::new(|| {
        let world = include_bytes!("corpus/bundle/world-1");
        let bundle = Arc::new(Bundle::load_unsigned(world).expect("a seed"));
        let store = EntityStore::new(Arc::clone(&bundle), &bundle::GIVEN.0).expect("no cycle");
        (bundle, LinkedQuery::new(Arc::new(store)))
    });
    let (bundle, query) = &*ASKED;
    let mut query = query.clone();
    if query.link_compact(data).is_ok() {
        bundle::check(bundle, &Evaluator::new().evaluate(&query));
    }
}

/// A snapshot is taken by an edge or refused, and nothing that its publisher didn't sign is taken. What an edge trusts is
/// read or refused.
pub(crate) fn snapshot(data: &[u8]) {
    let trust = Trust::from_json(include_str!("corpus/snapshot/trust")).expect("a seed");
    let mut edge = KeyRing::edge(trust);
    let is_taken = edge.load(data, UnixSeconds::new(1_795_600_000)).is_ok();
    assert_eq!(is_taken, data == include_bytes!("corpus/snapshot/whole"));
    if let Ok(text) = str::from_utf8(data) {
        drop(Trust::from_json(text));
    }
}

/// A bundle is refused, or answers; its last bytes are its digest, which is made anew too.
pub(crate) fn bundle(data: &[u8]) {
    let _ = bundle::load_and_ask(data);
    if let Some((body, _)) = data.split_last_chunk::<DIGEST_LEN>() {
        let _ = bundle::load_and_ask(&bundle::sealed(body.to_vec()));
    }
}

/// A profile is read or refused.
pub(crate) fn profile(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    drop(Profile::from_json(text));
}

/// The value of `Content-Digest`, a line end, and the body: what is accepted holds a right digest.
pub(crate) fn digest(data: &[u8]) {
    let Some((value, body)) = split(data, b"\n") else {
        return;
    };
    let block = [b"Content-Digest: ", value].concat();
    let Ok(headers) = Headers::parse(&block) else {
        return;
    };
    if content_digest(&headers, "content-digest", &Body::Bytes(body)) == Ok(true) {
        let value = str::from_utf8(value).expect("header fields are ASCII");
        let right = [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512];
        assert!(
            right
                .iter()
                .any(|algorithm| value.contains(&BodyDigest::of(*algorithm, body).to_field()))
        );
    }
}

/// A request: the method and the target, header lines, an empty line, and the body.
fn request(data: &[u8]) -> Option<Request<'_>> {
    let (head, body) = split(data, b"\n\n")?;
    let (line, block) = split(head, b"\n")?;
    let (method, target) = str::from_utf8(line).ok()?.split_once(' ')?;
    Some(Request {
        method,
        target,
        scheme: Scheme::Https,
        headers: Headers::parse(block).ok()?,
        body: Body::Bytes(body),
        peer: None,
    })
}

fn a_line_for_each_component(request: &Request<'_>, input: &SignatureInput<'_>) {
    let Ok(base) = signature_base(Message::Request(request), input) else {
        return;
    };
    let lines: Vec<&str> = base.split('\n').collect();
    assert_eq!(lines.len(), input.covered().count() + 1);
    for (line, name) in lines
        .iter()
        .zip(input.covered().chain(["@signature-params"]))
    {
        assert!(line.starts_with(&format!("\"{name}\"")), "{line}");
    }
}

fn ring() -> KeyRing {
    let secret = SharedSecret::new(SECRET.to_vec()).expect("it is long enough");
    let mut ring = KeyRing::new();
    ring.insert(KeyRecord::new("k7", Environment::Live, &secret).expect("the keyid is good"));
    ring
}

fn split<'a>(data: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = data
        .windows(separator.len())
        .position(|window| window == separator)?;
    Some((data.get(..at)?, data.get(at + separator.len()..)?))
}
