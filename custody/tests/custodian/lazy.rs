//! A ring opens without a secret: each is unsealed when its key is first used.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::{Environment, KeyId, SigningKey};
use countersign_custody::custodian::{Checked, Follower, check_keys};
use countersign_custody::{Batch, Order, Space, Store as _};
use serde_json::Value;

use crate::world::{NOW, World, code, issued, later, operator, signed, signing_key, verify};

/// The keys `a`, `b` and `c`, of which the secret of `b` is damaged.
fn world() -> (World, [SigningKey; 3]) {
    let world = World::new();
    let keys = ["a", "b", "c"].map(|keyid| signing_key(issued(&world, keyid)));
    change(&world, "b", |entry| {
        let text = entry["sealed"].as_str().expect("a secret");
        let mut sealed = STANDARD.decode(text).expect("base64");
        *sealed.last_mut().expect("a byte") ^= 1;
        entry["sealed"] = STANDARD.encode(sealed).into();
    });
    (world, keys)
}

fn change(world: &World, keyid: &str, change: impl FnOnce(&mut Value)) {
    let place = format!("dev/{keyid}").into_bytes();
    let entry = world.disk.get(Space::Keys, &place).expect("a read");
    let mut entry: Value = serde_json::from_slice(&entry.expect("an entry")).expect("JSON");
    change(&mut entry);
    let mut batch = Batch::new();
    batch.put(Space::Keys, &place, entry.to_string().into_bytes());
    world.disk.commit(&batch).expect("a commit");
}

#[test]
fn a_damaged_secret_hinders_neither_the_opening_nor_other_keys() {
    let (world, keys) = world();
    let ring = world.dev.keyring(NOW).expect("a ring");
    assert_eq!(ring.len(), 3);
    let answers = keys.map(|key| verify(&ring, &signed(&key, NOW, "n"), NOW));
    assert_eq!(answers, ["verified", "key_damaged", "verified"]);
}

#[test]
fn a_full_check_finds_it() {
    let (world, _) = world();
    let ring = world.dev.keyring(NOW).expect("a ring");
    assert_eq!(ring.unseal(), [KeyId::new("b").expect("an id")]);
    // What is no ring's is checked too, and what can't be read at all.
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    let _ = world.dev.suspend(&order, "c").expect("an act");
    change(&world, "c", |entry| entry["sealed"] = "?".into());
    change(&world, "a", |entry| entry["version"] = 7.into());
    let checked = check_keys(&*world.disk, &world.vault).expect("a check");
    let damaged = ["dev/a", "dev/b", "dev/c"].map(str::to_owned).into();
    assert_eq!(checked, Checked { keys: 3, damaged });
}

#[test]
fn an_entry_that_cannot_be_read_is_found_when_the_ring_opens() {
    let (world, _) = world();
    change(&world, "c", |entry| entry["life"]["keyid"] = "a".into());
    assert_eq!(code(world.dev.keyring(NOW)), "entry_damaged");
}

#[test]
fn what_a_key_has_not_got_is_not_written_and_null_is_read_for_it() {
    let (world, keys) = world();
    let absent = [
        "deadline",
        "retires_at",
        "predecessor",
        "overlaps_until",
        "successor",
    ];
    change(&world, "a", |entry| {
        assert!(!entry.to_string().contains("null"), "{entry}");
        for member in absent {
            entry["life"][member] = Value::Null;
        }
        entry["public"] = Value::Null;
        entry["rotate_every"] = Value::Null;
    });
    let ring = world.dev.keyring(NOW).expect("a ring");
    assert_eq!(verify(&ring, &signed(&keys[0], NOW, "n"), NOW), "verified");
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    let entry = world.dev.show(&order, "a").expect("an entry");
    assert_eq!(
        (entry.rotate_every(), entry.life().successor()),
        (None, None)
    );
}

#[test]
fn a_follower_goes_on_beside_it() {
    let (world, keys) = world();
    let follower = Follower::start(world.dev.clone(), NOW).expect("a follower");
    let answers = || {
        let ring = follower.ring();
        [0, 1, 2].map(|key| verify(&ring, &signed(&keys[key], NOW, "n"), NOW))
    };
    assert_eq!(answers(), ["verified", "key_damaged", "verified"]);
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    let _ = world.dev.revoke(&order, "c").expect("an act");
    assert!(follower.follow(NOW, Duration::ZERO).expect("changes"));
    assert_eq!(answers(), ["verified", "key_damaged", "key_revoked"]);
    // A change of the damaged one itself is followed too.
    let _ = world.dev.revoke(&order, "b").expect("an act");
    assert!(follower.follow(NOW, Duration::ZERO).expect("changes"));
    assert_eq!(answers(), ["verified", "key_revoked", "key_revoked"]);
}

#[test]
fn what_was_unsealed_is_no_more_once_its_key_is_revoked() {
    let (world, [a, ..]) = world();
    let follower = Follower::start(world.dev.clone(), NOW).expect("a follower");
    let before = follower.ring();
    assert_eq!(verify(&before, &signed(&a, NOW, "n"), NOW), "verified");
    let otto = operator(Environment::Dev);
    let _ = world
        .dev
        .revoke(&Order::new(&otto, "a test", NOW), "a")
        .expect("an act");
    assert!(follower.follow(NOW, Duration::ZERO).expect("changes"));
    let ring = follower.ring();
    assert_eq!(verify(&ring, &signed(&a, NOW, "n"), NOW), "key_revoked");
}

#[test]
fn a_ring_of_one_key_is_as_the_whole_ring() {
    let (world, _) = world();
    let otto = operator(Environment::Dev);
    let rotated = Order::new(&otto, "a test", NOW);
    let first = signing_key(issued(&world, "d"));
    let second = world.dev.rotate(&rotated, "d", Some(60), None);
    let second = signing_key(second.expect("a key"));
    // The lineage has seen the end of the overlap, whatever a clock says that goes back.
    let over = later(100);
    let suspended = Order::new(&otto, "a test", over);
    let _ = world.dev.suspend(&suspended, "dv2").expect("an act");
    world.dev.resume(&suspended, "dv2").expect("an act");
    let whole = world.dev.keyring(NOW).expect("a ring");
    for key in [first, second] {
        let keyid = key.id().as_str();
        let one = world.dev.keyring_of(keyid, NOW).expect("a ring");
        let [whole, one] = [&whole, &one].map(|ring| verify(ring, &signed(&key, NOW, "n"), NOW));
        assert_eq!(whole, one, "{keyid}");
        assert_eq!(one == "verified", keyid == "dv2", "{keyid}: {one}");
    }
    for unknown in ["nobody", "", "../live/a", "dev/a"] {
        let ring = world.dev.keyring_of(unknown, NOW).expect("a ring");
        assert!(ring.is_empty(), "{unknown}");
    }
}

#[test]
fn keys_that_are_read_in_many_pages_are_all_there() {
    let world = World::new();
    let first = signing_key(issued(&world, "k"));
    let entry = world.disk.get(Space::Keys, b"dev/k").expect("a read");
    let mut entry: Value = serde_json::from_slice(&entry.expect("an entry")).expect("JSON");
    let mut batch = Batch::new();
    for number in 0..5000 {
        let keyid = format!("k{number:05}");
        entry["life"]["keyid"] = keyid.as_str().into();
        let place = format!("dev/{keyid}").into_bytes();
        batch.put(Space::Keys, &place, entry.to_string().into_bytes());
    }
    // Behind this environment there is another.
    batch.put(Space::Keys, b"live/k", b"not of here".to_vec());
    world.disk.commit(&batch).expect("a commit");
    let ring = world.dev.keyring(NOW).expect("a ring");
    assert_eq!(ring.len(), 5001);
    // Their secrets were sealed for `k`: none opens under another name.
    assert_eq!(ring.unseal().len(), 5000);
    assert_eq!(verify(&ring, &signed(&first, NOW, "n"), NOW), "verified");
}
