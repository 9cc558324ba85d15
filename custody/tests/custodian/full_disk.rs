//! A disk that is really full: what gives a key stops, what takes one away goes on, and nothing is lost.

use std::sync::Arc;
use std::time::Duration;

use countersign_core::{Environment, KeyRing, SigningKey};
use countersign_custody::audit::{self, Spool};
use countersign_custody::authority::{Permission, Plan};
use countersign_custody::custodian::{Follower, Stopped};
use countersign_custody::store::{PostgresStore, RedbStore};
use countersign_custody::{Custodian, Order, Store};

use crate::cluster::Cluster;
use crate::small_disk::SmallDisk;
use crate::world::{
    NOW, code, custodian, key, later, new_vault, owner, signed, signing_key, verify,
};

/// What a store says that can't write. After the last two it must be read whether something was made.
const OUTAGES: [&str; 3] = ["store_read_only", "store_unreachable", "store_unknown"];

fn answer(ring: &KeyRing, key: &SigningKey) -> &'static str {
    verify(ring, &signed(key, NOW, "n"), NOW)
}

/// Issues keys, and does what needs less room, until nothing is done any more: how many keys there are.
fn act_until_full(custodian: &Custodian) -> usize {
    let olga = owner(Environment::Dev);
    let order = Order::new(&olga, "until it is full", NOW);
    let plan = Plan::on(Permission::ExportKey, "k0");
    let (mut issued, mut refused) = (0, 0);
    for round in 0.. {
        let issue = code(custodian.issue(&order, &key(&format!("fill{round}"))));
        issued += usize::from(issue == "done");
        let outcomes = [
            issue,
            code(custodian.ask_approval(&order, &plan, false, 3600)),
            code(custodian.show(&order, "k0")),
        ];
        for outcome in outcomes {
            assert!(outcome == "done" || OUTAGES.contains(&outcome), "{outcome}");
        }
        refused = if outcomes.contains(&"done") {
            0
        } else {
            refused + 1
        };
        if refused == 3 {
            break;
        }
    }
    issued
}

/// What stops and what goes on, of a custodian whose store is on a full disk, with its spool elsewhere.
fn what_gives_stops_and_what_takes_goes_on(
    custodian: &Custodian,
    follower: &Follower,
    keys: &[SigningKey; 3],
) {
    let olga = owner(Environment::Dev);
    let order = Order::new(&olga, "leaked", NOW);
    let plan = Plan::on(Permission::ExportKey, "k0");
    for outcome in [
        code(custodian.issue(&order, &key("new"))),
        code(custodian.rotate(&order, "k0", None, None)),
        // Export and destruction need an approval, which must be kept too.
        code(custodian.ask_approval(&order, &plan, false, 3600)),
        code(custodian.resume(&order, "suspended")),
    ] {
        assert!(OUTAGES.contains(&outcome), "{outcome}");
    }
    let ring = follower.ring();
    assert_eq!(answer(&ring, &keys[0]), "verified");
    let stopped = custodian.revoke(&order, "k0");
    assert!(matches!(stopped, Ok(Stopped::Spooled)), "{stopped:?}");
    let stopped = custodian.suspend(&order, "k1");
    assert!(matches!(stopped, Ok(Stopped::Spooled)), "{stopped:?}");
    follower.follow(NOW, Duration::ZERO).expect("the stopped");
    let ring = follower.ring();
    assert_eq!(answer(&ring, &keys[0]), "key_revoked");
    assert_eq!(answer(&ring, &keys[1]), "key_revoked");
    assert_eq!(answer(&ring, &keys[2]), "verified");
}

/// With room again: what was spooled comes into the log, and acts are done as before.
fn it_catches_up(custodian: &Custodian, store: &dyn Store, issued: usize, keys: &[SigningKey; 3]) {
    let olga = owner(Environment::Dev);
    let order = Order::new(&olga, "there is room", later(1));
    assert_eq!(custodian.settle().expect("a settlement"), 2);
    assert_eq!(custodian.settle().expect("nothing more"), 0);
    assert_eq!(code(custodian.issue(&order, &key("after"))), "done");
    assert_eq!(code(custodian.rotate(&order, "k2", None, None)), "done");
    assert_eq!(code(custodian.resume(&order, "k1")), "done");
    assert_eq!(code(custodian.resume(&order, "k0")), "key_revoked");
    let ring = custodian.keyring(later(1)).expect("a ring");
    assert_eq!(answer(&ring, &keys[0]), "key_unknown");
    assert_eq!(answer(&ring, &keys[1]), "verified");

    let report = audit::verify(store, &[], &[]).expect("the log");
    assert!(report.is_good(), "{report:?}");
    let records = (1..=report.records).map(|at| audit::read(store, at).expect("a record"));
    let records: Vec<_> = records.map(|entry| entry.record().clone()).collect();
    let count = |act: &str| records.iter().filter(|record| record.act == act).count();
    // One that the store went away from may have been made.
    let found = count("key.issued");
    let expected = 4 + issued + 2;
    assert!(
        (expected..expected + 8).contains(&found),
        "{found} of {expected}"
    );
    for (act, sort) in [("key.revoked", "k0"), ("key.suspended", "k1")] {
        let spooled = |record: &&audit::Record| record.details.contains_key("spooled");
        let record = records
            .iter()
            .find(|record| record.act == act && spooled(record));
        let record = record.expect("a record");
        assert_eq!(record.keyid.as_ref().expect("a key").as_str(), sort);
    }
}

fn issue_some(custodian: &Custodian) -> [SigningKey; 3] {
    let olga = owner(Environment::Dev);
    let order = Order::new(&olga, "a test", NOW);
    let issue = |name: &str| signing_key(custodian.issue(&order, &key(name)).expect("a key"));
    let keys = ["k0", "k1", "k2"].map(issue);
    issue("suspended");
    assert_eq!(code(custodian.suspend(&order, "suspended")), "done");
    keys
}

#[test]
fn a_file_on_a_full_disk() {
    let Some(disk) = SmallDisk::mount(6) else {
        return;
    };
    let elsewhere = tempfile::tempdir().expect("a folder");
    let path = disk.path().join("store");
    let store = Arc::new(RedbStore::open(&path).expect("a store"));
    let vault = new_vault();
    let custodian = custodian(Environment::Dev, store.clone(), &vault);
    let with = |spool: Spool| custodian.clone().with_spool(spool).expect("a spool");
    let spooling = with(Spool::at(&elsewhere.path().join("spool")));
    let keys = issue_some(&spooling);
    let follower = Follower::start(spooling.clone(), NOW).expect("a follower");
    disk.fill();
    let issued = act_until_full(&spooling);

    // A spool on the same disk is no help: the revocation fails, and says so.
    let helpless = with(Spool::at(&disk.path().join("spool")));
    let olga = owner(Environment::Dev);
    let order = Order::new(&olga, "leaked", NOW);
    assert_eq!(code(helpless.revoke(&order, "k2")), "audit_file_failed");
    assert_eq!(
        answer(&helpless.keyring(NOW).expect("a ring"), &keys[2]),
        "verified"
    );
    // Without one it is the store's own error.
    assert_eq!(code(custodian.revoke(&order, "k2")), "store_read_only");

    what_gives_stops_and_what_takes_goes_on(&spooling, &follower, &keys);
    disk.clear();
    it_catches_up(&spooling, &*store, issued, &keys);
    drop((follower, spooling, helpless, custodian, store));
    let reopened = RedbStore::open(&path).expect("the store");
    assert!(
        audit::verify(&reopened, &[], &[])
            .expect("the log")
            .is_good()
    );
}

#[test]
fn a_database_on_a_full_disk() {
    let Some(disk) = SmallDisk::mount(96) else {
        return;
    };
    let Some(cluster) = Cluster::at(disk.path()) else {
        return;
    };
    let elsewhere = tempfile::tempdir().expect("a folder");
    let open = || Arc::new(PostgresStore::open(&cluster.database(), None).expect("a store"));
    let store = open();
    let custodian = custodian(Environment::Dev, store.clone(), &new_vault());
    let spool = Spool::at(&elsewhere.path().join("spool"));
    let custodian = custodian.with_spool(spool).expect("a spool");
    let keys = issue_some(&custodian);
    let follower = Follower::start(custodian.clone(), NOW).expect("a follower");
    disk.fill();
    let issued = act_until_full(&custodian);
    println!("{issued} keys were issued on the full disk");
    what_gives_stops_and_what_takes_goes_on(&custodian, &follower, &keys);
    disk.clear();
    cluster.crash();
    cluster.run();
    // Sessions of before are found dead one by one.
    while custodian.keyring(NOW).is_err() {}
    it_catches_up(&custodian, &*store, issued, &keys);
}
