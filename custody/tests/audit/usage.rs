//! How much keys are used, in aggregate.

use countersign_core::{Environment, KeyId};
use countersign_custody::audit::{Outcome, Usage, UsageTally, usage};
use countersign_custody::{Batch, Space, Store as _};

use crate::log::{Commits, Map, NOW};

const DAY_MS: u64 = 86_400_000;
const DEV: Environment = Environment::Dev;

fn keyid(text: &str) -> KeyId {
    KeyId::new(text).unwrap()
}

fn refused(code: &str) -> Outcome {
    Outcome::Refused(code.into())
}

#[test]
fn uses_are_counted_by_key_and_day_and_outcome() {
    let (store, mut tally) = (Map::default(), UsageTally::new());
    tally.add(DEV, &keyid("k7"), NOW, "read", &Outcome::Done);
    tally.add(DEV, &keyid("k7"), NOW + 9, "read", &Outcome::Done);
    tally.add(DEV, &keyid("k7"), NOW + 5, "trade", &refused("forbidden"));
    tally.add(DEV, &keyid("k7"), NOW + DAY_MS, "read", &Outcome::Done);
    tally.add(DEV, &keyid("k70"), NOW, "", &refused("expired"));
    tally.flush(&store).unwrap();
    let day = u32::try_from(NOW / DAY_MS).unwrap();
    let days = usage(&store, DEV, &keyid("k7"), 0).unwrap();
    assert_eq!(
        days.iter().map(|(day, _)| *day).collect::<Vec<_>>(),
        [day, day + 1]
    );
    let first = &days[0].1;
    assert_eq!((first.first_ms, first.last_ms), (NOW, NOW + 9));
    assert_eq!(
        (first.outcomes["done"], first.outcomes["forbidden"]),
        (2, 1)
    );
    assert!(first.actions.iter().eq(["read", "trade"]));
    assert_eq!(usage(&store, DEV, &keyid("k7"), day + 1).unwrap().len(), 1);
    assert_eq!(usage(&store, DEV, &keyid("k70"), 0).unwrap().len(), 1);
    assert_eq!(usage(&store, DEV, &keyid("k"), 0).unwrap(), []);
}

#[test]
fn counts_of_many_processes_add_up() {
    let store = Map::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let mut tally = UsageTally::new();
                    tally.add(DEV, &keyid("k7"), NOW, "read", &Outcome::Done);
                    tally.flush(&store).unwrap();
                }
            });
        }
    });
    assert_eq!(
        usage(&store, DEV, &keyid("k7"), 0).unwrap()[0].1.outcomes["done"],
        40
    );
}

#[test]
fn what_could_not_be_written_is_written_the_next_time() {
    let (store, mut tally) = (Map::default(), UsageTally::new());
    tally.add(DEV, &keyid("k7"), NOW, "read", &Outcome::Done);
    store.let_commits(Commits::Fail);
    assert_eq!(tally.flush(&store).unwrap_err().code(), "store_read_only");
    tally.add(DEV, &keyid("k7"), NOW, "read", &Outcome::Done);
    store.let_commits(Commits::Succeed);
    tally.flush(&store).unwrap();
    tally.flush(&store).unwrap();
    assert_eq!(
        usage(&store, DEV, &keyid("k7"), 0).unwrap()[0].1.outcomes["done"],
        2
    );
}

#[test]
fn the_names_of_a_day_are_bounded_and_never_a_secret() {
    let (store, mut tally) = (Map::default(), UsageTally::new());
    for n in 0..300 {
        tally.add(
            DEV,
            &keyid("k7"),
            NOW,
            &format!("a{n}"),
            &refused(&format!("c{n}")),
        );
    }
    tally.add(
        DEV,
        &keyid("k7"),
        NOW,
        "csk_live_k7_aebagbafaydqqcik",
        &Outcome::Done,
    );
    tally.flush(&store).unwrap();
    let days = usage(&store, DEV, &keyid("k7"), 0).unwrap();
    assert_eq!(
        (days[0].1.actions.len(), days[0].1.outcomes.len()),
        (256, 256)
    );
    assert_eq!(days[0].1.others, 44 + 44 + 2);
    let stored = store.scan(Space::Usage, &[], 9).unwrap();
    assert!(!String::from_utf8_lossy(&stored[0].1).contains("csk_"));
}

#[test]
fn more_days_than_a_page() {
    let (store, mut tally) = (Map::default(), UsageTally::new());
    for day in 0..600 {
        tally.add(DEV, &keyid("k7"), day * DAY_MS, "read", &Outcome::Done);
    }
    tally.flush(&store).unwrap();
    let days = usage(&store, DEV, &keyid("k7"), 50).unwrap();
    assert!(days.iter().map(|(day, _)| *day).eq(50..600));
}

#[test]
fn a_damaged_count_is_told() {
    let (store, mut tally) = (Map::default(), UsageTally::new());
    tally.add(DEV, &keyid("k7"), NOW, "read", &Outcome::Done);
    tally.flush(&store).unwrap();
    let (key, value) = store.last(Space::Usage).unwrap().unwrap();
    assert!(Usage::read(&value).is_ok());
    let mut batch = Batch::new();
    batch.put(Space::Usage, &key, b"{}".to_vec());
    store.commit(&batch).unwrap();
    assert_eq!(
        usage(&store, DEV, &keyid("k7"), 0).unwrap_err().code(),
        "audit_usage_damaged"
    );
}

#[test]
fn keys_of_one_id_in_two_environments_are_counted_apart() {
    let (store, mut tally) = (Map::default(), UsageTally::new());
    tally.add(DEV, &keyid("k7"), NOW, "read", &Outcome::Done);
    tally.add(
        Environment::Live,
        &keyid("k7"),
        NOW,
        "trade",
        &Outcome::Done,
    );
    tally.flush(&store).unwrap();
    for (environment, action) in [(DEV, "read"), (Environment::Live, "trade")] {
        let days = usage(&store, environment, &keyid("k7"), 0).unwrap();
        let actions: Vec<_> = days.iter().flat_map(|(_, usage)| &usage.actions).collect();
        assert_eq!(actions, [action]);
    }
    assert_eq!(
        usage(&store, Environment::Test, &keyid("k7"), 0).unwrap(),
        []
    );
}
