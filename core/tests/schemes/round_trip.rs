//! Whatever is signed verifies, and nothing that is covered can be changed.

use countersign_core::scheme::{Covered, Credentials, Moment, Scheme, SchemeAlgorithm};
use countersign_core::{Code, ReplayCache, ReplayStore, Spend, UnixSeconds};
use proptest::prelude::*;

use crate::support::Message;

pub(crate) const NOW_MS: u64 = 1_700_000_000_123;
const BASE64: &str = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC1zZWNyZXQhIQ==";
const PKCS8: &str = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF";
const WHSK: &str = "whsk_n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=";

/// Every scheme that signs.
pub(crate) fn signing() -> impl Iterator<Item = &'static str> {
    Scheme::all().filter(|name| {
        let algorithm = Scheme::named(name).unwrap().algorithm();
        algorithm != SchemeAlgorithm::HmacSha1
    })
}

pub(crate) fn credentials(name: &str) -> Credentials {
    let secret = match name {
        "coinbase-exchange" | "kraken" | "kraken-json" | "standard-webhooks" | "svix" => BASE64,
        "binance-ed25519" => PKCS8,
        "standard-webhooks-ed25519" => WHSK,
        _ => "a secret",
    };
    let has_keyid =
        Scheme::named(name).unwrap().coverage().window_ms.is_some() || name.starts_with("kraken");
    let credentials = Credentials::new(if has_keyid { "key" } else { "" }, secret);
    credentials
        .passphrase("a phrase")
        .option("region", "eu-west-1")
        .option("service", "execute-api")
}

/// A request of the kind that the scheme is for.
pub(crate) fn request(name: &str, path: &str, query: &str, text: &str) -> Message {
    let (method, target, body) = match name {
        "crypto-com" => (
            "POST",
            path.to_owned(),
            format!(
                r#"{{"id":1,"method":"private/x","params":{{"a":"{text}","b":[1,{{"c":true}}]}}}}"#
            ),
        ),
        "gemini" | "kraken-json" => ("POST", path.to_owned(), format!(r#"{{"a":"{text}"}}"#)),
        "kraken" => ("POST", path.to_owned(), format!("a={text}")),
        "bingx" | "htx" | "shopify-oauth" | "shopify-app-proxy" | "mexc" => {
            ("GET", format!("{path}?{query}"), String::new())
        }
        _ => ("POST", format!("{path}?{query}"), format!("b={text}")),
    };
    Message::new(method, &target, &body)
        .header("Host", "api.example.com")
        .header("Content-Type", "text/plain; charset=utf-8")
}

fn signed(name: &str, message: &Message) -> Message {
    let scheme = Scheme::named(name).unwrap();
    let parts =
        message.see(|it| scheme.sign(it, &credentials(name), &Moment::new(NOW_MS, [7; 16])));
    message.signed(parts.unwrap_or_else(|refusal| panic!("{name}: {refusal:?}")))
}

fn is_accepted(name: &str, message: &Message) -> bool {
    let scheme = Scheme::named(name).unwrap();
    message
        .see(|it| scheme.verify(it, &[&credentials(name)], NOW_MS, None))
        .is_ok()
}

/// Changes each byte of a text in turn.
fn changes(text: &str) -> impl Iterator<Item = String> {
    (0..text.len()).map(|at| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 1;
        String::from_utf8(bytes).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn what_is_signed_verifies_and_nothing_covered_can_be_changed(
        path in "/[a-z0-9]{1,8}(/[a-zA-Z0-9_~-]{1,8}){0,2}",
        query in "[a-z]{1,4}=[A-Za-z0-9._~-]{1,8}(&[a-z]{1,4}=(%2F|%20|%C3%A9){1,2}){0,2}",
        text in "[a-zA-Z0-9]{1,16}",
    ) {
        for name in signing() {
            let coverage = Scheme::named(name).unwrap().coverage();
            let message = signed(name, &request(name, &path, &query, &text));
            prop_assert!(is_accepted(name, &message), "{name}: {message:?}");
            let mut refused = Vec::new();
            if coverage.method == Covered::Yes {
                let method = if message.method == "POST" { "PUT" } else { "POST" };
                refused.push(Message { method: method.into(), ..message.clone() });
            }
            if coverage.host == Covered::Yes {
                let mut other = message.clone();
                other.headers.iter_mut().find(|(name, _)| name == "Host").unwrap().1 = "api.example.net".into();
                refused.push(other);
            }
            let (path, query) = message.target.split_once('?').unwrap_or((&message.target, ""));
            if coverage.path == Covered::Yes {
                refused.extend(changes(&path[1..]).map(|path| Message { target: format!("/{path}?{query}"), ..message.clone() }));
            }
            if coverage.query == Covered::Yes {
                refused.extend(changes(query).map(|query| Message { target: format!("{path}?{query}"), ..message.clone() }));
            }
            let scheme = Scheme::named(name).unwrap();
            let authentic = message.see(|it| scheme.verify(it, &[&credentials(name)], NOW_MS, None)).unwrap();
            if authentic.covers_body() {
                let body = std::str::from_utf8(&message.body).unwrap();
                refused.extend(changes(body).map(|body| Message { body: body.into_bytes(), ..message.clone() }));
                let longer = Message { body: format!("{body} x").into_bytes(), ..message.clone() };
                if coverage.body == Covered::Yes {
                    refused.push(longer);
                }
            }
            for changed in &refused {
                prop_assert!(!is_accepted(name, changed), "{name} accepts {changed:?}");
            }
        }
    }
}

#[test]
fn signing_again_replaces_the_signature() {
    for name in signing().filter(|name| *name != "crypto-com" && *name != "gemini") {
        let once = signed(name, &request(name, "/a", "b=c", "d"));
        let again = signed(name, &once);
        assert!(is_accepted(name, &again), "{name}: {again:?}");
    }
}

#[test]
fn another_secret_another_key_or_another_phrase_is_refused() {
    for name in signing() {
        let scheme = Scheme::named(name).unwrap();
        let message = signed(name, &request(name, "/a", "b=c", "d"));
        let other = match name {
            "binance-ed25519" => Credentials::new(
                "key",
                "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnE",
            ),
            "standard-webhooks-ed25519" => {
                Credentials::new("key", "whsk_n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcQ=")
            }
            _ => Credentials::new(credentials(name).keyid(), "YW5vdGhlciBzZWNyZXQ="),
        };
        let refusal = message
            .see(|it| scheme.verify(it, &[&other], NOW_MS, None))
            .unwrap_err();
        assert_eq!(refusal.code(), Code::SignatureMismatch, "{name}");
        // While secrets are rotated there are several.
        let right = credentials(name);
        let authentic = message
            .see(|it| scheme.verify(it, &[&other, &right], NOW_MS, None))
            .unwrap();
        assert_eq!(authentic.credential(), 1, "{name}");
    }
    for name in ["okx", "kucoin", "bitget", "coinbase-exchange"] {
        let scheme = Scheme::named(name).unwrap();
        let message = signed(name, &request(name, "/a", "b=c", "d"));
        let other = credentials(name).passphrase("another");
        let refusal = message
            .see(|it| scheme.verify(it, &[&other], NOW_MS, None))
            .unwrap_err();
        assert_eq!(refusal.code(), Code::SignatureMismatch, "{name}");
        let none = credentials(name).passphrase("");
        let refusal = message
            .see(|it| {
                scheme.verify(
                    it,
                    &[&credentials(name).option("a", "b").passphrase("x"), &none],
                    NOW_MS,
                    None,
                )
            })
            .unwrap_err();
        assert_eq!(refusal.code(), Code::CredentialsIncomplete, "{name}");
    }
}

/// A scheme, how far off the clock may be in each direction, and by how little more it may not.
const WINDOWS: &[(&str, u64, u64, u64)] = &[
    ("binance", 5000, 1000, 1),
    ("bybit", 5000, 1000, 1),
    ("okx", 30_000, 30_000, 1000),
    ("slack", 300_000, 300_000, 1000),
    ("hawk", 59_877, 60_123, 1),
    ("htx", 300_000, 300_000, 1000),
    ("aws-sigv4", 900_000, 900_000, 1000),
    ("bitmex", 60_000, u64::MAX, 1000),
    ("aws-sigv4-query", 3_600_000, 900_000, 1000),
];

#[test]
fn a_signature_is_good_in_its_window_only() {
    for (name, past, future, more) in WINDOWS {
        let scheme = Scheme::named(name).unwrap();
        let message = signed(name, &request(name, "/a", "b=c", "d"));
        let at = |now_ms: u64| {
            let verdict = message.see(|it| scheme.verify(it, &[&credentials(name)], now_ms, None));
            verdict
                .map(|it| it.replay_token().keep_until().get())
                .map_err(|refusal| refusal.code())
        };
        let kept = at(NOW_MS + past).unwrap_or_else(|code| panic!("{name}: {code:?}"));
        assert!(
            kept * 1000 + 999 >= NOW_MS + past,
            "{name} is forgotten while it is good"
        );
        let too_late = at(NOW_MS + past + more).unwrap_err();
        let expected = if matches!(*name, "bitmex" | "aws-sigv4-query") {
            Code::Expired
        } else {
            Code::TooOld
        };
        assert_eq!(too_late, expected, "{name}");
        if *future < NOW_MS {
            at(NOW_MS - future).unwrap_or_else(|code| panic!("{name}: {code:?}"));
            assert_eq!(
                at(NOW_MS - future - more),
                Err(Code::CreatedInFuture),
                "{name}"
            );
        }
    }
}

#[test]
fn the_sender_may_set_the_window_up_to_a_limit() {
    let scheme = Scheme::named("binance").unwrap();
    let at = |window: &str, later: u64| {
        let credentials = credentials("binance").option("recvWindow", window);
        let message = request("binance", "/a", "b=c", "d");
        let parts = message
            .see(|it| scheme.sign(it, &credentials, &Moment::new(NOW_MS, [7; 16])))
            .unwrap();
        let verdict = message
            .signed(parts)
            .see(|it| scheme.verify(it, &[&credentials], NOW_MS + later, None));
        verdict.map(|_| ()).map_err(|refusal| refusal.code())
    };
    assert_eq!(at("60000", 60_000), Ok(()));
    assert_eq!(at("60000", 60_001), Err(Code::TooOld));
    assert_eq!(at("1", 2), Err(Code::TooOld));
    assert_eq!(at("60001", 0), Err(Code::ParameterMalformed));
    assert_eq!(at("-1", 0), Err(Code::ParameterMalformed));
}

#[test]
fn a_signature_is_spent_once() {
    for name in signing() {
        let scheme = Scheme::named(name).unwrap();
        let mut cache = ReplayCache::new(16, 0x5eed);
        let now = UnixSeconds::new(NOW_MS / 1000);
        let mut spend = |message: &Message| {
            let authentic = message
                .see(|it| scheme.verify(it, &[&credentials(name)], NOW_MS, None))
                .unwrap();
            cache.spend(authentic.replay_token(), now)
        };
        let message = signed(name, &request(name, "/a", "b=c", "d"));
        assert_eq!(spend(&message), Spend::Fresh, "{name}");
        assert_eq!(spend(&message), Spend::Replayed, "{name}");
    }
}

#[test]
fn svix_takes_the_names_of_standard_webhooks_as_well() {
    let mut message = signed("svix", &request("svix", "/a", "b=c", "d"));
    for (name, _) in &mut message.headers {
        *name = name.replace("svix-", "webhook-");
    }
    assert!(is_accepted("svix", &message));
    assert!(is_accepted("standard-webhooks", &message));
}

#[test]
fn no_change_to_a_request_makes_the_verifier_panic() {
    let mut state = 0x5eed_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    for name in signing() {
        let scheme = Scheme::named(name).unwrap();
        let credentials = credentials(name);
        let good = signed(name, &request(name, "/a/b", "b=%2F&c=d", "e"));
        for _ in 0..300 {
            let mut message = good.clone();
            for _ in 0..=random(3) {
                let count = message.headers.len();
                let mut texts: Vec<Vec<u8>> = message
                    .headers
                    .iter()
                    .map(|(_, value)| value.clone().into_bytes())
                    .collect();
                texts.push(message.target.clone().into_bytes());
                texts.push(message.body.clone());
                let text = &mut texts[random(count + 2)];
                let at = random(text.len() + 1);
                let byte = b"\"\\{}[]%&=,:;/?.@ 09azAZ+-\t"[random(26)];
                match random(3) {
                    0 => text.insert(at, byte),
                    1 => text.truncate(at),
                    _ => {
                        if let Some(old) = text.get_mut(at) {
                            *old = byte;
                        }
                    }
                }
                let mut texts = texts.into_iter();
                for (_, value) in &mut message.headers {
                    *value = String::from_utf8(texts.next().unwrap()).unwrap();
                }
                message.target = String::from_utf8(texts.next().unwrap()).unwrap();
                message.body = texts.next().unwrap();
            }
            let _ = message.see(|it| scheme.verify(it, &[&credentials], NOW_MS, None));
            let _ = message.see(|it| scheme.sign(it, &credentials, &Moment::new(NOW_MS, [1; 16])));
        }
    }
}
