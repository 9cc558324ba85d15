//! A service rotates the key that it signs with, and no other.

use countersign_core::{
    Body, Environment, Headers, Request, Scheme, Scope, SignOptions, SigningKey, UnixSeconds, sign,
};
use countersign_custody::custodian::{Issued, NewKey};
use countersign_custody::generate::KeyKind;
use countersign_custody::{CustodyError, Order, PublicText};

use crate::world::{NOW, World, code, key, later, operator, signing_key, verify};

const ROTATE: &str = "/v1/environments/dev/keys/self/rotate";

fn service(world: &World, keyid: &str, group: &str) -> Issued {
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    let service = NewKey {
        groups: vec![group.into()],
        ..key(keyid)
    };
    world.dev.issue(&order, &service).expect("a key")
}

struct Asked<'a> {
    method: &'a str,
    target: &'a str,
    body: &'a [u8],
}

const PLAIN: Asked<'_> = Asked {
    method: "POST",
    target: ROTATE,
    body: b"",
};

/// Signs what is asked for, and asks.
fn ask(
    world: &World,
    key: &SigningKey,
    now: UnixSeconds,
    asked: &Asked<'_>,
) -> Result<Issued, CustodyError> {
    let headers = "Host: keys.example.com\r\n".to_owned();
    let request = |headers| Request {
        method: asked.method,
        target: asked.target,
        scheme: Scheme::Https,
        headers,
        body: Body::Bytes(asked.body),
        peer: None,
    };
    let bare = Headers::parse(headers.as_bytes()).expect("headers");
    let options = SignOptions::new(now).nonce("once");
    let signed = sign(&request(bare), key, &options).expect("a signature");
    let mut lines = format!(
        "{headers}Signature-Input: {}\r\nSignature: {}\r\n",
        signed.signature_input, signed.signature
    );
    if let Some(digest) = &signed.content_digest {
        lines.push_str(&format!("Content-Digest: {digest}\r\n"));
    }
    let headers = Headers::parse(lines.as_bytes()).expect("headers");
    world.dev.rotate_own(&request(headers), now)
}

#[test]
fn a_service_gets_the_successor_of_its_own_key() {
    let world = World::new();
    let key = signing_key(service(&world, "bot", "service"));
    let issued = ask(&world, &key, later(1), &PLAIN).expect("a successor");
    assert_eq!(issued.entry.life().keyid(), "botv2");
    assert_eq!(issued.entry.life().predecessor(), Some("bot"));
    let records = world.records();
    let [.., rotated, made] = records.as_slice() else {
        panic!("two records");
    };
    assert_eq!(
        (rotated.act.as_str(), rotated.actor.as_str()),
        ("key.rotated", "bot")
    );
    assert_eq!(made.act, "key.issued");
    let decided = rotated.decided.as_ref().expect("a decision");
    assert_eq!(decided.policies, ["service-rotates-itself"]);
    let next = signing_key(issued);
    let ring = world.dev.keyring(later(2)).expect("a ring");
    let signed = crate::world::signed(&next, later(2), "n");
    assert_eq!(verify(&ring, &signed, later(2)), "verified");
    // The same request again, and another: the key has its successor.
    assert_eq!(code(ask(&world, &key, later(1), &PLAIN)), "key_rotated");
    assert_eq!(code(ask(&world, &key, later(3), &PLAIN)), "key_rotated");
}

#[test]
fn it_says_how_long_both_verify_and_brings_its_next_public_key() {
    let world = World::new();
    let key = signing_key(service(&world, "bot", "service"));
    let body = Asked {
        body: br#"{"overlap": 60}"#,
        ..PLAIN
    };
    ask(&world, &key, later(1), &body).expect("a successor");
    let ring = world.dev.keyring(later(1)).expect("a ring");
    let signed = crate::world::signed(&key, later(60), "n");
    assert_eq!(verify(&ring, &signed, later(60)), "verified");
    let signed = crate::world::signed(&key, later(61), "m");
    assert_eq!(verify(&ring, &signed, later(61)), "key_expired");

    let pair = |seed: u8| SigningKey::ed25519("own", &[seed; 32]).expect("a key");
    let public = |seed: u8| pair(seed).verifying_key().expect("a public half");
    let otto = operator(Environment::Dev);
    let own = NewKey {
        kind: KeyKind::Client(public(1)),
        groups: vec!["service".into()],
        ..crate::world::key("own")
    };
    let order = Order::new(&otto, "a test", NOW);
    world.dev.issue(&order, &own).expect("a key");
    assert_eq!(
        code(ask(&world, &pair(1), later(1), &PLAIN)),
        "public_key_needed"
    );
    let text = PublicText::new(Environment::Dev, "own", public(2)).to_string();
    let body = format!(r#"{{"public": "{text}"}}"#);
    let asked = Asked {
        body: body.as_bytes(),
        ..PLAIN
    };
    let issued = ask(&world, &pair(1), later(1), &asked).expect("a successor");
    assert!(issued.shown.is_none());
    let kept = issued.entry.public().expect("an entry").expect("a key");
    assert_eq!(kept.to_bytes(), public(2).to_bytes());
}

#[test]
fn nobody_else_does_and_for_nothing_else() {
    let world = World::new();
    let bot = signing_key(service(&world, "bot", "service"));
    let trader = signing_key(service(&world, "trader", "trader"));
    let before = world.records().len();
    let refused = |key: &SigningKey, asked: &Asked<'_>| code(ask(&world, key, later(1), asked));
    assert_eq!(refused(&trader, &PLAIN), "forbidden");
    for target in [
        "/v1/environments/live/keys/self/rotate",
        "/v1/environments/dev/keys/trader/rotate",
        "/v1/orders",
    ] {
        assert_eq!(refused(&bot, &Asked { target, ..PLAIN }), "no_route");
    }
    let get = Asked {
        method: "GET",
        ..PLAIN
    };
    assert_eq!(refused(&bot, &get), "no_route");
    for body in [
        &b"{\"overlap\": -1}"[..],
        b"{\"keyid\": \"trader\"}",
        b"[",
        b"\xff",
    ] {
        assert_eq!(refused(&bot, &Asked { body, ..PLAIN }), "body_malformed");
    }
    // Who knows another secret, under its name; a key that isn't there; one that is derived for an edge.
    let secret = countersign_core::SharedSecret::new(vec![7; 32]).expect("a secret");
    let forged = SigningKey::new("bot", &secret).expect("a key");
    assert_eq!(refused(&forged, &PLAIN), "signature_mismatch");
    let unknown = SigningKey::new("bat", &secret).expect("a key");
    assert_eq!(refused(&unknown, &PLAIN), "key_unknown");
    let scope = Scope::new("eu-west", NOW).expect("a scope");
    let derived = bot.derive(Environment::Dev, &scope).expect("a key");
    assert_eq!(refused(&derived, &PLAIN), "key_derived");
    // What was refused by policy is recorded, and nothing is changed.
    assert_eq!(world.records().len(), before + 1);
    let suspended = operator(Environment::Dev);
    let order = Order::new(&suspended, "a test", later(1));
    let _stopped = world.dev.suspend(&order, "bot").expect("suspended");
    assert_eq!(refused(&bot, &PLAIN), "key_unknown");
}
