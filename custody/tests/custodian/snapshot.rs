//! Snapshots of a custodian's keys, as an edge takes them.

use std::time::Duration;

use countersign_core::snapshot::{Snapshot, Trust};
use countersign_core::{Environment, KeyRing, Scope, SigningKey};
use countersign_custody::Order;
use countersign_custody::custodian::Stopped;

use crate::world::{NOW, World, issued, key, later, operator, signed, signing_key, verify};

const HOUR: Duration = Duration::from_hours(1);
const READER_KEY: [u8; 32] = [9; 32];

fn publisher() -> SigningKey {
    SigningKey::ed25519("acme", &[3; 32]).expect("a key")
}

fn edge() -> KeyRing {
    let public = publisher().verifying_key().expect("a public half");
    let public = public.to_bytes().try_into().expect("32 bytes");
    let trust = Trust::new(Environment::Dev, "eu-west", "edge-1", &READER_KEY);
    let trust = trust.and_then(|trust| trust.publisher("acme", &public));
    KeyRing::edge(trust.expect("a trust"))
}

fn sealed(snapshot: &Snapshot, salt: u8) -> Vec<u8> {
    let sealed = snapshot.seal("edge-1", &READER_KEY, &[salt; 32], &publisher());
    sealed.expect("a snapshot")
}

#[test]
fn an_edge_follows_by_deltas() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let (one, two) = (issued(&world, "k1"), issued(&world, "k2"));
    let scope = Scope::new("eu-west", NOW).expect("a scope");
    let derived = |key: SigningKey| key.derive(Environment::Dev, &scope).expect("a key");
    let (one, two) = (signing_key(one), signing_key(two));
    let (edge_one, edge_two) = (derived(one.clone()), derived(two));

    let base = world
        .dev
        .snapshot("eu-west", NOW, HOUR, None)
        .expect("a snapshot");
    assert_eq!(base.len(), 2);
    let mut ring = edge();
    ring.load(&sealed(&base, 1), NOW).expect("it is taken");
    assert_eq!(verify(&ring, &signed(&edge_one, NOW, "a"), NOW), "verified");
    assert_eq!(
        verify(&ring, &signed(&one, NOW, "b"), NOW),
        "key_scope_missing"
    );

    let order = Order::new(&otto, "it leaked", NOW);
    let revoked = world.dev.revoke(&order, "k2").expect("it is revoked");
    assert!(matches!(revoked, Stopped::Recorded(_)), "{revoked:?}");
    let three = derived(signing_key(issued(&world, "k3")));
    let next = world
        .dev
        .snapshot("eu-west", NOW, HOUR, Some(&base))
        .expect("a snapshot");
    let delta = next
        .delta(&base)
        .expect("upon it")
        .expect("on the same day");
    assert_eq!(delta.len(), 2, "k2 and k3 alone");
    assert_eq!(
        verify(&ring, &signed(&edge_two, NOW, "c"), NOW),
        "verified",
        "it can't know yet"
    );
    let before = ring.version();
    ring.load(&sealed(&delta, 2), NOW).expect("it is taken");
    assert!(ring.version() > before);
    assert_eq!(
        verify(&ring, &signed(&edge_two, NOW, "d"), NOW),
        "key_revoked"
    );
    assert_eq!(verify(&ring, &signed(&three, NOW, "e"), NOW), "verified");
    assert_eq!(verify(&ring, &signed(&edge_one, NOW, "f"), NOW), "verified");
}

#[test]
fn what_ends_at_the_origin_ends_at_the_edge() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a trial", NOW);
    let mut new = key("k1");
    new.terms.not_after = Some(later(600));
    let issued = world.dev.issue(&order, &new).expect("a key");
    let scope = Scope::new("eu-west", NOW).expect("a scope");
    let key = signing_key(issued)
        .derive(Environment::Dev, &scope)
        .expect("a key");
    let snapshot = world
        .dev
        .snapshot("eu-west", NOW, HOUR, None)
        .expect("a snapshot");
    let mut ring = edge();
    ring.load(&sealed(&snapshot, 1), NOW).expect("it is taken");
    let at = |now| verify(&ring, &signed(&key, now, "n"), now);
    assert_eq!(at(later(599)), "verified");
    assert_eq!(at(later(600)), "key_expired");
}

#[test]
fn a_clock_that_is_set_back_revives_nothing_at_the_edge_either() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let old = signing_key(issued(&world, "k"));
    let order = |seconds| Order::new(&otto, "a test", later(seconds));
    let next = world.dev.rotate(&order(100), "k", Some(60), None);
    let next = next.expect("a rotation").entry.life().keyid().to_owned();
    let suspended = world
        .dev
        .suspend(&order(200), &next)
        .expect("it is suspended");
    assert!(matches!(suspended, Stopped::Recorded(_)), "{suspended:?}");

    // The overlap ended at 160, and the lineage has seen 200.
    let now = later(150);
    let ring = world.dev.keyring(now).expect("a ring");
    assert_eq!(verify(&ring, &signed(&old, now, "a"), now), "key_unknown");
    let snapshot = world
        .dev
        .snapshot("eu-west", now, HOUR, None)
        .expect("a snapshot");
    let mut ring = edge();
    ring.load(&sealed(&snapshot, 1), now).expect("it is taken");
    let scope = Scope::new("eu-west", now).expect("a scope");
    let old = old.derive(Environment::Dev, &scope).expect("a key");
    assert_eq!(verify(&ring, &signed(&old, now, "b"), now), "key_revoked");
}

#[test]
fn a_snapshot_of_one_environment_has_no_key_of_another() {
    let world = World::new();
    issued(&world, "k1");
    let live = world
        .live
        .snapshot("eu-west", NOW, HOUR, None)
        .expect("a snapshot");
    assert!(live.is_empty());
}
