//! Environments have nothing of one another.

use countersign_core::Environment;
use countersign_custody::Order;
use countersign_custody::authority::Principal;
use countersign_custody::custodian::Filter;

use crate::world::{NOW, World, code, issued, key, operator, signed, signing_key, verify};

#[test]
fn a_key_of_one_environment_is_not_in_another() {
    let world = World::new();
    let dev = signing_key(issued(&world, "k7"));
    let mut otto = operator(Environment::Live);
    otto.second_factor_at = Some(NOW);
    let order = Order::new(&otto, "a test", NOW);
    assert_eq!(code(world.live.show(&order, "k7")), "key_unknown");
    assert_eq!(code(world.live.revoke(&order, "../dev/k7")), "key_unknown");
    assert_eq!(
        world
            .live
            .list(&order, &Filter::default(), "", 9)
            .expect("a list")
            .len(),
        0
    );
    assert!(world.live.keyring(NOW).expect("a ring").is_empty());
    // The same id there is another key.
    assert_eq!(code(world.live.issue(&order, &key("k7"))), "done");
    let ring = world.live.keyring(NOW).expect("a ring");
    assert_ne!(verify(&ring, &signed(&dev, NOW, "n"), NOW), "verified");
    assert_eq!(code(world.live.revoke(&order, "k7")), "done");
    let ring = world.dev.keyring(NOW).expect("a ring");
    assert_eq!(verify(&ring, &signed(&dev, NOW, "n"), NOW), "verified");
}

#[test]
fn who_is_of_one_environment_changes_nothing_in_another() {
    let world = World::new();
    issued(&world, "k7");
    let mut otto = operator(Environment::Live);
    otto.second_factor_at = Some(NOW);
    assert_eq!(
        code(world.dev.revoke(&Order::new(&otto, "a test", NOW), "k7")),
        "forbidden"
    );
    let record = world.last_record();
    assert_eq!(record.outcome.as_str(), "forbidden");
    let decided = record.decided.expect("a decision");
    assert_eq!(decided.policies, ["environments-stay-apart"]);
}

#[test]
fn an_entry_that_was_moved_is_damaged() {
    use countersign_custody::{Batch, Space, Store as _};
    let world = World::new();
    issued(&world, "k7");
    let entry = world
        .disk
        .get(Space::Keys, b"dev/k7")
        .expect("a store")
        .expect("an entry");
    let mut batch = Batch::new();
    batch.put(Space::Keys, b"live/k7", entry);
    world.disk.commit(&batch).expect("a move");
    let error = world.live.keyring(NOW).expect_err("a moved entry");
    assert_eq!(error.code(), "entry_damaged");
}

#[test]
fn an_auditor_reads_and_changes_nothing() {
    let world = World::new();
    issued(&world, "k7");
    let ada = Principal::new("ada", "auditor", Environment::Live);
    let order = Order::new(&ada, "the yearly audit", NOW);
    assert_eq!(
        world
            .dev
            .list(&order, &Filter::default(), "", 9)
            .expect("a list")
            .len(),
        1
    );
    assert_eq!(code(world.dev.show(&order, "k7")), "done");
    assert_eq!(code(world.dev.revoke(&order, "k7")), "forbidden");
    assert_eq!(code(world.dev.export(&order, "k7", "ada")), "forbidden");
}
