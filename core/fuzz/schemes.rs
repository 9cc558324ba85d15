//! Vendors' schemes, whatever is sent to them and whatever row they are made of.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use countersign_core::scheme::{Credentials, Moment, Scheme};
use countersign_core::signer;
use countersign_core::{Body, Headers, Request};

const NOW_MS: u64 = 1_700_000_000_123;

/// A scheme, and its program if it has one: a row takes longer to read than a request.
struct BuiltIn {
    scheme: Scheme,
    program: Option<Vec<u8>>,
}

static BUILT_IN: LazyLock<BTreeMap<&str, BuiltIn>> = LazyLock::new(|| {
    let of = |name| {
        let scheme = Scheme::named(name).expect("it is built in");
        let program = scheme.program();
        (name, BuiltIn { scheme, program })
    };
    Scheme::all().map(of).collect()
});

/// One that every form of a secret but a private key can be decoded from.
fn credentials(secret: &str) -> Credentials {
    Credentials::new("key", secret)
        .passphrase("phrase")
        .option("region", "us-east-1")
        .option("service", "s3")
}

/// A row is read or refused; what it says of itself is told, and it signs and verifies or refuses.
pub(crate) fn row(data: &[u8]) {
    let Some(scheme) = str::from_utf8(data)
        .ok()
        .and_then(|text| Scheme::from_toml(text).ok())
    else {
        return;
    };
    let _ = (scheme.coverage(), scheme.program());
    for body in [
        &b"a=b&c=d"[..],
        br#"{"id":1,"method":"m","params":{"a":[1]}}"#,
    ] {
        let request = Request {
            method: "POST",
            target: "/v1/orders?b=2&a=1",
            scheme: countersign_core::Scheme::Https,
            headers: Headers::parse(b"Host: api.example.com\r\nX-A: a\r\n").expect("lines"),
            body: Body::Bytes(body),
            peer: None,
        };
        ask(&scheme, &request);
    }
}

/// A request is signed by a scheme or refused, and what verifies under one secret doesn't under another.
pub(crate) fn request(name: &str, request: &Request<'_>) {
    if let Some(built_in) = BUILT_IN.get(name) {
        ask(&built_in.scheme, request);
    }
}

fn ask(scheme: &Scheme, request: &Request<'_>) {
    let (right, wrong) = (credentials("c2VjcmV0"), credentials("U2VjcmV0"));
    let moment = Moment::new(NOW_MS, [7; 16]);
    let _ = scheme.sign(request, &right, &moment);
    let _ = scheme.base(request, &right, &moment);
    let _ = scheme.canonical_request(request, &right, &moment);
    let _ = scheme.presented_keyid(request);
    if scheme.verify(request, &[&right], NOW_MS, None).is_ok() {
        assert!(scheme.verify(request, &[&wrong], NOW_MS, None).is_err());
        assert!(scheme.received_bases(request, &right).is_ok());
    }
}

/// Where the second frame begins, and the two frames of the signer that is small: it opens and signs or refuses, and
/// leaves nothing of a secret behind.
pub(crate) fn signer(data: &[u8]) {
    let Some((at, frames)) = data.split_first() else {
        return;
    };
    let Some((opening, signing)) = frames.split_at_checked(usize::from(*at)) else {
        return;
    };
    let find = |name: &[u8]| {
        let built_in = BUILT_IN.get(str::from_utf8(name).ok()?)?;
        built_in.program.as_deref()
    };
    let mut memory = vec![0; signer::memory_for(opening.len() + signing.len())];
    let (first, _) = memory.split_at_mut(opening.len());
    first.copy_from_slice(opening);
    let Ok((key, program, sender)) = signer::open(&mut memory, opening.len(), find) else {
        return;
    };
    assert!(memory.iter().skip(sender).all(|byte| *byte == 0));
    for is_chunk in [false, true] {
        let mut memory = memory.clone();
        let Some(room) = memory.get_mut(sender..sender + signing.len()) else {
            return;
        };
        room.copy_from_slice(signing);
        let _ = signer::sign(&mut memory, sender, signing.len(), &key, program, is_chunk);
    }
}
