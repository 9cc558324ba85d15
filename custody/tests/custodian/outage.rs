//! While nothing can be written: what gives stops, what takes goes on.

use countersign_core::Environment;
use countersign_custody::Order;
use countersign_custody::audit::Spool;
use countersign_custody::custodian::{Follower, Stopped};
use std::time::Duration;

use crate::world::{NOW, World, code, issued, key, later, operator, signed, signing_key, verify};

#[test]
fn issue_rotate_and_resume_stop_and_revoke_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let spool = Spool::at(&directory.path().join("spool"));
    let mut world = World::new();
    let signing = signing_key(issued(&world, "k7"));
    issued(&world, "k8");
    world.dev = world
        .dev
        .clone()
        .with_spool(spool.clone())
        .expect("a spool");
    let follower = Follower::start(world.dev.clone(), NOW).expect("a follower");
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "leaked", NOW);

    world.disk.fill(true);
    assert_eq!(code(world.dev.issue(&order, &key("k9"))), "store_read_only");
    assert_eq!(
        code(world.dev.rotate(&order, "k8", None, None)),
        "store_read_only"
    );
    assert_eq!(
        verify(&follower.ring(), &signed(&signing, NOW, "n"), NOW),
        "verified"
    );
    assert!(matches!(
        world.dev.revoke(&order, "k7"),
        Ok(Stopped::Spooled)
    ));
    follower.follow(NOW, Duration::ZERO).expect("the stopped");
    assert_eq!(
        verify(&follower.ring(), &signed(&signing, NOW, "n"), NOW),
        "key_revoked"
    );
    assert_eq!(world.dev.keyring(NOW).expect("a ring").len(), 1);
    // Another process, with the same spool.
    let other = World {
        dev: world.dev.clone().with_spool(spool).expect("a spool"),
        ..World::new()
    };
    assert_eq!(other.dev.keyring(NOW).expect("a ring").len(), 1);

    world.disk.fill(false);
    assert_eq!(world.dev.settle().expect("a settlement"), 1);
    assert_eq!(world.dev.settle().expect("nothing more"), 0);
    let record = world.last_record();
    assert_eq!(
        (record.act.as_str(), record.actor.as_str()),
        ("key.revoked", "otto")
    );
    assert_eq!(record.details["spooled"].as_str(), "yes");
    let now = later(60);
    assert_eq!(
        code(world.dev.resume(&Order::new(&otto, "no", now), "k7")),
        "key_revoked"
    );
    assert_eq!(world.dev.keyring(now).expect("a ring").len(), 1);
}

#[test]
fn without_a_spool_nothing_is_done() {
    let world = World::new();
    issued(&world, "k7");
    world.disk.fill(true);
    let otto = operator(Environment::Dev);
    assert_eq!(
        code(world.dev.revoke(&Order::new(&otto, "leaked", NOW), "k7")),
        "store_read_only"
    );
    assert_eq!(world.dev.keyring(NOW).expect("a ring").len(), 1);
}

#[test]
fn what_another_process_spooled_is_refused_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let spool = || Spool::at(&directory.path().join("spool"));
    let world = World::new();
    let signing = signing_key(issued(&world, "k7"));
    let with_spool = || world.dev.clone().with_spool(spool()).expect("a spool");
    let follower = Follower::start(with_spool(), NOW).expect("a follower");
    // As a command does, which ends then.
    let command = with_spool();
    world.disk.fill(true);
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "leaked", NOW);
    assert!(matches!(command.revoke(&order, "k7"), Ok(Stopped::Spooled)));
    follower.follow(NOW, Duration::ZERO).expect("the stopped");
    assert_eq!(
        verify(&follower.ring(), &signed(&signing, NOW, "n"), NOW),
        "key_revoked"
    );
    world.disk.fill(false);
    assert_eq!(command.settle().expect("a settlement"), 1);
    follower.follow(NOW, Duration::ZERO).expect("the record");
    assert_eq!(
        verify(&follower.ring(), &signed(&signing, NOW, "n"), NOW),
        "key_revoked"
    );
}

#[test]
fn a_spool_of_another_environment_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let spool = || Spool::at(&directory.path().join("spool"));
    let world = World::new();
    issued(&world, "k7");
    let live = world.live.clone().with_spool(spool()).expect("a spool");
    let dev = world.dev.clone().with_spool(spool()).expect("a spool");
    world.disk.fill(true);
    let otto = operator(Environment::Dev);
    let revoked = dev.revoke(&Order::new(&otto, "leaked", NOW), "k7");
    assert!(matches!(revoked, Ok(Stopped::Spooled)));
    world.disk.fill(false);
    assert_eq!(code(live.settle()), "audit_spool_foreign");
    let late = world.live.clone().with_spool(spool());
    assert_eq!(code(late), "audit_spool_foreign");
    assert_eq!(dev.settle().expect("a settlement"), 1);
}
