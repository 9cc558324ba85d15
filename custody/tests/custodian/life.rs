//! A key from its making to its destruction.

use base32ct::{Base32Unpadded, Encoding as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_core::{Algorithm, Environment, SigningKey};
use countersign_custody::audit::Outcome;
use countersign_custody::authority::Principal;
use countersign_custody::custodian::{Filter, Follower, NewKey, Rules};
use countersign_custody::generate::{KeyKind, Material};
use countersign_custody::life::{Standing, Terms};
use countersign_custody::{Custodian, Order};
use std::time::Duration;

use crate::world::{
    DAY, NOW, World, code, issued, key, later, operator, signed, signing_key, verify,
};

#[test]
fn a_key_lives_from_its_issue_to_its_end_and_each_act_is_recorded() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let order = |now| Order::new(&otto, "as planned", now);
    let first = signing_key(issued(&world, "k7"));
    let ring = world.dev.keyring(NOW).expect("a ring");
    assert_eq!(verify(&ring, &signed(&first, NOW, "n"), NOW), "verified");

    let second = world
        .dev
        .rotate(&order(later(60)), "k7", Some(3600), None)
        .expect("a rotation");
    assert_eq!(second.entry.life().keyid(), "k7v2");
    let second = signing_key(second);
    let now = later(120);
    let ring = world.dev.keyring(now).expect("a ring");
    assert_eq!(verify(&ring, &signed(&first, now, "n"), now), "verified");
    assert_eq!(verify(&ring, &signed(&second, now, "n"), now), "verified");
    let now = later(60 + 3600);
    // The old ring refuses it too: it knows when the overlap ends.
    assert_eq!(verify(&ring, &signed(&first, now, "n"), now), "key_expired");
    assert_eq!(verify(&ring, &signed(&second, now, "n"), now), "verified");

    assert_eq!(code(world.dev.suspend(&order(now), "k7v2")), "done");
    let ring = world.dev.keyring(now).expect("a ring");
    assert_eq!(
        verify(&ring, &signed(&second, now, "n"), now),
        "key_unknown"
    );
    assert_eq!(code(world.dev.resume(&order(now), "k7v2")), "done");
    assert_eq!(code(world.dev.revoke(&order(now), "k7v2")), "done");
    assert_eq!(code(world.dev.resume(&order(now), "k7v2")), "key_revoked");
    let ring = world.dev.keyring(now).expect("a ring");
    assert!(ring.is_empty());

    let acts: Vec<_> = world
        .records()
        .iter()
        .map(|record| record.act.clone())
        .collect();
    let expected = [
        "key.issued",
        "key.rotated",
        "key.issued",
        "key.suspended",
        "key.resumed",
        "key.revoked",
        "key.resumed",
    ];
    assert_eq!(acts, expected);
    let refused = world.last_record();
    assert_eq!(refused.outcome, Outcome::Refused("key_revoked".into()));
    let record = &world.records()[5];
    assert_eq!(
        (record.actor.as_str(), record.reason.as_str()),
        ("otto", "as planned")
    );
    let decided = record.decided.as_ref().expect("a decision");
    assert_eq!(decided.policies, ["operator-changes-keys"]);
}

#[test]
fn every_kind_of_key_is_shown_once_and_signs() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    for (keyid, kind, algorithm) in [
        ("ed", KeyKind::Ed25519, Algorithm::Ed25519),
        ("ec", KeyKind::EcdsaP256, Algorithm::EcdsaP256Sha256),
    ] {
        let issued = world
            .dev
            .issue(&order, &NewKey { kind, ..key(keyid) })
            .expect("a key");
        let pem = issued.shown.expect("a private key").reveal();
        let signing = SigningKey::from_pem(keyid, &pem).expect("PKCS#8 that core reads");
        assert_eq!(signing.algorithm(), algorithm);
        let ring = world.dev.keyring(NOW).expect("a ring");
        assert_eq!(verify(&ring, &signed(&signing, NOW, "n"), NOW), "verified");
    }
    let client = Material::generate(&KeyKind::Ed25519).expect("a pair");
    let kind = KeyKind::Client(client.public().expect("a public half").clone());
    let issued = world
        .dev
        .issue(&order, &NewKey { kind, ..key("own") })
        .expect("a key");
    assert!(issued.shown.is_none() && !issued.entry.has_secret());
    assert_eq!(
        code(world.dev.rotate(&order, "own", None, None)),
        "public_key_needed"
    );
    let next = Material::generate(&KeyKind::Ed25519).expect("a pair");
    assert_eq!(
        code(world.dev.rotate(&order, "own", None, next.public())),
        "done"
    );
    let long = NewKey {
        kind: KeyKind::Hmac(16),
        ..key("short")
    };
    assert_eq!(code(world.dev.issue(&order, &long)), "secret_length");
}

#[test]
fn what_is_beyond_policy_changes_nothing() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    let with = |terms: Terms| NewKey { terms, ..key("k7") };
    let past = Terms {
        not_after: Some(later(0)),
        ..Terms::default()
    };
    assert_eq!(code(world.dev.issue(&order, &with(past))), "expiry_past");
    let beyond = Terms {
        lifetime: Some(181 * DAY),
        ..Terms::default()
    };
    assert_eq!(
        code(world.dev.issue(&order, &with(beyond))),
        "expiry_beyond_policy"
    );
    let long = Terms {
        deadline: Some(later(31 * DAY)),
        ..Terms::default()
    };
    assert_eq!(
        code(world.dev.issue(&order, &with(long))),
        "trial_beyond_policy"
    );
    assert_eq!(
        code(world.dev.issue(&Order::new(&otto, "  ", NOW), &key("k7"))),
        "reason_missing"
    );
    assert_eq!(code(world.dev.issue(&order, &key("K7"))), "keyid_malformed");
    assert!(world.dev.keyring(NOW).expect("a ring").is_empty());
    issued(&world, "k7");
    assert_eq!(code(world.dev.issue(&order, &key("k7"))), "key_exists");
    assert_eq!(
        code(world.dev.rotate(&order, "k7", Some(8 * DAY), None)),
        "overlap_beyond_policy"
    );
    let behind = Order::new(
        &otto,
        "a test",
        countersign_core::UnixSeconds::new(NOW.get() - 1),
    );
    assert_eq!(
        code(world.dev.rotate(&behind, "k7", None, None)),
        "clock_backwards"
    );
}

#[test]
fn the_nearest_ids_are_told_to_who_may_list_them_only() {
    let world = World::new();
    issued(&world, "partner1");
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    let error = world.dev.revoke(&order, "partenr1").expect_err("a typo");
    assert_eq!(
        error.to_string(),
        "there is no key `partenr1` here: did you mean partner1?"
    );
    let service = Principal::new("robot", "scheduler", Environment::Dev);
    let order = Order::new(&service, "a test", NOW);
    let error = world.dev.suspend(&order, "partenr1").expect_err("a typo");
    assert_eq!(error.to_string(), "there is no key `partenr1` here");
}

#[test]
fn time_does_what_is_due() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    let short = Terms {
        lifetime: Some(DAY),
        ..Terms::default()
    };
    world
        .dev
        .issue(
            &order,
            &NewKey {
                terms: short,
                ..key("short")
            },
        )
        .expect("a key");
    let scheduled = NewKey {
        rotate_every: Some(31 * DAY),
        ..key("scheduled")
    };
    world.dev.issue(&order, &scheduled).expect("a key");
    issued(&world, "idle");
    let robot = Principal::new("robot", "scheduler", Environment::Dev);
    let at = |days| Order::new(&robot, "by schedule", later(days * DAY));

    let sweep = world
        .dev
        .sweep(&at(40), &Rules::default())
        .expect("a sweep");
    assert!(sweep.failed.is_empty(), "{:?}", sweep.failed);
    assert_eq!(sweep.expired, ["short"]);
    assert_eq!(sweep.rotated[0].entry.life().keyid(), "scheduledv2");
    assert_eq!(sweep.unused, ["idle"]);
    // A clock that is set back doesn't bring the expired one back.
    let ring = world.dev.keyring(NOW).expect("a ring");
    assert_eq!(ring.len(), 3);

    let sweep = world
        .dev
        .sweep(&at(61), &Rules::default())
        .expect("a sweep");
    assert_eq!(sweep.suspended, ["idle"]);
    let filter = Filter {
        standing: Some(Standing::Suspended),
        ..Filter::default()
    };
    let order = Order::new(&otto, "a look", later(61 * DAY));
    let suspended = world.dev.list(&order, &filter, "", 10).expect("a list");
    assert_eq!(suspended.len(), 1);
}

#[test]
fn a_follower_takes_in_what_changed() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let first = signing_key(issued(&world, "k1"));
    let follower = Follower::start(world.dev.clone(), NOW).expect("a follower");
    let ask = |key| verify(&follower.ring(), &signed(key, NOW, "n"), NOW);
    assert_eq!(ask(&first), "verified");
    let second = signing_key(issued(&world, "k2"));
    assert_eq!(ask(&second), "key_unknown");
    assert!(
        follower
            .follow(NOW, Duration::from_secs(5))
            .expect("changes")
    );
    assert_eq!(ask(&second), "verified");
    let order = Order::new(&otto, "leaked", NOW);
    assert_eq!(code(world.dev.revoke(&order, "k1")), "done");
    assert!(
        follower
            .follow(NOW, Duration::from_secs(5))
            .expect("changes")
    );
    assert_eq!((ask(&first), ask(&second)), ("key_revoked", "verified"));
    assert!(
        !follower
            .follow(NOW, Duration::from_millis(1))
            .expect("none")
    );
}

#[test]
fn no_secret_is_in_the_store_but_sealed() {
    use countersign_custody::Store as _;
    let world = World::new();
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    let long = NewKey {
        kind: KeyKind::Hmac(64),
        ..key("long")
    };
    let shown = world
        .dev
        .issue(&order, &long)
        .expect("a key")
        .shown
        .expect("a secret")
        .reveal();
    let secret = STANDARD.decode(shown.as_bytes()).expect("base64");
    let token = issued(&world, "k7").shown.expect("a token").reveal();
    let secret_of_token = token.split('_').nth(3).expect("a secret");
    world
        .dev
        .rotate(&order, "long", None, None)
        .expect("a rotation");
    for act in [Custodian::suspend, Custodian::revoke] {
        let _ = act(&world.dev, &order, "long").expect("an act");
    }
    let hex: Vec<String> = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let hex = hex.concat();
    let forms: [&[u8]; 4] = [
        &secret,
        shown.as_bytes(),
        hex.as_bytes(),
        secret_of_token.as_bytes(),
    ];
    let mut entries = 0;
    let mut visit = |_, key: &[u8], value: &[u8]| {
        entries += 1;
        for form in forms {
            let holds = |bytes: &[u8]| bytes.windows(form.len()).any(|window| window == form);
            assert!(!holds(key) && !holds(value), "a secret in {key:?}");
        }
        true
    };
    world.disk.walk(&mut visit).expect("a walk");
    assert!(entries >= 8);
}

#[test]
fn a_reason_with_the_secret_of_the_key_is_refused_in_whatever_form() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let token = issued(&world, "k7").shown.expect("a token").reveal();
    let in_base32 = token.split('_').nth(3).expect("a secret").to_owned();
    let secret = Base32Unpadded::decode_vec(&in_base32).expect("base32");
    let hex = format!("{:X}", base16ct::HexDisplay(&secret));
    let forms = [
        STANDARD.encode(&secret),
        URL_SAFE_NO_PAD.encode(&secret),
        in_base32.to_uppercase(),
        in_base32,
        hex.to_lowercase(),
        hex,
        STANDARD.encode(token.as_bytes()),
        STANDARD.encode(format!("the token is {}", &*token)),
    ];
    let before = world.records().len();
    for form in &forms {
        // Each place that a byte may begin at.
        for start in ["", "key-", "leaked:", "a", "ab", "abc", "see 7"] {
            let reason = format!("{start}{form}, in a chat");
            let order = Order::new(&otto, &reason, later(1));
            let refused = world.dev.revoke(&order, "k7");
            assert_eq!(code(refused), "audit_secret_refused", "{reason}");
        }
    }
    assert_eq!(world.records().len(), before, "nor is the refusal recorded");
    let hash = "the report is ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let order = Order::new(&otto, hash, later(2));
    assert_eq!(code(world.dev.revoke(&order, "k7")), "done");
}

#[test]
fn an_error_repeats_no_private_key_that_was_given_for_a_name() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    let ed = NewKey {
        kind: KeyKind::Ed25519,
        ..key("ed")
    };
    let pem = world.dev.issue(&order, &ed).expect("a key").shown;
    let pem = pem.expect("a private key").reveal();
    let unknown = world.dev.show(&order, &pem).expect_err("no id");
    assert_eq!(unknown.to_string(), "there is no key `..` here");
    let owned = NewKey {
        owner: pem.to_string(),
        ..key("k9")
    };
    let malformed = world.dev.issue(&order, &owned).expect_err("no name");
    assert!(!malformed.to_string().contains("BEGIN"), "{malformed}");
}
