//! Readers of snapshots, and what is published to them.

use std::time::Duration;

use countersign_core::snapshot::Trust;
use countersign_core::{Environment, KeyRing, Scope, SigningKey};
use countersign_custody::Order;
use countersign_custody::authority::Principal;
use countersign_custody::custodian::Stopped;

use crate::world::{NOW, World, code, issued, later, operator, signed, signing_key, verify};

const HOUR: Duration = Duration::from_hours(1);

fn reader(world: &World, name: &str, region: &str) -> KeyRing {
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a new edge", NOW);
    let trust = world
        .dev
        .add_reader(&order, name, region)
        .expect("a reader");
    KeyRing::edge(Trust::from_json(&trust.reveal()).expect("a trust"))
}

#[test]
fn each_reader_of_a_region_takes_what_is_for_it() {
    let world = World::new();
    let key = signing_key(issued(&world, "k1"));
    let mut one = reader(&world, "edge-1", "eu-west");
    let mut two = reader(&world, "edge-2", "eu-west");
    let mut far = reader(&world, "edge-3", "us-east");
    let clock = Principal::new("clock", "scheduler", Environment::Dev);
    let order = Order::new(&clock, "by schedule", NOW);
    let published = world
        .dev
        .publish(&order, "eu-west", HOUR, None)
        .expect("snapshots");
    let names: Vec<&str> = published.iter().map(|one| one.reader.as_str()).collect();
    assert_eq!(names, ["edge-1", "edge-2"]);
    assert_eq!(world.last_record().act, "snapshot.published");
    one.load(&published[0].bytes, NOW).expect("it is taken");
    two.load(&published[1].bytes, NOW).expect("it is taken");
    let other = two.load(&published[0].bytes, NOW).expect_err("for another");
    assert_eq!(other.code().as_str(), "snapshot_of_another");
    far.load(&published[0].bytes, NOW)
        .expect_err("for another region");
    let scope = Scope::new("eu-west", NOW).expect("a scope");
    let edge = |key: &SigningKey| key.derive(Environment::Dev, &scope).expect("a key");
    assert_eq!(
        verify(&one, &signed(&edge(&key), NOW, "a"), NOW),
        "verified"
    );

    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "it leaked", later(1));
    let stopped = world.dev.revoke(&order, "k1").expect("revoked");
    assert!(matches!(stopped, Stopped::Recorded(_)));
    let order = Order::new(&clock, "by schedule", later(1));
    // The base is what the other one has.
    let base = Some(&*published[1].bytes);
    let deltas = world
        .dev
        .publish(&order, "eu-west", HOUR, base)
        .expect("deltas");
    assert_eq!(
        deltas[0].description.base,
        Some(published[0].description.version)
    );
    assert_eq!(deltas[0].keys, 1);
    assert!(deltas[0].bytes.len() < published[0].bytes.len());
    one.load(&deltas[0].bytes, later(1)).expect("it is taken");
    assert_eq!(
        verify(&one, &signed(&edge(&key), later(1), "b"), later(1)),
        "key_revoked"
    );
    // On another day the whole is sent.
    let tomorrow = later(24 * 60 * 60);
    let order = Order::new(&clock, "by schedule", tomorrow);
    let whole = world
        .dev
        .publish(&order, "eu-west", HOUR, base)
        .expect("snapshots");
    assert_eq!(whole[0].description.base, None);
}

#[test]
fn who_may_not_publishes_nothing_and_who_is_gone_gets_nothing() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "edges", NOW);
    let publish = |region: &str| code(world.dev.publish(&order, region, HOUR, None));
    assert_eq!(publish("eu-west"), "reader_unknown");
    let _ring = reader(&world, "edge-1", "eu-west");
    assert_eq!(
        code(world.dev.add_reader(&order, "edge-1", "eu-west")),
        "reader_exists"
    );
    assert_eq!(
        code(world.dev.add_reader(&order, "edge/2", "eu-west")),
        "name_malformed"
    );
    assert_eq!(
        code(world.dev.add_reader(&order, "edge-2", "EU west")),
        "scope_malformed"
    );
    assert_eq!(publish("eu-west"), "done");
    assert_eq!(publish("us-east"), "reader_unknown");
    let garbage = world
        .dev
        .publish(&order, "eu-west", HOUR, Some(b"no snapshot"));
    assert_eq!(code(garbage), "snapshot_malformed");
    for role in ["auditor", "service"] {
        let other = Principal::new("ada", role, Environment::Dev);
        let order = Order::new(&other, "curious", NOW);
        assert_eq!(
            code(world.dev.publish(&order, "eu-west", HOUR, None)),
            "forbidden"
        );
        assert_eq!(
            code(world.dev.add_reader(&order, "mine", "eu-west")),
            "forbidden"
        );
    }
    assert_eq!(world.live.readers().expect("readers").len(), 0);
    assert_eq!(world.dev.readers().expect("readers").len(), 1);
    world.dev.remove_reader(&order, "edge-1").expect("removed");
    assert_eq!(publish("eu-west"), "reader_unknown");
    assert_eq!(
        code(world.dev.remove_reader(&order, "edge-1")),
        "reader_unknown"
    );
}
