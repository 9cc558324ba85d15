//! What a proxy says of the request counts only if the profile names that proxy.

use countersign_core::{Code, Forwarded, Scheme};

use crate::support::{Attempt, options};

const PROXY: &str = "10.0.0.7";

/// Signed for `https://api.example.com/v1/orders`; arrived as `http://origin.internal/orders`.
fn behind_a_proxy() -> Attempt {
    let mut attempt = Attempt::good();
    attempt.scheme = Scheme::Http;
    attempt.set("Host", "origin.internal");
    let target = core::mem::replace(&mut attempt.target, "/orders".into());
    attempt.add("X-Forwarded-Proto", "https");
    attempt.add("X-Forwarded-Host", "api.example.com");
    attempt.add("X-Original-URI", &target);
    attempt.peer = Some(PROXY);
    let forwarded = Forwarded::from_peers([PROXY]).target_from(Some("x-original-uri".into()));
    attempt.profile = attempt
        .profile
        .authorities(["api.example.com"])
        .forwarded(forwarded);
    attempt
}

fn outcome(mut attempt: Attempt) -> Result<String, Code> {
    attempt
        .verify()
        .map(|verified| verified.path().to_owned())
        .map_err(|refusal| refusal.code())
}

#[test]
fn a_named_peer_is_believed() {
    assert_eq!(outcome(behind_a_proxy()), Ok("/v1/orders".into()));
}

#[test]
fn nobody_else_is() {
    for peer in [None, Some("10.0.0.70"), Some("")] {
        let attempt = Attempt {
            peer,
            ..behind_a_proxy()
        };
        assert_eq!(outcome(attempt), Err(Code::AuthorityNotAllowed), "{peer:?}");
    }
}

#[test]
fn by_default_nobody_is_and_the_fields_are_ignored() {
    let mut attempt = Attempt::good();
    attempt.add("X-Forwarded-Host", "evil.example");
    attempt.add("X-Forwarded-Proto", "gopher");
    attempt.peer = Some(PROXY);
    assert_eq!(outcome(attempt), Ok("/v1/orders".into()));
}

#[test]
fn a_field_that_the_peer_did_not_set_leaves_what_the_request_says() {
    let mut attempt = Attempt::good();
    attempt.peer = Some(PROXY);
    attempt.profile = attempt.profile.forwarded(Forwarded::from_peers([PROXY]));
    assert_eq!(outcome(attempt), Ok("/v1/orders".into()));
}

#[test]
fn the_scheme_of_the_proxy_decides_the_default_port() {
    let mut attempt = behind_a_proxy();
    attempt.set("X-Forwarded-Host", "api.example.com:443");
    assert_eq!(outcome(attempt), Ok("/v1/orders".into()));
}

#[test]
fn a_forwarded_field_that_can_be_read_in_two_ways_is_refused() {
    for (field, value) in [
        ("X-Forwarded-Host", "api.example.com"),
        ("X-Forwarded-Proto", "https"),
        ("X-Original-URI", "/v1/orders"),
    ] {
        let mut attempt = behind_a_proxy();
        attempt.add(field, value);
        assert_eq!(outcome(attempt), Err(Code::ForwardedAmbiguous), "{field}");
    }
    for (field, value, code) in [
        (
            "X-Forwarded-Host",
            "api.example.com, evil.example",
            Code::ForwardedAmbiguous,
        ),
        ("X-Forwarded-Proto", "https, http", Code::ForwardedAmbiguous),
        (
            "X-Forwarded-Host",
            "me@api.example.com",
            Code::HostAmbiguous,
        ),
        ("X-Original-URI", "v1/orders", Code::TargetMalformed),
    ] {
        let mut attempt = behind_a_proxy();
        attempt.set(field, value);
        assert_eq!(outcome(attempt), Err(code), "{field}: {value}");
    }
}

#[test]
fn the_signature_is_over_what_the_client_sent() {
    let mut attempt = behind_a_proxy();
    attempt.sign(&options());
    assert_eq!(outcome(attempt), Err(Code::SignatureMismatch));
}
