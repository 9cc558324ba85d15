//! A leak: first what would be done, then that and nothing else.

use countersign_core::Environment;
use countersign_custody::Order;
use countersign_custody::incident::all_issued_before;

use crate::world::{NOW, World, code, issued, key, later, operator};

#[test]
fn what_the_dry_run_lists_is_revoked_and_nothing_else() {
    let world = World::new();
    for number in 0..70 {
        issued(&world, &format!("k{number:02}"));
    }
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "the backup was stolen", later(100));
    world.dev.issue(&order, &key("fresh")).expect("a key");
    assert_eq!(code(world.dev.revoke(&order, "k05")), "done");
    let incident = world
        .dev
        .incident_plan(&order, &all_issued_before(later(50)))
        .expect("a plan");
    assert_eq!(incident.keys.len(), 69);
    assert_eq!(world.dev.keyring(NOW).expect("a ring").len(), 70);
    // Somebody else was quicker with one.
    assert_eq!(code(world.dev.revoke(&order, "k07")), "done");

    let report = world
        .dev
        .incident_revoke(&order, &incident)
        .expect("a report");
    assert_eq!(
        (report.revoked.len(), report.skipped),
        (68, vec!["k07".to_owned()])
    );
    let records = world.records();
    let begun = records
        .iter()
        .position(|record| record.act == "incident.begun")
        .expect("a record");
    let revoked = records[begun + 1..]
        .iter()
        .filter(|record| record.act == "key.revoked");
    assert_eq!(revoked.count(), 68);
    assert_eq!(world.dev.keyring(later(100)).expect("a ring").len(), 1);
    let again = world
        .dev
        .incident_plan(&order, &all_issued_before(later(50)))
        .expect("a plan");
    assert!(again.keys.is_empty());
}
