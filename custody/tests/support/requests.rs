//! The request of the tests: signed by a key, and verified by a keyring.

use countersign_core::{
    Body, Environment, Headers, KeyRing, Presented, Profile, ReplayCache, Request, Scheme,
    SignOptions, Signed, SigningKey, UnixSeconds, sign,
};

pub(crate) fn request(headers: Headers<'_>) -> Request<'_> {
    Request {
        method: "GET",
        target: "/v1/orders",
        scheme: Scheme::Https,
        headers,
        body: Body::Bytes(b""),
        peer: None,
    }
}

pub(crate) fn signed(key: &SigningKey, now: UnixSeconds, nonce: &str) -> Signed {
    let headers = Headers::parse(b"Host: api.example.com\r\n").expect("headers");
    let options = SignOptions::new(now).nonce(nonce);
    sign(&request(headers), key, &options).expect("a signature")
}

/// `verified`, or the code of the refusal, for a request with these header lines.
pub(crate) fn verify(
    ring: &KeyRing,
    replay: &mut ReplayCache,
    lines: &str,
    now: UnixSeconds,
) -> &'static str {
    let headers = Headers::parse(lines.as_bytes()).expect("headers");
    let received = request(headers);
    let profile = Profile::new(Environment::Dev);
    Presented::parse(&received, &profile)
        .and_then(|presented| presented.find_key(ring, now))
        .and_then(|candidate| candidate.authenticate(now))
        .and_then(|authentic| authentic.spend(replay, now))
        .map_or_else(|refusal| refusal.code().as_str(), |_| "verified")
}
