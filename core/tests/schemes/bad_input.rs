//! What a sender or a caller can do wrong: one change to a good request, and the code it earns.

use std::time::{Duration, Instant};

use countersign_core::scheme::{Credentials, Moment, Scheme};
use countersign_core::{
    Body, BodyDigest, Code, DigestAlgorithm, Headers, Refusal, Request, Scheme as UriScheme,
};

use crate::support::Message;

const NOW_MS: u64 = 1_700_000_000_123;

type Change = fn(&mut Message);

fn credentials(name: &str) -> Credentials {
    let secret = if name == "svix" || name == "kraken" {
        "whsec_c2VjcmV0"
    } else {
        "secret"
    };
    let secret = if name == "kraken" { "c2VjcmV0" } else { secret };
    let keyid = if matches!(name, "stripe" | "svix" | "slack" | "github" | "twilio") {
        ""
    } else {
        "key"
    };
    Credentials::new(keyid, secret)
        .passphrase("phrase")
        .option("region", "eu-west-1")
        .option("service", "execute-api")
}

fn good(name: &str) -> Message {
    let scheme = Scheme::named(name).unwrap();
    let body = match name {
        "crypto-com" | "gemini" => r#"{"method":"m","id":1,"params":{"a":1}}"#,
        "binance" | "kraken" => "a=b",
        _ => "some body",
    };
    let message = Message::new("POST", "/path?x=1&y=2", body).header("Host", "api.example.com");
    let parts =
        message.see(|it| scheme.sign(it, &credentials(name), &Moment::new(NOW_MS, [1; 16])));
    message.signed(parts.unwrap())
}

fn verify(name: &str, message: &Message) -> Result<(), Code> {
    let scheme = Scheme::named(name).unwrap();
    let verdict = message.see(|it| scheme.verify(it, &[&credentials(name)], NOW_MS, None));
    verdict.map(|_| ()).map_err(|refusal| refusal.code())
}

fn set(message: &mut Message, name: &str, value: &str) {
    let field = message
        .headers
        .iter_mut()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    field.unwrap_or_else(|| panic!("no {name}")).1 = value.into();
}

fn edit(message: &mut Message, name: &str, edit: impl FnOnce(&str) -> String) {
    let value = edit(message.value(name).unwrap());
    set(message, name, &value);
}

fn repeat(message: &mut Message, name: &str) {
    let value = message.value(name).unwrap().to_owned();
    message.headers.push((name.into(), value));
}

fn remove(message: &mut Message, name: &str) {
    message
        .headers
        .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
}

#[rustfmt::skip]
const ROWS: &[(&str, &str, Change, Code)] = &[
    ("no signature", "okx", |it| remove(it, "OK-ACCESS-SIGN"), Code::SignatureMissing),
    ("signature twice", "okx", |it| repeat(it, "OK-ACCESS-SIGN"), Code::SignatureAmbiguous),
    ("timestamp twice", "okx", |it| repeat(it, "OK-ACCESS-TIMESTAMP"), Code::SignatureAmbiguous),
    ("no timestamp", "okx", |it| remove(it, "OK-ACCESS-TIMESTAMP"), Code::ComponentMissing),
    ("no passphrase", "okx", |it| remove(it, "OK-ACCESS-PASSPHRASE"), Code::ComponentMissing),
    ("empty signature", "okx", |it| set(it, "OK-ACCESS-SIGN", ""), Code::SignatureMalformed),
    ("base64 without padding", "okx", |it| edit(it, "OK-ACCESS-SIGN", |it| it.trim_end_matches('=').into()), Code::SignatureMalformed),
    ("url-safe base64", "okx", |it| set(it, "OK-ACCESS-SIGN", "_-_-"), Code::SignatureMalformed),
    ("truncated signature", "okx", |it| edit(it, "OK-ACCESS-SIGN", |it| it[..40].into()), Code::SignatureMismatch),
    ("seconds for ISO", "okx", |it| set(it, "OK-ACCESS-TIMESTAMP", "1700000000"), Code::TimestampMalformed),
    ("a day that doesn't exist", "okx", |it| set(it, "OK-ACCESS-TIMESTAMP", "2023-02-29T00:00:00.000Z"), Code::TimestampMalformed),
    ("a time with a zone", "okx", |it| set(it, "OK-ACCESS-TIMESTAMP", "2023-11-14T22:13:20.123+0"), Code::TimestampMalformed),
    ("NUL in a header", "okx", |it| set(it, "OK-ACCESS-SIGN", "a\0b"), Code::HeadersMalformed),
    ("NUL in the target", "okx", |it| it.target = "/a\0b".into(), Code::TargetMalformed),
    ("line end in the target", "okx", |it| it.target = "/a\r\nX: y".into(), Code::TargetMalformed),
    ("fragment in the target", "okx", |it| it.target = "/a#b".into(), Code::TargetMalformed),
    ("target of another scheme", "okx", |it| it.target = "ftp://a/b".into(), Code::TargetMalformed),
    ("no target", "okx", |it| it.target.clear(), Code::TargetMalformed),
    ("method that is none", "okx", |it| it.method = "PO ST".into(), Code::MethodMalformed),
    ("Host twice", "okx", |it| repeat(it, "Host"), Code::HostAmbiguous),
    ("Host with a path", "okx", |it| set(it, "Host", "a/b"), Code::HostAmbiguous),
    ("10,000 query parameters", "okx", |it| it.target = format!("/a?{}", "a=1&".repeat(10_000)), Code::TargetTooLong),
    ("upper-case hex", "bybit", |it| edit(it, "X-BAPI-SIGN", str::to_uppercase), Code::SignatureMalformed),
    ("half a hex digit", "bybit", |it| edit(it, "X-BAPI-SIGN", |it| it[..63].into()), Code::SignatureMalformed),
    ("receive window too long", "bybit", |it| set(it, "X-BAPI-RECV-WINDOW", "60001"), Code::ParameterMalformed),
    ("timestamp that is negative", "bybit", |it| set(it, "X-BAPI-TIMESTAMP", "-1"), Code::TimestampMalformed),
    ("timestamp of 40 digits", "bybit", |it| set(it, "X-BAPI-TIMESTAMP", &"9".repeat(40)), Code::TimestampMalformed),
    ("signature in query and body", "binance", |it| it.target.push_str("&signature=00"), Code::QueryParamAmbiguous),
    ("signature twice in the body", "binance", |it| it.body.extend(b"&signature=00"), Code::QueryParamAmbiguous),
    ("timestamp in query and body", "binance", |it| it.target.push_str("&timestamp=1"), Code::QueryParamAmbiguous),
    ("body that is not UTF-8", "binance", |it| it.body.push(0xff), Code::ComponentMissing),
    ("broken escape in the signature", "binance", |it| it.body.extend(b"%zz"), Code::QueryMalformed),
    ("body that is not UTF-8", "kraken", |it| it.body.push(0xff), Code::BodyMalformed),
    ("nonce that is no number", "kraken", |it| it.body = b"a=b&nonce=x".to_vec(), Code::NonceMalformed),
    ("no nonce", "kraken", |it| it.body = b"a=b".to_vec(), Code::ComponentMissing),
    ("nonce of 257 digits", "kraken", |it| it.body = format!("nonce={}", "1".repeat(257)).into(), Code::NonceTooLong),
    ("body that is not JSON", "crypto-com", |it| it.body = b"{".to_vec(), Code::BodyMalformed),
    ("body that is not UTF-8", "crypto-com", |it| it.body = vec![0xff], Code::BodyMalformed),
    ("JSON of a million brackets", "crypto-com", |it| it.body = "[".repeat(1_000_000).into(), Code::BodyMalformed),
    ("a member twice", "crypto-com", |it| it.body = br#"{"api_key":"key","nonce":1,"sig":"00","sig":"01"}"#.to_vec(), Code::SignatureAmbiguous),
    ("a member twice inside", "crypto-com", |it| it.body = String::from_utf8(it.body.clone()).unwrap().replace(r#""a":1"#, r#""a":1,"a":2"#).into(), Code::BodyMalformed),
    ("payload that is not base64", "gemini", |it| set(it, "X-GEMINI-PAYLOAD", "?"), Code::BodyMalformed),
    ("payload that is not JSON", "gemini", |it| set(it, "X-GEMINI-PAYLOAD", "YQ=="), Code::BodyMalformed),
    ("payload for another path", "gemini", |it| it.target = "/other".into(), Code::SignatureMismatch),
    ("body that isn't in the payload", "gemini", |it| it.body = br#"{"b":1}"#.to_vec(), Code::DigestMismatch),
    ("no t", "stripe", |it| edit(it, "Stripe-Signature", |it| it.split_once(',').unwrap().1.into()), Code::ComponentMissing),
    ("two t", "stripe", |it| edit(it, "Stripe-Signature", |it| format!("t=1,{it}")), Code::SignatureAmbiguous),
    ("only an old version", "stripe", |it| edit(it, "Stripe-Signature", |it| it.replace("v1", "v0")), Code::SignatureMissing),
    ("17 signatures", "stripe", |it| edit(it, "Stripe-Signature", |it| format!("{it}{}", ",v1=00".repeat(16))), Code::TooManySignatures),
    ("10,000 signatures", "stripe", |it| edit(it, "Stripe-Signature", |it| format!("{it}{}", ",v1=00".repeat(10_000))), Code::TooManySignatures),
    ("a header of 1 MB", "stripe", |it| edit(it, "Stripe-Signature", |it| it.replace(",v1=", &",x".repeat(500_000))), Code::SignatureMissing),
    ("a header of 1 MB in one item", "stripe", |it| set(it, "Stripe-Signature", &format!("t={}", "1".repeat(1 << 20))), Code::SignatureMissing),
    ("empty body", "stripe", |it| it.body.clear(), Code::BodyMalformed),
    ("another prefix", "slack", |it| edit(it, "X-Slack-Signature", |it| it.replace("v0", "v1")), Code::SignatureMalformed),
    ("no id", "svix", |it| remove(it, "svix-id"), Code::ComponentMissing),
    ("id of 257 bytes", "svix", |it| set(it, "svix-id", &"a".repeat(257)), Code::NonceTooLong),
    ("another authentication scheme", "hawk", |it| edit(it, "Authorization", |it| it.replace("Hawk", "Bearer")), Code::SignatureMissing),
    ("no hash, but a body", "hawk", |it| edit(it, "Authorization", |it| { let (a, b) = it.split_once(", hash=\"").unwrap(); format!("{a}{}", b.split_once('"').unwrap().1) }), Code::BodyNotCovered),
    ("hash of another body", "hawk", |it| it.body.push(b'!'), Code::DigestMismatch),
    ("no id", "hawk", |it| edit(it, "Authorization", |it| it.replace("id=\"key\", ", "")), Code::ComponentMissing),
    ("mac twice", "hawk", |it| edit(it, "Authorization", |it| format!("{it}, mac=\"AAAA\"")), Code::SignatureAmbiguous),
    ("unknown attribute", "hawk", |it| edit(it, "Authorization", |it| format!("{it}, foo=\"1\"")), Code::SignatureMalformed),
    ("no attribute at all", "hawk", |it| set(it, "Authorization", "Hawk"), Code::SignatureMalformed),
    ("quote that doesn't end", "hawk", |it| edit(it, "Authorization", |it| format!("{it}, ext=\"a")), Code::SignatureMalformed),
    ("Credential twice", "aws-sigv4", |it| edit(it, "Authorization", |it| it.replace("SignedHeaders", "Credential=a/b/c/d/e, SignedHeaders")), Code::SignatureAmbiguous),
    ("no scope", "aws-sigv4", |it| edit(it, "Authorization", |it| it.replace("/aws4_request", "")), Code::SignatureMalformed),
    ("date of another day", "aws-sigv4", |it| set(it, "X-Amz-Date", "20231115T221320Z"), Code::SignatureMalformed),
    ("no date", "aws-sigv4", |it| remove(it, "X-Amz-Date"), Code::ComponentMissing),
    ("signed header that isn't there", "aws-sigv4", |it| edit(it, "Authorization", |it| it.replace("host;", "host;i;")), Code::ComponentMissing),
    ("signed header twice", "aws-sigv4", |it| edit(it, "Authorization", |it| it.replace("host;", "host;host;")), Code::ComponentDuplicate),
    ("host that isn't signed", "aws-sigv4", |it| edit(it, "Authorization", |it| it.replace("host;", "")), Code::ComponentNotCovered),
    ("amz header that isn't signed", "aws-sigv4", |it| it.headers.push(("X-Amz-Target".into(), "x".into())), Code::ComponentNotCovered),
    ("other algorithm", "aws-sigv4", |it| edit(it, "Authorization", |it| it.replace("SHA256", "SHA1")), Code::SignatureMissing),
    ("expiry of eight days", "aws-sigv4-query", |it| it.target = it.target.replace("Expires=3600", "Expires=604801"), Code::SignatureMalformed),
    ("no expiry", "aws-sigv4-query", |it| it.target = it.target.replace("Expires=3600", "Expired=3600"), Code::SignatureMissing),
    ("signature twice", "aws-sigv4-query", |it| it.target.push_str("&X-Amz-Signature=00"), Code::QueryParamAmbiguous),
];

#[test]
fn each_change_earns_its_code() {
    let mut failures = Vec::new();
    for (what, name, change, code) in ROWS {
        let mut message = good(name);
        assert_eq!(verify(name, &message), Ok(()), "{name}");
        change(&mut message);
        let started = Instant::now();
        let verdict = verify(name, &message);
        if verdict != Err(*code) || started.elapsed() > Duration::from_secs(5) {
            failures.push(format!(
                "{name}: {what}: {verdict:?} in {:?}",
                started.elapsed()
            ));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_form_of_a_hundred_thousand_pairs_is_sorted_in_time() {
    let scheme = Scheme::named("twilio").unwrap();
    let pair = |at: usize| format!("p{}={at}", at * 7919 % 100_003);
    let pairs = (0..100_000).map(pair).collect::<Vec<_>>().join("&");
    let message = Message::new("POST", "/a", &pairs)
        .header("Host", "example.com")
        .header("X-Twilio-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let started = Instant::now();
    let refusal = message
        .see(|it| scheme.verify(it, &[&Credentials::new("", "s")], 0, None))
        .unwrap_err();
    assert_eq!(refusal.code(), Code::SignatureMismatch);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn sha1_is_verified_but_never_made() {
    let scheme = Scheme::named("twilio").unwrap();
    let message = Message::new("POST", "https://example.com/a", "a=b");
    let signed =
        message.see(|it| scheme.sign(it, &Credentials::new("", "s"), &Moment::new(0, [0; 16])));
    assert_eq!(signed.unwrap_err().code(), Code::SchemeVerifyOnly);
}

#[rustfmt::skip]
const SECRETS: &[(&str, &str)] = &[
    ("okx", ""),
    ("okx", "secret\n"),
    ("okx", " secret"),
    ("kraken", "no base64"),
    ("kraken", "c2VjcmV0Cg"),
    ("svix", "v1,whsec_c2VjcmV0"),
    ("svix", "whsec_"),
    ("binance-ed25519", "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfQ=="),
    ("binance-ed25519", "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
    ("standard-webhooks-ed25519", "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
    ("standard-webhooks-ed25519", "whsk_AAAA"),
];

#[test]
fn a_secret_that_is_not_the_scheme_s_signs_nothing() {
    for (name, secret) in SECRETS {
        let scheme = Scheme::named(name).unwrap();
        let message = Message::new("POST", "/a", "a=b");
        let credentials = Credentials::new("key", *secret).passphrase("p");
        let moment = Moment::new(NOW_MS, [0; 16]);
        let refusal = message
            .see(|it| scheme.sign(it, &credentials, &moment))
            .unwrap_err();
        assert!(
            matches!(
                refusal.code(),
                Code::SecretMalformed | Code::AlgorithmUnknown
            ),
            "{name} {secret}: {refusal:?}"
        );
    }
}

#[test]
fn credentials_that_lack_a_part_sign_nothing() {
    let moment = Moment::new(NOW_MS, [0; 16]);
    for (name, part) in [
        ("okx", "passphrase"),
        ("kucoin", "passphrase"),
        ("aws-sigv4", "region"),
    ] {
        let scheme = Scheme::named(name).unwrap();
        let message = Message::new("GET", "https://example.com/a", "");
        let refusal = message
            .see(|it| scheme.sign(it, &Credentials::new("key", "s"), &moment))
            .unwrap_err();
        assert_eq!(refusal, Refusal::about(Code::CredentialsIncomplete, part));
    }
}

#[test]
fn a_digest_is_enough_where_the_scheme_signs_one() {
    let moment = Moment::new(NOW_MS, [0; 16]);
    let see = |name: &str, algorithm| {
        let request = Request {
            method: "PUT",
            target: "https://example.com/a",
            scheme: UriScheme::Https,
            headers: Headers::default(),
            body: Body::Digest(BodyDigest::of(algorithm, b"some body")),
            peer: None,
        };
        let whole = Request {
            body: Body::Bytes(b"some body"),
            ..request.clone()
        };
        let scheme = Scheme::named(name).unwrap();
        let sign = |request| scheme.sign(request, &credentials(name), &moment);
        sign(&request)
            .map(|parts| assert_eq!(parts, sign(&whole).unwrap()))
            .map_err(|refusal| refusal.code())
    };
    assert_eq!(see("gate", DigestAlgorithm::Sha512), Ok(()));
    assert_eq!(see("aws-sigv4", DigestAlgorithm::Sha256), Ok(()));
    assert_eq!(
        see("gate", DigestAlgorithm::Sha256),
        Err(Code::BodyBytesNeeded)
    );
    assert_eq!(
        see("aws-sigv4", DigestAlgorithm::Sha512),
        Err(Code::BodyBytesNeeded)
    );
    assert_eq!(
        see("okx", DigestAlgorithm::Sha256),
        Err(Code::BodyBytesNeeded)
    );
}

#[test]
fn debug_shows_no_secret() {
    let credentials = Credentials::new("key", "the secret")
        .passphrase("the phrase")
        .option("session-token", "the token");
    assert_eq!(format!("{credentials:?}"), "Credentials(..)");
}

#[test]
fn what_a_vendor_gave_can_not_begin_a_header_of_its_own() {
    let message = Message::new("GET", "/", "").header("Host", "api.example.com");
    let moment = Moment::new(1_700_000_000_000, [7; 16]);
    let code = |scheme: &str, credentials: &Credentials| {
        let scheme = Scheme::named(scheme).unwrap();
        let signed = message.see(|request| scheme.sign(request, credentials, &moment));
        signed.map(drop).map_err(|refusal| refusal.code())
    };
    let refused = Err(Code::OptionsMalformed);
    for wrong in ["p\nX-Evil: 1", "p\r\n", "p\0", "\u{7f}"] {
        let by_passphrase = Credentials::new("key", "secret").passphrase(wrong);
        assert_eq!(code("okx", &by_passphrase), refused, "{wrong:?}");
        assert_eq!(
            code("okx", &Credentials::new(wrong, "secret")),
            refused,
            "{wrong:?}"
        );
    }
    let hawk = Credentials::new("key", "secret");
    assert_eq!(
        code("hawk", &hawk.clone().option("ext", "a\", mac=\"b")),
        refused
    );
    assert_eq!(code("hawk", &hawk.option("ext", "a b")), Ok(()));
}

#[test]
fn an_empty_option_is_none() {
    let scheme = Scheme::named("aws-sigv4").unwrap();
    let message = Message::new("GET", "/", "").header("Host", "s3.amazonaws.com");
    let credentials = Credentials::new("AKIDEXAMPLE", "secret")
        .option("region", "us-east-1")
        .option("service", "s3")
        .option("session-token", "");
    let moment = Moment::new(1_700_000_000_000, [0; 16]);
    let parts = message
        .see(|request| scheme.sign(request, &credentials, &moment))
        .unwrap();
    assert!(
        parts
            .headers
            .iter()
            .all(|(name, _)| !name.eq_ignore_ascii_case("x-amz-security-token"))
    );
}

#[test]
fn a_list_of_attributes_may_end_with_a_comma() {
    let mut message = good("hawk");
    edit(&mut message, "Authorization", |it| format!("{it}, "));
    assert_eq!(verify("hawk", &message), Ok(()));
}
